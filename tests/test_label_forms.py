"""The same texts with several labels each, in every form in which people write them, give the same prepared rows."""

import csv
import io
import json
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from clf.data.preparing.dataset import prepare_into
from clf.settings import CleaningSettings, DataSettings
from support.prepared import letters, table
from support.sources import source

LABELS = ("billing", "delivery", "late fee", "quality")
COLUMN = {"_type": "ClassLabel", "names": [*LABELS]}
README = """---
dataset_info:
  features:
  - name: text
    dtype: string
  - name: labels
    sequence:
      class_label:
        names:
          '0': billing
          '1': delivery
          '2': late fee
          '3': quality
---
"""
Rows = list[tuple[str, list[str]]]
Write = Callable[[Rows], dict[str, bytes | str]]


@cache
def some_rows() -> Rows:
    """Return 300 texts, each with up to four labels; about a fifth have none."""
    pick = random.Random(22)
    shares = dict(zip(LABELS, (0.4, 0.35, 0.25, 0.3), strict=True))
    return [(letters(number, 8), [one for one in LABELS if pick.random() < shares[one]]) for number in range(300)]


def cells(*rows: tuple[object, ...]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue()


def columns(yes: object, no: object) -> Write:
    """Write a column for each label."""

    def write(rows: Rows) -> dict[str, bytes | str]:
        marks = ((text, *(yes if one in labels else no for one in LABELS)) for text, labels in rows)
        return {"d.csv": cells(("text", *LABELS), *marks)}

    return write


def cell(label: Callable[[list[str]], object], name: str = "label") -> Write:
    """Write the labels into one cell."""
    return lambda rows: {"d.csv": cells(("text", name), *((text, label(labels)) for text, labels in rows))}


def lines(row: Callable[[str, list[str]], Any], name: str = "d.jsonl") -> Write:
    """Write an object for each text."""
    return lambda rows: {name: "".join(json.dumps(row(text, labels)) + "\n" for text, labels in rows)}


def whole(row: Callable[[str, list[str]], Any]) -> Write:
    """Write an array of JSON."""
    return lambda rows: {"d.json": json.dumps([row(text, labels) for text, labels in rows])}


def marked(line: Callable[[str, list[str]], str]) -> Write:
    """Write lines of fastText."""

    def write(rows: Rows) -> dict[str, bytes | str]:
        marks = ((text, [f"__label__{one}" for one in labels]) for text, labels in rows)
        return {"d.txt": "".join(f"{line(text, labels).strip()}\n" for text, labels in marks)}

    return write


def parquet(labels: list[Any], *, names: bool = False, empty: bool = False) -> bytes:
    given = pyarrow.table({"text": [text for text, _ in some_rows()], "labels": labels})
    if names:
        info = {"features": {"labels": {"feature": COLUMN, "_type": "Sequence"}}}
        given = given.replace_schema_metadata({"huggingface": json.dumps({"info": info})})
    file = io.BytesIO()
    pyarrow.parquet.write_table(given, file)
    return file.getvalue()


def arrow(labels: list[Any]) -> bytes:
    given = pyarrow.table({"text": [text for text, _ in some_rows()], "labels": labels})
    file = io.BytesIO()
    with pyarrow.ipc.new_stream(file, given.schema) as writer:
        writer.write_table(given)
    return file.getvalue()


def numbers(labels: list[str]) -> list[int]:
    return [LABELS.index(one) for one in labels]


def ones(labels: list[str]) -> list[int]:
    return [int(one in labels) for one in LABELS]


def one_each(*header: str) -> Write:
    """Write each label of a text into a column of its own; the other columns are empty."""
    return lambda rows: {"d.csv": cells(header, *((text, *(labels + [""] * 4)[:4]) for text, labels in rows))}


def task(text: str, labels: list[str]) -> dict[str, Any]:
    """Return a task of Label Studio."""
    result = [{"from_name": "topic", "to_name": "text", "type": "choices", "value": {"choices": labels}}]
    given = {"id": 1, "result": result if labels else [], "was_cancelled": False}
    return {"id": 1, "data": {"text": text}, "annotations": [given], "predictions": []}


def record(text: str, labels: list[str]) -> dict[str, Any]:
    """Return a record of Argilla."""
    answers = [{"values": {"topic": {"value": labels}}, "status": "submitted"}]
    return {"fields": {"text": text}, "responses": answers, "suggestions": []}


def accepted(text: str, labels: list[str]) -> dict[str, Any]:
    """Return a task of Prodigy with several choices."""
    options = [{"id": one, "text": one.title()} for one in LABELS]
    return {"text": text, "options": options, "accept": labels, "answer": "accept", "_view_id": "choice"}


def scores(text: str, labels: list[str]) -> dict[str, Any]:
    """Return a text with the scores of spaCy."""
    return {"text": text, "cats": {one: 0.9 if one in labels else 0.2 for one in LABELS}}


def quoted(label: str) -> str:
    return f'"{label}"' if " " in label else label


def saved(rows: Rows) -> dict[str, bytes | str]:
    """Return what `save_to_disk` of the datasets library writes."""
    return {
        "data-00000-of-00001.arrow": arrow([numbers(labels) for _, labels in rows]),
        "state.json": json.dumps({"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_split": None}),
        "dataset_info.json": json.dumps({"features": {"labels": {"feature": COLUMN, "_type": "List"}}}),
    }


def cloned(rows: Rows) -> dict[str, bytes | str]:
    """Return a repository of the Hub."""
    return {
        "data/train-00000-of-00001.parquet": parquet([numbers(labels) for _, labels in rows]),
        "README.md": README,
    }


MAPPED = {"label_map": ",".join(f"{number}={one}" for number, one in enumerate(LABELS))}
UNDERSCORES = {"label_map": "late_fee=late fee"}
FORMS: dict[str, tuple[Write, dict[str, Any]]] = {
    "0 and 1": (columns(1, 0), {}),
    "true and false": (columns("True", "False"), {}),
    "marks": (columns("x", ""), {}),
    "yes and no": (columns("yes", "no"), {"multi_label": True}),
    **{f"joined by {mark}": (cell(mark.join), {}) for mark in ("|", ";", ",", "#", "、", " / ", " and ")},
    "joined by a comma and a space": (cell(", ".join), {}),
    "joined by |, asked for": (cell("|".join), {"multi_label": True}),
    "lists in JSON as text": (cell(json.dumps), {}),
    "lists of Python as text": (cell(str), {}),
    "an array of PostgreSQL": (cell(lambda labels: f"{{{','.join(map(quoted, labels))}}}"), {}),
    "lists without quotes": (cell(lambda labels: f"[{', '.join(labels)}]"), {}),
    "tags of a forum": (cell(lambda labels: "".join(f"<{one}>" for one in labels)), {}),
    "a label on each line": (cell("\n".join), {}),
    "columns of one name": (one_each("Summary", *["Labels"] * 4), {}),
    "numbered columns": (one_each("text", *(f"tag{number}" for number in range(1, 5))), {}),
    "0 and 1 in a list as text": (cell(ones), MAPPED),
    "0 and 1 in an array of NumPy as text": (cell(lambda labels: str(np.array(ones(labels)))), MAPPED),
    "choices as text": (cell(lambda labels: json.dumps({"choices": labels}), "sentiment"), {}),
    "doccano": (lines(lambda text, labels: {"id": 1, "text": text, "label": labels, "Comments": []}), {}),
    "lists in any order": (lines(lambda text, labels: {"text": text, "tags": labels[::-1] + labels[:1]}), {}),
    "joined in JSON": (lines(lambda text, labels: {"text": text, "label": "|".join(labels)}), {}),
    "0 and 1 in a list": (lines(lambda text, labels: {"text": text, "label": ones(labels)}), MAPPED),
    "columns in JSON": (lines(lambda text, labels: {"text": text, **{one: one in labels for one in LABELS}}), {}),
    "Label Studio": (whole(task), {}),
    "Label Studio, JSON-MIN": (whole(lambda text, labels: {"text": text, "topic": {"choices": labels}}), {}),
    "Argilla": (lines(record), {}),
    "Prodigy": (lines(accepted), {}),
    "cats of spaCy": (lines(scores), {}),
    "pairs of spaCy": (whole(lambda text, labels: [text, {"cats": scores(text, labels)["cats"]}]), {}),
    "fastText": (marked(lambda text, labels: " ".join([*labels, text])), UNDERSCORES),
    "fastText with tabs": (marked(lambda text, labels: "\t".join([*labels, text])), UNDERSCORES),
    "fastText with commas": (marked(lambda text, labels: ", ".join([*labels, text])), UNDERSCORES),
    "fastText, behind the text": (marked(lambda text, labels: " ".join([text, *labels])), UNDERSCORES),
    "fastText, with commas behind": (
        marked(lambda text, labels: f"{text} {','.join(labels)}" if labels else text), UNDERSCORES
    ),
    "Parquet": (lambda rows: {"d.parquet": parquet([labels for _, labels in rows])}, {}),
    "Parquet with class names": (
        lambda rows: {"d.parquet": parquet([numbers(labels) for _, labels in rows], names=True)}, {}
    ),
    "save_to_disk": (saved, {}),
    "the Hub": (cloned, {}),
}  # fmt: skip


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what takes long: looking for near duplicates, and waiting for the disk."""
    monkeypatch.setattr(
        "clf.data.preparing.dataset.find_clusters", lambda rows, store: np.unique(rows.key, return_inverse=True)[1]
    )
    monkeypatch.setattr("os.fsync", lambda file: None)


def prepared(folder: Path, write: Write, **given: Any) -> dict[str, dict[str, list[object]]]:
    """Write the rows in a form into a folder, and return the prepared rows of each split."""
    rows = some_rows()
    if write in {FORMS[name][0] for name in FORMS if name.startswith("fastText")}:
        rows = [(text, [one.replace(" ", "_") for one in labels]) for text, labels in rows]
    files = write(rows)
    for name, content in files.items():
        path = folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    spec = folder / "in" / (next(iter(files)) if len(files) == 1 else "")
    (folder / "out").mkdir()
    data = DataSettings(dataset=str(spec), **given)
    found = prepare_into(folder / "out", source(spec, **given), data, CleaningSettings(), 1)
    assert found.labels == [*LABELS]
    assert found.manifest.multi_label
    assert found.audit.dropped == {}
    return {split: table(found.folder, split) for split in found.splits}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[object]]]:
    return prepared(tmp_path_factory.mktemp("expected"), FORMS["doccano"][0])


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_the_same_rows_gives_the_same_prepared_rows(
    tmp_path: Path, form: str, expected: dict[str, dict[str, list[object]]]
) -> None:
    write, given = FORMS[form]
    assert prepared(tmp_path, write, **given) == expected


def test_the_prepared_rows_are_those_that_were_written(expected: dict[str, dict[str, list[object]]]) -> None:
    pairs = [pair for split in expected.values() for pair in zip(split["raw_text"], split["label_name"], strict=True)]
    assert sorted(pairs) == sorted(some_rows())
    assert sum(not labels for _, labels in pairs) > 30
