"""Choose the settings left at `auto` (learning rate, epochs, warm-up, ...) from the encoder and the dataset size.

For DistilBERT and BERT on many texts, this is the recipe that clf was made for: learning rate 2e-5, 3 epochs, 500 steps
of warm-up (at most a tenth of the run) and an evaluation each epoch. Learning depends on the number of steps rather
than epochs, so with few texts there are as many epochs as give enough steps.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from pydantic import JsonValue

from clf.models.families import suggested_rate
from clf.settings import TrainSettings, flag
from clf.settings_types import AUTO

log = logging.getLogger(__name__)
SelectBy = Literal["macro_f1", "average_precision", "log_loss", "last"]
SELECTED_BY: dict[SelectBy, str] = {
    "macro_f1": "macro F1",
    "average_precision": "average precision",
    "log_loss": "log loss",
}
"""What messages call the metrics that select the best evaluation."""
HeadInit = Literal["random", "probe"]

RATE, EPOCHS, WARMUP, WARMUP_SHARE = 2e-5, 3, 500, 0.1
MANY_TEXTS = 5000
"""With this many texts, 3 epochs are enough steps."""
ENOUGH_STEPS, STEPS_PER_CLASS, MOST_STEPS = 100, 5, 300
"""Steps for two classes, for each further class, and at most, at the larger learning rate of small encoders; measured
with all-MiniLM-L6-v2."""
FEW_STEPS = 100
"""A run of fewer steps learns little."""
CAPPED = "warm-up is a tenth at most"
"""Marks a run started by version 0.1, which limited an explicitly set warm-up to a tenth of the run as well."""
EVALUATIONS = 8
READING_SHARE = 1 / 3
"""The cost of validating on a text relative to training on it: no gradient, no optimizer."""
EVALUATION_SHARE = 0.06
"""The largest share of training time to spend on evaluations."""
FEW_TO_COUNT, FEW_TO_CHOOSE = 100, 20
"""With fewer validation texts than the first, log loss selects the best evaluation instead of macro F1; with fewer than
the second, nothing does."""
FEW_PER_CLASS = 64
"""Up to this many texts per class, a head fitted on the frozen encoder is a better start than a random one."""


@dataclass(frozen=True)
class Schedule:
    """The schedule of one run, with `auto` replaced by a value everywhere."""

    learning_rate: float
    epochs: int
    warmup_steps: int
    head_init: HeadInit
    eval_steps: int
    """Optimizer steps between two evaluations; there is also one after the last step."""
    select_by: SelectBy
    steps_per_epoch: int

    @property
    def steps(self) -> int:
        """The total number of optimizer steps."""
        return self.epochs * self.steps_per_epoch

    def as_begun(self, train: TrainSettings, begun: Mapping[str, JsonValue]) -> "Schedule":
        """Return the schedule of a resumed run, which keeps its original values (`begun`, by flag) for `auto`."""
        chosen: dict[str, Any] = {
            name: begun[flag(name)]
            for name in self.as_settings()
            if getattr(train, name) == AUTO and flag(name) in begun
        }
        again = replace(self, **chosen)
        if begun.get(CAPPED):
            again = replace(again, warmup_steps=warmup_within(again.warmup_steps, again.steps))
        return again

    def as_settings(self) -> dict[str, float | int | str]:
        """Return the settings that `auto` was resolved for, by name."""
        return {name: value for name, value in asdict(self).items() if name != "steps_per_epoch"}


@dataclass(frozen=True)
class Sizes:
    """What the schedule depends on: the encoder's name and width, and the numbers of texts and classes."""

    encoder: str
    width: int | None
    texts: int
    validation_texts: int
    classes: int
    head_can_be_fitted: bool = True
    multi_label: bool = False


def choose_schedule(train: TrainSettings, sizes: Sizes) -> Schedule:
    """Return the schedule: explicit settings as they are, and values for `auto` that suit the encoder and the texts."""
    per_epoch = -(-sizes.texts // train.batch_size)
    rate = suggested_rate(sizes.encoder, sizes.width) or RATE
    epochs = _epochs(per_epoch, sizes, rate) if train.epochs == AUTO else train.epochs
    warmup = warmup_within(WARMUP, per_epoch * epochs) if train.warmup_steps == AUTO else train.warmup_steps
    if train.eval_steps == "epoch":
        every = per_epoch
    else:
        every = _cadence(per_epoch, epochs, train.batch_size, sizes) if train.eval_steps == AUTO else train.eval_steps
    return Schedule(
        learning_rate=rate if train.learning_rate == AUTO else train.learning_rate,
        epochs=epochs,
        warmup_steps=warmup,
        head_init=_head_init(train, sizes),
        eval_steps=every,
        select_by=_select_by(sizes) if train.select_by == AUTO else train.select_by,
        steps_per_epoch=per_epoch,
    )


def warmup_within(steps: int, total: int) -> int:
    """Return the number of warm-up steps, at most a tenth of the run."""
    return min(steps, int(total * WARMUP_SHARE))


def enough_steps(classes: int, rate: float) -> int:
    """Return how many steps a small dataset needs: more for more classes, twice as many at small learning rates."""
    steps = min(MOST_STEPS, ENOUGH_STEPS + STEPS_PER_CLASS * max(0, classes - 2))
    return steps if rate > 2 * RATE else 2 * steps


def _epochs(per_epoch: int, sizes: Sizes, rate: float) -> int:
    if sizes.texts >= MANY_TEXTS and EPOCHS * per_epoch >= FEW_STEPS:  # a large batch gives fewer steps
        return EPOCHS
    return max(EPOCHS, math.ceil(enough_steps(sizes.classes, rate) / per_epoch))


def _cadence(per_epoch: int, epochs: int, batch_size: int, sizes: Sizes) -> int:
    """Return the steps between two evaluations: as many full epochs as make them cheap compared to training."""
    if sizes.texts >= MANY_TEXTS:
        return per_epoch
    affordable = sizes.validation_texts * READING_SHARE / (EVALUATION_SHARE * per_epoch * batch_size)
    return per_epoch * min(epochs, max(1, math.ceil(affordable), math.ceil(epochs / EVALUATIONS)))


def _head_init(train: TrainSettings, sizes: Sizes) -> HeadInit:
    if not sizes.head_can_be_fitted or train.head_init == "random":
        return "random"
    # A random head predicts no label for long where a text may have several, most of which are rare.
    few = sizes.texts < MANY_TEXTS and (sizes.multi_label or sizes.texts <= FEW_PER_CLASS * sizes.classes)
    return "probe" if few or train.head_init == "probe" else "random"


def _select_by(sizes: Sizes) -> SelectBy:
    if sizes.validation_texts < max(FEW_TO_CHOOSE, 2 * sizes.classes):
        return "last"
    if sizes.validation_texts < FEW_TO_COUNT:
        return "log_loss"
    # F1 at 0.5 stays 0 for long where most labels are rare, and patience would end the run.
    return "average_precision" if sizes.multi_label else "macro_f1"


# --- messages -----------------------------------------------------------------------------------------------


def tell_schedule(train: TrainSettings, schedule: Schedule, sizes: Sizes) -> None:
    """Log what `auto` chose, and warn about explicit settings that defeat their purpose."""
    if line := explain(train, schedule, sizes):
        log.info("%s", line)
    for line in warnings(train, schedule):
        log.warning("%s", line)


def explain(train: TrainSettings, schedule: Schedule, sizes: Sizes) -> str | None:
    """Return one line on what `auto` chose and why, or None when everything was set explicitly."""
    said = []
    if train.learning_rate == AUTO:
        suits = schedule.learning_rate == suggested_rate(sizes.encoder, sizes.width)
        said.append(f"learning rate {schedule.learning_rate:g}" + (" (suits this encoder)" if suits else ""))
    if train.epochs == AUTO:
        why = "" if schedule.epochs == EPOCHS else f": {sizes.texts} texts give {schedule.steps_per_epoch} per epoch"
        said.append(f"{schedule.epochs} epochs ({schedule.steps} steps{why})")
    if train.warmup_steps == AUTO:
        said.append(f"warm-up {schedule.warmup_steps}")
    if train.head_init == AUTO and schedule.head_init == "probe":
        said.append("head fitted on the frozen encoder")
    if train.eval_steps == AUTO:
        said.append(f"evaluated every {_in_epochs(schedule)}")
    if train.select_by == AUTO:
        said.append(_kept(schedule, sizes.validation_texts))
    return f"auto: {', '.join(said)}" if said else None


def _in_epochs(schedule: Schedule) -> str:
    count, rest = divmod(schedule.eval_steps, schedule.steps_per_epoch)
    if rest:  # only in a resumed run that was started like this
        return f"{schedule.eval_steps} steps"
    return "epoch" if count == 1 else f"{count} epochs"


def _kept(schedule: Schedule, validation: int) -> str:
    if schedule.select_by == "last":
        texts = "1 validation text is" if validation == 1 else f"{validation} validation texts are"
        return f"keeping the last weights ({texts} too few to select by)"
    by = SELECTED_BY[schedule.select_by]
    few = f" on {validation} validation texts" if schedule.select_by == "log_loss" else ""
    return f"keeping the best by {by}{few}"


def warnings(train: TrainSettings, schedule: Schedule) -> list[str]:
    """Return a warning for each explicit setting that has no useful effect, naming the flag to drop."""
    found = []
    if train.epochs != AUTO and schedule.steps < FEW_STEPS and not train.test_run:
        found.append(
            f"--epochs {schedule.epochs} gives {schedule.steps} optimizer steps, too few to learn much: "
            "drop --epochs to let clf choose the number"
        )
    if train.warmup_steps != AUTO and 2 * schedule.warmup_steps > schedule.steps:
        found.append(
            f"--warmup-steps {schedule.warmup_steps} is more than half of the {schedule.steps} steps of this run: "
            "drop --warmup-steps, and clf uses at most a tenth"
        )
    if train.head_init == "probe" and schedule.head_init == "random":
        found.append("--head-init probe has no effect: the head of this model cannot be fitted separately")
    if schedule.select_by == "last" and train.select_by == AUTO and "early_stopping_patience" in train.model_fields_set:
        found.append(
            "--early-stopping-patience has no effect when the last weights are kept: "
            "pass --select-by log_loss to select the best"
        )
    return found
