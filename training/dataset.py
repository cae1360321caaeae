"""Pictures as the networks' inputs, their labels, and which of them train, choose and test.

The split is stratified and fixed by the seed. The training pictures are also shown mirrored, a little shifted
and lighter or darker, the more often the fewer there are; what chooses and tests is never changed.
"""

from dataclasses import dataclass

import numpy as np

import area
import pictures

TRAIN, VALIDATION, TEST = 0, 1, 2
PARTS = ("train", "validation", "test")
_SHARE = 0.2  # of each class for validation, and for the test
_STORED = 64  # side of the copies that are shifted about
_WANTED = 1200  # so many training examples are made where there are fewer
_MOST = 40  # changed copies of one picture
_PIXELS = 20_000_000  # of all training examples together: large pictures get fewer copies


@dataclass(frozen=True)
class Dataset:
    """Grey faces of any size, their labels (indices into `classes`), names, and parts."""

    faces: list
    labels: np.ndarray  # int64 [count]
    classes: tuple
    names: list
    parts: np.ndarray  # uint8 [count]: TRAIN, VALIDATION or TEST
    crops: tuple = ()  # how each face was found: face, eye, whole

    def inputs(self, size):
        """Every picture as float32 [count, size, size], scaled as the networks take them."""
        return pictures.scaled(np.array([area.resized(face, size, size) for face in self.faces], np.uint8))

    def varied(self, size, seed):
        """The training pictures with their changed copies: float32 [many, size, size] and labels [many]."""
        chosen = np.flatnonzero(self.parts == TRAIN)
        wanted = min(_WANTED, _PIXELS // size**2)
        copies = int(np.clip(wanted // len(chosen) - 1, 0, _MOST))
        plain = pictures.scaled(np.array([area.resized(self.faces[i], size, size) for i in chosen], np.uint8))
        if copies == 0:
            return plain, self.labels[chosen]
        lot = np.random.RandomState([seed, size])
        side = max(_STORED, size * 2)
        changed = []
        for index in chosen:
            stored = area.resized(self.faces[index], side, side)
            changed += [_changed(stored, size, lot) for _ in range(copies)]
        values = np.concatenate([plain, pictures.scaled(np.array(changed, np.uint8))])
        return values, np.concatenate([self.labels[chosen], np.repeat(self.labels[chosen], copies)])


def _changed(stored, size, lot):
    """A copy as another photo of the same face might look."""
    side = stored.shape[0]
    reach = side * 0.08
    left, top, right, bottom = (int(round(lot.uniform(-reach, reach))) for _ in range(4))
    padded = np.pad(stored, int(reach) + 1, mode="edge")
    edge = int(reach) + 1
    cut = padded[edge + top : edge + side + bottom, edge + left : edge + side + right]
    small = area.resized(cut, size, size).astype(np.float64)
    if lot.uniform() < 0.5:
        small = small[:, ::-1]
    gain, offset = lot.uniform(0.8, 1.2), lot.uniform(-20, 20)
    return np.clip(np.rint((small - 127) * gain + 127 + offset), 0, 255)


def split(labels, seed):
    """The part of each picture, uint8 [count]: of each class a fifth, rounded, but at least one, to choose and to test."""
    parts = np.full(len(labels), TRAIN, np.uint8)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        shuffled = np.random.RandomState([seed, int(label)]).permutation(members)
        share = max(1, int(round(len(members) * _SHARE)))
        parts[shuffled[:share]] = TEST
        parts[shuffled[share : 2 * share]] = VALIDATION
    return parts
