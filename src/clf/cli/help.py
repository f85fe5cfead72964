"""Fast `--help`: print the help pages stored in `help.json` without importing the commands and their options.

So `clf train --help` takes no longer than starting Python. `clf.cli.help_pages` generates the file.
"""

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from clf import __version__

KEPT = "help.json"
ASKS = ("--help", "-h")
COMMANDS = "Commands"
LEAST_COLUMNS, MOST_COLUMNS = 40, 100
NAMES_COLUMNS = 30
Page = dict[str, Any]
"""A help page: `usage`, `about`, and `sections`, which maps each title to rows of (names to type, meaning)."""


def answer(arguments: Sequence[str]) -> bool:
    """Handle `clf --help`, `clf COMMAND --help` and `clf --version`; return whether it was one of them."""
    if list(arguments) == ["--version"]:
        _say(f"clf {__version__}\n")
        return True
    name = arguments[0] if len(arguments) == 2 else ""
    if not arguments or arguments[-1] not in ASKS or len(arguments) > 2:
        return False
    pages = json.loads(files("clf.cli").joinpath(KEPT).read_text(encoding="utf-8"))
    if name not in pages:
        return False
    _say(written(pages[name]))
    return True


def _say(text: str) -> None:
    if sys.stdout:  # it may be closed
        sys.stdout.write(text)


def written(page: Page, columns: int | None = None) -> str:
    """Return a help page as text, wrapped to `columns` or to the width of the terminal, within limits."""
    width = min(max(columns or shutil.get_terminal_size().columns, LEAST_COLUMNS), MOST_COLUMNS)
    bold = "\033[1m{}\033[0m" if sys.stdout and sys.stdout.isatty() and not os.environ.get("NO_COLOR") else "{}"
    indent = min(NAMES_COLUMNS, max(12, width // 3))
    wrapped = textwrap.TextWrapper(
        width - 1, initial_indent=" " * indent, subsequent_indent=" " * indent, break_on_hyphens=False
    )
    lines = [f"{bold.format('Usage:')} {page['usage']}", "", *textwrap.wrap(page["about"], width - 1)]
    for title, rows in page["sections"].items():
        lines += ["", bold.format(title)]
        for names, meaning in rows:
            text = wrapped.wrap(meaning) or [""]
            beside = len(names) + 4 <= indent
            lines += [f"  {names}".ljust(indent) + text[0].lstrip()] if beside else [f"  {names}", text[0]]
            lines += text[1:]
    return "\n".join(lines) + "\n"


def page_of(command: Any, context: Any) -> Page:
    """Return the help page of a Typer command."""
    sections: dict[str, list[list[str]]] = {}
    for name in getattr(command, "commands", {}):
        about = command.commands[name].help or ""
        sections.setdefault(COMMANDS, []).append([name, " ".join(about.split())])
    for parameter in command.get_params(context):
        if (record := parameter.get_help_record(context)) is None:
            continue
        panel = getattr(parameter, "rich_help_panel", None) or "Arguments and options"
        names, meaning = (part.replace("\\[", "[") for part in record)
        sections.setdefault(panel, []).append([" ".join(names.split()), " ".join(meaning.split())])
    usage = f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}"
    return {"usage": usage, "about": " ".join((command.help or "").split()), "sections": sections}
