"""Rows that must stay together: identical texts, near duplicates and groups, unless there are too many of them."""

from pathlib import Path

import numpy as np
import pytest

from clf.data.preparing.clusters import Units, find_clusters, find_units
from clf.settings import DataSettings
from conftest import RunClf
from support.prepared import delivered, letters, sides
from support.tiny import write_csv

SHARES = {"validation": 0.1, "test": 0.2}


def units_of(
    folder: Path,
    texts: list[str],
    clusters: list[int],
    shares: dict[str, float] = SHARES,
    groups: list[str] | None = None,
) -> Units:
    """Find the units of rows whose clusters of near duplicates are given."""
    rows = list(zip(texts, "ab" * len(texts), groups or [""] * len(texts), strict=False))
    data = DataSettings(group_column="who" if groups else None)
    given = delivered(folder, {"train": rows}, ("text", "label", "who"), data)
    return find_units(given.rows, np.array(clusters), given.store, shares)


def crowd(size: int, rows: int) -> tuple[list[str], list[int]]:
    """Give distinct texts and their clusters: the first `size` rows are in one, every other one is alone."""
    return [f"text {number}" for number in range(rows)], [0] * size + list(range(1, rows - size + 1))


def partition(numbers: np.ndarray) -> list[list[int]]:
    """Return the sets of rows with the same number, in the order of their first rows."""
    return [np.flatnonzero(numbers == number).tolist() for number in dict.fromkeys(numbers.tolist())]


# --- near duplicates ----------------------------------------------------------------------------------------


def test_equal_and_nearly_equal_texts_share_a_cluster_across_splits(tmp_path: Path) -> None:
    one, other = letters(1), letters(2)
    train = [(one, "a"), (other, "b"), (f"{one} again", "a")]
    test = [("short", "a"), (f"<b>{other}</b>", "b"), ("short", "b"), (f"{one} again", "a")]
    given = delivered(tmp_path, {"train": train, "test": test}, near=True)
    assert partition(find_clusters(given.rows, given.store)) == [[0, 2, 6], [1, 4], [3, 5]]


def test_clusters_are_found_among_the_rows_that_are_left(tmp_path: Path) -> None:
    """The first row is dropped, so that the numbers of rows and of texts differ."""
    given = delivered(
        tmp_path, {"train": [("<br />", "a"), (letters(1), "a"), (letters(2), "b"), (letters(1) + ".", "a")]}, near=True
    )
    assert given.rows.number.tolist() == [1, 2, 3]
    assert partition(find_clusters(given.rows, given.store)) == [[0, 2], [1]]


# --- units --------------------------------------------------------------------------------------------------


def test_a_cluster_is_one_unit(tmp_path: Path) -> None:
    units = units_of(tmp_path, ["one", "two", "three", "One"], [5, 2, 7, 5])
    assert partition(units.number) == [[0, 3], [1], [2]]
    assert (units.pinned.any(), units.kept, units.cut) == (False, [], [])


@pytest.mark.parametrize(("size", "rows", "cut"), [(3, 20, False), (4, 20, True), (10, 200, False), (11, 200, True)])
def test_a_cluster_of_more_than_a_twentieth_of_the_rows_is_cut(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, size: int, rows: int, cut: bool
) -> None:
    units = units_of(tmp_path, *crowd(size, rows), {})
    assert len(set(units.number.tolist())) == (rows if cut else rows - size + 1)
    assert [each.rows for each in units.cut] == [size] * cut
    assert not units.pinned.any()
    said = (
        f"{size} of {rows} rows are near duplicates of one another (line 2: 'text 0' …): too many to keep in one split"
    )
    assert caplog.messages == [said] * cut


@pytest.mark.parametrize(
    ("size", "rows", "shares", "pinned"),
    [
        (3, 200, SHARES, False),  # three may always be held out
        (4, 200, SHARES, True),
        (5, 1000, SHARES, False),  # a twentieth of the smallest share
        (6, 1000, SHARES, True),
        (10, 1000, {"validation": 0, "test": 0.2}, False),  # a share of zero is no split
        (11, 1000, {"validation": 0, "test": 0.2}, True),
        (10, 200, {"validation": 0, "test": 0}, False),
    ],
)
def test_a_cluster_of_more_than_a_twentieth_of_a_held_out_split_stays_in_train(
    tmp_path: Path, size: int, rows: int, shares: dict[str, float], pinned: bool
) -> None:
    units = units_of(tmp_path, *crowd(size, rows), shares)
    assert np.flatnonzero(units.pinned).tolist() == (list(range(size)) if pinned else [])
    assert [(each.rows, each.line, each.text) for each in units.kept] == [(size, 2, "text 0")] * pinned
    assert partition(units.number)[0] == list(range(size))
    assert units.cut == []


def test_equal_texts_stay_together_however_many_they_are(tmp_path: Path) -> None:
    units = units_of(tmp_path, ["same"] * 50 + ["other", "third"], [0] * 50 + [1, 2])
    assert partition(units.number) == [list(range(50)), [50], [51]]
    assert (units.pinned.any(), units.kept, units.cut) == (False, [], [])


def test_equal_texts_stay_together_where_their_cluster_is_cut(tmp_path: Path) -> None:
    texts = ["one", "two", "one", "three", "four", "two"]
    units = units_of(tmp_path, texts, [0] * 5 + [0])
    assert partition(units.number) == [[0, 2], [1, 5], [3], [4]]


def test_two_texts_of_many_rows_are_a_cluster_that_may_be_cut(tmp_path: Path) -> None:
    units = units_of(tmp_path, ["same"] * 50 + ["Same", "other"], [0] * 51 + [1])
    assert partition(units.number) == [list(range(50)), [50], [51]]
    assert [each.rows for each in units.cut] == [51]


def test_a_cluster_is_described_by_its_first_text(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    texts = ["alone", *[f"{'x' * 250}{number}" for number in range(4)]]
    [described] = units_of(tmp_path, texts, [0, 1, 1, 1, 1]).cut
    assert (described.rows, described.line, described.text) == (4, 3, "x" * 200)
    assert f"(line 3: '{'x' * 60}' …)" in caplog.text


def test_at_most_ten_clusters_that_stay_in_train_are_described(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(200)]
    units = units_of(tmp_path, texts, [row // 4 if row < 48 else row for row in range(200)])
    assert [each.line for each in units.kept] == [2 + 4 * number for number in range(10)]
    assert np.flatnonzero(units.pinned).tolist() == list(range(48))


# --- groups -------------------------------------------------------------------------------------------------


def test_the_rows_of_a_group_are_one_unit(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(6)]
    units = units_of(tmp_path, texts, list(range(6)), groups=["x", "", "y", "x", "", "y"])
    assert partition(units.number) == [[0, 3], [1], [2, 5], [4]]


def test_groups_and_near_duplicates_chain_rows_together(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(100)]
    groups = ["x", "y", "", "x", "z", "y", "z", *[""] * 93]
    units = units_of(tmp_path, texts, [0, 0, 2, 3, 4, 5, 5, *range(6, 99)], groups=groups)
    assert partition(units.number)[:3] == [[0, 1, 3, 4, 5, 6], [2], [7]]


def test_a_group_is_kept_together_where_its_cluster_is_cut(tmp_path: Path) -> None:
    units = units_of(tmp_path, *crowd(4, 6), groups=["", "x", "", "x", "", "x"])
    assert partition(units.number) == [[0], [1, 3, 5], [2], [4]]


# --- clusters and groups in a file --------------------------------------------------------------------------


def test_near_duplicates_stay_on_one_side(clf: RunClf, own_folder: Path) -> None:
    rows = [(letters(number), "ab"[number % 2]) for number in range(200)]
    twins = [(f"{text} again", label) for text, label in rows[:100]]
    done = clf("prepare", "--dataset", write_csv(own_folder / "a.csv", [*rows, *twins]), "--json")
    side = sides(Path("prepared/a"))
    assert all(side[text] == side[f"{text} again"] for text, _ in rows[:100])
    assert done.json["near_duplicates"] == {"train": 100}
    assert done.json["leaks_after_split"]["near"] == {
        "test_in_train": 0,
        "validation_in_train": 0,
        "test_in_validation": 0,
    }
    assert done.json["rows"] == {"train": 240, "validation": 30, "test": 30}


def test_a_crowd_is_cut_and_a_smaller_one_stays_in_train(clf: RunClf, own_folder: Path) -> None:
    rows = [(letters(number), "ab"[number % 2]) for number in range(600)]
    form, note = letters(9000, 60), letters(9001, 60)
    crowd = [(f"{form} number {number}", "ab"[number % 2]) for number in range(60)]
    few = [(f"{note} number {number}", "a") for number in range(8)]
    done = clf("prepare", "--dataset", write_csv(own_folder / "a.csv", [*rows, *crowd, *few]), "--json")
    assert [cluster["rows"] for cluster in done.json["clusters_cut"]] == [60]
    assert [cluster["rows"] for cluster in done.json["clusters_in_train"]] == [8]
    assert "60 of 668 rows are near duplicates of one another" in done.err
    side = sides(Path("prepared/a"))
    assert {side[text] for text, _ in crowd} == {"train", "validation", "test"}
    assert {side[text] for text, _ in few} == {"train"}
    assert done.json["leaks_after_split"]["near"]["test_in_train"] > 0


def test_groups_are_never_cut(clf: RunClf, own_folder: Path) -> None:
    rows = [(letters(number), "ab"[number % 2], f"author {number // 10}") for number in range(400)]
    path = write_csv(own_folder / "a.csv", rows, ("text", "label", "author"))
    done = clf("prepare", "--dataset", path, "--group-column", "author", "--json")
    assert done.code == 0, done.err
    side = sides(Path("prepared/a"))
    for author in range(40):
        assert len({side[text] for text, _, name in rows if name == f"author {author}"}) == 1
    assert done.json["rows"]["test"] in range(20, 61)
