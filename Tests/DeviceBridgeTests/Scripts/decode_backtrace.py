"""Prints what esp-idf-panic-decoder makes of a backtrace: for each address that it decodes a line for each function there,
innermost first (all but the last were put inline), with the address, the function, and file and line. Arguments: tool
prefix, ELF file, the line."""

import sys

from esp_idf_panic_decoder import PcAddressDecoder

prefix, elf, line = sys.argv[1:]
for address, trace in PcAddressDecoder(prefix, elf).translate_addresses(line):
    for entry in trace:
        print(address, entry.func, f"{entry.path}:{entry.line}", sep="\t")
