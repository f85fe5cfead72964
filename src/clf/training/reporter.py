"""Reporting during training: progress, an early time estimate, the history file, and a log line per evaluation."""

# ruff: noqa: TID253 - this module computes
import logging
import math
import time
from typing import Any

from transformers import TrainerCallback

from clf.errors import TrainingError
from clf.progress import duration
from clf.scoring.multi_label import EVEN
from clf.storage.run_folder import Run
from clf.training.batching import LengthGroupedOrder
from clf.training.checkpoints import Checkpoint
from clf.training.plan import Plan
from clf.training.schedule import SELECTED_BY
from clf.training.selection import LOWER, SELECTION

ESTIMATE_FROM, ESTIMATE_AT = 2, 10  # steps; the first are slow and have the longest batches
ROWS_NAMED = 64
LONG = 2 * 3600.0  # seconds; a longer run gets advice on how to shorten it

log = logging.getLogger(__name__)


class Reporter(TrainerCallback):  # type: ignore[misc]
    """Shows progress, estimates the total time early, writes the history, and stops a run whose loss is not finite."""

    def __init__(
        self, run: Run, steps: int, advance: Any, tokens_per_text: float, plan: Plan, found: Checkpoint | None
    ) -> None:
        self.run, self.steps, self.advance, self.main = run, steps, advance, plan.world.is_main
        self.step = self.begun = found.step if found else 0
        self.tokens_per_text, self.batch = tokens_per_text, plan.batch_size
        self.select_by = plan.schedule.select_by
        self.started = 0.0
        self.loss, self.rate, self.f1 = math.nan, math.nan, math.nan
        self.best = -math.inf
        self.order: LengthGroupedOrder

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clock, and log the step that a resumed run starts from."""
        self.started = time.monotonic()
        if self.begun:
            log.info("resuming from step %d of %d", self.begun, self.steps)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Advance the progress bar, and after a few steps log how long training will take."""
        self.step = state.global_step
        done = self.step - self.begun
        if done == ESTIMATE_FROM:
            self.started = time.monotonic()
        if done == ESTIMATE_AT and self.steps > 4 * ESTIMATE_AT:
            each = (time.monotonic() - self.started) / (ESTIMATE_AT - ESTIMATE_FROM)
            self._estimate(each * (self.steps - self.begun))
        self.advance(1, note=self._note(state, args, done))

    def _note(self, state: Any, args: Any, done: int) -> str:
        epoch = min(math.floor(state.epoch or 0) + 1, int(args.num_train_epochs))
        parts = [f"epoch {epoch} of {args.num_train_epochs:g}"]
        parts += [f"loss {self.loss:.4f}"] if math.isfinite(self.loss) else []
        parts += [f"learning rate {self.rate:.1e}"] if math.isfinite(self.rate) else []
        parts += [f"validation F1 {self.f1:.4f}"] if math.isfinite(self.f1) else []
        if done > ESTIMATE_FROM:
            texts = (done - ESTIMATE_FROM) * self.batch / max(1e-9, time.monotonic() - self.started)
            parts.append(f"{texts:.1f} texts, {texts * self.tokens_per_text:,.0f} tokens per second")
        return ", ".join(parts)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        """Write a line of history; raise TrainingError when the loss or gradient norm is not finite."""
        logs = logs or {}
        if "train_runtime" in logs:
            return
        # With fp16, the scaler skips steps with an infinite gradient by itself.
        for name in ("loss",) if args.fp16 else ("loss", "grad_norm"):
            if not math.isfinite(logs.get(name, 0.0)):
                raise not_finite(name, logs[name], state.global_step, self.order, args.logging_steps)
        if self.main:
            self.run.record(**{"step": state.global_step, "epoch": state.epoch, **logs})
        self.loss, self.rate = logs.get("loss", self.loss), logs.get("learning_rate", self.rate)

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: dict[str, float] | None = None, **_: Any
    ) -> None:
        """Log the result of an evaluation, with the metric that selects the best one."""
        reached = metrics or {}
        best = max(self.best, -math.inf if state.best_metric is None else state.best_metric)
        better = reached[f"eval_{SELECTION}"] > best
        self.best, self.f1 = max(best, reached[f"eval_{SELECTION}"]), reached["eval_macro_f1"]
        right = "accuracy" if "eval_accuracy" in reached else "subset_accuracy"
        log.info(
            "epoch %g: %svalidation %s %.4f, %s %.4f, confidence %.3f%s%s",
            state.epoch,
            f"loss {self.loss:.4f}, " if math.isfinite(self.loss) else "",  # early in the first epoch there is none yet
            SELECTED_BY.get(self.select_by, "macro F1"),
            reached.get(f"eval_{self.select_by}", reached["eval_macro_f1"]),
            right.replace("_", " "),
            reached[f"eval_{right}"],
            reached["eval_mean_confidence"],
            "" if right == "accuracy" else f", at thresholds of {EVEN:g}",
            " (best so far)" if better and self.select_by != "last" else "",
        )

    def _estimate(self, seconds: float) -> None:
        log.info("training will take about %s", duration(seconds))
        if seconds > LONG:
            log.info("to shorten it, use --max-train-samples, a smaller --max-length, a smaller encoder, or a GPU")


def not_finite(what: str, value: float, step: int, order: LengthGroupedOrder, batches: int = 1) -> TrainingError:
    """Return the error for a value that is not finite, with the rows of the training texts that it came from."""
    rows = sorted(order.texts_of(step, batches))
    named = ", ".join(map(str, rows[:ROWS_NAMED])) + (f" and {len(rows) - ROWS_NAMED} more" * (len(rows) > ROWS_NAMED))
    return TrainingError(
        f"{what} is {value} at step {step}, on rows {named} (counted from 0) of dataset/train.parquet "
        "in the run folder",
        LOWER,
    )
