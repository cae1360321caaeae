// What eloquent_cnn uses of EloquentTinyML as it was in 2021, declared only.
#pragma once
#include <Arduino.h>

namespace Eloquent {
namespace TinyML {
template <size_t inputs, size_t outputs, size_t arena> class TfLite {
  public:
    bool begin(const unsigned char *model);
    float predict(float *input, float *output = NULL);
};
} // namespace TinyML
} // namespace Eloquent
