"""What is recorded about a cached repository is used only if all of it is valid."""

import json
from pathlib import Path

import pytest

from clf.errors import ModelError
from clf.hub.records import (
    RECORD,
    VERIFIED,
    CacheRecord,
    ClientFile,
    Content,
    listed_by_client,
    read_record,
    read_verified,
)

COMMIT = "a" * 40


@pytest.mark.parametrize(
    "record",
    [
        {}, {"revisions": {"main": COMMIT}}, {"revisions": {}, "commits": []}, {"revisions": [], "commits": {}},
        {"revisions": {}, "commits": {COMMIT: {"a": {"size": 1}}}}, {"revisions": {}, "commits": {COMMIT: {"a": 5}}},
        {"revisions": {}, "commits": {COMMIT: {"a": {"size": "many", "hash": "x"}}}},
        {"revisions": {}, "commits": {COMMIT: {"a": {"size": -1, "hash": "0" * 64}}}},
        {"revisions": {}, "commits": {COMMIT: {"../a": {"size": 1, "hash": "0" * 64}}}},
        {"revisions": {}, "commits": {"../a": {}}}, {"revisions": {"../a": COMMIT}, "commits": {}},
        {"revisions": {"main": "../a"}, "commits": {}},
    ],
)  # fmt: skip
def test_a_record_with_a_wrong_field_counts_as_empty(tmp_path: Path, record: dict[str, object]) -> None:
    (tmp_path / RECORD).write_text(json.dumps(record))
    assert read_record(tmp_path) == CacheRecord(revisions={}, commits={})


def test_a_record_of_version_0_1_is_read_and_one_of_a_newer_clf_is_not_taken_for_damaged(tmp_path: Path) -> None:
    record = {"revisions": {"main": COMMIT}, "commits": {COMMIT: {"a/b.csv": {"size": 5, "hash": "0" * 40}}}}
    (tmp_path / RECORD).write_text(json.dumps(record))
    assert read_record(tmp_path).commits == {COMMIT: {"a/b.csv": Content(5, "0" * 40)}}
    (tmp_path / RECORD).write_text(json.dumps({"schema_version": 2, **record}))
    with pytest.raises(ModelError, match="has schema 2") as newer:
        read_record(tmp_path)
    assert newer.value.hint == "install a newer clf"


@pytest.mark.parametrize("marks", [[], {COMMIT: []}, {COMMIT: {"a": [1]}}, {COMMIT: {"a": ["x", "y"]}}, {"x": {}}])
def test_marks_that_are_damaged_are_none(tmp_path: Path, marks: object) -> None:
    (tmp_path / VERIFIED).write_text(json.dumps(marks))
    assert read_verified(tmp_path) == {}


def test_marks_read_back_as_written(tmp_path: Path) -> None:
    (tmp_path / VERIFIED).write_text(json.dumps({COMMIT: {"a": (1, 2)}}))
    assert read_verified(tmp_path) == {COMMIT: {"a": (1, 2)}}


def test_a_list_of_the_client_is_used_only_if_it_is_one(tmp_path: Path) -> None:
    (tmp_path / "trees").mkdir()
    for content, expected in (
        ({"files": {"a": {"blob_id": "x", "size": 3}}, "more": 1}, {"a": ClientFile(blob_id="x")}),
        ({"files": {"a": {"blob_id": 5}, "b": 1}, "schema_version": 2}, {"a": ClientFile(), "b": ClientFile()}), ({"files": ["a"]}, {}), ({}, {}),
        ({"files": {"a": {}, "x" * 300 + ".csv": {}}}, {}), ({"files": {"../a.csv": {}}}, {}),
    ):  # fmt: skip
        (tmp_path / "trees" / f"{COMMIT}.json").write_text(json.dumps(content))
        assert listed_by_client(tmp_path, COMMIT) == expected
