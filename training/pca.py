"""StandardScaler and PCA as one affine map, and its file.

transformed = matrix * (x - mean), where each row of the matrix is a principal axis of the standardised
pixels divided by the pixels' standard deviations. The file is the payload of a model slot's section kind 3:
u32 rows, u32 columns, float32 mean[columns], float32 matrix[rows][columns], all little-endian.
"""

import struct
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Transform:
    mean: np.ndarray  # float32 [columns]
    matrix: np.ndarray  # float32 [rows, columns]
    explained: tuple = ()  # share of the standardised variance, per row; not in the file

    def apply(self, inputs):
        """Float32 [count, columns] to float32 [count, rows], summed in column order as the board does."""
        centred = inputs.astype(np.float32) - self.mean
        total = np.zeros((len(inputs), len(self.matrix)), np.float32)
        for column in range(len(self.mean)):
            total += centred[:, column, np.newaxis] * self.matrix[:, column]
        return total


def fit(inputs, rows):
    """Fits the map to inputs [count, columns], in double precision, by the covariance's eigenvectors."""
    values = inputs.astype(np.float64)
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    deviation[deviation == 0] = 1.0
    standard = (values - mean) / deviation
    variances, axes = np.linalg.eigh(standard.T @ standard / len(standard))
    chosen = axes[:, ::-1][:, :rows].T
    # An eigenvector's sign is arbitrary: the largest entry is made positive.
    peaks = chosen[np.arange(rows), np.abs(chosen).argmax(axis=1)]
    chosen = chosen * np.sign(peaks)[:, None]
    explained = tuple(float(v) for v in variances[::-1][:rows] / variances.sum())
    return Transform(mean.astype(np.float32), (chosen / deviation).astype(np.float32), explained)


def pack(transform):
    """The bytes of the file."""
    rows, columns = transform.matrix.shape
    numbers = transform.mean.astype("<f4").tobytes() + transform.matrix.astype("<f4").tobytes()
    return struct.pack("<II", rows, columns) + numbers


def unpack(data):
    """Reads the file back; raises ValueError unless its length is exactly what its header says."""
    if len(data) < 8:
        raise ValueError("too short for a header")
    rows, columns = struct.unpack_from("<II", data)
    if len(data) != 8 + 4 * columns * (rows + 1):
        raise ValueError(f"{len(data)} bytes do not hold {rows} x {columns}")
    numbers = np.frombuffer(data, "<f4", offset=8).astype(np.float32)
    return Transform(numbers[:columns], numbers[columns:].reshape(rows, columns))
