// Works for a moment, then stores through a null pointer, and again after every restart.

volatile int *target;

void setup() {
    Serial.begin(115200);
    Serial.println("starting");
    *target = 1;
}

void loop() {}
