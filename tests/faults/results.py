"""What the weekly tests tried, as a table: `python -m faults.results FILE`, with the file that FAULTS_RESULTS named.

Fails if a command is missing, if there were fewer than FEWEST faults, or if a rule was broken.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from faults.commands import COMMANDS, KINDS

FEWEST = 1000
"""The fewest faults that all commands together must have met."""


def table(results: Iterable[dict[str, Any]]) -> str:
    """Return a Markdown table with a line for each sweep and each command that lost its power."""
    lines = ["| command | calls | tried | " + " | ".join(KINDS) + " | power losses | broken | seconds |"]
    lines.append("|---" * (lines[0].count("|") - 1) + "|")
    for one in results:
        options = " ".join(option for option in one["options"] if option in ("--no-exchange", "--near"))
        tried = [str(of_kind(one, kind)) for kind in KINDS] if "ends" in one else [""] * len(KINDS)
        cells = [f"{one['command']} {options}".strip(), one.get("points", one.get("calls")), one.get("tried_points", ""),
                 *tried, one.get("losses", ""), len(one["broken"]), one.get("seconds", "")]  # fmt: skip
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def of_kind(one: dict[str, Any], kind: str) -> int:
    """Return how many faults of a kind a sweep met."""
    return sum(count for end, count in one["ends"].items() if end.startswith(f"{kind}:"))


def problems(results: Iterable[dict[str, Any]]) -> list[str]:
    """Return what is missing or wrong; broken rules count unless something was left unsynced to see the judge see it."""
    found, total, met = [], 0, set()
    for one in results:
        if "ends" in one:
            total += sum(one["ends"].values())
            met |= {one["command"]} if all(of_kind(one, kind) for kind in KINDS) else set()
        if one["broken"] and not {"--unsynced", "--without-sync-of"} & set(one["options"]):
            found.append(f"{one['command']}: {len(one['broken'])} rules broken, such as {one['broken'][0]}")
    if total < FEWEST:
        found.append(f"{total:,} faults, expected at least {FEWEST:,}")
    return found + [f"{name}: not every kind of fault was met" for name in COMMANDS if name not in met]


def main() -> None:
    results = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    found = problems(results)
    sys.stdout.write("\n".join([table(results), *found]) + "\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
