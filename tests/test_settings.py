"""Every setting is declared once, with limits, help and a name of its own; recorded settings are read back."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from clf.settings import (
    CompareSettings,
    DataSettings,
    ReportSettings,
    RunSettings,
    Section,
    Settings,
    TrainSettings,
    flag,
    section_type,
)
from clf.settings_sources import load_settings, variable_names


def test_explicit_values_are_known_apart_from_defaults() -> None:
    settings = load_settings({"data": {"text_column": ["a"]}})
    together = settings.data.overlaid_on(DataSettings(text_column=[], label_column="y"))
    assert together == DataSettings(text_column=["a"], label_column="y")


def test_every_setting_has_a_sentence_of_help_and_one_name() -> None:
    names = []
    for section in Settings.model_fields:
        for name, field in type(getattr(Settings(), section)).model_fields.items():
            assert field.description, f"{section}.{name}"
            names.append(name)
    shared = {name for name in names if names.count(name) > 1}
    assert shared == {"model"}, "two settings of one name would be one flag"
    assert "CLF_TRAIN__EPOCHS" in variable_names()


def values_within(section: str, name: str, *values: object) -> list[object]:
    """Return those of the values that a setting accepts."""
    accepted: list[object] = []
    for value in values:
        try:
            section_type(section)(**{name: value})
        except ValidationError:
            continue
        accepted.append(value)
    return accepted


@pytest.mark.parametrize(
    ("setting", "accepted", "refused"),
    [
        ("run.seed", [0, 2**32 - 1], [-1, 2**32, 0.5]),
        ("data.validation_size", [0.0, 0.999], [-0.001, 1.0]),
        ("data.max_length", [None, 4, 100_000], [3, 100_001]),
        ("data.max_train_samples", [None, 2], [1]),
        ("data.dataset", [None, "x"], [""]),
        ("compute.device", ["auto", "cpu", "mps", "cuda", "cuda:12"], ["gpu", "cuda:", "cpu:0", "cuda:0 ", "CPU"]),
        ("train.epochs", ["auto", 1, 10_000], [0, 10_001, "all"]),
        ("train.learning_rate", ["auto", 1e-9, 1.0], [0.0, 1.1, float("nan"), float("inf")]),
        ("train.eval_steps", ["auto", "epoch", 1], [0, "step"]),
        ("train.label_smoothing", [0.0, 0.5], [1.0, -0.1]),
        ("evaluate.folds", [None, 2, 20], [1, 21]),
        ("confidence.target_accuracy", [None, 0.5], [0, 1]),
        ("confidence.target_coverage", [None, 1], [0, 1.1]),
        ("compare.margin", [None, 1], [0, 1.1]),
        ("compare.min_improvement", [0.0, 1.0], [-0.1, 1.1]),
        ("predict.threshold", [None, 0, 1], [-0.1, 1.1]),
        ("demo.rows", [20, 2000], [19, 2001]),
        ("download.download_timeout", [1, 86_400], [0, 86_401]),
    ],
)
def test_a_setting_has_limits(setting: str, accepted: list[object], refused: list[object]) -> None:
    section, _, name = setting.partition(".")
    assert values_within(section, name, *accepted, *refused) == accepted


@pytest.mark.parametrize(
    ("value", "columns"),
    [
        ("review", ["review"]), ('["a", "b"]', ["a", "b"]), (["a", "b"], ["a", "b"]), ([], []), ("[]", []), ("", [""]),
        ("a,b", ["a,b"]),
    ],
)  # fmt: skip
def test_a_list_may_be_one_word_or_json(value: Any, columns: list[str]) -> None:
    assert DataSettings(text_column=value).text_column == columns


def test_the_columns_are_those_that_were_named_in_their_order() -> None:
    assert DataSettings().columns == []
    data = DataSettings(text_column=["title", "body"], label_column="0", group_column="author")
    assert data.columns == ["title", "body", "0", "author"]
    assert DataSettings(group_column="author").columns == ["author"]


def test_settings_do_not_change_after_they_were_made() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        TrainSettings().epochs = 3  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        TrainSettings(epoch=3)  # type: ignore[call-arg]


def test_recorded_settings_of_another_version_are_read_without_what_is_unknown() -> None:
    assert TrainSettings.known({"epochs": 3, "of_the_future": 1}) == {"epochs": 3}
    assert TrainSettings.known({}) == {}
    assert TrainSettings.known("not a table") == "not a table"


def test_an_explicit_default_overrides_what_was_recorded() -> None:
    recorded = CompareSettings(metric="accuracy", margin=0.1)
    assert CompareSettings(metric="macro_f1").overlaid_on(recorded) == CompareSettings(metric="macro_f1", margin=0.1)
    assert CompareSettings().overlaid_on(recorded) == recorded


def test_the_flag_of_a_setting_has_hyphens() -> None:
    assert (flag("epochs"), flag("max_train_samples")) == ("--epochs", "--max-train-samples")


def test_a_section_is_found_by_its_name() -> None:
    assert section_type("train") is TrainSettings
    assert all(issubclass(section_type(section), Section) for section in Settings.model_fields)
    with pytest.raises(KeyError):
        section_type("trian")


def test_a_path_to_write_to_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert RunSettings(output_dir=Path("~/x")).output_dir == tmp_path / "x"
    assert RunSettings(output_dir=Path("x~")).output_dir == Path("x~")
    reports = ReportSettings(report=Path("~/r.html"), junit=Path("~/r.xml"), markdown=Path("~/r.md"))
    assert {path.parent for path in (reports.report, reports.junit, reports.markdown) if path} == {tmp_path}
