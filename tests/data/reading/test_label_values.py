"""A label column is looked at once, then each value is read; what is no single label is counted or refused."""

import pytest

from clf.data.reading.label_values import NO_LABEL, SEVERAL, LabelReading, Read, look_at_labels, plain_label
from clf.errors import DataError


def look(*values: object) -> LabelReading:
    return look_at_labels(values, range(2, len(values) + 2), "kind", "x.csv")


def labels(*values: object) -> list[str | None]:
    return [look(*values).read(value).label for value in values]


def refusal(*values: object) -> DataError:
    with pytest.raises(DataError) as refused:
        look(*values)
    return refused.value


def test_plain_values_are_read_in_silence_and_kept() -> None:
    reading = look("pos", " neg ", 3, None, True, "[a]")
    assert reading.said == []
    assert reading.read("pos") is reading.read("pos")
    assert reading.read(" neg ") == Read("neg")
    assert (reading.read(3), reading.read(None), reading.read("")) == (
        Read("3"),
        Read(None, NO_LABEL),
        Read(None, NO_LABEL),
    )


def test_a_label_in_another_spelling_tells_how_it_was_written() -> None:
    assert look("a").read(" caf\u0065\u0301 ") == Read("caf\u00e9", written="cafe\u0301")
    assert look("a").read("\u200b") == Read(None, NO_LABEL, written="\u200b")


def test_lists_of_one_are_labels() -> None:
    assert labels(["a"], "['b']", "c", []) == ["a", "b", "c", None]
    assert look(["a"]).said == ["x.csv: a list of one label is read as that label (column kind, line 2)"]
    assert look([], ["a"]).said == ["x.csv: a list of one label is read as that label (column kind, line 3)"]


def test_of_empty_lists_nothing_is_said_that_they_do_not_show() -> None:
    assert look([], []).said == []
    assert look_at_labels([[]], [2], "kind", "x.csv", sets=True).said != []  # which are texts of no label


def test_choices_and_scores_are_labels() -> None:
    assert labels('{"choices": ["a"]}', "b") == ["a", "b"]
    assert labels({"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 1.0}) == ["a", "b"]
    assert "the one above 0.5 is read as the label" in look({"a": 1.0, "b": 0.0}).said[0]


def test_lists_with_a_place_for_each_class_are_read_by_the_place_of_the_one() -> None:
    assert labels([0, 1, 0], [1, 0, 0], [0, 0, 1]) == ["1", "0", "2"]
    assert labels("[0. 1.]", "[1. 0.]") == ["1", "0"]
    assert labels([1], [0]) == ["1", "0"]


def test_lists_without_quotes_are_read_as_lists_if_all_cells_are_such() -> None:
    several = ["{a,b}", "{b,c}", "{c,a}", "{a,b,c}"]
    assert labels("{a}", "{b}", *["{a}"] * 50, *several) == ["a", "b", *["a"] * 50, *[None] * 4]
    assert labels("{a}", "{b}", "{a,b}") == ["{a}", "{b}", "{a,b}"]
    assert labels("{a}", "b", "{a,b}") == ["{a}", "b", "{a,b}"]
    assert "4 of 5 rows have several labels" in refusal("<a><b>", "<b><c>", "<c><a>", "<a>", "<a><b><c>").message
    reading = look_at_labels(["<a><b>", "<b>", ""], [2, 3, 4], "tags", "x.csv", sets=True)
    assert [reading.read(value).label for value in ("<b><a>", "", "<c>")] == ["a\x1fb", "\x1f", "c"]


def test_lines_that_may_be_several_labels_are_told(caplog: pytest.LogCaptureFixture) -> None:
    assert labels("a", "b", "a\nb") == ["a", "b", "a b"]
    assert "the labels of several lines, such as 'a\\nb' (column kind), are read as one class each" in caplog.text
    lined = ["a", "b", "c", "a\nb", "b\nc", "c\na", "a\nb\nc"]
    assert "4 of 7 rows have several labels" in refusal(*lined).message
    reading = look_at_labels(lined, range(2, 9), "kind", "x.csv", sets=True)
    assert reading.said == ["x.csv: the lines of a cell are read as the labels of a text (column kind, line 2)"]
    assert reading.read("c\nd").label == "c\x1fd"


def test_rows_with_several_labels_are_left_out_if_they_are_few() -> None:
    reading = look(["a", "b"], *[["a"]] * 10)
    assert reading.read(["a", "b"]) == Read(None, SEVERAL)
    refused = refusal(["a", "b"], *[["a"]] * 8)
    assert refused.message == "x.csv, line 2: 1 of 9 rows have several labels"


def test_names_that_look_the_same_in_a_list_are_one() -> None:
    assert look(["a"]).read(["caf\u00e9", "cafe\u0301"]) == Read("caf\u00e9")


def test_labels_of_spans_are_refused_as_such() -> None:
    refused = refusal([[0, 5, "PER"]], [])
    assert refused.message == (
        "x.csv, line 2: kind has labels of spans (parts of a text), such as [[0, 5, 'PER']], expected one label for the "
        "whole text"
    )
    assert refused.hint == "clf labels whole texts: write one label for each of them"


def test_other_objects_are_refused_with_the_key_to_choose() -> None:
    refused = refusal({"by": None, "kind of": "bug"}, {"by": None, "kind of": "wish"})
    assert "the label is an object with the keys 'by', 'kind of'" in refused.message
    assert refused.hint == "pass the key that has the label: --label-column 'kind.kind of'"
    assert "--label-column kind.INSULT" in refusal({"INSULT": 1.0}, {"INSULT": 0.0}).hint


def test_a_text_of_an_object_has_no_key_to_choose() -> None:
    assert "one label for each text" in refusal('{"by": "x"}').hint


def test_groups_are_cleaned_as_labels_are() -> None:
    assert [plain_label(value) for value in (" a ", 7, None, "")] == ["a", "7", None, None]


def test_sets_of_labels_are_read_as_one_string_each() -> None:
    reading = look_at_labels([["b", "a"], [], ["a"]], [1, 2, 3], "label", "x.csv", sets=True)
    assert reading.said == ["x.csv: a list is read as the labels of a text (column label, line 1)"]
    assert [reading.read(value).label for value in (["b", "a", "b"], [], ("a",), (), '["a", "b"]')] == [
        "a\x1fb", "\x1f", "a", "\x1f", "a\x1fb",
    ]  # fmt: skip
    assert [reading.read(value).label for value in ("a|b", "", 3, {"a": 0.9, "b": 0.6})] == [
        "\x1ea|b", "\x1e", "3", "a\x1fb",
    ]  # fmt: skip
    for missing in (None, float("nan"), {"choices": None}, [None]):
        assert reading.read(missing) == (None, "no label", "", None)
