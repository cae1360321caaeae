/* What Linux can do to a serial device beyond POSIX: any baud rate, and short latency. A room of its own, because the
   kernel's headers for it cannot be included beside <termios.h>. Elsewhere all of it is answered with ENOTSUP. */
#ifndef CSERIAL_H
#define CSERIAL_H

/* Sets both rates after what was written has left (termios2, BOTHER); the device must be configured already.
   Returns 0, or an errno. */
int cserial_set_rate(int descriptor, unsigned baud);

/* The rate the driver says it uses, 0 where it cannot be asked. */
unsigned cserial_rate(int descriptor);

/* Asks the driver to hand bytes on at once (ASYNC_LOW_LATENCY), which on FTDI's chips makes 1 ms of 16.
   Returns 0, or an errno. */
int cserial_low_latency(int descriptor);

#endif
