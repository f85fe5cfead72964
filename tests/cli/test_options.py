"""Options are made from settings, one spelling each."""

import inspect
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from clf import __version__
from clf.cli.options import Presentation, normalize_name, print_version, uses, wants_json
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
    [
        ("test_run", "test-run"),
        ("max_seq_length", "max-length"),
        ("epochs", "epochs"),
        ("lr", "learning-rate"),
        ("macro_f1", "macro_f1"),
        ("log_loss", "log_loss"),
    ],
)
def test_names_are_normalized(typed: str, meant: str) -> None:
    assert normalize_name(typed) == meant


def typed(*arguments: str) -> tuple[Settings, Presentation, dict[str, Any]]:
    """Return what a command gets from these arguments: its settings, how to print, and its own parameters."""
    got: list[tuple[Settings, Presentation, dict[str, Any]]] = []
    app = typer.Typer(context_settings={"token_normalize_func": normalize_name})

    @app.command()
    @uses("train", "cleaning", "data.text_column", "compare.metric", own=["epochs"])
    def command(settings: Settings, presentation: Presentation, source: str = "none") -> None:
        got.append((settings, presentation, {"source": source}))

    app(args=list(arguments), standalone_mode=False)
    return got[0]


def test_what_was_not_typed_leaves_variables_and_file_in_effect(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLF_TRAIN__BATCH_SIZE", "4")
    (own_folder / "clf.toml").write_text("[train]\nbatch_size = 8\nfast_dropout = false\n")
    settings, _, own = typed("--lr", "0.5", "--source", "here")
    assert settings.train.model_fields_set == {"batch_size", "fast_dropout", "learning_rate"}
    assert (settings.train.batch_size, settings.train.fast_dropout, settings.train.learning_rate) == (4, False, 0.5)
    assert own == {"source": "here"}


def test_a_typed_value_counts_even_if_it_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLF_TRAIN__BATCH_SIZE", "4")
    assert typed("--batch-size", "16")[0].train.batch_size == 16


@pytest.mark.parametrize(
    ("arguments", "section", "name", "value"),
    [
        (("--epochs", "auto"), "train", "epochs", "auto"), (("--epochs", "3"), "train", "epochs", 3),
        (("--no-strip-html",), "cleaning", "strip_html", False), (("--strip-html",), "cleaning", "strip_html", True),
        (("--test_run",), "train", "test_run", True), (("--metric", "weighted_f1"), "compare", "metric", "weighted_f1"),
        (("--text-column", "a", "--text-column", "b c"), "data", "text_column", ["a", "b c"]),
    ],
)  # fmt: skip
def test_a_flag_sets_its_setting(arguments: tuple[str, ...], section: str, name: str, value: object) -> None:
    settings, _, _ = typed(*arguments)
    assert getattr(getattr(settings, section), name) == value
    assert getattr(settings, section).model_fields_set == {name}


def test_flags_of_the_output_and_the_settings_file_reach_the_command(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_folder / "other.toml").write_text("[train]\nbatch_size = 2\n")
    for arguments in (("--config", "other.toml"), ()):
        settings, presentation, _ = typed("--json", "--debug", *arguments)
        assert settings.train.batch_size == 2
        assert vars(presentation) == {
            "json": True, "quiet": False, "verbose": False, "debug": True, "config": Path("other.toml"),
            "settings_note": "settings from other.toml: train.batch_size",
        }  # fmt: skip
        monkeypatch.setenv("CLF_CONFIG", "other.toml")


def test_the_help_shows_numbers_words_and_which_default_a_command_chooses_itself() -> None:
    parameters = inspect.signature(uses("train", own=["epochs"])(example_of_train)).parameters
    epochs, batch, rate = (
        parameters[name].annotation.__metadata__[0] for name in ("epochs", "batch_size", "learning_rate")
    )
    assert (epochs.metavar, epochs.show_default) == ("<int|auto>", "chosen by this command")
    assert (batch.metavar, batch.show_default) == (None, True)
    assert (rate.metavar, rate.show_default) == ("<float|auto>", True)


def example_of_train(settings: Settings, presentation: Presentation) -> None:
    """Do nothing."""


def test_brackets_in_a_help_text_are_no_markup() -> None:
    option = inspect.signature(uses("run")(example_of_train)).parameters["output_dir"].annotation.__metadata__[0]
    assert option.help == "Output folder. \\[default: named after the model and the dataset]"
    assert option.show_default is False  # the text says it


def test_the_version_ends_the_command_and_its_absence_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    print_version(False)
    assert capsys.readouterr().out == ""
    with pytest.raises(typer.Exit):
        print_version(True)
    assert capsys.readouterr().out == f"clf {__version__}\n"


def test_json_is_recognised_in_any_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["clf", "train", "--json"])
    assert wants_json(None)
    assert wants_json(["--nonsense", "--json"])
    assert not wants_json([])
    assert not wants_json(["--jsonl", "json"])
