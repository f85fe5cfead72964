"""Fine-tuning on the Hugging Face Trainer, measured with clf's own inference and metrics."""

# ruff: noqa: TID253 - this module computes
import logging
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray
from transformers import (
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from clf.errors import ModelError, OutputError, TrainingError
from clf.models.classifier import Classifier, quiet_transformers
from clf.models.compute import Compute
from clf.progress import duration, track
from clf.results import disk_is_full
from clf.runs import Run
from clf.scoring.inference import predict_tokens
from clf.scoring.metrics import METRICS, score
from clf.training.arguments import SELECTION

ESTIMATE_FROM, ESTIMATE_AT = 2, 10  # steps; the first are slow, and their batches the longest
LOWER = "lower --learning-rate, or pass --precision fp32"
LONG = 2 * 3600.0  # seconds; a longer run is told how to become shorter

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Encoded:
    """Token ids and label ids of one split."""

    token_ids: list[list[int]]
    labels: NDArray[np.int64]

    def as_dataset(self) -> Dataset:
        """Return the split as the Trainer takes it."""
        lengths = [len(ids) for ids in self.token_ids]
        return Dataset.from_dict({"input_ids": self.token_ids, "labels": self.labels.tolist(), "length": lengths})


@dataclass(frozen=True)
class Trained:
    """What one run of the Trainer gave; `seconds` is the training loop without evaluating and saving."""

    epochs: float
    steps: int
    seconds: float
    examples: int
    metrics: dict[str, float]


def selection(metrics: dict[str, float]) -> float:
    """Return what the best epoch is chosen by: macro F1, and among equal ones the lower log loss.

    A small validation split gives many epochs the same F1; the log loss then tells which is the surer. Its
    weight is far below one row's part of any F1.
    """
    return metrics["macro_f1"] - 1e-7 * min(metrics["log_loss"], 100.0)


class ClassifierTrainer(Trainer):  # type: ignore[misc]
    """The Trainer, with evaluation by clf's inference engine: sorted by length, no logits piled up, no random draws."""

    def __init__(self, classifier: Classifier, compute: Compute, validation: Encoded, **options: Any) -> None:
        super().__init__(model=classifier.model, processing_class=classifier.tokenizer, **options)
        self.control: Any
        self.classifier, self.compute, self.validation = classifier, compute, validation
        self.seconds_aside = 0.0

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Measure the model on the validation split."""
        started = time.perf_counter()
        with track("validating", len(self.validation.labels)) as advance:
            padding = self.classifier.tokenizer.pad_token_id
            try:
                probabilities = predict_tokens(self.model, self.validation.token_ids, padding, self.compute, advance)
            except ModelError as error:
                raise TrainingError(f"at step {self.state.global_step} {error.message}", LOWER) from error
        scored = score(probabilities, self.validation.labels)
        scored[SELECTION] = selection(scored)
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in scored.items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        self.seconds_aside += time.perf_counter() - started
        return metrics

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        started = time.perf_counter()
        super()._save_checkpoint(model, trial)
        self.seconds_aside += time.perf_counter() - started

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Save without `training_args.bin`: a pickle that nobody reads and that may hold a token."""
        self.model.save_pretrained(output_dir, state_dict=state_dict, safe_serialization=True)


class Reporter(TrainerCallback):  # type: ignore[misc]
    """Shows progress, estimates the whole early, writes the history, and stops a run whose loss is no number."""

    def __init__(self, run: Run, steps: int, advance: Any) -> None:
        self.run, self.steps, self.advance = run, steps, advance
        self.started = 0.0
        self.loss = math.nan
        self.best = -math.inf

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Move the bar, and after a few steps say how long the whole will take."""
        epoch = min(math.floor(state.epoch or 0) + 1, int(args.num_train_epochs))
        loss = f", loss {self.loss:.4f}" if math.isfinite(self.loss) else ""
        self.advance(1, note=f"epoch {epoch} of {args.num_train_epochs:g}{loss}")
        if state.global_step == ESTIMATE_FROM:
            self.started = time.monotonic()
        if state.global_step == ESTIMATE_AT and self.steps > 4 * ESTIMATE_AT:
            self._estimate((time.monotonic() - self.started) / (ESTIMATE_AT - ESTIMATE_FROM) * self.steps)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        """Write a line of history, and stop when a loss or gradient is not finite."""
        logs = logs or {}
        # The scaler of fp16 skips steps of infinite gradient by itself.
        for name in ("loss",) if args.fp16 else ("loss", "grad_norm"):
            if not math.isfinite(logs.get(name, 0.0)):
                raise TrainingError(
                    f"{name} is {logs[name]} at step {state.global_step}",
                    LOWER,
                )
        self.run.record(**{"step": state.global_step, "epoch": state.epoch, **logs})
        self.loss = logs.get("loss", self.loss)

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: dict[str, float] | None = None, **_: Any
    ) -> None:
        """Say what the epoch reached."""
        reached = metrics or {}
        better = reached[f"eval_{SELECTION}"] > self.best
        self.best = max(self.best, reached[f"eval_{SELECTION}"])
        log.info(
            "epoch %g: loss %.4f, validation macro F1 %.4f, accuracy %.4f, confidence %.3f%s",
            state.epoch,
            self.loss,
            reached["eval_macro_f1"],
            reached["eval_accuracy"],
            reached["eval_mean_confidence"],
            " (best so far)" if better else "",
        )

    def _estimate(self, seconds: float) -> None:
        log.info("the training will take about %s", duration(seconds))
        if seconds > LONG:
            log.info("shorter: --max-train-samples, a smaller --max-length, a smaller encoder, or a GPU")


def fine_tune(
    classifier: Classifier,
    train: Encoded,
    validation: Encoded,
    arguments: TrainingArguments,
    compute: Compute,
    run: Run,
    patience: int,
) -> Trained:
    """Fine-tune in place, evaluating each epoch, and leave the best epoch's weights in the model.

    Raises TrainingError when the loss or a gradient is no longer finite.
    """
    steps = math.ceil(len(train.labels) / arguments.per_device_train_batch_size) * int(arguments.num_train_epochs)
    started = time.perf_counter()
    with quiet_transformers(), track("training", steps, "steps") as advance:
        trainer = ClassifierTrainer(
            classifier,
            compute,
            validation,
            args=arguments,
            train_dataset=train.as_dataset(),
            eval_dataset=validation.as_dataset(),
            data_collator=DataCollatorWithPadding(classifier.tokenizer),
            callbacks=[Reporter(run, steps, advance), EarlyStoppingCallback(patience)],
        )
        trainer.remove_callback(PrinterCallback)
        loop_started = time.perf_counter()
        try:
            trainer.train()
        except Exception as error:
            if not disk_is_full(error):
                raise
            hint = "free some space, or choose another --output-dir"
            raise OutputError(f"cannot write the checkpoints in {run.checkpoints}: {error}", hint) from error
    seconds = max(1e-9, time.perf_counter() - loop_started - trainer.seconds_aside)
    log.debug("the Trainer took %.1f s, its loop %.1f s", time.perf_counter() - started, seconds)
    state = trainer.state
    _check_best(state.best_metric)
    epochs = float(state.epoch or 0.0)
    return Trained(
        epochs,
        int(state.global_step),
        seconds,
        round(epochs * len(train.labels)),
        _best_metrics(state.log_history, state.best_metric),
    )


def _check_best(best: float | None) -> None:
    if best is None or not math.isfinite(best):
        raise TrainingError(f"the validation macro F1 is {best}", LOWER)


def _best_metrics(history: Iterable[dict[str, Any]], best: float) -> dict[str, float]:
    """Return the validation metrics of the epoch whose weights were kept."""
    for entry in history:
        if entry.get(f"eval_{SELECTION}") == best:
            return {name: entry[f"eval_{name}"] for name in METRICS}
    return {}
