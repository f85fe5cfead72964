"""A checkpoint is whole or absent; a damaged one is named and skipped; another run's is refused."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from clf.training.checkpoint_files import MANIFEST, Fingerprint, RunPosition
from clf.training.checkpoints import Checkpoint, Checkpoints
from clf.training.keeping import BEST_FILE

WEIGHTS = "model.safetensors"
MARK = Fingerprint({"--seed": 1}, {"threads": 2})
PROGRESS = RunPosition(True, 0.5, 10, 1.5)


@pytest.fixture
def store(tmp_path: Path) -> Checkpoints:
    made = Checkpoints(tmp_path / "x.run" / "checkpoints", MARK)
    made.begin()
    return made


def save(store: Checkpoints, step: int, best: int | None, content: str = "weights", with_best: bool = False) -> Path:
    folder = store.stage / f"checkpoint-{step}"
    folder.mkdir()
    if with_best:
        (folder / BEST_FILE).write_text(f"best {best}")
    (folder / WEIGHTS).write_text(f"{content} {step}")
    return store.commit(folder.name, step, best, PROGRESS)


def steps(store: Checkpoints) -> list[int]:
    return sorted(int(path.name.split("-")[1]) for path in store.folder.glob("checkpoint-*"))


def hidden(store: Checkpoints) -> list[str]:
    """Return the names of what is left over beside the checkpoints and the staging folder."""
    return sorted(path.name for path in store.folder.glob(".*") if path != store.stage)


def newest(store: Checkpoints) -> Checkpoint:
    found = store.newest()
    assert found
    return found


def change(checkpoint: Path, **values: object) -> None:
    """Change values of the manifest of a checkpoint; None removes one."""
    manifest = {**json.loads((checkpoint / MANIFEST).read_text()), **values}
    kept = {name: value for name, value in manifest.items() if value is not None}
    (checkpoint / MANIFEST).write_text(json.dumps(kept))


def fill(folder: Path) -> Path:
    """Create a folder that cannot be replaced by a rename, because it has a file."""
    folder.mkdir()
    (folder / WEIGHTS).write_text("left over")
    return folder


# --- saving and finding -------------------------------------------------------------------------------------


def test_the_newest_is_found_with_what_it_holds(store: Checkpoints) -> None:
    assert store.newest() is None
    save(store, 10, 10)
    save(store, 20, 10)
    found = store.newest()
    assert found
    assert (found.step, found.best_step, found.progress) == (20, 10, PROGRESS)


def test_a_saved_checkpoint_is_read_back_as_it_was(store: Checkpoints) -> None:
    folder = save(store, 10, None)
    assert folder == store.folder / "checkpoint-10"
    assert newest(store) == Checkpoint(folder, 10, None, MARK, PROGRESS)
    lines = (folder / "clf-checkpoint.json").read_text().splitlines()
    assert lines[1:4] == [' "schema_version": 1,', ' "step": 10,', ' "best_step": null,']  # for people, line by line
    assert set(json.loads((folder / MANIFEST).read_text())["files"]) == {WEIGHTS}


def test_the_newest_is_the_one_of_the_greatest_number(store: Checkpoints) -> None:
    save(store, 9, 9)
    save(store, 10, 9)
    fill(store.folder / "checkpoint-notes")  # someone else's
    assert newest(store).step == 10


def test_files_of_a_checkpoint_can_be_read_by_others(store: Checkpoints) -> None:
    (store.stage / "checkpoint-1").mkdir()
    path = store.stage / "checkpoint-1" / WEIGHTS
    path.touch(0o600)  # as safetensors creates them
    before = os.umask(0o027)
    try:
        assert (store.commit("checkpoint-1", 1, None, PROGRESS) / WEIGHTS).stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(before)


def test_everything_is_on_disk_before_the_checkpoint_has_its_name(
    store: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[tuple[int, bool]] = []
    final = store.folder / "checkpoint-10"
    monkeypatch.setattr(os, "fsync", lambda number: flushed.append((os.fstat(number).st_ino, final.exists())))
    save(store, 10, 8, with_best=True)
    before = {number for number, there in flushed if not there}
    assert before == {path.stat().st_ino for path in (final, *final.iterdir())}
    assert flushed[-1] == (store.folder.stat().st_ino, True)  # the folder itself, which now holds the new name
    assert flushed[-2][0] == final.stat().st_ino


# --- rotation -----------------------------------------------------------------------------------------------


def test_the_newest_and_the_best_are_kept_and_no_third(store: Checkpoints) -> None:
    save(store, 10, 10)
    for step in (20, 30, 40):
        save(store, step, 10)
    assert steps(store) == [10, 40]
    save(store, 50, 50)
    assert steps(store) == [10, 50]  # 40 would need 10 as well


def test_one_that_holds_the_best_weights_needs_no_other(store: Checkpoints) -> None:
    save(store, 10, 8, with_best=True)
    save(store, 20, 18, with_best=True)
    assert steps(store) == [10, 20]  # two whole ones, in case the newest is damaged
    found = store.newest()
    assert found
    assert (found.step, found.best_step) == (20, 18)
    (found.folder / BEST_FILE).write_text("damaged")
    found = store.newest()
    assert found
    assert found.step == 10
    save(store, 30, 28, with_best=True)
    assert steps(store) == [20, 30]


@pytest.mark.parametrize("best", [None, 10])
def test_one_whose_weights_are_the_best_or_that_was_never_evaluated_needs_no_other(
    store: Checkpoints, best: int | None
) -> None:
    save(store, 10, best)
    fill(store.folder / "checkpoint-20")  # newer, and without a manifest
    save(store, 30, 28, with_best=True)
    assert steps(store) == [10, 30]


def test_one_that_needs_another_is_kept_where_there_is_nothing_better(store: Checkpoints) -> None:
    save(store, 10, 10)
    save(store, 20, 10)
    shutil.rmtree(store.folder / "checkpoint-10")
    save(store, 30, 28, with_best=True)
    assert steps(store) == [20, 30]


@pytest.mark.parametrize("broken", ["{", "{}", "[]", '{"files": {}}', '{"files": null}'])
def test_a_damaged_one_is_the_first_to_be_deleted(store: Checkpoints, broken: str) -> None:
    save(store, 10, 8, with_best=True)
    damaged = fill(store.folder / "checkpoint-20")
    (damaged / MANIFEST).write_text(broken)
    save(store, 30, 28, with_best=True)
    assert steps(store) == [10, 30]
    assert hidden(store) == []


def test_a_checkpoint_is_deleted_over_what_an_earlier_deletion_left(store: Checkpoints) -> None:
    save(store, 10, 10)
    save(store, 20, 20)
    fill(store.folder / ".trash-checkpoint-10")
    save(store, 30, 20)
    assert steps(store) == [20, 30]
    assert hidden(store) == []


def test_a_deletion_that_fails_ends_no_run_and_is_made_up_for(
    store: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store.folder / ".damaged-checkpoint-50")

    def busy(*_: object, **__: object) -> None:
        raise OSError("busy")

    with monkeypatch.context() as patch:
        patch.setattr(os, "rmdir", busy)
        for step in (10, 20, 30, 30):
            save(store, step, step)
    assert steps(store) == [20, 30]
    assert hidden(store) == [".damaged-checkpoint-50", ".replaced-checkpoint-30", ".trash-checkpoint-10"]
    save(store, 40, 40)
    store.begin()
    assert (steps(store), hidden(store)) == ([30, 40], [])


# --- damaged ones -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "manifest"])
def test_a_damaged_one_is_named_and_the_one_before_taken(
    store: Checkpoints, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    save(store, 10, 10)
    newest = save(store, 20, 20)
    file = newest / (MANIFEST if damage == "manifest" else "model.safetensors")
    {
        "flip": lambda: file.write_text("weighTs 20"), "cut": lambda: file.write_text("wei"),
        "remove": file.unlink, "manifest": lambda: file.write_text("{"),
    }[damage]()  # fmt: skip
    found = store.newest()
    assert found
    assert found.step == 10
    assert "checkpoint-20 is damaged" in caplog.text
    assert newest.exists()
    store.drop_after(10)
    assert steps(store) == [10]
    assert list(store.folder.glob(".damaged-*"))  # kept until a newer one stands
    save(store, 30, 10)
    assert not list(store.folder.glob(".damaged-*"))


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"files": {WEIGHTS: "0" * 64}}, f"{WEIGHTS} does not match its hash"),
        ({"files": {WEIGHTS: "0"}}, f"files.{WEIGHTS} is '0'"),
        ({"files": {}}, f"{WEIGHTS} is not listed"),
        ({"files": {WEIGHTS: "0" * 64, "optimizer.pt": "0" * 64}}, "optimizer.pt is missing"),
        ({"files": {"../" + WEIGHTS: "0" * 64}}, "is not a file of a checkpoint"),
        ({"files": {"training_args.bin": "0" * 64}}, "'training_args.bin' is not a file of a checkpoint"),
        ({"step": None}, "step is missing"),
        ({"step": 11}, "is of step 11"),
        ({"best_step": None}, "best_step is missing"),
        ({"best_step": -1}, "best_step is -1"),
        ({"files": None}, "files is missing"),
        ({"fingerprint": {"same": {}}}, "fingerprint.alike is missing"),
        ({"fingerprint": {"same": 1, "alike": {}}}, "fingerprint.same is 1"),
        ({"fingerprint": {"same": {"--epochs": "abc"}, "alike": {}}}, "fingerprint: epochs is 'abc'"),
        ({"extra": {"evaluated": True}}, "extra.loss is missing"),
        ({"extra": []}, "extra is []"),
        ({"schema_version": "1"}, "schema_version is '1'"),
    ],
)
def test_a_manifest_that_lacks_something_is_damaged(
    store: Checkpoints, caplog: pytest.LogCaptureFixture, values: dict[str, object], why: str
) -> None:
    folder = save(store, 10, 10)
    change(folder, **values)
    assert store.newest() is None
    [line] = caplog.messages
    assert line.startswith(f"{folder} is damaged, skipping it: ")
    assert why in line


def test_a_manifest_that_is_no_object_is_damaged(store: Checkpoints, caplog: pytest.LogCaptureFixture) -> None:
    (save(store, 10, 10) / MANIFEST).write_text("[]")
    assert store.newest() is None
    assert "is damaged, skipping it" in caplog.text
    assert store.begun_with() == {}


def test_one_whose_best_weights_are_damaged_is_passed_over(
    store: Checkpoints, caplog: pytest.LogCaptureFixture
) -> None:
    best = save(store, 10, 10)
    save(store, 20, 10)
    (best / "model.safetensors").write_text("")
    assert store.newest() is None
    assert "its best weights, checkpoint-10, are damaged" in caplog.text
    assert caplog.messages[1].startswith(f"skipping {best.with_name('checkpoint-20')}: its best weights")


def test_the_best_weights_are_only_looked_for_where_they_are_not_held(store: Checkpoints) -> None:
    save(store, 10, 7)  # the best of the best is not needed
    save(store, 20, 10)
    assert newest(store).step == 20
    shutil.rmtree(store.folder / "checkpoint-10")
    assert store.newest() is None
    save(store, 30, 28, with_best=True)
    assert newest(store).step == 30
    save(store, 40, None)
    assert newest(store).step == 40


def test_damaged_ones_are_set_aside_and_only_those_after_the_step(store: Checkpoints) -> None:
    for step in (0, 9, 10):
        fill(store.folder / f"checkpoint-{step}")
    fill(store.folder / ".damaged-checkpoint-10")  # of an earlier resumption
    fill(store.folder / "checkpoint-notes")
    store.drop_after(9)
    assert hidden(store) == [".damaged-checkpoint-10"]
    store.drop_after(0)
    assert hidden(store) == [".damaged-checkpoint-10", ".damaged-checkpoint-9"]
    assert (store.folder / "checkpoint-0").exists()
    assert (store.folder / "checkpoint-notes").exists()
    assert store.newest() is None


# --- interrupted replacements -------------------------------------------------------------------------------


def test_the_same_step_again_replaces_what_it_had(store: Checkpoints) -> None:
    save(store, 10, None)
    save(store, 10, 10, "evaluated")
    found = store.newest()
    assert found
    assert found.best_step == 10
    assert (found.folder / "model.safetensors").read_text() == "evaluated 10"


def test_the_same_step_replaces_it_over_what_an_earlier_replacement_left(store: Checkpoints) -> None:
    save(store, 10, None)
    fill(store.folder / ".replaced-checkpoint-10")
    assert (save(store, 10, 10, "evaluated") / WEIGHTS).read_text() == "evaluated 10"
    assert hidden(store) == []


def test_a_replacement_cut_between_two_renames_is_taken_back(store: Checkpoints) -> None:
    place = save(store, 10, 10)
    place.rename(place.with_name(f".replaced-{place.name}"))
    store.begin()
    assert steps(store) == [10]


def test_a_replaced_one_that_could_not_be_deleted_never_comes_back_once_newer_ones_exist(store: Checkpoints) -> None:
    for step in (20, 30):
        save(store, step, step)
    fill(store.folder / ".replaced-checkpoint-10")
    (store.folder / ".replaced-checkpoint-40").symlink_to(store.folder / "checkpoint-30")
    store.begin()
    assert steps(store) == [20, 30]
    assert hidden(store) == [".replaced-checkpoint-40"]  # a link is neither followed nor restored


def test_the_history_is_on_disk_before_the_checkpoint_that_relies_on_it(
    store: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, final = store.folder.parent / "history.jsonl", store.folder / "checkpoint-10"
    history.write_text("{}\n")
    flushed: dict[int, bool] = {}
    monkeypatch.setattr(os, "fsync", lambda number: flushed.setdefault(os.fstat(number).st_ino, final.exists()))
    save(store, 10, 10)
    assert flushed[history.stat().st_ino] is False
    assert flushed[history.parent.stat().st_ino] is False  # which holds its name


def test_a_commit_that_fails_halfway_leaves_the_checkpoint_that_was_there(
    store: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(store, 10, None)
    rename = os.rename

    def fail_to_publish(source: Any, target: Any, **options: Any) -> None:
        if store.stage in Path(source).parents:
            raise OSError("the machine stopped")
        rename(source, target, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", fail_to_publish)
        with pytest.raises(OSError, match="the machine stopped"):
            save(store, 10, 10, "evaluated")
    assert steps(store) == []
    store.begin()
    assert (newest(store).folder / WEIGHTS).read_text() == "weights 10"


def test_what_was_being_written_is_cleared(store: Checkpoints) -> None:
    (store.stage / "checkpoint-10").mkdir()
    (store.folder / ".trash-checkpoint-5").mkdir()
    store.begin()
    assert [path.name for path in store.folder.iterdir()] == [".staging"]
    assert not list(store.stage.iterdir())


def test_leftovers_are_cleared_and_what_may_be_needed_stays(store: Checkpoints) -> None:
    save(store, 10, 10)
    for name in (".replaced-checkpoint-10", ".trash-checkpoint-5", ".damaged-checkpoint-20"):
        fill(store.folder / name)
    store.begin()
    assert hidden(store) == [".damaged-checkpoint-20"]
    assert (newest(store).folder / WEIGHTS).read_text() == "weights 10"
