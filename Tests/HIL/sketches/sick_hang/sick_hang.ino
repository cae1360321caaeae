// Hangs until timer group 0's watchdog resets the system (technical reference manual, "Watchdog Timers").

void setup() {
    Serial.begin(115200);
    Serial.println("starting");
    volatile uint32_t *group = (volatile uint32_t *)0x3FF5F000;
    group[0x64 / 4] = 0x50D83AA1;
    group[0x4C / 4] = 40000u << 16;
    group[0x50 / 4] = 200;
    group[0x60 / 4] = 1;
    group[0x48 / 4] = 1u << 31 | 3u << 29;
}

void loop() {
    for (;;) {}
}
