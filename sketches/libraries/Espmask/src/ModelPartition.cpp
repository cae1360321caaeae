// The two platforms behind ModelPartition.h. `ARENA`, a build define, bounds the memory on both; without it the
// bare core gives all free DRAM, and the real Arduino core a buffer of 32 KB.

#include "ModelPartition.h"

#include <Arduino.h>

#ifdef ARDUINO_ESPMASK_BARE

#include <partition.h>

extern "C" uint8_t _arena_start[], _arena_end[];

const uint8_t *modelPartition(size_t *bytes) {
    return (const uint8_t *)partition_map(1, 0x40, bytes);
}

uint8_t *modelMemory(size_t *bytes) {
    *bytes = (size_t)(_arena_end - _arena_start);
    return _arena_start;
}

#else

#include <esp_partition.h>

const uint8_t *modelPartition(size_t *bytes) {
    const esp_partition_t *partition =
        esp_partition_find_first(ESP_PARTITION_TYPE_DATA, (esp_partition_subtype_t)0x40, nullptr);
    const void *mapped = nullptr;
    esp_partition_mmap_handle_t handle;
    *bytes = 0;
    if (partition == nullptr) return nullptr;
    if (esp_partition_mmap(partition, 0, partition->size, ESP_PARTITION_MMAP_DATA, &mapped, &handle) != ESP_OK) {
        return nullptr;
    }
    *bytes = partition->size;
    return (const uint8_t *)mapped;
}

#ifdef ARENA
#define MEMORY_BYTES (ARENA + 8 * 1024)
#else
#define MEMORY_BYTES (32 * 1024)
#endif

uint8_t *modelMemory(size_t *bytes) {
    static uint8_t memory[MEMORY_BYTES] __attribute__((aligned(16)));
    *bytes = sizeof memory;
    return memory;
}

#endif
