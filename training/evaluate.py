"""Judges the models of a folder on the held-out pictures, in an interpreter of choice.

Draws the test series anew from the seed in MODELS.json; needs no TensorFlow when run with
`--engine tflite-micro` or `--engine litert`. `--record` writes what the engine says of the samples.
"""

import argparse
import json
import pathlib
import sys

import numpy as np

import engines
import pca
import pictures
import samples
import tflite_file
from look import LABELS

THRESHOLD = 0.5
NOISE = 0.005  # an engine may differ from the recorded accuracy by this much
ROOT = pathlib.Path(__file__).resolve().parent.parent


def network_inputs(name, held, transform):
    """The float32 inputs of network `name` (cnn or mlp) for a series of pictures."""
    if name == "cnn":
        return held.inputs(10)[..., np.newaxis]
    return transform.apply(held.inputs(20).reshape(len(held.labels), -1))


def judge(engine, model, inputs, labels):
    """Accuracy and confusion (true label, then said label) of a .tflite on labelled inputs."""
    graph = tflite_file.read(model)
    raw = engines.run_all(engine, model, inputs)
    said = (engines.dequantized(raw, graph.tensors[graph.outputs[0]]) >= THRESHOLD).astype(int)
    return {
        "accuracy": round(float((said == labels).mean()), 4),
        "confusion": {
            true: {other: int(((labels == i) & (said == j)).sum()) for j, other in enumerate(LABELS)}
            for i, true in enumerate(LABELS)
        },
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=ROOT / "models")
    parser.add_argument("--engine", choices=engines.NAMES, default="tflite-micro")
    parser.add_argument("--record", action="store_true", help="write samples/expected.json")
    options = parser.parse_args()
    described = json.loads((options.folder / "MODELS.json").read_text())
    transform = pca.unpack((options.folder / "mask_pca_7.bin").read_bytes())
    held = pictures.draw(described["seed"], "test", described["pictures"]["test"])
    verdicts, worst = {}, 0.0
    for entry in described["models"]:
        model = (options.folder / entry["file"]).read_bytes()
        verdict = judge(options.engine, model, network_inputs(entry["network"], held, transform), held.labels)
        verdicts[entry["name"]] = verdict["accuracy"]
        worst = max(worst, abs(verdict["accuracy"] - entry["accuracy"]))
        print(f"{entry['name']:18} {options.engine} {verdict['accuracy']:.4f}, recorded {entry['accuracy']:.4f}")
    if options.record:
        samples.record(options.folder, options.engine, described, verdicts)
    if worst > NOISE:
        sys.exit(f"differs from the recorded accuracy by {worst:.4f}")


if __name__ == "__main__":
    main()
