"""The whole of `train` and `fit` on a few drawn faces; skipped without TensorFlow."""

import hashlib
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import engines
import npy
import pca
import png

pytest.importorskip("tensorflow", reason="TensorFlow is needed only to train")
HERE = pathlib.Path(__file__).resolve().parent.parent


def run(script, *arguments):
    command = [sys.executable, HERE / script, "--events", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    code, events = run("pipeline.py", "--synthetic", "--count", 50, "--epochs", 25, "--starts", 1, "--out", folder)
    assert code == 0
    return folder, json.loads((folder / "ci_artifacts.json").read_text()), events


def files(said):
    """Every file that the artifacts name."""
    if isinstance(said, dict):
        if "sha256" in said:
            yield said
        for value in said.values():
            yield from files(value)


def test_every_file_is_there_as_it_is_described(trained):
    folder, said, _ = trained
    named = list(files(said))
    assert len(named) == 10 + 9
    for entry in named:
        data = (folder / entry["path"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]
        if "shape" in entry:
            values = np.load(folder / entry["path"], allow_pickle=False)
            assert list(values.shape) == entry["shape"] and values.dtype.name == entry["type"]
        else:
            assert len(data) == entry["bytes"]


def test_the_schema_is_the_workshops(trained):
    _, said, _ = trained
    assert set(said["inputs"]) == {"X", "X_cnn"} and {"y", "encoder"} <= set(said["target"])
    assert set(said["preprocessors"]) == {"scaler", "pca"}
    assert said["baseline"]["input"] == said["mlp"]["input"] == "X" and said["cnn"]["input"] == "X_cnn"
    assert said["baseline"]["preprocessors"] == said["mlp"]["preprocessors"] == ["scaler", "pca"]
    assert said["cnn"]["preprocessors"] == []
    assert set(said["mlp"]["tflite"]) == set(said["cnn"]["tflite"]) == {"float32", "dynamic", "int8"}


def test_keras_says_what_the_tflite_says_of_every_picture(trained):
    import tensorflow as tf

    folder, said, _ = trained
    pixels = np.load(folder / said["inputs"]["X"]["path"])
    transform = pca.unpack((folder / said["transform"]["path"]).read_bytes())
    inputs = {"cnn": np.load(folder / said["inputs"]["X_cnn"]["path"]), "mlp": transform.apply(pixels)}
    for name, values in inputs.items():
        keras = tf.keras.models.load_model(folder / said[name]["keras"]["path"], compile=False)
        model = (folder / said[name]["tflite"]["float32"]["path"]).read_bytes()
        assert np.abs(keras(values).numpy() - engines.run_rows("tensorflow", model, values)).max() < 1e-6


def test_the_same_seed_gives_the_same_bytes(trained, tmp_path):
    folder, said, _ = trained
    code, _ = run("pipeline.py", "--synthetic", "--count", 50, "--epochs", 25, "--starts", 1, "--out", tmp_path)
    assert code == 0
    again = json.loads((tmp_path / "ci_artifacts.json").read_text())
    for name in ("mlp", "cnn"):
        assert again[name]["tflite"] == said[name]["tflite"]


def test_a_failure_is_one_event_with_code_and_hint(tmp_path):
    (tmp_path / "mask").mkdir()
    code, events = run("pipeline.py", tmp_path, "--out", tmp_path / "out")
    assert code == 1 and events[-1]["event"] == "error" and events[-1]["code"] == "bad-inputs" and events[-1]["hint"]
    assert not (tmp_path / "out").exists()


def test_photos_of_three_classes_train_too(tmp_path):
    lot = np.random.RandomState(4)
    for name, tone in (("dark", 40), ("grey", 128), ("light", 210)):
        (tmp_path / "in" / name).mkdir(parents=True)
        for index in range(6):
            pixels = np.clip(lot.normal(tone, 15, (50, 40)), 0, 255).astype(np.uint8)
            (tmp_path / "in" / name / f"{index}.png").write_bytes(png.encode(pixels))
    code, events = run("pipeline.py", tmp_path / "in", "--epochs", 40, "--starts", 1, "--out", tmp_path / "out")
    assert code == 0
    forms = {event["format"]: event["accuracy"] for event in events if event.get("model") == "cnn_10"}
    assert forms["float32"] > 0.9 and abs(forms["float32"] - forms["int8"]) < 0.2


def test_fit_says_bytes_and_accuracy_of_each_size(tmp_path):
    code, events = run("sizes.py", "--synthetic", "--count", 40, "--epochs", 5, "--sizes", "8,5", "--out", tmp_path)
    results = [event for event in events if event["event"] == "result"]
    assert code == 0 and [(r["size"], r["format"]) for r in results] == [
        (5, "float32"), (5, "int8"), (8, "float32"), (8, "int8")]
    assert all((tmp_path / r["file"]).stat().st_size == r["bytes"] for r in results)


@pytest.mark.parametrize("sizes", ["", "0", "8,x", "8,9999", "-3"])
def test_fit_refuses_what_is_no_size(tmp_path, sizes):
    code, events = run("sizes.py", "--synthetic", f"--sizes={sizes}", "--out", tmp_path)
    assert code == 1 and events[-1]["code"] == "usage"
