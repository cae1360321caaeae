"""Prints what esp-idf-panic-decoder makes of a backtrace: one line for each address that it decodes, with the address,
the outermost function, and the innermost file and line. Arguments: tool prefix, ELF file, the line."""

import sys

from esp_idf_panic_decoder import PcAddressDecoder

prefix, elf, line = sys.argv[1:]
for address, trace in PcAddressDecoder(prefix, elf).translate_addresses(line):
    if trace:
        # The first entry is the innermost one, which may have been inlined into the others.
        print(address, trace[-1].func, f"{trace[0].path}:{trace[0].line}", sep="\t")
