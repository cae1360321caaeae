"""The drawing: the same seed draws the same picture, and pictures differ from each other."""

import dataclasses

import numpy as np
import pytest

import faces
import look
import pictures
import png


def test_a_picture_depends_on_seed_and_index_alone():
    forwards = [faces.picture(7, index)[0] for index in range(6)]
    backwards = [faces.picture(7, index)[0] for index in reversed(range(6))][::-1]
    assert all(np.array_equal(one, other) for one, other in zip(forwards, backwards))


@pytest.mark.parametrize("other", [(7, 1), (8, 0)])
def test_another_seed_or_index_is_another_picture(other):
    assert not np.array_equal(faces.picture(7, 0)[0], faces.picture(*other)[0])


def test_the_series_share_no_generator():
    seeds = {pictures.series_seed(seed, name) for seed in range(50) for name in pictures.SERIES}
    assert len(seeds) == 50 * len(pictures.SERIES)


def test_pictures_are_grey_bytes_of_both_classes_in_turn():
    series = pictures.draw(3, "validation", 10)
    assert series.pixels.shape == (10, 60, 60) and series.pixels.dtype == np.uint8
    assert list(series.labels) == [look.MASK, look.NO_MASK] * 5


def test_only_masked_looks_wear_a_mask_on_the_face():
    looks = [look.draw_look(1, index) for index in range(400)]
    assert all((one.mask.worn == "face") == (one.label == look.MASK) for one in looks)
    assert any(one.mask.worn == "chin" for one in looks)


def test_a_mask_changes_the_lower_face_and_little_far_above_it():
    bare = dataclasses.replace(look.draw_look(5, 1), pose=look.Pose(0.45, (0, 0), 0, 0, 0))
    calm = dataclasses.replace(bare.light, noise=0.0, blur=0)
    # Exposure follows the mean of the whole picture, so the upper part moves a little, too.
    worn = dataclasses.replace(bare.mask, worn="face", straps=False, tone=240.0)
    without, having = (
        faces.paint(dataclasses.replace(bare, light=calm, mask=mask)).astype(int) for mask in (bare.mask, worn)
    )
    change = np.abs(having - without)
    assert change[40:50, 22:38].mean() > 4 * change[:20].mean()


def test_the_pictures_vary():
    series = pictures.draw(11, "train", 200)
    assert series.pixels.mean(axis=(1, 2)).std() > 8
    assert series.pixels.std(axis=0).mean() > 30


def test_shrinking_takes_the_mean_of_whole_squares():
    pixels = np.arange(3600, dtype=np.float64).reshape(1, 60, 60) % 251
    small = pictures.shrink(pixels.astype(np.uint8), 10)
    assert small[0, 2, 3] == np.rint(pixels[0, 12:18, 18:24].mean())
    with pytest.raises(ValueError):
        pictures.shrink(pixels, 7)


@pytest.mark.parametrize("byte, value", [(0, -127 / 128), (127, 0.0), (255, 1.0)])
def test_pixels_are_scaled_by_128_around_127(byte, value):
    assert pictures.scaled(np.array([byte], np.uint8))[0] == np.float32(value)


def test_the_committed_samples_are_the_first_held_out_pictures(models, described):
    series = pictures.draw(described["seed"], "test", 2 * described["samples_per_class"])
    for index, label in enumerate(series.labels):
        file = models / "samples" / "60x60" / f"{look.LABELS[label]}_{index // 2}.png"
        # NumPy's sine may differ in the last bit from one release to the next.
        assert np.abs(png.decode(file.read_bytes()).astype(int) - series.pixels[index]).max() <= 1
