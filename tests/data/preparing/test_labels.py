"""Labels are names, and their ids follow from the names alone."""

from pathlib import Path

import numpy as np
import pytest

from clf.data.preparing.labels import Labelled, align_labels, check_labels, name_labels, read_label_map, sort_labels
from clf.data.reading.batch import Batch, Split
from clf.data.reading.examples import RowTally, read_examples
from clf.errors import DataError, UsageError
from clf.settings import DataSettings


def named(
    labels: list[str],
    names: list[str] | None = None,
    order: list[str] | None = None,
    classes: list[str] | None = None,
    label_map: str | None = None,
) -> tuple[list[str], list[str]]:
    """Return the label names in the order of their ids, and the name of each of the given labels."""
    raw = list(dict.fromkeys(labels))
    beside = set(zip(labels, names or [None] * len(labels), strict=True))
    found, ids = name_labels(raw, beside, order or [], classes or [], label_map)
    return found, [found[ids[raw.index(label)]] for label in labels]


def test_numbers_sort_as_numbers_and_names_as_text() -> None:
    assert sort_labels(["10", "2", "0", "1"]) == ["0", "1", "2", "10"]
    assert sort_labels(["b", "a", "b"]) == ["a", "b"]


def test_equal_numbers_sort_as_text() -> None:
    assert sort_labels(["1", "01", "0.5", "001"]) == ["0.5", "001", "01", "1"]


def test_one_name_among_numbers_makes_them_all_names() -> None:
    assert named(["10", "9", "n/a"])[0] == ["10", "9", "n/a"]


def test_whole_numbers_with_decimals_lose_them(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert named(["1.0", "0.0", "1"]) == (["0", "1"], ["1", "0", "1"])
    assert named(["-1.00", "10.0"])[0] == ["-1", "10"]
    assert "labels like 1.0 are read as 1" in caplog.text


@pytest.mark.parametrize("labels", [["1.0", "2.5"], ["1.0", "x"], ["v1.0", "v2.0"], [".0", "1"]])
def test_decimals_stay_unless_every_label_is_a_whole_number(labels: list[str]) -> None:
    assert sorted(named(labels)[0]) == sorted(labels)


def test_leading_zeros_are_kept_apart() -> None:
    assert named(["007", "07"])[0] == ["007", "07"]


def test_truth_values_are_written_one_way(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert named(["True", "False", "true"]) == (["false", "true"], ["true", "false", "true"])
    assert "the labels False and True and true are read as true and false" in caplog.text
    assert named(["True", "Maybe"])[0] == ["Maybe", "True"]


def test_truth_values_in_lower_case_are_nothing_to_report(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert named(["true", "false"])[0] == ["false", "true"]
    assert caplog.text == ""


def test_a_column_of_floats_gives_the_labels_its_file_shows() -> None:
    def labels(values: list[object]) -> list[str]:
        batch = Batch({"text": ["a"] * len(values), "label": values}, list(range(1, len(values) + 1)))
        [(_, _, examples)] = read_examples(Split(lambda: iter([batch]), "file"), DataSettings(), RowTally())
        return named(examples.labels)[0]

    assert labels([1.0, 0.0]) == ["0", "1"]
    assert labels([1.0, 2.5]) == ["1.0", "2.5"]
    assert labels([True, False]) == ["false", "true"]


def test_no_labels_give_no_names() -> None:
    names, ids = name_labels([], set(), [], [], None)
    assert (names, ids.tolist(), ids.dtype) == ([], [], np.int64)


def test_the_publishers_order_is_kept() -> None:
    assert named(["b", "a"], order=["b", "a", "c"])[0] == ["b", "a"]
    assert named(["a", "b"], order=["b", "a"])[0] == ["b", "a"]


def test_the_publishers_order_is_passed_over_where_it_lacks_a_label() -> None:
    assert named(["b", "a", "d"], order=["b", "a", "c"])[0] == ["a", "b", "d"]


def test_the_publishers_order_does_not_reorder_the_names_of_a_label_map() -> None:
    assert named(["1", "2"], order=["a", "b"], label_map="1=b,2=a")[0] == ["b", "a"]


def test_a_column_of_names_beside_the_labels_gives_names_in_the_order_of_the_numbers() -> None:
    assert named(["1", "0"], names=["neg", "pos"]) == (["pos", "neg"], ["neg", "pos"])


def test_a_column_of_names_is_found_by_the_uniform_spelling_of_its_labels() -> None:
    assert named(["1.0", "0.0", "1"], names=["neg", "pos", "neg"]) == (["pos", "neg"], ["neg", "pos", "neg"])


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["1", "1"], ["neg", "pos"]),
        (["0", "1"], ["neg", "neg"]),
        (["0", "1"], ["neg", None]),
        (["0", "1"], ["neg", ""]),
    ],
)
def test_a_contradicting_column_of_names_is_passed_over(
    caplog: pytest.LogCaptureFixture, labels: list[str], names: list[str]
) -> None:
    assert named(labels, names=names)[0] == sorted(set(labels))
    assert "ignoring the column of label names" in caplog.text


def test_an_empty_column_of_names_is_nothing_to_report(caplog: pytest.LogCaptureFixture) -> None:
    assert named(["0", "1"], names=["", ""])[0] == ["0", "1"]
    assert caplog.text == ""


@pytest.mark.parametrize("first", [-1, 0, 1])
def test_classes_are_numbered_from_the_smallest_label(first: int) -> None:
    labels = [str(first), str(first + 2), str(first + 1)]
    assert named(labels, classes=["World", "Sports", "Business"]) == (
        ["World", "Sports", "Business"],
        ["World", "Business", "Sports"],
    )


def test_a_class_without_rows_gets_no_id() -> None:
    assert named(["1", "3"], classes=["World", "Sports", "Business"])[0] == ["World", "Business"]


@pytest.mark.parametrize("labels", [["1", "4"], ["2", "3"], ["1", "2", "3", "4"]])
def test_classes_that_are_not_as_many_as_the_labels_are_refused(labels: list[str]) -> None:
    with pytest.raises(DataError, match=f"has 3 names, but the labels go from {labels[0]} to {labels[-1]}$") as refused:
        named(labels, classes=["World", "Sports", "Business"])
    assert refused.value.message.startswith("classes.txt")
    assert refused.value.hint.endswith("or pass --label-map")


@pytest.mark.parametrize("labels", [["Sports", "World"], ["World", "Sports", "Business"]])
def test_labels_that_are_names_of_classes_are_kept(caplog: pytest.LogCaptureFixture, labels: list[str]) -> None:
    assert named(labels, classes=["World", "Sports", "Business"])[0] == sorted(labels)
    assert caplog.text == ""


def test_classes_beside_labels_of_other_names_are_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    assert named(["world", "1"], classes=["World", "Sports"])[0] == ["1", "world"]
    assert "ignoring classes.txt: the labels are already names" in caplog.text


# --- label maps ---------------------------------------------------------------------------------------------


def test_a_label_map_renames_and_merges() -> None:
    assert named(["1", "2", "3"], label_map="1=World, 2=Sports,3=World") == (
        ["World", "Sports"],
        ["World", "Sports", "World"],
    )


def test_a_label_that_the_map_leaves_out_keeps_its_name() -> None:
    assert named(["1", "2", "3"], label_map="2=two,9=nine") == (["1", "two", "3"], ["1", "two", "3"])


@pytest.mark.parametrize("key", ["1.0", "1"])
def test_a_label_map_may_spell_a_label_as_the_file_or_as_clf_does(key: str) -> None:
    assert named(["1.0", "2.0"], label_map=f"{key}=one")[0] == ["one", "2"]


def test_a_label_map_goes_before_what_the_publisher_says() -> None:
    assert named(["0", "1"], names=["neg", "pos"], classes=["bad", "good"], label_map="1=yes")[0] == ["0", "yes"]


def test_a_label_map_of_other_labels_is_refused() -> None:
    with pytest.raises(DataError, match=r"^--label-map names '1', but the labels are 'a', 'b'$") as refused:
        named(["a", "b"], label_map="1=x")
    assert refused.value.hint == "write the labels as they appear in the data"
    with pytest.raises(DataError, match=r"^--label-map names '1', .*, '6', but the labels are 'a', .*, 'f'$"):
        named(list("abcdefg"), label_map=",".join(f"{number}=x" for number in range(1, 8)))


def test_a_label_map_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "map.json").write_text('{"1": "World"}')
    (tmp_path / "map.toml").write_text('1 = "World"')
    assert read_label_map(str(tmp_path / "map.json")) == read_label_map(str(tmp_path / "map.toml")) == {"1": "World"}


def test_a_label_map_loses_the_spaces_around_its_names(tmp_path: Path) -> None:
    (tmp_path / "map.json").write_text('{" 1 ": " a b ", "2": 3}')
    assert read_label_map(str(tmp_path / "map.json")) == {"1": "a b", "2": "3"}
    assert read_label_map(" 1 = a b , 2=3, ") == {"1": "a b", "2": "3"}


def test_only_the_first_equals_sign_of_a_pair_separates() -> None:
    assert read_label_map("1=a=b,-1=ü") == {"1": "a=b", "-1": "ü"}


@pytest.mark.parametrize("text", ["", "1", "=a", "1=", "none.json", "1=a,2", "1=a, =b", "1=a,2= "])
def test_a_label_map_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--label-map") as refused:
        read_label_map(text)
    assert refused.value.hint.startswith("expected ")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("map.json", b'{"1": '),
        ("map.json", b'["a"]'),
        ("map.json", b"\xff"),
        ("map.json", b'{"1": "a", "2": " "}'),
        ("map.json", b'{"1": null}'),
        ("map.toml", b"1 = "),
    ],
)
def test_a_file_that_is_no_label_map_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=rf"^--label-map {tmp_path / name} cannot be read: ") as refused:
        read_label_map(str(tmp_path / name))
    assert refused.value.hint == 'expected {"1": "World", "2": "Sports"}'


def test_labels_are_aligned_with_those_of_a_model_by_name() -> None:
    ids = align_labels(["bad", "good"], ["good", "so-so", "bad"], "reviews")
    assert (ids.tolist(), ids.dtype) == ([2, 0], np.int64)


def test_a_label_that_the_model_lacks_is_refused_with_at_most_ten_names_of_each_side() -> None:
    theirs, ours = [f"t{number}" for number in range(11)], [f"m{number}" for number in range(11)]
    shown = [", ".join(map(repr, names[:10])) for names in (theirs, ours)]
    message = f"^the labels of reviews are {shown[0]}, but the model's are {shown[1]}$"
    with pytest.raises(DataError, match=message) as refused:
        align_labels(theirs, ours, "reviews")
    assert "--label-map theirs=ours" in refused.value.hint


# --- labels that cannot train -------------------------------------------------------------------------------


def placed(splits: dict[str, list[str]], names: list[str]) -> dict[str, Labelled]:
    """Give each label its id, and the lines of a file with a header."""
    return {
        split: (np.array([names.index(label) for label in labels], dtype=np.int64), np.arange(2, len(labels) + 2))
        for split, labels in splits.items()
    }


def check(splits: dict[str, list[str]], names: list[str] | None = None) -> None:
    names = names or sort_labels(label for labels in splits.values() for label in labels)
    check_labels(placed(splits, names), names, "file.csv")


@pytest.mark.parametrize(
    ("splits", "names", "message"),
    [
        ({"train": ["a", "a"]}, ["a"], "every label is 'a'"),
        ({"train": []}, [], "no row has both"),
        ({"train": [str(n) for n in range(40)]}, [str(n) for n in range(40)], "40 values in 40 rows"),
        ({"train": ["1", "-100"]}, ["-100", "1"], "a label is -100"),
        (
            {"train": ["a", "b"], "test": ["a", "c"]},
            ["a", "b", "c"],
            r"test has labels that train does not have: 'c' \(line 3\)",
        ),
        ({"train": ["[1]", "[1, 2]"]}, ["[1]", "[1, 2]"], r"the labels are lists that cannot be read, such as \[1\]"),
    ],
)
def test_labels_that_cannot_train_are_refused(splits: dict[str, list[str]], names: list[str], message: str) -> None:
    with pytest.raises(DataError, match=f"^file.csv: .*{message}") as refused:
        check_labels(placed(splits, names), names, "file.csv")
    assert refused.value.hint


@pytest.mark.parametrize("labels", [["[1]", "2"], ["[1", "2]"], ["-100", "spam"], ["-10", "100"], ["[INFO]", "[WARN]"]])
def test_labels_that_only_resemble_such_ones_can_train(labels: list[str]) -> None:
    check({"train": labels * 2})
    check({"validation": labels[:1], "test": labels[1:]})  # unknown labels are those that train lacks, if there is one


def test_many_classes_of_two_texts_are_classes_and_no_ids() -> None:
    check({"train": [f"intent {number}" for number in range(77)] * 2})


@pytest.mark.parametrize(
    ("classes", "single", "rows", "ids"),
    [
        (20, 20, 20, False),  # up to twenty are always classes
        (21, 21, 21, True),
        (21, 11, 62, True),  # more than one for every three rows, and more than half of them once
        (21, 11, 63, False),
        (21, 10, 62, False),
        (22, 11, 60, False),
    ],
)
def test_labels_are_ids_if_they_are_many_and_most_occur_once(classes: int, single: int, rows: int, ids: bool) -> None:
    names = [f"c{number}" for number in range(classes)]
    several = names[single:]
    labels = names[:single] + 2 * several
    labels += several[:1] * (rows - len(labels))
    if not ids:
        check({"train": labels}, names)
        return
    with pytest.raises(DataError, match=f"look like numbers or ids: {classes} values in {rows} rows$") as refused:
        check({"train": labels[: rows // 2], "test": labels[rows // 2 :]}, names)
    assert refused.value.hint == "pass --label-column with the column of classes"


@pytest.mark.parametrize(
    ("times", "lines"),
    [(1, "line 4"), (2, "lines 4, 5"), (3, "lines 4, 5, 6"), (4, "lines 4, 5, 6 and 1 more"), (9, "and 6 more")],
)
def test_the_first_three_lines_of_an_unknown_label_are_listed(times: int, lines: str) -> None:
    with pytest.raises(DataError, match=rf"test has labels .*: 'c' \(.*{lines}\)$") as refused:
        check({"train": ["a", "b"], "validation": ["a"], "test": ["a", "b", *["c"] * times]})
    assert "--label-map" in refused.value.hint


def test_at_most_ten_unknown_labels_are_listed() -> None:
    with pytest.raises(DataError, match=r"have: 'c00' \(line 2\), .*'c09' \(line 11\)$"):
        check({"train": ["a", "b"], "test": [f"c{number:02}" for number in range(11)]})


def test_twins_in_case_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    check({"train": ["Neg", "neg", "pos"]})
    assert "'Neg', 'neg' differ only in case" in caplog.text


def test_twins_in_spaces_are_reported_and_others_are_not(caplog: pytest.LogCaptureFixture) -> None:
    check({"train": ["so so", "so  so", "soso", "bad"] * 2})
    [message] = caplog.messages
    assert message.startswith("the labels 'so  so', 'so so' differ only in case or spaces; merge them")


def test_the_first_ten_classes_of_a_single_training_text_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    check({"train": ["a", "b", "b", "c"], "test": ["a", "b"]})
    assert caplog.messages == ["classes with a single training text: 'a', 'c'"]
    check({"train": [f"c{number:02}" for number in range(11)]})
    assert caplog.messages[1].endswith("'c08', 'c09'")


def test_a_label_map_of_labels_that_are_not_there_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert named(["a", "b"], label_map="a=good,c=bad")[0] == ["good", "b"]
    assert "--label-map names labels that are not in the data: 'c'" in caplog.text


@pytest.mark.parametrize(("content", "message"), [
    ('{"1": {"name": "x"}}', "the name of '1' is an object"),
    ('{"1": ["x"]}', "the name of '1' is a list"),
    ('{"1": "a", "1": "b"}', "appears twice"),
    ("[" * 100_000, "nested too deeply"),
    ('{"a":' * 50_000, "nested too deeply"),
    ('{"1": NaN}', "it holds NaN"),
    ('["a"]', "it is not an object"),
    ('{"1": "\\u200b"}', "a name is missing"),
], ids=range(8))  # fmt: skip
def test_a_strange_label_map_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "map.json").write_text(content)
    with pytest.raises(UsageError, match=message):
        read_label_map(str(tmp_path / "map.json"))


@pytest.mark.parametrize("content", ["a = " + "[" * 100_000, "a.b = 'x'", "a = ['x']", "\xff"])
def test_a_strange_toml_label_map_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "map.toml").write_bytes(content.encode("latin-1"))
    with pytest.raises(UsageError, match="--label-map"):
        read_label_map(str(tmp_path / "map.toml"))


@pytest.mark.parametrize("text", ["1=a,1=b", "1=a,1\u200b=b"])
def test_a_label_map_that_names_a_label_twice_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="the label '1' has two names"):
        read_label_map(text)


def test_a_label_map_that_is_a_device_is_refused(tmp_path: Path) -> None:
    (tmp_path / "map.json").symlink_to("/dev/zero")
    with pytest.raises(UsageError, match="not a regular file"):
        read_label_map(str(tmp_path / "map.json"))


def test_labels_that_look_alike_are_told_with_their_code_points(caplog: pytest.LogCaptureFixture) -> None:
    check({"train": ["pos", "p\u043es", "neg"] * 2})
    assert "the labels 'pos', 'p\u043es' (U+043E) look alike" in caplog.text


def test_a_class_with_the_word_for_no_answer_is_told(caplog: pytest.LogCaptureFixture) -> None:
    check({"train": ["abstain", "neg"] * 2})
    assert "'(abstain)' instead" in caplog.text


def test_a_label_as_long_as_a_text_is_refused() -> None:
    with pytest.raises(DataError, match="a label has 10,000 characters"):
        check({"train": ["a", "x" * 10_000] * 2})


def test_labels_are_aligned_by_their_spelling_where_that_is_clear() -> None:
    assert align_labels(["caf\xe9", "neg"], ["neg\u200b", "cafe\u0301"], "x").tolist() == [1, 0]
    with pytest.raises(DataError, match="the labels of x are"):
        align_labels(["neg", "neg\u200b"], ["neg", "pos"], "x")


def test_a_number_of_five_thousand_digits_is_a_name() -> None:
    assert len(named(["9" * 5000, "1"], classes=["a", "b"])[0]) == 2
