"""The committed models: what MODELS.json says of them is so. Judged by TensorFlow Lite Micro where present."""

import hashlib
import importlib.util
import json

import numpy as np
import pytest

import engines
import evaluate
import pca
import pictures
import samples
import tflite_file

OPERATORS = {
    "cnn": ["DEPTHWISE_CONV_2D", "CONV_2D", "RESHAPE", "FULLY_CONNECTED", "LOGISTIC"],
    "mlp": ["FULLY_CONNECTED"] * 3 + ["LOGISTIC"],
}
NAMES = ["mask_cnn_10", "mask_cnn_10_int8", "mask_mlp_7", "mask_mlp_7_int8"]
needs_micro = pytest.mark.skipif(
    importlib.util.find_spec("tflite_micro") is None, reason="the judge, tflite-micro, is not installed"
)


@pytest.fixture(params=NAMES)
def entry(request, described):
    return next(entry for entry in described["models"] if entry["name"] == request.param)


@pytest.fixture
def graph(entry, models):
    return tflite_file.read((models / entry["file"]).read_bytes())


def test_sizes_and_hashes_are_those_of_the_files(models, described):
    for entry in described["models"] + [described["transform"]]:
        data = (models / entry["file"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["bytes"], entry["sha256"])


def test_the_operators_are_the_networks_own(entry, graph):
    assert [operator.name for operator in graph.operators] == OPERATORS[entry["network"]] == entry["operators"]


def test_inputs_and_weights_are_of_one_type(entry, graph):
    for operator in graph.operators:
        if operator.name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            source, weights = (graph.tensors[index] for index in operator.inputs[:2])
            assert weights.constant and source.type == weights.type == entry["format"]


def test_shapes_are_fixed_with_a_batch_of_one(entry, graph):
    shape = {"cnn": (1, 10, 10, 1), "mlp": (1, 7)}[entry["network"]]
    assert graph.tensors[graph.inputs[0]].shape == shape == tuple(entry["input"]["shape"])
    assert graph.tensors[graph.outputs[0]].shape == (1, 1)


def test_the_parameters_are_counted_in_the_file(entry, graph):
    constants = [tensor for tensor in graph.tensors if tensor.constant]
    counted = sum(int(np.prod(tensor.shape)) for tensor in constants if "Const" not in tensor.name)
    # Keras' separable layer has no depthwise bias; the converter adds a zero.
    assert counted - (entry["network"] == "cnn") == entry["parameters"] == {"cnn": 340, "mlp": 120}[entry["network"]]


def test_the_recorded_accuracy_is_high_enough_and_follows_from_the_confusion(described):
    for entry in described["models"]:
        floor = 0.95 if entry["network"] == "cnn" else 0.8
        assert entry["accuracy"] >= floor
        confusion = entry["confusion"]
        right = confusion["mask"]["mask"] + confusion["no_mask"]["no_mask"]
        total = sum(sum(row.values()) for row in confusion.values())
        assert total == described["pictures"]["test"] and round(right / total, 4) == entry["accuracy"]
    assert described["models"][0]["accuracy"] > described["linear_10_accuracy"] + 0.03


def test_the_transform_takes_the_pca_samples_to_the_mlp_samples(models):
    transform = pca.unpack((models / "mask_pca_7.bin").read_bytes())
    before = samples.rows_of((models / "samples" / "mask_pca_7.csv").read_text())
    after = samples.rows_of((models / "samples" / "mask_mlp_7.csv").read_text())
    assert np.array_equal(transform.apply(before), after)


def test_each_csv_has_a_row_per_label(entry, models):
    labels = (models / "samples" / "labels.csv").read_text().split()[1:]
    rows = (models / "samples" / f"{entry['name']}.csv").read_text().split()
    assert len(rows) == len(labels)
    assert {row.count(",") + 1 for row in rows} == {int(np.prod(entry["input"]["shape"]))}


@needs_micro
def test_micro_says_of_the_samples_what_was_recorded(entry, models, described, tmp_path):
    recorded = json.loads((models / "samples" / "expected.json").read_text())["outputs"][entry["name"]]["values"]
    model = (models / entry["file"]).read_bytes()
    kind = np.int8 if entry["format"] == "int8" else np.float32
    rows = samples.rows_of((models / "samples" / f"{entry['name']}.csv").read_text(), kind)
    graph = tflite_file.read(model)
    run = engines.open_engine("tflite-micro", model)
    raw = np.array([run(row.reshape(entry["input"]["shape"])).reshape(-1)[0] for row in rows])
    values = engines.dequantized(raw, graph.tensors[graph.outputs[0]])
    assert np.abs(values - np.array(recorded)).max() <= (0 if kind is np.int8 else 1e-6)


@needs_micro
def test_micro_is_as_accurate_on_held_out_pictures(entry, models, described):
    held = pictures.draw(described["seed"], "test", 600)
    transform = pca.unpack((models / "mask_pca_7.bin").read_bytes())
    inputs = evaluate.network_inputs(entry["network"], held, transform)
    verdict = evaluate.judge("tflite-micro", (models / entry["file"]).read_bytes(), inputs, held.labels)
    # Three standard errors of 600 pictures.
    noise = 3 * np.sqrt(entry["accuracy"] * (1 - entry["accuracy"]) / 600)
    assert abs(verdict["accuracy"] - entry["accuracy"]) <= noise
