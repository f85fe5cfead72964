"""Results as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

SHOWN = {
    "accuracy": "accuracy",
    "macro_precision": "precision (macro)",
    "macro_recall": "recall (macro)",
    "macro_f1": "F1 (macro)",
    "weighted_precision": "precision (weighted)",
    "weighted_recall": "recall (weighted)",
    "weighted_f1": "F1 (weighted)",
    "mean_confidence": "mean confidence",
    "ece": "calibration error",
    "ece_expected": "… of a calibrated model",
    "log_loss": "log loss",
}


def metrics_table(columns: Mapping[str, Mapping[str, float]]) -> str:
    """Write one column of metrics for each model or split."""
    lines = [f"| metric | {' | '.join(map(escape, columns))} |", "|---" * (len(columns) + 1) + "|"]
    for name, shown in SHOWN.items():
        if any(name in metrics for metrics in columns.values()):
            cells = (f"{metrics[name]:.4f}" if name in metrics else "" for metrics in columns.values())
            lines.append(f"| {shown} | {' | '.join(cells)} |")
    return "\n".join(lines)


def evaluation_report(result: Mapping[str, Any]) -> str:
    """Write the result of `clf evaluate`."""
    classes = result["per_class"]
    lines = [
        f"# {escape(result['model'])} on {escape(result['dataset'])}, {result['split']}",
        "",
        f"{result['rows']} texts.",
        "",
        metrics_table(
            {result["split"]: result["metrics"]}
            | ({"without leaked rows": result["without_leaks"]} if result.get("without_leaks") else {})
        ),
        "",
        "| class | precision | recall | F1 | rows |",
        "|---|---|---|---|---|",
        *(
            f"| {escape(name)} | {' | '.join(_number(row[key]) for key in ('precision', 'recall', 'f1', 'rows'))} |"
            for name, row in classes.items()
        ),
        "",
        "Confusion matrix (rows: true class, columns: predicted class)",
        "",
        confusion_table(result["confusion_matrix"], list(classes)),
    ]
    return "\n".join(lines) + "\n"


def confusion_table(matrix: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    """Write a confusion matrix with its class names."""
    head = [f"| | {' | '.join(map(escape, names))} |", "|---" * (len(names) + 1) + "|"]
    return "\n".join(
        head
        + [f"| **{escape(name)}** | {' | '.join(map(str, row))} |" for name, row in zip(names, matrix, strict=True)]
    )


def comparison_report(result: Mapping[str, Any]) -> str:
    """Write the result of `clf compare`."""
    columns = {result["model"]: result["candidate"], **result["baselines"]}
    lines = [
        f"# {escape(result['model'])} compared on {escape(result['dataset'])}, {result['split']}",
        "",
        f"{result['rows']} texts. **{result['summary']}**",
        "",
        metrics_table(columns),
        "",
    ]
    lines += [
        f"- against {escape(row['baseline'])}: {row['metric']} {row['difference']:+.4f}, {row['verdict']}"
        + ("" if row["gates"] else " (shown only)")
        for row in result["comparisons"]
    ]
    lines += [f"- {escape(miss)}" for miss in result["missed_floors"]]
    lines += [f"- try {escape(advice)}" for advice in result["advice"]]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Keep a foreign string from becoming Markdown or HTML."""
    for mark in ("\\", "`", "*", "_", "[", "]", "|", "#"):
        text = text.replace(mark, "\\" + mark)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")


def _number(value: float | None) -> str:
    if value is None:
        return "not defined"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
