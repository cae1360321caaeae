// Predicts with the model in the `model` partition: any model with one input, float32 or int8. Until a host sends
// inputs, it predicts random pictures, one a second.

#include <Espmask.h>

Model model;
InputSource input(model);

void setup() {
    Serial.begin(115200);
    model.begin();
}

void loop() {
    if (!model.isReady()) {
        delay(1000);
        return;
    }
    input.await();
    input.print();
    Serial.println("predicting...");
    if (model.predict()) model.printPrediction();
}
