"""Reads off a .tflite what the reports and tests need: operators, tensors, what is constant.

A walk over the flatbuffer's tables (https://flatbuffers.dev/internals, TensorFlow's schema.fbs); it trusts
its input, which is what this folder's own converter wrote.
"""

import struct
from dataclasses import dataclass

# Values of schema.fbs, enum BuiltinOperator and TensorType, as far as these networks and their neighbours go.
OPERATORS = {
    0: "ADD", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D", 6: "DEQUANTIZE", 9: "FULLY_CONNECTED", 14: "LOGISTIC",
    19: "RELU", 22: "RESHAPE", 25: "SOFTMAX", 45: "STRIDED_SLICE", 77: "SHAPE", 83: "PACK", 114: "QUANTIZE",
}  # fmt: skip
TYPES = {0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 9: "int8"}


@dataclass(frozen=True)
class Tensor:
    name: str
    shape: tuple
    type: str
    constant: bool
    scales: tuple
    zero_points: tuple


@dataclass(frozen=True)
class Operator:
    name: str
    inputs: tuple
    outputs: tuple


@dataclass(frozen=True)
class Graph:
    tensors: tuple
    operators: tuple
    inputs: tuple
    outputs: tuple


class _Table:
    def __init__(self, data, offset):
        self.data, self.offset = data, offset
        self.vtable = offset - struct.unpack_from("<i", data, offset)[0]

    def _field(self, slot):
        """Offset of field number `slot`, or None where the file leaves it out."""
        entry = 4 + 2 * slot
        if entry >= struct.unpack_from("<H", self.data, self.vtable)[0]:
            return None
        place = struct.unpack_from("<H", self.data, self.vtable + entry)[0]
        return self.offset + place if place else None

    def number(self, slot, code, absent=0):
        place = self._field(slot)
        return absent if place is None else struct.unpack_from("<" + code, self.data, place)[0]

    def _follow(self, place):
        return place + struct.unpack_from("<I", self.data, place)[0]

    def table(self, slot):
        place = self._field(slot)
        return None if place is None else _Table(self.data, self._follow(place))

    def vector(self, slot, code):
        place = self._field(slot)
        if place is None:
            return ()
        start = self._follow(place)
        count = struct.unpack_from("<I", self.data, start)[0]
        return struct.unpack_from(f"<{count}{code}", self.data, start + 4)

    def tables(self, slot):
        place = self._field(slot)
        if place is None:
            return []
        start = self._follow(place)
        count = struct.unpack_from("<I", self.data, start)[0]
        return [_Table(self.data, self._follow(start + 4 + 4 * index)) for index in range(count)]

    def text(self, slot):
        return bytes(self.vector(slot, "B")).decode()


def read(data):
    """The main subgraph of a .tflite."""
    if data[4:8] != b"TFL3":
        raise ValueError("not a TensorFlow Lite file")
    model = _Table(data, struct.unpack_from("<I", data)[0])
    codes = [max(code.number(0, "b"), code.number(3, "i")) for code in model.tables(1)]
    filled = [len(buffer.vector(0, "B")) > 0 for buffer in model.tables(4)]
    graph = model.tables(2)[0]
    operators = tuple(
        Operator(OPERATORS.get(code, f"builtin {code}"), step.vector(1, "i"), step.vector(2, "i"))
        for step in graph.tables(3)
        for code in [codes[step.number(0, "I")]]
    )
    tensors = tuple(_tensor(table, filled) for table in graph.tables(0))
    return Graph(tensors, operators, graph.vector(1, "i"), graph.vector(2, "i"))


def _tensor(table, filled):
    quantization = table.table(4)
    kind = table.number(1, "b")
    return Tensor(
        name=table.text(3),
        shape=table.vector(0, "i"),
        type=TYPES.get(kind, f"type {kind}"),
        constant=filled[table.number(2, "I")],
        scales=quantization.vector(2, "f") if quantization else (),
        zero_points=quantization.vector(3, "q") if quantization else (),
    )
