"""Grey, and the size of a picture changed by area means: the same whole numbers as the Swift side's.

Grey weighs red, green and blue as ITU-R BT.601 does, in sixteen bits of fraction. A new pixel is the mean of
the area that it covers, rounded to nearest, halves up; all sums are exact.
"""

import numpy as np


def grey(rgb):
    """Bytes [height, width, 3] (red, green, blue) to bytes [height, width]."""
    red, green, blue = (rgb[..., channel].astype(np.uint32) for channel in range(3))
    return ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16).astype(np.uint8)


def _weights(old, new):
    """[new, old]: how much of each old pixel a new one covers, in units of 1/new of an old pixel."""
    weights = np.zeros((new, old))
    for position in range(new):
        start, end = position * old, (position + 1) * old
        for index in range(start // new, (end - 1) // new + 1):
            weights[position, index] = min(end, (index + 1) * new) - max(start, index * new)
    return weights


def resized(pixels, height, width):
    """Bytes [old height, old width] to bytes [height, width]."""
    if pixels.shape == (height, width):
        return pixels
    rows, columns = _weights(pixels.shape[0], height), _weights(pixels.shape[1], width)
    # The largest sum is 255 * 2^27 * 2, far below 2^53: float64 holds every one exactly, in any order.
    sums = (rows @ pixels.astype(np.float64) @ columns.T).astype(np.int64)
    area = pixels.shape[0] * pixels.shape[1]
    return ((2 * sums + area) // (2 * area)).astype(np.uint8)
