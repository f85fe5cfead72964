"""A checkpoint is resumed only by the run that saved it, and what an older or a later clf wrote is understood."""

import json
from pathlib import Path

import pytest
from pydantic import JsonValue

from clf.errors import UsageError
from clf.training.checkpoint_files import MANIFEST, Fingerprint, RunPosition
from clf.training.checkpoints import CAPPED, Checkpoints

MARK = Fingerprint({"--seed": 1}, {"threads": 2})
CHOSEN = ("--epochs", "--eval-steps", "--head-init", "--learning-rate", "--select-by", "--warmup-steps")
"""The flags whose value clf chooses where they are left out."""


def saved(folder: Path, mark: Fingerprint = MARK, step: int = 10) -> Path:
    """Save a checkpoint of a run with this fingerprint."""
    store = Checkpoints(folder / "x.run" / "checkpoints", mark)
    store.begin()
    (store.stage / f"checkpoint-{step}").mkdir()
    (store.stage / f"checkpoint-{step}" / "model.safetensors").write_text(f"weights {step}")
    return store.commit(f"checkpoint-{step}", step, None, RunPosition(True, 0.5, 10))


def of(checkpoint: Path, mark: Fingerprint = MARK, *per_epoch: int) -> Checkpoints:
    """Return the checkpoints as a run with this fingerprint sees them."""
    return Checkpoints(checkpoint.parent, mark, *per_epoch)


def refusal(checkpoint: Path, mark: Fingerprint) -> UsageError:
    with pytest.raises(UsageError) as refused:
        of(checkpoint, mark).newest()
    return refused.value


def change(checkpoint: Path, **values: JsonValue) -> None:
    manifest = json.loads((checkpoint / MANIFEST).read_text())
    (checkpoint / MANIFEST).write_text(json.dumps({**manifest, **values}))


# --- another run --------------------------------------------------------------------------------------------


def test_another_run_is_refused_with_both_values(tmp_path: Path) -> None:
    store = of(saved(tmp_path), Fingerprint({"--seed": 2}, {"threads": 2}))
    for read in (store.newest, store.check):
        with pytest.raises(UsageError, match="--seed was 1, is now 2"):
            read()


def test_the_same_run_is_taken_whatever_the_order_of_its_settings(tmp_path: Path) -> None:
    checkpoint = saved(tmp_path, Fingerprint({"--seed": 1, "--max-length": 8}, {}))
    store = of(checkpoint, Fingerprint({"--max-length": 8, "--seed": 1}, {}))
    store.check()
    assert store.newest()


def test_a_refusal_names_the_run_folder_and_at_most_five_differences_in_order(tmp_path: Path) -> None:
    names = ["--f", "--e", "--d", "--c", "--b", "--a"]
    checkpoint = saved(tmp_path, Fingerprint(dict.fromkeys(names, "x"), {}))
    error = refusal(checkpoint, Fingerprint(dict.fromkeys(names, "y"), {}))
    said = "; ".join(f"{name} was 'x', is now 'y'" for name in sorted(names)[:5])
    assert error.message == f"the interrupted run in {tmp_path / 'x.run'} differs from this one: {said}"
    assert error.hint == "pass --a x --b x --c x --d x --e x --f x, or start over without --resume"


@pytest.mark.parametrize(
    ("changed", "way_back"),
    [
        ({"--epochs": 5}, "leave out --epochs"),
        ({"--epochs": 5, "--learning-rate": 0.1}, "leave out --epochs and --learning-rate"),
        (dict.fromkeys(CHOSEN, 5), f"leave out {' and '.join(CHOSEN)}"),
        ({"--seed": 5}, "pass --seed 1"),
        ({"--seed": 5, "--epochs": 5}, "pass --epochs 1 --seed 1"),
        ({"the labels": 5}, "pass the same settings and data"),
        ({"the labels": 5, "--seed": 5}, "pass the same settings and data"),
    ],
)
def test_a_refusal_says_how_to_match_the_interrupted_run(
    tmp_path: Path, changed: dict[str, JsonValue], way_back: str
) -> None:
    same: dict[str, JsonValue] = dict.fromkeys(["--seed", "the labels", *CHOSEN], 1)
    same |= {"--head-init": "random", "--select-by": "last"}
    error = refusal(saved(tmp_path, Fingerprint(same, {})), Fingerprint(same | changed, {}))
    assert error.hint == f"{way_back}, or start over without --resume"


def test_the_fingerprint_is_checked_without_reading_the_files(tmp_path: Path) -> None:
    checkpoint = saved(tmp_path)
    (checkpoint / "model.safetensors").unlink()
    other = of(checkpoint, Fingerprint({"--seed": 2}, {}))
    with pytest.raises(UsageError, match="--seed was 1"):
        other.check()
    of(checkpoint).check()
    assert other.newest() is None


def test_the_fingerprint_is_that_of_the_newest_readable_one(tmp_path: Path) -> None:
    older = saved(tmp_path)
    newer = saved(tmp_path, Fingerprint({"--seed": 2}, {}), step=20)
    assert of(older).begun_with()["--seed"] == 2
    for broken in ({"same": {}}, {"same": 1, "alike": {}}, {"same": "ab", "alike": {}}, None):
        change(newer, fingerprint=broken)
        assert of(older).begun_with()["--seed"] == 1
    (newer / MANIFEST).unlink()
    assert of(older).begun_with()["--seed"] == 1
    of(older).check()
    (older / MANIFEST).unlink()
    assert of(older).begun_with() == {}
    of(older).check()


# --- another machine ----------------------------------------------------------------------------------------


def test_another_machine_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    checkpoint = saved(tmp_path, Fingerprint({"--seed": 1}, {"threads": 2, "device": "cpu", "torch": "2.8", "gone": 1}))
    mark = Fingerprint({"--seed": 1}, {"torch": "2.9", "threads": 8, "device": "cpu", "new": 1})
    assert of(checkpoint, mark).newest()
    assert caplog.messages == [
        "threads was 2, is now 8: the weights will not be bit-identical",
        "torch was 2.8, is now 2.9: the weights will not be bit-identical",
    ]


def test_a_setting_that_may_change_now_was_once_compared_and_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoint = saved(tmp_path, Fingerprint({"--gradient-accumulation": 1}, {"--gradient-accumulation": 9}))
    assert of(checkpoint, Fingerprint({}, {"--gradient-accumulation": 2})).newest()
    assert "--gradient-accumulation was 1, is now 2" in caplog.text


def test_the_device_of_a_run_is_told_from_its_fingerprint() -> None:
    assert Fingerprint({}, {"device": "cuda"}).device == "cuda"
    assert Fingerprint({"device": "cpu"}, {"device": 1}).device is None
    assert Fingerprint({}, {}).device is None


# --- other versions -----------------------------------------------------------------------------------------


def test_a_setting_that_the_older_clf_did_not_have_had_its_default(tmp_path: Path) -> None:
    checkpoint = saved(tmp_path)
    same: dict[str, JsonValue] = {"--seed": 1, "--weight-decay": 0.01, "the encoder": {"config.json": "0"}}
    assert of(checkpoint, Fingerprint(same, {})).newest()
    error = refusal(checkpoint, Fingerprint(same | {"--weight-decay": 0.5}, {}))
    assert "--weight-decay was 0.01, is now 0.5" in error.message


@pytest.mark.parametrize(("device", "meant"), [("cpu", "off"), ("cuda", "keep"), (None, "keep")])
def test_an_attention_dropout_of_auto_meant_what_suited_the_device(
    tmp_path: Path, device: str | None, meant: str
) -> None:
    checkpoint = saved(tmp_path, Fingerprint({"--attention-dropout": "auto"}, {"device": device}))
    assert of(checkpoint).begun_with()["--attention-dropout"] == meant
    assert of(checkpoint, Fingerprint({"--attention-dropout": meant}, {})).newest()


def test_an_attention_dropout_that_was_set_stays_as_it_was(tmp_path: Path) -> None:
    checkpoint = saved(tmp_path, Fingerprint({"--attention-dropout": "keep"}, {"device": "cpu"}))
    assert of(checkpoint).begun_with() == {"--attention-dropout": "keep", "device": "cpu"}


@pytest.mark.parametrize(("warmup", "used"), [(500, 6), (6, 6), (5, 5)])
def test_a_run_of_version_0_1_was_evaluated_each_epoch_and_its_warm_up_was_a_tenth_at_most(
    tmp_path: Path, warmup: int, used: int
) -> None:
    checkpoint = saved(tmp_path, Fingerprint({"--epochs": 3, "--warmup-steps": warmup}, {}))
    assert of(checkpoint, MARK, 20).begun_with() == {
        "--epochs": 3, "--warmup-steps": used, "--eval-steps": 20, CAPPED: True, "--select-by": "macro_f1",
        "--head-init": "random",
    }  # fmt: skip
    assert of(checkpoint).begun_with()["--eval-steps"] == 1


@pytest.mark.parametrize(
    "same",
    [
        {"--epochs": 3, "--warmup-steps": 500, "--eval-steps": 2},
        {"--epochs": 3, "--warmup-steps": "auto"},
        {"--epochs": "auto", "--warmup-steps": 500},
        {"--epochs": 3},
    ],
)
def test_nothing_is_assumed_of_a_run_that_version_0_1_cannot_have_begun(
    tmp_path: Path, same: dict[str, JsonValue]
) -> None:
    assert of(saved(tmp_path, Fingerprint(same, {})), MARK, 20).begun_with() == same


def test_what_a_later_version_wrote_is_refused_and_kept(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    change(folder, schema_version=2)
    store = of(folder)
    for read in (store.newest, store.begun_with, store.check):
        with pytest.raises(UsageError, match="has schema 2") as refused:
            read()
    assert refused.value.message == f"{folder} has schema 2, but this version of clf reads up to 1"
    assert refused.value.hint == "install a newer clf, or start over without --resume"
    assert folder.exists()


@pytest.mark.parametrize("schema", [1, None])
def test_what_an_earlier_version_wrote_is_read(tmp_path: Path, schema: JsonValue) -> None:
    folder = saved(tmp_path)
    manifest = json.loads((folder / MANIFEST).read_text())
    del manifest["schema_version"], manifest["extra"]["seconds"]
    manifest |= {"extra": {**manifest["extra"], "of a later version": 1}} | (
        {} if schema is None else {"schema_version": schema}
    )
    (folder / MANIFEST).write_text(json.dumps(manifest))
    found = of(folder).newest()
    assert found
    assert found.progress == RunPosition(True, 0.5, 10, 0.0)
