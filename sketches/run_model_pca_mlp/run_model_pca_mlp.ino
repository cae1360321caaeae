// Predicts with a small network behind a scaler and a PCA: 400 values of a 20x20 picture are transformed by the
// matrix that lies beside the model in its slot, and the result is the network's input.

#include <Espmask.h>

Model model;
InputSource input(model);

void setup() {
    Serial.begin(115200);
    model.beginWithTransform();
}

void loop() {
    if (!model.isReady()) {
        delay(1000);
        return;
    }
    input.await();
    input.print();
    Serial.println("transforming...");
    model.transformInput();
    Serial.println("predicting...");
    if (model.predict()) model.printPrediction();
}
