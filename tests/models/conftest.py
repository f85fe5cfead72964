"""A tiny classifier, and its export, that the tests of models share."""

import shutil
from pathlib import Path

import pytest

from support.classifiers import write_tiny_classifier


@pytest.fixture(scope="session")
def tiny_classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a classifier of the labels "bad" and "good"; tests must not change it."""
    return write_tiny_classifier(tmp_path_factory.mktemp("classifier") / "tiny")


@pytest.fixture(scope="session")
def tiny_export(tiny_classifier: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the tiny classifier as ONNX; tests must not change it."""
    from clf.models.files import ModelFiles
    from clf.models.from_files import load_classifier
    from clf.models.onnx_export import write_onnx

    folder = tmp_path_factory.mktemp("export") / "tiny"
    shutil.copytree(tiny_classifier, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    write_onnx(load_classifier(ModelFiles(tiny_classifier, "tiny", "path")), folder / "model.onnx")
    return folder
