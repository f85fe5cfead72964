"""`clf prepare`: read, clean, label, split and audit a dataset, and write it to disk."""

import logging
import shutil
from pathlib import Path

from clf.data.prepared import PreparedDataset
from clf.data.preparing.dataset import check_sizes, measured_with, preparation_key, prepare_into
from clf.data.preparing.first_rows import peek_at_splits
from clf.data.reading.peek import Peeked, flags_for
from clf.data.sources.find import SourceFinder, input_paths
from clf.errors import ClfError, OutputError, UsageError
from clf.models.counting import token_counter
from clf.outcomes.peek import PeekedColumn, PeekedSplit, PeekResult
from clf.outcomes.preparation import PrepareResult
from clf.settings import DataSettings, Settings
from clf.storage.names import place_in
from clf.storage.output import claimed, clear_leftovers, place_of_result, save_settings
from clf.storage.publish import staged
from clf.storage.result_folders import PREPARED, shown

log = logging.getLogger(__name__)


def prepare(settings: Settings) -> PrepareResult:
    """Prepare the dataset named in the settings, and write it to `--output-dir` or `prepared/<name>`.

    Raises DataError when the dataset cannot be used, OutputError when the output folder must not be written to.
    """
    data, cleaning, seed = settings.data, settings.cleaning, settings.run.seed
    source = SourceFinder.of(settings.run, settings.download, settings.demo).find(data)
    if source.prepared:
        raise UsageError(f"{source.prepared} is already prepared", "pass it to clf train --dataset")
    check_sizes(data)
    default = place_in(PREPARED, source.name)
    kept = PreparedDataset(place_of_result(settings.run, default))
    key = preparation_key(source, data, cleaning, seed, subset=True)
    if kept.holds(key) and kept.manifest.lengths == measured_with(token_counter(settings.train), data.max_length):
        clear_leftovers(kept.folder)
        log.info("%s is up to date: same content, same settings", shown(kept.folder))
        return _result(kept)
    with claimed(settings.run, default, input_paths(data)) as folder:
        _check_space(folder, data)
        with staged(folder) as stage:
            counter = token_counter(settings.train)
            prepare_into(stage, source, data, cleaning, seed, subset=True, counter=counter)
            save_settings(stage, "prepare", settings)
    return _result(PreparedDataset(folder))


def peek(settings: Settings) -> tuple[PeekResult, ClfError | None]:
    """Tell how the first rows of a dataset are read; write nothing.

    The error is what `prepare` would raise for those rows; the result then says what was understood before.
    """
    data = settings.data
    source = SourceFinder.of(settings.run, settings.download, settings.demo).find(data, first_only=True)
    if source.prepared:
        return _known(PreparedDataset(source.prepared)), None
    check_sizes(data)
    splits, error = peek_at_splits(source.splits, data)
    result = PeekResult(
        dataset=source.name,
        origin=source.origin,
        prepared=False,
        labels=source.label_order or source.class_names,
        splits=[peeked.split for peeked in splits],
        flags=[] if error else _flags(splits),
    )
    return result, error


def _flags(splits: list[Peeked]) -> list[str]:
    forms = [form for one in splits for form in one.split.files]
    return flags_for(splits[0].columns, forms, multi_label=splits[0].multi_label)


def _known(prepared: PreparedDataset) -> PeekResult:
    """Tell what is known of a dataset that is prepared already."""
    audit = prepared.audit
    columns = [PeekedColumn(name=use.name, role=use.role, reason=use.reason, values=[]) for use in audit.columns]
    splits = [
        PeekedSplit(
            split=split, source=shown(prepared.folder), files=[], more_files=0, columns=columns, rows=[],
            rows_read=audit.rows.get(split, 0), rows_left_out={},
        )
        for split in prepared.splits
    ]  # fmt: skip
    return PeekResult(
        dataset=prepared.name,
        origin=prepared.manifest.origin,
        prepared=True,
        labels=prepared.labels,
        splits=splits,
        flags=[],
    )


def _result(prepared: PreparedDataset) -> PrepareResult:
    return PrepareResult(name=prepared.name, audit=prepared.audit, output_dir=str(prepared.folder))


def _check_space(folder: Path, data: DataSettings) -> None:
    """Refuse to start if the disk would fill up: texts are stored twice, and a third time while preparing."""
    files = [file for path in input_paths(data) for file in (path.iterdir() if path.is_dir() else [path])]
    needed = 3 * sum(file.stat().st_size for file in files if file.is_file())
    free = shutil.disk_usage(folder.parent).free
    if free < needed:
        raise OutputError(
            f"{folder.parent} has {free / 1e6:.0f} MB free, but preparing needs about {needed / 1e6:.0f} MB",
            "free some space, or choose another --output-dir",
        )
