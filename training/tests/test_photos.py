"""Folders of photos: what is refused, and why; grey and sizes as the Swift side makes them; crops."""

import itertools
import struct
from fractions import Fraction

import numpy as np
import pytest

import area
import photos
import png
from said import Failure, Teller


def folder(tmp_path, **classes):
    """A folder with a folder per class; values are numbers of pictures, or names to bytes."""
    for name, files in classes.items():
        (tmp_path / name).mkdir()
        if isinstance(files, int):
            picture = png.encode(np.full((20, 20), 90, np.uint8))
            files = {f"{index}.png": picture for index in range(files)}
        for file, data in files.items():
            (tmp_path / name / file).write_bytes(data)
    return tmp_path


@pytest.mark.parametrize(
    "classes, words",
    [
        ({}, "no class folder"),
        ({"mask": 9}, "one class only (mask)"),
        ({"mask": 9, "no_mask": 0}, "no_mask holds no .jpg or .png picture"),
        ({"mask": 1, "no_mask": 1}, "mask has 1, no_mask has 1; 5 of each class are needed"),
        ({"mask": 9, "no,mask": 9}, "cannot name a class"),
    ],
)
def test_folders_that_cannot_be_trained_on_are_named(tmp_path, classes, words):
    with pytest.raises(Failure, match=".") as caught:
        photos.classes(folder(tmp_path, **classes))
    assert caught.value.code == "bad-inputs" and words in caught.value.message and caught.value.hint


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(Failure) as caught:
        photos.classes(tmp_path / "none")
    assert caught.value.code == "file-not-found"


def test_classes_are_the_folders_in_order_and_other_files_do_not_count(tmp_path):
    place = folder(tmp_path, no_mask=5, mask=6)
    (place / "mask" / "notes.txt").write_text("x")
    (place / "README").write_text("x")
    (place / ".thumbnails").mkdir()
    assert [(name, len(files)) for name, files in photos.classes(place)] == [("mask", 6), ("no_mask", 5)]


def jpeg_header(width, height, before=b""):
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + before + frame


@pytest.mark.parametrize("before", [b"", b"\xff\xe0\x00\x04ab", b"\xff\xff\xff\xfe\x00\x02", b"\xff\xdb\x00\x05abc"])
def test_a_jpegs_size_is_found_behind_other_segments(before):
    assert photos.header_size(jpeg_header(640, 480, before)) == (640, 480)


def test_a_pngs_size_is_in_its_header():
    assert photos.header_size(png.encode(np.zeros((3, 7), np.uint8))) == (7, 3)


@pytest.mark.parametrize("data", [b"", b"hello, I am a text\n" * 9, b"GIF89a" + bytes(99), b"\xff\xd8\xff"])
def test_what_is_no_picture_is_said_to_be_none(data):
    with pytest.raises(ValueError):
        photos.header_size(data)


def test_every_cut_of_a_jpeg_header_is_refused_or_read():
    whole = jpeg_header(640, 480, b"\xff\xe0\x00\x04ab")
    for length in range(len(whole)):
        try:
            assert photos.header_size(whole[:length]) == (640, 480)
        except ValueError:
            pass


@pytest.mark.parametrize("size", [(20000, 20000), (0, 10), (65535, 65535)])
def test_a_picture_too_large_is_refused_by_its_header_alone(size):
    pytest.importorskip("cv2", reason="OpenCV is needed only to train")
    header = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + struct.pack(">II", *size) + bytes(20)
    with pytest.raises(ValueError, match="too many"):
        photos.decoded(header)


def test_bad_files_are_named_all_at_once(tmp_path):
    pytest.importorskip("cv2", reason="OpenCV is needed only to train")
    place = folder(tmp_path, mask=6, no_mask=6)
    (place / "mask" / "a.jpg").write_text("this is a text")
    (place / "no_mask" / "b.png").write_bytes(png.encode(np.zeros((9, 9), np.uint8))[:40])
    with pytest.raises(Failure) as caught:
        photos.read_all(photos.classes(place), Teller(True))
    assert "a.jpg: it is no PNG or JPEG" in caught.value.message and "b.png" in caught.value.message


def test_a_grey_png_is_decoded_to_its_own_bytes():
    pytest.importorskip("cv2", reason="OpenCV is needed only to train")
    pixels = np.random.RandomState(3).randint(0, 256, (31, 17)).astype(np.uint8)
    assert np.array_equal(photos.decoded(png.encode(pixels)), pixels)


@pytest.mark.parametrize("old, new", [((7, 5), (3, 4)), ((60, 60), (10, 10)), ((4, 4), (9, 5)), ((1, 1), (3, 3))])
def test_a_new_pixel_is_the_exact_mean_of_its_area_halves_up(old, new):
    pixels = np.random.RandomState(1).randint(0, 256, old).astype(np.uint8)
    result = area.resized(pixels, *new)
    for y, x in itertools.product(range(new[0]), range(new[1])):
        total = Fraction(0)
        for v, u in itertools.product(range(old[0]), range(old[1])):
            down = min(Fraction((y + 1) * old[0], new[0]), v + 1) - max(Fraction(y * old[0], new[0]), v)
            across = min(Fraction((x + 1) * old[1], new[1]), u + 1) - max(Fraction(x * old[1], new[1]), u)
            if down > 0 and across > 0:
                total += down * across * int(pixels[v, u])
        mean = total / (Fraction(old[0], new[0]) * Fraction(old[1], new[1]))
        assert result[y, x] == int(mean + Fraction(1, 2))


def test_grey_weighs_the_colours():
    colours = np.array([[[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0]]], np.uint8)
    assert area.grey(colours).tolist() == [[255, 76, 150, 29, 0]]


def test_without_a_face_the_whole_picture_is_taken():
    pytest.importorskip("cv2", reason="OpenCV is needed only to train")
    import crop

    assert crop.box(np.full((90, 120), 128, np.uint8)) == (0, 0, 120, 90, "whole")
    assert crop.box(np.zeros((5, 5), np.uint8)) == (0, 0, 5, 5, "whole")


def test_a_crop_is_cut_at_the_pictures_edges():
    pytest.importorskip("cv2", reason="OpenCV is needed only to train")
    import crop

    assert crop._inside(-10.4, 5.2, 60, 100, 50, "eye") == (0, 5, 50, 45, "eye")
    assert crop._inside(95, 5, 60, 100, 50, "eye") is None


def test_a_drawn_face_on_a_wall_is_found_and_cut_out():
    pytest.importorskip("cv2", reason="OpenCV is needed only to train")
    import crop
    import dataclasses
    import faces
    import look

    found = 0
    for index in range(1, 60, 2):
        face = area.resized(faces.paint(look.draw_look(3, index)), 180, 180)
        wall = np.full((300, 400), 130, np.uint8)
        wall[60:240, 150:330] = face
        left, top, width, height, how = crop.box(wall)
        middle = left + width / 2, top + height / 2
        found += how != "whole" and abs(middle[0] - 240) < 45 and abs(middle[1] - 150) < 60
    assert found >= 10
