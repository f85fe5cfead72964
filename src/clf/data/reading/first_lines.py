"""The first lines about a file on a terminal: its form, the roles of its columns, and one row as text and label."""

import shutil
from collections.abc import Callable, Iterable, Sequence

from clf.data.reading.batch import Batch
from clf.data.reading.columns import Column, Columns
from clf.outcomes.peek import FileForm
from clf.progress import is_watched, say
from clf.safety import one_line

USED = (
    ("text", "text", " + "),
    ("label", "label", ", "),
    ("label name", "label names", ", "),
    ("group", "group", ", "),
    ("split", "split", ", "),
    ("annotation", "accepted or rejected by", ", "),
)
"""Each role with how it is shown, and what joins its columns."""
SHORTEST_TEXT = 20


class FirstLines:
    """Shows the first lines about each file that is read; what the file before has too is not repeated."""

    def __init__(self) -> None:
        self.is_watched = is_watched()
        self.form = self.roles = ""

    def tell_form(self, form: Callable[[], FileForm] | None) -> None:
        """Show the form of a file; there is none if rows come from elsewhere."""
        if self.is_watched and form is not None:
            told = form()
            if self.form != (line := f"{told.file}: {told.shown}"):
                say(line)
            self.form = line

    def tell_rows(self, batch: Batch, columns: Columns, rows: Iterable[tuple[str, str]]) -> None:
        """Show the roles of the columns of a file, and the first of its rows, which are a text and a label each."""
        if not self.is_watched or batch.file is None or self.roles == (roles := roles_line(columns.roles)):
            return
        self.roles = roles
        say(one_line(roles, _width()))
        if first := next(iter(rows), None):
            say(row_line(*first))

    def tell_texts(self, columns: Sequence[str], texts: Sequence[str | None]) -> None:
        """Show the text columns and the first text of a file without labels."""
        if self.is_watched:
            say(one_line(f"text: {' + '.join(columns)}", _width()))
            if first := next((text for text in texts if text), None):
                say(row_line(first))


def roles_line(roles: Sequence[Column]) -> str:
    """Return the columns by role, and in brackets why the others are not used."""
    told = [
        f"{shown}: {joint.join(names)}"
        for role, shown, joint in USED
        if (names := [column.name for column in roles if column.role == role])
    ]
    ignored = [f"{column.name or 'a column'} ({why(column.reason)})" for column in roles if column.role == "ignored"]
    return " · ".join([*told, *([f"not used: {', '.join(ignored)}"] if ignored else [])])


def why(reason: str) -> str:
    """Return a reason without its verb: `it holds numbers` is `numbers`."""
    return reason.removeprefix("it holds ").removeprefix("it has ").removeprefix("it is ")


def row_line(text: str, label: str | None = None, width: int | None = None) -> str:
    """Return a row as text and label, the text shortened so that both fit into `width` or on the terminal."""
    end = "" if label is None else f" → {one_line(label, 60)}"
    most = max(SHORTEST_TEXT, (width or _width()) - len(end) - 2)
    return f"“{one_line(text[: 4 * most], most)}”{end}"


def _width() -> int:
    return shutil.get_terminal_size().columns - 1
