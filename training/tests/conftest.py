"""Lets the tests import the scripts beside this folder, and finds the models."""

import json
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))


@pytest.fixture(scope="session")
def models():
    """The folder of the committed models."""
    return HERE.parent.parent / "models"


@pytest.fixture(scope="session")
def described(models):
    """MODELS.json."""
    return json.loads((models / "MODELS.json").read_text())
