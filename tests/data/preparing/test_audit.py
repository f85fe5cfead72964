"""The audit counts what it says it counts."""

from pathlib import Path

import numpy as np
import pytest

from clf.data.preparing.audit import (
    audit,
    audit_lengths,
    audit_near,
    audit_texts,
    conflicting,
    count_classes,
    count_leaks,
)
from clf.data.text_hashes import hash_texts
from clf.models.counting import TokenCounter
from clf.settings import DataSettings
from support.prepared import delivered

# --- duplicates, leaks, contradictions ----------------------------------------------------------------------


def test_repeats_leaks_and_contradictions_are_counted() -> None:
    keys = {"train": hash_texts(["a", "a", "b", "c"]), "test": hash_texts(["a", "d", "d", "c"])}
    labels = {"train": np.array([0, 0, 1, 0]), "test": np.array([0, 1, 1, 1])}
    found = audit_texts(keys, labels)
    assert found.duplicates == {"train": 1, "test": 1}
    assert found.leaks == {"test_in_train": 2}
    assert found.conflicting == 1


def test_leaks_between_three_splits_are_counted_pair_by_pair() -> None:
    keys = {"train": np.array([1, 2, 3]), "validation": np.array([3, 4, 4, 5]), "test": np.array([4, 5, 5, 1])}
    found = audit_texts(keys, {split: np.zeros(len(rows), dtype=np.int64) for split, rows in keys.items()})
    assert found.leaks == {"test_in_train": 1, "validation_in_train": 1, "test_in_validation": 2}
    assert found.duplicates == {"train": 0, "validation": 1, "test": 1}


def test_near_duplicates_are_counted_beside_the_equal_ones() -> None:
    keys = {"train": hash_texts(["a", "a", "b", "c"]), "test": hash_texts(["a", "d", "e"])}
    clusters = {"train": np.array([0, 0, 0, 1]), "test": np.array([0, 1, 2])}
    found = audit_near(keys, clusters)
    assert found.duplicates == {"train": 1, "test": 0}
    assert found.leaks == {"test_in_train": 1}


@pytest.mark.parametrize(
    ("keys", "labels", "expected"),
    [
        ([], [], []),
        ([1], [0], []),
        ([2, 1, 2], [0, 1, 0], []),
        ([1, 2, 1, 2], [0, 1, 0, 2], [2]),
        ([5, 3, 5, 3, 5], [0, 0, 1, 1, 2], [3, 5]),
        ([1, 2], [0, 1], []),
    ],
)
def test_keys_with_more_than_one_label_are_found(keys: list[int], labels: list[int], expected: list[int]) -> None:
    assert conflicting(np.array(keys, dtype=np.int64), np.array(labels, dtype=np.int64)).tolist() == expected


def test_leaks_of_the_final_splits_are_counted_exactly_and_nearly(tmp_path: Path) -> None:
    rows = {"train": [("one", "a"), ("two", "b"), ("three", "a")], "test": [("one", "a"), ("Two", "b"), ("four", "a")]}
    given = delivered(tmp_path, rows)
    clusters = {"train": np.array([0, 1, 2]), "test": np.array([0, 1, 3])}
    leaks = count_leaks({split: given.of(split) for split in rows}, clusters)
    assert (leaks.exact, leaks.near) == ({"test_in_train": 1}, {"test_in_train": 1})


# --- the audit of a dataset ---------------------------------------------------------------------------------


def test_texts_are_compared_before_and_after_cleaning(tmp_path: Path) -> None:
    rows = {"train": [("one", "a"), ("<b>one</b>", "b"), ("two", "a")], "test": [("two ", "b"), ("three", "a")]}
    found = audit(delivered(tmp_path, rows), None, ["a", "b"])
    assert (found.duplicates, found.duplicates_after_cleaning) == ({"train": 0, "test": 0}, {"train": 1, "test": 0})
    assert (found.leaks, found.leaks_after_cleaning) == ({"test_in_train": 0}, {"test_in_train": 1})
    assert (found.conflicting, found.conflicting_after_cleaning) == (0, 2)
    assert found.changed_by_cleaning == {"train": 1, "test": 0}


def test_dropped_rows_are_added_up_and_their_lines_are_kept_by_split(tmp_path: Path) -> None:
    rows = {
        "train": [("", "a"), ("one", ""), ("two", "a")],
        "test": [("", "b"), ("three", "b")],
        "validation": [("x", "a")],
    }
    found = audit(delivered(tmp_path, rows), None, ["a", "b"])
    assert found.rows_read == {"train": 3, "test": 2, "validation": 1}
    assert found.dropped == {"no text": 2, "no label": 1}
    assert found.dropped_lines == {"train": {"no text": [2], "no label": [3]}, "test": {"no text": [2]}}


def test_what_was_not_looked_for_is_not_reported_as_none_found(tmp_path: Path) -> None:
    found = audit(delivered(tmp_path, {"test": [("one", "a"), ("two", "b")]}), None, ["a", "b"]).as_json()
    assert {"near_duplicates", "near_leaks", "near_conflicting", "conflicts"} & found.keys() == set()


@pytest.mark.parametrize(
    ("test_groups", "expected"), [(["ann", "bob"], 2), (["ann", None], 1), (["cid", None], 0), (["", "ann"], 1)]
)
def test_groups_with_rows_in_two_splits_are_counted(
    tmp_path: Path, test_groups: list[str | None], expected: int
) -> None:
    train = [("one", "a", "ann"), ("two", "b", "ann"), ("three", "a", "bob"), ("four", "b", None)]
    test = [("five", "a", test_groups[0]), ("six", "b", test_groups[1])]
    data = DataSettings(group_column="who")
    given = delivered(tmp_path, {"train": train, "test": test}, ("text", "label", "who"), data)
    assert audit(given, None, ["a", "b"]).groups_in_two_splits == expected


def test_without_groups_there_is_no_count_of_groups(tmp_path: Path) -> None:
    given = delivered(tmp_path, {"train": [("one", "a")], "test": [("two", "b")]})
    assert audit(given, None, ["a", "b"]).groups_in_two_splits is None


def test_similar_texts_with_different_labels_are_listed(tmp_path: Path) -> None:
    train = [("x" * 201, "a"), ("alone", "b"), ("xx", "a"), ("xxx", "a"), ("xxxx", "a"), ("y", "a"), ("y", "b")]
    given = delivered(tmp_path, {"train": train, "test": [("xxxxx", "b"), ("yy", "c")]})
    found = audit(given, np.array([0, 1, 0, 0, 0, 2, 2, 0, 2]), ["a", "b", "c"])
    assert [[(row.split, row.line, row.label) for row in rows] for rows in found.conflicts] == [
        [("train", 2, "a"), ("train", 4, "a"), ("train", 5, "a"), ("test", 2, "b")],
        [("train", 7, "a"), ("train", 8, "b"), ("test", 3, "c")],
    ]
    assert [row.text for row in found.conflicts[0]] == ["x" * 200, "xx", "xxx", "xxxxx"]
    assert (found.conflicting, found.near_conflicting) == (1, 1)
    assert (found.near_duplicates, found.near_leaks) == ({"train": 3, "test": 0}, {"test_in_train": 2})


def test_at_most_a_hundred_contradictions_are_listed(tmp_path: Path) -> None:
    given = delivered(tmp_path, {"train": [(f"text {number // 2}", "ab"[number % 2]) for number in range(202)]})
    found = audit(given, np.arange(202) // 2, ["a", "b"])
    assert (len(found.conflicts), found.conflicting, found.near_conflicting) == (100, 101, 0)
    assert found.conflicts[99][0].text == "text 99"


# --- classes ------------------------------------------------------------------------------------------------


def test_classes_without_rows_are_counted_as_zero() -> None:
    assert count_classes({"train": np.array([0, 0])}, ["a", "b"]) == {"train": {"a": 2, "b": 0}}


def test_classes_are_counted_split_by_split() -> None:
    counts = count_classes({"train": np.array([1, 0, 1]), "test": np.zeros(0, dtype=np.int64)}, ["a", "b"])
    assert counts == {"train": {"a": 1, "b": 2}, "test": {"a": 0, "b": 0}}


# --- lengths ------------------------------------------------------------------------------------------------


def test_lengths_are_in_tokens_with_special_ones(tiny_encoder: Path) -> None:
    count = TokenCounter("tiny", tiny_encoder / "tokenizer.json")
    lengths = audit_lengths("tiny", count(["film " * 98, "film"]), 100)
    assert lengths.tokens.max == 100
    assert lengths.share_longer_than == {"64": 0.5, "100": 0.0, "128": 0.0, "256": 0.0, "512": 0.0}
    assert lengths.share_of_tokens_cut_at["64"] == round(36 / 103, 4)
    assert lengths.histogram == {"1-16": 1, "65-128": 1}


def test_a_text_of_exactly_the_limit_is_not_longer() -> None:
    lengths = audit_lengths("m", np.array([64, 65, 128, 600]), 128)
    assert lengths.share_longer_than == {"64": 0.75, "128": 0.25, "256": 0.25, "512": 0.25}
    assert lengths.share_of_tokens_cut_at == {
        limit: round(cut / 857, 4) for limit, cut in [("64", 601), ("128", 472), ("256", 344), ("512", 88)]
    }
    assert (lengths.model, lengths.measured_texts) == ("m", 4)


@pytest.mark.parametrize("edge", [16, 32, 64, 128, 256, 512, 1024, 2048])
def test_the_histogram_counts_a_length_at_an_edge_below_it(edge: int) -> None:
    histogram = audit_lengths("m", np.array([edge // 2 + 1, edge, edge + 1]), 512).histogram
    assert histogram == {f"{edge // 2 + 1 if edge > 16 else 1}-{edge}": 2, f"{edge + 1}-{2 * edge}": 1}


def test_the_histogram_counts_the_shortest_and_the_longest_texts_too() -> None:
    histogram = audit_lengths("m", np.array([1, 4096, 4097, 9000]), 512).histogram
    assert histogram == {"1-16": 1, "2049-4096": 1, "over 4096": 2}


def test_the_median_and_the_tail_are_whole_tokens() -> None:
    tokens = audit_lengths("m", np.array([*range(1, 100), 500]), 512).tokens
    assert (tokens.median, tokens.p95, tokens.max) == (50, 95, 500)
