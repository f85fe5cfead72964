"""The rows of each split: splits that exist are kept, missing ones come from train, leaks go on request."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clf.data.prepared import PreparedDataset
from clf.data.preparing.choose_rows import (
    Chosen,
    check_split_labels,
    choose_splits,
    rows_of_splits,
    sample_splits,
    take_split,
)
from clf.errors import DataError
from clf.outcomes.preparation import Audit, LargeCluster
from clf.settings import DataSettings
from conftest import RunClf, review_rows, write_csv
from support.prepared import Table, delivered, letters


def texts(count: int, name: str = "text") -> list[tuple[str, str]]:
    return [(f"{name} {number}", "ab"[number % 2]) for number in range(count)]


def choose(
    folder: Path, splits: Mapping[str, Table], clusters: list[int] | None = None, seed: int = 1, **data: Any
) -> Chosen:
    """Choose the rows of splits in which every row is alone, unless `clusters` says otherwise."""
    settings = DataSettings(**data)
    given = delivered(folder, splits, ("text", "label", "who")[: 3 if settings.group_column else 2], settings)
    found = np.arange(len(given.rows)) if clusters is None else np.array(clusters)
    return choose_splits(given, found, given.labels, settings, seed)


def sizes(chosen: Chosen) -> dict[str, int]:
    return {split: len(rows) for split, rows in chosen.rows.items()}


# --- splits that exist and splits that are made -------------------------------------------------------------


def test_splits_that_exist_are_kept_as_they_are(tmp_path: Path) -> None:
    splits = {"test": texts(4, "x"), "validation": texts(3, "y"), "train": texts(10)}
    chosen = choose(tmp_path, splits)
    assert {split: rows.tolist() for split, rows in chosen.rows.items()} == {
        "train": list(range(7, 17)), "validation": [4, 5, 6], "test": [0, 1, 2, 3],
    }  # fmt: skip
    assert list(chosen.rows) == ["train", "validation", "test"]
    assert (chosen.clusters_cut, chosen.clusters_in_train, chosen.leaked) == (None, None, 0)


def test_validation_and_test_are_split_off_train_where_it_is_alone(tmp_path: Path) -> None:
    chosen = choose(tmp_path, {"train": texts(40)}, validation_size=0.1, test_size=0.2)
    assert sizes(chosen) == {"train": 28, "validation": 4, "test": 8}
    assert sorted(np.concatenate(list(chosen.rows.values())).tolist()) == list(range(40))
    assert (chosen.clusters_cut, chosen.clusters_in_train) == ([], [])


def test_beside_a_test_split_only_validation_is_split_off_train(tmp_path: Path) -> None:
    chosen = choose(tmp_path, {"test": texts(4, "x"), "train": texts(20)}, validation_size=0.2)
    assert sizes(chosen) == {"train": 16, "validation": 4, "test": 4}
    assert chosen.rows["test"].tolist() == [0, 1, 2, 3]
    assert set(chosen.rows["train"]) | set(chosen.rows["validation"]) == set(range(4, 24))


def test_beside_a_validation_split_no_test_split_is_made(tmp_path: Path) -> None:
    assert sizes(choose(tmp_path, {"train": texts(20), "validation": texts(4, "x")})) == {"train": 20, "validation": 4}


def test_a_split_without_rows_is_left_out(tmp_path: Path) -> None:
    assert sizes(choose(tmp_path, {"train": texts(20)}, test_size=0)) == {"train": 18, "validation": 2}


def test_the_seed_decides_which_rows_are_split_off(tmp_path: Path) -> None:
    tests = [choose(tmp_path, {"train": texts(40)}, seed=seed).rows["test"].tolist() for seed in (1, 1, 2)]
    assert tests[0] == tests[1] != tests[2]


def test_without_a_train_split_nothing_is_chosen(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^d has no train split, only test, validation$") as refused:
        choose(tmp_path, {"test": texts(4), "validation": texts(4, "x")}, dataset="d")
    assert refused.value.hint == (
        "measure a model on it with clf evaluate, or pass the training data with --dataset and a file of this with --test"
    )


def test_large_clusters_are_told(tmp_path: Path) -> None:
    chosen = choose(tmp_path, {"train": texts(100)}, [0] * 6 + [1] * 5 + list(range(2, 91)))
    assert [each.rows for each in chosen.clusters_cut or []] == [6]
    assert [each.rows for each in chosen.clusters_in_train or []] == [5]
    assert set(range(6, 11)) <= set(chosen.rows["train"].tolist())


# --- notes --------------------------------------------------------------------------------------------------


def test_the_sizes_of_the_splits_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    choose(tmp_path, {"train": texts(40)}, seed=7)
    assert caplog.messages[-1] == (
        "split train into train 32, validation 4, test 4 (stratified, seed 7, near duplicates kept together)"
    )
    choose(tmp_path, {"train": [(*row, row[0]) for row in texts(40)]}, group_column="who")
    assert caplog.messages[-1].endswith("seed 1, groups and near duplicates kept together)")


@pytest.mark.parametrize(
    ("alone", "groups", "size", "warning"),
    [
        (50, 7, 7, ""),  # 12 of 9.9 rows: within a quarter
        (50, 6, 8, "test has 13 rows instead of 10: too many rows must stay together"),
        (10, 5, 2, ""),  # 3 of 2 rows: one for each class does not matter
        (11, 3, 3, ""),  # 4 of 2 rows: two classes may make a difference of two
        (10, 3, 3, "test has 4 rows instead of 2: too many rows must stay together"),
    ],
)
def test_a_split_that_is_far_from_its_size_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, alone: int, groups: int, size: int, warning: str
) -> None:
    rows = [(f"text {number}", "a", "") for number in range(alone)]
    rows += [(f"more {number}", "b", f"group {number // size}") for number in range(groups * size)]
    choose(tmp_path, {"train": rows}, group_column="who", validation_size=0, test_size=0.1)
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [warning] * bool(warning)


def test_classes_that_a_split_lacks_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rare = [(f"rare {number}", f"c{number // 2:02}") for number in range(22)]
    chosen = choose(tmp_path, {"train": [*texts(200), *rare]})  # of two texts, one stays and the other is for test
    assert sizes(chosen) == {"train": 171, "validation": 20, "test": 31}
    listed = ", ".join(f"'c{number:02}'" for number in range(10))
    assert caplog.messages[0] == f"validation has no texts of {listed}: too many of these texts must stay together"


def test_a_split_that_nobody_wants_lacks_no_classes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    choose(tmp_path, {"train": texts(40)}, test_size=0)
    assert caplog.messages == []


# --- leaks --------------------------------------------------------------------------------------------------


def test_training_rows_that_leak_are_dropped_only_on_request(tmp_path: Path) -> None:
    splits = {"validation": texts(2, "x"), "train": texts(6), "test": texts(2, "y")}
    clusters = [0, 1, 0, 2, 3, 9, 4, 4, 9, 5]
    assert choose(tmp_path, splits, clusters).rows["train"].tolist() == [2, 3, 4, 5, 6, 7]
    chosen = choose(tmp_path, splits, clusters, drop_leaks=True)
    assert chosen.rows["train"].tolist() == [3, 4, 6, 7]  # texts that resemble one another within train stay
    assert (chosen.rows["validation"].tolist(), chosen.rows["test"].tolist()) == ([0, 1], [8, 9])
    assert chosen.leaked == 2


def test_where_train_is_alone_nothing_leaks(tmp_path: Path) -> None:
    chosen = choose(tmp_path, {"train": texts(20)}, [0, 0, *range(1, 19)], drop_leaks=True)
    assert (sum(sizes(chosen).values()), chosen.leaked) == (20, 0)


def test_a_train_split_that_leaks_whole_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^every training text has an exact or near duplicate") as refused:
        choose(tmp_path, {"train": texts(4), "test": texts(4, "x")}, [0, 1, 2, 3, 3, 2, 1, 0], drop_leaks=True)
    assert refused.value.hint == "pass another file with --test"


def test_dropped_leaks_and_large_clusters_are_added_to_the_audit() -> None:
    audit, large = Audit(dropped={"no text": 1}), [LargeCluster(rows=4, line=2, text="x")]
    assert Chosen({}).told(audit) == audit
    assert "clusters_cut" not in Chosen({}).told(audit).as_json()
    told = Chosen({}, clusters_cut=large, clusters_in_train=[], leaked=3).told(audit)
    assert (told.clusters_cut, told.as_json()["clusters_in_train"]) == (large, [])
    assert told.dropped == {"no text": 1, "stands in validation or test too": 3}


# --- subsets and single splits ------------------------------------------------------------------------------


def test_subsets_are_taken_of_each_split_and_keep_the_classes() -> None:
    labels = np.array([0, 1] * 50)
    chosen = {"train": np.arange(80), "validation": np.arange(80, 90), "test": np.arange(90, 100)}
    taken = sample_splits(chosen, labels, DataSettings(max_train_samples=20, max_eval_samples=4), 1)
    assert {split: len(rows) for split, rows in taken.items()} == {"train": 20, "validation": 4, "test": 4}
    assert {split: int(labels[rows].sum()) for split, rows in taken.items()} == {
        "train": 10,
        "validation": 2,
        "test": 2,
    }
    assert all(set(taken[split]) <= set(chosen[split]) for split in chosen)


def test_without_a_limit_subsets_are_whole() -> None:
    chosen = {"train": np.arange(5), "test": np.array([7, 9])}
    for data in (DataSettings(), DataSettings(max_train_samples=5, max_eval_samples=2)):
        taken = sample_splits(chosen, np.arange(10) % 2, data, 1)
        assert {split: rows.tolist() for split, rows in taken.items()} == {"train": [0, 1, 2, 3, 4], "test": [7, 9]}


def test_the_requested_split_is_taken(tmp_path: Path) -> None:
    given = delivered(tmp_path, {"validation": texts(2), "test": texts(3, "x")})
    assert [rows.tolist() for rows in take_split(given, DataSettings(split="validation")).values()] == [[0, 1]]
    assert {split: rows.tolist() for split, rows in take_split(given, DataSettings()).items()} == {"test": [2, 3, 4]}


def test_all_rows_are_taken_where_there_is_only_a_train_split(tmp_path: Path) -> None:
    given = delivered(tmp_path, {"train": texts(3)})
    taken = take_split(given, DataSettings(split="validation"))
    assert {split: rows.tolist() for split, rows in taken.items()} == {"validation": [0, 1, 2]}


def test_a_split_that_does_not_exist_is_not_taken(tmp_path: Path) -> None:
    given = delivered(tmp_path, {"train": texts(3), "validation": texts(3, "x")})
    with pytest.raises(DataError, match=r"^the dataset has no test split; it has train, validation$") as refused:
        take_split(given, DataSettings())
    assert refused.value.hint == "pass --split with one of them"


def test_training_texts_that_are_all_the_same_are_refused(tmp_path: Path) -> None:
    given = delivered(tmp_path, {"train": [("same", "a"), (" same", "b")], "test": [("other", "a")]})
    splits = rows_of_splits(given)
    with pytest.raises(DataError, match=r"^x: all training texts are the same$") as refused:
        check_split_labels(given.rows, splits, given.labels, "x")
    assert refused.value.hint == "check --text-column"
    check_split_labels(given.rows, {"test": splits["train"]}, given.labels, "x")


def test_two_different_training_texts_are_enough(tmp_path: Path) -> None:
    given = delivered(tmp_path, {"train": [("one", "a"), ("other", "b"), ("one", "b")]})
    check_split_labels(given.rows, rows_of_splits(given), given.labels, "x")


# --- leaks in files -----------------------------------------------------------------------------------------


def test_leaks_are_dropped_on_request(clf: RunClf, own_folder: Path) -> None:
    rows = review_rows(20)
    write_csv(own_folder / "test.csv", [rows[0], ("a new wonderful film", "good")])
    write_csv(own_folder / "all.csv", rows)
    clf("prepare", "--dataset", "all.csv", "--test", "test.csv", "--drop-leaks")
    prepared = PreparedDataset(Path("prepared/all"))
    assert rows[0][0] not in prepared.read("train").texts
    assert len(prepared.read("train")) + len(prepared.read("validation")) >= 18


def test_dropping_leaks_takes_near_duplicates_too(clf: RunClf, own_folder: Path) -> None:
    rows = [(letters(number), "ab"[number % 2]) for number in range(100)]
    write_csv(own_folder / "a.csv", rows)
    write_csv(own_folder / "t.csv", [(f"{rows[3][0]} again", "b"), (letters(501), "a")])
    found = clf("prepare", "--dataset", "a.csv", "--test", "t.csv", "--json").json
    assert (found["leaks"], found["near_leaks"]) == ({"test_in_train": 0}, {"test_in_train": 1})
    found = clf("prepare", "--dataset", "a.csv", "--test", "t.csv", "--drop-leaks", "--json").json
    assert found["leaks_after_split"]["near"]["test_in_train"] == 0
    assert sum(found["rows"].values()) == 101


def test_dropping_leaks_never_leaves_a_class_without_training_texts(clf: RunClf, own_folder: Path) -> None:
    rows = review_rows(20)
    write_csv(own_folder / "all.csv", rows)
    write_csv(own_folder / "test.csv", [row for row in rows if row[1] == "bad"])
    done = clf("prepare", "--dataset", "all.csv", "--test", "test.csv", "--drop-leaks")
    assert done.code == 1
    assert "has labels that train does not have" in done.err
    assert not list(Path().glob("prepared/*"))


def test_dropping_leaks_that_are_all_of_train_is_refused(clf: RunClf, reviews: Path) -> None:
    done = clf("prepare", "--dataset", reviews, "--test", reviews, "--drop-leaks")
    assert done.code == 1
    assert "every training text has an exact or near duplicate in validation or test" in done.err
