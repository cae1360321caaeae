"""The export itself, on untrained networks; skipped without TensorFlow, which only a rebuild needs."""

import numpy as np
import pytest

import engines
import tflite_file

pytest.importorskip("tensorflow", reason="TensorFlow is needed only to make the models anew")


def _built(name):
    import networks

    return getattr(networks, name)()


@pytest.mark.parametrize("name, parameters", [("cnn", 340), ("mlp", 120)])
def test_the_networks_have_the_workshops_size(name, parameters):
    assert _built(name).count_params() == parameters


@pytest.mark.parametrize("name", ["cnn", "mlp"])
def test_float32_says_what_keras_says(name):
    import convert

    network = _built(name)
    inputs = np.random.RandomState(0).uniform(-1, 1, (20,) + network.input_shape[1:]).astype(np.float32)
    said = engines.run_all("tensorflow", convert.float32(network), inputs)
    assert np.abs(said - network(inputs).numpy()[:, 0]).max() < 1e-6


@pytest.mark.parametrize("name", ["cnn", "mlp"])
def test_int8_is_int8_from_end_to_end_and_close(name):
    import convert

    network = _built(name)
    inputs = np.random.RandomState(0).uniform(-1, 1, (200,) + network.input_shape[1:]).astype(np.float32)
    data = convert.int8(network, inputs)
    graph = tflite_file.read(data)
    assert {tensor.type for tensor in graph.tensors if not tensor.constant} == {"int8"}
    output = graph.tensors[graph.outputs[0]]
    said = engines.dequantized(engines.run_all("tensorflow", data, inputs), output)
    assert np.abs(said - network(inputs).numpy()[:, 0]).max() < 0.05
