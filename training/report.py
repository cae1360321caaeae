"""Writes what is known of the models: MODELS.json for programs, README.md for people, both of one dict."""

import hashlib
import json
import platform
from importlib import metadata

import tflite_file
from look import LABELS


def versions():
    """The versions that the bytes depend on."""
    packages = ("tensorflow-cpu", "keras", "numpy", "flatbuffers")
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in packages}


def file_facts(file, data):
    """Name, size and hash of a file."""
    return {"file": file, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def model_facts(name, network, data, verdict, parameters):
    """The entry of one .tflite."""
    graph = tflite_file.read(data)
    source, target = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
    return (
        {"name": name, "network": network, "format": source.type}
        | file_facts(f"{name}.tflite", data)
        | {
            "parameters": parameters,
            "operators": [operator.name for operator in graph.operators],
            "input": _tensor_facts(source),
            "output": _tensor_facts(target),
            "transform": "mask_pca_7.bin" if network == "mlp" else None,
            "samples": f"samples/{name}.csv",
        }
        | verdict
    )


def _tensor_facts(tensor):
    facts = {"shape": list(tensor.shape), "type": tensor.type}
    if tensor.scales:
        facts |= {"scale": tensor.scales[0], "zero_point": tensor.zero_points[0]}
    return facts


def write(folder, described):
    """Writes MODELS.json and README.md."""
    (folder / "MODELS.json").write_text(json.dumps(described, indent=2) + "\n")
    (folder / "README.md").write_text(_readme(described))


def _readme(described):
    parts = (_origin, _interface, _files, _accuracy, _samples)
    return "\n".join(part(described) for part in parts)


def _origin(described):
    made = described["versions"]
    return f"""# The demo models

Two small networks that tell a face with a mask from one without, made for the demo and the tests. They have
seen nothing but drawn faces (`training/faces.py`): do not use them on people.

Written by `training/train.py --seed {described["seed"]}` on {described["date"]}, this file and MODELS.json too, with
Python {made["python"]}, TensorFlow {made["tensorflow-cpu"]}, Keras {made["keras"]}, NumPy {made["numpy"]}.
`training/README.md` says how to make them again. The files are under the project's licence.
"""


def _interface(described):
    mask, no_mask = described["labels"]
    return f"""## Input and output

- A grey picture of the face, shrunk to 10 x 10 (CNN) or 20 x 20 (MLP) by the mean of whole squares; then
  x = (byte - 127) / {described["pixel_scale"]:g} per pixel, row by row.
- MLP: the 400 pixels go through `{described["transform"]["file"]}` first: transformed = matrix * (x - mean), 7 values.
- One output, the sigmoid: **{described["threshold"]} and above is `{no_mask}`, below is `{mask}`**
  (0.84 is a face without a mask). Labels in order: `{mask}` (0), `{no_mask}` (1).
- The int8 files take and give int8; scale and zero point are in the file and in MODELS.json.
"""


def _files(described):
    transform = described["transform"]
    rows = "\n".join(_model_row(entry) for entry in described["models"])
    explained = ", ".join(f"{share:.3f}" for share in transform["explained"])
    return f"""## Files

| file | bytes | accuracy | parameters | operators | SHA-256 |
|---|---|---|---|---|---|
{rows}
| `{transform["file"]}` | {transform["bytes"]} | | | | `{transform["sha256"]}` |

`{transform["file"]}` is the payload of a model slot's section kind 3, little-endian: u32 rows
({transform["rows"]}), u32 columns ({transform["columns"]}), float32 mean[columns], float32 matrix[rows][columns];
the StandardScaler is folded in. Shares of the standardised variance: {explained}.
"""


def _accuracy(described):
    counts = described["pictures"]
    rows = "\n".join(_confusion_row(entry) for entry in described["models"])
    return f"""## Accuracy

On {counts["test"]} held-out drawn pictures, half of each class, in TensorFlow Lite's reference kernels;
{counts["train"]} others were trained on, and {counts["validation"]} more chose between {described["starts"]} starts.
A linear classifier of the same 10 x 10 pixels gets {described["linear_10_accuracy"]:.4f}: what lies above it is what
the hidden layer does. Seven components lose much of the picture, which is the limit of the MLP.

| model | mask: said mask | mask: said no_mask | no_mask: said mask | no_mask: said no_mask |
|---|---|---|---|---|
{rows}
"""


def _samples(described):
    return f"""## Samples

`samples/` holds the first {described["samples_per_class"]} held-out pictures of each class, right or wrong, as grey
PNG in `10x10/`, `20x20/` and `60x60/` (as drawn); one CSV per model, a line per sample, as its input takes it
(floats, or integers for int8); `mask_pca_7.csv` with the 400 pixels before the transform. `labels.csv` names the
label of each row; `expected.json` holds what TensorFlow Lite Micro makes of each row, in bits (written by
`training/evaluate.py --record`).
"""


def _model_row(entry):
    operators = ", ".join(entry["operators"])
    return (
        f"| `{entry['file']}` | {entry['bytes']} | {entry['accuracy']:.4f} | {entry['parameters']} | {operators} "
        f"| `{entry['sha256']}` |"
    )


def _confusion_row(entry):
    cells = [str(entry["confusion"][true][said]) for true in LABELS for said in LABELS]
    return f"| {entry['name']} | " + " | ".join(cells) + " |"
