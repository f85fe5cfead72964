"""The README.md of a model folder: a model card that the Hub accepts."""

from collections.abc import Mapping, Sequence

from clf.models.record import BaseModelRecord, DatasetRecord, ModelRecord
from clf.outcomes.base import LabelMetrics, Metrics
from clf.outcomes.exporting import ExportResult
from clf.reports.markdown import escape, metrics_table
from clf.safety import one_line
from clf.scoring.metric_table import table_of

KEPT = {
    "macro_f1": "The weights with the best macro F1 on {} validation texts were kept.",
    "average_precision": "The weights with the best macro average precision on {} validation texts were kept.",
    "log_loss": "The weights with the lowest log loss on {} validation texts were kept.",
    "last": "The last weights were kept: {} validation texts are too few to choose the best.",
}


def model_card(
    name: str,
    record: ModelRecord,
    shares: Mapping[str, float] | None = None,
    tested: Mapping[str, LabelMetrics] | None = None,
) -> str:
    """Return the card of a trained model, from its record.

    Where a text may have several labels, `shares` are those of the training texts that have each label, and `tested`
    the metrics of each label on test.
    """
    base, dataset, recipe, settings = record.base_model, record.dataset, record.train, record.settings
    assert base is not None  # every training run records all three
    assert dataset is not None
    assert settings is not None
    validation, test = record.metrics.validation, record.metrics.test
    columns = {"validation": validation} | ({"test": test} if test else {})
    steps = [step for step, on in record.cleaning.model_dump().items() if on]
    how_many = _several_or_one(record.thresholds)
    return f"""---
{_front_matter(name, base, dataset, test)}
---

# {escape(name)}

{escape(base.name)} fine-tuned on {escape(dataset.name)} to predict {how_many} of these labels:
{escape(", ".join(record.labels))}.
Trained with clf {record.clf_version} on {record.created}.

## Results

{metrics_table(columns)}

## Usage

```python
{_usage(record)}
```
{_labels(record.thresholds, shares or {}, tested or {})}
Cleaning steps before training: {", ".join(steps) or "none"}.
`clf predict` cleans texts the same way.

## Training

At most {recipe.epochs} epochs, batch size {recipe.batch_size}, learning rate {float(recipe.learning_rate):g},
weight decay {recipe.weight_decay:g}, {record.rows["train"]} training texts,
truncated to {record.max_length} tokens, seed {settings.run.seed},
{record.compute.precision} on {record.compute.device}.
{KEPT[recipe.select_by].format(record.rows["validation"])}
"""


def _several_or_one(thresholds: Mapping[str, float] | None) -> str:
    return "one" if thresholds is None else "none, one or several"


def _usage(record: ModelRecord) -> str:
    """Return the lines of Python with which plain transformers gives the same answers."""
    loaded = 'from transformers import pipeline\n\nclassify = pipeline("text-classification", "path/to/this/folder")\n'
    asked = f'classify("a text", truncation=True, max_length={record.max_length}'
    if record.thresholds is None:
        return f"{loaded}{asked})"
    return (
        f'import json\n\n{loaded}scores = {asked}, top_k=None, function_to_apply="sigmoid")\n'
        'with open("path/to/this/folder/clf.json", encoding="utf-8") as file:\n'
        '    thresholds = json.load(file)["thresholds"]\n'
        'labels = [each["label"] for each in scores if each["score"] >= thresholds[each["label"]]]'
    )


def _labels(
    thresholds: Mapping[str, float] | None, shares: Mapping[str, float], tested: Mapping[str, LabelMetrics]
) -> str:
    """Return the table of the labels with threshold, share of texts and test metrics, if a text may have several."""
    if thresholds is None:
        return ""
    heads = ["label", "threshold", *(["share of training texts"] if shares else []),
             *(["test texts", "precision", "recall", "F1"] if tested else [])]  # fmt: skip
    rows = [
        [escape(name), f"{threshold:.4f}", *_share_of(name, shares), *_tested(name, tested)]
        for name, threshold in thresholds.items()
    ]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\nA label is predicted from its threshold on:\n\n" + "\n".join(lines) + "\n"


def _share_of(name: str, shares: Mapping[str, float]) -> list[str]:
    return [f"{shares[name]:.1%}"] if shares else []


def _tested(name: str, tested: Mapping[str, LabelMetrics]) -> list[str]:
    if not tested:
        return []
    row = tested[name]
    figures = (row.precision, row.recall, row.f1)
    return [str(row.rows), *("not defined" if value is None else f"{value:.4f}" for value in figures)]


def export_card(
    export: ExportResult, labels: Sequence[str], max_length: int, thresholds: Mapping[str, float] | None
) -> str:
    """Return the card of an exported model, from the figures measured at export; `thresholds` are those of labels."""
    low, high = export.interval
    kind = "int8" if export.int8 else "fp32"
    answer = "label" if thresholds is None else "labels"
    probabilities = "" if thresholds is None else "\nprobabilities = 1 / (1 + numpy.exp(-logits))"
    return f"""# {escape(export.model)} as ONNX, {kind}

It predicts {_several_or_one(thresholds)} of these labels: {escape(", ".join(labels))}.
On {export.rows} texts of {escape(export.dataset)} ({export.split})
it predicts the same {answer} as the original for {export.same_labels:.2%}; {export.metric} differs by
{export.difference:+.4f}, 95 % interval [{low:+.4f}, {high:+.4f}].

{metrics_table({"original": export.original, "exported": export.exported})}

## Usage

`clf predict` accepts this folder like the original and cleans texts as in training. With ONNX Runtime alone:

```python
import numpy, onnxruntime, tokenizers

tokenizer = tokenizers.Tokenizer.from_file("tokenizer.json")
tokenizer.no_padding()
tokenizer.enable_truncation({max_length})
session = onnxruntime.InferenceSession("model.onnx")
encoded = tokenizer.encode("a text")
inputs = {{"input_ids": numpy.array([encoded.ids]), "attention_mask": numpy.array([encoded.attention_mask])}}
[logits] = session.run(["logits"], inputs){probabilities}
```

`id2label` in `config.json` lists the labels in the order of the logits.
{_labels(thresholds, {}, {})}"""


def _front_matter(model: str, base: BaseModelRecord, dataset: DatasetRecord, test: Metrics | None) -> str:
    """Return the front matter that the Hub reads, with the test metrics as its model index."""
    from huggingface_hub import EvalResult, ModelCardData

    name = one_line(dataset.name)
    repository, _, commit = dataset.origin.partition("@")
    on_the_hub = bool(commit) and "/" in repository and not repository.startswith("/")
    results = [
        EvalResult(
            task_type="text-classification",
            dataset_type=repository if on_the_hub else name,
            dataset_name=name,
            dataset_revision=commit if on_the_hub else None,
            dataset_split="test",
            metric_type=metric.name,
            metric_name=metric.shown,
            metric_value=value,
        )
        for metric in table_of(test or {})
        if metric.in_model_index and (value := (test or {}).get(metric.name)) is not None
    ]
    data = ModelCardData(
        library_name="transformers",
        pipeline_tag="text-classification",
        base_model=one_line(base.name) if base.origin != "path" else None,
        datasets=[repository] if on_the_hub else None,
        tags=["text-classification", "clf"],
        model_name=one_line(model) if results else None,
        eval_results=results or None,
    )
    return str(data.to_yaml()).strip()
