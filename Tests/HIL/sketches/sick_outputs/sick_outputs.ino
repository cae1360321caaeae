// Predicts the same for every input, then more than a float can print.

static int count;

void setup() { Serial.begin(115200); }

void loop() {
    for (int i = 0; i < 8; i++) {
        Serial.print(random(100) / 100.0, 2);
        Serial.print(',');
    }
    Serial.println();
    Serial.println("predicting...");
    Serial.print("predicted: ");
    Serial.println(++count < 12 ? 0.0 : 4e9 + 1e9, 2);
    delay(200);
}
