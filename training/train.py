"""Draws the pictures, trains both networks, exports them and writes models/ with its provenance.

One command, one seed: the same seed on the same versions and kind of CPU gives the same bytes.
"""

import os

# Before NumPy and TensorFlow load: one thread, so that sums have one order; no oneDNN kernels, whose order
# depends on the CPU.
os.environ.update({"TF_ENABLE_ONEDNN_OPTS": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import argparse
import datetime
import pathlib

import numpy as np
import tensorflow as tf

import convert
import evaluate
import networks
import pca
import pictures
import report
import samples
from look import LABELS

COMPONENTS = 7
CALIBRATION = 1000


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=evaluate.ROOT / "models", help="folder to write")
    parser.add_argument("--seed", type=int, default=2020)
    parser.add_argument("--train", type=int, default=12000, help="pictures to train on")
    parser.add_argument("--validation", type=int, default=2000, help="pictures that choose between starts")
    parser.add_argument("--test", type=int, default=3000, help="held-out pictures")
    parser.add_argument("--epochs", type=int, default=80)
    parser.add_argument("--starts", type=int, default=4, help="trainings of which the best is kept")
    parser.add_argument("--samples", type=int, default=8, help="sample pictures per class")
    return parser.parse_args()


def deterministic():
    """One thread and deterministic kernels for TensorFlow."""
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()


def trained(options, series, transform):
    """The CNN, the MLP and the linear yardstick, each with its training inputs."""
    answer = {}
    plans = {
        "cnn": (networks.cnn, "cnn", options.starts, 5e-3),
        "mlp": (networks.mlp, "mlp", options.starts, 1e-2),
        "linear": (networks.linear, "cnn", 1, 5e-3),
    }
    for name, (build, pixels, starts, rate) in plans.items():
        train, validation = (
            (evaluate.network_inputs(pixels, series[part], transform), series[part].labels)
            for part in ("train", "validation")
        )
        plan = {"seed": options.seed, "starts": starts, "epochs": options.epochs, "rate": rate}
        answer[name] = networks.fit(build, train, validation, **plan), train[0]
    return answer


def export(options, series, transform, found):
    """Writes every .tflite; returns their entries and, for the samples, their bytes and input makers."""
    entries, for_samples = [], {}
    for name, base in (("cnn", "mask_cnn_10"), ("mlp", f"mask_mlp_{COMPONENTS}")):
        network, train_inputs = found[name]
        held = evaluate.network_inputs(name, series["test"], transform)
        files = {
            base: convert.float32(network),
            f"{base}_int8": convert.int8(network, train_inputs[:CALIBRATION]),
        }
        for model_name, data in files.items():
            (options.out / f"{model_name}.tflite").write_bytes(data)
            verdict = evaluate.judge("tensorflow", data, held, series["test"].labels)
            print(f"{model_name}: {len(data)} bytes, held-out accuracy {verdict['accuracy']:.4f}", flush=True)
            entries.append(report.model_facts(model_name, name, data, verdict, network.count_params()))
            for_samples[model_name] = data, lambda chosen, of=name: evaluate.network_inputs(of, chosen, transform)
    return entries, for_samples


def main():
    options = parse()
    deterministic()
    options.out.mkdir(parents=True, exist_ok=True)
    counts = {"train": options.train, "validation": options.validation, "test": options.test}
    series = {name: pictures.draw(options.seed, name, count) for name, count in counts.items()}
    flat = series["train"].inputs(20).reshape(options.train, -1)
    transform = pca.fit(flat, COMPONENTS)
    packed = pca.pack(transform)
    (options.out / "mask_pca_7.bin").write_bytes(packed)
    found = trained(options, series, transform)
    entries, for_samples = export(options, series, transform, found)
    samples.write(options.out / "samples", series["test"], options.samples, transform, for_samples)
    pixels = evaluate.network_inputs("cnn", series["test"], transform)
    said = found["linear"][0].predict(pixels, verbose=0)[:, 0] >= evaluate.THRESHOLD
    described = {
        "seed": options.seed,
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "script": "training/train.py",
        "versions": report.versions(),
        "pictures": counts,
        "starts": options.starts,
        "epochs": options.epochs,
        "samples_per_class": options.samples,
        "pixel_scale": pictures.PIXEL_SCALE,
        "labels": list(LABELS),
        "threshold": evaluate.THRESHOLD,
        "models": entries,
        "transform": report.file_facts("mask_pca_7.bin", packed)
        | {"rows": COMPONENTS, "columns": flat.shape[1], "explained": [round(v, 4) for v in transform.explained]},
        "linear_10_accuracy": round(float((said == np.array(series["test"].labels)).mean()), 4),
    }
    report.write(options.out, described)


if __name__ == "__main__":
    main()
