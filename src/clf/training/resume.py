"""Callbacks for runs that may be interrupted: when to evaluate and save, and resuming from a checkpoint."""

# ruff: noqa: TID253 - this module computes
import math
from typing import Any

from transformers import TrainerCallback

from clf.training.checkpoint_files import read_state
from clf.training.checkpoints import Checkpoint
from clf.training.selection import SELECTION


class Milestones(TrainerCallback):  # type: ignore[misc]
    """Sets the order of each epoch, and requests an evaluation or a `save_steps` checkpoint when one is due."""

    def __init__(self, trainer: Any, eval_steps: int, save_steps: int | None) -> None:
        self.trainer, self.eval_steps, self.save_steps = trainer, eval_steps, save_steps

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Set the epoch on the order itself, bypassing the wrappers of a data loader that skips batches."""
        self.trainer.order.set_epoch(math.floor(state.epoch or 0.0))

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Request what is due at this step, overriding the library's own strategies."""
        control.should_evaluate = is_evaluation(state, self.eval_steps)
        control.should_save = bool(self.save_steps and state.global_step % self.save_steps == 0)


class Continuation(TrainerCallback):  # type: ignore[misc]
    """Restores what the Trainer does not, and repeats an evaluation that was interrupted."""

    def __init__(self, trainer: Any, found: Checkpoint) -> None:
        self.trainer, self.found = trainer, found

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Restore the sum of losses; evaluate and save again if the checkpoint was saved before its evaluation."""
        trainer, progress = self.trainer, self.found.progress
        trainer._tr_loss += progress.loss
        trainer._globalstep_last_logged = progress.loss_since
        if progress.evaluated:
            return
        trainer._load_rng_state(str(self.found.folder))
        trainer.control.should_log, trainer.control.should_evaluate, trainer.control.should_save = False, True, True
        epoch = float(state.epoch or 0.0)
        trainer._maybe_log_save_evaluate(trainer._tr_loss, None, trainer.model, None, epoch, None, 0.0)
        if is_finished(trainer.state, trainer.control.should_training_stop):
            raise Finished


class Finished(Exception):
    """Raised when no steps are left."""


def had_finished(found: Checkpoint) -> bool:
    """Return whether no steps were left when a checkpoint was saved."""
    if not found.progress.evaluated:
        return False
    return read_state(found.folder).is_finished


def is_evaluation(state: Any, eval_steps: int) -> bool:
    """Return whether an evaluation is due at this step: every `eval_steps`, and at the last step."""
    return bool(state.global_step % eval_steps == 0 or state.global_step >= state.max_steps)


def is_evaluated(state: Any, eval_steps: int) -> bool:
    """Return False when an evaluation is due at this step and has not been done, otherwise True."""
    return not is_evaluation(state, eval_steps) or any(
        f"eval_{SELECTION}" in entry and entry["step"] == state.global_step for entry in state.log_history
    )


def is_finished(state: Any, stopped: bool) -> bool:
    """Return whether no steps are left."""
    return stopped or state.global_step >= state.max_steps
