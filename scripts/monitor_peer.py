#!/usr/bin/env python3
"""Takes a saved log through esp-idf-monitor's own handling of lines, as its main loop does with what it reads from a
port, and prints the seconds that took. All is as it runs by default, but that its console writes to nowhere and that
it has no ELF file to look addresses up in."""

import os
import queue
import sys
import time

from esp_idf_monitor.base.constants import PANIC_DECODE_DISABLE, PANIC_IDLE
from esp_idf_monitor.base.coredump import CoreDump
from esp_idf_monitor.base.line_matcher import LineMatcher
from esp_idf_monitor.base.logger import Logger
from esp_idf_monitor.base.serial_handler import SerialHandler

# What its reader asks a port for at most.
PIECE = 4096


class Nowhere:
    """A console as miniterm's, which flushes each line; a port that has no lines to reset."""

    def __init__(self):
        self.file = open(os.devnull, "wb")

    def write_bytes(self, data):
        self.file.write(data)
        self.file.flush()


def main():
    console = Nowhere()
    logger = Logger([], console, False, "", True, "xtensa-esp32-elf-")
    handler = SerialHandler(
        b"", logger, PANIC_DECODE_DISABLE, PANIC_IDLE, b"", "esp32", False, False, console, False, [],
        "xtensa-esp32-elf-", False)
    coredump = CoreDump("disable", queue.Queue(), logger, None, [""])
    matcher = LineMatcher("")
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    start = time.perf_counter()
    for at in range(0, len(data), PIECE):
        handler.handle_serial_input(data[at:at + PIECE], None, coredump, None, matcher, lambda line: None)
    print(time.perf_counter() - start)


main()
