"""Options are made from settings, one spelling each."""

import inspect

import pytest

from clf.cli.options import Presentation, normalize_name, uses
from clf.settings import Settings, TrainSettings
from conftest import RunClf


@uses("train", "data.dataset", "run.-output_dir")
def example(settings: Settings, presentation: Presentation, source: str = "") -> None:
    """Do nothing."""


def test_each_field_of_a_section_becomes_an_option() -> None:
    names = set(inspect.signature(example).parameters)
    assert set(TrainSettings.model_fields) | {"source"} <= names
    assert "dataset" in names
    assert "validation" not in names
    assert "seed" in names
    assert "output_dir" not in names
    assert {"config", "json", "quiet", "verbose", "debug"} <= names


def test_a_switch_that_is_on_gets_its_opposite_and_one_that_is_off_does_not(clf: RunClf) -> None:
    shown = clf("prepare", "--help").out
    assert "--no-strip-html" in shown
    assert "--no-header" in shown
    assert "--no-no-header" not in shown


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("test_run", "test-run"), ("max_seq_length", "max-length"), ("epochs", "epochs"), ("lr", "learning-rate")],
)
def test_names_are_normalized(typed: str, meant: str) -> None:
    assert normalize_name(typed) == meant
