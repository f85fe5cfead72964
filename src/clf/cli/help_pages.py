"""Print the content of `help.json`, the help of every command: `python -m clf.cli.help_pages`, part of `make docs`."""

import json
import sys
from typing import Any

import typer

from clf.cli.app import app
from clf.cli.help import Page, page_of


def pages() -> dict[str, Page]:
    """Return the help page of every command by name, and that of `clf` itself under the empty string."""
    group: Any = typer.main.get_command(app)
    top = group.make_context("clf", [], resilient_parsing=True)
    found = {"": page_of(group, top)}
    for name, command in group.commands.items():
        found[name] = page_of(command, command.make_context(name, [], parent=top, resilient_parsing=True))
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(pages(), indent=1, ensure_ascii=False) + "\n")
