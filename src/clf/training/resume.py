"""What happens between the steps of a run that may be cut short: milestones, and going on from a checkpoint."""

# ruff: noqa: TID253 - this module computes
import json
import math
from typing import Any

from transformers import TrainerCallback

from clf.training.checkpoints import Checkpoint
from clf.training.selection import SELECTION

STATE = "trainer_state.json"


class Milestones(TrainerCallback):  # type: ignore[misc]
    """Chooses the order of each epoch, and says at which steps there is an evaluation, or a checkpoint asked for."""

    def __init__(self, trainer: Any, eval_steps: int, save_steps: int | None) -> None:
        self.trainer, self.eval_steps, self.save_steps = trainer, eval_steps, save_steps

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Tell the order which epoch it is, past all the wrappers of a loader that skips."""
        self.trainer.order.set_epoch(math.floor(state.epoch or 0.0))

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Ask for what is due at this step, whatever the library's own strategies ask for."""
        control.should_evaluate = is_evaluation(state, self.eval_steps)
        control.should_save = bool(self.save_steps and state.global_step % self.save_steps == 0)


class Continuation(TrainerCallback):  # type: ignore[misc]
    """Puts back what the Trainer does not, and makes up for an evaluation that a signal cut short."""

    def __init__(self, trainer: Any, found: Checkpoint) -> None:
        self.trainer, self.found = trainer, found

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Restore the sum of losses; evaluate and save again where the checkpoint came before its evaluation."""
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
    """No step is left to do."""


def had_finished(found: Checkpoint) -> bool:
    """Tell whether no step was left to do when a checkpoint was made."""
    if not found.progress.evaluated:
        return False
    state = json.loads((found.folder / STATE).read_text(encoding="utf-8"))
    control = state["stateful_callbacks"]["TrainerControl"]["args"]
    return bool(control["should_training_stop"]) or state["global_step"] >= state["max_steps"]


def is_evaluation(state: Any, eval_steps: int) -> bool:
    """Tell whether an evaluation is due at this step: every so many, and at the last."""
    return bool(state.global_step % eval_steps == 0 or state.global_step >= state.max_steps)


def is_evaluated(state: Any, eval_steps: int) -> bool:
    """Tell whether the evaluation that is due at this step, if any, was made."""
    return not is_evaluation(state, eval_steps) or any(
        f"eval_{SELECTION}" in entry and entry["step"] == state.global_step for entry in state.log_history
    )


def is_finished(state: Any, stopped: bool) -> bool:
    """Tell whether no step is left to do."""
    return stopped or state.global_step >= state.max_steps
