"""The help of every command as `help.json` has it: `python -m clf.cli.help_pages`, in `make docs`, writes it anew."""

import json
import sys
from typing import Any

import typer

from clf.cli.app import app
from clf.cli.help import Page, page_of


def pages() -> dict[str, Page]:
    """Return the page of every command by its name, that of `clf` itself under nothing."""
    group: Any = typer.main.get_command(app)
    top = group.make_context("clf", [], resilient_parsing=True)
    found = {"": page_of(group, top)}
    for name, command in group.commands.items():
        found[name] = page_of(command, command.make_context(name, [], parent=top, resilient_parsing=True))
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(pages(), indent=1, ensure_ascii=False) + "\n")
