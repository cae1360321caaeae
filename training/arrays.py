"""ci_artifacts.json: all that an integration test needs to judge the models again, here or on another machine.

Inputs, target, preprocessors and models by name; arrays and files beside it, by relative path and SHA-256.
"""

import json

import npy

NAME = "ci_artifacts.json"
VERSION = 1


class Artifacts:
    """Collects what the file says while the pieces are written."""

    def __init__(self, folder):
        self.folder = folder
        # What was there is no longer true of this folder, whatever happens from here on.
        (folder / NAME).unlink(missing_ok=True)
        self.said = {"version": VERSION}

    def array(self, name, values):
        return npy.save(self.folder, f"arrays/{name}.npy", values)

    def file(self, path):
        return npy.entry(self.folder, path)

    def data(self, data, sizes):
        """The pictures of both paths, the labels, and which part each belongs to. `sizes` are (X, X_cnn)."""
        count = len(data.labels)
        self.said["pixels"] = {"offset": 127, "scale": 128, "X": sizes[0], "X_cnn": sizes[1]}
        self.said["pictures"] = data.names
        self.said["inputs"] = {
            "X": self.array("X", data.inputs(sizes[0]).reshape(count, -1)),
            "X_cnn": self.array("X_cnn", data.inputs(sizes[1])[..., None]),
        }
        self.said["target"] = {
            "y": self.array("y", data.labels),
            "encoder": {"classes": list(data.classes)},
            "threshold": 0.5,
        }
        self.said["split"] = {"parts": self.array("parts", data.parts), "names": ["train", "validation", "test"]}

    def preprocessors(self, scaler, decomposition, transform):
        """The scaler, the PCA, and the file of both folded into one."""
        self.said["preprocessors"] = {
            "scaler": {
                "kind": "standard-scaler",
                "mean": self.array("scaler_mean", scaler.mean_),
                "scale": self.array("scaler_scale", scaler.scale_),
            },
            "pca": {
                "kind": "pca",
                "mean": self.array("pca_mean", decomposition.mean_),
                "components": self.array("pca_components", decomposition.components_),
            },
        }
        self.said["transform"] = self.file(transform)

    def baseline(self, model, verdicts):
        self.said["baseline"] = {
            "input": "X",
            "model": {
                "kind": "logistic-regression",
                "coef": self.array("baseline_coef", model.coef_),
                "intercept": self.array("baseline_intercept", model.intercept_),
            },
            "preprocessors": ["scaler", "pca"],
            "accuracy": verdicts,
        }

    def network(self, name, source, preprocessors, base, header, verdicts):
        """`mlp` or `cnn`: files that begin with `base`, and the accuracy of each form when it was trained."""
        self.said[name] = {
            "input": source,
            "preprocessors": preprocessors,
            "keras": self.file(f"{base}.keras"),
            "tflite": {form: self.file(f"{base}{ending}.tflite") for form, ending in FORMS.items()},
            "h": self.file(f"{base}.h") if header else None,
            "accuracy": verdicts,
        }

    def write(self):
        (self.folder / NAME).write_text(json.dumps(self.said, indent=1) + "\n")


FORMS = {"float32": "", "dynamic": "_dynamic", "int8": "_int8"}
