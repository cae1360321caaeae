"""Writes seeded random models, inputs and what tflite-micro makes of them, for the engine to be held against.

usage: tflm_cases.py OUTPUT SEED CASES_PER_KIND
A case is: u32 length and name, u32 length and model, u32 samples, then per sample u32 length and input bytes,
u32 length and output bytes. All numbers little-endian.
"""

import struct
import sys

import numpy as np
from tflite_micro.python.tflite_micro import runtime

from model_builder import FLOAT32, INT8, INT32, OP, OPTIONS, ModelBuilder, schema

SAMPLES = 3


class Maker:
    """Random layers on a growing model, float32 or int8."""

    def __init__(self, random, quantized):
        self.random, self.quantized = random, quantized
        self.b = ModelBuilder()
        self.kind = INT8 if quantized else FLOAT32

    def pick(self, *choices):
        return choices[self.random.randint(len(choices))]

    def scale_of(self):
        """Mostly a scale as a converter makes it, now and then one from the ends of what is possible."""
        low, high = self.pick((0.004, 0.2), (0.004, 0.2), (0.004, 0.2), (1e-4, 1e-3), (0.5, 8.0), (1 / 256, 1 / 256))
        return float(np.float32(np.exp(self.random.uniform(np.log(low), np.log(high)))))

    def zero_of(self):
        return self.pick(-128, 127, 0, -1, *(int(z) for z in self.random.randint(-128, 128, 6)))

    def activation(self, shape, scale=None, zero=None):
        if not self.quantized:
            return self.b.tensor(shape, FLOAT32)
        scale = self.scale_of() if scale is None else scale
        zero = self.zero_of() if zero is None else zero
        return self.b.tensor(shape, INT8, scale, zero)

    def weights(self, shape, channels, dim, per_channel=True):
        if not self.quantized:
            return self.b.tensor(shape, FLOAT32, data=self.random.randn(*shape).astype(np.float32))
        count = channels if per_channel else 1
        low, high = self.pick((0.001, 0.05), (0.001, 0.05), (1e-6, 1e-3), (0.05, 4.0))
        scales = np.exp(self.random.uniform(np.log(low), np.log(high), count)).astype(np.float32)
        data = self.random.randint(-128 if not per_channel else -127, 128, shape).astype(np.int8)
        if self.pick(0, 0, 0, 1):
            data = np.where(data < 0, -127, 127).astype(np.int8)
        return self.b.tensor(shape, INT8, scales, 0, data, dim)

    def bias(self, channels, source, weights):
        if self.pick(0, 0, 0, 1):
            return -1
        if not self.quantized:
            return self.b.tensor([channels], FLOAT32, data=self.random.randn(channels).astype(np.float32))
        scales = np.float32(self.b.scale(source)) * np.asarray(
            self.b.graph.tensors[weights].quantization.scale, np.float32
        )
        most = self.pick(1, 4000, 4000, 1 << 20, 1 << 30)
        data = self.random.randint(-most, most, channels).astype(np.int32)
        return self.b.tensor([channels], INT32, scales, 0, data)

    def fused(self):
        return self.pick(0, 0, 1, 2, 3)

    @staticmethod
    def extent(size, k, stride, dilation, same):
        reach = (k - 1) * dilation + 1
        return -(-size // stride) if same else (size - reach) // stride + 1

    def window(self, source, dilated=True):
        """Kernel, strides, dilation and padding that fit the source."""
        _, h, w, _ = self.b.shape(source)
        while True:
            kh, kw = self.pick(1, 2, 3, 3, 5, 7), self.pick(1, 2, 3, 3, 4, w)
            sh, sw = self.pick(1, 1, 2, 3, 5), self.pick(1, 1, 2, 4)
            dh, dw = (self.pick(1, 1, 1, 2, 4), self.pick(1, 1, 1, 3)) if dilated else (1, 1)
            same = bool(self.pick(0, 1))
            oh, ow = self.extent(h, kh, sh, dh, same), self.extent(w, kw, sw, dw, same)
            if oh > 0 and ow > 0:
                return kh, kw, sh, sw, dh, dw, same, oh, ow

    def conv(self, source):
        n, _, _, c = self.b.shape(source)
        kh, kw, sh, sw, dh, dw, same, oh, ow = self.window(source)
        groups = self.pick(1, 1, 1, 2) if c % 2 == 0 else 1
        out_c = groups * int(self.random.randint(1, 9)) if self.pick(1, 1, 1, 0) else groups * 35
        weights = self.weights([out_c, kh, kw, c // groups], out_c, 0, self.pick(True, True, False))
        inputs = [source, weights]
        bias = self.bias(out_c, source, weights)
        if bias >= 0:
            inputs.append(bias)
        options = schema.Conv2DOptionsT()
        options.padding = 0 if same else 1
        options.strideH, options.strideW = sh, sw
        options.dilationHFactor, options.dilationWFactor = dh, dw
        options.fusedActivationFunction = self.fused()
        return self.b.op(OP.CONV_2D, inputs, self.activation([n, oh, ow, out_c]), OPTIONS.Conv2DOptions, options)

    def depthwise(self, source):
        n, _, _, c = self.b.shape(source)
        kh, kw, sh, sw, dh, dw, same, oh, ow = self.window(source)
        multiplier = self.pick(1, 1, 1, 2, 3)
        weights = self.weights([1, kh, kw, c * multiplier], c * multiplier, 3, self.pick(True, True, False))
        inputs = [source, weights]
        bias = self.bias(c * multiplier, source, weights)
        if bias >= 0:
            inputs.append(bias)
        options = schema.DepthwiseConv2DOptionsT()
        options.padding = 0 if same else 1
        options.strideH, options.strideW = sh, sw
        options.dilationHFactor, options.dilationWFactor = dh, dw
        options.depthMultiplier = multiplier
        options.fusedActivationFunction = self.fused()
        output = self.activation([n, oh, ow, c * multiplier])
        return self.b.op(OP.DEPTHWISE_CONV_2D, inputs, output, OPTIONS.DepthwiseConv2DOptions, options)

    def dense(self, source, units=None):
        shape = self.b.shape(source)
        units = units or (int(self.random.randint(1, 12)) if self.pick(1, 1, 1, 0) else 70)
        weights = self.weights([units, shape[-1]], units, 0, self.pick(True, False))
        inputs = [source, weights]
        bias = self.bias(units, source, weights)
        if bias >= 0:
            inputs.append(bias)
        options = schema.FullyConnectedOptionsT()
        options.fusedActivationFunction = self.fused()
        options.keepNumDims = len(shape) > 2
        output = self.activation(shape[:-1] + [units])
        return self.b.op(OP.FULLY_CONNECTED, inputs, output, OPTIONS.FullyConnectedOptions, options)

    def like(self, source, shape):
        """A tensor on the source's own scale."""
        if not self.quantized:
            return self.b.tensor(shape, FLOAT32)
        return self.b.tensor(shape, INT8, self.b.scale(source), self.b.zero(source))

    def pool(self, source, code=None):
        n, _, _, c = self.b.shape(source)
        kh, kw, sh, sw, _, _, same, oh, ow = self.window(source, dilated=False)
        options = schema.Pool2DOptionsT()
        options.padding = 0 if same else 1
        options.strideH, options.strideW = sh, sw
        options.filterHeight, options.filterWidth = kh, kw
        options.fusedActivationFunction = self.fused()
        code = code or self.pick(OP.MAX_POOL_2D, OP.AVERAGE_POOL_2D)
        return self.b.op(code, [source], self.like(source, [n, oh, ow, c]), OPTIONS.Pool2DOptions, options)

    def reshape(self, source, shape=None):
        count = int(np.prod(self.b.shape(source)))
        shape = shape or [1, count]
        stated = list(shape)
        if self.pick(0, 1):
            stated[self.random.randint(len(stated))] = -1
        target = self.b.tensor([len(shape)], INT32, data=np.array(stated, np.int32))
        return self.b.op(OP.RESHAPE, [source, target], self.like(source, shape))

    def logistic(self, source):
        return self.b.op(OP.LOGISTIC, [source], self.activation(self.b.shape(source), 1 / 256, -128))

    def softmax(self, source):
        options = schema.SoftmaxOptionsT()
        options.beta = self.pick(1.0, 1.0, 0.5, 3.0)
        output = self.activation(self.b.shape(source), 1 / 256, -128)
        return self.b.op(OP.SOFTMAX, [source], output, OPTIONS.SoftmaxOptions, options)

    def relu(self, source):
        return self.b.op(OP.RELU, [source], self.activation(self.b.shape(source)))

    def relu6(self, source):
        return self.b.op(OP.RELU6, [source], self.like(source, self.b.shape(source)))

    def add(self, first, second):
        a, b = self.b.shape(first), self.b.shape(second)
        rank = max(len(a), len(b))
        a, b = [1] * (rank - len(a)) + a, [1] * (rank - len(b)) + b
        options = schema.AddOptionsT()
        options.fusedActivationFunction = self.fused()
        options.potScaleInt16 = False
        output = self.activation([max(x, y) for x, y in zip(a, b)])
        return self.b.op(OP.ADD, [first, second], output, OPTIONS.AddOptions, options)

    def mul(self, first, second):
        a, b = self.b.shape(first), self.b.shape(second)
        rank = max(len(a), len(b))
        a, b = [1] * (rank - len(a)) + a, [1] * (rank - len(b)) + b
        options = schema.MulOptionsT()
        options.fusedActivationFunction = self.fused()
        output = self.activation([max(x, y) for x, y in zip(a, b)])
        return self.b.op(OP.MUL, [first, second], output, OPTIONS.MulOptions, options)

    def concatenation(self, sources, axis):
        shape = self.b.shape(sources[0])
        shape[axis] = sum(self.b.shape(source)[axis] for source in sources)
        options = schema.ConcatenationOptionsT()
        options.axis = axis - len(shape) if self.pick(0, 1) else axis
        output = self.like(sources[0], shape)
        return self.b.op(OP.CONCATENATION, sources, output, OPTIONS.ConcatenationOptions, options)

    def expand_dims(self, source):
        shape = self.b.shape(source)
        axis = int(self.random.randint(len(shape) + 1))
        stated = axis - len(shape) - 1 if self.pick(0, 1) else axis
        operand = self.b.tensor([1], INT32, data=np.array([stated], np.int32))
        output = self.like(source, shape[:axis] + [1] + shape[axis:])
        options = schema.ExpandDimsOptionsT()
        return self.b.op(OP.EXPAND_DIMS, [source, operand], output, OPTIONS.ExpandDimsOptions, options)

    def squeeze(self, source):
        shape = self.b.shape(source)
        dims = [i for i, d in enumerate(shape) if d == 1]
        options = schema.SqueezeOptionsT()
        options.squeezeDims = dims
        output = self.like(source, [d for d in shape if d != 1] or [1])
        return self.b.op(OP.SQUEEZE, [source], output, OPTIONS.SqueezeOptions, options)

    def flatten(self, source):
        """A RESHAPE whose target is computed from the input's shape, as converters write it for an unknown batch."""
        shape = self.b.shape(source)
        count = int(np.prod(shape[1:]))
        whole = self.b.op(OP.SHAPE, [source], self.b.tensor([len(shape)], INT32), OPTIONS.ShapeOptions, self.shape_options())
        ends = [self.b.tensor([1], INT32, data=np.array([value], np.int32)) for value in (0, 1, 1)]
        slicing = schema.StridedSliceOptionsT()
        slicing.shrinkAxisMask = 1
        batch = self.b.op(
            OP.STRIDED_SLICE, [whole, *ends], self.b.tensor([], INT32), OPTIONS.StridedSliceOptions, slicing)
        rest = self.b.tensor([], INT32, data=np.array([count], np.int32))
        packing = schema.PackOptionsT()
        packing.valuesCount, packing.axis = 2, 0
        target = self.b.op(OP.PACK, [batch, rest], self.b.tensor([2], INT32), OPTIONS.PackOptions, packing)
        return self.b.op(OP.RESHAPE, [source, target], self.like(source, [shape[0], count]))

    @staticmethod
    def shape_options():
        options = schema.ShapeOptionsT()
        options.outType = INT32
        return options

    def mean(self, source, axes=None):
        shape = self.b.shape(source)
        if axes is None:
            axes = [i for i in range(len(shape)) if self.pick(0, 1)] or [len(shape) - 1]
        keep = bool(self.pick(0, 1)) or len(axes) == len(shape)
        kept = [1 if i in axes else d for i, d in enumerate(shape) if keep or i not in axes]
        signed = [a - len(shape) if self.pick(0, 1) and not keep else a for a in axes]
        operand = self.b.tensor([len(axes)], INT32, data=np.array(signed, np.int32))
        options = schema.ReducerOptionsT()
        options.keepDims = keep
        return self.b.op(OP.MEAN, [source, operand], self.activation(kept), OPTIONS.ReducerOptions, options)

    def pad(self, source):
        shape = self.b.shape(source)
        pairs = np.array([[self.random.randint(3), self.random.randint(3)] for _ in shape], np.int32)
        operand = self.b.tensor([len(shape), 2], INT32, data=pairs)
        grown = [int(d + p[0] + p[1]) for d, p in zip(shape, pairs)]
        return self.b.op(OP.PAD, [source, operand], self.like(source, grown), OPTIONS.PadOptions, schema.PadOptionsT())

    def image(self, most=10):
        batches = self.pick(1, 1, 1, 2)
        h, w = int(self.random.randint(3, most)), int(self.random.randint(3, most))
        return self.activation([batches, h, w, int(self.random.randint(1, 7))])

    def vector(self):
        rank = self.pick(1, 2, 2, 3, 4)
        return self.activation([int(self.random.randint(1, 7)) for _ in range(rank)])


def single(name):
    def build(m):
        source = m.vector() if name in ("logistic", "softmax", "relu", "relu6", "mean", "pad", "add", "mul", "expand_dims", "gate") else m.image()
        if name == "dense":
            source = m.activation(m.pick([1], [1], [3], [2, 3]) + [int(m.random.randint(1, 90))])
        if name == "squeeze":
            source = m.activation([m.pick(1, 1, int(d)) for d in m.random.randint(1, 6, 4)])
        if name == "concatenation":
            axis, shape = int(m.random.randint(4)), m.b.shape(source)
            ends = [source]
            for _ in range(m.pick(0, 1, 1, 2, 3)):
                other = list(shape)
                other[axis] = int(m.random.randint(1, 6))
                ends.append(m.like(source, other))
            return ends, [m.concatenation(ends, axis)]
        if name in ("add", "mul"):
            shape = [m.pick(d, d, d, 1) for d in m.b.shape(source)]
            shape = m.pick(shape, shape[1:] or [1], m.b.shape(source))
            ends = [source, m.activation(shape)]
            return ends, [getattr(m, name)(*m.pick(ends, ends[::-1]))]
        if name == "gate":
            return [source], [m.mul(source, m.logistic(source))]
        if name == "max_pool":
            return [source], [m.pool(source, OP.MAX_POOL_2D)]
        if name == "average_pool":
            return [source], [m.pool(source, OP.AVERAGE_POOL_2D)]
        return [source], [getattr(m, name)(source)]

    return build


def quantize(m):
    source = m.vector()
    shape = m.b.shape(source)
    if not m.quantized:
        target = m.b.tensor(shape, INT8, m.scale_of(), m.zero_of())
        return [source], [m.b.op(OP.QUANTIZE, [source], target)]
    if m.pick(0, 1):
        return [source], [m.b.op(OP.QUANTIZE, [source], m.activation(shape))]
    return [source], [m.b.op(OP.DEQUANTIZE, [source], m.b.tensor(shape, FLOAT32))]


def chain(m, at):
    """Random layers one after the other, now and then with a branch: what a planner has to place."""
    seen = []
    for _ in range(m.random.randint(1, 7)):
        layer = m.pick("conv", "conv", "depthwise", "depthwise", "pool", "relu", "relu6", "branch", "skip", "pad", "join", "gate", "squash")
        shape = m.b.shape(at)
        if int(np.prod(shape)) > 6000 and layer in ("pad", "conv"):
            layer = "pool"
        alike = [tensor for tensor in seen if m.b.shape(tensor) == shape]
        seen.append(at)
        if layer == "branch" or (layer == "skip" and not alike):
            other = m.relu(at)
            at = m.add(at, other) if m.pick(0, 1) else m.add(other, at)
        elif layer == "skip":
            at = m.add(at, m.pick(*alike))
        elif layer == "join":
            at = m.concatenation([at, m.relu6(at)], m.pick(1, 2, 3))
        elif layer == "gate":
            # The last bit of an e^x would be brought into sums that may cancel, and there is no bound for what comes
            # of that; int8 has its bits from a table. `gate` has the float32 one by itself.
            at = m.mul(at, m.logistic(at) if m.quantized else m.relu6(at))
        elif layer == "squash":
            # As Conv1D is written: a dimension of one comes and goes.
            wide = m.expand_dims(at)
            at = m.reshape(m.squeeze(wide), shape)
        else:
            at = getattr(m, layer)(at)
    if m.pick(0, 1):
        at = m.mean(at, [1, 2])
    return m.dense(m.pick(m.reshape, m.flatten)(at), int(m.random.randint(1, 8)))


def network(m):
    source = m.image(14)
    end = chain(m, source)
    return [source], [m.pick(m.logistic, m.softmax)(end)] + m.pick([], [], [end])


def quantized_inside(m):
    """A network that is float32 at its ends and int8 inside."""
    if not m.quantized:
        return network(m)
    inner = m.image(14)
    shape = m.b.shape(inner)
    source = m.b.tensor(shape, FLOAT32)
    m.b.op(OP.QUANTIZE, [source], inner)
    end = m.logistic(chain(m, inner))
    return [source], [m.b.op(OP.DEQUANTIZE, [end], m.b.tensor(m.b.shape(end), FLOAT32))]


KINDS = {name: single(name) for name in (
    "conv", "depthwise", "dense", "max_pool", "average_pool", "reshape", "logistic", "softmax", "relu", "relu6", "add",
    "mean", "pad", "mul", "concatenation", "expand_dims", "squeeze", "flatten", "gate",
)}
KINDS["quantize"] = quantize
KINDS["network"] = network
KINDS["mixed"] = quantized_inside


def sample(m, inputs, index, random):
    for tensor in inputs:
        shape = m.b.shape(tensor)
        if m.b.graph.tensors[tensor].type == INT8:
            ends = np.where(random.randint(0, 2, shape) == 1, 127, -128)
            yield (ends if index == 2 else random.randint(-128, 128, shape)).astype(np.int8)
        else:
            values = random.randn(*shape) * (1.0, 4.0, 20.0)[index]
            # Some zeros of both signs, and values that are exact halves of most scales.
            values = np.where(random.randint(0, 9, shape) == 0, -0.0, values)
            values = np.where(random.randint(0, 9, shape) == 0, np.round(values * 2) / 2, values)
            yield values.astype(np.float32)


class TFLM:
    """tflite-micro's interpreter of a model."""

    def __init__(self, model):
        self.interpreter = runtime.Interpreter.from_bytes(model, arena_size=1 << 21)

    def run(self, values, outputs):
        for place, value in enumerate(values):
            self.interpreter.set_input(value, place)
        self.interpreter.invoke()
        return b"".join(self.interpreter.get_output(i).tobytes() for i in range(outputs))


def write_case(out, name, m, inputs, outputs, random, judge=TFLM):
    model = m.b.finish(inputs, outputs)
    interpreter = judge(model)
    records = []
    for index in range(SAMPLES):
        values = list(sample(m, inputs, index, random))
        given = b"".join(value.tobytes() for value in values)
        got = interpreter.run(values, len(outputs))
        records.append((given, got))
    for part in (name.encode(), model):
        out.write(struct.pack("<I", len(part)) + part)
    out.write(struct.pack("<I", len(records)))
    for given, got in records:
        out.write(struct.pack("<I", len(given)) + given + struct.pack("<I", len(got)) + got)


def main():
    path, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with open(path, "wb") as out:
        for place, (name, build) in enumerate(KINDS.items()):
            for index in range(count * (4 if name in ("network", "mixed") else 1)):
                for quantized in (False, True):
                    random = np.random.RandomState(seed * 100003 + place * 1009 + index * 2 + quantized & 0xFFFFFFFF)
                    m = Maker(random, quantized)
                    inputs, outputs = build(m)
                    kind = "int8" if quantized else "float32"
                    write_case(out, f"{name}/{kind}/{index}", m, inputs, outputs, random)


if __name__ == "__main__":
    main()
