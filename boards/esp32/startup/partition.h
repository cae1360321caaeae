// Partitions as the running application sees them: found in the table at 0x8000, mapped where they can be read.

#ifndef ESPMASK_PARTITION_H
#define ESPMASK_PARTITION_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Maps the first partition of that type and subtype for reading, and stores how many bytes of it are visible
/// (at most 1 MB); NULL when the table has none. One partition is mapped at a time.
const void *partition_map(uint8_t type, uint8_t subtype, size_t *bytes);

#ifdef __cplusplus
}
#endif

#endif
