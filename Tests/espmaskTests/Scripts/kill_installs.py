"""Kills installations at random moments, and looks each time whether the old or the new is whole.

usage: kill_installs.py ESPMASK FOLDER COUNT SEED

Two builds of one version are installed in turn, and removed now and then. After each kill the tool's folder must be all
of one build, or absent where that is the old or the new; the next run must then end well and leave no staging folder.
"""

import hashlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tarfile
import time
import io

program, folder, count, seed = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
chance = random.Random(seed)
FILES = 400


def make(build):
    """An archive of many files that all hold the build's name, and its manifest."""
    archive = folder / f"tool-{build}.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        def add(name, data, mode):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), mode
            tar.addfile(info, io.BytesIO(data))
        add("tool/bin/tool", b"#!/bin/sh\necho version 1.0\n", 0o755)
        for number in range(FILES):
            add(f"tool/data/{number}", build.encode() * 2000, 0o644)
    data = archive.read_bytes()
    entry = {
        "name": "tool", "description": "d", "install": "always", "info_url": "i", "license": "l",
        "export_paths": [["tool", "bin"]], "version_cmd": ["tool"], "version_regex": "version ([0-9.]+)",
        "versions": [{"name": "1.0", "status": "recommended", "any": {
            "url": f"file://{archive}", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}}]}
    manifest = folder / f"{build}.json"
    manifest.write_text(json.dumps({"version": 1, "tools": [entry]}))
    return manifest


def command(build, cold):
    environment = dict(os.environ, ESPMASK_CACHE=str(folder / ("cache" if not cold else f"cache-{cold}")))
    words = [program, "toolchain", "install", "tool", "--manifest", str(manifests[build]), "--prefix", str(prefix)]
    if build is None:
        words = [program, "toolchain", "remove", "tool", "--prefix", str(prefix)]
    return words, environment


def state():
    """Which build is whole in its place; None for nothing."""
    place = prefix / "tools" / "tool" / "1.0"
    if not place.exists():
        return None
    assert (place / "receipt.json").exists(), "a folder without a receipt"
    receipt = json.loads((place / "receipt.json").read_text())
    files = sorted((place / "tool" / "data").iterdir())
    assert len(files) == FILES and receipt["files"] == FILES + 1, f"{len(files)} files"
    builds = {file.read_bytes()[:1].decode() for file in files}
    assert len(builds) == 1, f"a mixture of {builds}"
    build = builds.pop()
    assert receipt["archive"]["name"] == f"tool-{build}.tar.gz", "another build's receipt"
    return build


manifests = {build: make(build) for build in "AB"} | {None: None}
prefix = folder / "prefix"
words, environment = command("A", None)
start = time.monotonic()
subprocess.run(words, env=environment, check=True, capture_output=True)
usual = {"install": time.monotonic() - start, "remove": 0.1}
killed = number = 0
# A busy machine lets many installations end before their kill; then there are more of them.
while number < count or (killed * 4 < count and number < 10 * count):
    old = state()
    new = None if old and number % 4 == 3 else "B" if old == "A" else "A"
    verb = "install" if new else "remove"
    # Now and then nothing is in the cache, so that the copying is hit too.
    words, environment = command(new, number if number % 3 == 0 else None)
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(chance.uniform(0, 1.2 * usual[verb]))
    process.send_signal(signal.SIGKILL)
    killed += process.wait() == -signal.SIGKILL
    found = state()
    assert found in (old, new), f"kill {number}: {found} after {old} and {new}"
    start = time.monotonic()
    outcome = subprocess.run(words, env=environment, capture_output=True, text=True)
    # What is removed already cannot be removed again, and says so.
    expected = 2 if new is None and found is None else 0
    assert outcome.returncode == expected, f"kill {number}: {outcome.stderr}"
    if expected == 0:
        # The machine is as fast as it was last.
        usual[verb] = time.monotonic() - start
    assert state() == new, f"kill {number}: {state()} in the place of {new}"
    assert not (prefix / ".staging").exists(), f"kill {number}: staging is left"
    number += 1
print(f"{number} kills, {killed} of them in time: each left the old or the new")
assert killed * 4 >= count, "too few kills hit a running installation"
