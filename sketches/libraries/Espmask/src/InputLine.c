// The machine behind InputLine.h. A bad line is read to its end, raw bytes included, before it is answered, so
// that its rest is never taken for the next line.

#include "InputLine.h"

#include <stdlib.h>
#include <string.h>

enum state { AT_LINE_START, IN_PREFIX_IN, IN_PREFIX_BYTES, IN_VALUES, IN_COUNT, IN_RAW, IN_BAD_LINE };

static const char in_prefix[] = "in:";
static const char bytes_prefix[] = "bytes:";

// More raw bytes than any board could take are no announcement of raw bytes at all.
#define MOST_RAW_BYTES (1u << 20)

static void reset(struct input_line *line) {
    line->state = AT_LINE_START;
    line->count = 0;
    line->raw_left = 0;
    line->matched = 0;
    line->token_length = 0;
    line->bad = false;
}

void input_line_start(struct input_line *line, uint32_t expected, input_taker take, void *context) {
    line->expected = expected;
    line->take = take;
    line->context = context;
    reset(line);
}

bool input_line_begun(const struct input_line *line) {
    return line->state == IN_VALUES || line->state == IN_COUNT || line->state == IN_RAW;
}

static int hex_digit(char character) {
    if (character >= '0' && character <= '9') return character - '0';
    if (character >= 'a' && character <= 'f') return character - 'a' + 10;
    if (character >= 'A' && character <= 'F') return character - 'A' + 10;
    return -1;
}

static bool parse_bits(const char *digits, struct input_value *value) {
    uint32_t bits = 0;
    int count = 0;
    for (; digits[count] != 0; count++) {
        int digit = hex_digit(digits[count]);
        if (digit < 0 || count == 8) return false;
        bits = bits << 4 | (uint32_t)digit;
    }
    value->kind = INPUT_REAL;
    memcpy(&value->real, &bits, sizeof bits);
    return count == 8;
}

// At most nine digits are whole numbers for certain; longer ones are read as real.
static bool parse_integer(const char *token, struct input_value *value) {
    bool negative = token[0] == '-';
    const char *digits = token + (negative || token[0] == '+');
    size_t count = strlen(digits);
    if (count == 0 || count > 9) return false;
    int32_t magnitude = 0;
    for (size_t i = 0; i < count; i++) {
        if (digits[i] < '0' || digits[i] > '9') return false;
        magnitude = magnitude * 10 + (digits[i] - '0');
    }
    value->kind = INPUT_INTEGER;
    value->integer = negative ? -magnitude : magnitude;
    value->real = (float)value->integer;
    return true;
}

bool input_token_parse(const char *token, struct input_value *value) {
    if (token[0] == '0' && (token[1] == 'x' || token[1] == 'X')) return parse_bits(token + 2, value);
    if (parse_integer(token, value)) return true;
    // strtof takes more than decimals (names, hexadecimal); those are refused here.
    for (const char *at = token; *at != 0; at++) {
        if (strchr("0123456789+-.eE", *at) == NULL) return false;
    }
    char *end;
    value->kind = INPUT_REAL;
    value->real = strtof(token, &end);
    return end != token && *end == 0;
}

static void take(struct input_line *line, const struct input_value *value) {
    if (line->count < line->expected) {
        line->bad |= !line->take(line->context, line->count, value);
    } else {
        line->bad = true;
    }
    if (line->count != UINT32_MAX) line->count += 1;
}

static void end_token(struct input_line *line) {
    struct input_value value;
    line->token[line->token_length] = 0;
    line->token_length = 0;
    if (input_token_parse(line->token, &value)) {
        take(line, &value);
    } else {
        line->bad = true;
    }
}

static void add_to_token(struct input_line *line, uint8_t byte) {
    if (line->token_length + 1u < sizeof line->token) {
        line->token[line->token_length] = (char)byte;
        line->token_length += 1;
    } else {
        line->bad = true;
    }
}

static enum input_event finish(struct input_line *line) {
    bool good = !line->bad && line->count == line->expected;
    uint32_t count = line->count;
    reset(line);
    line->count = count;
    return good ? INPUT_COMPLETE : INPUT_BAD;
}

static enum input_event feed_values(struct input_line *line, uint8_t byte) {
    if (byte == '\n') {
        if (line->token_length != 0) end_token(line);
        return finish(line);
    }
    if (byte == ',') {
        end_token(line);
    } else if (byte != ' ' && byte != '\r' && byte != '\t') {
        add_to_token(line, byte);
    }
    return INPUT_MORE;
}

static enum input_event feed_count(struct input_line *line, uint8_t byte) {
    struct input_value value;
    if (byte != '\n') {
        if (byte != ' ' && byte != '\r') add_to_token(line, byte);
        return INPUT_MORE;
    }
    line->token[line->token_length] = 0;
    line->token_length = 0;
    bool read = parse_integer(line->token, &value) && value.integer > 0 && value.integer <= (int32_t)MOST_RAW_BYTES;
    if (line->bad || !read) return finish(line);
    line->raw_left = (uint32_t)value.integer;
    line->bad = line->raw_left != line->expected;
    line->state = IN_RAW;
    return INPUT_MORE;
}

static enum input_event feed_raw(struct input_line *line, uint8_t byte) {
    struct input_value value = {INPUT_PIXEL, (float)byte, byte};
    take(line, &value);
    line->raw_left -= 1;
    return line->raw_left == 0 ? finish(line) : INPUT_MORE;
}

static enum input_event match(struct input_line *line, uint8_t byte) {
    const char *prefix = line->state == IN_PREFIX_IN ? in_prefix : bytes_prefix;
    if ((char)byte != prefix[line->matched]) {
        line->bad = true;
        line->state = IN_BAD_LINE;
        return byte == '\n' ? finish(line) : INPUT_MORE;
    }
    line->matched += 1;
    if (prefix[line->matched] == 0) {
        line->matched = 0;
        line->state = line->state == IN_PREFIX_IN ? IN_VALUES : IN_COUNT;
    }
    return INPUT_MORE;
}

static enum input_event start_line(struct input_line *line, uint8_t byte) {
    line->count = 0;
    if (byte == '\n' || byte == '\r') return INPUT_MORE;
    line->state = IN_BAD_LINE;
    if ((char)byte == in_prefix[0]) line->state = IN_PREFIX_IN;
    if ((char)byte == bytes_prefix[0]) line->state = IN_PREFIX_BYTES;
    line->matched = 1;
    line->bad = line->state == IN_BAD_LINE;
    return INPUT_MORE;
}

enum input_event input_line_feed(struct input_line *line, uint8_t byte) {
    switch ((enum state)line->state) {
    case AT_LINE_START: return start_line(line, byte);
    case IN_PREFIX_IN:
    case IN_PREFIX_BYTES: return match(line, byte);
    case IN_VALUES: return feed_values(line, byte);
    case IN_COUNT: return feed_count(line, byte);
    case IN_RAW: return feed_raw(line, byte);
    case IN_BAD_LINE: return byte == '\n' ? finish(line) : INPUT_MORE;
    }
    return INPUT_MORE;
}
