// What the sketches are made of: the model in the `model` partition, the inputs a host sends (or random ones),
// and the lines both sides understand. A sketch shows the order of things; the details are here.

#ifndef ESPMASK_H
#define ESPMASK_H

#include <InferenceC.h>

#include "InputLine.h"
#include "InputTransform.h"
#include "ModelSlot.h"
#include "Profile.h"

/// The model from the partition, its memory, and its predictions.
class Model {
  public:
    /// Finds, checks and starts the model, and says so; prints `espmask: error=...` and is false when it cannot.
    bool begin();
    /// The same for a model behind a transform (section kind 3), whose result must be the model's input.
    bool beginWithTransform();

    bool isReady() const { return ready; }
    /// How many values one input has: the transform's columns, or the model's own.
    uint32_t inputCount() const { return inputs; }
    /// Sets a value of the input; false if the model cannot take it.
    bool setInput(uint32_t index, const input_value &value);
    /// A value of the input as a real number.
    float input(uint32_t index) const;
    /// A picture's byte as the real number the model was trained on.
    float pixel(int32_t byte) const { return (float)(byte - 127) / slot.pixel_scale; }

    /// From the input to the model's own input, where there is a transform.
    void transformInput();
    /// Runs the model once; false (and an error line) when that failed.
    bool predict();
    /// `predicted: ...` and the line with the bits.
    void printPrediction();

  private:
    bool openSlot();
    bool openModel();
    bool openTransform();
    bool startEngine();
    const uint32_t *choosePlan(uint8_t *memory, uint32_t *available, uint32_t *words);
    bool fail(const inference_error &error);
    void printIdentity();
    void printBits();
    bool guardsHold() const;

    model_slot slot;
    inference_model model;
    inference_engine engine;
    input_transform transform;
    bool transforming = false;
    float *staged = nullptr;
    uint8_t *guards[2] = {nullptr, nullptr};
    uint32_t freeBytes = 0;
#ifdef PROFILE
    Profile profile;
#endif
    uint32_t inputs = 0, predictions = 0;
    unsigned long microseconds = 0;
    bool ready = false;
};

/// Where inputs come from: the serial line, or chance until the first valid line.
class InputSource {
  public:
    explicit InputSource(Model &model) : model(model) {}
    /// Says `espmask: ready` and waits for an input; until the first valid one, a second at most.
    void await();
    /// The input as the workshop prints it: two decimals and a comma each.
    void print() const;

  private:
    static bool take(void *context, uint32_t index, const input_value *value);
    bool receive();
    void randomise();

    Model &model;
    input_line line;
    bool started = false, hostSpoke = false;
};

#endif
