"""Precision, recall, f1 and support of each class, their averages, accuracy and confusion: scikit-learn's numbers."""

import numpy as np
from sklearn import metrics


def scores(labels, said, classes):
    """The numbers as a dictionary, and scikit-learn's own text of them."""
    order = list(range(len(classes)))
    plan = {"labels": order, "target_names": list(classes), "zero_division": 0}
    numbers = metrics.classification_report(labels, said, output_dict=True, **plan)
    per_class = {
        name: {
            "precision": numbers[name]["precision"],
            "recall": numbers[name]["recall"],
            "f1": numbers[name]["f1-score"],
            "support": int(numbers[name]["support"]),
        }
        for name in classes
    }
    return {
        "accuracy": float((np.asarray(said) == np.asarray(labels)).mean()),
        "classes": per_class,
        "confusion": metrics.confusion_matrix(labels, said, labels=order).tolist(),
        "text": metrics.classification_report(labels, said, **plan),
    }
