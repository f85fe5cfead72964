"""What the tests of `clf predict` share: texts, tables, expected labels, and a run that ends in the middle."""

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import clf as package
from clf.settings_sources import load_settings
from clf.storage.prediction_formats import Table
from clf.storage.prediction_parts import LabelledCounts, Parts
from support.tiny import review_rows

TESTS = Path(__file__).parents[1]
REVIEWS = [text for text, _ in review_rows(20)]
FINISHED = ["new.csv", "out.csv", "out.csv.settings.json"]
"""All that a finished run leaves in a folder that held its input."""


def environment() -> dict[str, str]:
    """Give the variables of a process that computes on one thread and finds these tests."""
    path = f"{TESTS}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    return os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": path}


def table(path: Path | str) -> list[dict[str, str]]:
    """Read a CSV or TSV file."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t" if str(path).endswith("tsv") else ","))


def labels(trained: Path, texts: list[str]) -> list[str]:
    """Label texts in Python; both classes must be among the answers, or nothing would be tested."""
    found = [answer.label for answer in package.load(trained, load_settings()).predict(texts)]
    assert set(found) >= {"negative", "positive"}
    return found


@contextmanager
def ended_at(window: int, error: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Raise an error in place of writing the window of that number; gives the numbers of those written."""
    add, written = Parts.add, []

    def counted(self: Parts, number: int, rows: Table, counts: LabelledCounts) -> None:
        if number == window:
            raise error
        written.append(number)
        add(self, number, rows, counts)

    with monkeypatch.context() as patch:
        patch.setattr(Parts, "add", counted)
        yield written


def uninterrupted(clf: Callable[..., Any], trained: Path, source: Path, suffix: str = ".csv") -> bytes:
    """Return what one run gives; nothing of it is left behind."""
    output = Path(f"uninterrupted{suffix}")
    done = clf("predict", trained, source, "--output", output)
    assert done.code == 0, done.err
    whole = output.read_bytes()
    for path in (output, Path(f"{output}.settings.json")):
        path.unlink()
    return whole


def names(folder: Path) -> list[str]:
    """List the names in a folder."""
    return sorted(path.name for path in folder.iterdir())
