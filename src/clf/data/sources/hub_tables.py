"""The splits of a dataset on the Hub as tables, from its downloaded files."""

import logging
from itertools import compress
from pathlib import Path
from typing import Any

from clf.data.sources.class_names import DEEPEST, ClassNames
from clf.data.split_names import split_at_start
from clf.errors import DataError
from clf.storage.disk import disk_is_full
from clf.storage.scratch import scratch_folder

MOST_NAMED = 100_000
"""The most entries in the configurations of a dataset on the Hub."""
Table = Any
"""A pyarrow table; pyarrow has no type annotations."""

log = logging.getLogger(__name__)


def load_snapshot(folder: Path, repository: str) -> tuple[dict[str, Table], ClassNames]:
    """Load the splits of a repository as it configures them, and the names of the classes of its columns.

    Only its downloaded files are used.
    """
    import datasets
    import pyarrow

    datasets.disable_progress_bars()
    with scratch_folder() as cache:
        try:
            _check_data_files(folder, repository)
            loaded = datasets.load_dataset(str(folder), cache_dir=str(cache), verification_mode="no_checks")
        except DataError:
            raise
        except Exception as error:
            if disk_is_full(error):
                raise
            reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
            raise DataError(
                f"dataset {repository} cannot be read: {reason}", "download its file and pass the path"
            ) from error
        splits: dict[str, list[Any]] = {}
        for name, split in loaded.items():
            part = split_at_start(name)
            if part is None:
                log.info("skipping split %s of %s", name, repository)
                continue
            splits.setdefault(part, []).append(split.with_format("arrow")[:])
        features = next(iter(loaded.values())).features
    names = {name: list(kind.names) for name, kind in features.items() if isinstance(kind, datasets.ClassLabel)}
    try:
        tables = {split: _name_classes(pyarrow.concat_tables(parts), features) for split, parts in splits.items()}
    except IndexError as error:
        raise DataError(
            f"dataset {repository} has a class number that is not one of its {len(next(iter(names.values())))} classes",
            "download its file and pass the path",
        ) from error
    return tables, names


def _check_data_files(folder: Path, repository: str) -> None:
    """Raise DataError if the README names files outside the repository: on this machine or elsewhere on the network."""
    from huggingface_hub import metadata_load
    from huggingface_hub.repocard import REGEX_YAML_BLOCK

    try:
        # What the library takes as YAML, not what another pattern would take, since the library reads it again.
        if block := REGEX_YAML_BLOCK.search((folder / "README.md").read_text(encoding="utf-8-sig")):
            _check_expansion(block.group(2))
        configs = (metadata_load(folder / "README.md") or {}).get("configs") or []
    except OSError:
        return  # without a README, the data files are found by name
    for path in _paths([*configs]):
        if "://" in path or path.startswith(("/", "~", "hf:")) or ".." in Path(path).parts:
            raise DataError(
                f"dataset {repository} names a file outside its repository: {path}", "do not use this dataset"
            )


def _check_expansion(written: str) -> None:
    """Raise ValueError if YAML holds too many values once each reference is replaced by what it refers to."""
    import yaml

    sizes: dict[str, int] = {}
    open_: list[tuple[str | None, int]] = []
    total = 0
    for event in yaml.parse(written, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, yaml.AliasEvent):
            # One that refers to what is not complete yet refers to itself.
            total += sizes.get(event.anchor, MOST_NAMED + 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            open_.append((event.anchor, total))
            total += 1
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            if event.anchor:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_.pop()
            if anchor:
                sizes[anchor] = total - before
        if len(open_) > DEEPEST or (total > MOST_NAMED and isinstance(event, yaml.AliasEvent)):
            raise ValueError("the metadata in its README refers to itself too often, or is nested too deeply")


def _paths(configs: list[Any]) -> list[str]:
    """Return every path under `data_files` and `data_dir` in the configurations of a README.

    Raises ValueError if there are too many, as when YAML refers to the same list again and again.
    """
    found: list[str] = []
    waiting = configs
    for _ in range(MOST_NAMED):
        if not waiting:
            return found
        value = waiting.pop()
        if isinstance(value, dict):
            named = [key in ("data_files", "data_dir", "path") or isinstance(value[key], (dict, list)) for key in value]
            waiting += compress(value.values(), named)
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str):
            found.append(value)
    raise ValueError(f"its README names more than {MOST_NAMED:,} files")


def _name_classes(table: Table, features: Any) -> Table:
    """Replace the integers in class columns by class names, and -1 (the Hub's marker for no label) by None."""
    import pyarrow
    from datasets import ClassLabel

    for name, feature in features.items():
        if isinstance(feature, ClassLabel):
            values = [
                feature.names[value] if value is not None and value >= 0 else None for value in table[name].to_pylist()
            ]
            table = table.set_column(table.schema.get_field_index(name), name, pyarrow.array(values, pyarrow.string()))
    return table
