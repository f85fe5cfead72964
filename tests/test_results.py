"""Results are published whole or not at all, and nothing foreign is touched."""

import errno
import os
from pathlib import Path

import pytest

from clf.errors import OutputError
from clf.settings import RunSettings
from clf.storage import publish as publishing
from clf.storage.output import output_folder
from clf.storage.publish import staged
from clf.storage.result_folders import is_clf_result


def at(folder: Path | None, overwrite: bool = False) -> RunSettings:
    return RunSettings(output_dir=folder, overwrite=overwrite)


def result(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "clf.json").write_text('{"clf_version": "0.1.0", "schema_version": 1}')
    return folder


def test_a_staged_folder_appears_whole_with_readable_files(tmp_path: Path) -> None:
    with staged(tmp_path / "model") as stage:
        (stage / "weights").write_text("new")
        (stage / "weights").chmod(0o600)
        assert not (tmp_path / "model").exists()
    assert (tmp_path / "model" / "weights").read_text() == "new"
    assert (tmp_path / "model" / "weights").stat().st_mode & 0o044
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_failure_leaves_the_old_result_and_nothing_else(tmp_path: Path) -> None:
    old = result(tmp_path / "model")
    with pytest.raises(ZeroDivisionError), staged(old) as stage:
        (stage / "clf.json").write_text(str(1 // 0))
    assert is_clf_result(old)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_clf_result_at_the_default_place_is_replaced(tmp_path: Path) -> None:
    assert output_folder(at(None), result(tmp_path / "model")) == tmp_path / "model"


@pytest.mark.parametrize("explicit", [True, False])
def test_a_foreign_folder_needs_overwrite(tmp_path: Path, explicit: bool) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("precious")
    with pytest.raises(OutputError, match=r"contains files that clf did not write \(thesis\.txt\)"):
        output_folder(at(folder if explicit else None), folder)
    assert output_folder(at(folder if explicit else None, overwrite=True), folder) == folder
    with staged(folder) as stage:
        (stage / "clf.json").write_text('{"clf_version": "0.1.0"}')
    assert is_clf_result(folder)
    [kept] = tmp_path.glob("mine.replaced-*")
    assert (kept / "thesis.txt").read_text() == "precious"


def test_the_working_folder_and_those_above_are_never_an_output(own_folder: Path) -> None:
    for folder in (own_folder, own_folder.parent):
        with pytest.raises(OutputError, match="is the working directory or contains it"):
            output_folder(at(folder, overwrite=True), folder)


def test_a_folder_that_holds_an_input_is_never_an_output(tmp_path: Path) -> None:
    model = result(tmp_path / "model")
    with pytest.raises(OutputError, match="which the command reads"):
        output_folder(at(model, overwrite=True), model, [model / "clf.json"])


def test_an_interrupt_between_the_renames_keeps_the_old_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = result(tmp_path / "model")
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        if ".staging-" in self.name:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    monkeypatch.setattr(publishing, "_exchange", lambda *_: False)  # as on a system that cannot
    with pytest.raises(KeyboardInterrupt), staged(old) as stage:
        (stage / "clf.json").write_text("{}")
    assert is_clf_result(old)


def test_a_result_whose_replacement_was_killed_comes_back(tmp_path: Path) -> None:
    for name, process in (("model", 999_999_999), ("m[1]", 999_999_999), ("in-a-container", os.getpid())):
        result(tmp_path / f".{name}.replaced-{process}")
        assert is_clf_result(output_folder(at(None), tmp_path / name))


def test_half_of_a_replaced_result_never_comes_back(tmp_path: Path) -> None:
    left = tmp_path / ".model.replaced-999999999"
    left.mkdir()
    (left / "half").write_text("")
    assert not output_folder(at(tmp_path / "model"), tmp_path / "other").exists()
    assert not left.exists()


def test_an_explicit_result_needs_overwrite_too(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"exists$"):
        output_folder(at(result(tmp_path / "model")), tmp_path / "other")


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("")
    with pytest.raises(OutputError, match="is a file"):
        output_folder(at(tmp_path / "model"), tmp_path / "other")


def test_a_file_added_to_a_model_is_not_lost_with_it(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "clf.json").write_text('{"clf_version": "0.1.0", "files": {"config.json": ""}}')
    (model / "config.json").write_text("{}")
    assert output_folder(at(None), model) == model
    (model / "notes.txt").write_text("precious")
    with pytest.raises(OutputError, match=r"contains files that clf did not write \(notes\.txt\)"):
        output_folder(at(None), model)


def test_what_a_killed_process_staged_is_cleared_and_what_a_living_one_stages_is_not(tmp_path: Path) -> None:
    (tmp_path / ".model.staging-old").mkdir()
    dead, alive = tmp_path / ".model.staging-999999999", tmp_path / f".model.staging-{os.getppid()}"
    dead.mkdir()
    alive.mkdir()
    with staged(tmp_path / "model"):
        assert not dead.exists()
        assert alive.exists()


def test_a_file_added_to_a_prepared_dataset_is_not_lost_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "manifest.json").write_text('{"clf_version": "0.1.0", "files": {"train.parquet": ""}}')
    for name in ("train.parquet", "labels.json", "audit.json", "settings.json"):
        (folder / name).write_text("{}")
    assert output_folder(at(None), folder) == folder
    (folder / "mine.csv").write_text("precious")
    with pytest.raises(OutputError, match=r"contains files that clf did not write \(mine\.csv\)"):
        output_folder(at(None), folder)


def test_foreign_content_is_kept_each_time(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    for number in (1, 2):
        folder.mkdir(exist_ok=True)
        (folder / "thesis.txt").write_text(f"version {number}")
        with staged(folder) as stage:
            (stage / "clf.json").write_text('{"clf_version": "0.1.0"}')
    kept = [(tmp_path / f"mine.replaced-{number}" / "thesis.txt").read_text() for number in (1, 2)]
    assert kept == ["version 1", "version 2"]


def test_a_full_disk_is_said_in_words(tmp_path: Path) -> None:
    for error in (
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("I/O error: No space left on device (os error 28)"),
    ):
        with pytest.raises(OutputError, match=r"cannot write .*No space left") as refused, staged(tmp_path / "model"):
            raise error
        assert "free some space" in refused.value.hint
    with pytest.raises(ZeroDivisionError), staged(tmp_path / "model"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_linked_files_keep_their_permissions(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("")
    (tmp_path / "theirs").chmod(0o600)
    with staged(tmp_path / "model") as stage:
        os.link(tmp_path / "theirs", stage / "linked")
    assert (tmp_path / "theirs").stat().st_mode & 0o777 == 0o600


def test_a_replacement_is_one_step_where_the_system_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = result(tmp_path / "model")

    def refused(self: Path, target: Path) -> Path:
        raise AssertionError("two folders change places in one step")

    if not publishing._exchange(old, result(tmp_path / "other")):
        pytest.skip("this file system cannot")
    monkeypatch.setattr(Path, "rename", refused)
    with staged(old) as stage:
        (stage / "clf.json").write_text('{"new": 1}')
    assert (old / "clf.json").read_text() == '{"new": 1}'
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "other"]
