"""Folders of photos: one folder per class, every file looked at before it is decoded.

What a file's header says of its size is checked first, so that a small file cannot ask for a large memory.
Left out: every format but PNG and JPEG, and the orientation that a camera notes in a JPEG file; both as on
the Swift side.
"""

import pathlib
import struct

import numpy as np

import area
from said import Failure

ENDINGS = (".jpg", ".jpeg", ".png")
LARGEST = 1 << 27  # pixels, the Swift side's limit
FEWEST = 5  # pictures of a class: three to train on, one to choose by, one to test with
_NAMED = 5  # bad files that a message names


def classes(folder):
    """The names of the classes (the folders' names, sorted) and their files, [(name, [path])]."""
    if not folder.is_dir():
        raise Failure("file-not-found", f"there is no folder {folder}", "Name the folder that holds one per class.")
    found = []
    for inner in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        files = sorted(path for path in inner.iterdir() if path.suffix.lower() in ENDINGS and path.is_file())
        found.append((inner.name, files))
    hint = "DATA_DIR holds one folder per class, for example mask/*.jpg and no_mask/*.jpg."
    if len(found) < 2:
        have = f"one class only ({found[0][0]})" if found else "no class folder"
        raise Failure("bad-inputs", f"{folder} holds {have}; two are needed at least", hint)
    for name, files in found:
        if "," in name or not name.isprintable() or len(name.encode()) > 31:
            raise Failure("bad-inputs", f"the class folder '{name}' cannot name a class", "Use letters and digits.")
        if not files:
            raise Failure("bad-inputs", f"the class folder {folder / name} holds no .jpg or .png picture", hint)
    few = [f"{name} has {len(files)}" for name, files in found if len(files) < FEWEST]
    if few:
        raise Failure(
            "bad-inputs", f"too few pictures in {folder}: {', '.join(few)}; {FEWEST} of each class are needed",
            "Three to train on, one to choose the best network by, one to test it with: add pictures.")
    return found


def header_size(data):
    """Width and height that a PNG or JPEG file's header says; raises ValueError for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24 and data[12:16] == b"IHDR":
        return struct.unpack(">II", data[16:24])
    if not data.startswith(b"\xff\xd8\xff"):
        raise ValueError("it is no PNG or JPEG picture, whatever its name")
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            raise ValueError("its JPEG segments are damaged")
        kind = data[at + 1]
        if kind == 0xFF or 0xD0 <= kind <= 0xD9:  # padding, or a marker without a length
            at += 1 if kind == 0xFF else 2
            continue
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):  # a start of frame (ITU-T T.81, B.2.2)
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    raise ValueError("its JPEG header is cut off")


def decoded(data):
    """The grey bytes [height, width] of a file's bytes; raises ValueError, saying why, where it holds none."""
    import cv2  # only here: what a folder holds is found out without it

    width, height = header_size(data)
    if width * height > LARGEST or not width * height:
        raise ValueError(f"{width} x {height} pixels are too many; {LARGEST} are the limit")
    flags = cv2.IMREAD_UNCHANGED if data.startswith(b"\x89PNG") else cv2.IMREAD_COLOR
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise ValueError("it is damaged")
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.ndim == 2:
        return pixels
    if pixels.shape[2] == 4:  # transparency lies on black
        pixels = (pixels[..., :3].astype(np.uint16) * pixels[..., 3:] + 127) // 255
    return area.grey(pixels[..., 2::-1])


def read_all(found, teller):
    """Every picture of the classes as grey bytes; raises Failure that names the files that are none."""
    pictures, bad = [], []
    paths = [path for _, files in found for path in files]
    for index, path in enumerate(paths):
        try:
            pictures.append(decoded(path.read_bytes()))
        except ValueError as error:
            bad.append(f"{path}: {error}")
        teller.progress("read", index + 1, len(paths), f"{len(paths)} pictures")
    if bad:
        more = f" (and {len(bad) - _NAMED} more)" if len(bad) > _NAMED else ""
        hint = "Take the file out of the folder, or save it again as a PNG or JPEG picture of a usual size."
        raise Failure("bad-inputs", "cannot be read as a picture: " + "; ".join(bad[:_NAMED]) + more, hint)
    return pictures, [str(pathlib.Path(path.parent.name) / path.name) for path in paths]
