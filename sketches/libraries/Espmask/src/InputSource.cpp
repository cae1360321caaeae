// Where inputs come from. Serial bytes go through the machine of InputLine.h straight into the model's input; a
// bad line is answered and leaves everything else as it was.

#include <Arduino.h>

#include "Espmask.h"

static const unsigned long randomPeriod = 1000;

bool InputSource::take(void *context, uint32_t index, const input_value *value) {
    return ((InputSource *)context)->model.setInput(index, *value);
}

// Waits for a byte and feeds it; true when an input is complete.
bool InputSource::receive() {
    uint8_t byte;
    if (Serial.readBytes(&byte, 1) == 0) return false;
    switch (input_line_feed(&line, byte)) {
    case INPUT_MORE: return false;
    case INPUT_COMPLETE: return true;
    case INPUT_BAD: break;
    }
    Serial.print("espmask: error=input-mismatch expected=");
    Serial.print((unsigned long)model.inputCount());
    Serial.print(" got=");
    Serial.println((unsigned long)line.count);
    Serial.println("espmask: ready");
    return false;
}

void InputSource::randomise() {
    for (uint32_t i = 0; i < model.inputCount(); i++) {
        input_value value = {INPUT_PIXEL, 0, (int32_t)random(256)};
        model.setInput(i, value);
    }
}

void InputSource::await() {
    if (!started) input_line_start(&line, model.inputCount(), take, this);
    started = true;
    Serial.println("espmask: ready");
    unsigned long start = millis();
    for (;;) {
        unsigned long waited = millis() - start;
        bool patient = hostSpoke || input_line_begun(&line);
        if (!patient && waited >= randomPeriod) {
            randomise();
            return;
        }
        Serial.setTimeout(patient ? 60 * randomPeriod : randomPeriod - waited);
        if (receive()) {
            hostSpoke = true;
            return;
        }
    }
}

void InputSource::print() const {
    for (uint32_t i = 0; i < model.inputCount(); i++) {
        Serial.print(model.input(i), 2);
        Serial.print(',');
    }
    Serial.println();
}
