"""The lines that the parts printed -> one Markdown table."""

import json
import sys
from pathlib import Path
from typing import Any

HEAD = ("part", "figure", "value")
DRY = "dry run, CPU: no figure"


def main() -> None:
    """Write the table of a file with one JSON line a part to stdout."""
    path, dry = Path(sys.argv[1]), "--dry" in sys.argv
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    sys.stdout.write(markdown(lines, dry))


def markdown(lines: list[dict[str, Any]], dry: bool) -> str:
    """Return one row for each figure, and one for how each part ended."""
    head = (*HEAD, "note") if dry else HEAD
    rows = [head, ("---",) * len(head)]
    for line in lines:
        figures = {**line["figures"], "this part": f"{line['ended']} after {line['seconds']} s"}
        for number, (name, value) in enumerate(figures.items()):
            row = ("" if number else line["part"], name, _shown(value))
            rows.append((*row, DRY) if dry else row)
    return "".join(f"| {' | '.join(_escaped(cell) for cell in row)} |\n" for row in rows)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name} {_shown(part)}" for name, part in value.items()) or "none"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _escaped(cell: str) -> str:
    return " ".join(cell.split()).replace("|", "\\|")


if __name__ == "__main__":
    main()
