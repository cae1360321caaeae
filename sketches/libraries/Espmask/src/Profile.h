// What an inference costs on the board, for firmware built with the define PROFILE: cycles of each operator, the stack's
// high-water mark, free memory. Without the define nothing of it is there.

#ifndef ESPMASK_PROFILE_H
#define ESPMASK_PROFILE_H

#ifdef PROFILE

#include <InferenceC.h>

/// One inference, operator by operator.
class Profile {
  public:
    /// Before an inference: prepares the stack for being measured.
    void begin();
    /// Runs the model as inference_invoke does, and takes the figures.
    inference_code invoke(inference_engine *engine, inference_error *error);
    /// A line per operator, and one with the rest. `freeBytes` is the model's memory that nothing uses.
    void print(inference_model *model, uint32_t freeBytes) const;

  private:
    static const uint32_t most = 128;  // operators; later ones are counted in the sum alone

    uint32_t cycles[most];
    uint32_t total = 0;
};

#endif
#endif
