"""Whatever stands in a document, reading it ends in an error for the user or in values within their bounds."""

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from clf.data.prepared import PreparedDataset
from clf.errors import ClfError
from clf.models.record import read_model_record
from clf.storage.documents import read_object
from clf.storage.names import is_plain_name
from clf.training.checkpoint_files import read_manifest

V01 = Path(__file__).parent.parent / "fixtures" / "v0.1"
ODD = some.sampled_from(
    [None, True, 0, -1, 10**30, 1e308, "", "a\0", "../x", "/etc", "abc", [], [[]], {}, {"a": None}, ["a", "a"], "²"]
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path to every value of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], odd)
    return copy


FILES = ["prepared/reviews/manifest.json", "prepared/reviews/audit.json", "models/reviews/clf.json",
         "models/interrupted.run/checkpoints/checkpoint-45/clf-checkpoint.json"]  # fmt: skip


@pytest.mark.parametrize("file", FILES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(data=some.data())
def test_a_document_with_an_odd_value_is_read_or_refused(tmp_path: Path, file: str, data: some.DataObject) -> None:
    folder = tmp_path / Path(file).parent.name
    if not folder.exists():
        shutil.copytree((V01 / file).parent, folder)
    value = read_object(V01 / file)
    odd = changed(value, data.draw(some.sampled_from(places(value))), data.draw(ODD))
    (folder / Path(file).name).write_text(json.dumps(odd))
    with suppress(ClfError, *([ValueError] if "checkpoint" in file else [])):  # whose reader is asked by another
        check_values(folder, file)


@pytest.mark.parametrize("file", FILES)
def test_a_document_as_it_was_written_is_read(file: str) -> None:
    check_values((V01 / file).parent, file)


def check_values(folder: Path, file: str) -> None:
    """Read the document and check that its values are within their bounds."""
    if file.startswith("prepared"):
        prepared = PreparedDataset(folder)
        assert is_plain_name(prepared.name)
        assert set(prepared.splits) <= {"train", "validation", "test"}
        assert prepared.audit.as_json()
    elif file.endswith("clf.json"):
        record = read_model_record(folder)
        assert record
        assert record.train
        assert record.threshold is None or 0 <= record.threshold <= 1
        assert all(map(is_plain_name, record.files))
    else:
        assert all(map(is_plain_name, read_manifest(folder).files))
