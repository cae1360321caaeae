"""Makes the damaged model slots beside it from the demo model, as something else than espmask might have flashed them.

Usage: make_slots.py ESPMASK MODEL FOLDER. The format of a slot is in README.md; the flatbuffer's is at flatbuffers.dev,
"internals", with the field numbers of TensorFlow Lite's schema.fbs.
"""

import pathlib
import struct
import subprocess
import sys
import zlib


class Slot:
    def __init__(self, data):
        self.data = bytearray(data)

    def word(self, at):
        return struct.unpack_from("<I", self.data, at)[0]

    def put(self, value, at):
        struct.pack_into("<I", self.data, at, value)

    def section(self, kind):
        for index in range(self.word(20)):
            if self.word(24 + 16 * index) == kind:
                return self.word(24 + 16 * index + 4)
        raise ValueError(f"no section of kind {kind}")

    def field(self, number, table):
        vtable = table - struct.unpack_from("<i", self.data, table)[0]
        if 4 + 2 * number >= struct.unpack_from("<H", self.data, vtable)[0]:
            return None
        offset = struct.unpack_from("<H", self.data, vtable + 4 + 2 * number)[0]
        return table + offset if offset else None

    def elements(self, number, table):
        place = self.field(number, table)
        vector = place + self.word(place)
        return [vector + 4 + 4 * i + self.word(vector + 4 + 4 * i) for i in range(self.word(vector))]

    def root(self):
        start = self.section(1)
        return start + self.word(start)

    def sealed(self):
        for index in range(self.word(20)):
            entry = 24 + 16 * index
            start, count = self.word(entry + 4), self.word(entry + 8)
            self.put(zlib.crc32(self.data[start : start + count]), entry + 12)
        self.put(zlib.crc32(self.data[:252]), 252)
        return bytes(self.data)


def small_arena(slot):
    slot.put(600, 12)


def missing_op(slot):
    # LOGISTIC becomes GATHER.
    for code in slot.elements(1, slot.root()):
        place = slot.field(0, code)
        if slot.data[place] == 14:
            slot.data[place] = 36


def no_model(slot):
    start = slot.section(1)
    slot.data[start + 4 : start + 8] = b"JUNK"


def nan_weights(slot):
    for buffer in slot.elements(4, slot.root()):
        place = slot.field(0, buffer)
        if place is None:
            continue
        data = place + slot.word(place)
        count = slot.word(data)
        if count >= 64 and count % 4 == 0:
            for word in range(count // 4):
                slot.put(0x7FC00000, data + 4 + 4 * word)


def main():
    espmask, model, folder = sys.argv[1:]
    folder = pathlib.Path(folder)
    whole = folder / "whole.bin"
    subprocess.run([espmask, "model", "pack", model, "-o", whole], check=True)
    for name, change in {
        "arena_600": small_arena, "missing_op": missing_op, "no_model": no_model, "nan_weights": nan_weights,
    }.items():
        slot = Slot(whole.read_bytes())
        change(slot)
        (folder / f"{name}.bin").write_bytes(slot.sealed())
    whole.unlink()


main()
