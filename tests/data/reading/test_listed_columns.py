"""Several labels of a text in columns of one name, or numbered ones; what only looks like that stays one label."""

import pytest

from clf.data.reading.listed_columns import alike, has_more, listed_as, listed_beside, listed_labels
from clf.errors import DataError
from clf.settings import DataSettings

TWO = (["a", "b", "c", "a"], ["b", "", "a", ""])


@pytest.mark.parametrize(
    "names",
    [("Labels", "Labels.1", "Labels.2"), ("tag1", "tag2", "tag3"), ("tag_0", "tag_1", "tag_2")],
)
def test_columns_of_one_name_have_the_labels_of_a_text(names: tuple[str, ...]) -> None:
    columns = dict(zip(names, (["a", "b", "c", ""], ["b", "", "a", ""], [None, "", "b", float("nan")]), strict=True))
    assert listed_labels(names[:1], {"text": ["x"] * 4, **columns}) == [*names]
    assert listed_labels([names[0], "text"], {"text": ["x"] * 4, **columns}) == []


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (("category", "category.1"), (["a", "b", "c", "a"], ["k", "", "l", ""])),  # a class and its subclass
        (("rating", "rating_2019"), TWO),
        (("rating_2018", "rating_2019"), TWO),
        (("label", "label_2"), TWO),
        (("class", "class_0"), TWO),
        (("tag2", "tag3"), TWO),
        (("tag1", "tag3"), TWO),
    ],
)
def test_another_column_with_the_name_of_the_label_and_a_number_leaves_one_label(
    names: tuple[str, str], columns: tuple[list[str], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    table = dict(zip(names, columns, strict=True))
    assert listed_labels(names[:1], table) == []
    assert listed_beside(names[0], table, DataSettings(), "x.csv") == []
    assert f"x.csv: only {names[0]} is read as the label, and not {names[1]!r}" in caplog.text
    if columns == TWO:
        assert "pass --multi-label" in caplog.text
        assert listed_beside(names[0], table, DataSettings(multi_label=True), "x.csv") == [*names]


@pytest.mark.parametrize(
    "columns",
    [
        {"label": ["a", "b"], "label.1": ["a", "a"]},  # of two people
        {"label": ["a", "b"], "label.1": ["b", "a"]},
    ],
)
def test_columns_of_one_name_are_never_cut_to_the_first_without_a_flag(columns: dict[str, list[str]]) -> None:
    with pytest.raises(DataError, match="2 columns are called 'label' and have the same labels") as refused:
        listed_beside("label", columns, DataSettings(), "x.csv")
    assert "--multi-label" in refused.value.hint
    assert "or --label-column 0, which reads the first alone" in refused.value.hint  # all may have its name
    assert listed_beside("label", columns, DataSettings(multi_label=True), "x.csv") == [*columns]
    assert listed_beside("label", columns, DataSettings(multi_label=False), "x.csv") == []


def test_a_column_that_stands_twice_is_one_label() -> None:
    assert listed_beside("label", {"label": ["a", "b"], "label.1": ["a", "b"]}, DataSettings(), "x.csv") == []
    told = DataSettings(multi_label=True)
    joined = {"label": ["a;b", "b;c", "a;c", "a;b;c", "a", "b"], "label_2": ["a", "b", "a", "a", "a", "b"]}
    assert listed_beside("label", joined, told, "x.csv") == []  # the first has all labels of a text


@pytest.mark.parametrize(
    "columns",
    [
        {"label": ["a", "b"], "label.1": ["", ""]},
        {"label": ["a", "b"], "label.1": ["so long a text that nobody would call it a label, and more of it " * 3, ""]},
    ],
)
def test_columns_of_one_name_with_nothing_or_texts_are_no_list(columns: dict[str, list[str]]) -> None:
    assert listed_beside("label", columns, DataSettings(), "x.csv") == []


def test_a_gap_or_a_label_that_is_seldom_twice_makes_no_other_columns() -> None:
    columns = {
        "Labels": ["a", "", "b", "a"] * 10,
        "Labels.1": ["b", "", "", "c"] * 10,
        "Labels.2": ["c", "b", "", ""] * 10,
    }
    columns["Labels.1"][0] = "a"
    assert listed_labels(["Labels"], columns) == [*columns]


def test_numbered_columns_of_which_the_first_is_always_filled_are_told(caplog: pytest.LogCaptureFixture) -> None:
    table = dict(zip(("intent1", "intent2"), TWO, strict=True))
    assert listed_beside("intent1", table, DataSettings(), "x.csv") == [*table]
    assert "--label-column intent1 reads it alone" in caplog.text


@pytest.mark.parametrize(
    ("columns", "is_told"),
    [
        ({"label": ["a", "b", "c", "a"], "label.1": ["b", "", "", ""]}, True),  # may correct it
        ({"label": ["a", "b", "c", ""], "label.1": ["b", "", "", ""]}, False),
        ({"label": ["a", "b", "c", "a"], "label.1": ["b", "", "", ""], "label.2": ["c", None, "", ""]}, False),
        ({"label": ["a", "b", "c", "a"], "label.1": ["b", "", "", ""], "label.2": ["", None, "", ""]}, True),
    ],
)
def test_a_column_that_the_other_of_its_name_may_correct_is_told_with_the_flag_that_reads_it_alone(
    columns: dict[str, list[str]], is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    table = {"text": ["x"] * 4, **columns}
    assert listed_beside("label", table, DataSettings(), "x.csv", ["id", *table]) == [*columns]
    assert ("--label-column 2 reads it alone" in caplog.text) == is_told
    caplog.clear()
    assert listed_beside("label", table, DataSettings(multi_label=True), "x.csv") == [*columns]
    assert not caplog.text


def test_of_a_model_with_several_labels_rows_may_all_have_as_many_and_few_rows_none_in_common(
    caplog: pytest.LogCaptureFixture,
) -> None:
    of_model = DataSettings.model_construct(set(), multi_label=True, label_column="label")  # the user asks for neither
    for numbered in (["label", "label.1"], ["label_1", "label_2"]):
        label = numbered[0]
        for rows in ((["a", "b"], ["b", "a"]), (["a"], ["b"])):
            assert listed_beside(label, dict(zip(numbered, rows, strict=True)), of_model, "x.csv") == numbered
    assert listed_beside("label", {"label": ["a", "b"], "label_2": ["b", "a"]}, of_model, "x.csv") == []
    joined = {"label": ["a;b", "b;c", "a;c", "a;b;c", "a", "b"], "label.1": ["a", "b", "a", "a", "a", "b"]}
    assert listed_beside("label", joined, of_model, "x.csv") == []
    people = {"label": ["a", "b", "c"] * 10, "label.1": ["a", "b", "a"] * 10}
    with pytest.raises(DataError, match="cannot tell whether a text has several labels"):
        listed_beside("label", people, of_model, "x.csv")


def test_another_file_may_have_more_or_fewer_of_them() -> None:
    assert listed_as(["Labels", "Labels.1"], ["text", "Labels", "Labels.1", "Labels.2", "Labels 2019"]) == [
        "Labels", "Labels.1", "Labels.2"
    ]  # fmt: skip
    assert listed_as(["Labels", "Labels.1"], ["text", "Labels"]) == ["Labels"]
    assert listed_as(["tag1", "tag2"], ["tag1", "tag2", "tag3", "tags"]) == ["tag1", "tag2", "tag3"]
    assert has_more("Labels", ["Labels", "Labels.1"], ["text", "Labels"])
    assert not has_more("Labels", ["Labels", "Labels.1"], ["text", "Labels", "Labels.1"])
    assert not has_more(None, ["a"], [])


def test_numbered_columns_with_other_labels_are_not_alike() -> None:
    assert alike("level1", {"level1": ["a", "b"], "level2": ["c", "d"], "levels": ["a", "b"], "name": ["a", "b"]}) == []
    assert alike("0", {"0": ["a", "b"], "1": ["a", "b"]}) == []
