"""One settings object: who wins, what is refused, and where a bad value came from."""

from pathlib import Path

import pytest

from clf.errors import UsageError
from clf.settings import DataSettings, Settings
from clf.settings_sources import load_settings, variable_names


def test_a_flag_beats_a_variable_beats_the_file_beats_the_default(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings().train.epochs == "auto"
    (own_folder / "clf.toml").write_text("[train]\nepochs = 9\nbatch_size = 4\n")
    assert load_settings().train.epochs == 9
    monkeypatch.setenv("CLF_TRAIN__EPOCHS", "7")
    assert load_settings().train.epochs == 7
    both = load_settings({"train": {"epochs": 3}})
    assert (both.train.epochs, both.train.batch_size) == (3, 4)


def test_lists_may_be_one_word_or_json(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLF_DATA__TEXT_COLUMN", "review")
    monkeypatch.setenv("CLF_COMPARE__BASELINE", '["tfidf", "other"]')
    settings = load_settings()
    assert (settings.data.text_column, settings.compare.baseline) == (["review"], ["tfidf", "other"])


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLF_TRAIN__EPOCHS", "")
    assert load_settings().train.epochs == "auto"


def test_explicit_values_are_known_apart_from_defaults() -> None:
    settings = load_settings({"data": {"text_column": ["a"]}})
    together = settings.data.overlaid_on(DataSettings(text_column=[], label_column="y"))
    assert together == DataSettings(text_column=["a"], label_column="y")


@pytest.mark.parametrize(
    ("variable", "toml", "overrides", "message", "hint"),
    [
        (
            "",
            "",
            {"train": {"epochs": 0}},
            "--epochs: expected greater than or equal to 1, or 'auto', found 0",
            "--help",
        ),
        (
            "",
            "",
            {"train": {"learning_rate": float("nan")}},
            "--learning-rate: expected a finite number, or 'auto', found nan",
            "",
        ),
        ("", "", {"run": {"seed": -1}}, "--seed: expected greater", ""),
        ("CLF_TRAIN__EPOCHS=x", "", {}, "CLF_TRAIN__EPOCHS: expected a valid integer", ""),
        ("CLF_TRAIN__EPOCH=1", "", {}, "CLF_TRAIN__EPOCH is not a setting", "CLF_TRAIN__EPOCHS"),
        ("CLF_TRIAN__EPOCHS=1", "", {}, "CLF_TRIAN__EPOCHS is not a setting", "CLF_TRAIN__EPOCHS"),
        ("CLF_EPOCHS=1", "", {}, "CLF_EPOCHS is not a setting", ""),
        ("", "[train]\nepochs = 0\n", {}, "train.epochs in clf.toml: expected greater", ""),
        ("", "[train]\nepoch = 1\n", {}, "train.epoch in clf.toml: no such setting", "epochs"),
        ("", "[trian]\nepochs = 1\n", {}, "[trian] in clf.toml: no such setting", "train"),
        ("", "[train\n", {}, "clf.toml is not valid TOML", ""),
        ("", "[train]\nepochs = 1\nepochs = 2\n", {}, "clf.toml is not valid TOML", ""),
    ],
)
def test_a_bad_value_names_where_it_came_from(
    variable: str, toml: str, overrides: dict[str, dict[str, object]], message: str, hint: str,
    own_folder: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if variable:
        monkeypatch.setenv(*variable.split("="))
    if toml:
        (own_folder / "clf.toml").write_text(toml)
    with pytest.raises(UsageError) as refused:
        load_settings(overrides)
    assert message in refused.value.message
    assert hint in refused.value.hint
    assert refused.value.exit_code == 2


def test_a_settings_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no settings file other\.toml"):
        load_settings(config=Path("other.toml"))


def test_every_setting_has_a_sentence_of_help_and_one_name() -> None:
    names = []
    for section in Settings.model_fields:
        for name, field in type(getattr(Settings(), section)).model_fields.items():
            assert field.description, f"{section}.{name}"
            names.append(name)
    shared = {name for name in names if names.count(name) > 1}
    assert shared == {"model"}, "two settings of one name would be one flag"
    assert "CLF_TRAIN__EPOCHS" in variable_names()
