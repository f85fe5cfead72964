"""The result of `clf prepare --peek`: how a file is read."""

from clf.outcomes.base import Outcome

USUAL_QUOTE = '"'
DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars", " ": "spaces", "\x01": "Ctrl-A"}
ENCODINGS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 with a byte order mark", "utf-16": "UTF-16"}


class FileForm(Outcome):
    """The format of a file; null what does not apply to it, such as the delimiter of a Parquet file.

    `quote` is null if quotes are plain characters.
    """

    file: str
    format: str
    compression: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    header: bool | None = None

    @property
    def shown(self) -> str:
        """The form in words: CSV, UTF-8, commas, with a header."""
        told = [self.format]
        if self.compression:
            told.append(f"compressed with {self.compression}")
        if self.encoding:
            told.append(ENCODINGS.get(self.encoding, self.encoding))
        if self.delimiter:
            told.append(DELIMITERS.get(self.delimiter, f"delimited by {self.delimiter!r}"))
            if self.quote != USUAL_QUOTE:
                told.append(f"quoted with {self.quote}" if self.quote else "quotes are plain characters")
            if self.escape:
                told.append(f"quotes escaped with {self.escape}")
        if self.header is not None:
            told.append("with a header" if self.header else "without a header")
        return ", ".join(told)


class PeekedColumn(Outcome):
    """A column with its role (null if none was chosen yet), the reason for it, and its first distinct values."""

    name: str
    role: str | None
    reason: str
    values: list[str]


class PeekedRow(Outcome):
    """The text and label of a row, with the line where it starts."""

    line: int
    text: str
    label: str


class PeekedSplit(Outcome):
    """How one split is read: its first rows only, and `rows_left_out` of them by reason."""

    split: str
    source: str
    files: list[FileForm]
    more_files: int
    columns: list[PeekedColumn]
    rows: list[PeekedRow]
    rows_read: int
    rows_left_out: dict[str, int]


class PeekResult(Outcome):
    """The output of `clf prepare --peek --json`; `flags` say the same as what clf chose."""

    dataset: str
    origin: str
    prepared: bool
    labels: list[str]
    splits: list[PeekedSplit]
    flags: list[str]
