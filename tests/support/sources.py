"""Finding a dataset by its name or path, and reading the rows of its splits."""

from clf.data.sources.find import SourceFinder
from clf.data.sources.source import Source
from clf.settings import DataSettings


def source(spec: object, offline: bool = False, **data: object) -> Source:
    """Find a dataset as the commands do."""
    return SourceFinder(seed=42, offline=offline).find(DataSettings(dataset=str(spec), **data))


def rows(found: Source, split: str) -> dict[str, list[object]]:
    """Read the columns of one split."""
    columns: dict[str, list[object]] = {}
    for batch in found.splits[split].rows():
        for name, values in batch.columns.items():
            columns.setdefault(name, []).extend(values)
    return columns
