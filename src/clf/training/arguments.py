"""Our settings -> the Trainer's arguments, in one place."""

# ruff: noqa: TID253 - this module computes
from pathlib import Path

from transformers import TrainingArguments

from clf.models.compute import Compute
from clf.settings import RunSettings, TrainSettings

CHECKPOINTS_KEPT = 2
WARMUP_SHARE = 0.1
SELECTION = "selection"
"""The metric that chooses the best epoch: see `clf.training.trainer.selection`."""

# Encoders that 2e-5, right for DistilBERT, is known to underfit. Source: measured with clf on IMDB and AG News.
SUGGESTED_RATES = {"minilm-l6": 1e-4, "minilm-l12": 1e-4}


def training_arguments(
    train: TrainSettings, run: RunSettings, compute: Compute, checkpoints: Path, rows: int
) -> TrainingArguments:
    """Map the settings of one run on `rows` training texts to TrainingArguments."""
    steps_per_epoch = -(-rows // train.batch_size)
    arguments = TrainingArguments(
        output_dir=str(checkpoints),
        num_train_epochs=train.epochs,
        per_device_train_batch_size=train.batch_size,
        learning_rate=train.learning_rate,
        weight_decay=train.weight_decay,
        warmup_steps=warmup_steps(train, steps_per_epoch * train.epochs),
        optim="adamw_torch_fused" if compute.device.type in {"cpu", "cuda", "mps"} else "adamw_torch",
        seed=run.seed,
        data_seed=run.seed,
        bf16=compute.precision == "bf16",
        fp16=compute.precision == "fp16",
        use_cpu=compute.device.type == "cpu",
        train_sampling_strategy="group_by_length",
        length_column_name="length",
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=CHECKPOINTS_KEPT,
        load_best_model_at_end=True,
        metric_for_best_model=SELECTION,
        greater_is_better=True,
        logging_strategy="steps",
        logging_steps=max(1, min(10, steps_per_epoch)),
        logging_nan_inf_filter=False,
        dataloader_pin_memory=compute.device.type == "cuda",
        restore_callback_states_from_checkpoint=True,
        disable_tqdm=True,
        report_to="none",
    )
    # On a machine of several GPUs the Trainer would spread each batch over all and multiply it; one process uses
    # one, and torchrun starts more.
    _ = arguments.device
    arguments._n_gpu = min(1, arguments.n_gpu)
    return arguments


def keeps_attention_dropout(train: TrainSettings, compute: Compute) -> bool:
    """Tell whether training draws dropout on attention weights: `auto` does so wherever it costs little."""
    if train.attention_dropout == "auto":
        return compute.device.type != "cpu"
    return train.attention_dropout == "keep"


def warmup_steps(train: TrainSettings, total_steps: int) -> int:
    """Return the steps of warm-up: those asked for, never more than a tenth of the run."""
    return min(train.warmup_steps, int(total_steps * WARMUP_SHARE))


def suggested_rate(model: str) -> float | None:
    """Return the learning rate known to suit an encoder that the default underfits, or None."""
    name = model.lower()
    return next((rate for part, rate in SUGGESTED_RATES.items() if part in name), None)
