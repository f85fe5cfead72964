"""What labels look like: several joined by a separator, numbers, texts, or ids rather than names of classes."""

import pytest

from clf.data.preparing.label_looks import check_looks, look_like_ids, several_joined
from clf.errors import DataError


def counts(*labels: str) -> dict[str, int]:
    return {label: labels.count(label) for label in dict.fromkeys(labels)}


def check(*labels: str, named: tuple[str, ...] = ()) -> None:
    check_looks(counts(*labels), {label: line for line, label in reversed([*enumerate(labels, 2)])}, named, "x.csv")


def refusal(*labels: str) -> DataError:
    with pytest.raises(DataError) as refused:
        check(*labels)
    return refused.value


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "b", "c", "a|b", "b|a", "a|c", "b|c"], ["a", "b", "a#b", "b#a", "a#b#a"], ["a", "b;a", "a;b", "a;b;a"],
        ["0", "5", "27", "0,5", "5,0", "27,5", "5,27"], ["a", "b", "a / b", "b / a", "b / a / b"], ["a", "a\tb", "b\ta", "b\ta\tb"],
    ],
)  # fmt: skip
def test_combinations_that_outnumber_their_parts_are_several_labels(labels: list[str]) -> None:
    refused = refusal(*labels)
    assert "rows have several labels joined by" in refused.message
    assert "leave out --no-multi-label" in refused.hint


def test_the_refusal_names_the_first_line_and_the_map_makes_classes_of_them() -> None:
    labels = ["a", "b", "a#b", "b#a", "a#b#a"]
    assert refusal(*labels).message == ("x.csv, line 4: 3 of 5 rows have several labels joined by '#', such as 'a#b'")
    assert "--label-map FILE.json" in refusal(*labels).hint
    check(*labels, named=("a#b", "b#a", "a#b#a"))


@pytest.mark.parametrize(
    "labels",
    [
        ["Arts, Culture", "R&D; Legal", "comp.sys.mac", "late fee", "and/or"], ["0,5", "1", "1,5", "2", "2,5", "0"], ["C++", "C", "C#", "|", "a||b"], ["1", "2", "3", "4", "5"],
        ["0.5", "1.0", "1.5", "2.0"], [str(n) for n in range(150)], ["0,25", "0,5", "0,75", "1", "1,25", "1,5", "5", "1,75"],
    ],
)  # fmt: skip
def test_other_labels_are_classes_in_silence(labels: list[str], caplog: pytest.LogCaptureFixture) -> None:
    check(*labels)
    assert caplog.text == ""


@pytest.mark.parametrize(("mark", "flag"), [("'", '--quote "\'"'), ('"', "--quote '\"'")])
def test_labels_in_quotes_are_told(mark: str, flag: str, caplog: pytest.LogCaptureFixture) -> None:
    check(*[f"{mark}{label}{mark}" for label in ["pos", "neg"] * 10], "odd")
    assert f"x.csv: 20 of 21 labels stand in quotes, such as {mark}pos{mark}" in caplog.text
    assert flag in caplog.text
    caplog.clear()
    check(*["pos", "neg"] * 3, f"{mark}neg{mark}", mark, mark * 2)
    assert caplog.text == ""


def test_a_part_that_stands_alone_is_told(caplog: pytest.LogCaptureFixture) -> None:
    check("News", "News/Politics", "Sports")
    assert (
        "the labels with '/', such as 'News/Politics', are read as one class each (1 of 3 rows), though 'News' is a label too;"
        " if they mean several labels, --multi-label reads them so, and --unlabelled=News/Politics leaves these rows out"
    ) in caplog.text
    joined = several_joined(counts("News", "News/Politics", "Sports"), ())
    assert joined is not None
    assert (joined.labels, joined.part, joined.meant) == (["News/Politics"], "News", False)
    assert several_joined(counts("News", "News/Politics"), ("News/Politics",)) is None


def test_a_part_that_comes_in_several_labels_is_told(caplog: pytest.LogCaptureFixture) -> None:
    check("billing|delivery", "delivery|price", "billing|price")
    assert (
        "the labels with '|', such as 'billing|delivery', are read as one class each (3 of 3 rows), though 'billing' is a "
        "part of others too; if they mean several labels, --multi-label reads them so\n"
    ) in caplog.text


@pytest.mark.parametrize(
    "names",
    [
        ["0 - 10", "10 - 20", "20 - 30"], ["$0 - $5", "$5 - $9"], ["Jan - Mar", "Apr - Jun"],
        ["Paris, France", "Lyon, France", "Bonn, Germany"], ["{Smith, John}", "{Smith, Anna}", "{Doe, Jane}"],
    ],
)  # fmt: skip
def test_ranges_and_places_are_plainly_one_label_each(names: list[str], caplog: pytest.LogCaptureFixture) -> None:
    check(*names)
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("names", "part"),
    [
        (["{bug,docs}", "{docs,help}"], "docs"), (["bug, docs", "docs, help"], "docs"), (["a, b, c", "d, e, c"], "c"),
        (["Paris, France", "Lyon, France", "Lyon"], "Lyon"), (["low - mid", "mid - high"], "mid"),
    ],
)  # fmt: skip
def test_others_that_may_be_several_labels_are_told_with_their_part(
    names: list[str], part: str, caplog: pytest.LogCaptureFixture
) -> None:
    check(*names)
    assert f"such as {names[0]!r}, are read as one class each" in caplog.text
    assert f"though {part!r} is a" in caplog.text


@pytest.mark.parametrize("written", ["0.{:02}", "0,{:02}", "{}.5", "{}%", "-{}.25", "{}e-05"])
def test_many_different_numbers_are_not_classes(written: str) -> None:
    refused = refusal(*(written.format(n) for n in range(30)))
    assert "the labels are numbers, not classes: 30 different ones from" in refused.message
    assert "--label-map FILE.json" in refused.hint


def test_texts_are_not_classes() -> None:
    texts = [f"The {n}th answer is a whole sentence of somebody who had a lot to say about it" for n in range(12)]
    assert refusal(*texts).message.startswith("x.csv: the labels are texts, not classes: 12 different ones in 12 rows")
    check(*texts[:2] * 10)


@pytest.mark.parametrize(
    "names",
    [
        ["1", "2", "3"], ["id1", "id2"], ["2024-01-01 10:00", "2024-01-02T11:00:00Z"], ["A-1023", "B-7"], ["a@b.org"],
        ["123e4567-e89b-12d3-a456-426614174000"], ["deadbeef01", "00c0ffee"], ["https://a.org/x", "tt0111161"],
    ],
)  # fmt: skip
def test_ids_are_known_by_their_look(names: list[str]) -> None:
    assert look_like_ids(names)


@pytest.mark.parametrize(
    "names", [["block_card", "close_account"], ["late fee", "refund"], ["joy"], ["cards 2 go", "b"]]
)
def test_words_are_no_ids_however_many(names: list[str]) -> None:
    assert not look_like_ids(names)
