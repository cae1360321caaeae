// Restarts itself on and on.

extern "C" void board_restart(void);

void setup() {
    Serial.begin(115200);
    Serial.println("starting");
    board_restart();
}

void loop() {}
