"""Results as people read them: tables on stdout, notes and errors on stderr."""

import json
import logging
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from clf.errors import ClfError
from clf.progress import live_console
from clf.reports.markdown import Columns, Intervals, table_heads, table_rows
from clf.reports.safety import one_line, safe

INVISIBLE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
SHOWN_CLASSES = 20
SHOWN_CONFLICTS = 2


def console() -> Console:
    """Return the console on stdout."""
    return Console(highlight=False, soft_wrap=True)


def print_error(error: ClfError, as_json: bool) -> None:
    """Print what was expected and found, and what to do; with `--json` as a document on stdout too."""
    stream = Console(stderr=True, highlight=False, soft_wrap=True)
    stream.print(Text.assemble(("error: ", "bold red"), one_line(error.message)))
    if error.hint:
        stream.print(Text.assemble(("hint: ", "bold cyan"), one_line(error.hint)))
    if as_json:
        print_json(
            {
                "error": {
                    "kind": error.kind,
                    "message": one_line(error.message),
                    "hint": one_line(error.hint),
                }
            }
        )


def print_json(value: Any) -> None:
    """Print one JSON document."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    # What would be active on a terminal is spelled as JSON can spell it; it means the same.
    sys.stdout.write(INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


class NoteHandler(logging.Handler):
    """Shows clf's log lines on stderr, as notes to the user, each of them once."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line; warnings stand out."""
        if (line := one_line(record.getMessage())) in self.said:
            return
        self.said.add(line)
        style = "yellow" if record.levelno >= logging.WARNING else "dim" if record.levelno < logging.INFO else ""
        prefix = "warning: " if record.levelno >= logging.WARNING else ""
        shown_by = live_console() or Console(stderr=True)
        shown_by.print(Text(prefix + line, style=style), highlight=False, soft_wrap=True)


def print_next(command: str) -> None:
    """Print the natural next command."""
    console().print(Text.assemble(("Next: ", "bold green"), safe(command)))


def print_lines(*lines: str) -> None:
    """Print plain lines with foreign strings made safe."""
    for line in lines:
        console().print(Text(safe(line)))


# --- tables -------------------------------------------------------------------------------------------------


def print_metrics(
    columns: Columns, title: str, costs: Columns | None = None, intervals: Intervals | None = None
) -> None:
    """Print the headline metrics: a column for each model or split, intervals of the first, and costs."""
    heads = table_heads(columns, intervals)
    table = _table(title, heads, right=range(1, len(heads)))
    for row in table_rows(columns, costs, intervals):
        table.add_row(*row)
    console().print(table)


def print_classes(per_class: Mapping[str, Mapping[str, Any]]) -> None:
    """Print precision, recall and F1 of each class."""
    table = _table("Classes", ["class", "precision", "recall", "F1", "rows"], right=range(1, 5))
    for name, row in per_class.items():
        table.add_row(
            escape(safe(name)),
            *(_number(row[key]) for key in ("precision", "recall", "f1")),
            str(row["rows"]),
        )
    console().print(table)


def print_confusion(matrix: Sequence[Sequence[int]], names: Sequence[str]) -> None:
    """Print the confusion matrix, unless it is too wide for a terminal."""
    if len(names) > 12:
        return
    table = _table("Confusion matrix (rows: true, columns: predicted)", ["", *names], right=range(1, len(names) + 1))
    for name, row in zip(names, matrix, strict=True):
        table.add_row(escape(safe(name)), *map(str, row))
    console().print(table)


def print_audit(name: str, audit: Mapping[str, Any]) -> None:
    """Print what `clf prepare` found."""
    classes, rows = audit["classes"], audit["rows"]
    table = _table(f"Dataset {name}", ["", *classes], right=range(1, len(classes) + 1))
    table.add_row("rows", *(str(rows[split]) for split in classes))
    for label in audit["labels"][:SHOWN_CLASSES]:
        cells = (f"{classes[split][label]} ({classes[split][label] / max(1, rows[split]):.0%})" for split in classes)
        table.add_row(f"  {escape(safe(label))}", *cells)
    console().print(table)
    if len(audit["labels"]) > SHOWN_CLASSES:
        print_lines(f"… and {len(audit['labels']) - SHOWN_CLASSES} more classes, in audit.json")
    read = sum(audit["rows_read"].values())
    dropped = sum(audit["dropped"].values())
    print_lines(f"{count(read, 'row')} read, {read - dropped} usable, {dropped} dropped", *_found(audit))
    if audit["truncated"]:
        _print_lengths(audit["truncated"])


def _found(audit: Mapping[str, Any]) -> list[str]:
    """Say in one line each what was found in the texts, nothing where there was nothing."""
    found = [(rows, "row", f"dropped: {reason}") for reason, rows in audit["dropped"].items()]
    found += [
        (rows, "row", f"of {split} as delivered repeating an earlier one")
        for split, rows in audit["duplicates"].items()
    ]
    found += [
        (texts, "more text", f"of {split} nearly repeating an earlier one")
        for split, texts in audit["near_duplicates"].items()
    ]
    found += [
        (texts, "distinct text", f"of {pair.replace('_in_', ' in ')} too, as delivered")
        for pair, texts in audit["leaks"].items()
    ]
    found += [
        (texts, "more text", f"of {pair.replace('_in_', ' nearly repeated in ')}")
        for pair, texts in audit["near_leaks"].items()
    ]
    found += [
        (sum(audit["odd_characters"].values()), "text", "with control or invisible characters"),
        (sum(audit["changed_by_cleaning"].values()), "text", "changed by cleaning"),
        *(
            (texts, "text", f"of {pair.replace('_in_', ' nearly repeated in ')} after the cut")
            for pair, texts in audit["leaks_after_split"]["near"].items()
            if audit.get("clusters_cut")
        ),
        (audit["groups_in_two_splits"] or 0, "group", "with rows in two of the splits as delivered"),
        (audit["conflicting"], "text", "with two labels"),
        (
            audit["conflicting_after_cleaning"] - audit["conflicting"],
            "text",
            "with two labels, once cleaned",
        ),
        (audit["near_conflicting"], "group", "of near duplicates with different labels (conflicts in audit.json)"),
    ]
    lines = [f"{count(number, what)} {rest}" for number, what, rest in found if number > 0]
    lines += [  # right below the groups they are examples of
        f"  {row['label']} ({row['split']}, line {row['line']}): “{shorten(row['text'], 100)}”"
        for conflict in audit["conflicts"][:SHOWN_CONFLICTS]
        for row in conflict[:4]
    ]
    return lines + [
        f"column {name} gives the label away in {share:.0%} of the rows"
        for name, share in audit["suspicious_columns"].items()
    ]


def _print_lengths(lengths: Mapping[str, Any]) -> None:
    """Print the lengths in tokens: a histogram, and what is lost where texts are cut."""
    tokens, most = lengths["tokens"], max(lengths["histogram"].values())
    title = f"Tokens per training text ({lengths['model']}, {count(lengths['measured_texts'], 'text')})"
    table = _table(title, ["tokens", "texts", ""], right=[0, 1])
    for bounds, texts in lengths["histogram"].items():
        table.add_row(bounds, str(texts), "█" * round(30 * texts / most))
    console().print(table)
    cut = (
        f"{limit}: {share:.1%} of texts, {lengths['share_of_tokens_cut_at'][limit]:.1%} of tokens"
        for limit, share in lengths["share_longer_than"].items()
    )
    print_lines(
        f"median {tokens['median']}, 95 % up to {tokens['p95']}, longest {tokens['max']}",
        f"lost when cut at {'; '.join(cut)}",
    )


def print_training(result: Any) -> None:
    """Print the metrics of a training, some of its answers, and where it is."""
    begun = f"from step {result.resumed_from_step} on " if result.resumed_from_step else ""
    columns = {"validation": result.metrics} | ({"test": result.test_metrics} if result.test_metrics else {})
    print_metrics(
        columns,
        f"{count(result.steps, 'step')}, {count(result.epochs, 'epoch')}, {begun}{result.train_seconds:.1f} s, "
        f"{result.examples_per_second:.1f} texts a second",
    )
    for example in result.examples:
        right = "" if example.predicted == example.label else f" (truth: {example.label})"
        print_lines(f"{example.predicted} {example.confidence:.3f}{right}: “{shorten(example.text, 100)}”")
    print_lines(f"model: {result.model_dir} ({result.megabytes} MB), run: {result.run_dir}")


def print_comparison(result: Mapping[str, Any]) -> None:
    """Print the table of candidate and baselines, the examples and the verdict."""
    print_metrics(
        {result["model"]: result["candidate"], **result["baselines"]},
        f"{count(result['rows'], 'text')} of {result['dataset']}, {result['split']}",
        result["costs"],
        result["intervals"],
    )
    if unleaked := {name: metrics for name, metrics in result["without_leaks"].items() if metrics}:
        print_metrics(unleaked, f"Without {count(result['leaked_rows'], 'row')} that stood in a training")
    for row in result["comparisons"]:
        low, high = row["interval"]
        shown = "" if row["gates"] else " (shown only)"
        print_lines(
            f"against {row['baseline']}: {row['metric']} {row['difference']:+.4f} [{low:+.4f}, {high:+.4f}], "
            f"{row['verdict']}{shown}"
        )
    if before := result["baselines"].get("pretrained"):
        confidence = (f"{metrics['mean_confidence']:.3f}" for metrics in (before, result["candidate"]))
        print_lines("mean confidence: {} before, {} after".format(*confidence))
    print_examples(result["examples"])
    print_lines("", result["summary"], *(f"try {advice}" for advice in result["advice"]))
    print_lines(f"written to {result['output_dir']}")


def print_confidence(result: Mapping[str, Any]) -> None:
    """Print what calibration did, and what the stored threshold does, where there are any."""
    before, answered = result["calibration"]["before"], result["abstention"]
    if result["calibration"]["note"]:
        print_lines(f"not calibrated: {result['calibration']['note']}")
    if before:
        print_lines(
            f"before calibration: mean confidence {before['mean_confidence']:.3f}, error {before['ece']:.4f}; "
            f"with a temperature of {result['calibration']['temperature']:g}: "
            f"{result['metrics']['mean_confidence']:.3f}, {result['metrics']['ece']:.4f}"
        )
    if answered and answered["accuracy"] is not None:
        low, high = answered["accuracy_interval"]
        print_lines(
            f"above a confidence of {answered['threshold']:.4f} it answers {answered['coverage']:.1%} of the texts, "
            f"{answered['accuracy']:.2%} of them right [{low:.2%}, {high:.2%}]"
        )


def print_predictions(answers: Sequence[Mapping[str, Any]], all_scores: bool) -> None:
    """Print the answer for each text, with the probability of every class on request."""
    for answer in answers:
        said = answer["error"] if answer["confidence"] is None else f"{answer['label']} {answer['confidence']:.3f}"
        scores = ", ".join(f"{name} {score:.3f}" for name, score in answer["scores"].items()) if all_scores else ""
        print_lines(f"{said}: “{shorten(answer['text'])}”  {scores}".rstrip())


def print_labelled(result: Mapping[str, Any]) -> None:
    """Print how labelling a file went."""
    errors = f", {result['errors']} with an error" if result["errors"] else ""
    errors += f", {result['abstained']} `abstain`, below the threshold" if result["abstained"] else ""
    print_lines(f"{count(result['rows'], 'row')} written to {result['output']} in {result['seconds']:.1f} s{errors}")


def print_examples(examples: Sequence[Mapping[str, Any]]) -> None:
    """Print texts with the answers of candidate and baseline."""
    for example in examples:
        print_lines("", f"“{shorten(example['text'])}”", f"  truth: {example['label']}")
        for who in ("candidate", "baseline"):
            answer = example[who]
            print_lines(f"  {answer['name']}: {answer['label']} ({answer['confidence']:.3f})")


def count(number: float, what: str) -> str:
    """Write a number with its noun in the right number: 1 row, 2 rows."""
    shown = str(number) if isinstance(number, int) else f"{number:g}"
    return f"{shown} {what}" if number == 1 else f"{shown} {what}s"


def shorten(text: str, width: int = 160) -> str:
    """Cut a text to one line."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def _table(title: str, columns: Sequence[str], right: Sequence[int] | range) -> Table:
    table = Table(title=Text(safe(title)), title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(Text(safe(column)), justify="right" if number in right else "left", overflow="fold")
    return table


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.4f}"
