// Recurses until the stack is full.

int deep(int n) {
    volatile char room[256];
    room[n % 256] = (char)n;
    return n > 100000 ? 0 : deep(n + 1) + room[n % 256];
}

void setup() { Serial.begin(115200); }

void loop() { Serial.println(deep(0)); }
