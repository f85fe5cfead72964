"""Labels that are probably wrong, as a CSV file for a spreadsheet."""

import csv
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from clf.outcomes.evaluation import LabelIssue
from clf.safety import safe

ACTIVE = (
    "=",
    "+",
    "-",
    "@",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)  # the last four are full-width, as in Chinese and Japanese


def write_label_issues(path: Path, issues: Iterable[LabelIssue]) -> None:
    """Write one line per issue, most likely errors first."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(LabelIssue.model_fields))
        writer.writeheader()
        writer.writerows({name: inert(value) for name, value in issue.as_json().items()} for issue in issues)


def inert(value: Any) -> Any:
    """Prefix an apostrophe to text that a spreadsheet would read as a formula, or that starts with an apostrophe.

    Remove the first apostrophe to get the text back. Numbers stay; control characters become visible.
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
