"""A tiny classifier to measure."""

from pathlib import Path

import pytest

from clf.models.classifier import Classifier
from support.classifiers import write_tiny_classifier


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with an untrained classifier of the labels "bad" and "good"; tests must not change it."""
    return write_tiny_classifier(tmp_path_factory.mktemp("measured") / "tiny")


@pytest.fixture
def classifier(tiny_model: Path) -> Classifier:
    """Load the untrained classifier, which records nothing, with a head that tells texts apart."""
    from clf.models.from_files import load_classifier
    from clf.models.store import find_model

    found = load_classifier(find_model(str(tiny_model)))
    found.model.classifier.weight.data *= 200
    return found
