"""The split, the changed copies, the folded transform, arrays on disk, plots."""

import hashlib
import json
import pathlib
import subprocess

import numpy as np
import pytest

import dataset
import drawing
import folding
import npy
import pca

_LABELS = np.array([0] * 11 + [1] * 11)


def small(size=40):
    lot = np.random.RandomState(5)
    faces = [lot.randint(0, 256, (size, size + 3)).astype(np.uint8) for _ in _LABELS]
    return dataset.Dataset(faces, _LABELS, ("a", "b"), [str(i) for i in range(22)], dataset.split(_LABELS, 1))


@pytest.mark.parametrize("counts, shares", [((11, 11), (2, 2)), ((5, 100), (1, 20)), ((7, 8, 40), (1, 2, 8))])
def test_each_class_has_its_share_in_every_part(counts, shares):
    labels = np.repeat(np.arange(len(counts)), counts)
    parts = dataset.split(labels, 7)
    for label, (count, share) in enumerate(zip(counts, shares)):
        own = [int((parts[labels == label] == part).sum()) for part in (0, 1, 2)]
        assert own == [count - 2 * share, share, share]


def test_the_split_is_fixed_by_the_seed():
    assert np.array_equal(dataset.split(_LABELS, 1), dataset.split(_LABELS, 1))
    assert not np.array_equal(dataset.split(_LABELS, 1), dataset.split(_LABELS, 2))


def test_only_training_pictures_are_changed_and_come_first_as_they_are():
    data = small()
    values, labels = data.varied(10, 1)
    own = data.parts == dataset.TRAIN
    assert np.array_equal(values[: own.sum()], data.inputs(10)[own])
    assert len(values) == len(labels) == own.sum() * (1 + min(40, 1200 // own.sum() - 1))
    assert np.array_equal(values, data.varied(10, 1)[0])
    assert values.min() >= -127 / 128 and values.max() <= 1


def test_large_pictures_get_fewer_copies():
    assert len(small().varied(300, 1)[0]) <= 20_000_000 // 300**2


class _Fitted:
    def __init__(self, **values):
        self.__dict__.update(values)


def _folded():
    lot = np.random.RandomState(2)
    mean, scale = lot.uniform(-0.5, 0.5, 30), lot.uniform(0.2, 0.6, 30)
    axes, _ = np.linalg.qr(lot.normal(size=(30, 4)))
    centre = lot.normal(0, 0.1, 30)
    scaler = _Fitted(mean_=mean, scale_=scale)
    decomposition = _Fitted(components_=axes.T, mean_=centre, explained_variance_ratio_=[0.4, 0.3, 0.2, 0.1])
    values = lot.uniform(-1, 1, (50, 30))
    expected = ((values - mean) / scale - centre) @ axes
    return folding.fold(scaler, decomposition), values.astype(np.float32), expected


def test_folding_changes_nothing_but_the_last_bits():
    transform, values, expected = _folded()
    assert np.abs(transform.apply(values) - expected).max() < 1e-5


def test_the_c_header_computes_the_same(tmp_path):
    transform, values, expected = _folded()
    (tmp_path / "pca_4.h").write_text(folding.header("pca_4", transform))
    numbers = ", ".join(f"{v!r}f" for v in map(float, values[0]))
    (tmp_path / "main.c").write_text(
        f'#include <stdio.h>\n#include "pca_4.h"\nint main(void) {{ float x[] = {{{numbers}}}, y[4];\n'
        'pca_4_transform(x, y); for (int i = 0; i < 4; i++) printf("%.9g\\n", y[i]);\n'
        'printf("%zu\\n", sizeof pca_4_matrix + sizeof pca_4_offset); }\n'
    )
    build = ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "main.c", "-o", "main"]
    subprocess.run(build, cwd=tmp_path, check=True)
    said = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True).stdout.split()
    assert np.abs(np.array(said[:4], float) - expected[0]).max() < 1e-5
    assert int(said[4]) == 4 * 4 * 31


def test_the_workshops_table_has_about_eleven_kilobytes():
    transform = pca.Transform(np.zeros(400, np.float32), np.ones((7, 400), np.float32))
    assert "7 x 400 float32, 11228 bytes" in folding.header("pca_7", transform)


@pytest.mark.parametrize(
    "values", [np.zeros((3, 4), np.float32), np.arange(5), np.array(1.5), np.zeros((0, 2), np.uint8)]
)
def test_arrays_read_back_and_are_described(tmp_path, values):
    said = npy.save(tmp_path, "arrays/x.npy", values)
    data = (tmp_path / "arrays" / "x.npy").read_bytes()
    assert said == {
        "path": "arrays/x.npy",
        "shape": list(values.shape),
        "type": values.dtype.name,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    back = np.load(tmp_path / said["path"], allow_pickle=False)
    assert np.array_equal(back, values) and back.dtype == values.dtype and data[6:8] == b"\x01\x00"


def test_arrays_of_objects_are_never_written(tmp_path):
    with pytest.raises(ValueError):
        npy.save(tmp_path, "x.npy", np.array([{}], object))


def test_plots_are_well_formed_and_escape_names():
    import xml.etree.ElementTree as tree

    epochs = [{"loss": 1.0, "validation_loss": 0.9, "accuracy": 0.5, "validation_accuracy": 0.6}] * 3
    for text in (drawing.curves("a<b", epochs, 1), drawing.confusion("t", ["<x>", "y"], [[0, 2], [1, 0]])):
        tree.fromstring(text)
    tree.fromstring(drawing.face(np.zeros((3, 3), np.uint8)))
