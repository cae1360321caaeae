// Damaged models and random plans against the engine, made to be compiled with the address and undefined-behaviour
// sanitizers (`make sanitize`). See engine_trial.h. Left out:
// comparing outputs with other engines, which the Swift tests do.
//
// usage: engine_fuzz SEED ROUNDS MODEL...
#include "engine_trial.h"

static void damage(uint8_t *bytes, const uint8_t *whole, size_t size) {
    static const uint32_t words[] = {0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFC, 0x10000, 0x20000000};
    memcpy(bytes, whole, size);
    for (uint32_t changes = 1 + random_below(3); changes > 0; changes--) {
        uint32_t at = random_below((uint32_t)size);
        if (random_below(3) != 0) {
            bytes[at] = (uint8_t)random_below(256);
        } else if (at + 4 <= size) {
            uint32_t word = random_below(2) ? words[random_below(8)] : random_below((uint32_t)size + 8);
            memcpy(bytes + (at & ~3u), &word, 4);
        }
    }
}

int main(int count, char **arguments) {
    if (count < 4) return 2;
    state = (uint32_t)atoi(arguments[1]) * 2654435761u | 1;
    uint32_t rounds = (uint32_t)atoi(arguments[2]);
    for (int i = 3; i < count; i++) {
        FILE *file = fopen(arguments[i], "rb");
        if (file == NULL) return 2;
        static uint8_t whole[1 << 20], bytes[1 << 20];
        size_t size = fread(whole, 1, sizeof whole, file);
        fclose(file);
        try_model(whole, size, rounds);
        for (size_t length = 0; length < size && size < 8192; length++) try_model(whole, length, 1);
        for (size_t at = 0; at < size && size < 8192; at++) {
            memcpy(bytes, whole, size);
            bytes[at] ^= (uint8_t)(1 + random_below(255));
            try_model(bytes, size, 1);
        }
        for (uint32_t round = 0; round < rounds; round++) {
            damage(bytes, whole, size);
            try_model(bytes, size, 1);
        }
    }
    printf("seed %s: %u models opened, %u refused, %u runs, %u of %u changed plans accepted\n", arguments[1],
        counts.opened, counts.refused, counts.ran, counts.accepted, counts.plans);
    return 0;
}
