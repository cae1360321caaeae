"""Series of drawn pictures as arrays, and the pixels as the networks take them."""

from dataclasses import dataclass

import numpy as np

from canvas import box_mean
from faces import picture

PIXEL_SCALE = 128.0
SERIES = {"train": 1, "validation": 2, "test": 3}


@dataclass(frozen=True)
class Pictures:
    """Bytes [count, 60, 60] and labels [count] (0 mask, 1 no_mask), even indices wear a mask."""

    pixels: np.ndarray
    labels: np.ndarray

    def inputs(self, size):
        """The pictures as float32 [count, size, size], scaled as the networks take them."""
        return scaled(shrink(self.pixels, size))


def series_seed(seed, name):
    """The seed of a series: training, validation and test pictures share no generator."""
    return seed * 16 + SERIES[name]


def draw(seed, name, count):
    """Draws the first `count` pictures of a series."""
    pixels, labels = zip(*(picture(series_seed(seed, name), index) for index in range(count)))
    return Pictures(np.array(pixels, np.uint8), np.array(labels, np.int64))


def shrink(pixels, size):
    """Bytes [count, 60, 60] to bytes [count, size, size]: means of whole squares, rounded half to even."""
    return np.rint(box_mean(pixels.astype(np.float64), size)).astype(np.uint8)


def scaled(pixels):
    """Bytes to (byte - 127) / 128 in float32, which is exact."""
    return (pixels.astype(np.float32) - np.float32(127)) / np.float32(PIXEL_SCALE)
