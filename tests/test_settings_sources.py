"""Which source of a setting wins, and that a bad value is refused by the name of its source."""

from pathlib import Path

import pytest

from clf.errors import UsageError
from clf.settings import Settings, section_type
from clf.settings_sources import given_variables, load_settings, variable_names


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
        (
            "",
            "",
            {"data": {"dataset": "x\udcff.csv"}},
            r"--dataset 'x\udcff.csv' is not valid UTF-8",
            "give the file a",
        ),
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


SERVICE_LINKS = {
    "CLF_SERVICE_HOST": "10.0.0.1", "CLF_SERVICE_PORT": "8000", "CLF_SERVICE_PORT_HTTP": "8000",
    "CLF_PORT": "tcp://10.0.0.1:8000", "CLF_PORT_8000_TCP": "tcp://10.0.0.1:8000", "CLF_PORT_8000_TCP_PROTO": "tcp",
    "CLF_PORT_8000_TCP_PORT": "8000", "CLF_PORT_8000_TCP_ADDR": "10.0.0.1", "CLF_SERVE_PORT": "tcp://10.0.0.2:80",
    "CLF_SERVE_SERVICE_HOST": "10.0.0.2",
}  # fmt: skip
"""What every pod gets where services are called `clf` and `clf-serve`."""


def test_addresses_of_services_in_kubernetes_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SERVICE_LINKS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match="is not a setting"):  # elsewhere they are mistakes
        load_settings()
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.9")
    assert load_settings().serve.port == 8000
    assert not set(given_variables()) & set(SERVICE_LINKS)
    monkeypatch.setenv("CLF_SERVE_PORT", "9000")
    with pytest.raises(UsageError, match="CLF_SERVE_PORT is not a setting"):
        load_settings()


def test_a_settings_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no settings file other\.toml"):
        load_settings(config=Path("other.toml"))


@pytest.mark.parametrize(
    ("toml", "message", "hint"),
    [
        ("[" * 2000, "clf.toml", ""),
        ("[train]\nepochs = []\n", "train.epochs in clf.toml: expected", "--help"),
        ("train = 5\n", "[train] in clf.toml: expected a valid dictionary", "--help"),
        (
            "[data]\nsplit = 'all'\n",
            "data.split in clf.toml: expected 'train', 'validation' or 'test', found 'all'",
            "--help",
        ),
        ("[run]\nseed = 4294967296\n", "run.seed in clf.toml: expected less than 4294967296", "--help"),
        ("[data]\ndataset = ''\n", "data.dataset in clf.toml: it should have at least 1 character", "--help"),
        (
            "[data]\nzzzzzz = 1\n",
            "data.zzzzzz in clf.toml: no such setting",
            "known settings: dataset, validation, test",
        ),
    ],
)
def test_a_bad_file_is_refused_by_its_name(own_folder: Path, toml: str, message: str, hint: str) -> None:
    (own_folder / "clf.toml").write_text(toml)
    with pytest.raises(UsageError) as refused:
        load_settings()
    assert message in refused.value.message
    assert hint in refused.value.hint


def test_a_list_that_is_no_json_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLF_DATA__TEXT_COLUMN", "[score]")
    with pytest.raises(UsageError) as refused:
        load_settings()
    assert refused.value.message == (
        'CLF_DATA__TEXT_COLUMN: expected a single name or a JSON list such as ["a", "b"], found \'[score]\''
    )


def test_a_flag_is_named_before_a_variable_and_a_variable_before_the_file(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_folder / "clf.toml").write_text("[train]\nbatch_size = 0\n")
    monkeypatch.setenv("CLF_TRAIN__BATCH_SIZE", "-1")
    with pytest.raises(UsageError, match=r"^CLF_TRAIN__BATCH_SIZE: .*found '-1'"):
        load_settings()
    with pytest.raises(UsageError, match=r"^--batch-size: .*found -2"):
        load_settings({"train": {"batch_size": -2}})


def test_two_targets_for_the_confidence_are_refused_whatever_their_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLF_CONFIDENCE__TARGET_ACCURACY", "0.9")
    with pytest.raises(UsageError) as refused:
        load_settings({"confidence": {"target_coverage": 0.5}})
    assert refused.value.message == "--target-accuracy and --target-coverage were both given, but only one can be used"
    assert refused.value.hint == "pass only one of them"


def test_another_file_replaces_the_one_in_the_folder(own_folder: Path) -> None:
    (own_folder / "clf.toml").write_text("[train]\nepochs = 9\n")
    (own_folder / "my settings.toml").write_text("[run]\nseed = 5\n")
    settings = load_settings(config=Path("my settings.toml"))
    assert (settings.run.seed, settings.train.epochs) == (5, "auto")


def test_only_what_was_set_counts_as_set(own_folder: Path) -> None:
    (own_folder / "clf.toml").write_text("[train]\nepochs = 9\n")
    settings = load_settings({"run": {"seed": 42}})
    assert settings.train.model_fields_set == {"epochs"}
    assert settings.run.model_fields_set == {"seed"}
    assert settings.data.model_fields_set == set()
    assert type(settings) is Settings


def test_there_is_a_variable_for_each_setting_and_one_for_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    names = variable_names()
    assert len(names) == len(set(names)) == sum(len(section_type(part).model_fields) for part in Settings.model_fields)
    assert {"CLF_RUN__SEED", "CLF_TRAIN__EPOCHS", "CLF_DOWNLOAD__DOWNLOAD_TIMEOUT"} <= set(names)
    monkeypatch.setenv("CLF_CONFIG", "")
    assert load_settings() == Settings()
