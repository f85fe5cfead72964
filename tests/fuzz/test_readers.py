"""Whatever is changed in a file that clf reads back, its reader returns what is within bounds, or says what is wrong."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from clf.data.prepared import PreparedDataset
from clf.data.text_hashes import seen_in
from clf.errors import ClfError
from clf.hub.files import INDEX, is_commit, lacking
from clf.hub.manifest import read_manifest as read_download_manifest
from clf.hub.records import listed_by_client, read_record, read_verified
from clf.models.configs import check_tokenizer_config, read_config
from clf.models.record import read_model_record
from clf.models.tokenizer_file import check_tokenizer_file
from clf.models.weights import count_weights
from clf.storage.arrays import read_array
from clf.storage.documents import stays_inside
from clf.storage.names import is_plain_name
from clf.storage.result_folders import has_edited_readme, is_clf_result, strangers
from clf.storage.run_folder import Run
from clf.training.checkpoint_files import read_manifest, read_state
from clf.training.identity import differences, read_finished
from fuzz.mutations import strategy_for

V01 = Path(__file__).parent.parent / "fixtures" / "v0.1"
COMMIT = "a" * 40
PINNED = {"size": 1, "sha256": "0" * 64}


@dataclass(frozen=True)
class Reading:
    """A file in its folder, its sound content, and a function of the folder that reads it and checks what it gets."""

    file: str
    content: Callable[[], bytes]
    read: Callable[[Path], object]
    may_raise: tuple[type[Exception], ...] = ()
    """Errors that the caller turns into one for the user."""


def of_version_0_1(file: str) -> Callable[[], bytes]:
    return (V01 / file).read_bytes


def as_json(value: object) -> Callable[[], bytes]:
    return json.dumps(value).encode


def array(values: "np.typing.NDArray[Any]") -> Callable[[], bytes]:
    def made() -> bytes:
        header = repr({"descr": values.dtype.str, "fortran_order": False, "shape": values.shape}).ljust(117) + "\n"
        return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + values.tobytes()

    return made


# --- the readers, and the bounds of what they return --------------------------------------------------------


def dataset(folder: Path) -> None:
    prepared = PreparedDataset(folder)
    assert is_plain_name(prepared.name)
    assert set(prepared.splits) <= {"train", "validation", "test"}
    assert prepared.audit.as_json()
    prepared.holds("")


def record(folder: Path) -> None:
    found = read_model_record(folder)
    assert found
    assert found.train
    assert found.threshold is None or 0 <= found.threshold <= 1
    assert all(map(is_plain_name, found.files))
    json.dumps(found.as_json(), allow_nan=False)


def finished(folder: Path) -> None:
    run = Run(folder.with_name(folder.name.removesuffix(".run")))
    if found := read_finished(run):
        differences(found.of, found.of, found.recipe)
        json.dumps(found.result.as_json(), allow_nan=False)


def history(folder: Path) -> None:
    run = Run(folder.with_name(folder.name.removesuffix(".run")))
    assert all(type(line["step"]) is int for line in run.read_history())
    run.keep_history(30)


def result_folder(folder: Path) -> None:
    is_clf_result(folder)
    strangers(folder)
    has_edited_readme(folder)


def weights(folder: Path) -> None:
    assert 0 <= count_weights(folder, "model") < 2**40


def shards(folder: Path) -> None:
    assert lacking(folder)
    if not (shard := folder / "model-1.safetensors").exists():
        shutil.copy(V01 / "encoder" / "model.safetensors", shard)
    count_weights(folder, "model")


def cached(folder: Path) -> None:
    found = read_record(folder)
    assert all(map(stays_inside, found.revisions))
    assert all(stays_inside(name) for listing in found.commits.values() for name in listing)
    assert all(map(is_commit, read_verified(folder)))
    listed_by_client(folder, COMMIT)


def pins(folder: Path) -> None:
    found = read_download_manifest(folder / "pins.json")
    assert all(stays_inside(name) for one in found for name in one.files)


def numbers(folder: Path) -> None:
    assert read_array(folder / "x.npy", ("<i4",), (None, 3)).shape[1] == 3


LISTED = {"config.json": {"size": 5, "hash": "0" * 40}}
REVISIONS = {"schema_version": 1, "revisions": {"main": COMMIT}, "commits": {COMMIT: LISTED}}
PINS = {"kind": "model", "id": "a/b", "revision": None, "commit": COMMIT, "files": {"config.json": PINNED}}
HASHES = np.sort(np.frombuffer(hashlib.sha256(b"x").digest(), dtype="<u8"))
CHECKPOINT = "models/interrupted.run/checkpoints/checkpoint-61"

READINGS = (
    Reading("manifest.json", of_version_0_1("prepared/reviews/manifest.json"), dataset),
    Reading("audit.json", of_version_0_1("prepared/reviews/audit.json"), dataset),
    Reading("labels.json", of_version_0_1("prepared/reviews/labels.json"), dataset),
    Reading("settings.json", of_version_0_1("prepared/reviews/settings.json"), result_folder),
    Reading("clf.json", of_version_0_1("models/reviews/clf.json"), record),
    Reading("clf.json", of_version_0_1("models/reviews/clf.json"), result_folder),
    Reading("config.json", of_version_0_1("encoder/config.json"), lambda folder: read_config(folder, "model")),
    Reading("tokenizer_config.json", of_version_0_1("encoder/tokenizer_config.json"), lambda folder: check_tokenizer_config(folder, "m")),
    Reading("tokenizer.json", of_version_0_1("encoder/tokenizer.json"), lambda folder: check_tokenizer_file(folder / "tokenizer.json")),
    Reading("model.safetensors", of_version_0_1("encoder/model.safetensors"), weights),
    Reading(INDEX, as_json({"metadata": {}, "weight_map": {"a": "model-1.safetensors"}}), shards),
    Reading("train_rows.npy", array(HASHES), lambda folder: seen_in(["a", "b"], folder / "train_rows.npy")),
    Reading("x.npy", array(np.arange(12, dtype="<i4").reshape(4, 3)), numbers, (ValueError, OSError)),
    Reading("result.json", of_version_0_1("models/reviews.run/result.json"), finished),
    Reading("history.jsonl", of_version_0_1("models/reviews.run/history.jsonl"), history),
    Reading("clf-checkpoint.json", of_version_0_1(f"{CHECKPOINT}/clf-checkpoint.json"), read_manifest, (ValueError, OSError)),
    Reading("trainer_state.json", of_version_0_1(f"{CHECKPOINT}/trainer_state.json"), read_state, (ValueError, OSError)),
    Reading("clf.json", as_json(REVISIONS), cached),
    Reading("clf.verified.json", as_json({COMMIT: {"config.json": [5, 10**18]}}), cached),
    Reading(f"trees/{COMMIT}.json", as_json({"files": {"a": {"blob_id": "0" * 40, "lfs_sha256": None}}}), cached),
    Reading("pins.json", as_json({"schema_version": 1, "repositories": [PINS]}), pins),
)  # fmt: skip
NAMES = [f"{one.file.split('/')[0]} by {getattr(one.read, '__name__', '')}" for one in READINGS]


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Give the folder of a reading, with what else is read beside the file."""
    reading: Reading = request.param
    folder = tmp_path / "checkpoint-61.run" if reading.read in (finished, history) else tmp_path / "checkpoint-61"
    beside = V01 / "prepared" / "reviews" if reading.read is dataset else None
    shutil.copytree(beside, folder) if beside else folder.mkdir()
    (folder / reading.file).parent.mkdir(exist_ok=True)
    (folder / reading.file).write_bytes(reading.content())
    return folder


def said_of(reading: Reading, place: Path) -> str | None:
    """Read the file; return what was said of it, or None if that lacks a hint or takes several lines."""
    try:
        reading.read(place)
    except ClfError as error:
        return error.message if error.hint and "\n" not in error.message else None
    except reading.may_raise as error:
        return None if isinstance(error, RecursionError) else str(error)
    return ""


@pytest.mark.parametrize(("reading", "place"), [(one, one) for one in READINGS], ids=NAMES, indirect=["place"])
def test_a_changed_file_is_read_or_refused(reading: Reading, place: Path) -> None:
    reading.read(place)  # as it was written

    @settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(data=some.data())
    def changed(data: some.DataObject) -> None:
        (place / reading.file).write_bytes(data.draw(strategy_for(reading.file, reading.content())))
        assert said_of(reading, place) is not None

    changed()
