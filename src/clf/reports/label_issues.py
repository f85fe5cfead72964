"""Labels that are probably wrong, as a CSV file for a spreadsheet."""

import csv
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from clf.outcomes.evaluation import LabelIssue
from clf.outcomes.label_evaluation import AnyIssue
from clf.safety import safe

FORMULA = re.compile("(^|[;|\n])(?='|(?:[^\\S\n]|\")*[=+\\-@\uff1d\uff0b\uff0d\uff20])")  # the last four are wide
"""Where a spreadsheet could find a formula: at the start of a cell, or after what separates cells elsewhere."""


def write_label_issues(path: Path, issues: Iterable[AnyIssue], kind: type[AnyIssue] = LabelIssue) -> None:
    """Write one line per issue of this kind, most likely errors first."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(kind.model_fields))
        writer.writeheader()
        writer.writerows({name: inert(value) for name, value in issue.as_json().items()} for issue in issues)


def inert(value: Any) -> Any:
    """Put an apostrophe before what a spreadsheet would read as a formula, and before an apostrophe at such a place.

    The places are the start of the text and after each `;`, `|` and line break in it, since spreadsheets of many
    countries separate cells by `;`. Remove the first apostrophe at each of these places to get the text back. Numbers
    stay; control characters become visible.
    """
    if not isinstance(value, str) or _is_number(value):
        return value
    return FORMULA.sub(r"\1'", safe(value))


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
