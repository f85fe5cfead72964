"""A checkpoint has the files that it lists and no others, and the Trainer's state is what clf expects."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from clf.storage.disk import sha256
from clf.training.checkpoint_files import (
    STATE,
    CheckpointManifest,
    Fingerprint,
    RunPosition,
    check_files,
    check_state,
    read_state,
    step_of,
)

SAVED = {"global_step": 10, "max_steps": 10, "epoch": 1.0, "log_history": [{"step": 10}]}


def state(folder: Path, **values: Any) -> Path:
    (folder / STATE).write_text(json.dumps(SAVED | values))
    return folder


@pytest.mark.parametrize(
    ("values", "finished"),
    [
        ({}, True),
        ({"max_steps": 11}, False),
        ({"max_steps": 11, "stateful_callbacks": {"TrainerControl": {"args": {"should_training_stop": True}}}}, True),
        ({"max_steps": 11, "stateful_callbacks": {"Other": [{"args": {}}], "TrainerControl": {"args": {}}}}, False),
        ({"log_history": [{"step": 10, "grad_norm": float("nan")}]}, True),
    ],
)
def test_the_state_says_whether_steps_were_left(tmp_path: Path, values: dict[str, Any], finished: bool) -> None:
    assert read_state(state(tmp_path, **values)).is_finished == finished


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"global_step": "many"}, "global_step is 'many'"),
        ({"max_steps": -1}, "max_steps is -1"),
        ({"epoch": float("inf")}, "epoch is inf"),
        ({"stateful_callbacks": {"TrainerControl": 5}}, "stateful_callbacks.TrainerControl"),
        ({"log_history": [5]}, "log_history.0 is 5"),
    ],
)
def test_a_state_that_is_none_is_damaged(tmp_path: Path, values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"in {STATE}, {said}"):
        check_files(state(tmp_path, **values), {STATE: sha256(tmp_path / STATE)})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"global_step": 9, "best_global_step": 5}, "is of step 9"),
        ({"best_global_step": None}, "the best step is None, in clf-checkpoint.json 5"),
        ({"best_global_step": 7}, "the best step is 7, in clf-checkpoint.json 5"),
    ],
)
def test_a_state_of_other_steps_than_the_manifest_is_damaged(tmp_path: Path, values: dict[str, Any], said: str) -> None:
    manifest = CheckpointManifest(
        step=10, best_step=5, files={STATE: "0" * 64}, fingerprint=Fingerprint({}, {}), extra=RunPosition(True, 0.0, 0)
    )
    check_state(state(tmp_path, best_global_step=5), manifest)
    with pytest.raises(ValueError, match=said):
        check_state(state(tmp_path, **values), manifest)


def test_a_file_that_the_trainer_would_read_and_nobody_listed_is_refused(tmp_path: Path) -> None:
    listed = {STATE: sha256(state(tmp_path) / STATE)}
    check_files(tmp_path, listed)
    (tmp_path / "adapter_model.bin").write_bytes(pickle.dumps(print))
    with pytest.raises(ValueError, match=r"adapter_model\.bin is not listed"):
        check_files(tmp_path, listed)


@pytest.mark.parametrize(
    ("name", "step"),
    [("checkpoint-7", 7), ("checkpoint-", -1), ("checkpoint-²", -1), ("checkpoint-٣", -1), ("checkpoint-x", -1),
     ("checkpoint-" + "9" * 5000, -1), ("checkpoint-1_0", -1)],
)  # fmt: skip
def test_a_step_is_written_in_ascii_digits(name: str, step: int) -> None:
    assert step_of(Path(name)) == step
