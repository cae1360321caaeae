"""Keras network to .tflite bytes: float32, dynamic-range, and int8 throughout with int8 in and out.

The batch is fixed at 1 in the signature, which keeps SHAPE, STRIDED_SLICE and PACK out of the file, and only
built-in operators are allowed.
"""

import numpy as np
import tensorflow as tf


def _converter(network):
    shape = (1,) + tuple(network.input_shape[1:])
    spec = tf.TensorSpec(shape, tf.float32, name="input")
    function = tf.function(lambda values: network(values, training=False)).get_concrete_function(spec)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], network)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    return converter


def float32(network):
    """The network with float32 weights and activations."""
    return _converter(network).convert()


def dynamic(network):
    """The network with int8 weights where a layer has 1024 or more of them, the rest as in float32.

    The converter leaves smaller layers alone: a small network comes out as it went in.
    """
    converter = _converter(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter.convert()


def int8(network, examples):
    """The network in int8, its ranges taken from the examples [count, ...]."""
    converter = _converter(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([row[np.newaxis]] for row in examples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return converter.convert()
