// The parts of the second stage: console and failure, flash through the cache, partition table, MD5, image.

#ifndef ESPMASK_SECONDSTAGE_H
#define ESPMASK_SECONDSTAGE_H

#include <stdbool.h>
#include <stdint.h>

/// A partition as the table's 32-byte row gives it.
struct partition {
    uint32_t offset, bytes;
    uint8_t type, subtype;
};

// console.c
/// Prints `espmask: error=CODE name=0x... second=0x...` and waits for a reset. Names may be 0.
void fail(const char *code, const char *name, uint32_t value, const char *second, uint32_t second_value)
    __attribute__((noreturn));
void print(const char *text);
void print_hex(uint32_t value);

// flash.c
/// The first 4 MB of flash, mapped at one address while the second stage works.
const uint8_t *flash_map_all(void);
/// Gives the data and instruction windows back: every page invalid, cache off.
void flash_unmap(void);
/// Enters pages of a segment into the page table; the cache must be off.
void flash_map_segment(uint32_t address, uint32_t flash_offset, uint32_t bytes);
/// Turns the cache on for both windows.
void flash_enable(void);

// partitions.c
/// The application to boot; does not return without one.
struct partition find_application(const uint8_t *flash);

// md5.c
void md5(const uint8_t *bytes, uint32_t count, uint8_t digest[16]);

// image.c
/// Checks an application image, copies its RAM segments, maps its flash segments, and returns its entry.
uint32_t load_application(const uint8_t *flash, struct partition application);

#endif
