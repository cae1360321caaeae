"""Runs a .tflite in whichever interpreter is installed: TensorFlow's, LiteRT's, or TensorFlow Lite Micro's.

All three speak of tensors as arrays with a batch of one; int8 networks get and give int8.
"""

import os

import numpy as np

import tflite_file

NAMES = ("tensorflow", "litert", "tflite-micro")


def open_engine(name, model):
    """A function from one input array to the raw output array."""
    if name == "tflite-micro":
        return _micro(model)
    if name == "litert":
        from ai_edge_litert import interpreter as lite

        return _lite(lite.Interpreter, lite.OpResolverType, model)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    return _lite(tf.lite.Interpreter, tf.lite.experimental.OpResolverType, model)


def version(name):
    """The version of an engine's package."""
    from importlib import metadata

    packages = {"tensorflow": "tensorflow-cpu", "litert": "ai-edge-litert", "tflite-micro": "tflite-micro"}
    return metadata.version(packages[name])


def _micro(model):
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(bytes(model))

    def run(values):
        interpreter.set_input(values, 0)
        interpreter.invoke()
        return interpreter.get_output(0)

    return run


def _lite(interpreter_class, resolvers, model):
    # The reference kernels: the faster ones sum in another order.
    interpreter = interpreter_class(
        model_content=bytes(model), experimental_op_resolver_type=resolvers.BUILTIN_REF, num_threads=1
    )
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]

    def run(values):
        interpreter.set_tensor(source, values)
        interpreter.invoke()
        return interpreter.get_tensor(target)

    return run


def quantized(values, tensor):
    """Float32 values as the tensor takes them: unchanged, or int8 rounded half away from zero."""
    if tensor.type != "int8":
        return values.astype(np.float32)
    steps = values / np.float32(tensor.scales[0])
    rounded = np.trunc(steps + np.copysign(np.float32(0.5), steps))
    return np.clip(rounded + tensor.zero_points[0], -128, 127).astype(np.int8)


def dequantized(values, tensor):
    """The tensor's values as real numbers."""
    if tensor.type != "int8":
        return values.astype(np.float32)
    return (np.float32(tensor.scales[0]) * (values.astype(np.int32) - tensor.zero_points[0])).astype(np.float32)


def run_rows(name, model, inputs):
    """Raw outputs [count, outputs] of a network for float32 inputs [count, ...]."""
    graph = tflite_file.read(model)
    source = graph.tensors[graph.inputs[0]]
    run = open_engine(name, model)
    values = quantized(inputs, source).reshape((len(inputs),) + tuple(source.shape))
    return np.array([run(row).reshape(-1) for row in values])


def run_all(name, model, inputs):
    """Raw outputs [count] of a one-output network for float32 inputs [count, ...]."""
    return run_rows(name, model, inputs)[:, 0]
