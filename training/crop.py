"""The face in a photo, by OpenCV's Haar cascades: the frontal face, else the face around a left eye, else all.

A mask hides half of what the frontal cascade looks for, which is why the eye is the second try. The cascades
come with OpenCV's wheel.
"""

from functools import lru_cache

import cv2

import area

# Faces are looked for in a copy of at most this many pixels on its longer side.
_SIDE = 640
# In a frontal box the (subject's own) left eye lies here, and is so wide in its own cascade's box; shares of
# the face's side.
_EYE = (0.70, 0.37)
_EYE_WIDTH = 0.30


@lru_cache(maxsize=None)
def _cascade(name):
    return cv2.CascadeClassifier(cv2.data.haarcascades + name)


def _surest(name, pixels, smallest):
    """The box of which the cascade's last stage is most certain; the largest one is often no face at all."""
    boxes, _, sureness = _cascade(name).detectMultiScale3(
        pixels, scaleFactor=1.05, minNeighbors=4, minSize=(smallest, smallest), outputRejectLevels=True
    )
    return max(zip(boxes, sureness), key=lambda pair: float(pair[1]), default=(None, 0))[0]


def box(pixels):
    """(left, top, width, height, how) of the face; `how` is face, eye or whole."""
    height, width = pixels.shape
    whole = (0, 0, width, height, "whole")
    factor = max(1.0, max(height, width) / _SIDE)
    small = area.resized(pixels, max(1, round(height / factor)), max(1, round(width / factor)))
    if min(small.shape) < 32:
        return whole
    small = cv2.equalizeHist(small)
    smallest = max(24, min(small.shape) // 6)
    face = _surest("haarcascade_frontalface_default.xml", small, smallest)
    if face is not None:
        return _inside(*(float(value) * factor for value in face[:3]), width, height, "face") or whole
    eye = _surest("haarcascade_lefteye_2splits.xml", small, max(16, smallest // 3))
    if eye is None:
        return whole
    middle = (eye[0] + eye[2] / 2) * factor, (eye[1] + eye[3] / 2) * factor
    side = eye[2] * factor / _EYE_WIDTH
    return _inside(middle[0] - _EYE[0] * side, middle[1] - _EYE[1] * side, side, width, height, "eye") or whole


def _inside(left, top, side, width, height, how):
    """The square in whole pixels, cut at the picture's edges; None where nothing of use is left."""
    right, bottom = min(width, round(left + side)), min(height, round(top + side))
    left, top = max(0, round(left)), max(0, round(top))
    if right - left < 16 or bottom - top < 16:
        return None
    return int(left), int(top), int(right - left), int(bottom - top), how


def cut(pixels):
    """The grey bytes of the face, and how it was found."""
    left, top, width, height, how = box(pixels)
    return pixels[top : top + height, left : left + width], how
