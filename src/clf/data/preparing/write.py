"""A prepared dataset on its way to the disk: one Parquet file per split, labels, audit, and the manifest last."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clf import __version__
from clf.data.prepared import Manifest
from clf.data.preparing.rows import Rows, TextStore
from clf.outcomes.preparation import Audit
from clf.progress import Advance, track
from clf.settings import CleaningSettings, DataSettings
from clf.storage.disk import sha256, write_json
from clf.storage.result_folders import MANIFEST_FILE


@dataclass(frozen=True)
class Origin:
    """From what a dataset is prepared, and how, for its manifest."""

    name: str
    origin: str
    fingerprint: str
    key: str
    lengths: list[str | int | None]
    data: DataSettings
    cleaning: CleaningSettings
    seed: int
    text_columns: list[str]
    rows_generated: int | None

    def manifest(self, labels: list[str], files: dict[str, str]) -> Manifest:
        """Return the manifest; paths of further files are written so that they hold in any folder."""
        further = {"validation": self.data.validation, "test": self.data.test}
        absolute = {name: Path(file).expanduser().resolve() for name, file in further.items() if file}
        return Manifest(
            clf_version=__version__,
            labels=labels,
            files=files,
            name=self.name,
            origin=self.origin,
            fingerprint=self.fingerprint,
            key=self.key,
            lengths=self.lengths,
            dataset=self.data.dataset,
            cleaning=self.cleaning,
            data=self.data.model_copy(update=absolute),
            seed=self.seed,
            text_columns=self.text_columns,
            rows_generated=self.rows_generated,
        )


def write_prepared(
    folder: Path, splits: Mapping[str, Rows], store: TextStore, labels: list[str], audit: Audit, origin: Origin
) -> None:
    """Write the files of a prepared dataset into `folder`, the manifest last."""
    with track("writing", sum(map(len, splits.values())), "rows") as advance:
        for split, rows in splits.items():
            _write_split(folder / f"{split}.parquet", rows, store, labels, advance)
    write_json(folder / "labels.json", {"labels": labels})
    write_json(folder / "audit.json", audit.as_json())
    files = {f"{split}.parquet": sha256(folder / f"{split}.parquet") for split in splits}
    write_json(folder / MANIFEST_FILE, origin.manifest(labels, files).model_dump(mode="json"))


def _write_split(path: Path, rows: Rows, store: TextStore, labels: list[str], advance: Advance) -> None:
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema(
        [
            ("text", pyarrow.large_string()),
            ("label", pyarrow.int64()),
            ("label_name", pyarrow.string()),
            ("raw_text", pyarrow.large_string()),
        ]
    )
    names = pyarrow.array(labels, pyarrow.string())
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for place, texts in store.tables(rows.number):
            ids = pyarrow.array(rows.label[place])
            columns = [texts["text"], ids, names.take(ids), texts["raw_text"]]
            writer.write_table(pyarrow.table(columns, schema=schema))
            advance(texts.num_rows)
