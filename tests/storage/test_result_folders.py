"""Which folders are results of clf, and which files in them are not."""

import json
from pathlib import Path

import pytest

from clf.storage.result_folders import has_edited_readme, is_clf_result, shown, strangers
from support.disks import unreadable


@pytest.mark.parametrize("name", ["clf.json", "manifest.json", "settings.json"])
def test_a_folder_is_a_result_when_one_of_its_records_has_the_version_of_clf(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"clf_version": "0.1.0"}')
    assert is_clf_result(tmp_path)


def test_a_damaged_record_does_not_hide_a_good_one(tmp_path: Path) -> None:
    (tmp_path / "clf.json").write_text("{")
    (tmp_path / "manifest.json").mkdir()
    (tmp_path / "settings.json").write_text('{"clf_version": "0.1.0"}')
    assert is_clf_result(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b"7", b"null", b'{"version": "clf_version"}', b"\xff", b"[" * 100_000]
)
def test_a_folder_of_someone_else_is_no_result(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "settings.json").write_bytes(content)
    (tmp_path / "config.json").write_text('{"clf_version": "0.1.0"}')
    assert not is_clf_result(tmp_path)
    assert strangers(tmp_path) == ["config.json", "settings.json"]


def test_a_missing_folder_is_no_result(tmp_path: Path) -> None:
    assert not is_clf_result(tmp_path / "absent")


def test_an_empty_folder_holds_no_strangers(tmp_path: Path) -> None:
    assert strangers(tmp_path) == []


def test_parts_that_a_killed_process_left_are_no_strangers_even_alone(tmp_path: Path) -> None:
    for name in ("clf.json.part", ".settings.json.part-0123456789abcdef"):
        (tmp_path / name).write_text("{")
    assert strangers(tmp_path) == []
    (tmp_path / "notes.part").write_text("mine")
    assert strangers(tmp_path) == ["notes.part"]


def test_strangers_are_what_neither_record_lists_and_no_command_writes(tmp_path: Path) -> None:
    """Also where the name of a listed file is part of another, or a record lists what no command of clf writes."""
    (tmp_path / "clf.json").write_text(
        json.dumps(
            {
                "clf_version": "0.1.0",
                "files": {"model.safetensors": "", "model.onnx.data": "", "notes.txt": "", "é": ""},
            }
        )
    )
    (tmp_path / "manifest.json").write_text(json.dumps({"files": {"train.parquet": ""}}))
    ours = ["model.safetensors", "train.parquet", "model.onnx.data", "README.md", "labels.json", "audit.json", "metrics.json",
            "predictions.parquet", "report.md", "comparison.json", "label_issues.csv", "settings.json"]  # fmt: skip
    theirs = ["zebra.txt", "notes.txt", "é", ".hidden", "model", "report.md.bak", "train.parquet.old"]
    for name in (*ours, *theirs):
        (tmp_path / name).write_text("")
    assert strangers(tmp_path) == sorted(theirs)


@pytest.mark.parametrize("files", ["{", "null", "3", '{"files": null}', '{"files": 3}', "[]"])
def test_a_damaged_list_lists_nothing(tmp_path: Path, files: str) -> None:
    (tmp_path / "settings.json").write_text('{"clf_version": "0.1.0"}')
    (tmp_path / "manifest.json").write_text(files)
    (tmp_path / "train.parquet").write_text("")
    assert strangers(tmp_path) == ["train.parquet"]


def test_a_path_is_shown_from_the_working_folder_or_whole(own_folder: Path, tmp_path: Path) -> None:
    assert shown(own_folder.resolve() / "prepared" / "a") == "prepared/a"
    assert shown(own_folder.resolve()) == "."
    assert shown(own_folder.resolve().parent / "other") == str(own_folder.resolve().parent / "other")
    assert shown(Path(f"{own_folder.resolve()}-2")) == f"{own_folder.resolve()}-2"
    assert shown(Path("prepared/a")) == "prepared/a"


def test_a_record_that_cannot_be_read_makes_no_folder_somebody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clf.json").write_text('{"clf_version": "0.1.0"}')
    (tmp_path / "README.md").write_text("")
    unreadable(monkeypatch, "clf.json")
    for ask in (is_clf_result, strangers, has_edited_readme):
        with pytest.raises(OSError, match="Input/output error"):
            ask(tmp_path)
