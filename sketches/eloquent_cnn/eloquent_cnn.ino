// The workshop's way: the model is compiled in, EloquentTinyML runs it, the result goes to the serial port, to a phone
// over Bluetooth, and to a four-digit display. Needs Arduino's core for the ESP32 and two libraries; `espmask toolchain
// install arduino` brings them. It predicts random pictures until a host sends one as numbers with commas between.

#include <BluetoothSerial.h>
#include <EloquentTinyML.h>
#include <TM1637Display.h>

#include "model.h"

// TensorFlow Lite Micro needs more than espmask's own engine, for which model.h gives a number.
#ifdef ARENA
static const size_t arenaBytes = ARENA;
#else
static const size_t arenaBytes = 24 * 1024;
#endif

static const uint8_t displayClock = 22, displayData = 23;

Eloquent::TinyML::TfLite<NUMBER_OF_INPUTS, NUMBER_OF_OUTPUTS, arenaBytes> network;
BluetoothSerial phone;
TM1637Display display(displayClock, displayData);
bool isReady = false;

// A picture's byte as the number the model was trained on.
static float pixel(long byte) {
    return (float)(byte - 127) / 128;
}

// Takes a line of numbers; what is missing stays random.
static void readInput(float *input) {
    for (int i = 0; i < NUMBER_OF_INPUTS; i++) input[i] = pixel(random(256));
    if (!Serial.available()) return;
    for (int i = 0; i < NUMBER_OF_INPUTS; i++) {
        input[i] = Serial.parseFloat();
        int next = Serial.read();
        if (next != ',') return;
    }
}

// As a percentage on the display, in words to the phone.
static void show(float value) {
    display.showNumberDec((int)(100 * value + 0.5f));
    phone.print(value < 0.5f ? "mask " : "no mask ");
    phone.println(value, 2);
}

void setup() {
    Serial.begin(115200);
    phone.begin("espmask");
    display.setBrightness(0x0f);
    display.clear();
    isReady = network.begin(mask_cnn_10);
    if (!isReady) Serial.println("espmask: error=allocate-tensors-failed");
}

void loop() {
    static float input[NUMBER_OF_INPUTS];
    readInput(input);
    for (int i = 0; i < NUMBER_OF_INPUTS; i++) {
        Serial.print(input[i], 2);
        Serial.print(',');
    }
    Serial.println();
    Serial.println("predicting...");
    float value = isReady ? network.predict(input) : NAN;
    Serial.print("predicted: ");
    Serial.println(value, 2);
    if (isReady) show(value);
    delay(1000);
}
