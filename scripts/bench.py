#!/usr/bin/env python3
"""Measures espmask beside its peers on this machine and prints ratios.

Run by `make bench` with the Python of the judges' environment. Each figure is the best of several rounds, since
everything else that runs on a machine can only make a program slower. Nothing here passes or fails.
"""

import json
import os
import queue
import random
import socket
import subprocess
import sys
import tempfile
import threading
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


def stub():
    """The stub that esptool brings along, which `--stub auto` finds where esptool is installed."""
    found = sorted(PEERS.parent.glob("lib/python*/site-packages/esptool/targets/stub_flasher/*/esp32.json"))
    return ["--stub", found[-1]] if found else []


STUB = stub()


class Wire:
    """A TCP relay in front of a board: delays every reply, or lets bytes pass no faster than a UART and counts how busy
    the line towards the board was."""

    def __init__(self, url, reply_delay=0.0, baud=None):
        self.target = ("127.0.0.1", int(url.rsplit(":", 1)[1]))
        self.delay, self.rate = reply_delay, baud and baud / 10
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self.listener.getsockname()[1]}"
        self.sent = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            board = socket.create_connection(self.target)
            for end in (client, board):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=self.back, args=(board, client), daemon=True)
            back.start()
            self.forth(client, board)
            board.shutdown(socket.SHUT_RDWR)  # wakes the other thread
            back.join()
            board.close()
            client.close()

    def forth(self, client, board):
        # A UART begins with the next byte when the last has left and the driver has one: what came while this thread
        # overslept was waiting, as in a driver's buffer of 4 KB.
        waiting = queue.Queue(8)
        threading.Thread(target=self.collect, args=(client, waiting), daemon=True).start()
        free = 0.0
        try:
            while (came := waiting.get())[1]:
                arrival, data = came
                if self.rate:
                    begin = max(free, arrival)
                    free = begin + len(data) / self.rate
                    self.sent.append((begin, free))
                    while (left := free - time.perf_counter()) > 0:
                        time.sleep(left)
                board.sendall(data)
        except OSError:
            pass

    def collect(self, client, waiting):
        data = b"-"
        while data:
            try:
                data = client.recv(65536 if self.rate is None else 512)
            except OSError:
                data = b""
            waiting.put((time.perf_counter(), data))

    def back(self, board, client):
        try:
            while data := board.recv(65536):
                if self.delay:
                    time.sleep(self.delay)
                if self.rate:
                    time.sleep(len(data) / self.rate)
                client.sendall(data)
        except OSError:
            pass

    def busy(self):
        """The share of the time from the first to the last large frame in which bytes were on the wire."""
        spans = self.sent
        large = [i for i, (begin, end) in enumerate(spans) if end - begin > 256 / self.rate]
        spans = spans[large[0]:large[-1] + 1]
        return sum(end - begin for begin, end in spans) / (spans[-1][1] - spans[0][0])


def firmware_like(count):
    """Bytes that compress about as well as a firmware does (by a third), and always the same."""
    source = random.Random(8)
    words = [source.randbytes(4) for _ in range(256)]
    return b"".join(source.choice(words) if source.random() < 0.6 else source.randbytes(4) for _ in range(count // 4))


class Flasher:
    """The programs side by side on one board."""

    def __init__(self, board, url=None):
        self.url = url or board.url

    def ours(self, verb, *arguments):
        run(ESPMASK, verb, *arguments, "--port", self.url, "--json", *(STUB if verb in ("flash", "read") else []))

    def theirs(self, stub, *arguments):
        mode = [] if stub else ["--no-stub"]
        run(PEERS / "esptool", "--chip", "esp32", "--before", "no-reset", "--after", "no-reset", *mode,
            "--port", self.url, *arguments)

    def blank(self):
        run(ESPMASK, "erase", "0x10000", "0x100000", "--port", self.url, "--json")

    def compare(self, what, target, ours, theirs, before=lambda: None):
        """The better of esptool's two modes against espmask; each round begins alike."""
        def timed(work):
            times = []
            for _ in range(ROUNDS):
                before()
                start = time.perf_counter()
                work()
                times.append(time.perf_counter() - start)
            return min(times)
        mine = timed(ours)
        stub, rom = timed(lambda: theirs(True)), timed(lambda: theirs(False))
        best_of_theirs = min(stub, rom)
        mode = "stub" if stub <= rom else "no stub"
        print(f"{what:<46} {mine * 1000:9.0f} ms {best_of_theirs * 1000:9.0f} ms ({mode})"
              f"   {mine / best_of_theirs:5.2f}   {target}", flush=True)


def flashing(folder):
    app, changed, back = folder / "app.bin", folder / "changed.bin", folder / "back.bin"
    data = firmware_like(600 * 1024)
    app.write_bytes(data)
    changed.write_bytes(data[:300_000] + bytes([data[300_000] ^ 0x55]) + data[300_001:])
    model = folder / "model.bin"
    run(ESPMASK, "model", "pack", HOME / "models" / "mask_cnn_10.tflite", "-o", model)
    print(f"{'on one virtual board':<46} {'espmask':>12} {'esptool':>12}           ratio  target")
    with Board(folder) as board:
        for delay in (0, 0.001):
            wire = Wire(board.url, reply_delay=delay)
            link = Flasher(board, wire.url)
            suffix = f", {delay * 1000:.0f} ms a reply" if delay else ""
            def put(path):
                link.ours("flash", "0x10000", path)
            link.compare(
                f"first write of 600 KB{suffix}", "<= 0.5", lambda: put(app),
                lambda stub: link.theirs(stub, "write-flash", *([] if stub else ["-z"]), "0x10000", app), link.blank)
            link.compare(
                f"rewrite unchanged{suffix}", "<= 0.2", lambda: put(app),
                lambda stub: link.theirs(stub, "write-flash", "--skip-flashed", "0x10000", app), lambda: put(app))
            link.compare(
                f"rewrite with one changed sector{suffix}", "<= 0.2", lambda: put(changed),
                lambda stub: link.theirs(stub, "write-flash", "0x10000", changed, "--diff-with", app),
                lambda: put(app))
            link.compare(
                f"model only{suffix}", "", lambda: link.ours("flash", "0x120000", model),
                lambda stub: link.theirs(stub, "write-flash", "0x120000", model),
                lambda: run(ESPMASK, "erase", "0x120000", "0x4000", "--port", link.url, "--json"))
            put(app)
            link.compare(
                f"read 600 KB{suffix}", "<= 0.3", lambda: link.ours("read", "0x10000", len(data), back),
                lambda stub: link.theirs(stub, "read-flash", "0x10000", len(data), back))
        noise = folder / "noise.bin"
        noise.write_bytes(random.Random(9).randbytes(600 * 1024))
        wire = Wire(board.url, baud=921_600)
        link = Flasher(board, wire.url)
        link.ours("flash", "0x10000", noise, "--no-diff")
        print(f"{'our frames on a wire of 921,600 baud':<46} {wire.busy() * 100:9.1f} % of the time of a write   >= 97 %")


def images(folder):
    run(ESPMASK, "build", "run_model_cnn", "--output", folder / "build")
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


def mixed_log(path, size):
    """A log as boards print it: starts, coloured log lines, readings, predictions with their inputs; always the same."""
    chance = random.Random(1)
    tags = ["wifi", "app_main", "heap_init", "cam_hal", "nvs", "TFLM", "main_task", "gpio"]
    words = "init done free memory start stop frame buffer channel rate event handler started value connected".split()
    start = ("ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
             "configsip: 0, SPIWP:0xee\r\nmode:DIO, clock div:2\r\nload:0x3fff0000,len:484\r\nentry 0x4009e008\r\n")
    written, count, now = 0, 0, 0
    # Not kept in memory: what a child process held at most begins with what its parent held.
    with path.open("wb") as log:
        while written < size:
            now += chance.randrange(1, 900)
            kind = chance.random()
            if kind < 0.5:
                level = chance.choice("IIIIWD")
                text = f"{level} ({now}) {chance.choice(tags)}: {' '.join(chance.choices(words, k=chance.randrange(3, 11)))}"
                colour = {"I": "32", "W": "33"}.get(level)
                part = f"\x1b[0;{colour}m{text}\x1b[0m\r\n" if colour else text + "\r\n"
            elif kind < 0.75:
                part = f"temperature={chance.randrange(40)} x={chance.random():.3f} uptime {now} ms\r\n"
            elif kind < 0.998:
                count += 1
                inputs = "".join(f"{chance.uniform(-1, 1):.2f}," for _ in range(100))
                part = (f"{inputs}\r\npredicting...\r\npredicted: {chance.random():.2f}\r\n"
                        f"espmask: n={count} out={chance.getrandbits(30):08x} us=812\r\nespmask: ready\r\n")
            else:
                part = start
            log.write(part.encode())
            written += len(part)


def peak_megabytes(*command):
    """The most memory that a program held."""
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    return os.wait4(process.pid, 0)[2].ru_maxrss / 1024


def logs(folder):
    log = folder / "mixed.log"
    mixed_log(log, 64 << 20)
    megabytes = log.stat().st_size / 1e6
    peer = HOME / "scripts" / "monitor_peer.py"
    ours = best(lambda: run(ESPMASK, "explain", log))
    theirs = min(float(run(PEERS / "python", peer, log)) for _ in range(ROUNDS))
    row("read a log: ours explains it, theirs splits its lines", ours, theirs, "esp-idf-monitor")
    streamed = best(lambda: run(ESPMASK, "explain", "--json", log))
    print(f"{'explain, megabytes a second':<52} text {megabytes / ours:9.0f}      JSON {megabytes / streamed:9.0f}")
    print(f"{'explain, most memory held':<52} text {peak_megabytes(ESPMASK, 'explain', log):9.1f} MB   "
          f"JSON {peak_megabytes(ESPMASK, 'explain', '--json', log):9.1f} MB")


def main():
    if not ESPMASK.exists():
        sys.exit("build espmask first: make build")
    print(f"on {os.cpu_count()} processors, best of {ROUNDS}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in (flashing, images, job, logs):
            part(folder)


if __name__ == "__main__":
    main()
