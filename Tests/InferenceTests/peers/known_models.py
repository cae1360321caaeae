"""Writes models with the layers of well-known ones (MLPerf Tiny, TensorFlow Lite Micro's examples, the workshop's), but
with random weights: what memory and time they take depends on the layers alone.

usage: known_models.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np

from model_builder import FLOAT32, INT8, INT32, OP, OPTIONS, ModelBuilder, schema

SAME, VALID = 0, 1
NONE, RELU = 0, 1


class Layers:
    """A chain of layers, int8 (per channel) or float32."""

    def __init__(self, shape, quantized=True, seed=1):
        self.b, self.quantized = ModelBuilder(), quantized
        self.random = np.random.RandomState(seed)
        self.source = self.at = self.activation(shape)

    def activation(self, shape, scale=0.05, zero=-3):
        return self.b.tensor(shape, INT8, scale, zero) if self.quantized else self.b.tensor(shape, FLOAT32)

    def weights(self, shape, channels, dim):
        """Weights that keep values about as large as they come in, and a bias."""
        spread = 1.0 / np.sqrt(np.prod(shape) / channels)
        if not self.quantized:
            values = self.random.randn(*shape).astype(np.float32) * np.float32(spread)
            bias = self.b.tensor([channels], FLOAT32, data=self.random.randn(channels).astype(np.float32))
            return self.b.tensor(shape, FLOAT32, data=values), bias
        scales = (spread / 64 * self.random.uniform(0.5, 1.5, channels)).astype(np.float32)
        values = np.clip(np.round(self.random.randn(*shape) * 50), -127, 127).astype(np.int8)
        biases = self.random.randint(-2000, 2000, channels).astype(np.int32)
        bias = self.b.tensor([channels], INT32, scales * np.float32(0.05), 0, biases)
        return self.b.tensor(shape, INT8, scales, 0, values, dim), bias

    def window(self, k, stride, padding):
        n, h, w, c = self.b.shape(self.at)
        (kh, kw), (sh, sw) = k, stride
        if padding == SAME:
            return n, -(-h // sh), -(-w // sw), c
        return n, (h - kh) // sh + 1, (w - kw) // sw + 1, c

    def conv(self, channels, k, stride=(1, 1), padding=SAME, fused=RELU, source=None):
        self.at = self.at if source is None else source
        n, h, w, c = self.window(k, stride, padding)
        options = schema.Conv2DOptionsT()
        options.padding, options.fusedActivationFunction = padding, fused
        options.strideH, options.strideW = stride
        options.dilationHFactor = options.dilationWFactor = 1
        inputs = [self.at, *self.weights([channels, *k, c], channels, 0)]
        self.at = self.b.op(
            OP.CONV_2D, inputs, self.activation([n, h, w, channels]), OPTIONS.Conv2DOptions, options)
        return self.at

    def depthwise(self, k, stride=(1, 1), padding=SAME, fused=RELU, multiplier=1):
        n, h, w, c = self.window(k, stride, padding)
        options = schema.DepthwiseConv2DOptionsT()
        options.padding, options.fusedActivationFunction = padding, fused
        options.strideH, options.strideW = stride
        options.dilationHFactor = options.dilationWFactor = 1
        options.depthMultiplier = multiplier
        inputs = [self.at, *self.weights([1, *k, c * multiplier], c * multiplier, 3)]
        self.at = self.b.op(
            OP.DEPTHWISE_CONV_2D, inputs, self.activation([n, h, w, c * multiplier]), OPTIONS.DepthwiseConv2DOptions,
            options)
        return self.at

    def average(self, k):
        n, h, w, c = self.window(k, k, VALID)
        options = schema.Pool2DOptionsT()
        options.padding = VALID
        options.strideH, options.strideW = options.filterHeight, options.filterWidth = k
        self.at = self.b.op(
            OP.AVERAGE_POOL_2D, [self.at], self.activation([n, h, w, c]), OPTIONS.Pool2DOptions, options)
        return self.at

    def mean(self):
        axes = self.b.tensor([2], INT32, data=np.array([1, 2], np.int32))
        output = self.activation([1, self.b.shape(self.at)[-1]])
        self.at = self.b.op(OP.MEAN, [self.at, axes], output, OPTIONS.ReducerOptions, schema.ReducerOptionsT())

    def add(self, first, second):
        options = schema.AddOptionsT()
        options.fusedActivationFunction = RELU
        self.at = self.b.op(
            OP.ADD, [first, second], self.activation(self.b.shape(first)), OPTIONS.AddOptions, options)
        return self.at

    def reshape(self, shape=None):
        shape = shape or [1, int(np.prod(self.b.shape(self.at)))]
        target = self.b.tensor([len(shape)], INT32, data=np.array(shape, np.int32))
        self.at = self.b.op(OP.RESHAPE, [self.at, target], self.activation(shape))

    def dense(self, units, fused=NONE):
        options = schema.FullyConnectedOptionsT()
        options.fusedActivationFunction = fused
        inputs = [self.at, *self.weights([units, int(np.prod(self.b.shape(self.at)))], units, 0)]
        self.at = self.b.op(
            OP.FULLY_CONNECTED, inputs, self.activation([1, units]), OPTIONS.FullyConnectedOptions, options)

    def end(self, code=OP.SOFTMAX):
        options, kind = schema.SoftmaxOptionsT(), OPTIONS.SoftmaxOptions
        options.beta = 1.0
        if code == OP.LOGISTIC:
            options, kind = None, 0
        self.at = self.b.op(code, [self.at], self.activation(self.b.shape(self.at), 1 / 256, -128), kind, options)

    def file(self):
        return self.b.finish([self.source], [self.at])


def workshop_cnn(quantized):
    m = Layers([1, 10, 10, 1], quantized)
    m.depthwise((3, 3), padding=VALID, fused=NONE)
    m.conv(5, (1, 1), padding=VALID)
    m.reshape()
    m.dense(1)
    m.end(OP.LOGISTIC)
    return m


def workshop_mlp(quantized, features):
    m = Layers([1, features], quantized)
    m.dense(features, RELU)
    m.dense(features, RELU)
    m.dense(1)
    m.end(OP.LOGISTIC)
    return m


def hello_world(quantized):
    m = Layers([1, 1], quantized)
    m.dense(16, RELU)
    m.dense(16, RELU)
    m.dense(1)
    return m


def keyword_spotting():
    m = Layers([1, 49, 10, 1])
    m.conv(64, (10, 4), (2, 2))
    for _ in range(4):
        m.depthwise((3, 3))
        m.conv(64, (1, 1))
    m.average((25, 5))
    m.reshape()
    m.dense(12)
    m.end()
    return m


def mobilenet(channels):
    """MobileNetV1, a quarter as wide, of 96 x 96 pixels: visual wake words, and person detection in grey."""
    m = Layers([1, 96, 96, channels])
    m.conv(8, (3, 3), (2, 2))
    for width, stride in ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1)):
        m.depthwise((3, 3), (stride, stride))
        m.conv(width, (1, 1))
    m.average((3, 3))
    m.reshape()
    m.dense(2)
    m.end()
    return m


def image_classification():
    m = Layers([1, 32, 32, 3])
    at = m.conv(16, (3, 3))
    m.conv(16, (3, 3))
    at = m.add(at, m.conv(16, (3, 3), fused=NONE))
    for width in (32, 64):
        m.conv(width, (3, 3), (2, 2), source=at)
        long = m.conv(width, (3, 3), fused=NONE)
        at = m.add(m.conv(width, (1, 1), (2, 2), fused=NONE, source=at), long)
    m.average((8, 8))
    m.reshape()
    m.dense(10)
    m.end()
    return m


def anomaly_detection():
    m = Layers([1, 640])
    for units in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        m.dense(units, RELU)
    m.dense(640)
    return m


def streaming_wakeword():
    m = Layers([1, 30, 1, 40])
    for k, width in ((3, 128), (5, 128), (10, 128), (15, 32)):
        m.depthwise((k, 1), padding=VALID)
        m.conv(width, (1, 1))
    m.reshape()
    m.dense(3)
    m.end()
    return m


def micro_speech():
    m = Layers([1, 1960])
    m.reshape([1, 49, 40, 1])
    m.depthwise((10, 8), (2, 2), multiplier=8)
    m.dense(4)
    m.end()
    return m


def magic_wand():
    m = Layers([1, 32, 32, 3])
    for width in (16, 32, 64):
        m.conv(width, (3, 3), (2, 2))
    m.mean()
    m.dense(10)
    m.end()
    return m


MODELS = {
    "cnn_10": lambda: workshop_cnn(False),
    "cnn_10_int8": lambda: workshop_cnn(True),
    "mlp_7": lambda: workshop_mlp(False, 7),
    "mlp_5": lambda: workshop_mlp(False, 5),
    "mlp_7_int8": lambda: workshop_mlp(True, 7),
    "hello_world_float": lambda: hello_world(False),
    "hello_world_int8": lambda: hello_world(True),
    "kws_ref_model": keyword_spotting,
    "vww_96_int8": lambda: mobilenet(3),
    "person_detect": lambda: mobilenet(1),
    "pretrainedResnet_quant": image_classification,
    "ad01_int8": anomaly_detection,
    "str_ww_ref_model": streaming_wakeword,
    "micro_speech_quantized": micro_speech,
    "magic_wand": magic_wand,
}


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, build in MODELS.items():
        (folder / f"{name}.tflite").write_bytes(build().file())


if __name__ == "__main__":
    main()
