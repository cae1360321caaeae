"""Prints what esp-idf-panic-decoder makes of a RISC-V panic: gdb's words on the dump. Arguments: tool prefix (its gdb is
on PATH), ELF file, the dump's file."""

import sys

from esp_idf_panic_decoder import PanicOutputDecoder

prefix, elf, dump = sys.argv[1:]
with open(dump, "rb") as file:
    sys.stdout.buffer.write(PanicOutputDecoder(prefix, elf, "esp32c3").process_panic_output(file.read()))
