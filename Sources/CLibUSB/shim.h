/* libusb-1.0 as pkg-config places it. */
#include <libusb.h>
