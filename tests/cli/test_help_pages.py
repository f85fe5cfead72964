"""The stored help is the one that the options give."""

import json
from importlib.resources import files

from clf.cli.help import COMMANDS, KEPT
from clf.cli.help_pages import pages

KNOWN = json.loads(files("clf.cli").joinpath(KEPT).read_text(encoding="utf-8"))


def test_what_is_kept_is_current() -> None:
    assert pages() == KNOWN, "run make docs"


def test_there_is_a_page_for_each_command_and_one_for_clf_itself() -> None:
    named = [name for name, _ in KNOWN[""]["sections"][COMMANDS]]
    assert set(KNOWN) == {"", *named}
    assert [name for name in KNOWN if name and not KNOWN[name]["usage"].startswith(f"clf {name} ")] == []


def test_every_option_has_a_meaning_and_no_markup() -> None:
    rows = [row for page in KNOWN.values() for part in page["sections"].values() for row in part]
    assert [name for name, meaning in rows if not meaning] == []
    assert [name for name, meaning in rows if "\\[" in name + meaning] == []
