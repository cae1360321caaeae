#include "CSerial.h"

#include <errno.h>

#if defined(__linux__)

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/serial.h>
#include <linux/tty_flags.h>

/* <sys/ioctl.h> would bring the C library's struct termios along. */
extern int ioctl(int descriptor, unsigned long request, ...);

int cserial_set_rate(int descriptor, unsigned baud) {
    struct termios2 settings;
    if (ioctl(descriptor, TCGETS2, &settings) != 0) return errno;
    settings.c_cflag &= ~(CBAUD | (CBAUD << IBSHIFT));
    settings.c_cflag |= BOTHER | (BOTHER << IBSHIFT);
    settings.c_ispeed = baud;
    settings.c_ospeed = baud;
    return ioctl(descriptor, TCSETSW2, &settings) == 0 ? 0 : errno;
}

unsigned cserial_rate(int descriptor) {
    struct termios2 settings;
    return ioctl(descriptor, TCGETS2, &settings) == 0 ? settings.c_ospeed : 0;
}

int cserial_low_latency(int descriptor) {
    struct serial_struct settings;
    if (ioctl(descriptor, TIOCGSERIAL, &settings) != 0) return errno;
    settings.flags |= (int)ASYNC_LOW_LATENCY;
    return ioctl(descriptor, TIOCSSERIAL, &settings) == 0 ? 0 : errno;
}

#else

int cserial_set_rate(int descriptor, unsigned baud) {
    (void)descriptor;
    (void)baud;
    return ENOTSUP;
}

unsigned cserial_rate(int descriptor) {
    (void)descriptor;
    return 0;
}

int cserial_low_latency(int descriptor) {
    (void)descriptor;
    return ENOTSUP;
}

#endif
