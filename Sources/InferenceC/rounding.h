// Every product and every sum is rounded to float32 on its own, so that host and board agree to the last bit: no
// fused multiply-add. GCC keeps to that by -std=c11 (and does not know the pragma), Clang by the pragma.
#pragma once

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif
