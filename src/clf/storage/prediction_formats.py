"""Predictions written as delimited text, JSON lines or Parquet, and files of several windows joined into one."""

import csv
import io
import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

OUTPUTS = (".csv", ".tsv", ".jsonl", ".parquet")
DELIMITERS = {".csv": ",", ".tsv": "\t"}

Table = dict[str, list[Any]]
ArrowType = Any
"""A pyarrow type or its name; `Any` because pyarrow has no type annotations."""

# --- text ---------------------------------------------------------------------------------------------------


def header(names: Sequence[str], suffix: str) -> str:
    """Return the header line with the column names; an empty string for JSON lines and Parquet."""
    line = io.StringIO()
    if suffix in DELIMITERS:
        csv.writer(line, delimiter=DELIMITERS[suffix], lineterminator="\n").writerow(names)
    return line.getvalue()


def write_rows(file: "SupportsWrite[str]", suffix: str, table: Table) -> None:
    """Write rows as JSON lines or delimited text."""
    rows = zip(*table.values(), strict=True)
    if suffix == ".jsonl":
        for row in rows:
            named = dict(zip(table, map(_written_in_json, row), strict=True))
            file.write(json.dumps(named, ensure_ascii=False, default=str) + "\n")
        return
    plain, quoted = (
        csv.writer(file, delimiter=DELIMITERS[suffix], lineterminator="\n", quoting=quoting)
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
    )
    for row in rows:
        # The csv module does not quote a carriage return, which readers treat as the end of the row.
        writer = quoted if any(isinstance(value, str) and "\r" in value for value in row) else plain
        writer.writerow(["" if value is None else _spelled(value) for value in row])


def _spelled(value: Any) -> Any:
    """Write booleans, dicts and lists as JSON; return other values unchanged."""
    is_json = isinstance(value, (bool, dict, list, tuple))
    return json.dumps(_written_in_json(value), ensure_ascii=False, default=str) if is_json else value


def _written_in_json(value: Any) -> Any:
    """Return a value with None (null) for NaN and infinities, which JSON lacks, also in lists and objects."""
    if isinstance(value, dict):
        return {name: _written_in_json(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):  # Arrow gives a map as pairs
        return [_written_in_json(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def join_text(path: Path, parts: Sequence[Path], first: str) -> None:
    """Write the first line, then the content of each part."""
    with path.open("xb") as file:
        file.write(first.encode("utf-8", "replace"))
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, file, 1 << 20)


# --- Parquet ------------------------------------------------------------------------------------------------


def write_parquet(path: Path, table: Table, types: Mapping[str, ArrowType]) -> None:
    """Write rows as Parquet; a column whose values do not have its type, or have several, becomes text."""
    import pyarrow
    import pyarrow.parquet

    columns = {}
    for name, values in table.items():
        try:
            kind = types.get(name)
            columns[name] = pyarrow.array(values, pyarrow.type_for_alias(kind) if isinstance(kind, str) else kind)
        except (pyarrow.ArrowException, UnicodeEncodeError, OverflowError):  # mixed types, lone surrogates, overflow
            columns[name] = _as_text(values)
    with path.open("xb") as file:
        pyarrow.parquet.write_table(pyarrow.table(columns), file, compression="zstd")


def _as_text(values: Sequence[Any]) -> Any:
    import pyarrow

    written = [None if value is None else str(_spelled(value)).encode("utf-8", "replace").decode() for value in values]
    return pyarrow.array(written, pyarrow.large_string())


def join_parquet(path: Path, parts: Sequence[Path], names: Sequence[str]) -> None:
    """Join windows one by one; a column whose type differs between windows becomes text."""
    import pyarrow
    import pyarrow.parquet

    schemas = [pyarrow.parquet.read_schema(part) for part in parts]
    kinds = {name: _common({each.field(name).type for each in schemas}) for name in names}
    for name in names:
        mixed = kinds[name] == pyarrow.float64() and any(each.field(name).type == pyarrow.int64() for each in schemas)
        if mixed and not all(_is_exact(part, name) for part in parts):
            kinds[name] = pyarrow.large_string()
    schema = pyarrow.schema(list(kinds.items()))
    with path.open("xb") as file, pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for part in parts:
            table = pyarrow.parquet.read_table(part)
            columns = [_cast(table[field.name], field.type) for field in schema]
            writer.write_table(pyarrow.table(columns, schema=schema))


def _is_exact(part: Path, name: str) -> bool:
    """Return whether a float holds each integer in a column of a part; beyond 2**53 it skips some."""
    import pyarrow.compute
    import pyarrow.parquet

    column = pyarrow.parquet.read_table(part, columns=[name])[name]
    if column.type != pyarrow.int64():
        return True
    ends = pyarrow.compute.min_max(column).as_py()
    return all(value is None or abs(value) <= 2**53 for value in ends.values())


def _common(kinds: set[Any]) -> Any:
    """Return one type that can represent the values of all these types."""
    import pyarrow

    known = {kind for kind in kinds if not pyarrow.types.is_null(kind)} or kinds
    if len(known) == 1:
        return known.pop()
    return pyarrow.float64() if known <= {pyarrow.int64(), pyarrow.float64()} else pyarrow.large_string()


def _cast(column: Any, kind: Any) -> Any:
    import pyarrow

    if column.type == kind:
        return column
    try:
        return column.cast(kind)
    except pyarrow.ArrowException:
        return _as_text(column.to_pylist())
