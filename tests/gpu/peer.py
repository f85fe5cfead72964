"""The plain Hugging Face recipe beside `clf train`, on the same rows."""

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from commands import clf
from sizes import Plan


def peer(plan: Plan) -> None:
    """Train one epoch with the plain Trainer, as it comes and in bf16, and with clf."""
    data, rates = plan.work / "data" / "peer", {}
    for name, options in {"plain Trainer": {}, "plain Trainer, bf16=True": {"bf16": True}}.items():
        if plan.dry and options:
            continue
        plan.figures[name] = _plain(plan, data, options)
        rates[name] = plan.figures[name]["texts a second"]
    told, seconds = clf(
        plan, "train", "--dataset", data, "--model", plan.encoder, "--epochs", 1, "--batch-size", plan.sizes.batch,
        "--max-length", plan.sizes.tokens, "--warmup-steps", 0, "--output-dir", plan.work / "peer-clf",
    )  # fmt: skip
    plan.figures["clf"] = {
        "seconds in the loop": told["train_seconds"],
        "texts a second": told["examples_per_second"],
        "accuracy": told["test_metrics"]["accuracy"],
        "whole": round(seconds, 1),
    }
    for name, rate in rates.items():
        plan.figures[f"clf / {name}, texts a second"] = round(told["examples_per_second"] / rate, 2)


def _plain(plan: Plan, data: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Fine-tune as the guide of transformers says: default arguments, batches padded to their longest text."""
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    set_seed(42)
    tokenizer = AutoTokenizer.from_pretrained(plan.encoder)
    train, test = (_rows(data / f"{split}.parquet", tokenizer, plan.sizes.tokens) for split in ("train", "test"))
    target = plan.work / "peer"
    arguments = TrainingArguments(
        str(target),
        num_train_epochs=1,
        per_device_train_batch_size=plan.sizes.batch,
        per_device_eval_batch_size=plan.sizes.batch,
        learning_rate=2e-5,
        weight_decay=0.01,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        seed=42,
        **options,
    )
    trainer = Trainer(
        model=AutoModelForSequenceClassification.from_pretrained(plan.encoder, num_labels=2),
        args=arguments,
        train_dataset=train,
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
        compute_metrics=lambda given: {"accuracy": float((given.predictions.argmax(-1) == given.label_ids).mean())},
    )
    seconds = trainer.train().metrics["train_runtime"]
    accuracy = trainer.evaluate(test)["eval_accuracy"]
    shutil.rmtree(target, ignore_errors=True)
    return {"seconds in the loop": seconds, "texts a second": round(len(train) / seconds, 1), "accuracy": accuracy}


def _rows(path: Path, tokenizer: Any, most: int) -> list[dict[str, Any]]:
    """Return the rows of a file as the collator wants them."""
    table = pq.read_table(path)
    encoded = tokenizer(table["text"].to_pylist(), truncation=True, max_length=most)
    return [
        {"input_ids": ids, "attention_mask": mask, "labels": label}
        for ids, mask, label in zip(
            encoded["input_ids"], encoded["attention_mask"], table["label"].to_pylist(), strict=True
        )
    ]
