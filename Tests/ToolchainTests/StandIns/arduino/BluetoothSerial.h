// What eloquent_cnn uses of the core's Bluetooth library, declared only.
#pragma once
#include <Arduino.h>

class BluetoothSerial : public Stream {
  public:
    bool begin(const char *name);
};
