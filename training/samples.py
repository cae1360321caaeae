"""Sample inputs beside the models: CSV as each network takes them, and grey pictures.

The first pictures of the test series, as many of each class as asked, right or wrong. labels.csv names the
label of every row and picture; expected.json, written by evaluate.py, what an engine makes of the rows.
"""

import json

import numpy as np

import engines
import pictures
import png
import tflite_file
from look import LABELS

SIZES = (10, 20, 60)


def line(values):
    """One CSV line; a float is written in the fewest digits that read back to the same float32."""
    return ",".join(str(value) for value in np.asarray(values).reshape(-1))


def rows_of(text, kind=np.float32):
    """The array [rows, values] of a CSV file's text."""
    return np.array([[kind(token) for token in row.split(",")] for row in text.split()], kind)


def write(folder, held, per_class, transform, models):
    """Writes the samples; `models` maps a model's name to its .tflite and its float32 inputs' maker."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = pictures.Pictures(held.pixels[: per_class * 2], held.labels[: per_class * 2])
    names = [f"{LABELS[label]}_{index // 2}" for index, label in enumerate(chosen.labels)]
    for size in SIZES:
        place = folder / f"{size}x{size}"
        place.mkdir(exist_ok=True)
        for name, pixels in zip(names, pictures.shrink(chosen.pixels, size)):
            (place / f"{name}.png").write_bytes(png.encode(pixels))
    labels = [f"{row},{name},{LABELS[label]}" for row, (name, label) in enumerate(zip(names, chosen.labels))]
    (folder / "labels.csv").write_text("\n".join(["row,picture,label"] + labels) + "\n")
    flat = chosen.inputs(20).reshape(len(names), -1)
    (folder / "mask_pca_7.csv").write_text("\n".join(line(row) for row in flat) + "\n")
    for name, (model, inputs_of) in models.items():
        source = tflite_file.read(model)
        values = engines.quantized(inputs_of(chosen), source.tensors[source.inputs[0]])
        (folder / f"{name}.csv").write_text("\n".join(line(row) for row in values) + "\n")


def _bits(value):
    """A raw output as hex: eight digits of a float32's bits, two of an int8."""
    if value.dtype == np.int8:
        return f"{int(value) & 0xFF:02x}"
    return f"{int(np.float32(value).view(np.uint32)):08x}"


def record(folder, engine, described, accuracies):
    """Writes expected.json: each model's raw output for each row of its CSV, in an engine's own bits."""
    outputs = {}
    for entry in described["models"]:
        model = (folder / entry["file"]).read_bytes()
        graph = tflite_file.read(model)
        source, target = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
        kind = np.int8 if source.type == "int8" else np.float32
        rows = rows_of((folder / "samples" / f"{entry['name']}.csv").read_text(), kind)
        run = engines.open_engine(engine, model)
        raw = [run(row.reshape(source.shape)).reshape(-1)[0] for row in rows]
        values = [float(engines.dequantized(np.asarray(value), target)) for value in raw]
        outputs[entry["name"]] = {
            "bits": [_bits(value) for value in raw],
            "values": [float(str(np.float32(value))) for value in values],
            "labels": [LABELS[int(value >= described["threshold"])] for value in values],
        }
    answer = {
        "engine": engine,
        "version": engines.version(engine),
        "held_out_accuracy": accuracies,
        "outputs": outputs,
    }
    (folder / "samples" / "expected.json").write_text(json.dumps(answer, indent=1) + "\n")
