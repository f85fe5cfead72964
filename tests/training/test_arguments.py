"""Every setting of the recipe reaches the Trainer."""

from pathlib import Path

import pytest
import torch

from clf.models.compute import Compute
from clf.settings import RunSettings, TrainSettings
from clf.training.arguments import keeps_attention_dropout, suggested_rate, training_arguments, warmup_steps

CPU = Compute(torch.device("cpu"), "bf16")
# The settings of [train] that TrainingArguments has no place for, and where they are used.
ELSEWHERE = {
    "model": "load_for_training", "revision": "find_model", "early_stopping_patience": "fine_tune", "keep_checkpoints": "train",
    "no_final_test": "train", "test_run": "train", "attention_dropout": "keeps_attention_dropout",
    "class_weights": "class_weights", "label_smoothing": "Loss", "truncation": "tokenize", "save_steps": "Milestones",
    "deterministic": "set_determinism", "fast_dropout": "draw_masks_fast",
    "fast_attention": "attend_text_by_text",
}  # fmt: skip
CHANGED = {
    "gradient_accumulation": 2,
    "report_to": ["tensorboard"],
    "epochs": 7,
    "batch_size": 5,
    "learning_rate": 1e-3,
    "weight_decay": 0.5,
    "warmup_steps": 1,
}


def arguments(train: TrainSettings, rows: int = 1000) -> dict[str, object]:
    made = training_arguments(train, RunSettings(seed=9), CPU, Path("checkpoints"), rows)
    return {key: value for key, value in vars(made).items() if not key.startswith("_")}


@pytest.mark.parametrize("name", [name for name in TrainSettings.model_fields if name not in ELSEWHERE])
def test_every_field_of_the_recipe_reaches_the_trainer(name: str) -> None:
    default, changed = arguments(TrainSettings()), arguments(TrainSettings(**{name: CHANGED[name]}))
    assert [key for key in default if default[key] != changed[key] and key not in {"logging_dir"}]


def test_seed_precision_and_best_model_are_set() -> None:
    made = arguments(TrainSettings())
    assert (made["seed"], made["data_seed"], made["bf16"], made["use_cpu"]) == (9, 9, True, True)


def test_warm_up_is_never_longer_than_a_tenth_of_the_run() -> None:
    assert warmup_steps(TrainSettings(), 200) == 20
    assert warmup_steps(TrainSettings(), 100_000) == 500
    assert warmup_steps(TrainSettings(warmup_steps=0), 200) == 0


def test_a_rate_is_suggested_only_where_one_is_known() -> None:
    assert suggested_rate("sentence-transformers/all-MiniLM-L6-v2") == 1e-4
    assert suggested_rate("google/electra-small-discriminator") == 3e-4
    assert suggested_rate("google/bert_uncased_L-2_H-128_A-2") == 1e-4
    assert suggested_rate("distilbert-base-uncased") is None


def test_attention_dropout_is_off_where_it_costs_most_and_on_request() -> None:
    gpu = Compute(torch.device("cuda"), "bf16")
    assert not keeps_attention_dropout(TrainSettings(), CPU)
    assert keeps_attention_dropout(TrainSettings(), gpu)
    assert keeps_attention_dropout(TrainSettings(attention_dropout="keep"), CPU)
    assert not keeps_attention_dropout(TrainSettings(attention_dropout="off"), gpu)
