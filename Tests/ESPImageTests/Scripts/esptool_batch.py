"""Lets esptool judge many files in one process.

Usage: esptool_batch.py make|info|merge|map INPUT OUTPUT

INPUT is a row of records: u32 length and JSON options, u32 length and bytes. OUTPUT is a row of records: one status
byte (0 done, 1 refused, 2 crashed), u32 length and bytes (the image, JSON, or the message).
"""

import json
import struct
import sys

from esptool.bin_image import LoadFirmwareImage
from esptool.cmds import elf2image, merge_bin
from esptool.logger import log
from esptool.targets import CHIP_DEFS
from esptool.util import FatalError

log.set_verbosity("silent")


def make(options, data):
    return elf2image(data, output=None, **options)


def info(options, data):
    image = LoadFirmwareImage(options["chip"], data)
    digest = "absent"
    if image.append_digest:
        digest = "ok" if image.calc_digest == image.stored_digest else "bad"
    return json.dumps(
        {
            "entry": image.entrypoint,
            "segments": [[s.addr, len(s.data), s.file_offs] for s in image.segments],
            "checksum": "ok" if image.checksum == image.calculate_checksum() else "bad",
            "digest": digest,
        }
    ).encode()


def merge(options, data):
    parts = [(offset, data[start : start + size]) for offset, start, size in options["parts"]]
    return merge_bin(parts, "esp32", output=None, flash_freq="keep", flash_mode="keep", flash_size="keep")


def boundaries(options, data):
    chip = CHIP_DEFS[options["chip"]]
    rows = [row[:2] for row in chip.MEMORY_MAP]
    rows += [[chip.IROM_MAP_START, chip.IROM_MAP_END], [chip.DROM_MAP_START, chip.DROM_MAP_END]]
    return json.dumps(sorted({address for row in rows for address in row})).encode()


def records(data):
    position = 0
    while position < len(data):
        parts = []
        for _ in range(2):
            (size,) = struct.unpack_from("<I", data, position)
            parts.append(data[position + 4 : position + 4 + size])
            position += 4 + size
        yield json.loads(parts[0]), parts[1]


def main():
    work = {"make": make, "info": info, "merge": merge, "map": boundaries}[sys.argv[1]]
    with open(sys.argv[2], "rb") as file:
        data = file.read()
    with open(sys.argv[3], "wb") as file:
        for options, body in records(data):
            try:
                status, result = 0, work(options, body)
            except FatalError as error:
                status, result = 1, str(error).encode()
            except Exception as error:
                status, result = 2, repr(error).encode()
            file.write(struct.pack("<BI", status, len(result)) + result)


main()
