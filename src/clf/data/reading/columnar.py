"""Parquet and Arrow -> batches of rows."""

import io
import lzma
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from clf.data.reading.batch import BATCH_ROWS, EXPECTED, Batch, sliced, unfold
from clf.data.reading.files import cut_off, open_bytes, stripped
from clf.errors import DataError
from clf.settings import DataSettings


def read_parquet(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Read a Parquet file, row group by row group."""
    import pyarrow
    import pyarrow.parquet

    try:
        with open_bytes(path, settings.max_inflation) as file:
            source = pyarrow.parquet.ParquetFile(file if file.seekable() else io.BytesIO(file.read()))
            if not source.metadata.num_rows:
                raise DataError(f"{path} has no rows", EXPECTED)
            yield from _arrow_batches(source.iter_batches(BATCH_ROWS), path, settings)
    except (EOFError, lzma.LZMAError, zlib.error) as error:
        cut_off(error, path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{path} is not a readable Parquet file: {error}", "write the file again, or use the CSV it was made from"
        ) from error


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
        yield from (reader.get_batch(number) for number in range(reader.num_record_batches))
    else:
        yield from pyarrow.ipc.open_stream(source)


def _arrow_batches(batches: Iterable[Any], path: Path, settings: DataSettings) -> Iterator[Batch]:
    row = 1
    for batch in sliced(batches):
        names = stripped(batch.schema.names, path)
        columns = {name: _values(batch.column(place), name, path) for place, name in enumerate(names)}
        yield Batch(unfold(columns, settings.columns), list(range(row, row + batch.num_rows)))
        row += batch.num_rows


def _values(column: Any, name: str, path: Path) -> list[Any]:
    """Convert a column to Python values; dates that Python cannot represent become strings."""
    import pyarrow

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
