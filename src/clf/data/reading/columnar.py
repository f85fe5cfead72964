"""Parquet and Arrow -> batches of rows."""

import io
import lzma
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clf.data.reading.archives import on_disk
from clf.data.reading.batch import BATCH_CHARACTERS, BATCH_ROWS, EXPECTED, Batch, unfold
from clf.data.reading.files import column_names, cut_off, open_bytes
from clf.data.reading.row_sizes import check_width
from clf.errors import DataError
from clf.settings import DataSettings


def read_parquet(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Read a Parquet file, row group by row group."""
    with _parquet_batches(path, settings) as batches:
        yield from _arrow_batches(batches, path, settings)


def check_parquet(path: Path, settings: DataSettings) -> None:
    """Raise DataError if the values of a Parquet file are too large, before another library spells them out."""
    with _parquet_batches(path, settings) as batches:
        for _ in _sliced(batches, path, settings):
            pass


@contextmanager
def _parquet_batches(path: Path, settings: DataSettings) -> Iterator[Iterator[Any]]:
    import pyarrow
    import pyarrow.parquet

    try:
        with open_bytes(path, settings.max_inflation) as file:
            readable = file if file.seekable() else io.BytesIO(file.read())
            metadata = pyarrow.parquet.read_metadata(readable)
            if not metadata.num_rows:
                raise DataError(f"{path} has no rows", EXPECTED)
            check_width(metadata.num_columns, str(path))
            rows = _rows_at_once(metadata, _allowed(path, settings), path)
            readable.seek(0)
            # Values that repeat are read once, whatever their number, so that their size is known before they are
            # spelled out.
            source = pyarrow.parquet.ParquetFile(readable, read_dictionary=_texts(metadata))
            yield source.iter_batches(rows)
    except (EOFError, lzma.LZMAError, zlib.error) as error:
        cut_off(error, path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{path} is not a readable Parquet file: {error}", "write the file again, or use the CSV it was made from"
        ) from error


def _texts(metadata: Any) -> list[str]:
    """Return the paths of the columns with texts or bytes, those inside lists and structs included."""
    columns = [metadata.schema.column(number) for number in range(metadata.num_columns)]
    return [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]


def _rows_at_once(metadata: Any, allowed: int, path: Path) -> int:
    """Return how many rows to decode at once, from the sizes in the metadata.

    Raises DataError if the columns are many times as large as the file.
    """
    from clf.data.reading.arrow_batches import CELL, inflated

    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    sizes = [
        sum(
            max(column.total_uncompressed_size, CELL * column.num_values)
            for column in map(group.column, range(group.num_columns))
        )
        for group in groups
    ]
    if sum(sizes) > allowed:
        raise inflated(str(path), sum(sizes))
    largest = max(size / max(1, group.num_rows) for group, size in zip(groups, sizes, strict=True))
    return max(1, min(BATCH_ROWS, int(4 * BATCH_CHARACTERS / max(1.0, largest))))


def read_arrow(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Read an Arrow file or stream, such as `datasets` writes, batch by batch."""
    import pyarrow

    empty = True
    try:
        with open_bytes(path, settings.max_inflation) as file:
            is_file = file.peek(6)[:6] == b"ARROW1"  # type: ignore[attr-defined]
            source = file if file.seekable() or not is_file else io.BytesIO(file.read())
            for batch in _arrow_batches(_record_batches(source, is_file), path, settings):
                empty = False
                yield batch
    except (EOFError, lzma.LZMAError, zlib.error) as error:
        cut_off(error, path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{path} is not a readable Arrow file: {error}", "write the file again, or save it as Parquet"
        ) from error
    if empty:
        raise DataError(f"{path} has no rows", EXPECTED)


def _record_batches(source: Any, is_file: bool) -> Iterator[Any]:
    import pyarrow

    if is_file:
        reader = pyarrow.ipc.open_file(source)
        batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
    else:
        batches = iter(pyarrow.ipc.open_stream(source))
    for batch in batches:
        for column in batch.columns:
            _check_places(column)
        yield batch


def _check_places(column: Any) -> None:
    """Raise ArrowInvalid if a value points outside its buffer; bytes that are not UTF-8 are reported later."""
    import pyarrow

    try:
        column.validate(full=True)
    except pyarrow.ArrowInvalid as error:
        if "UTF8" not in str(error):
            raise


def _arrow_batches(batches: Iterable[Any], path: Path, settings: DataSettings) -> Iterator[Batch]:
    row = 1
    for batch in _sliced(batches, path, settings):
        check_width(batch.num_columns, str(path))
        names = column_names(batch.schema.names, path, settings)
        columns = {name: _values(batch.column(place), name, path) for place, name in enumerate(names)}
        yield Batch(unfold(columns, settings.columns), list(range(row, row + batch.num_rows)))
        row += batch.num_rows


def _sliced(batches: Iterable[Any], path: Path, settings: DataSettings) -> Iterator[Any]:
    from clf.data.reading.arrow_batches import sliced

    return sliced(batches, str(path), _allowed(path, settings))


def _allowed(path: Path, settings: DataSettings) -> int:
    from clf.data.reading.arrow_batches import allowed_bytes

    return allowed_bytes(on_disk(path).stat().st_size, settings.max_inflation)


def _values(column: Any, name: str, path: Path) -> list[Any]:
    """Convert a column to Python values; dates that Python cannot represent become strings."""
    import pyarrow

    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()  # which converts faster
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError) as error:
        try:
            return list(column.cast(pyarrow.string()).to_pylist())
        except (ValueError, pyarrow.ArrowException):
            raise DataError(
                f"{path}, column {name!r}: {error}", "write the file again with this column as UTF-8 text"
            ) from error


def count_parquet_rows(path: Path) -> int:
    """Return the row count in the metadata of a Parquet file, or 0 if it is damaged (reading it reports why)."""
    import pyarrow
    import pyarrow.parquet

    try:
        return int(pyarrow.parquet.read_metadata(path).num_rows)
    except (pyarrow.ArrowException, OSError):
        return 0
