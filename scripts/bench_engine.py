#!/usr/bin/env python3
"""Counts the instructions of an inference in espmask's engine and in TensorFlow Lite Micro's reference kernels, on this
machine, under callgrind: both engines in one process, on the same models and inputs, and whether they agree.

Run by `make bench` with the Python of the judges' environment; needs valgrind and a C compiler (CC, clang or cc).
usage: bench_engine.py [MODEL...]   without models: those of models/ and look-alikes of MLPerf Tiny's
"""

import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
ENGINE = HOME / "Sources" / "InferenceC"
PEERS = HOME / "Tests" / "InferenceTests" / "peers"
OURS, THEIRS = "inference_invoke", "*MicroInterpreter*6InvokeEv*"
# A few fields of the engine's structures would do, but their sizes change: the driver in C knows them.
DRIVER = """
#include <stdlib.h>
#include <string.h>
#include "InferenceC.h"
static inference_model model;
static inference_engine engine;
static inference_error error;
void *bench_open(const void *bytes, unsigned size, unsigned *arena) {
    if (inference_open(&model, bytes, size, &error) != INFERENCE_OK) return NULL;
    unsigned words = inference_exact_workspace_words(&model);
    uint32_t *plan = malloc(4 * words + 4);
    bool proven;
    if (inference_plan_exactly(&model, plan + 1, words, 400, plan, &proven, &error) != INFERENCE_OK) return NULL;
    *arena = plan[0];
    void *memory = aligned_alloc(16, (plan[0] + 31) & ~15u);
    inference_start(&engine, &model, plan, model.tensor_count + 1, memory, plan[0], &error);
    return &engine;
}
void bench_run(const void *in, unsigned in_bytes, void *out, unsigned out_bytes) {
    memcpy(inference_input(&engine, 0), in, in_bytes);
    inference_invoke(&engine, &error);
    memcpy(out, inference_output(&engine, 0), out_bytes);
}
"""


def build(folder):
    driver, library = folder / "driver.c", folder / "engine.so"
    driver.write_text(DRIVER)
    compiler = os.environ.get("CC") or shutil.which("clang") or "cc"
    subprocess.run(
        [compiler, "-O2", "-std=c11", "-ffp-contract=off", "-shared", "-fPIC", f"-I{ENGINE / 'include'}", "-o",
         library, driver, *sorted(ENGINE.glob("*.c"))], check=True)
    return library


def measured(model, library):
    """What runs under callgrind: one inference in each engine."""
    import numpy as np
    from tflite_micro.python.tflite_micro import runtime

    engine = ctypes.CDLL(str(library))
    engine.bench_open.restype = ctypes.c_void_p
    data = Path(model).read_bytes()
    held = ctypes.create_string_buffer(data, len(data) + 16)
    arena = ctypes.c_uint()
    if not engine.bench_open(held, len(data), ctypes.byref(arena)):
        sys.exit("refused")
    peer = runtime.Interpreter.from_bytes(data, arena_size=1 << 21)
    detail = peer.get_input_details(0)
    random = np.random.RandomState(1)
    kind = np.dtype(detail["dtype"])
    shape = tuple(int(size) for size in detail["shape"])
    if kind == np.int8:
        values = random.randint(-128, 128, shape).astype(np.int8)
    else:
        values = random.uniform(-1, 1, shape).astype(np.float32)
    peer.set_input(values, 0)
    peer.invoke()
    theirs = peer.get_output(0).tobytes()
    ours = ctypes.create_string_buffer(len(theirs))
    given = values.tobytes()
    engine.bench_run(given, len(given), ours, len(theirs))
    print("arena", arena.value, "equal" if ours.raw == theirs else "different")


def inclusive(annotation, function):
    for line in annotation.splitlines():
        found = re.match(r"\s*([\d,]+) .*" + function, line)
        if found:
            return int(found.group(1).replace(",", ""))
    return None


def count(model, library, folder):
    out = folder / "callgrind.out"
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", f"--toggle-collect={OURS}",
         f"--toggle-collect={THEIRS}", "--demangle=no", sys.executable, __file__, "--measured", model, library],
        capture_output=True, text=True)
    if done.returncode != 0:
        return None
    annotation = subprocess.run(
        ["callgrind_annotate", "--inclusive=yes", "--threshold=100", out], capture_output=True, text=True).stdout
    return inclusive(annotation, OURS), inclusive(annotation, "MicroInterpreter6InvokeEv"), done.stdout.split()


def main():
    if not shutil.which("valgrind"):
        print("instructions per inference: not counted, valgrind is not installed")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = build(folder)
        models = [Path(model) for model in sys.argv[1:]]
        if not models:
            subprocess.run([sys.executable, PEERS / "known_models.py", folder / "models"], check=True)
            models = sorted((HOME / "models").glob("*.tflite")) + sorted((folder / "models").glob("*.tflite"))
        print(f"{'instructions per inference':<26} {'arena':>7} {'espmask':>12} {'TFLM':>12} {'ratio':>6}  outputs")
        for model in models:
            result = count(model, library, folder)
            if result is None or None in result[:2]:
                print(f"{model.stem:<26} not run by both")
                continue
            ours, theirs, words = result
            print(f"{model.stem:<26} {words[1]:>7} {ours:>12,} {theirs:>12,} {ours / theirs:>6.2f}  {words[2]}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measured"]:
        measured(sys.argv[2], sys.argv[3])
    else:
        main()
