"""Soft-edged shapes on a grey picture: coverages in 0..1 and how they are laid over each other.

Knows nothing of faces. Coordinates are whatever the caller's x and y arrays hold; `soft` is the width of
an edge in those units, usually one pixel.
"""

import numpy as np


def ellipse(x, y, centre, radii, soft, power=2.0):
    """Coverage of a superellipse; power 2 is an ellipse, larger ones are boxier."""
    across = np.abs((x - centre[0]) / radii[0]) ** power
    down = np.abs((y - centre[1]) / radii[1]) ** power
    distance = (across + down) ** (1.0 / power)
    return np.clip((1.0 - distance) * min(radii) / soft + 0.5, 0.0, 1.0)


def ring(x, y, centre, radii, width, soft):
    """Coverage of an ellipse's outline, `width` thick."""
    outer = ellipse(x, y, centre, (radii[0] + width / 2, radii[1] + width / 2), soft)
    inner = ellipse(x, y, centre, (radii[0] - width / 2, radii[1] - width / 2), soft)
    return np.clip(outer - inner, 0.0, 1.0)


def stroke(x, y, start, end, width, soft):
    """Coverage of a straight line with round ends, `width` thick."""
    along = (end[0] - start[0], end[1] - start[1])
    length_squared = max(along[0] ** 2 + along[1] ** 2, 1e-9)
    t = np.clip(((x - start[0]) * along[0] + (y - start[1]) * along[1]) / length_squared, 0.0, 1.0)
    distance = np.hypot(x - start[0] - t * along[0], y - start[1] - t * along[1])
    return np.clip((width / 2 - distance) / soft + 0.5, 0.0, 1.0)


def arc(x, y, centre, half_width, sag, width, soft):
    """Coverage of a shallow parabola: its middle lies `sag` below its ends (y grows downwards)."""
    across = (x - centre[0]) / half_width
    curve = centre[1] + sag * (1.0 - across**2)
    along = np.clip((1.0 - np.abs(across)) * half_width / soft + 0.5, 0.0, 1.0)
    return along * np.clip((width / 2 - np.abs(y - curve)) / soft + 0.5, 0.0, 1.0)


def below(y, edge, soft):
    """Coverage of everything under the curve `edge` (an array or a number)."""
    return np.clip((y - edge) / soft + 0.5, 0.0, 1.0)


def lay(picture, coverage, tone, opacity=1.0):
    """Lays a tone (a number or an array) over the picture, in place."""
    picture += (tone - picture) * (coverage * opacity)


def box_mean(pictures, size):
    """Shrinks square pictures [n, s, s] to [n, size, size]; each pixel is the mean of its square."""
    count, side = pictures.shape[0], pictures.shape[1]
    if side % size != 0:
        raise ValueError(f"{side} pixels do not divide into {size}")
    step = side // size
    return pictures.reshape(count, size, step, size, step).mean(axis=(2, 4))


def box_blur(picture, passes):
    """Blurs by `passes` runs of a 3x3 mean with repeated borders."""
    for _ in range(passes):
        padded = np.pad(picture, 1, mode="edge")
        rows = (padded[:-2] + padded[1:-1] + padded[2:]) / 3.0
        picture = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 3.0
    return picture
