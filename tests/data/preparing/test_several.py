"""Texts with several labels: found in the data or asked for, and their labels named."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from clf.data.preparing.dataset import prepare_into
from clf.data.preparing.first_rows import peek_at_splits
from clf.data.preparing.several import as_found
from clf.data.sources.source import Source
from clf.errors import DataError, SeveralLabels
from clf.settings import CleaningSettings, DataSettings
from support.prepared import Table, letters, split_of, table

LABELS = ("billing", "delivery", "price")


def sets_of(rows: int = 60) -> list[list[str]]:
    generator = np.random.default_rng(3)
    return [[label for label in LABELS if generator.random() < 0.4] for _ in range(rows)]


def prepared(folder: Path, rows: Table, **given: object) -> dict[str, object]:
    """Prepare rows, and return the label names of each text, and the audit's counts."""
    folder.mkdir()
    source = Source("d", "here", {"train": split_of(rows)})
    found = prepare_into(folder, source, DataSettings.model_validate(given), CleaningSettings(), 1)
    assert found.manifest.multi_label
    named = {}
    for split in found.splits:
        columns = table(folder, split)
        named |= dict(zip(map(str, columns["raw_text"]), columns["label_name"], strict=True))
        ids = [[found.labels[label] for label in labels] for labels in columns["label"]]  # type: ignore[attr-defined]
        assert ids == columns["label_name"]
    return {"labels": found.labels, "named": named, "dropped": found.audit.dropped}


def rows_of(labels: list[object]) -> list[tuple[object, ...]]:
    return [(letters(number), label) for number, label in enumerate(labels)]


def test_lists_and_joined_labels_are_the_same_sets(tmp_path: Path) -> None:
    sets = sets_of()
    lists = prepared(tmp_path / "lists", rows_of([*sets]))
    assert lists["labels"] == list(LABELS)
    assert lists["named"] == {letters(number): labels for number, labels in enumerate(sets)}
    assert lists["dropped"] == {}
    assert prepared(tmp_path / "texts", rows_of([str(labels) for labels in sets])) == lists
    assert prepared(tmp_path / "joined", rows_of(["|".join(labels) for labels in sets]), multi_label=True) == lists


def test_two_separators_in_one_column_give_the_same_labels_as_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    sets = sets_of()
    one = prepared(tmp_path / "one", rows_of(["|".join(labels) for labels in sets]), multi_label=True)
    assert "are several labels too" not in caplog.text
    mixed = [
        ";, "[number % 2].join(labels) if number % 5 == 0 else "|".join(labels) for number, labels in enumerate(sets)
    ]
    assert prepared(tmp_path / "two", rows_of([*mixed]), multi_label=True) == one
    assert "are several labels too: all their parts are labels" in caplog.text


def test_a_missing_label_is_left_out_and_a_label_that_means_none_is_taken_out(tmp_path: Path) -> None:
    sets = [None, ["-1"], ["billing", "-1"], *sets_of()]
    found = prepared(tmp_path / "d", rows_of(sets), unlabelled=["-1"])
    assert found["dropped"] == {"no label": 1, "no label ('-1')": 1}
    assert found["named"][letters(2)] == ["billing"]  # type: ignore[index]


def test_the_user_decides_what_the_data_would_not() -> None:
    def read(data: DataSettings) -> bool | None:
        if not data.multi_label:
            raise SeveralLabels("2 of 3 rows have several labels")
        return data.multi_label

    assert as_found(read, DataSettings()) is True
    with pytest.raises(SeveralLabels, match="2 of 3 rows") as refused:
        as_found(read, DataSettings(multi_label=False))
    assert (
        refused.value.hint == "leave out --no-multi-label if texts may have several labels, or give each text one label"
    )


def test_texts_of_which_none_has_a_label_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none of the 20 texts has a label"):
        prepared(tmp_path / "d", rows_of([[] for _ in range(20)]), multi_label=True)


def measured(folder: Path, labels: list[object], data: DataSettings) -> list[list[str]]:
    """Return the labels of each text to measure a model with several labels on."""
    folder.mkdir()
    source = Source("d", "here", {"train": split_of(rows_of(labels))})
    found = prepare_into(folder, source, data, CleaningSettings(), 1, measure_only=True)
    return [*table(folder, "test")["label_name"]] if "test" in found.splits else []


OF_MODEL = DataSettings.model_construct(set(), dataset="d", multi_label=True)
"""The user does not ask for several labels, but the model has them."""


def test_an_empty_cell_is_a_text_of_none_where_the_model_has_several_labels(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = measured(tmp_path / "single", ["billing", "", "price", " "], OF_MODEL)
    assert found == [["billing"], [], ["price"], []]
    assert "2 of 4 rows have an empty label: each is read as a text of none of the labels" in caplog.text
    caplog.clear()
    assert measured(tmp_path / "joined", ["billing|price", "", "price"] * 3, OF_MODEL)[1] == []
    assert measured(tmp_path / "full", ["billing", "price"], OF_MODEL) == [["billing"], ["price"]]
    assert not caplog.text  # several labels of a text tell what an empty cell means, as in training


def test_a_missing_label_is_none_of_no_labels(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert measured(tmp_path / "null", ["billing", None, "price"], OF_MODEL) == [["billing"], ["price"]]
    assert measured(tmp_path / "lists", [["billing"], "", ["price"]], OF_MODEL) == [["billing"], ["price"]]
    assert "dropped 1 of 3 rows with no label" in caplog.text


def test_cells_that_are_all_empty_are_measured_only_if_the_user_says_what_they_mean(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(DataError, match="d: no row has a label: the cells of all 5 are empty") as refused:
        measured(tmp_path / "empty", [""] * 5, OF_MODEL)
    assert "pass --multi-label" in refused.value.hint
    assert measured(tmp_path / "told", [""] * 5, DataSettings(multi_label=True)) == [[]] * 5
    assert "5 of 5 rows have an empty label" in caplog.text
    assert measured(tmp_path / "lists", [[]] * 5, OF_MODEL) == [[]] * 5
    assert measured(tmp_path / "null", [None] * 5, OF_MODEL) == []


def test_a_single_label_and_sets_beyond_the_memory_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="the only label is 'a', expected at least two") as refused:
        prepared(tmp_path / "one", rows_of([["a"], []] * 10), multi_label=True)
    assert "--no-multi-label" in refused.value.hint
    monkeypatch.setattr("clf.data.preparing.several.MOST_BYTES", 10)
    with pytest.raises(DataError, match="different sets of 3 labels, which take"):
        prepared(tmp_path / "many", rows_of([*sets_of()]))


def test_a_split_that_could_not_be_read_again_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clf.data.prepared.MOST_TABLE", 140)
    with pytest.raises(DataError, match="d, train: 48 texts with 3 labels take 0 GB of memory"):
        prepared(tmp_path / "all", rows_of([*sets_of()]), dataset="d")
    prepared(tmp_path / "less", rows_of([*sets_of()]), dataset="d", test_size=0.2)


def test_one_label_for_each_text_is_told_if_the_user_says_that_a_text_may_have_several(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = [letters_of[:1] for letters_of in sets_of()]
    prepared(tmp_path / "d", rows_of(one), multi_label=True)
    assert "no text has several labels; if some should, write these as a list" in caplog.text


def test_a_label_of_every_text_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    prepared(tmp_path / "all", rows_of([["all", *labels] for labels in sets_of()]))
    assert "every training text has the label 'all'" in caplog.text
    caplog.clear()
    prepared(tmp_path / "some", rows_of([*sets_of()]))
    assert caplog.text == ""


def test_train_decides_how_the_other_splits_are_read(tmp_path: Path) -> None:
    one, several = rows_of([["a"], ["b"]] * 10), [(letters(90 + number), ["a", "b"]) for number in range(8)]
    source = Source("d", "here", {"train": split_of(one), "test": split_of(several)})
    (tmp_path / "one").mkdir()
    with pytest.raises(DataError, match="8 of 8 rows have several labels, but those of train are read with one") as bad:
        prepare_into(tmp_path / "one", source, DataSettings(), CleaningSettings(), 1)
    assert "--multi-label" in bad.value.hint
    found, error = peek_at_splits(source.splits, DataSettings())
    assert (str(error), [one.multi_label for one in found]) == (bad.value.message, [False, False])
    turned = Source("d", "here", {"train": split_of(several * 3), "test": split_of(one)})
    (tmp_path / "several").mkdir()
    found = prepare_into(tmp_path / "several", turned, DataSettings(), CleaningSettings(), 1)
    assert {len(labels) for labels in table(found.folder, "test")["label"]} == {1}  # type: ignore[arg-type]


WRITTEN = {
    ";": ";".join, "|": "|".join, ", ": ", ".join, " & ": " & ".join, "lines": "\n".join,
    "braces": lambda labels: "{" + ",".join(labels) + "}", "brackets": lambda labels: "[" + ", ".join(labels) + "]",
    "tags": lambda labels: "".join(f"<{label}>" for label in labels), "json": json.dumps, "python": repr,
}  # fmt: skip


def of_test(folder: Path, write: Callable[[list[str]], str], test: list[tuple[object, ...]]) -> list[object]:
    """Prepare many rows written so, with a test file beside them, and return the labels of the test file."""
    folder.mkdir()
    train = rows_of([write(labels) for labels in sets_of(90) if labels])
    source = Source("d", "here", {"train": split_of(train), "test": split_of(test)})
    return table(prepare_into(folder, source, DataSettings(), CleaningSettings(), 1).folder, "test")["label_name"]  # type: ignore[return-value]


@pytest.mark.parametrize("way", WRITTEN)
def test_a_small_test_file_is_read_as_train_is(tmp_path: Path, way: str) -> None:
    write = WRITTEN[way]
    for number, sets in enumerate(([["billing", "price"]], [["price"]], [["delivery"], ["billing", "delivery"]])):
        test = [(letters(900 + row), write(labels)) for row, labels in enumerate(sets)]
        assert of_test(tmp_path / str(number), write, test) == sets


def test_an_empty_cell_beside_single_labels_is_a_text_of_none_where_train_has_several_in_lines(tmp_path: Path) -> None:
    assert of_test(tmp_path / "d", WRITTEN["lines"], [(letters(900), "price"), (letters(901), "")]) == [["price"], []]


@pytest.mark.parametrize(
    ("train", "test"), [("braces", "; "), (";", "braces"), (";", "json"), ("|", "lines"), ("lines", "json")]
)
def test_a_test_file_may_be_written_in_another_way_than_train(tmp_path: Path, train: str, test: str) -> None:
    write = WRITTEN.get(test, test.join)
    sets = sets_of(8)
    rows = [(letters(900 + row), write(labels)) for row, labels in enumerate(sets) if labels]
    assert of_test(tmp_path / "d", WRITTEN[train], rows) == [labels for labels in sets if labels]


def test_a_label_of_test_that_may_be_several_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="test has labels that train does not have: 'price & billing'") as bad:
        of_test(tmp_path / "d", WRITTEN[";"], [(letters(900), "price & billing")])
    assert "if 'price & billing' means several labels, write them as in train" in bad.value.hint


def test_the_first_rows_are_read_as_those_of_train_too() -> None:
    train = split_of(rows_of([WRITTEN["braces"](labels) for labels in sets_of(90) if labels]))
    test = split_of([(letters(900), "{price,billing}")])
    found, error = peek_at_splits({"train": train, "test": test}, DataSettings())
    assert error is None
    assert [row.label for row in found[1].split.rows] == ["billing | price"]


def test_few_rows_have_the_label_in_the_column_of_train(tmp_path: Path) -> None:
    rows = rows_of([";".join(labels) for labels in sets_of(90) if labels])
    few = [(letters(900 + row), label) for row, label in enumerate(("price;billing", "price;delivery", "delivery"))]
    header = ("text", "themes")
    source = Source("d", "here", {"train": split_of(rows, header), "test": split_of(few, header)})
    found = prepare_into(tmp_path, source, DataSettings(), CleaningSettings(), 1)
    assert table(found.folder, "test")["label_name"] == [["billing", "price"], ["delivery", "price"], ["delivery"]]


def test_lists_of_two_numbers_are_labels_in_a_test_file_where_they_are_in_train(tmp_path: Path) -> None:
    numbers = [[LABELS.index(label) for label in labels] for labels in sets_of() if labels]
    for folder, test in (("lists", [[0, 1], [1, 0]]), ("text", ["[0, 1]"])):
        (tmp_path / folder).mkdir()
        rows = [(letters(900 + row), labels) for row, labels in enumerate(test)]
        source = Source("d", "here", {"train": split_of(rows_of([*numbers])), "test": split_of(rows)})
        found = prepare_into(tmp_path / folder, source, DataSettings(), CleaningSettings(), 1)
        assert table(found.folder, "test")["label_name"] == [["0", "1"]] * len(test)
