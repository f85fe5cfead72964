"""The labels that are probably wrong, as a file for a spreadsheet."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clf.outcomes.evaluation import LabelIssue
from clf.reports.safety import safe

ACTIVE = (
    "=",
    "+",
    "-",
    "@",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)  # the last four are wide, for Chinese and Japanese


def write_label_issues(path: Path, issues: Sequence[LabelIssue]) -> None:
    """Write one line an issue, the likeliest first."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(LabelIssue.model_fields))
        writer.writeheader()
        writer.writerows({name: inert(value) for name, value in issue.as_json().items()} for issue in issues)


def inert(value: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would take for a formula, or that begins with one itself.

    Take the first apostrophe off to have the text back. Numbers stay; control characters become visible.
    """
    if not isinstance(value, str) or _is_number(value):
        return value
    shown = safe(value)
    return f"'{shown}" if shown.startswith("'") or shown.lstrip().startswith(ACTIVE) else shown


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
