// Serial: UART0 at the rate the ROM set, 115200.

#ifndef ESPMASK_HARDWARESERIAL_H
#define ESPMASK_HARDWARESERIAL_H

#include "Stream.h"

class HardwareSerial : public Stream {
  public:
    /// The line stays at 115200, whatever is asked for: the ROM's divider is kept.
    void begin(unsigned long baud) { (void)baud; }
    void end() {}
    using Print::write;
    size_t write(uint8_t byte) override;
    void flush() override;
    int available() override;
    int read() override;
    int peek() override;
    explicit operator bool() const { return true; }

  protected:
    int timedRead() override;
};

extern HardwareSerial Serial;

#endif
