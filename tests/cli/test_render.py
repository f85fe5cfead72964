"""Nothing foreign is active on a terminal."""

import json

import pytest

from clf.cli.show.compare import print_examples
from clf.cli.show.tables import print_classes, print_confusion
from clf.cli.show.terminal import print_error
from clf.errors import DataError
from clf.outcomes.base import ClassMetrics
from clf.outcomes.comparison import Answer, Example
from clf.reports.safety import safe

HOSTILE = "\x1b]0;title\x07[/x] [bold]b[/bold] \u202eabc \x9b31m"


def test_control_and_bidi_characters_become_visible() -> None:
    shown = safe(HOSTILE)
    assert "\\x1b" in shown
    assert "\\u202e" in shown
    assert "\\x9b" in shown
    assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(shown)


def test_secrets_become_stars() -> None:
    assert safe("hf_abcdefghijklmnop at http://user:password@host/x") == "*** at http://***@host/x"


def test_an_error_is_one_line_and_a_hint_and_markup_in_it_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(DataError(f"bad\n{HOSTILE}", "do [this]"), as_json=True)
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["error", "hint"]
    assert "[/x] [bold]b[/bold]" in lines[0]
    assert "[this]" in lines[1]
    assert json.loads(captured.out)["error"]["kind"] == "data"


def test_labels_with_markup_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    row = ClassMetrics(precision=None, recall=0.5, f1=0.25, rows=3)
    print_classes({"[/x]": row, "[red]a": row})
    print_confusion([[1, 2], [3, 4]], ["[/x]", "[red]a"])
    candidate = Answer(name="a", label="[/x]", confidence=0.5)
    baseline = Answer(name="b", label="c", confidence=0.5)
    print_examples([Example(text="[/y]", label="[/x]", candidate=candidate, baseline=baseline)])
    out = capsys.readouterr().out
    assert "[/x]" in out
    assert "[red]a" in out
    assert "not defined" in out
    assert "[/y]" in out
