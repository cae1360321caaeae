#!/usr/bin/env python3
"""Runs the same expectations with pytest-embedded and with `espmask test`, over RFC 2217 on the same served virtual board,
and prints the verdicts and the wall clock of both.

Run by `make bench` with the Python of the judges' environment. The board runs in virtual time, so that what is measured is
the programs and not a sketch's pauses. It ends with 1 where the verdicts differ.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
ESPMASK = Path(os.environ.get("ESPMASK_PROGRAM", HOME / ".build" / "release" / "espmask"))
ROUNDS = 3
PREDICTIONS = 20

# What is expected, once for both: a name, and whether it holds.
STARTS = [r"espmask: model=(?P<model>\w+) slot=[AB]", r"arena=(?P<arena>\d+) used=\d+", "espmask: ready"]
NEVER = "espmask: will never be said"
CASES = {"predicts": True, "expects_too_much": False}

SCRIPTS = {
    "predicts": "\n".join(
        ["  - reset"]
        + [f"  - expect: {{ regex: '{pattern.replace('?P<', '?<')}', within: 20 }}" for pattern in STARTS]
        + [f"  - repeat: {{ times: {PREDICTIONS}, steps: [ expect: {{ regex: 'predicted: \\d\\.\\d\\d', within: 20 }} ] }}"]),
    "expects_too_much": f"  - reset\n  - expect: {{ text: 'espmask: ready', within: 20 }}\n"
                        f"  - expect: {{ text: '{NEVER}', within: 2 }}",
}

PYTHON = f"""
import time


def reset(dut):
    # EN low for a moment, GPIO0 free: what pytest-embedded's esp service does by esptool.
    dut.serial.proc.dtr = False
    dut.serial.proc.rts = True
    time.sleep(0.1)
    dut.serial.proc.rts = False


def test_predicts(dut):
    reset(dut)
    for pattern in {STARTS!r}:
        dut.expect(pattern, timeout=20)
    for _ in range({PREDICTIONS}):
        dut.expect(r"predicted: \\d\\.\\d\\d", timeout=20)


def test_expects_too_much(dut):
    reset(dut)
    dut.expect_exact("espmask: ready", timeout=20)
    dut.expect_exact({NEVER!r}, timeout=2)
"""


def verdicts(path):
    """What a JUnit file says of each case: True for passed."""
    found = {}
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = case.get("name").removeprefix("test_")
        found[name] = case.find("failure") is None and case.find("error") is None
    return found


def timed(command, folder, environment):
    start = time.perf_counter()
    done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True,
                          env=os.environ | environment, timeout=300)
    return time.perf_counter() - start, done


def main():
    with tempfile.TemporaryDirectory(prefix="espmask-bench-") as name:
        folder = Path(name)
        environment = {"ESPMASK_HOME": str(HOME), "NO_COLOR": "1"}
        (folder / "test_board.py").write_text(PYTHON)
        for case, steps in SCRIPTS.items():
            (folder / f"{case}.yaml").write_text(f"name: {case}\ntimeout: 60\nsteps:\n{steps}\n")
        server = subprocess.Popen(
            [ESPMASK, "board", "serve", "--rfc2217", "0", "--virtual-time", "--flash", folder / "flash.bin"],
            stdout=subprocess.PIPE, text=True, env=os.environ | environment)
        try:
            url = json.loads(server.stdout.readline())["url"]
            subprocess.run([ESPMASK, "flash", "run_model_cnn", "--port", url, "--json"], cwd=folder, check=True,
                           capture_output=True, env=os.environ | environment, timeout=120)
            programs = {
                "pytest-embedded": [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                                    "--embedded-services", "serial", "--port", url, "--junitxml", "peer.xml",
                                    "test_board.py"],
                "espmask test": [ESPMASK, "test", *[f"{case}.yaml" for case in CASES], "--port", url,
                                 "--junit", "ours.xml"],
            }
            files = {"pytest-embedded": "peer.xml", "espmask test": "ours.xml"}
            best = {}
            for program, command in programs.items():
                for _ in range(ROUNDS):
                    seconds, done = timed(command, folder, environment)
                    if not (folder / files[program]).exists():
                        sys.exit(f"{program}: {done.stdout}{done.stderr}")
                    found = verdicts(folder / files[program])
                    if found != CASES:
                        sys.exit(f"{program} says {found}, not {CASES}:\n{done.stdout}{done.stderr}")
                    best[program] = min(seconds, best.get(program, seconds))
        finally:
            server.terminate()
            server.wait()
    print(f"\nthe same expectations over RFC 2217 on one virtual board ({PREDICTIONS} predictions; a test that fails after "
          "2 s)")
    for program, seconds in best.items():
        said = ", ".join(f"{case} {'passed' if ok else 'failed'}" for case, ok in CASES.items())
        print(f"{program:<18} {seconds:7.2f} s   {said}")
    print(f"{best['pytest-embedded'] / best['espmask test']:.1f} x")


if __name__ == "__main__":
    main()
