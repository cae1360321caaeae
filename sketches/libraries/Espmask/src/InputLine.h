// The inputs a host sends: `in: t,t,...` ended by a line feed, or `bytes: N` and N raw bytes. A machine fed byte
// by byte; it stores nothing but the token it is in, so that an input may be of any length.

#ifndef ESPMASK_INPUTLINE_H
#define ESPMASK_INPUTLINE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum input_event {
    /// The input is not complete.
    INPUT_MORE,
    /// All expected values came and were taken.
    INPUT_COMPLETE,
    /// The line was bad; `count` values were seen in it.
    INPUT_BAD
};

enum input_kind {
    /// A decimal number, or a float32 given by its bits: `real`.
    INPUT_REAL,
    /// A whole number: `integer`; `real` is the same number.
    INPUT_INTEGER,
    /// One raw byte of a picture: `integer`, 0 to 255.
    INPUT_PIXEL
};

struct input_value {
    enum input_kind kind;
    float real;
    int32_t integer;
};

/// Takes one value; false refuses it, which makes the line bad.
typedef bool (*input_taker)(void *context, uint32_t index, const struct input_value *value);

/// The machine. `count` may be read after an event; the rest is private.
struct input_line {
    uint32_t count;
    uint32_t expected, raw_left;
    input_taker take;
    void *context;
    uint8_t state, matched, token_length;
    bool bad;
    char token[40];
};

/// Makes the machine ready for inputs of `expected` values.
void input_line_start(struct input_line *line, uint32_t expected, input_taker take, void *context);

/// Feeds one byte. After INPUT_COMPLETE and INPUT_BAD the next byte begins the next line.
enum input_event input_line_feed(struct input_line *line, uint8_t byte);

/// True while inside an input, so that its rest must be waited for.
bool input_line_begun(const struct input_line *line);

/// Reads one token of a line; false if it is no number.
bool input_token_parse(const char *token, struct input_value *value);

#ifdef __cplusplus
}
#endif

#endif
