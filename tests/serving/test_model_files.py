"""What happens to the files of a model while it is served: the answers stay those of the model that was loaded."""

import os
import shutil
from pathlib import Path

import pytest

from support.serving import serving

ROOT = Path(__file__).parent.parent
FIXTURES = {"safetensors": ROOT / "fixtures/v0.1/models/reviews", "onnx": ROOT / "fixtures/v0.1/exported/reviews"}
TEXTS = ["a wonderful film", "", "dull and boring " * 50]


@pytest.mark.parametrize("kind", FIXTURES)
def test_a_folder_that_changes_changes_no_answer(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "served"
    shutil.copytree(FIXTURES[kind], folder)
    with serving(folder) as running:
        before = running.predict(TEXTS, details=True), running.ask("/info").content
        contents = [path for path in folder.iterdir() if path.is_file()]
        for path in contents:  # in place, as cp writes
            path.write_bytes(os.urandom(path.stat().st_size))
        assert (running.predict(TEXTS, details=True), running.ask("/info").content) == before
        for path in contents:  # a file that is mapped would now kill the process
            os.truncate(path, 0)
        assert (running.predict(TEXTS, details=True), running.ask("/info").content) == before
        folder.rename(tmp_path / "old")
        shutil.copytree(FIXTURES["onnx" if kind == "safetensors" else "safetensors"], folder)
        assert (running.predict(TEXTS, details=True), running.ask("/info").content) == before
        shutil.rmtree(folder)
        shutil.rmtree(tmp_path / "old")
        assert (running.predict(TEXTS, details=True), running.ask("/info").content) == before
