"""A checkpoint is whole or absent; a damaged one is named and passed over; another run's is refused."""

import json
from pathlib import Path

import pytest

from clf.errors import UsageError
from clf.training.checkpoints import MANIFEST, Checkpoints, Fingerprint, RunPosition
from clf.training.keeping import BEST_FILE

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
    (folder / "model.safetensors").write_text(f"{content} {step}")
    return store.commit(folder.name, step, best, PROGRESS)


def steps(store: Checkpoints) -> list[int]:
    return sorted(int(path.name.split("-")[1]) for path in store.folder.glob("checkpoint-*"))


def test_the_newest_is_found_with_what_it_holds(store: Checkpoints) -> None:
    assert store.newest() is None
    save(store, 10, 10)
    save(store, 20, 10)
    found = store.newest()
    assert found
    assert (found.step, found.best_step, found.progress) == (20, 10, PROGRESS)


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


def test_one_whose_best_weights_are_damaged_is_passed_over(
    store: Checkpoints, caplog: pytest.LogCaptureFixture
) -> None:
    best = save(store, 10, 10)
    save(store, 20, 10)
    (best / "model.safetensors").write_text("")
    assert store.newest() is None
    assert "its best weights, checkpoint-10, are damaged" in caplog.text


def test_the_same_step_again_replaces_what_it_had(store: Checkpoints) -> None:
    save(store, 10, None)
    save(store, 10, 10, "evaluated")
    found = store.newest()
    assert found
    assert found.best_step == 10
    assert (found.folder / "model.safetensors").read_text() == "evaluated 10"


def test_a_replacement_cut_between_two_renames_is_taken_back(store: Checkpoints) -> None:
    place = save(store, 10, 10)
    place.rename(place.with_name(f".replaced-{place.name}"))
    store.begin()
    assert steps(store) == [10]


def test_what_was_being_written_is_cleared(store: Checkpoints) -> None:
    (store.stage / "checkpoint-10").mkdir()
    (store.folder / ".trash-checkpoint-5").mkdir()
    store.begin()
    assert [path.name for path in store.folder.iterdir()] == [".staging"]
    assert not list(store.stage.iterdir())


def test_another_run_is_refused_with_both_values(store: Checkpoints) -> None:
    save(store, 10, 10)
    other = Checkpoints(store.folder, Fingerprint({"--seed": 2}, {"threads": 2}))
    with pytest.raises(UsageError, match="--seed was 1, is now 2"):
        other.newest()


def test_another_machine_is_a_warning(store: Checkpoints, caplog: pytest.LogCaptureFixture) -> None:
    save(store, 10, 10)
    assert Checkpoints(store.folder, Fingerprint({"--seed": 1}, {"threads": 8})).newest()
    assert "threads was 2, is now 8" in caplog.text


def test_what_a_later_version_wrote_is_refused_and_kept(store: Checkpoints) -> None:
    folder = save(store, 10, 10)
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**manifest, "schema_version": 2}))
    for read in (store.newest, store.begun_with, store.check):
        with pytest.raises(UsageError, match="has schema 2"):
            read()
    assert folder.exists()
