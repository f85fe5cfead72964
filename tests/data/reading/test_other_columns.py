"""Columns that tell the label are found."""

from collections.abc import Sequence

from clf.data.reading.batch import Batch
from clf.data.reading.columns import Columns
from clf.data.reading.other_columns import FEWEST, OtherColumns


def batch(**columns: Sequence[object]) -> Batch:
    lists = {name: list(values) for name, values in columns.items()}
    return Batch(lists, list(range(1, len(next(iter(lists.values()))) + 1)))


def suspicious(rows: int = 40, labels: Sequence[object] = "ab", **columns: Sequence[object]) -> dict[str, float]:
    others = OtherColumns()
    given = batch(text=["x"] * rows, label=[labels[row % len(labels)] for row in range(rows)], **columns)
    others.add(given, Columns(["text"], "label"))
    return others.suspicious()


def test_a_column_that_says_the_same_as_the_label_is_suspicious() -> None:
    assert suspicious(stars=["low", "high"] * 20, length=["odd", "even", "none", "all"] * 10) == {
        "stars": 1.0,
        "length": 1.0,
    }
    assert suspicious(source=["web", "web", "app", "app"] * 10) == {}


def test_numbers_in_the_order_of_the_labels_are_suspicious_and_shuffled_ones_are_not() -> None:
    assert suspicious(number=[row + 100 * (row % 2) for row in range(40)]) == {"number": 0.974}
    assert suspicious(number=list(range(40))) == {}


def test_a_value_that_stands_alone_tells_nothing_and_neither_does_a_tie() -> None:
    assert suspicious(key=[f"key {row}" for row in range(40)]) == {}
    assert suspicious(half=["x"] * 40) == {}


def test_what_one_frequent_label_explains_is_not_suspicious() -> None:
    labels = ["a"] * 19 + ["b"]
    assert suspicious(labels=labels, country=["here"] * 40) == {}
    assert suspicious(labels=labels, code=(["x"] * 19 + ["y"]) * 2) == {"code": 1.0}
    mostly = ["a"] * 3 + ["b"]  # so that 39 of 40 are enough, but 38 are not
    told = ["x"] * 3 + ["y"]
    assert suspicious(labels=mostly, code=[*told * 9, "y", *told[1:]]) == {"code": 0.975}
    assert suspicious(labels=mostly, code=[*told * 9, "y", "y", *told[2:]]) == {}


def test_a_share_below_nineteen_of_twenty_is_not_suspicious() -> None:
    agreeing = ["low", "high"] * 20
    assert suspicious(stars=["high", *agreeing[1:39], "low"]) == {"stars": 0.95}
    assert suspicious(stars=["high", "low", *agreeing[2:39], "low"]) == {}


def test_too_few_rows_tell_nothing() -> None:
    assert suspicious(FEWEST, stars=["low", "high"] * (FEWEST // 2)) == {"stars": 1.0}
    assert suspicious(FEWEST - 1, stars=(["low", "high"] * FEWEST)[: FEWEST - 1]) == {}


def test_only_some_rows_of_a_large_batch_are_kept_and_only_some_columns() -> None:
    others = OtherColumns()
    rows = 2 * others.PER_BATCH + 1
    more = {f"column {number}": ["v"] * rows for number in range(others.MOST + 1)}
    given = Batch({"text": ["x"] * rows, "label": ["a"] * rows} | more, list(range(rows)))
    others.add(given, Columns(["text"], "label"))
    assert list(others.rows) == list(more)[: others.MOST]
    assert {len(pairs) for pairs in others.rows.values()} == {-(-rows // 3)} == {others.taken}


def test_rows_without_a_label_and_values_that_are_no_scalars_are_not_kept() -> None:
    others = OtherColumns()
    given = batch(label=["a", None, "b", "c"], note=["x" * 300, "y", 2, ["z"]], label_name=["A", "B", "C", "D"])
    others.add(given, Columns([], "label", "label_name"))
    others.add(batch(note=["z"]), Columns([], "label"))
    assert others.rows == {"note": [("x" * 200, "a"), ("2", "b")]}
