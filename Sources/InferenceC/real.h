// Conversions between real numbers and int8 values, shared by operators and by the engine's input and output.
#pragma once

#include "InferenceC.h"

// A real value on an int8 scale, rounded half away from zero, not yet clamped to -128 ... 127.
int32_t quantize_float(float x, float scale, int32_t zero_point);
