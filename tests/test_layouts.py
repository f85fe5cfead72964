"""Files as tools and people write them are read as their users expect, or refused with what helps."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import typer.main

from conftest import RunClf
from support.layout_files import Layout
from support.layout_outcomes import judge
from support.layouts import LAYOUTS
from support.layouts_kinds import KINDS

COMMAND_LINE = cache(typer.main.get_command)
WEEKLY = {layout.name for layout in KINDS}
"""Further files of the kinds that are reported."""
EVERY = pytest.mark.parametrize(
    "layout",
    [pytest.param(one, marks=pytest.mark.sweep if one.name in WEEKLY else (), id=one.name) for one in LAYOUTS],
)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what takes long: counting tokens, looking for near duplicates, processes, waiting for the disk.

    The command line is made only once.
    """
    monkeypatch.setattr("clf.prepare.token_counter", lambda settings: None)
    monkeypatch.setattr("clf.data.preparing.ingest.INLINE_BATCHES", 1000)
    monkeypatch.setattr(
        "clf.data.preparing.dataset.find_clusters", lambda rows, store: np.unique(rows.key, return_inverse=True)[1]
    )
    monkeypatch.setattr("os.fsync", lambda file: None)
    monkeypatch.setattr("typer.main.get_command", COMMAND_LINE)


@EVERY
def test_a_layout_is_read_as_its_user_expects(clf: RunClf, own_folder: Path, layout: Layout) -> None:
    """A hint of what is refused leads on; what is read is labelled by a model of such a file with no flags."""
    _, wrong = judge(clf, own_folder, layout)
    assert not wrong, "\n".join(wrong)


def test_each_layout_has_its_own_name() -> None:
    names = [layout.name for layout in LAYOUTS]
    assert len(names) == len(set(names))
