"""Find the files or rows of each split of a dataset, from its name or path."""

import logging
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from clf.data.reading.archives import on_disk
from clf.data.reading.arrow_batches import allowed_bytes, sliced
from clf.data.reading.batch import BATCH_ROWS, SPLITS, Batch, Split, unfold
from clf.data.reading.files import kind_of, readable, unreadable
from clf.data.reading.formats import (
    ENDINGS,
    check_inflation,
    files_split,
    looks_like_path,
    nearest,
    sniff_format,
)
from clf.data.reading.packed import ARCHIVES, one_table, several, tables_in
from clf.data.reading.paths import expanded, spooled
from clf.data.sources.class_names import ClassNames, common_names, names_key, names_of_files
from clf.data.sources.databases import (
    SCHEME,
    check_no_databases,
    database_path,
    database_source,
    names_database,
    origin_of,
)
from clf.data.sources.divided import divided
from clf.data.sources.folders import (
    at_the_top,
    class_names,
    class_tree,
    data_files,
    files_fingerprint,
    say_ignored,
    split_files,
    split_files_by_word,
    tree_fingerprint,
    without_splits,
)
from clf.data.sources.generated import SYNTHETIC, synthetic_source
from clf.data.sources.headless import headless
from clf.data.sources.hub_tables import Table, load_snapshot
from clf.data.sources.ignored import check_ignored
from clf.data.sources.pairs import Pair, find_pairs, pairs_among
from clf.data.sources.saved import find_inside, find_saved, named_as_in_train, named_classes
from clf.data.sources.source import Source
from clf.data.split_names import split_at_start
from clf.errors import DataError, UsageError
from clf.hub.download import fetch
from clf.hub.files import is_repository_id
from clf.settings import DEFAULT_DATASET, DataSettings, DemoSettings, DownloadSettings, RunSettings
from clf.storage.names import plain_name
from clf.storage.result_folders import MANIFEST_FILE, is_clf_result

NAMES = {"imdb": "stanfordnlp/imdb", "ag_news": "fancyzhx/ag_news"}
PIPE = "pipe@"
UNREAD = {".db", ".db3", ".sqlite", ".sqlite3", ".7z", ".rar", ".pkl", ".pickle", ".npy", ".npz", ".avro", ".orc"}
"""Extensions of files that may hold a split, which is not read from a folder."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SourceFinder:
    """Finds datasets, with the settings for the Hub and the number and seed of synthetic reviews."""

    seed: int
    offline: bool = False
    timeout: float = 60.0
    generated: int | None = None

    @classmethod
    def of(cls, run: RunSettings, download: DownloadSettings, demo: DemoSettings) -> "SourceFinder":
        """Return a finder with these settings."""
        return cls(run.seed, run.offline, download.download_timeout, demo.rows)

    def with_(self, *, seed: int, generated: int | None) -> "SourceFinder":
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
        check_no_databases(further)
        files = {split: one_table(spooled(expanded(file)), ENDINGS, data) for split, file in further.items() if file}
        if not files:
            return source
        if source.prepared:
            raise UsageError(f"{source.prepared} is already prepared", "pass --validation and --test to clf prepare")
        pairs = {split: pair for split, file in files.items() for pair in find_pairs(file, data).values()}
        named = {split: pairs[split].files if split in pairs else [file] for split, file in files.items()}
        train = source.splits["train"].files if "train" in source.splits else ()
        together, fingerprint = source.splits, source.fingerprint
        for split, paths in named.items():
            own, names = _splits({split: paths}, pairs, train, files[split], data, first_only)
            if not names and split not in pairs:
                own = {name: named_as_in_train(one, source.names_in_columns) for name, one in own.items()}
            together = together | own
            fingerprint += "" if first_only else names_key(names)
        fingerprint += "" if first_only else files_fingerprint(named)
        splits = {split: together[split] for split in SPLITS if split in together}
        return replace(source, splits=splits, fingerprint=fingerprint)

    def _named(self, spec: str, data: DataSettings, first_only: bool) -> Source:
        if _is_piped(spec):
            return _from_pipe(spec, data, first_only)
        if spec == SYNTHETIC:
            return synthetic_source(self.generated, self.seed, several=data.multi_label is True)
        if spec not in NAMES and names_database(spec):
            return _from_database(spec, data, first_only)
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
    spec = data.dataset or ""
    dataset = (
        database_path(spec) if spec.startswith(SCHEME) else expanded(spec) if spec and looks_like_path(spec) else None
    )
    mapping = data.label_map if data.label_map and data.label_map.endswith((".json", ".toml")) else None
    return [on_disk(expanded(path)) for path in (dataset, data.validation, data.test, mapping) if path]


def origin_path(origin: str) -> Path | None:
    """Return the file or folder that a dataset came from by its recorded origin; None if it is not on this machine."""
    if not is_local(origin):
        return None
    path = database_path(origin) if origin.startswith(SCHEME) else on_disk(Path(origin))
    return path if path.exists() else None


def is_local(origin: str) -> bool:
    """Return whether a dataset with this origin was read from a file or folder of this machine."""
    return origin.startswith(SCHEME) or Path(origin).is_absolute()


def same_dataset(spec: str, typed: str | None, origin: str) -> bool:
    """Return whether `spec` is the dataset that a model records as `typed` by the user, with this `origin`."""
    if _is_piped(spec):
        return False  # the content of a pipe is new each time
    if origin.startswith(SCHEME):
        origin = origin_of(origin)  # an earlier clf recorded the address as it was typed
    if spec.startswith(SCHEME):
        return origin_of(spec) == origin
    if spec in NAMES or spec == SYNTHETIC or not looks_like_path(spec):
        return spec == typed
    return os.path.realpath(expanded(spec)) == origin


# --- local files --------------------------------------------------------------------------------------------


def _is_piped(spec: str) -> bool:
    """Return whether a dataset can be read only once; a file that the shell redirected to stdin is a file."""
    kind = 0 if spec == "-" or spec.startswith(SCHEME) else kind_of(expanded(spec))
    return spec == "-" or kind == stat.S_IFIFO or (spec == "/dev/stdin" and kind not in (stat.S_IFREG, stat.S_IFDIR))


def _local(path: Path, data: DataSettings, first_only: bool) -> Source:
    try:
        return _in_files(path, data, first_only)
    except OSError as error:
        raise unreadable(Path(os.fsdecode(error.filename or path)), error) from error


def _in_files(path: Path, data: DataSettings, first_only: bool) -> Source:
    if path.is_dir() and (path / MANIFEST_FILE).exists() and is_clf_result(path):
        return Source(path.name, os.path.realpath(path), {}, prepared=path)
    tables = tables_in(path, ENDINGS, data)
    files = at_the_top(tables) if tables else data_files(path, ENDINGS)
    pairs = pairs_among(path, tables, data) if tables else find_pairs(path, data)
    named = {split: pair.files for split, pair in pairs.items()}
    saved = find_saved(path) if path.is_dir() and not named else {}
    named = named or saved
    if not named:
        named = split_files(path, files) if len(tables) > 1 or path.is_dir() else {"train": tables or [path]}
        if path.is_dir() and named:
            named = _with_packed(path, named, data)
    tree = class_tree(path, data) if not named and not tables else {}
    if not named and not tree and not (named := split_files_by_word(files) or _packed_files(path, data)):
        named = saved = {} if tables else find_inside(path, ENDINGS)
    if not named and not tree:
        raise several(path, tables) if tables else without_splits(path)
    if not pairs and not saved:
        say_ignored(files, [*chain.from_iterable(named.values())])
    train = [] if pairs else named.get("train", [])
    splits, names = (tree, {}) if tree else _splits(named, pairs, train, path, data, first_only)
    hashed = "" if first_only else files_fingerprint(named) if named else tree_fingerprint(path)
    return Source(
        name=plain_name(path.resolve().name.split(".")[0] or "dataset"),
        origin=os.path.realpath(path),
        splits=_divided(splits, data, first_only) if [*named] == ["train"] else splits,
        label_order=next(chain.from_iterable(each.values() for each in names.values()), []),
        names_in_columns=common_names(names),
        class_names=class_names(tables[0] if tables else path, data),
        fingerprint=hashed and names_key(names) + hashed,
    )


def _from_database(spec: str, data: DataSettings, first_only: bool) -> Source:
    source = database_source(spec, data, first_only)
    return replace(source, splits=_divided(source.splits, data, first_only))


def _packed_files(folder: Path, data: DataSettings) -> dict[str, list[Path]]:
    """Return the tables of the splits of which a folder has an archive each, such as `train.csv.zip`."""
    archives = split_files(folder, data_files(folder, ARCHIVES))
    return {split: [one_table(file, ENDINGS, data) for file in files] for split, files in archives.items()}


def _with_packed(folder: Path, named: dict[str, list[Path]], data: DataSettings) -> dict[str, list[Path]]:
    """Return the files of a folder with those of further splits in archives; warn of splits that cannot be read."""
    found = {
        split: [one_table(file, ENDINGS, data) if ".tar." in file.name.lower() else file for file in files]
        for split, files in named.items()
    }
    for path in data_files(folder, ARCHIVES | UNREAD):
        if not (split := split_at_start(path.name.split(".")[0])):
            continue
        reason = "export it as CSV or Parquet to read it"
        if path.suffix.lower() in ARCHIVES:
            if split in found:
                reason = f"the {split} split is read from {readable(found[split][0].name)}"
            else:
                try:
                    found[split] = [one_table(path, ENDINGS, data)]
                    continue
                except DataError as error:
                    reason = error.message
        log.warning("%s is not read: %s", readable(str(path)), reason)
    return found


def _splits(
    named: dict[str, list[Path]],
    pairs: dict[str, Pair],
    train: Sequence[Path],
    top: Path,
    data: DataSettings,
    first_only: bool,
) -> tuple[dict[str, Split], dict[Path, ClassNames]]:
    """Return the splits in files at `top`, and the class names of each file that has some.

    Raises DataError for a file that is missing or empty.
    """
    named = {split: named[split] for split in SPLITS if split in named}
    kinds = {file: sniff_format(file, data) for file in chain.from_iterable(named.values())}
    alone = {file: kinds[file] for split, files in named.items() if split not in pairs for file in files}
    apart = headless(train, [file for file, kind in alone.items() if kind == "csv"], data)
    names = names_of_files(alone, top, data.max_inflation)
    return {
        split: pairs[split].split()
        if split in pairs
        else named_classes(files_split(files, data, first_only, apart), names)
        for split, files in named.items()
    }, names


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


# --- the Hub ------------------------------------------------------------------------------------------------


def _from_hub(repository: str, data: DataSettings, offline: bool, timeout: float) -> Source:
    snapshot = fetch("dataset", repository, offline=offline, timeout=timeout)
    files = [path for path in snapshot.folder.rglob("*") if path.is_file()]
    for file in files:
        check_inflation(file, data)
    splits, names = load_snapshot(snapshot.folder, repository)
    allowed = allowed_bytes(sum(file.stat().st_size for file in files), data.max_inflation)
    return Source(
        name=repository.split("/")[-1],
        origin=f"{repository}@{snapshot.commit}",
        splits={
            split: Split(partial(_table_batches, table, data, allowed), f"{repository} {split}", partial(len, table))
            for split, table in splits.items()
        },
        label_order=next(iter(names.values()), []),
        names_in_columns=names,
        fingerprint=snapshot.commit,
    )


def _table_batches(table: Table, data: DataSettings, allowed: int) -> Iterator[Batch]:
    start = 1
    for batch in sliced(table.to_batches(BATCH_ROWS), allowed=allowed):
        yield Batch(unfold(batch.to_pydict(), data.columns), list(range(start, start + batch.num_rows)))
        start += batch.num_rows
