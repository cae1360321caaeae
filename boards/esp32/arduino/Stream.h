// Stream: a Print one can read from, with Arduino's blocking reads and their timeout.

#ifndef ESPMASK_STREAM_H
#define ESPMASK_STREAM_H

#include "Print.h"

class Stream : public Print {
  public:
    virtual int available() = 0;
    virtual int read() = 0;
    virtual int peek() = 0;
    void setTimeout(unsigned long milliseconds) { timeout = milliseconds; }
    unsigned long getTimeout() const { return timeout; }
    size_t readBytes(uint8_t *bytes, size_t count);
    size_t readBytes(char *bytes, size_t count) { return readBytes((uint8_t *)bytes, count); }
    size_t readBytesUntil(char terminator, char *bytes, size_t count);

  protected:
    unsigned long timeout = 1000;
    /// The next byte, or -1 when none came within the timeout.
    virtual int timedRead() = 0;
};

#endif
