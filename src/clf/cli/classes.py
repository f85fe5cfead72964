"""The classes of Typer's commands, with the help pages of clf."""

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from clf.cli.help import page_of, written
from clf.errors import UsageError


class PlainHelp:
    """Mixin that makes Typer print help in the same layout as `clf.cli.help`."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page of the command."""
        formatter.write(written(page_of(self, ctx)))


class Command(PlainHelp, TyperCommand):
    """One subcommand of `clf`."""


class Group(PlainHelp, TyperGroup):
    """All subcommands; `clf` without a subcommand shows the help."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help if `clf` is called without arguments."""
        if not args and not ctx.resilient_parsing:
            typer.echo(written(page_of(self, ctx)), nl=False)
            raise typer.Exit(UsageError.exit_code)
        return list(super().parse_args(ctx, args))
