// Where the `model` partition and the memory for its tensors come from on this platform: the bare core's cache
// windows and free DRAM, or the real Arduino core's esp_partition and a static buffer.

#ifndef ESPMASK_MODELPARTITION_H
#define ESPMASK_MODELPARTITION_H

#include <stddef.h>
#include <stdint.h>

/// The `model` partition's bytes (data, subtype 0x40), readable in place; nullptr if there is none.
const uint8_t *modelPartition(size_t *bytes);

/// Memory for tensors, 16-aligned; all there is.
uint8_t *modelMemory(size_t *bytes);

#endif
