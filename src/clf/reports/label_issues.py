"""The labels that are probably wrong, as a file for a spreadsheet."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ACTIVE = ("=", "+", "-", "@", "\t", "\r")


def write_label_issues(path: Path, issues: Sequence[Mapping[str, Any]]) -> None:
    """Write one line an issue, the likeliest first."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(issues[0]))
        writer.writeheader()
        writer.writerows({name: inert(value) for name, value in issue.items()} for issue in issues)


def inert(value: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would take for a formula; take it off to have it back."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(ACTIVE) else value
