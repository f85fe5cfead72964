"""Results are published whole or not at all, and nothing foreign is touched."""

import ctypes
import errno
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from clf.errors import DataError, OutputError
from clf.storage.leftovers import recover
from clf.storage.publish import publish, staged
from clf.storage.result_folders import is_clf_result
from support.predicting import names


def result(folder: Path, content: str = "old") -> Path:
    folder.mkdir(parents=True)
    (folder / "clf.json").write_text('{"clf_version": "0.1.0", "schema_version": 1}')
    (folder / "report.md").write_text(content)
    return folder


def folders_can_be_swapped(folder: Path) -> bool:
    """Ask the system itself, on the disk of this folder."""
    (folder / "one").mkdir()
    (folder / "other").mkdir()
    swap = getattr(ctypes.CDLL(None), "renameat2", lambda *_: -1)
    swapped = swap(-100, os.fsencode(folder / "one"), -100, os.fsencode(folder / "other"), 2) == 0
    (folder / "one").rmdir()
    (folder / "other").rmdir()
    return bool(swapped)


@pytest.fixture
def renames(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List the names that folders get by a rename of their own."""
    rename, given = Path.rename, []

    def noted(self: Path, target: Path) -> Path:
        given.append(target.name)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", noted)
    return given


@pytest.fixture
def two_renames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace folders as on a system that cannot swap them."""
    monkeypatch.setattr(sys, "platform", "other")


@contextmanager
def before_the_last_rename(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> Iterator[None]:
    """Act when the finished folder would get its name."""
    rename = Path.rename

    def acting(self: Path, target: Path) -> Path:
        if ".staging-" in self.parent.name and self.name == "new":
            act()
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", acting)
        yield


def interrupt() -> None:
    raise KeyboardInterrupt


# --- staging ------------------------------------------------------------------------------------------------


def test_a_staged_folder_appears_whole_with_readable_files(tmp_path: Path) -> None:
    with staged(tmp_path / "model") as stage:
        (stage / "weights").write_text("new")
        (stage / "weights").chmod(0o600)
        assert not (tmp_path / "model").exists()
    assert (tmp_path / "model" / "weights").read_text() == "new"
    assert (tmp_path / "model" / "weights").stat().st_mode & 0o044
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_the_staging_folder_is_hidden_beside_the_result_and_empty(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "er"
    with staged(folder / "my-model") as stage:
        assert re.fullmatch(r"\.my-model\.staging-[0-9a-f]{16}", stage.parent.name)
        assert (stage.parent.parent, names(stage.parent), names(stage)) == (folder, ["lock", "new"], [])
    assert names(folder) == ["my-model"]


def test_two_stages_of_one_place_never_share_a_folder(tmp_path: Path) -> None:
    """Two containers on one volume are both process 1."""
    with staged(tmp_path / "model") as one:
        (one / "report.md").write_text("of one")
        with staged(tmp_path / "model") as other:
            assert other != one
            (other / "clf.json").write_text('{"clf_version": "0.1.0"}')
        assert names(tmp_path / "model") == ["clf.json"]
        assert names(one) == ["report.md"]
    assert names(tmp_path) == ["model"]
    assert names(tmp_path / "model") == ["report.md"]


def test_the_folders_above_a_result_are_made(tmp_path: Path) -> None:
    with staged(tmp_path / "a" / "b" / "model") as stage:
        (stage / "weights").write_text("new")
    assert names(tmp_path / "a" / "b" / "model") == ["weights"]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_old_result_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    def fail(file: Path) -> None:
        file.write_text("half")
        raise error

    old = result(tmp_path / "model")
    with pytest.raises(error), staged(old) as stage:
        fail(stage / "clf.json")
    assert is_clf_result(old)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_after_a_failure_the_lock_goes_last_so_that_a_kill_meanwhile_leaves_what_the_next_run_clears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_killed(folder: Path) -> None:
        raise SystemExit(folder.name)

    monkeypatch.setattr("clf.storage.publish.delete_folder", is_killed)
    with pytest.raises(SystemExit, match=r"^new$"), staged(tmp_path / "model"):
        raise KeyboardInterrupt
    recover(tmp_path / "model")
    assert not names(tmp_path)


@pytest.mark.parametrize("error", [FileNotFoundError(errno.ENOENT, "no such file: new/x"), RuntimeError("no x")])
def test_a_folder_that_somebody_moves_while_a_result_is_written_into_it_is_said(
    tmp_path: Path, error: Exception
) -> None:
    def fail() -> None:
        (tmp_path / "a").rename(tmp_path / "b")
        raise error

    with pytest.raises(OutputError, match="was moved or deleted meanwhile"), staged(tmp_path / "a" / "model"):
        fail()


def test_a_full_disk_is_said_in_words(tmp_path: Path) -> None:
    for error in (
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("I/O error: No space left on device (os error 28)"),
    ):
        with pytest.raises(OutputError, match=r"cannot write .*No space left") as refused, staged(tmp_path / "model"):
            raise error
        assert refused.value.hint == "free some space, or choose another --output-dir"
        assert refused.value.message == f"cannot write {tmp_path / 'model'}: {error}"
    with pytest.raises(ZeroDivisionError), staged(tmp_path / "model"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_said_and_one_that_cannot_be_read_elsewhere_stays_its_error(
    tmp_path: Path,
) -> None:
    with (
        pytest.raises(OutputError, match=r"cannot write .*Permission denied: '.*/weights'$"),
        staged(tmp_path / "model") as stage,
    ):
        raise PermissionError(errno.EACCES, "Permission denied", str(stage / "weights"))
    for error in (PermissionError(errno.EACCES, "Permission denied", "/elsewhere"), OSError("of no file")):
        with pytest.raises(OSError, match=r"Permission denied: '/elsewhere'|of no file"), staged(tmp_path / "model"):
            raise error


# --- the files of a result ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("mask", "mode"), [(0o000, 0o666), (0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_files_get_the_permissions_of_any_new_file_and_folders_keep_theirs(
    tmp_path: Path, mask: int, mode: int
) -> None:
    before = os.umask(mask)
    try:
        with staged(tmp_path / "model") as stage:
            (stage / "deep").mkdir()
            (stage / "deep").chmod(0o705)
            for name in ("weights", "deep/weights"):
                (stage / name).write_text("")
                (stage / name).chmod(0o700)
        assert os.umask(mask) == mask  # that of the process is as it was
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "model").iterdir()}
    assert modes == {"weights": mode, "deep": 0o705}
    assert (tmp_path / "model" / "deep" / "weights").stat().st_mode & 0o777 == mode


def test_linked_files_keep_their_permissions(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("")
    (tmp_path / "theirs").chmod(0o600)
    with staged(tmp_path / "model") as stage:
        os.link(tmp_path / "theirs", stage / "linked")
    assert (tmp_path / "theirs").stat().st_mode & 0o777 == 0o600


def test_all_is_on_disk_before_the_result_gets_its_name_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, fsync, flushed = tmp_path / "model", os.fsync, dict[int, bool]()

    def noted(descriptor: int) -> None:
        flushed[os.fstat(descriptor).st_ino] = model.exists()
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    with staged(model) as stage:
        (stage / "deep").mkdir()
        (stage / "deep" / "weights").write_text("new")
    inodes = [path.stat().st_ino for path in (model, model / "deep", model / "deep" / "weights", tmp_path)]
    assert flushed == dict(zip(inodes, (False, False, False, True), strict=True))


def test_a_result_that_is_moved_aside_has_a_name_on_disk_before_it_loses_its_own(
    tmp_path: Path, two_renames: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, fsync, flushed = result(tmp_path / "model"), os.fsync, list[int]()

    def noted(descriptor: int) -> None:
        if not model.exists():
            flushed.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    with staged(model) as stage:
        (stage / "report.md").write_text("new")
        aside = stage.parent.stat().st_ino
    assert flushed == [aside, tmp_path.stat().st_ino]


# --- replacing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("relative", [False, True])
def test_a_replacement_is_one_step_where_the_system_can(own_folder: Path, renames: list[str], relative: bool) -> None:
    if not folders_can_be_swapped(own_folder):
        pytest.skip("this file system cannot")
    old = result(Path("model") if relative else own_folder / "model")
    with staged(old) as stage:
        result(stage / "deep", "new")
    assert renames == []
    assert names(old) == ["deep"]
    assert names(own_folder) == ["model"]


@pytest.mark.parametrize("library", [SimpleNamespace(), SimpleNamespace(renameat2=lambda *_: -1)])
def test_a_replacement_is_two_renames_where_the_system_or_the_disk_cannot_swap(
    tmp_path: Path, renames: list[str], monkeypatch: pytest.MonkeyPatch, library: SimpleNamespace
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    old = result(tmp_path / "model")
    with staged(old) as stage:
        (stage / "report.md").write_text("new")
    assert renames == ["old", "model"]
    assert {path.name: path.read_text() for path in old.iterdir()} == {"report.md": "new"}
    assert names(tmp_path) == ["model"]


def test_only_on_linux_are_folders_swapped(tmp_path: Path, renames: list[str], two_renames: None) -> None:
    with staged(result(tmp_path / "model")) as stage:
        (stage / "report.md").write_text("new")
    assert renames == ["old", "model"]
    assert names(tmp_path) == ["model"]
    assert names(tmp_path / "model") == ["report.md"]


def test_publishing_alone_leaves_only_the_new_result(tmp_path: Path) -> None:
    stage = result(tmp_path / "stage", "new")
    publish(stage, result(tmp_path / "model"))
    assert (tmp_path / "model" / "report.md").read_text() == "new"
    publish(result(tmp_path / "stage"), tmp_path / "other")
    assert names(tmp_path) == ["model", "other"]


def test_an_interrupt_between_the_renames_keeps_the_old_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, two_renames: None
) -> None:
    old = result(tmp_path / "model")
    with (
        before_the_last_rename(monkeypatch, interrupt),
        pytest.raises(KeyboardInterrupt),
        staged(old) as stage,
    ):
        (stage / "clf.json").write_text("{}")
    assert is_clf_result(old)
    assert names(tmp_path) == ["model"]


def test_an_interrupt_before_the_first_result_appears_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        before_the_last_rename(monkeypatch, interrupt),
        pytest.raises(KeyboardInterrupt),
        staged(tmp_path / "model") as stage,
    ):
        (stage / "clf.json").write_text("{}")
    assert names(tmp_path) == []


def test_what_another_process_published_between_the_renames_stays_and_so_does_the_old_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, two_renames: None
) -> None:
    old = result(tmp_path / "model")
    with (
        before_the_last_rename(monkeypatch, lambda: None if old.exists() else result(old, "of another")),
        pytest.raises(OutputError, match=r"cannot write .*: .*'.*\.model\.staging-\w+/new' -> '.*/model'$"),
        staged(old) as stage,
    ):
        (stage / "report.md").write_text("new")
    assert (old / "report.md").read_text() == "of another"
    assert names(tmp_path) == ["model", "model.replaced-1"]
    assert (tmp_path / "model.replaced-1" / "report.md").read_text() == "old"


# --- what clf did not write ---------------------------------------------------------------------------------


def test_foreign_content_is_kept_each_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "mine"
    for number in (1, 2):
        folder.mkdir(exist_ok=True)
        (folder / "thesis.txt").write_text(f"version {number}")
        with staged(folder) as stage:
            (stage / "clf.json").write_text('{"clf_version": "0.1.0"}')
        assert names(folder) == ["clf.json"]
    kept = [(tmp_path / f"mine.replaced-{number}" / "thesis.txt").read_text() for number in (1, 2)]
    assert kept == ["version 1", "version 2"]
    assert names(tmp_path) == ["mine", "mine.replaced-1", "mine.replaced-2"]
    assert caplog.messages == [
        f"{folder} contained files that clf did not write; its contents are kept in {folder}.replaced-{number}"
        for number in (1, 2)
    ]


def test_foreign_content_is_back_in_its_place_after_an_interrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with (
        before_the_last_rename(monkeypatch, interrupt),
        pytest.raises(KeyboardInterrupt),
        staged(tmp_path / "mine") as stage,
    ):
        (stage / "clf.json").write_text("{}")
    assert names(tmp_path) == ["mine"]
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"


# --- a README that its user edited --------------------------------------------------------------------------


def with_readme(folder: Path, content: str, recorded: str | None) -> Path:
    folder.mkdir()
    hashed = {"readme": hashlib.sha256(recorded.encode()).hexdigest()} if recorded is not None else {}
    (folder / "clf.json").write_text(json.dumps({"clf_version": "0.2.0", "schema_version": 1, **hashed}))
    (folder / "README.md").write_text(content)
    return folder


@pytest.mark.parametrize("recorded", ["as written", None], ids=["edited", "of version 0.1"])
def test_an_edited_readme_is_kept_beside_the_model_that_replaces_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, recorded: str | None
) -> None:
    model = with_readme(tmp_path / "model", "mine", recorded)
    (tmp_path / "model.README-1.md").write_text("of before")
    with staged(model) as stage:
        (stage / "README.md").write_text("new")
    assert names(tmp_path) == ["model", "model.README-1.md", "model.README-2.md"]
    assert [(tmp_path / f"model.README-{number}.md").read_text() for number in (1, 2)] == ["of before", "mine"]
    assert (model / "README.md").read_text() == "new"
    said = f"{model / 'README.md'} is not as clf wrote it; it is kept in {tmp_path / 'model.README-2.md'}"
    assert caplog.messages == [said]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_copy_into_the_stage_that_fails_is_of_the_result_though_its_source_is_named_first(
    tmp_path: Path, number: int
) -> None:
    with pytest.raises(OutputError, match="cannot write"), staged(tmp_path / "model") as stage:
        raise OSError(number, os.strerror(number), "model/train_rows.npy", None, str(stage / "train_rows.npy"))
    assert names(tmp_path) == []


def test_of_a_readme_that_cannot_be_copied_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    model = with_readme(tmp_path / "model", "mine", "as written")
    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(OutputError, match="No space left"), staged(model):
        pass
    assert names(tmp_path) == ["model"]
    assert (model / "README.md").read_text() == "mine"


def test_a_readme_as_it_was_written_is_replaced_and_one_is_not_kept_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, two_renames: None
) -> None:
    with staged(with_readme(tmp_path / "model", "as written", "as written")):
        pass
    assert names(tmp_path) == ["model"]
    (tmp_path / "model").rmdir()
    model = with_readme(tmp_path / "model", "mine", "as written")
    with before_the_last_rename(monkeypatch, interrupt), pytest.raises(KeyboardInterrupt), staged(model):
        pass
    assert (names(tmp_path), (model / "README.md").read_text()) == (["model"], "mine")
    (model / "thesis.txt").write_text("precious")
    with staged(model):
        pass
    assert names(tmp_path) == ["model", "model.replaced-1"]  # which holds the README too


def test_a_disk_that_breaks_without_naming_a_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OutputError, match="Input/output error"), staged(tmp_path / "model") as stage:
        (stage / "weights").write_text("new")
    assert names(tmp_path) == []


def test_an_error_of_a_file_beside_the_result_stays_its_error(tmp_path: Path) -> None:
    for number, kind in ((errno.EIO, OSError), (errno.EACCES, PermissionError), (errno.ENOSPC, OSError)):
        for name in ("reviews.csv", "model-2", ".model.lock"):
            with pytest.raises(kind) as raised, staged(tmp_path / "model"):
                raise OSError(number, "cannot read", str(tmp_path / name))
            assert raised.value.filename == str(tmp_path / name)
    with pytest.raises(OutputError, match=r"^cannot write .*/model: "), staged(tmp_path / "model"):
        raise OSError(errno.EIO, "broken", str(tmp_path / "model"))
    assert names(tmp_path) == []


def test_an_error_that_clf_has_explained_is_not_explained_again(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^reviews\.csv: No space left"), staged(tmp_path / "model"):
        raise DataError("reviews.csv: No space left on device", "")
