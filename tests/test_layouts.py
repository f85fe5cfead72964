"""Files as tools and people write them are read as their users expect, or refused with what helps."""

from collections import Counter
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer.main

from clf.data.prepared import PreparedDataset
from clf.data.reading.stream import open_incoming
from clf.predict import _text_columns, _texts
from clf.settings import DataSettings
from conftest import RunClf
from support.layout_files import Layout, Read, Refused
from support.layout_outcomes import flags_of, matched, prepare, unfollowed, wrongs
from support.layouts import LAYOUTS

ASIDE = Path(__file__).parent / "support"
COMMAND_LINE = cache(typer.main.get_command)
EVERY = pytest.mark.parametrize("layout", LAYOUTS, ids=[layout.name for layout in LAYOUTS])


def listed(name: str) -> dict[str, str]:
    """Read a list of layouts that are not right yet, each with what happens now."""
    lines = (ASIDE / name).read_text(encoding="utf-8").splitlines()
    return {name: now for name, _, now in (line.partition(": ") for line in lines if line)}


NOT_YET, NOT_PREDICTED_YET = listed("layouts_not_yet.txt"), listed("layouts_not_predicted_yet.txt")


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count no tokens, start no processes, wait for no disk, and make the command line once: all that takes longer."""
    monkeypatch.setattr("clf.prepare.token_counter", lambda settings: None)
    monkeypatch.setattr("clf.data.preparing.ingest.INLINE_BATCHES", 1000)
    monkeypatch.setattr("os.fsync", lambda file: None)
    monkeypatch.setattr("typer.main.get_command", COMMAND_LINE)


@EVERY
def test_a_layout_is_read_as_its_user_expects(clf: RunClf, own_folder: Path, layout: Layout) -> None:
    """Also follow the hint of what is refused, and read a new file of what is read as `clf predict` does."""
    right = layout.build(own_folder, True)
    happened = prepare(clf, layout.arguments)
    wrong = wrongs(happened, right)
    if layout.name in NOT_YET:
        assert wrong, f"{layout.name} is right now: take it out of layouts_not_yet.txt"
        return
    assert not wrong, "\n".join(wrong)
    outcome = matched(happened, right)
    if isinstance(outcome, Refused):
        check_hint(clf, own_folder, happened.line("hint"), outcome)
    elif layout.predict:
        (own_folder / "new").mkdir()
        layout.build(own_folder / "new", False)
        check_new_file(own_folder / "new" / layout.arguments[0], happened.folder, layout, outcome)


def check_hint(clf: RunClf, folder: Path, hint: str, refused: Refused) -> None:
    """Do what a hint says: every flag that it names leads to a dataset, or to another true sentence."""
    assert not unfollowed(hint, refused.follow), hint
    for follow in refused.follow:
        if follow.first or flags_of(hint) & set(follow.arguments):
            if follow.first:
                follow.first(folder)
            then = prepare(clf, follow.arguments)
            assert not wrongs(then, follow.right), "\n".join(wrongs(then, follow.right))


def check_new_file(path: Path, prepared: Path, layout: Layout, outcome: Read) -> None:
    """A model trained on a layout finds the texts of a new file of that layout, which has no labels."""
    found = Counter(read_for_predict(path, prepared))
    missing = Counter(text for text, _ in outcome.rows) - found
    if layout.name in NOT_PREDICTED_YET:
        assert missing, f"{layout.name} is predicted now: take it out of layouts_not_predicted_yet.txt"
    else:
        assert not missing, (missing.most_common(1), found.most_common(1))


def read_for_predict(path: Path, prepared: Path) -> list[str]:
    """Read the texts of a new file as `clf predict` does with a model that was trained on a prepared dataset."""
    trained = PreparedDataset(prepared).manifest.text_columns
    settings = DataSettings()
    incoming = open_incoming(path, settings, trained, keep=True)
    windows = list(incoming.windows(1000))
    record = SimpleNamespace(dataset=SimpleNamespace(text_columns=trained))
    columns = _text_columns(windows[0], record, settings, incoming.shown)  # type: ignore[arg-type]
    return [text for batch in windows for text in _texts(batch, columns) if text]


def test_the_lists_of_what_is_not_right_yet_name_layouts() -> None:
    names = [layout.name for layout in LAYOUTS]
    assert len(names) == len(set(names))
    assert {*NOT_YET, *NOT_PREDICTED_YET} <= set(names)
