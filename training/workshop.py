"""The workshop's three classifiers on one set of pictures: trained, converted, judged, written."""

import datetime
import json
import subprocess
from importlib import metadata

import numpy as np
import tensorflow as tf
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import area
import arrays
import convert
import drawing
import early
import engines
import folding
import networks
import page
import pca
import samples
import tflite_file
from dataset import PARTS, TEST, TRAIN, VALIDATION
from said import Failure
from scores import scores

_SAMPLES = 8
_CONVERTERS = {"float32": lambda network, _: convert.float32(network), "dynamic": lambda network, _: convert.dynamic(network), "int8": convert.int8}


def deterministic():
    """One thread and deterministic kernels for TensorFlow."""
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()


class Run:
    """One training: what was asked, the pictures, where things go, and what was found so far."""

    def __init__(self, asked, data, teller):
        self.asked, self.data, self.teller, self.out = asked, data, teller, asked.out
        self.verdicts, self.plots = [], []
        self.out.mkdir(parents=True, exist_ok=True)
        (self.out / "plots").mkdir(exist_ok=True)
        self.artifacts = arrays.Artifacts(self.out)

    def judged(self, title, form, size, said):
        """Notes how good what was said of all pictures is; returns the accuracies."""
        data, held = self.data, self.data.parts == TEST
        everything = scores(data.labels, said, data.classes)
        unseen = scores(data.labels[held], said[held], data.classes)
        self.verdicts.append((title, form, size, everything, unseen))
        figures = {"all": round(everything["accuracy"], 6), "test": round(unseen["accuracy"], 6)}
        self.teller.result(model=title, format=form, bytes=size, accuracy=figures["all"], test=figures["test"])
        self.teller.note(f"{title} {form}: accuracy {figures['all']:.4f} on all, {figures['test']:.4f} on the test part")
        return figures

    def plot(self, name, text):
        (self.out / "plots" / f"{name}.svg").write_text(text)
        self.plots.append(text)

    def header(self, base):
        """Has espmask write a model's C header, whose arena only its planner knows; False without espmask."""
        if not self.asked.espmask:
            return False
        command = [self.asked.espmask, "model", "header", f"{base}.tflite", "-o", f"{base}.h", "--name", "model_data"]
        done = subprocess.run(command, cwd=self.out, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failure("build-failed", f"no C header of {base}: {done.stderr.strip()}", "Is espmask the right one?")
        return True


def run(asked, data, teller):
    """The whole of it."""
    deterministic()
    job = Run(asked, data, teller)
    job.artifacts.data(data, (asked.pca_size, asked.size))
    features, transform = principal(job)
    network(job, "mlp", f"mlp_{len(transform.matrix)}", "X", ["scaler", "pca"], features, features_of(job, transform), 1e-2)
    plain = data.inputs(asked.size)[..., np.newaxis]
    varied, labels = data.varied(asked.size, asked.seed)
    said = network(job, "cnn", f"cnn_{asked.size}", "X_cnn", [], plain, (varied[..., np.newaxis], labels), 5e-3)
    finish(job, transform, said)


def features_of(job, transform):
    """The training pictures, changed copies too, as the MLP takes them, with their labels."""
    varied, labels = job.data.varied(job.asked.pca_size, job.asked.seed)
    return transform.apply(varied.reshape(len(varied), -1)), labels


def principal(job):
    """Fits scaler, PCA and logistic regression to the training part; returns all pictures' features and the map."""
    data, asked, out = job.data, job.asked, job.out
    pixels = data.inputs(asked.pca_size).reshape(len(data.labels), -1)
    own = data.parts == TRAIN
    components = min(asked.components, int(own.sum()) - 1, pixels.shape[1])
    if components < asked.components:
        job.teller.note(f"{int(own.sum())} training pictures have no more than {components} components")
    scaler = StandardScaler().fit(pixels[own].astype(np.float64))
    standard = scaler.transform(pixels.astype(np.float64))
    decomposition = PCA(components, svd_solver="full").fit(standard[own])
    reduced = decomposition.transform(standard)
    model = LogisticRegression(max_iter=10000).fit(reduced[own], data.labels[own])
    figures = job.judged("baseline", "scikit-learn", None, model.predict(reduced))
    transform = folding.fold(scaler, decomposition)
    base = f"pca_{components}"
    (out / f"{base}.bin").write_bytes(pca.pack(transform))
    (out / f"{base}.h").write_text(folding.header(base, transform))
    job.artifacts.preprocessors(scaler, decomposition, f"{base}.bin")
    job.artifacts.baseline(model, figures)
    job.teller.progress("baseline", 1, 1)
    return transform.apply(pixels), transform


def network(job, name, base, source, preprocessors, inputs, varied, rate):
    """Trains, converts and judges one network; returns what its float32 form says of every picture."""
    asked, data, out = job.asked, job.data, job.out
    build = {
        "mlp": lambda: networks.mlp(inputs.shape[1], len(data.classes)),
        "cnn": lambda: networks.cnn(inputs.shape[1], len(data.classes)),
    }[name]
    plain, choosing = ((inputs[data.parts == part], data.labels[data.parts == part]) for part in (TRAIN, VALIDATION))
    keras, learning = early.fit(
        build, varied, plain, choosing, seed=asked.seed, starts=asked.starts, epochs=asked.epochs, rate=rate,
        checkpoint=out / f"{base}.keras", tell=lambda done, total: job.teller.progress(name, done, total, base),
    )
    losses = learning["epochs"]
    job.plot(f"{base}_learning", drawing.curves(f"{base}: learning curves", losses, learning["best"]))
    figures = {"keras": job.judged(base, "keras", None, early.named(keras.predict(inputs, verbose=0)))}
    answer = None
    for form, ending in arrays.FORMS.items():
        model = _CONVERTERS[form](keras, plain[0])
        (out / f"{base}{ending}.tflite").write_bytes(model)
        said = judged_form(model, inputs)
        figures[form] = job.judged(base, form, len(model), said)
        answer = said if answer is None else answer
    for title, verdict in (("all pictures", job.verdicts[-3][3]), ("test part", job.verdicts[-3][4])):
        drawn = drawing.confusion(f"{base} float32: {title}", data.classes, verdict["confusion"])
        job.plot(f"{base}_confusion_{title.split()[0]}", drawn)
    job.artifacts.network(name, source, preprocessors, base, job.header(base), figures)
    return answer


def judged_form(model, inputs):
    """The class that a .tflite says of each input, in TensorFlow Lite's reference kernels."""
    graph = tflite_file.read(model)
    raw = engines.run_rows("tensorflow", model, inputs)
    return early.named(engines.dequantized(raw, graph.tensors[graph.outputs[0]]))


def finish(job, transform, said):
    """Samples, settings, the report, and last the file that vouches for the rest."""
    asked, data, out = job.asked, job.data, job.out
    order = np.argsort(-data.parts.astype(int), kind="stable")[:_SAMPLES]
    (out / "samples").mkdir(exist_ok=True)
    for base, size in ((f"cnn_{asked.size}", asked.size), (f"mlp_{len(transform.matrix)}", asked.pca_size)):
        lines = [samples.line(row) for row in data.inputs(size)[order]]
        (out / "samples" / f"{base}.csv").write_text("\n".join(lines) + "\n")
    settings(job, len(transform.matrix))
    faces = [
        (area.resized(face, asked.size, asked.size), name, data.classes[label], data.classes[answer])
        for face, name, label, answer in list(zip(data.faces, data.names, data.labels, said))[:60]
    ]
    (out / "report.html").write_text(page.html(described(job), job.verdicts, job.plots, faces))
    job.artifacts.said["versions"] = versions()
    job.artifacts.said["seed"] = asked.seed
    job.artifacts.write()
    job.teller.result(out=str(out), pictures=len(data.labels), report=str(out / "report.html"))


def settings(job, components):
    """espmask.yaml for `espmask run` in the folder, and one for the MLP in mlp/."""
    labels = json.dumps(list(job.data.classes))
    lines = "scale: 128\nlabels: {labels}\nthreshold: 0.5\n"
    cnn = f"cnn_{job.asked.size}"
    (job.out / "espmask.yaml").write_text(
        f"sketch: run_model_cnn\nmodel: {cnn}.tflite\ninputs: samples/{cnn}.csv\n" + lines.format(labels=labels)
    )
    (job.out / "mlp").mkdir(exist_ok=True)
    mlp = f"mlp_{components}"
    (job.out / "mlp" / "espmask.yaml").write_text(
        f"sketch: run_model_pca_mlp\nmodel: ../{mlp}.tflite\ntransform: ../pca_{components}.bin\n"
        f"inputs: ../samples/{mlp}.csv\n" + lines.format(labels=labels)
    )


def versions():
    import platform

    found = {"python": platform.python_version()}
    for name in ("tensorflow-cpu", "keras", "scikit-learn", "numpy", "opencv-python-headless"):
        found[name] = metadata.version(name)
    return found


def described(job):
    data, asked = job.data, job.asked
    how = {"face": "cropped to a frontal face", "eye": "cropped around a left eye", "whole": "taken whole"}
    crops = ", ".join(f"{data.crops.count(key)} {words}" for key, words in how.items() if key in data.crops)
    return {
        "title": "Drawn faces" if asked.synthetic else f"Photos of {asked.data.resolve().name}",
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "seed": asked.seed,
        "versions": ", ".join(f"{name} {version}" for name, version in versions().items()),
        "classes": data.classes,
        "crops": f"{len(data.labels)} pictures: {crops}.",
        "counts": {
            part: {name: int(((data.parts == index) & (data.labels == label)).sum()) for label, name in enumerate(data.classes)}
            for index, part in enumerate(PARTS)
        },
    }
