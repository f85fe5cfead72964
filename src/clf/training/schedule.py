"""The recipe `auto`: how fast, how long and how often, from the encoder and the number of texts.

For DistilBERT and BERT on many texts it is the recipe that clf was made for: 2e-5, 3 epochs, 500 steps of warm-up and
at most a tenth, an evaluation each epoch. What learns is steps and not passes: of few texts there are as many epochs
as give enough steps.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from pydantic import JsonValue

from clf.models.families import suggested_rate
from clf.settings import AUTO, TrainSettings, flag

log = logging.getLogger(__name__)
SelectBy = Literal["macro_f1", "log_loss", "last"]
HeadInit = Literal["random", "probe"]

RATE, EPOCHS, WARMUP, WARMUP_SHARE = 2e-5, 3, 500, 0.1
MANY_TEXTS = 5000
"""From here on 3 epochs are steps enough."""
ENOUGH_STEPS, STEPS_PER_CLASS, MOST_STEPS = 100, 5, 300
"""At the larger rate of small encoders, for two classes and for each more; measured with all-MiniLM-L6-v2."""
FEW_STEPS = 100
"""A run of fewer steps learns little."""
CAPPED = "warm-up is a tenth at most"
"""Said of a run that version 0.1 began, in which a warm-up that was set was cut to that too."""
EVALUATIONS = 8
READING_SHARE = 1 / 3
"""What a text costs to validate, as a share of what it costs to train on: no gradient, no optimizer."""
EVALUATION_SHARE = 0.06
"""Of the time of training, at most this goes into evaluations."""
FEW_TO_COUNT, FEW_TO_CHOOSE = 100, 20
"""Below so many validation texts the log loss chooses and not macro F1; below so many, nothing."""
FEW_PER_CLASS = 64
"""Up to so many texts a class, a head that was fitted on the frozen encoder is a better start than a random one."""


@dataclass(frozen=True)
class Schedule:
    """How one run trains, with a number wherever `auto` stood."""

    learning_rate: float
    epochs: int
    warmup_steps: int
    head_init: HeadInit
    eval_steps: int
    """Optimizer steps between two evaluations; there is one after the last step, too."""
    select_by: SelectBy
    steps_per_epoch: int

    @property
    def steps(self) -> int:
        """The optimizer steps of the whole run."""
        return self.epochs * self.steps_per_epoch

    def as_begun(self, train: TrainSettings, begun: Mapping[str, JsonValue]) -> "Schedule":
        """Return the schedule of a run that goes on: what it was `begun` with, by flag, wherever `train` says auto."""
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
        """Return the settings that are no longer `auto`, by their names."""
        return {name: value for name, value in asdict(self).items() if name != "steps_per_epoch"}


@dataclass(frozen=True)
class Sizes:
    """What the schedule depends on: the encoder's name and width, the texts, and the classes."""

    encoder: str
    width: int | None
    texts: int
    validation_texts: int
    classes: int
    head_can_be_fitted: bool = True


def choose_schedule(train: TrainSettings, sizes: Sizes) -> Schedule:
    """Return the schedule: what is set as it is set, and the rest as it suits encoder and texts."""
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
    """Return the steps of warm-up: at most a tenth of the run."""
    return min(steps, int(total * WARMUP_SHARE))


def enough_steps(classes: int, rate: float) -> int:
    """Return how many steps few texts need: more of more classes, and twice as many at the small rates."""
    steps = min(MOST_STEPS, ENOUGH_STEPS + STEPS_PER_CLASS * max(0, classes - 2))
    return steps if rate > 2 * RATE else 2 * steps


def _epochs(per_epoch: int, sizes: Sizes, rate: float) -> int:
    if sizes.texts >= MANY_TEXTS and EPOCHS * per_epoch >= FEW_STEPS:  # fewer come of a large batch
        return EPOCHS
    return max(EPOCHS, math.ceil(enough_steps(sizes.classes, rate) / per_epoch))


def _cadence(per_epoch: int, epochs: int, batch_size: int, sizes: Sizes) -> int:
    """Return the steps between two evaluations: whole epochs, so many that evaluating costs little beside training."""
    if sizes.texts >= MANY_TEXTS:
        return per_epoch
    affordable = sizes.validation_texts * READING_SHARE / (EVALUATION_SHARE * per_epoch * batch_size)
    return per_epoch * min(epochs, max(1, math.ceil(affordable), math.ceil(epochs / EVALUATIONS)))


def _head_init(train: TrainSettings, sizes: Sizes) -> HeadInit:
    if not sizes.head_can_be_fitted or train.head_init == "random":
        return "random"
    few = sizes.texts <= FEW_PER_CLASS * sizes.classes and sizes.texts < MANY_TEXTS
    return "probe" if few or train.head_init == "probe" else "random"


def _select_by(sizes: Sizes) -> SelectBy:
    if sizes.validation_texts < max(FEW_TO_CHOOSE, 2 * sizes.classes):
        return "last"
    return "log_loss" if sizes.validation_texts < FEW_TO_COUNT else "macro_f1"


# --- what is said of it -------------------------------------------------------------------------------------


def tell_schedule(train: TrainSettings, schedule: Schedule, sizes: Sizes) -> None:
    """Say what `auto` chose, and warn of what was set and leaves too little to learn from."""
    if line := explain(train, schedule, sizes):
        log.info("%s", line)
    for line in warnings(train, schedule):
        log.warning("%s", line)


def explain(train: TrainSettings, schedule: Schedule, sizes: Sizes) -> str | None:
    """Say in one line what `auto` chose and why; None when everything was set."""
    said = []
    if train.learning_rate == AUTO:
        suits = schedule.learning_rate == suggested_rate(sizes.encoder, sizes.width)
        said.append(f"rate {schedule.learning_rate:g}" + (" (suits this encoder)" if suits else ""))
    if train.epochs == AUTO:
        why = "" if schedule.epochs == EPOCHS else f": {sizes.texts} texts give {schedule.steps_per_epoch} a pass"
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
    if rest:  # of a run that goes on, and was begun so
        return f"{schedule.eval_steps} steps"
    return "epoch" if count == 1 else f"{count} epochs"


def _kept(schedule: Schedule, validation: int) -> str:
    if schedule.select_by == "last":
        texts = "1 validation text is" if validation == 1 else f"{validation} validation texts are"
        return f"the last weights are kept ({texts} too few to choose by)"
    by = {"macro_f1": "macro F1", "log_loss": "log loss"}[schedule.select_by]
    few = f" on {validation} validation texts" if schedule.select_by == "log_loss" else ""
    return f"the best by {by} kept{few}"


def warnings(train: TrainSettings, schedule: Schedule) -> list[str]:
    """Say which of the values that were set come to nothing, naming the flag to drop."""
    found = []
    if train.epochs != AUTO and schedule.steps < FEW_STEPS and not train.test_run:
        found.append(
            f"--epochs {schedule.epochs} gives {schedule.steps} optimizer steps, few to learn from: "
            "drop --epochs, and clf takes as many as are needed"
        )
    if train.warmup_steps != AUTO and 2 * schedule.warmup_steps > schedule.steps:
        found.append(
            f"--warmup-steps {schedule.warmup_steps} is more than half of the {schedule.steps} steps of this run: "
            "drop --warmup-steps, and clf takes a tenth"
        )
    if train.head_init == "probe" and schedule.head_init == "random":
        found.append("--head-init probe: the head of this model cannot be fitted apart from it, and stays as it is")
    if schedule.select_by == "last" and train.select_by == AUTO and "early_stopping_patience" in train.model_fields_set:
        found.append(
            "--early-stopping-patience ends nothing where the last weights are kept: --select-by log_loss would choose"
        )
    return found
