"""Write a prepared dataset to disk: one Parquet file per split, the labels, the audit, and the manifest last."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clf.data.label_sets import LabelSets
from clf.data.preparing.rows import Rows, TextStore
from clf.outcomes.preparation import Audit
from clf.progress import Advance, track
from clf.storage.disk import sha256
from clf.storage.documents import SCHEMA_VERSION
from clf.storage.result_folders import MANIFEST_FILE
from clf.storage.writing import write_json

if TYPE_CHECKING:
    from clf.data.prepared import Manifest


def write_prepared(
    folder: Path,
    splits: Mapping[str, Rows],
    store: TextStore,
    audit: Audit,
    manifest: "Manifest",
    sets: LabelSets | None = None,
) -> None:
    """Write a prepared dataset into `folder`; the manifest, which holds the hashes of the splits, is written last.

    With `sets`, the label of a row is the number of its set, and the list of its label ids is written.
    """
    labels = manifest.labels
    with track("writing", sum(map(len, splits.values())), "rows") as advance:
        for split, rows in splits.items():
            _write_split(folder / f"{split}.parquet", rows, store, labels, sets, advance)
    write_json(folder / "labels.json", {"labels": labels})
    write_json(folder / "audit.json", {"schema_version": SCHEMA_VERSION, **audit.as_json()})
    files = {f"{split}.parquet": sha256(folder / f"{split}.parquet") for split in splits}
    write_json(folder / MANIFEST_FILE, manifest.model_copy(update={"files": files}).model_dump(mode="json"))


def _write_split(
    path: Path, rows: Rows, store: TextStore, labels: list[str], sets: LabelSets | None, advance: Advance
) -> None:
    import pyarrow
    import pyarrow.parquet

    as_label = pyarrow.list_ if sets is not None else lambda kind: kind
    schema = pyarrow.schema(
        [
            ("text", pyarrow.large_string()),
            ("label", as_label(pyarrow.int64())),
            ("label_name", as_label(pyarrow.string())),
            ("raw_text", pyarrow.large_string()),
        ]
    )
    if sets is None:
        known = pyarrow.array(range(len(labels)), pyarrow.int64())
        names = pyarrow.array(labels, pyarrow.string())
    else:
        starts, ids_of_sets = sets.ids
        known = pyarrow.ListArray.from_arrays(starts.astype(np.int32), ids_of_sets)
        of_sets = pyarrow.array(labels, pyarrow.string()).take(pyarrow.array(ids_of_sets))
        names = pyarrow.ListArray.from_arrays(starts.astype(np.int32), of_sets)
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for place, texts in store.tables(rows.number):
            ids = pyarrow.array(rows.label[place])
            columns = [texts["text"], known.take(ids), names.take(ids), texts["raw_text"]]
            writer.write_table(pyarrow.table(columns, schema=schema))
            advance(texts.num_rows)
