// What eloquent_cnn uses of the TM1637 library, declared only.
#pragma once
#include <stdint.h>

class TM1637Display {
  public:
    TM1637Display(uint8_t clock, uint8_t data, unsigned int bitDelay = 100);
    void setBrightness(uint8_t brightness, bool on = true);
    void clear();
    void showNumberDec(int number, bool leadingZero = false, uint8_t length = 4, uint8_t position = 0);
};
