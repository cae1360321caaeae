"""The CNN in several picture sizes on one set of pictures: what each size costs and gains.

What `espmask fit` runs; it says what Keras knows (accuracy and files), the board's part is measured by espmask.
"""

import pipeline  # first: it sets TensorFlow's environment

import argparse
import pathlib
import sys

import numpy as np

from dataset import TEST, TRAIN, VALIDATION
from said import Failure, Teller, ending

_SMALLEST, _LARGEST = 4, 512


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=pathlib.Path, help="a folder that holds one of photos per class")
    parser.add_argument("--synthetic", action="store_true", help="draw faces instead")
    parser.add_argument("--count", type=int, default=600, help="how many to draw")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder to write")
    parser.add_argument("--sizes", default="8,10,14,20", help="sides of the CNN's picture, separated by commas")
    parser.add_argument("--seed", type=int, default=2020)
    parser.add_argument("--epochs", type=int, default=120, help="at most")
    parser.add_argument("--starts", type=int, default=1, help="trainings of which the best is kept")
    parser.add_argument("--events", action="store_true", help="one JSON object to a line")
    return parser.parse_args()


def sides(text):
    """The sizes asked for, smallest first; raises Failure for what cannot be one."""
    words = [word.strip() for word in text.split(",")]
    good = [int(word) for word in words if word.isdecimal() and _SMALLEST <= int(word) <= _LARGEST]
    if len(good) != len(words):
        raise Failure(
            "usage", f"--sizes '{text}' holds what is no size",
            f"Give numbers from {_SMALLEST} to {_LARGEST}, for example 8,10,14,20.")
    return sorted(set(good))


def main():
    asked = options()
    teller = Teller(asked.events)

    def work():
        if bool(asked.data) == asked.synthetic:
            raise Failure("usage", "give a folder of photos, or --synthetic", "Example: fit photos --sizes 8,10")
        wanted = sides(asked.sizes)
        data = pipeline.gathered(asked, teller)
        for size in wanted:
            train(asked, data, size, teller)

    return ending(teller, work)


def train(asked, data, size, teller):
    """One size: trained once, converted twice, judged in the reference kernels."""
    import convert
    import early
    import networks
    import samples
    import workshop

    workshop.deterministic()
    asked.out.mkdir(parents=True, exist_ok=True)
    inputs = data.inputs(size)[..., np.newaxis]
    varied, labels = data.varied(size, asked.seed)
    plain, choosing = ((inputs[data.parts == part], data.labels[data.parts == part]) for part in (TRAIN, VALIDATION))
    keras, _ = early.fit(
        lambda: networks.cnn(size, len(data.classes)), (varied[..., np.newaxis], labels), plain, choosing,
        seed=asked.seed, starts=asked.starts, epochs=asked.epochs, rate=5e-3,
        checkpoint=asked.out / f"cnn_{size}.keras",
        tell=lambda done, total: teller.progress("train", done, total, f"{size} x {size}"),
    )
    (asked.out / f"cnn_{size}.csv").write_text(samples.line(inputs[data.parts == TEST][0]) + "\n")
    unseen = data.parts != TRAIN
    for form, model in (("float32", convert.float32(keras)), ("int8", convert.int8(keras, plain[0]))):
        name = f"cnn_{size}.tflite" if form == "float32" else f"cnn_{size}_int8.tflite"
        (asked.out / name).write_bytes(model)
        right = workshop.judged_form(model, inputs) == data.labels
        teller.result(
            size=size, format=form, file=name, bytes=len(model), accuracy=round(float(right.mean()), 6),
            unseen=round(float(right[unseen].mean()), 6), pictures=len(right), unseen_pictures=int(unseen.sum()),
        )
        teller.note(f"{size} x {size} {form}: {len(model)} bytes, {right.mean():.4f}, unseen {right[unseen].mean():.4f}")


if __name__ == "__main__":
    sys.exit(main())
