"""A dataset that was found, before anything was done to it."""

from dataclasses import dataclass, field
from pathlib import Path

from clf.data.reading.batch import Split


@dataclass(frozen=True)
class Source:
    """Where the rows of each split come from, and what is known of their labels."""

    name: str
    origin: str
    splits: dict[str, Split]
    label_order: list[str] = field(default_factory=list)
    """Label names in the order their publisher declares, when there is one."""
    class_names: list[str] = field(default_factory=list)
    """Names from `classes.txt`, for labels numbered from the smallest."""
    fingerprint: str = ""
    prepared: Path | None = None
    """The folder, when it is a dataset that clf prepared."""
    rows_generated: int | None = None
    """How many reviews, when clf made them up."""
