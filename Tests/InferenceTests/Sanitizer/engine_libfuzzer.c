// The engine under libFuzzer (`make fuzz-engine`): loader, planners, plan check and kernels. The corpus beside this file holds
// a small model of every operator.
#include "engine_trial.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    // The same input takes the same course.
    state = 2463534242u ^ (uint32_t)size;
    try_model(bytes, size, 2);
    return 0;
}
