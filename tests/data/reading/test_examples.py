"""Rows become examples with one text and one label; what is dropped is counted, and what is wrong is named."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from clf.data.label_sets import joined
from clf.data.reading.batch import SHOWN, Batch, Split
from clf.data.reading.columns import Columns
from clf.data.reading.examples import Examples, RowTally, _examples, read_examples
from clf.data.reading.label_values import LabelReading
from clf.errors import DataError
from clf.settings import DataSettings


def split(*batches: Batch) -> Split:
    return Split(lambda: iter(batches), "x.csv")


def batch(texts: Sequence[object], labels: Sequence[object], **more: Sequence[object]) -> Batch:
    columns = {"text": list(texts), "label": list(labels)} | {name: list(values) for name, values in more.items()}
    return Batch(columns, list(range(1, len(texts) + 1)))


def examples(*batches: Batch, tally: RowTally | None = None, **settings: object) -> Iterator[Examples]:
    for _, _, found in read_examples(split(*batches), DataSettings(**settings), tally or RowTally()):
        yield found


def refusal(*batches: Batch, **settings: object) -> DataError:
    with pytest.raises(DataError) as refused:
        list(examples(*batches, **settings))
    return refused.value


@pytest.mark.parametrize(
    ("value", "label"),
    [("pos", "pos"), (" two words\n", "two words"), (0, "0"), (1.0, "1.0"), (True, "true"), (False, "false"),
     (-1, "-1"), ("", None), (" \t", None), (None, None), (float("nan"), None)],
)  # fmt: skip
def test_a_label_is_a_word_or_is_missing(value: object, label: str | None) -> None:
    tally = RowTally()
    (found,) = examples(batch(["a", "b"], [value, "other"]), tally=tally)
    assert found.labels == ([label, "other"] if label else ["other"])
    assert tally.dropped == ({} if label else {"no label": 1})


def test_rows_without_a_text_are_dropped_and_the_first_of_them_remembered() -> None:
    tally = RowTally()
    texts = ["a", None, "", " \u3000\n", "b"]
    (found,) = examples(batch(texts, ["x"] * 5), tally=tally)
    assert (found.texts, found.lines) == (["a", "b"], [1, 5])
    assert tally == RowTally(5, {"no text": 3}, {"no text": [2, 3, 4]}, ["text"])


@pytest.mark.parametrize("mark", ["\\N", "<NA>", "#N/A", "[removed]", "[deleted]"])
def test_what_a_tool_writes_where_there_is_no_text_is_dropped_and_said(mark: str) -> None:
    tally = RowTally()
    (found,) = examples(batch(["a", mark, "N/A", f"{mark} is a word"], ["x"] * 4), tally=tally)
    assert found.texts == ["a", "N/A", f"{mark} is a word"]
    assert (tally.dropped, tally.first_dropped) == ({f"no text ({mark!r})": 1}, {f"no text ({mark!r})": [2]})


def test_a_row_with_neither_text_nor_label_counts_once() -> None:
    tally = RowTally()
    list(examples(batch(["a", "", "b"], ["x", "", None]), tally=tally))
    assert tally.dropped == {"no text": 1, "no label": 1}
    assert tally.first_dropped == {"no text": [2], "no label": [3]}


def test_all_dropped_rows_are_counted_and_the_first_ones_listed() -> None:
    tally = RowTally()
    for line in range(1, SHOWN + 3):
        tally.drop("no text", line)
    assert tally.dropped == {"no text": SHOWN + 2}
    assert tally.first_dropped == {"no text": list(range(1, SHOWN + 1))}


def test_the_text_itself_is_not_changed() -> None:
    (found,) = examples(batch([" a  text\n", "<br>"], ["x", "y"]))
    assert found.texts == [" a  text\n", "<br>"]


def test_several_text_columns_are_joined_by_a_space_without_those_that_are_blank() -> None:
    given = batch(["body", None, " ", "d"], ["x"] * 4, title=["head", "only", "alone", ""])
    (found,) = examples(given, text_column=["title", "text"])
    assert found.texts == ["head body", "only", "alone", "d"]


def test_label_names_and_groups_stand_beside_the_labels() -> None:
    given = batch(["a", "", "b"], [0, 0, 1], label_name=[" neg ", "neg", None], writer=[7, 7, " Ann "])
    (found,) = examples(given, group_column="writer")
    assert found == Examples(["a", "b"], ["0", "1"], ["neg", None], ["7", "Ann"], [1, 3])


def test_a_column_of_numbers_is_text_but_a_number_among_words_is_not() -> None:
    (found,) = examples(batch([1, None, 2.5], ["x"] * 3))
    assert found.texts == ["1", "2.5"]
    refused = refusal(batch(["a", None, 2.5, 3], ["x"] * 4))
    assert (
        refused.message
        == "x.csv: line 3: the text is float, expected a string; line 4: the text is int, expected a string (2 bad rows)"
    )
    assert refused.hint == "write the text of each row as one string"


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        (
            {"body": "b", "to": 1},
            "the text is an object with the keys 'body', 'to'",
            "pass --text-column text.body if that is the text",
        ),
        (["a", "b"], "the text is list, expected a string", "as one string"),
        (b"a", "the text is bytes, expected a string", "as one string"),
    ],
)
def test_what_is_no_text_is_named_even_if_all_rows_are_alike(value: object, message: str, hint: str) -> None:
    refused = refusal(batch([value], ["x"]))
    assert refused.message == f"x.csv: line 1: {message} (1 bad rows)"
    assert hint in refused.hint


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        ({"a": "b"}, "the label is an object with the keys 'a'", "pass --label-column label.a if that is the label"),
        ([[0, 5, "PER"]], "the label is a list of spans", "clf labels whole texts"),
        (b"a", "the label is bytes, expected a name or number", "as a name or number"),
    ],
)
def test_what_is_no_label_after_the_first_rows_is_named(value: object, message: str, hint: str) -> None:
    refused = refusal(batch(["a"], ["x"]), batch(["b"], [value]))
    assert refused.message == f"x.csv: line 1: {message} (1 bad rows)"
    assert hint in refused.hint


def test_lists_of_one_are_labels_and_the_few_rows_with_several_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    tally = RowTally()
    labels = [["x"], ["y"], [], ["x", "y"], *[["y"]] * 10]
    (found,) = examples(batch("abcdefghijklmn", labels), tally=tally)
    assert found.labels == ["x", "y", *["y"] * 10]
    assert tally.dropped == {"no label": 1, "several labels": 1}
    assert "x.csv: a list of one label is read as that label" in caplog.text


def test_too_many_rows_with_several_labels_are_refused_even_if_they_come_late() -> None:
    late = [batch(["b"] * 3, [["x", "y"], ["x", "y"], ["x"]]) for _ in range(2)]
    refused = refusal(batch(["a"], ["x"]), *late)
    assert refused.message == ("x.csv, line 1: 4 of 7 rows have several labels")


def test_columns_of_zeros_and_ones_are_one_label() -> None:
    tally = RowTally()
    given = batch(["a", "b", "c", "d"], ["0", "1", "0", "1"], pos=["1", "0", "0", "0"], neg=["0", "0", "1", "0"])
    columns = Columns(["text"], None, one_hot=["pos", "label", "neg"])
    found, problems = _examples(given, columns, LabelReading(), tally)
    assert (found.labels, found.lines, problems) == (["pos", "label", "neg", "label"], [1, 2, 3, 4], [])


def test_of_columns_of_zeros_and_ones_only_the_columns_are_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    given = Batch({"text": ["some words here"] * 8, "good": ["1", "0"] * 4, "bad": ["0", "1"] * 4}, list(range(8)))
    assert next(examples(given)).labels == ["good", "bad"] * 4
    assert "one-hot columns good, bad" in caplog.text
    assert "a list of one label" not in caplog.text


def test_a_missing_text_may_be_nan() -> None:
    tally = RowTally()
    (found,) = examples(batch(["a", float("nan"), "c"], ["x", "y", "z"]), tally=tally)
    assert (found.labels, tally.dropped) == (["x", "z"], {"no text": 1})


def test_bad_rows_of_all_batches_are_told_together_after_the_good_ones() -> None:
    good, bad = batch(["a"], ["x"]), Batch({"text": ["b"] * 6, "label": [b"1"] * 6}, list(range(11, 17)))
    given = examples(good, bad, good, bad)
    assert next(given).texts == ["a"]
    with pytest.raises(DataError) as refused:
        next(given)
    assert refused.value.message.startswith("x.csv: line 11: the label is bytes")
    assert refused.value.message.endswith("(12 bad rows)")
    assert refused.value.message.count("line ") == SHOWN


def test_columns_are_chosen_anew_for_a_file_that_lacks_them_and_not_within_a_file() -> None:
    first = Batch({"text": ["a"], "label": ["x"]}, [2], Path("1.jsonl"))
    lacking = Batch({"text": ["b"], "topic": ["y"]}, [3], Path("1.jsonl"))
    other = Batch({"review": ["c"], "topic": ["z"]}, [2], Path("2.jsonl"))
    tally = RowTally()
    found = list(examples(first, lacking, other, tally=tally))
    assert [each.texts for each in found] == [["a"], [], ["c"]]
    assert found[2].labels == ["z"]
    assert (tally.dropped, tally.text_columns) == ({"no label": 1}, ["review"])


def test_labels_that_look_the_same_are_one_and_their_other_spellings_are_counted() -> None:
    tally = RowTally()
    labels = ["neg", "neg\u200b", "neg\u200b ", "caf\xe9", "cafe\u0301", "\u200b", " neg"]
    (found,) = examples(batch([f"text {number}" for number in range(7)], labels), tally=tally)
    assert found.labels == ["neg", "neg", "neg", "caf\xe9", "caf\xe9", "neg"]
    assert tally.respelled == {("neg\u200b", "neg"): 2, ("cafe\u0301", "caf\xe9"): 1, ("\u200b", ""): 1}
    assert tally.dropped == {"no label": 1}


def test_the_counted_spellings_are_bounded() -> None:
    tally = RowTally()
    for number in range(1100):
        tally.respell(f"{number}\u200b" * 100, str(number))
    assert len(tally.respelled) == 1000
    assert max(len(written) for written, _ in tally.respelled) == 60


def test_of_several_labels_an_empty_cell_is_no_and_counted_and_a_row_of_empty_cells_has_no_label() -> None:
    columns = {"late": ["yes", "no", "", "", "no"] * 5, "wet": ["no", "yes", "", "yes", ""] * 5}
    whole = Batch({"text": [f"a text with words {number}" for number in range(25)], **columns}, list(range(2, 27)))
    last = Batch({"text": ["one of no label", "late"], "late": ["", "yes"], "wet": ["", ""]}, [27, 28])
    tally = RowTally()
    first, second = examples(whole, last, tally=tally, multi_label=True)
    assert first.labels[:4] == ["late", "wet", "wet", "\x1f"]
    assert (second.lines, second.labels) == ([28], ["late"])
    assert tally.dropped == {"no label": 6}
    assert (tally.empty, tally.first_empty) == ({"rows": 11, "cells": 11}, (5, "late"))


def test_labels_in_columns_of_their_own_are_read_together_from_each_file_as_it_has_them() -> None:
    texts = [f"a text with words {number}" for number in range(20)]
    wide = {"Labels": ["a", "b", "", "c"] * 5, "Labels.1": ["b", "", "", "a"] * 5, "Labels.2": [None] * 20}
    narrow = {
        "Labels": ["a", "b"] * 10,
        "Labels.1": ["c", None] * 10,
        "Labels.2": ["b", None] * 10,
        "Labels.3": [""] * 20,
    }
    batches = [
        Batch({"text": texts, **one}, list(range(2, 22)), file=name) for one, name in ((wide, "x"), (narrow, "y"))
    ]
    first, second = examples(*batches, multi_label=True)
    assert [label.split("\x1f") for label in first.labels[:4]] == [["a", "b"], ["b"], ["", ""], ["a", "c"]]
    assert [label.split("\x1f") for label in second.labels[:2]] == [["a", "b", "c"], ["b"]]
    assert "10 of 15 rows have several labels" in refusal(batches[0]).message


def test_columns_with_one_label_each_are_those_of_train_and_of_the_first_file() -> None:
    """A file in which all texts have as many labels tells nothing by itself."""
    long = [f"some words of text number {number}" for number in range(4)]
    listed = {"Labels": ["a", "b", "", "a"], "Labels.1": ["b", "", "", "c"]}
    first = Batch({"text": long, **listed}, [1, 2, 3, 4], file="1.csv")
    one = Batch({"text": long[:1], "Labels": ["a"], "Labels.1": ["c"], "Labels.2": ["b"]}, [1], file="2.csv")
    single = Batch({"text": long[:1], "Labels": ["a"]}, [1], file="3.csv")
    settings = DataSettings(multi_label=True)
    read = [*read_examples(split(first, one, single), settings, RowTally())]
    assert [found.labels for _, _, found in read[1:]] == [[joined({"a", "b", "c"})], [joined({"a"})]]
    test = Split(lambda: iter([one]), "test.csv", like=read[0][1])
    assert [found.labels for _, _, found in read_examples(test, settings, RowTally())] == [[joined({"a", "b", "c"})]]
    late = [*read_examples(split(single, first), settings, RowTally())]
    assert [columns.listed for _, columns, _ in late] == [[], ["Labels", "Labels.1"]]
