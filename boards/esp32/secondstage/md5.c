// MD5 (RFC 1321), for the partition table's digest row. One message of at most a few KB.

#include "secondstage.h"

#include <string.h>

// floor(2^32 * |sin(i + 1)|), RFC 1321 section 3.4.
static const uint32_t sines[64] = {
    0xD76AA478, 0xE8C7B756, 0x242070DB, 0xC1BDCEEE, 0xF57C0FAF, 0x4787C62A, 0xA8304613, 0xFD469501,
    0x698098D8, 0x8B44F7AF, 0xFFFF5BB1, 0x895CD7BE, 0x6B901122, 0xFD987193, 0xA679438E, 0x49B40821,
    0xF61E2562, 0xC040B340, 0x265E5A51, 0xE9B6C7AA, 0xD62F105D, 0x02441453, 0xD8A1E681, 0xE7D3FBC8,
    0x21E1CDE6, 0xC33707D6, 0xF4D50D87, 0x455A14ED, 0xA9E3E905, 0xFCEFA3F8, 0x676F02D9, 0x8D2A4C8A,
    0xFFFA3942, 0x8771F681, 0x6D9D6122, 0xFDE5380C, 0xA4BEEA44, 0x4BDECFA9, 0xF6BB4B60, 0xBEBFBC70,
    0x289B7EC6, 0xEAA127FA, 0xD4EF3085, 0x04881D05, 0xD9D4D039, 0xE6DB99E5, 0x1FA27CF8, 0xC4AC5665,
    0xF4292244, 0x432AFF97, 0xAB9423A7, 0xFC93A039, 0x655B59C3, 0x8F0CCC92, 0xFFEFF47D, 0x85845DD1,
    0x6FA87E4F, 0xFE2CE6E0, 0xA3014314, 0x4E0811A1, 0xF7537E82, 0xBD3AF235, 0x2AD7D2BB, 0xEB86D391,
};
static const uint8_t rotations[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};

static void add_block(uint32_t state[4], const uint8_t block[64]) {
    uint32_t words[16];
    memcpy(words, block, 64);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t mixed, index;
        switch (i / 16) {
        case 0: mixed = (b & c) | (~b & d), index = i; break;
        case 1: mixed = (d & b) | (~d & c), index = 5 * i + 1; break;
        case 2: mixed = b ^ c ^ d, index = 3 * i + 5; break;
        default: mixed = c ^ (b | ~d), index = 7 * i; break;
        }
        uint32_t sum = a + mixed + sines[i] + words[index % 16], by = rotations[i / 16 * 4 + i % 4];
        a = d;
        d = c;
        c = b;
        b += sum << by | sum >> (32 - by);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

void md5(const uint8_t *bytes, uint32_t count, uint8_t digest[16]) {
    uint32_t state[4] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};
    uint8_t last[128] = {0};
    uint32_t whole = count / 64 * 64, rest = count - whole, padded = rest < 56 ? 64 : 128;
    for (uint32_t at = 0; at < whole; at += 64) add_block(state, bytes + at);
    memcpy(last, bytes + whole, rest);
    last[rest] = 0x80;
    uint32_t bits = count * 8;
    memcpy(last + padded - 8, &bits, 4);
    for (uint32_t at = 0; at < padded; at += 64) add_block(state, last + at);
    memcpy(digest, state, 16);
}
