#!/usr/bin/env python3
"""Measures espmask beside its peers on this machine and prints ratios.

Run by `make bench` with the Python of the judges' environment. Each figure is the best of several rounds, since
everything else that runs on a machine can only make a program slower. Nothing here passes or fails.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
ESPMASK = HOME / ".build" / "release" / "espmask"
PEERS = Path(sys.executable).parent
ROUNDS = 3


def best(work, rounds=ROUNDS):
    """The shortest of several runs, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def run(*command, cwd=None):
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


def row(what, ours, theirs, peer):
    print(f"{what:<52} espmask {ours * 1000:9.1f} ms   {peer} {theirs * 1000:9.1f} ms   {theirs / ours:6.1f} x")


class Board:
    """A served virtual board; virtual time, so that only the programs are measured and no wire."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [ESPMASK, "board", "serve", "--tcp", "0", "--download", "--virtual-time", "--flash", folder / "flash.bin"],
            stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def flashing(folder):
    build = folder / "build"
    run(ESPMASK, "build", "run_model_cnn", "--output", build)
    images = [("0x1000", build / "second-stage.bin"), ("0x8000", build / "partition-table.bin"),
              ("0x10000", build / "firmware.bin")]
    parts = [str(part) for pair in images for part in pair]
    esptool = [PEERS / "esptool", "--chip", "esp32", "--before", "no-reset", "--after", "no-reset", "--no-stub"]

    def ours(board, *flags):
        return lambda: run(ESPMASK, "flash", *parts, "--port", board.url, *flags, cwd=folder)

    def theirs(board):
        return lambda: run(*esptool, "--port", board.url, "write-flash", *parts)

    with Board(folder) as board:
        row("flash all of the firmware (the ROM's loader)", best(ours(board, "--no-diff")), best(theirs(board)), "esptool")
        row("flash it again, nothing changed", best(ours(board)), best(theirs(board)), "esptool")


def images(folder):
    elf = folder / "build" / "firmware.elf"
    if not elf.exists():
        elf = next((folder / "build").rglob("*.elf"))
    out = folder / "app.bin"
    row("firmware image from ELF",
        best(lambda: run(ESPMASK, "image", "make", elf, "-o", out)),
        best(lambda: run(PEERS / "esptool", "--chip", "esp32", "elf2image", "-o", out, elf)), "esptool")


def job(folder):
    run(ESPMASK, "run", "--count", "1", cwd=folder)
    again = best(lambda: run(ESPMASK, "run", "--count", "1", cwd=folder), 5)
    print(f"{'run again: build, compare, boot, first prediction':<52} espmask {again * 1000:9.1f} ms")
    out = run(ESPMASK, "run", "--json", cwd=folder)
    us = [event["us"] for event in map(json.loads, out.splitlines()) if event.get("event") == "inference"]
    print(f"{'one prediction of the demo CNN on the board':<52} {min(us)} us at 40 MHz")


def main():
    if not ESPMASK.exists():
        sys.exit("build espmask first: make build")
    print(f"on {os.cpu_count()} processors, best of {ROUNDS}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in (flashing, images, job):
            part(folder)


main()
