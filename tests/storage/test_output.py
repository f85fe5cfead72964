"""Output paths are checked before anything is computed."""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

import clf
from clf.errors import OutputError
from clf.settings import RunSettings, Settings, TrainSettings
from clf.storage.output import (
    check_output_folder,
    claimed,
    place_of_result,
    resolved,
    save_settings,
    settings_file_beside,
)
from clf.storage.publish import staged
from clf.storage.result_folders import is_clf_result
from support.disks import unreadable
from support.predicting import names


def at(folder: Path | None, overwrite: bool = False) -> RunSettings:
    return RunSettings(output_dir=folder, overwrite=overwrite)


def output_folder(run: RunSettings, default: Path, inputs: Sequence[Path] = ()) -> Path:
    folder = place_of_result(run, default)
    check_output_folder(folder, run, default, inputs)
    return folder


def result(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "clf.json").write_text('{"clf_version": "0.1.0", "schema_version": 1}')
    return folder


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


def test_a_result_that_will_be_replaced_is_said_and_a_new_or_empty_folder_is_not(
    own_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    (own_folder / "empty").mkdir()
    for name in ("empty", "new"):
        assert output_folder(at(Path(name)), Path("default")) == (own_folder / name).resolve()
    assert caplog.messages == []
    result(own_folder / "model")
    output_folder(at(None), Path("model"))
    assert caplog.messages == ["model exists and will be replaced"]


def test_only_the_first_strangers_are_named_and_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in "fedcba":
        (folder / name).write_text("")
    with pytest.raises(OutputError) as refused:
        output_folder(at(None), folder)
    assert refused.value.message == f"the output folder {folder} contains files that clf did not write (a, b, c, d)"
    assert refused.value.hint == "choose another --output-dir, or pass --overwrite to replace it"


@pytest.mark.parametrize("linked", ["prepared", "prepared/a"])
def test_a_result_to_which_a_link_leads_the_default_place_is_not_replaced_unasked(
    own_folder: Path, linked: str
) -> None:
    elsewhere = result(own_folder / "prod" / "a")
    (own_folder / linked).parent.mkdir(exist_ok=True)
    (own_folder / linked).symlink_to(elsewhere if linked.endswith("a") else elsewhere.parent)
    default = Path("prepared/a")
    with pytest.raises(OutputError) as refused, claimed(at(None), default):
        pass
    found = f"the default output folder prepared/a leads through a link to {elsewhere}, which already exists"
    assert refused.value.message == found
    assert (refused.value.hint or "").startswith("pass --overwrite to replace it")
    with claimed(at(None, overwrite=True), default) as folder:
        assert folder == elsewhere
    with claimed(at(default, overwrite=True), Path("other")) as folder:
        assert folder == elsewhere


def test_results_may_be_kept_on_another_disk_through_a_link(own_folder: Path) -> None:
    (own_folder / "disk").mkdir()
    (own_folder / "prepared").symlink_to(own_folder / "disk")
    with claimed(at(None), Path("prepared/a")) as folder:
        assert folder == (own_folder / "disk" / "a").resolve()


def test_a_link_to_a_folder_stands_for_the_folder(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(result(tmp_path / "model"))
    assert output_folder(at(tmp_path / "link", overwrite=True), tmp_path / "other") == (tmp_path / "model").resolve()


def test_the_home_folder_is_never_an_output_but_one_inside_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path.resolve()
    monkeypatch.setenv("HOME", str(home))
    with pytest.raises(OutputError, match="is the working directory or contains it") as refused:
        output_folder(at(home, overwrite=True), home)
    assert refused.value.hint == "set --output-dir to a separate folder, such as ./result"
    assert output_folder(at(home / "model"), home) == home / "model"


def test_a_mount_point_is_never_an_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = tmp_path.resolve() / "disk"
    disk.mkdir()
    monkeypatch.setattr(os.path, "ismount", lambda path: path == disk)
    with pytest.raises(OutputError, match="is a mount point, which cannot be replaced") as refused:
        output_folder(at(disk, overwrite=True), disk)
    assert refused.value.hint == f"set --output-dir to a folder inside it, such as {disk / 'result'}"


def test_an_input_beside_the_output_or_that_is_absent_is_in_nobodys_way(tmp_path: Path) -> None:
    for name in ("model-2", "mod"):
        (tmp_path / name).mkdir()
    inputs = [tmp_path / "model-2", tmp_path / "mod", tmp_path / "model" / "absent.csv"]
    assert output_folder(at(tmp_path / "model"), tmp_path, inputs) == (tmp_path / "model").resolve()


@pytest.mark.parametrize("source", ["model", "link.csv"])
def test_the_output_may_be_no_input_nor_hold_what_one_links_to(tmp_path: Path, source: str) -> None:
    model = result(tmp_path / "model")
    (tmp_path / "link.csv").symlink_to(model / "clf.json")
    with pytest.raises(OutputError) as refused:
        output_folder(at(model, overwrite=True), model, [tmp_path / "absent", tmp_path / source])
    said = f"the output folder {model} contains {tmp_path / source}, which the command reads"
    assert (refused.value.message, refused.value.hint) == (
        said, "set --output-dir to a separate folder, such as ./result"
    )  # fmt: skip


def test_a_folder_that_cannot_be_made_is_refused_with_the_one_above_that_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = tmp_path.resolve() / "file"
    parent.write_text("")
    with pytest.raises(OutputError) as refused:
        output_folder(at(parent / "a" / "model"), tmp_path)
    message = f"the output folder {parent / 'a' / 'model'} cannot be created: {parent} is not writable"
    assert (refused.value.message, refused.value.hint) == (message, "choose another --output-dir")
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (tmp_path.resolve(), os.W_OK))
    with pytest.raises(OutputError, match=f"cannot be created: {tmp_path.resolve()} is not writable$"):
        output_folder(at(tmp_path / "a" / "model"), tmp_path)


# --- settings ------------------------------------------------------------------------------------------------


def test_the_settings_of_a_result_say_its_command_and_version_and_can_be_read_back(tmp_path: Path) -> None:
    settings = Settings(train=TrainSettings(epochs=7), run=RunSettings(output_dir=Path("a b/é")))
    save_settings(tmp_path, "train", settings)
    written = json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))
    run = written.pop("run")
    assert re.fullmatch("[0-9a-f]{16}", run)
    assert written == resolved("train", settings)
    save_settings(tmp_path, "train", settings)
    assert json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))["run"] != run
    assert (written["clf_version"], written["command"]) == (clf.__version__, "train")
    assert Settings.model_validate(written["settings"]) == settings
    assert is_clf_result(tmp_path)


@pytest.mark.parametrize("name", ["x.csv", "x.y.jsonl", "no_ending"])
def test_the_settings_of_a_file_stand_beside_it_under_its_whole_name(tmp_path: Path, name: str) -> None:
    assert settings_file_beside(tmp_path / name) == tmp_path / f"{name}.settings.json"


def test_a_claimed_folder_is_locked_and_what_stands_in_the_way_is_said_before(tmp_path: Path) -> None:
    with claimed(at(tmp_path / "deep" / "model"), tmp_path) as folder:
        assert names(folder.parent) == [".model.lock"]
        with pytest.raises(OutputError, match="is using"), claimed(at(tmp_path / "deep" / "model"), tmp_path):
            pass
        assert names(folder.parent) == [".model.lock"]
    assert names(tmp_path) == []
    with pytest.raises(OutputError, match=r"exists$"), claimed(at(result(tmp_path / "model")), tmp_path):
        pass
    assert names(tmp_path) == ["model"]


def test_what_version_0_1_and_killed_processes_left_in_a_result_is_no_obstacle(tmp_path: Path) -> None:
    model = result(tmp_path / "model")
    for name in ("clf.json.part", "settings.json.part", ".clf.json.part-0123456789abcdef"):
        (model / name).write_text("half")
    assert output_folder(at(None), model) == model.resolve()
    (model / "thesis.part").write_text("precious")
    with pytest.raises(OutputError, match=r"did not write \(thesis\.part\)"):
        output_folder(at(None), model)


def test_a_folder_whose_record_cannot_be_read_is_no_output_even_with_overwrite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = result(tmp_path / "model")
    unreadable(monkeypatch, "clf.json")
    with pytest.raises(OutputError) as refused:
        output_folder(at(None, overwrite=True), model)
    said = f"the output folder {model} cannot be examined: {model / 'clf.json'}: Input/output error"
    assert refused.value.message == said
