"""What killed processes left beside a result is restored or cleared, and nothing else is touched."""

import fcntl
import os
from pathlib import Path

import pytest

from clf.storage.leftovers import delete_folder, recover
from clf.storage.publish import staged
from clf.storage.result_folders import is_clf_result
from support.disks import unreadable
from support.predicting import names

DEAD = 999_999_999
"""The number of a process that cannot exist."""
NUMBER = 2**22 - 7
"""The number of one that could, in another container."""


def result(folder: Path, content: str = "old") -> Path:
    folder.mkdir(parents=True)
    (folder / "clf.json").write_text('{"clf_version": "0.1.0", "schema_version": 1}')
    (folder / "report.md").write_text(content)
    return folder


# --- of version 0.1 -----------------------------------------------------------------------------------------


def test_what_a_killed_process_staged_is_cleared_and_what_a_living_one_stages_is_not(tmp_path: Path) -> None:
    other, of_another = tmp_path / ".model.staging-old", tmp_path / f".model-2.staging-{DEAD}"
    dead, alive = tmp_path / f".model.staging-{DEAD}", tmp_path / f".model.staging-{os.getppid()}"
    for folder in (other, of_another, dead, alive):
        folder.mkdir()
    (tmp_path / f".model.staging-{DEAD - 1}").write_text("no folder, so not of clf")
    with staged(tmp_path / "model"):
        assert not dead.exists()
        assert alive.exists()
    assert other.exists()
    assert of_another.exists()


def test_what_a_process_of_another_user_stages_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_permitted(process: int, number: int) -> None:
        assert (process, number) == (NUMBER, 0)
        raise PermissionError

    (tmp_path / f".model.staging-{NUMBER}").mkdir()
    monkeypatch.setattr(os, "kill", not_permitted)
    with staged(tmp_path / "model"):
        pass
    assert names(tmp_path) == [f".model.staging-{NUMBER}", "model"]


@pytest.mark.parametrize("process", [DEAD, os.getpid()], ids=["ended", "own"])
@pytest.mark.parametrize("name", ["model", "m[1]", "my-model"])
def test_a_result_whose_replacement_was_killed_is_restored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, process: int
) -> None:
    result(tmp_path / f".{name}.replaced-{process}")
    recover(tmp_path / name)
    assert names(tmp_path) == [name]
    assert is_clf_result(tmp_path / name)
    assert caplog.messages == [f"restored {tmp_path / name}, because its replacement was interrupted"]


def test_a_replaced_result_whose_record_cannot_be_read_is_not_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = tmp_path / ".model.staging-0123456789abcdef"
    (stage / "new").mkdir(parents=True)
    (stage / "lock").write_text("")
    result(stage / "old")
    with monkeypatch.context() as broken:
        for record in ("clf.json", "manifest.json", "settings.json"):
            unreadable(broken, record)
        recover(tmp_path / "model")
        assert names(stage) == ["lock", "new", "old"]
    recover(tmp_path / "model")
    assert names(tmp_path) == ["model"]


def test_a_result_that_was_replaced_is_deleted_and_not_restored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    result(tmp_path / "model", "new")
    result(tmp_path / f".model.replaced-{DEAD}")
    recover(tmp_path / "model")
    assert names(tmp_path) == ["model"]
    assert (tmp_path / "model" / "report.md").read_text() == "new"
    assert caplog.messages == []


def test_of_two_replaced_results_the_first_is_restored_and_half_of_one_never(tmp_path: Path) -> None:
    (tmp_path / f".model.replaced-{DEAD - 2}").mkdir()
    for process in (DEAD, DEAD - 1):
        result(tmp_path / f".model.replaced-{process}", str(process))
    (tmp_path / f".model.replaced-{DEAD - 3}").write_text("no folder, so not of clf")
    recover(tmp_path / "model")
    assert names(tmp_path) == [f".model.replaced-{DEAD - 3}", "model"]
    assert (tmp_path / "model" / "report.md").read_text() == str(DEAD - 1)


def test_what_a_living_process_is_replacing_is_its_own(tmp_path: Path) -> None:
    result(tmp_path / f".model.replaced-{os.getppid()}")
    recover(tmp_path / "model")
    assert names(tmp_path) == [f".model.replaced-{os.getppid()}"]


def test_what_a_process_of_another_container_may_still_stage_is_cleared_when_nothing_touched_it_for_long(
    tmp_path: Path,
) -> None:
    for process in (NUMBER, os.getpid()):
        left = tmp_path / f".model.staging-{process}"
        left.mkdir()
        (left / "half").write_text("")
        recover(tmp_path / "model")
        assert names(left) == ["half"]
        for path in (left, left / "half"):
            os.utime(path, (1e9, 1e9))
        recover(tmp_path / "model")
    assert names(tmp_path) == []


def test_names_that_only_look_like_those_of_processes_and_links_are_left_alone(tmp_path: Path) -> None:
    result(tmp_path / "precious")
    odd = [".model.staging-²", ".model.staging-foo", ".model.replaced-", ".model.staging-99999999999"]
    for name in odd:
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").write_text("precious")
    (tmp_path / f".model.staging-{DEAD}").symlink_to("precious")
    (tmp_path / f".model.replaced-{DEAD}").symlink_to("precious")
    recover(tmp_path / "model")
    assert names(tmp_path) == sorted([*odd, f".model.staging-{DEAD}", f".model.replaced-{DEAD}", "precious"])
    assert is_clf_result(tmp_path / "precious")


def test_a_pipe_or_a_link_in_the_place_of_a_folder_to_delete_is_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("folder")
    for name in ("pipe", "link", "absent"):
        delete_folder(tmp_path / name)
    assert names(tmp_path) == ["folder", "link", "pipe"]
    delete_folder(tmp_path / "folder")
    assert names(tmp_path) == ["link", "pipe"]


# --- of this version ----------------------------------------------------------------------------------------


def stage(folder: Path, **parts: str) -> Path:
    """Make what a killed process left, with results of this content."""
    left = folder / ".model.staging-0123456789abcdef"
    left.mkdir()
    (left / "lock").write_text("")
    for name, content in parts.items():
        result(left / name, content)
    return left


def test_a_stage_is_cleared_once_its_lock_is_free(tmp_path: Path) -> None:
    left = stage(tmp_path, new="half")
    with (left / "lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        recover(tmp_path / "model")
        assert names(left) == ["lock", "new"]
    recover(tmp_path / "model")
    assert names(tmp_path) == []


def test_a_replaced_result_comes_back_only_while_the_new_one_was_not_in_place(tmp_path: Path) -> None:
    stage(tmp_path, new="new", old="old")
    recover(tmp_path / "model")
    assert (tmp_path / "model" / "report.md").read_text() == "old"
    (tmp_path / "model").rename(tmp_path / "moved")  # by its user, after a replacement whose cleaning failed
    stage(tmp_path, old="stale")
    recover(tmp_path / "model")
    assert names(tmp_path) == ["moved"]


def test_a_stage_without_lock_or_with_other_files_is_not_of_clf(tmp_path: Path) -> None:
    for end, file in (("0" * 16, "thesis.txt"), ("1" * 16, "new")):
        folder = tmp_path / f".model.staging-{end}"
        folder.mkdir()
        (folder / file).write_text("precious")
    (tmp_path / f".model.staging-{'2' * 16}").mkdir()  # killed before it had a lock
    other = stage(tmp_path, new="new")
    (other / "thesis.txt").write_text("precious")
    recover(tmp_path / "model")
    assert names(tmp_path) == [f".model.staging-{'0' * 16}", other.name, f".model.staging-{'1' * 16}"]
    assert names(other) == ["lock", "new", "thesis.txt"]


def test_a_lock_in_a_stage_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    left = stage(tmp_path, new="new")
    (left / "lock").unlink()
    (left / "lock").symlink_to(tmp_path / "precious")
    (tmp_path / "precious").write_text("precious")
    recover(tmp_path / "model")
    assert names(tmp_path) == [left.name, "precious"]
