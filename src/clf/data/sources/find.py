"""Find the files or rows of each split of a dataset, from its name or path."""

import logging
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, compress
from pathlib import Path
from typing import Any

from clf.data.reading.arrow_batches import allowed_bytes, sliced
from clf.data.reading.batch import BATCH_ROWS, SPLITS, Batch, Split, unfold
from clf.data.reading.files import kind_of, unreadable
from clf.data.reading.formats import (
    ENDINGS,
    check_inflation,
    files_split,
    looks_like_path,
    nearest,
    sniff_format,
)
from clf.data.reading.paths import expanded, spooled
from clf.data.sources.divided import divided
from clf.data.sources.folders import (
    class_names,
    class_tree,
    files_fingerprint,
    say_ignored,
    split_files,
    split_files_by_word,
    tree_fingerprint,
    without_splits,
)
from clf.data.sources.headless import headless
from clf.data.sources.ignored import check_ignored
from clf.data.sources.pairs import Pair, find_pairs
from clf.data.sources.source import Source
from clf.data.split_names import split_at_start
from clf.errors import DataError, UsageError
from clf.hub.download import fetch
from clf.hub.files import is_repository_id
from clf.settings import DEFAULT_DATASET, DataSettings, DemoSettings, DownloadSettings, RunSettings
from clf.storage.disk import disk_is_full
from clf.storage.names import plain_name
from clf.storage.result_folders import MANIFEST_FILE, is_clf_result
from clf.storage.scratch import scratch_folder

NAMES = {"imdb": "stanfordnlp/imdb", "ag_news": "fancyzhx/ag_news"}
SYNTHETIC = "synthetic"
PIPE = "pipe@"
MOST_NAMED = 100_000
"""The most entries in the configurations of a dataset on the Hub."""
Table = Any
"""A pyarrow table; pyarrow has no type annotations."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SourceFinder:
    """Finds datasets, with the settings for the Hub and the number and seed of synthetic reviews."""

    seed: int
    offline: bool = False
    timeout: float = 60.0
    generated: int = 100

    @classmethod
    def of(cls, run: RunSettings, download: DownloadSettings, demo: DemoSettings) -> "SourceFinder":
        """Return a finder with these settings."""
        return cls(run.seed, run.offline, download.download_timeout, demo.rows)

    def with_(self, *, seed: int, generated: int) -> "SourceFinder":
        """Return a finder that generates another number of reviews with another seed."""
        return replace(self, seed=seed, generated=generated)

    def find(self, data: DataSettings, *, first_only: bool = False) -> Source:
        """Find the dataset that the settings name; with `first_only`, local files yield their first batch, and no hash.

        Raises DataError if it does not exist, NetworkError if it must be downloaded from the Hub and cannot be.
        """
        source = self._with_further(self._named(data.dataset or DEFAULT_DATASET, data, first_only), data, first_only)
        check_ignored(source.splits.values(), data)
        return source

    def _with_further(self, source: Source, data: DataSettings, first_only: bool) -> Source:
        """Return a dataset with the files that the settings name for validation and test."""
        further = {"validation": data.validation, "test": data.test}
        files = {split: spooled(expanded(file)) for split, file in further.items() if file}
        if not files:
            return source
        if source.prepared:
            raise UsageError(f"{source.prepared} is already prepared", "pass --validation and --test to clf prepare")
        pairs = {split: pair for split, file in files.items() for pair in find_pairs(file, data).values()}
        named = {split: pairs[split].files if split in pairs else [file] for split, file in files.items()}
        train = source.splits["train"].files if "train" in source.splits else ()
        own = _splits(named, pairs, train, data, first_only)
        fingerprint = source.fingerprint + ("" if first_only else files_fingerprint(named))
        together = source.splits | own
        splits = {split: together[split] for split in SPLITS if split in together}
        return replace(source, splits=splits, fingerprint=fingerprint)

    def _named(self, spec: str, data: DataSettings, first_only: bool) -> Source:
        if _is_piped(spec):
            return _from_pipe(spec, data, first_only)
        if spec == SYNTHETIC:
            return _synthetic(self.generated, self.seed)
        if spec not in NAMES and looks_like_path(spec):
            return _local(expanded(spec), data, first_only)
        repository = NAMES.get(spec, spec)
        if "/" not in repository:
            raise DataError(f"no file or dataset is called {spec!r}", nearest(Path(spec)))
        if not is_repository_id(repository):
            raise DataError(
                f"{spec!r} is not a dataset name, Hub id, file or folder", "pass imdb, ag_news, owner/name or a path"
            )
        return _from_hub(repository, data, self.offline, self.timeout)


def input_paths(data: DataSettings) -> list[Path]:
    """Return the local files and folders that the settings name as input; results must not be written there."""
    dataset = expanded(data.dataset) if data.dataset and looks_like_path(data.dataset) else None
    mapping = data.label_map if data.label_map and data.label_map.endswith((".json", ".toml")) else None
    return [expanded(path) for path in (dataset, data.validation, data.test, mapping) if path]


def same_dataset(spec: str, typed: str | None, origin: str) -> bool:
    """Return whether `spec` is the dataset that a model records as `typed` by the user, with this `origin`."""
    if _is_piped(spec):
        return False  # the content of a pipe is new each time
    if spec in NAMES or spec == SYNTHETIC or not looks_like_path(spec):
        return spec == typed
    return os.path.realpath(expanded(spec)) == origin


# --- local files --------------------------------------------------------------------------------------------


def _is_piped(spec: str) -> bool:
    """Return whether a dataset can be read only once; a file that the shell redirected to stdin is a file."""
    kind = 0 if spec == "-" else kind_of(expanded(spec))
    return spec == "-" or kind == stat.S_IFIFO or (spec == "/dev/stdin" and kind not in (stat.S_IFREG, stat.S_IFDIR))


def _local(path: Path, data: DataSettings, first_only: bool) -> Source:
    try:
        return _in_files(path, data, first_only)
    except OSError as error:
        raise unreadable(Path(os.fsdecode(error.filename or path)), error) from error


def _in_files(path: Path, data: DataSettings, first_only: bool) -> Source:
    if path.is_dir() and (path / MANIFEST_FILE).exists() and is_clf_result(path):
        return Source(path.name, os.path.realpath(path), {}, prepared=path)
    pairs = find_pairs(path, data)
    named = {split: pair.files for split, pair in pairs.items()}
    named = named or (split_files(path, ENDINGS) if path.is_dir() else {"train": [path]})
    tree = class_tree(path, data) if not named else {}
    if not named and not tree:
        named = split_files_by_word(path, ENDINGS)
    if not named and not tree:
        raise without_splits(path)
    if path.is_dir() and not pairs:
        say_ignored(path, ENDINGS, [*chain.from_iterable(named.values())])
    splits = tree or _splits(named, pairs, [] if pairs else named.get("train", []), data, first_only)
    return Source(
        name=plain_name(path.resolve().name.split(".")[0] or "dataset"),
        origin=os.path.realpath(path),
        splits=_divided(splits, data, first_only) if [*named] == ["train"] else splits,
        class_names=class_names(path, data),
        fingerprint="" if first_only else files_fingerprint(named) if named else tree_fingerprint(path),
    )


def _splits(
    named: dict[str, list[Path]], pairs: dict[str, Pair], train: Sequence[Path], data: DataSettings, first_only: bool
) -> dict[str, Split]:
    """Return the splits in files; raise DataError for a file that is missing or empty."""
    kinds = {file: sniff_format(file, data) for file in chain.from_iterable(named.values())}
    tables = [file for split, files in named.items() if split not in pairs for file in files if kinds[file] == "csv"]
    apart = headless(train, tables, data)
    return {split: pairs[split].split() if split in pairs else files_split(named[split], data, first_only, apart)
            for split in SPLITS if split in named}  # fmt: skip


def _divided(splits: dict[str, Split], data: DataSettings, first_only: bool) -> dict[str, Split]:
    try:
        return divided(splits["train"], data)
    except DataError:
        if first_only:  # peeking tells the error after what was understood
            return splits
        raise


def _from_pipe(spec: str, data: DataSettings, first_only: bool) -> Source:
    """Read a pipe once, into a temporary file that is deleted when this process exits."""
    copy = spooled(expanded(spec))
    name = copy.name
    source = _local(copy, data, first_only)
    splits = {split: replace(one, shown=name) for split, one in source.splits.items()}
    return replace(source, origin=f"{PIPE}{source.fingerprint[:16]}", splits=splits)


# --- the Hub and the generator ------------------------------------------------------------------------------


def _from_hub(repository: str, data: DataSettings, offline: bool, timeout: float) -> Source:
    snapshot = fetch("dataset", repository, offline=offline, timeout=timeout)
    files = [path for path in snapshot.folder.rglob("*") if path.is_file()]
    for file in files:
        check_inflation(file, data)
    splits, names = _load_snapshot(snapshot.folder, repository)
    allowed = allowed_bytes(sum(file.stat().st_size for file in files), data.max_inflation)
    return Source(
        name=repository.split("/")[-1],
        origin=f"{repository}@{snapshot.commit}",
        splits={
            split: Split(partial(_table_batches, table, data, allowed), f"{repository} {split}", partial(len, table))
            for split, table in splits.items()
        },
        label_order=names,
        fingerprint=snapshot.commit,
    )


def _load_snapshot(folder: Path, repository: str) -> tuple[dict[str, Table], list[str]]:
    """Load the splits and label names of a repository as it configures them, using only its downloaded files."""
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
    names: list[str] = next((kind.names for kind in features.values() if isinstance(kind, datasets.ClassLabel)), [])
    try:
        tables = {split: _name_classes(pyarrow.concat_tables(parts), features) for split, parts in splits.items()}
    except IndexError as error:
        raise DataError(
            f"dataset {repository} has a class number that is not one of its {len(names)} classes",
            "download its file and pass the path",
        ) from error
    return tables, list(names)


def _check_data_files(folder: Path, repository: str) -> None:
    """Raise DataError if the README names files outside the repository: on this machine or elsewhere on the network."""
    from huggingface_hub import metadata_load

    try:
        configs = (metadata_load(folder / "README.md") or {}).get("configs") or []
    except OSError:
        return  # without a README, the data files are found by name
    for path in _paths([*configs]):
        if "://" in path or path.startswith(("/", "~", "hf:")) or ".." in Path(path).parts:
            raise DataError(
                f"dataset {repository} names a file outside its repository: {path}", "do not use this dataset"
            )


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


def _table_batches(table: Table, data: DataSettings, allowed: int) -> Iterator[Batch]:
    start = 1
    for batch in sliced(table.to_batches(BATCH_ROWS), allowed=allowed):
        yield Batch(unfold(batch.to_pydict(), data.columns), list(range(start, start + batch.num_rows)))
        start += batch.num_rows


def _synthetic(count: int, seed: int) -> Source:
    from clf.data.sources.synthetic import synthetic_reviews

    def rows(split: str) -> Iterator[Batch]:
        made = reviews[split]
        yield Batch(
            {"text": [review.text for review in made], "label": [review.label for review in made]},
            list(range(1, len(made) + 1)),
        )

    reviews = synthetic_reviews(count, seed)
    origin = f"synthetic@rows={count},seed={seed}"
    return Source(
        SYNTHETIC,
        origin,
        {split: Split(partial(rows, split), f"synthetic {split}") for split in SPLITS},
        fingerprint=origin,
        rows_generated=count,
    )
