"""Layouts of folders: what the datasets library saves, and what lies in a repository of the Hub."""

import json
from pathlib import Path

import pyarrow
import pyarrow.parquet

from support.layout_files import Layout, Read, Right, Row, labelled_rows
from support.layouts_found import TOPICS

COUNT = 72
SIZES = {"train": COUNT, "validation": 12, "test": 12}
README = """---
license: mit
dataset_info:
  features:
  - name: text
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
          '0': account
          '1': billing
          '2': delivery
---
"""
NAMES = sorted(TOPICS)


def parts() -> dict[str, list[Row]]:
    return {split: labelled_rows(size, TOPICS, seed) for seed, (split, size) in enumerate(SIZES.items(), 1)}


def numbered(rows: list[Row]) -> pyarrow.Table:
    return pyarrow.table({"text": [text for text, _ in rows], "label": [NAMES.index(label) for _, label in rows]})


def right(splits: dict[str, list[Row]]) -> tuple[Right, ...]:
    return (Read([row for rows in splits.values() for row in rows], SIZES),)


def saved_to_disk(folder: Path, labelled: bool) -> tuple[Right, ...]:
    info = {
        "features": {"text": {"dtype": "string", "_type": "Value"}, "label": {"names": NAMES, "_type": "ClassLabel"}}
    }
    for split, rows in parts().items():
        place = folder / "tickets" / split
        place.mkdir(parents=True)
        table, name = numbered(rows), "data-00000-of-00001.arrow"
        with pyarrow.OSFile(str(place / name), "wb") as file, pyarrow.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table)
        (place / "state.json").write_text(json.dumps({"_data_files": [{"filename": name}], "_split": split}))
        (place / "dataset_info.json").write_text(json.dumps(info))
    (folder / "tickets" / "dataset_dict.json").write_text(json.dumps({"splits": [*SIZES]}))
    return right(parts())


def cloned(folder: Path, labelled: bool) -> tuple[Right, ...]:
    place = folder / "tickets" / "data"
    place.mkdir(parents=True)
    for split, rows in parts().items():
        pyarrow.parquet.write_table(numbered(rows), place / f"{split}-00000-of-00001.parquet")
    (folder / "tickets" / "README.md").write_text(README)
    (folder / "tickets" / ".gitattributes").write_text("*.parquet filter=lfs\n")
    return right(parts())


FOLDERS = [
    Layout("save_to_disk", "the datasets library", saved_to_disk, ("tickets",), "dataset_info.json has names", False),
    Layout("a clone of the Hub", "the Hub", cloned, ("tickets",), "README.md has the names of the classes", False),
]
