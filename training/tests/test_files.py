"""The file forms: the transform, grey PNG, CSV lines."""

import struct

import numpy as np
import pytest

import pca
import png
import samples


def _fitted():
    values = np.random.RandomState(0).normal(3, 2, (200, 12)).astype(np.float32)
    values[:, 5] = 1.0  # a pixel that never changes
    return values, pca.fit(values, 4)


def test_the_transform_is_the_scaled_and_rotated_picture():
    values, transform = _fitted()
    result = transform.apply(values)
    assert np.abs(result.mean(axis=0)).max() < 1e-4
    covariance = np.cov(result.T)
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 1e-4
    assert list(np.diag(covariance)) == sorted(np.diag(covariance), reverse=True)
    assert np.isfinite(result).all()


def test_the_transform_keeps_the_most_variance_first():
    values, transform = _fitted()
    assert list(transform.explained) == sorted(transform.explained, reverse=True)
    assert 0 < sum(transform.explained) < 1


def test_the_transform_file_is_header_mean_matrix_in_little_endian():
    _, transform = _fitted()
    data = pca.pack(transform)
    assert struct.unpack_from("<II", data) == (4, 12)
    assert struct.unpack_from("<f", data, 8)[0] == transform.mean[0]
    assert struct.unpack_from("<f", data, 8 + 4 * 12 + 4 * 12)[0] == transform.matrix[1, 0]
    back = pca.unpack(data)
    assert np.array_equal(back.mean, transform.mean) and np.array_equal(back.matrix, transform.matrix)


@pytest.mark.parametrize("cut", [0, 7, 8, 100, -1])
def test_a_cut_transform_file_is_refused(cut):
    with pytest.raises(ValueError):
        pca.unpack(pca.pack(_fitted()[1])[:cut])


def test_png_reads_back_what_it_wrote():
    pixels = np.random.RandomState(1).randint(0, 256, (5, 9)).astype(np.uint8)
    assert np.array_equal(png.decode(png.encode(pixels)), pixels)


@pytest.mark.parametrize("data", [b"", b"GIF89a", png.encode(np.zeros((2, 2), np.uint8))[:8]])
def test_what_is_no_png_is_refused(data):
    with pytest.raises(ValueError):
        png.decode(data)


def test_csv_lines_read_back_to_the_same_bits():
    values = np.random.RandomState(2).normal(size=50).astype(np.float32)
    assert np.array_equal(samples.rows_of(samples.line(values))[0].view(np.uint32), values.view(np.uint32))
