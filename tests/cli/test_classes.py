"""The classes of the commands."""

from collections.abc import Callable
from typing import Any


def test_help_looks_the_same_whether_it_is_stored_or_made(clf: Callable[..., Any]) -> None:
    made = clf("predict", "--help", "--quiet")
    assert made.code == 0
    assert made.out.startswith("Usage: clf predict")


def test_clf_alone_shows_the_help_and_is_wrong_usage(clf: Callable[..., Any]) -> None:
    shown = clf()
    assert shown.code == 2
    assert "serve" in shown.out
