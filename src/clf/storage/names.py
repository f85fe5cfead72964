"""The types of names, hashes, labels and numbers in documents, and how a name becomes a path.

A name that was read from a document or taken from a file may hold anything. It becomes part of a path only if it is
one component of a path: no separator, no `..`, nothing hidden.
"""

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from clf.settings import CleaningSettings
from clf.storage.documents import LONGEST_NAME, NewerClf, longest_name

LONGEST_MADE = 200  # bytes; the names of its stage and its lock are longer
LONGEST_PATH = 4096
DATABASE = "sqlite:"
"""How the address of a database begins."""
MOST_LABELS = 1_000_000
FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
SPLIT_FILES = ("train.parquet", "validation.parquet", "test.parquet")


def is_plain_name(name: str) -> bool:
    """Return whether a name is one component of a path: visible, without separators and control characters."""
    if not name or name.startswith(".") or FORBIDDEN.search(name):
        return False
    return len(name.encode("utf-8")) <= LONGEST_NAME


def plain_name(name: str) -> str:
    """Return a name as one component of a path, with `_` for what it cannot hold, and short enough to be extended."""
    shown = FORBIDDEN.sub("_", name).lstrip(".")
    return shown.encode("utf-8")[:LONGEST_MADE].decode("utf-8", "ignore") or "_"


def place_in(root: Path, name: str) -> Path:
    """Return the path of a result inside `root`, whatever the name holds, some of which may be from a document."""
    return root / plain_name(name)


def _plain(name: str) -> str:
    if not is_plain_name(name):
        raise ValueError(f"{name[:100]!r} is not a plain name")
    return name


def _split_file(name: str) -> str:
    if name not in SPLIT_FILES:
        raise ValueError(f"{name[:100]!r} is not the file of a split")
    return name


def _path_text(text: str) -> str:
    if "\0" in text:
        raise ValueError("it holds a NUL character")
    if longest_name(text) > LONGEST_NAME:
        raise ValueError(f"it holds a name of more than {LONGEST_NAME} bytes")
    return text


def _dataset_text(text: str) -> str:
    if text.startswith(DATABASE) and "\0" not in text:
        return text
    if len(text) > LONGEST_PATH:
        raise ValueError(f"it has more than {LONGEST_PATH:,} characters")
    return _path_text(text)


def _distinct(labels: list[str]) -> list[str]:
    if len(set(labels)) != len(labels):
        raise ValueError("a label appears twice")
    return labels


def _known_steps(recorded: Any) -> Any:
    """Drop unknown cleaning steps that are off; refuse one that is on, because without it the texts would differ."""
    if isinstance(recorded, dict):
        for name in recorded.keys() - CleaningSettings.model_fields.keys():
            if recorded[name]:
                raise NewerClf(f"this clf has no cleaning step {name[:100]!r}")
    return CleaningSettings.known(recorded)


PlainName = Annotated[str, AfterValidator(_plain)]
"""A name that is one component of a path."""
SplitFile = Annotated[str, AfterValidator(_split_file)]
PathText = Annotated[str, AfterValidator(_path_text), Field(max_length=LONGEST_PATH)]
"""A path or the origin of data, as text."""
DatasetText = Annotated[str, AfterValidator(_dataset_text), Field(max_length=100_000)]
"""A dataset as the user typed it, or its origin; the address of a database may hold a long query."""
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in hexadecimal."""
Labels = Annotated[list[Annotated[str, Field(min_length=1)]], Field(max_length=MOST_LABELS), AfterValidator(_distinct)]
Cleaning = Annotated[CleaningSettings, BeforeValidator(_known_steps)]
"""The cleaning steps of a dataset or a model, perhaps those of a newer clf."""
Count = Annotated[int, Field(ge=0, lt=2**53)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
