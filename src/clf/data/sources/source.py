"""A dataset that was found, before it is prepared."""

from dataclasses import dataclass, field
from pathlib import Path

from clf.data.reading.batch import Split


@dataclass(frozen=True)
class Source:
    """Where the rows of each split come from, and what is known about their labels."""

    name: str
    origin: str
    splits: dict[str, Split]
    label_order: list[str] = field(default_factory=list)
    """Label names in the order that the publisher declares; empty if none is declared."""
    names_in_columns: dict[str, list[str]] = field(default_factory=dict)
    """The names of the classes of each column that holds their numbers; empty if none are declared."""
    class_names: list[str] = field(default_factory=list)
    """Names from `classes.txt`, the first one for the smallest of the numbered labels."""
    fingerprint: str = ""
    prepared: Path | None = None
    """The folder, if it is a dataset that clf has already prepared."""
    rows_generated: int | None = None
    """The number of reviews, if clf generated them."""
