"""Builds small .tflite files op by op, without TensorFlow: a thin layer over the schema's object API."""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

FLOAT32, INT8, INT32 = schema.TensorType.FLOAT32, schema.TensorType.INT8, schema.TensorType.INT32
OP = schema.BuiltinOperator
OPTIONS = schema.BuiltinOptions


class ModelBuilder:
    """One subgraph under construction; tensors are their indices."""

    def __init__(self):
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.description = b"test"
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.graph.inputs, self.graph.outputs = [], []
        self.model.subgraphs = [self.graph]
        self.codes = {}

    def tensor(self, shape, kind, scale=None, zero=0, data=None, dim=0):
        t = schema.TensorT()
        t.shape = list(shape)
        t.type = kind
        t.name = f"t{len(self.graph.tensors)}".encode()
        t.quantization = schema.QuantizationParametersT()
        if scale is not None:
            scales = np.atleast_1d(np.asarray(scale, np.float32))
            t.quantization.scale = scales
            t.quantization.zeroPoint = np.full(len(scales), zero, np.int64)
            t.quantization.quantizedDimension = dim
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            t.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        self.graph.tensors.append(t)
        return len(self.graph.tensors) - 1

    def op(self, code, inputs, output, options_type=0, options=None):
        if code not in self.codes:
            entry = schema.OperatorCodeT()
            entry.builtinCode = code
            entry.deprecatedBuiltinCode = min(code, 127)
            entry.version = 1
            self.codes[code] = len(self.model.operatorCodes)
            self.model.operatorCodes.append(entry)
        operator = schema.OperatorT()
        operator.opcodeIndex = self.codes[code]
        operator.inputs, operator.outputs = list(inputs), [output]
        operator.builtinOptionsType = options_type
        operator.builtinOptions = options
        self.graph.operators.append(operator)
        return output

    def finish(self, inputs, outputs):
        self.graph.inputs, self.graph.outputs = list(inputs), list(outputs)
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def shape(self, tensor):
        return list(self.graph.tensors[tensor].shape)

    def scale(self, tensor):
        return float(np.float32(self.graph.tensors[tensor].quantization.scale[0]))

    def zero(self, tensor):
        return int(self.graph.tensors[tensor].quantization.zeroPoint[0])
