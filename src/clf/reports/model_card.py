"""The README.md of a model folder: a model card the Hub accepts."""

import json
from typing import Any

from clf.reports.markdown import escape, metrics_table


def model_card(record: dict[str, Any], validation: dict[str, float], test: dict[str, float] | None) -> str:
    """Write the card of a model from its `clf.json` record and its metrics."""
    base, dataset, labels = record["base_model"], record["dataset"], record["labels"]
    recipe = record["settings"]["train"]
    columns = {"validation": validation} | ({"test": test} if test else {})
    return f"""---
library_name: transformers
pipeline_tag: text-classification
base_model: {json.dumps(base["name"])}
datasets: [{json.dumps(dataset["name"])}]
tags: [text-classification, clf]
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
