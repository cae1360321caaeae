"""Arrays as .npy files, and what ci_artifacts.json says of a file: path, size or shape, SHA-256.

Only plain little-endian numbers in C order, header version 1.0 (NumPy's format documentation): nothing that
could run code when it is loaded.
"""

import hashlib

import numpy as np

TYPES = ("float32", "float64", "int64", "uint8")


def entry(folder, path):
    """What is said of any file; `path` counts from `folder`."""
    data = (folder / path).read_bytes()
    return {"path": path, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def save(folder, path, values):
    """Writes an array; returns what is said of it."""
    if values.dtype.name not in TYPES:
        raise ValueError(f"{values.dtype} is no type of these files")
    values = np.asarray(values, values.dtype.newbyteorder("<"), order="C")
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    with open(folder / path, "wb") as file:
        np.lib.format.write_array(file, values, version=(1, 0), allow_pickle=False)
    data = (folder / path).read_bytes()
    return {
        "path": path,
        "shape": list(values.shape),
        "type": values.dtype.name,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
