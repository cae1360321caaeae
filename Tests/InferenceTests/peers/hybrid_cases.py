"""Dynamic-range models (float32 activations, int8 weights) and what LiteRT's reference kernels make of them; the file
is that of tflm_cases.py. tflite-micro refuses such models.

usage: hybrid_cases.py OUTPUT SEED CASES_PER_KIND
"""

import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from model_builder import FLOAT32, INT8, OP, OPTIONS, schema
from tflm_cases import Maker, write_case


class LiteRT:
    """LiteRT's reference kernels, without any delegate."""

    def __init__(self, model):
        self.interpreter = Interpreter(
            model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1)
        self.interpreter.allocate_tensors()

    def run(self, values, outputs):
        for detail, value in zip(self.interpreter.get_input_details(), values):
            self.interpreter.set_tensor(detail["index"], value)
        self.interpreter.invoke()
        details = self.interpreter.get_output_details()
        return b"".join(self.interpreter.get_tensor(detail["index"]).tobytes() for detail in details)


class HybridMaker(Maker):
    """Float32 layers whose weights are int8, with a scale per channel or with one."""

    def __init__(self, random):
        super().__init__(random, False)

    def weights(self, shape, channels, dim, per_channel=True):
        # Depthwise convolutions (along dimension 3) cannot do with one.
        count = channels if dim == 3 or self.pick(True, False) else 1
        scales = np.exp(self.random.uniform(np.log(0.001), np.log(0.05), count)).astype(np.float32)
        data = self.random.randint(-127, 128, shape).astype(np.int8)
        return self.b.tensor(shape, INT8, scales, np.zeros(count, np.int64), data, dim)

    def bias(self, channels, source, weights):
        # LiteRT's hybrid convolutions cannot do without.
        return self.b.tensor([channels], FLOAT32, data=self.random.randn(channels).astype(np.float32))

    def dense(self, source, units=None):
        output = super().dense(source, units)
        self.b.graph.operators[-1].builtinOptions.asymmetricQuantizeInputs = bool(self.pick(False, False, True))
        return output

    def conv(self, source):
        # Without groups, which LiteRT's hybrid kernels do not know.
        while True:
            mark = len(self.b.graph.tensors), len(self.b.graph.operators), len(self.b.model.buffers)
            output = super().conv(source)
            weights = self.b.graph.tensors[self.b.graph.operators[-1].inputs[1]]
            if weights.shape[3] == self.b.shape(source)[3]:
                return output
            del self.b.graph.tensors[mark[0]:], self.b.graph.operators[mark[1]:], self.b.model.buffers[mark[2]:]


def single(name):
    def build(m):
        source = m.image()
        if name == "dense":
            source = m.activation(m.pick([1], [1], [3], [2, 3]) + [int(m.random.randint(1, 90))])
        return [source], [getattr(m, name)(source)]

    return build


def large(m):
    """Layers as a converter quantises them: it leaves weights of fewer than 1024 elements as they are."""
    kind = m.pick("dense", "conv", "pointwise", "depthwise")
    if kind == "dense":
        units = m.pick(1, 12, 128)
        source = m.activation([1, -(-1024 // units) + int(m.random.randint(0, 600))])
        return [source], [m.dense(source, units)]
    side = int(m.random.randint(5, 10))
    channels, k, units = {"conv": (16, 3, 24), "pointwise": (64, 1, 64), "depthwise": (128, 3, 128)}[kind]
    source = m.activation([1, side, side, channels])
    depthwise = kind == "depthwise"
    shape = [1, k, k, channels] if depthwise else [units, k, k, channels]
    weights = m.weights(shape, units, 3 if depthwise else 0)
    options = schema.DepthwiseConv2DOptionsT() if depthwise else schema.Conv2DOptionsT()
    options.strideH = options.strideW = options.dilationHFactor = options.dilationWFactor = 1
    options.fusedActivationFunction = m.fused()
    if depthwise:
        options.depthMultiplier = 1
    output = m.b.op(
        OP.DEPTHWISE_CONV_2D if depthwise else OP.CONV_2D, [source, weights, m.bias(units, source, weights)],
        m.activation([1, side, side, units]),
        OPTIONS.DepthwiseConv2DOptions if depthwise else OPTIONS.Conv2DOptions, options)
    return [source], [output]


def network(m):
    source = m.image(14)
    at = source
    for _ in range(m.random.randint(1, 5)):
        at = getattr(m, m.pick("conv", "depthwise", "pool", "relu"))(at)
    end = m.dense(m.reshape(at), int(m.random.randint(1, 8)))
    return [source], [end]


def main():
    path, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    kinds = {"conv": single("conv"), "depthwise": single("depthwise"), "dense": single("dense"), "layers": network,
             "large": large}
    with open(path, "wb") as out:
        for place, (name, build) in enumerate(kinds.items()):
            for index in range(count):
                random = np.random.RandomState(seed * 100003 + place * 1009 + index & 0xFFFFFFFF)
                m = HybridMaker(random)
                inputs, outputs = build(m)
                write_case(out, f"{name}/hybrid/{index}", m, inputs, outputs, random, LiteRT)


if __name__ == "__main__":
    main()
