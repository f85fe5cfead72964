"""The README.md of a model folder: a model card the Hub accepts."""

from typing import Any

from clf.reports.markdown import SHOWN, escape, metrics_table

IN_THE_INDEX = ("accuracy", "macro_f1", "weighted_f1", "mcc", "auroc", "log_loss", "ece")


def model_card(record: dict[str, Any], validation: dict[str, Any], test: dict[str, Any] | None) -> str:
    """Write the card of a model from its `clf.json` record and its metrics."""
    base, dataset, labels = record["base_model"], record["dataset"], record["labels"]
    recipe = record["settings"]["train"]
    columns = {"validation": validation} | ({"test": test} if test else {})
    return f"""---
{_front_matter(record, test)}
---

# {escape(record["name"])}

{escape(base["name"])} fine-tuned on {escape(dataset["name"])} to tell {escape(", ".join(labels))} apart.
It was made with clf {record["clf_version"]} on {record["created"]}.

## What it reached

{metrics_table(columns)}

## How to use it

```python
from transformers import pipeline

classify = pipeline("text-classification", "path/to/this/folder")
classify("a text", truncation=True, max_length={record["max_length"]})
```

Texts were cleaned before training ({", ".join(name for name, on in record["cleaning"].items() if on) or "not at all"});
`clf predict` cleans them the same way.

## How it was made

{recipe["epochs"]} epochs at most, batch size {recipe["batch_size"]}, learning rate {recipe["learning_rate"]:g},
weight decay {recipe["weight_decay"]:g}, {record["rows"]["train"]} training texts,
cut at {record["max_length"]} tokens, seed {record["settings"]["run"]["seed"]},
{record["compute"]["precision"]} on {record["compute"]["device"]}.
The epoch with the best macro F1 on {record["rows"]["validation"]} validation texts was kept.
"""


def _front_matter(record: dict[str, Any], test: dict[str, Any] | None) -> str:
    """Return what the Hub reads of a card; metrics on test as its model index has them."""
    from huggingface_hub import EvalResult, ModelCardData

    name, base = record["dataset"]["name"], record["base_model"]
    repository, _, commit = record["dataset"]["origin"].partition("@")
    on_the_hub = bool(commit) and "/" in repository and not repository.startswith("/")
    results = [
        EvalResult(
            task_type="text-classification",
            dataset_type=repository if on_the_hub else name,
            dataset_name=name,
            dataset_revision=commit if on_the_hub else None,
            dataset_split="test",
            metric_type=metric,
            metric_name=SHOWN[metric],
            metric_value=value,
        )
        for metric, value in (test or {}).items()
        if metric in IN_THE_INDEX and value is not None
    ]
    data = ModelCardData(
        library_name="transformers",
        pipeline_tag="text-classification",
        base_model=base["name"] if base["origin"] != "path" else None,
        datasets=[repository] if on_the_hub else None,
        tags=["text-classification", "clf"],
        model_name=record["name"] if results else None,
        eval_results=results or None,
    )
    return str(data.to_yaml()).strip()
