"""A training run that ends before its first step: all that the settings came to, and no time spent on steps."""

from collections.abc import Callable
from typing import Any

import pytest
import transformers

from clf.training.setup import Work
from clf.training.trainer import ClassifierTrainer

MakeWork = Callable[..., Work]
"""Loads the tiny encoder and the reviews for a run with some settings of [train]; see the fixture `make_work`."""


class FirstStep(Exception):
    """Raised where the Trainer would begin its loop."""

    def __init__(self, trainer: ClassifierTrainer) -> None:
        super().__init__()
        self.trainer = trainer


def at_first_step(run: Callable[[], object]) -> ClassifierTrainer:
    """Run a training up to its first step, and return its Trainer."""

    def stop(trainer: ClassifierTrainer, **_: Any) -> None:
        raise FirstStep(trainer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transformers.Trainer, "train", stop)
        with pytest.raises(FirstStep) as stopped:
            run()
    return stopped.value.trainer
