"""From a folder of photos to models that an ESP32 runs: crop, split, train, convert, judge, write.

What `espmask train` runs. Three classifiers: logistic regression and a small network behind a StandardScaler
and a PCA of 20 x 20 pixels, and a separable CNN of 10 x 10. One seed: the same pictures on the same versions
and kind of CPU give the same networks.
"""

import os

# Before NumPy and TensorFlow load: one thread, so that sums have one order; no oneDNN kernels, whose order
# depends on the CPU.
os.environ.update({"TF_ENABLE_ONEDNN_OPTS": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import argparse
import pathlib
import sys

import numpy as np

import photos
import pictures
from dataset import Dataset, split
from look import LABELS
from said import Failure, Teller, ending


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=pathlib.Path, help="a folder that holds one of photos per class")
    parser.add_argument("--synthetic", action="store_true", help="draw faces instead")
    parser.add_argument("--count", type=int, default=600, help="how many to draw")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder to write")
    parser.add_argument("--size", type=int, default=10, help="side of the CNN's picture")
    parser.add_argument("--pca-size", type=int, default=20, help="side of the picture before the PCA")
    parser.add_argument("--components", type=int, default=7)
    parser.add_argument("--seed", type=int, default=2020)
    parser.add_argument("--epochs", type=int, default=200, help="at most")
    parser.add_argument("--starts", type=int, default=3, help="trainings of which the best is kept")
    parser.add_argument("--espmask", help="the program that plans the arena and writes the C headers")
    parser.add_argument("--events", action="store_true", help="one JSON object to a line")
    return parser.parse_args()


def gathered(asked, teller):
    """The pictures: drawn, or read and cropped."""
    if asked.synthetic:
        if asked.count < 2 * photos.FEWEST:
            raise Failure("usage", f"{asked.count} drawn faces are too few", "Ask for ten at least.")
        teller.progress("draw", 0, asked.count)
        drawn = pictures.draw(asked.seed, "train", asked.count)
        teller.progress("draw", asked.count, asked.count)
        names = [f"{LABELS[label]}/{index // 2}.png" for index, label in enumerate(drawn.labels)]
        parts = split(drawn.labels, asked.seed)
        return Dataset(list(drawn.pixels), drawn.labels, LABELS, names, parts, ("whole",) * asked.count)
    import crop

    found = photos.classes(asked.data)
    greys, names = photos.read_all(found, teller)
    labels = np.array([index for index, (_, files) in enumerate(found) for _ in files], np.int64)
    cuts = []
    for index, grey in enumerate(greys):
        cuts.append(crop.cut(grey))
        teller.progress("crop", index + 1, len(greys), f"{len(greys)} pictures")
    faces, how = zip(*cuts)
    return Dataset(list(faces), labels, tuple(name for name, _ in found), names, split(labels, asked.seed), how)


def check(asked):
    """Raises Failure for what no pipeline can be made of."""
    if bool(asked.data) == asked.synthetic:
        raise Failure("usage", "give a folder of photos, or --synthetic", "Example: train photos --out models")
    for name, value, least, most in (
        ("--size", asked.size, 4, 256),
        ("--pca-size", asked.pca_size, 4, 64),
        ("--components", asked.components, 1, 64),
        ("--epochs", asked.epochs, 1, 100000),
        ("--starts", asked.starts, 1, 100),
    ):
        if not least <= value <= most:
            raise Failure("usage", f"{name} {value} cannot be", f"Give a number from {least} to {most}.")


def main():
    asked = options()
    teller = Teller(asked.events)

    def work():
        check(asked)
        data = gathered(asked, teller)
        import workshop  # loads TensorFlow, which takes seconds: pictures are judged before

        workshop.run(asked, data, teller)

    return ending(teller, work)


if __name__ == "__main__":
    sys.exit(main())
