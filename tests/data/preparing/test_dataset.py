"""A whole preparation: the folder it leaves, what its key depends on, and settings that no longer apply."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from clf import __version__
from clf.data.prepared import PreparedDataset
from clf.data.preparing import dataset
from clf.data.preparing.clusters import find_clusters
from clf.data.preparing.dataset import check_prepared, check_sizes, measured_with, preparation_key, prepare_into
from clf.data.preparing.rows import Rows, TextStore
from clf.data.sources.source import Source
from clf.errors import DataError, UsageError
from clf.settings import CleaningSettings, DataSettings
from clf.storage.disk import sha256
from support.prepared import Table, sides, split_of, table

CLEANING = CleaningSettings()
ROWS = [(f"<b>text</b> {number}", str(number % 2)) for number in range(20)]


class Words:
    """Counts words instead of tokens; its tokenizer is a file of the test's own."""

    def __init__(self, file: Path | None, model: str = "words") -> None:
        self.model, self.file = model, file

    def __call__(self, texts: Sequence[str]) -> NDArray[np.int64]:
        return np.array([len(text.split()) for text in texts], dtype=np.int64)


def source_of(splits: Mapping[str, Table] | Table = ROWS, **known: Any) -> Source:
    """Return a source with these rows; rows alone are its train split."""
    named = splits if isinstance(splits, Mapping) else {"train": splits}
    return Source("d", "here", {split: split_of(rows) for split, rows in named.items()}, **known)


def prepared(folder: Path, source: Source, seed: int = 1, **given: Any) -> PreparedDataset:
    """Prepare a source into a new folder; `given` are data settings and the arguments that have names."""
    named = {name: given.pop(name) for name in ("measure_only", "subset", "counter") if name in given}
    folder.mkdir()
    return prepare_into(folder, source, DataSettings(**given), CLEANING, seed, **named)


# --- what is prepared ---------------------------------------------------------------------------------------


def test_a_folder_holds_the_splits_and_what_is_known_about_them(tmp_path: Path) -> None:
    source = source_of(fingerprint="f", rows_generated=20)
    found = prepared(tmp_path / "d", source, seed=3, dataset="typed", validation_size=0.2)
    assert {path.name for path in found.folder.iterdir()} == {
        "train.parquet", "validation.parquet", "test.parquet", "labels.json", "audit.json", "manifest.json",
    }  # fmt: skip
    assert found.audit.rows == {"train": 14, "validation": 4, "test": 2}
    assert found.audit.classes == {split: {"0": rows // 2, "1": rows // 2} for split, rows in found.audit.rows.items()}
    manifest = found.manifest
    assert (manifest.clf_version, manifest.name, manifest.origin, manifest.fingerprint) == (
        __version__,
        "d",
        "here",
        "f",
    )
    assert (manifest.dataset, manifest.seed, manifest.rows_generated) == ("typed", 3, 20)
    assert (manifest.text_columns, manifest.labels, manifest.cleaning) == (["text"], ["0", "1"], CLEANING)
    assert sides(found.folder).keys() == {text for text, _ in ROWS}


def test_equal_runs_give_equal_files_and_another_seed_gives_others(tmp_path: Path) -> None:
    files = [prepared(tmp_path / str(run), source_of(), seed).manifest.files for run, seed in enumerate((1, 1, 2))]
    assert files[0] == files[1]
    assert files[0]["test.parquet"] != files[2]["test.parquet"]


def test_files_with_further_splits_are_recorded_from_the_root(tmp_path: Path, own_folder: Path) -> None:
    found = prepared(tmp_path / "d", source_of(), test=Path("../x.csv"), validation=Path("~/v.csv"))
    assert found.manifest.data.test == own_folder.parent.resolve() / "x.csv"
    assert found.manifest.data.validation == Path.home().resolve() / "v.csv"


def test_labels_get_their_final_ids_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    rows = [(f"text {number}", ("10", "2", "7")[number % 3]) for number in range(30)]
    found = prepared(tmp_path / "d", source_of(rows), label_map="7=seven")
    train = table(found.folder, "train")
    assert found.labels == ["2", "seven", "10"]
    assert [found.labels[label] for label in train["label"]] == train["label_name"]
    numbers = [int(str(text).split()[1]) for text in train["text"]]
    assert train["label_name"] == [("10", "2", "seven")[number % 3] for number in numbers]


def test_a_label_whose_rows_are_all_dropped_gets_no_id(tmp_path: Path) -> None:
    header = ("text", "label", "label_name")
    rows = [(f"text {number}", "ab"[number % 2], "AB"[number % 2]) for number in range(20)]
    source = replace(source_of(), splits={"train": split_of([("<br />", "0", "A"), *rows], header)})
    found = prepared(tmp_path / "d", source)
    assert (found.labels, found.audit.labels) == (["A", "B"], ["A", "B"])
    assert set(table(found.folder, "train")["label"]) == {0, 1}


def test_dropped_rows_are_told_with_their_first_lines(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [*[("", "0")] * 11, ("no label", ""), *ROWS]
    prepared(tmp_path / "d", source_of({"train": rows, "test": [("x", "0"), ("<i>", "1")]}))
    lines = ", ".join(map(str, range(2, 12)))
    assert [message for message in caplog.messages if "dropped" in message] == [
        f"train: dropped 11 of 32 rows with no text (line {lines} …)",
        "train: dropped 1 of 32 rows with no label (line 13)",
        "test: dropped 1 of 2 rows with no text after cleaning (line 3)",
    ]


def test_for_measuring_dropped_rows_are_told_of_the_requested_split(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    prepared(tmp_path / "d", source_of([("", "0"), *ROWS]), measure_only=True, split="validation")
    assert [message for message in caplog.messages if "dropped" in message] == [
        "validation: dropped 1 of 21 rows with no text (line 2)"
    ]


def test_texts_that_stand_for_missing_ones_are_told_if_they_come_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    prepared(tmp_path / "d", source_of({"train": [("nan", "0"), ("None", "1"), ("nan", "1"), *ROWS]}))
    assert [message for message in caplog.messages if "missing" in message] == [
        "train: 2 of 23 rows have the text 'nan', which programs write for a missing text; they are kept; empty these"
        " cells in the file to leave the rows out"
    ]


def test_leaks_are_counted_in_the_final_splits(tmp_path: Path) -> None:
    found = prepared(tmp_path / "d", source_of({"train": ROWS, "test": [ROWS[0], ("new", "1")]}), drop_leaks=True)
    assert (found.audit.leaks, found.audit.rows) == ({"test_in_train": 1}, {"train": 17, "validation": 2, "test": 2})
    assert found.audit.leaks_after_split is not None
    assert found.audit.leaks_after_split.exact["test_in_train"] == 0
    assert found.audit.dropped == {"stands in validation or test too": 1}


def test_labels_are_checked_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^imdb: every label is 'a'"):
        prepared(tmp_path / "d", source_of([("x", "a"), ("y", "a")]))
    assert list((tmp_path / "d").iterdir()) == []


# --- for measuring, and subsets -----------------------------------------------------------------------------


def test_a_dataset_of_which_no_row_has_a_label_says_so(tmp_path: Path) -> None:
    message = r"^file\.csv: no row has both a text and a label: all 4 rows have no label$"
    with pytest.raises(DataError, match=message) as refused:
        prepared(tmp_path / "d", source_of([(f"text {row}", "") for row in range(4)]), dataset="file.csv")
    assert refused.value.hint.startswith("label the texts first, or pass --label-column")


def test_for_measuring_no_split_is_made_and_texts_are_not_compared(tmp_path: Path) -> None:
    found = prepared(tmp_path / "d", source_of([("one", "a"), ("two", "a")]), measure_only=True)
    assert (found.splits, found.audit.rows) == (["test"], {"test": 2})
    assert "near_duplicates" not in found.audit.model_fields_set


def test_for_measuring_the_requested_split_is_enough(tmp_path: Path) -> None:
    splits = {"validation": ROWS[:3], "test": ROWS[3:]}
    assert prepared(tmp_path / "d", source_of(splits), measure_only=True, split="validation").audit.rows == {
        "validation": 3
    }


def test_a_temporary_file_that_changes_meanwhile_is_an_error_for_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(rows: Rows, store: TextStore) -> Any:
        (store.folder / "000000.bands.npy").write_bytes(b"")
        return find_clusters(rows, store)

    monkeypatch.setattr("clf.data.preparing.dataset.find_clusters", cut)
    with pytest.raises(DataError, match=r"a temporary file changed: .*000000\.bands\.npy is damaged"):
        prepared(tmp_path / "new", source_of())


def test_subsets_are_taken_only_on_request(tmp_path: Path) -> None:
    most = {"max_train_samples": 4, "max_eval_samples": 2}
    rows = [(f"text {number}", str(number % 2)) for number in range(40)]
    assert prepared(tmp_path / "a", source_of(rows), **most).audit.rows == {"train": 32, "validation": 4, "test": 4}
    taken = prepared(tmp_path / "b", source_of(rows), subset=True, **most)
    assert taken.audit.rows == {"train": 4, "validation": 2, "test": 2}
    assert taken.audit.classes["train"] == {"0": 2, "1": 2}


# --- lengths ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("long", "said"), [(1, ""), (2, "10 %"), (20, "100 %")])
def test_many_truncated_training_texts_are_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, long: int, said: str
) -> None:
    (tmp_path / "tokenizer.json").write_text("x")
    rows = [
        (f"a text of six words {number}" if number < long else f"text {number}", str(number % 2))
        for number in range(20)
    ]
    given = {"train": rows, "validation": [("new", "0")], "test": [("also", "1")]}
    found = prepared(tmp_path / "d", source_of(given), counter=Words(tmp_path / "tokenizer.json"), max_length=5)
    lengths = found.audit.truncated
    assert lengths is not None
    assert (lengths.model, lengths.measured_texts, lengths.tokens.max) == ("words", 20, 6)
    assert lengths.share_longer_than["5"] == long / 20
    warnings = [message for message in caplog.messages if "tokens" in message]
    assert warnings == [f"{said} of the texts are longer than 5 tokens and will be truncated"] * bool(said)
    assert found.manifest.lengths == measured_with(Words(tmp_path / "tokenizer.json"), 5)


def test_lengths_are_measured_on_a_part_of_very_many_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tokenizer.json").write_text("x")
    monkeypatch.setattr(dataset, "LENGTH_TEXTS", 7)
    found = prepared(tmp_path / "d", source_of(), counter=Words(tmp_path / "tokenizer.json"))
    assert found.audit.truncated is not None
    assert found.audit.truncated.measured_texts == 7
    assert list(found.audit.truncated.share_longer_than) == ["64", "128", "256", "512"]


def test_without_a_tokenizer_at_hand_lengths_are_not_measured(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    found = prepared(tmp_path / "d", source_of(), counter=Words(None, "bert"))
    assert found.audit.as_json()["truncated"] is None
    assert "the tokenizer of bert is not on this machine, so lengths in tokens are not measured" in caplog.messages


def test_a_measurement_is_known_by_its_tokenizer_and_its_limit(tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    file.write_text("x")
    assert measured_with(Words(file), 7) == [sha256(file), 7]
    assert measured_with(Words(None), None) == measured_with(None, None) == [None, None]


# --- keys ---------------------------------------------------------------------------------------------------


def key_of(
    source: Source | None = None, cleaning: CleaningSettings = CLEANING, seed: int = 1, subset: bool = True, **data: Any
) -> str:
    return preparation_key(source or source_of(), DataSettings(**data), cleaning, seed, subset=subset)


@pytest.mark.parametrize(
    "changed",
    [
        lambda: key_of(source_of(fingerprint="other")),
        lambda: key_of(replace(source_of(), origin="there")),
        lambda: key_of(source_of(label_order=["b"])),
        lambda: key_of(source_of(class_names=["b"])),
        lambda: key_of(cleaning=CleaningSettings(strip_html=False)),
        lambda: key_of(seed=2),
        lambda: key_of(label_map="a=b"),
        lambda: key_of(test_size=0.2),
        lambda: key_of(drop_leaks=True),
        lambda: key_of(max_train_samples=5),
        lambda: key_of(max_eval_samples=5),
    ],
)  # fmt: skip
def test_the_key_changes_with_everything_that_determines_the_result(changed: Callable[[], str]) -> None:
    assert changed() != key_of()


def test_the_key_changes_with_the_version_of_clf(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of()
    monkeypatch.setattr(dataset, "__version__", "0")
    assert key_of() != before


def test_the_key_does_not_change_with_settings_that_apply_later() -> None:
    later = {"dataset": "x", "split": "train", "allow_leak": True, "max_length": 7}
    assert key_of(**later) == key_of()
    assert key_of(subset=False, max_train_samples=5) == key_of(subset=False) == key_of()


def test_the_key_changes_with_the_content_of_a_label_map(own_folder: Path) -> None:
    keys = []
    for content in ('{"1": "a"}', '{"1": "b"}', '{ "1": "a" }'):
        Path("map.json").write_text(content)
        keys.append(key_of(label_map="map.json"))
    assert keys[0] == keys[2] != keys[1]


def test_a_prepared_dataset_holds_its_key(tmp_path: Path) -> None:
    found = prepared(tmp_path / "d", source_of(), subset=True, max_train_samples=10)
    assert found.holds(key_of(max_train_samples=10))
    assert not found.holds(key_of(max_train_samples=11))


# --- settings that cannot apply -----------------------------------------------------------------------------


@pytest.mark.parametrize(("validation", "test"), [(0.5, 0.5), (0.1, 0.9), (0.6, 0.6)])
def test_shares_that_leave_nothing_to_train_on_are_refused(tmp_path: Path, validation: float, test: float) -> None:
    with pytest.raises(UsageError, match=r"^--validation-size and --test-size leave nothing to train on$") as refused:
        prepared(tmp_path / "d", source_of(), validation_size=validation, test_size=test)
    assert refused.value.hint == "keep their sum below 1"


def test_shares_just_below_everything_are_accepted() -> None:
    check_sizes(DataSettings(validation_size=0.5, test_size=0.49))


@pytest.mark.parametrize(
    ("data", "cleaning", "message"),
    [
        ({"test_size": 0.2}, {}, "--test-size is 0.2, but the dataset was prepared with 0.1"),
        ({"text_column": ["a"]}, {}, "--text-column is ['a'], but the dataset was prepared with []"),
        ({}, {"strip_html": False}, "--strip-html is False, but the dataset was prepared with True"),
    ],
)
def test_settings_that_a_prepared_dataset_was_not_prepared_with_are_refused(
    tmp_path: Path, data: dict[str, Any], cleaning: dict[str, Any], message: str
) -> None:
    found = prepared(tmp_path / "d", source_of())
    with pytest.raises(UsageError) as refused:
        check_prepared(found, DataSettings(**data), CleaningSettings(**cleaning))
    assert refused.value.message == message
    assert refused.value.hint == f"prepare it again with {message.split()[0]}"


def test_settings_that_say_the_same_or_apply_later_are_accepted(tmp_path: Path) -> None:
    found = prepared(tmp_path / "d", source_of(), test_size=0.2)
    check_prepared(found, DataSettings(), CLEANING)
    check_prepared(
        found,
        DataSettings(test_size=0.2, split="train", dataset="d", max_train_samples=5),
        CleaningSettings(strip_html=True),
    )


@pytest.mark.parametrize("several", [True, False])
def test_a_dataset_that_was_prepared_with_the_other_kind_of_labels_is_named(tmp_path: Path, several: bool) -> None:
    rows = [(text, [label, "all"] if several else label) for text, label in ROWS]
    found = prepared(tmp_path / "d", source_of(rows))
    check_prepared(found, DataSettings(multi_label=several), CLEANING)
    with pytest.raises(UsageError, match="but the dataset was prepared with") as refused:
        check_prepared(found, DataSettings(multi_label=not several), CLEANING)
    flag = "--no-multi-label" if several else "--multi-label"
    assert refused.value.hint == f"prepare it again with {flag}, or leave out {flag}"
