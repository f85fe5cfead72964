"""The readers of what clf wrote or was given, each with a sound file, and the bounds of what it returns."""

import hashlib
import io
import json
import math
import queue
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet

from clf.data.prepared import PreparedDataset
from clf.data.preparing.clean_batch import digest
from clf.data.preparing.labels import read_label_map
from clf.data.preparing.rows import DamagedChunk, TextStore
from clf.data.reading import json_stream
from clf.data.reading.json_files import read_json_object, read_jsonl
from clf.data.reading.label_cells import parsed_text, read_cell
from clf.data.sources.class_names import names_in_readme, names_in_schema, names_of_files
from clf.data.sources.saved import find_saved
from clf.data.text_hashes import seen_in
from clf.errors import ClfError, NetworkError
from clf.hub.download import _Download, _fail_likewise, _listen
from clf.hub.explain import TryAgain
from clf.hub.files import INDEX, is_commit, lacking
from clf.hub.manifest import read_manifest as read_download_manifest
from clf.hub.messages import Message, Order
from clf.hub.records import listed_by_client, read_record, read_verified
from clf.models.configs import check_tokenizer_config, read_config
from clf.models.record import read_model_record
from clf.models.tokenizer_file import check_tokenizer_file
from clf.models.weights import count_weights
from clf.settings import CleaningSettings, DataSettings
from clf.settings_file import read_settings_file
from clf.storage.arrays import read_array
from clf.storage.documents import stays_inside
from clf.storage.names import is_plain_name
from clf.storage.result_folders import has_edited_readme, is_clf_result, strangers
from clf.storage.run_folder import Run
from clf.training.checkpoint_files import read_manifest, read_state
from clf.training.identity import differences, read_finished

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

    def prepare(self, place: Path) -> Path:
        """Make the folder of the file, with what else is read beside it."""
        folder = place / ("checkpoint-61.run" if self.read in (finished, history) else "checkpoint-61")
        beside = V01 / "prepared" / "reviews" if self.read is dataset else None
        shutil.copytree(beside, folder) if beside else folder.mkdir()
        if self.read is chunk:
            clean_chunk(folder)
        (folder / self.file).parent.mkdir(exist_ok=True)
        (folder / self.file).write_bytes(self.content())
        return folder


def of_version_0_1(file: str) -> Callable[[], bytes]:
    return (V01 / file).read_bytes


def as_json(value: object) -> Callable[[], bytes]:
    return json.dumps(value).encode


def array(values: "np.typing.NDArray[Any]") -> Callable[[], bytes]:
    def made() -> bytes:
        header = repr({"descr": values.dtype.str, "fortran_order": False, "shape": values.shape}).ljust(117) + "\n"
        return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + values.tobytes()

    return made


def handed_over(name: str) -> Callable[[], bytes]:
    def made() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            clean_chunk(Path(folder))
            return (Path(folder) / f"000000.{name}.npy").read_bytes()

    return made


def clean_chunk(folder: Path) -> None:
    digest(
        [f"text {number} of four that are long enough" for number in range(4)], CleaningSettings(), folder, 0, near=True
    )


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


def messages(folder: Path) -> None:
    """Read what a download process may print."""
    printed = io.TextIOWrapper(io.BytesIO((folder / "message.json").read_bytes()), encoding="utf-8", errors="replace")
    heard: queue.Queue[Message] = queue.Queue()
    process: Any = SimpleNamespace(stdout=printed, wait=lambda: 0)
    _listen(process, heard)
    *read, last = heard.queue
    assert (last.again or "").startswith("the download process ended early")
    for message in read:
        assert math.isfinite(message.wait + (message.waited or 0))
        with suppress(ClfError, TryAgain):
            _Download(Order("model", "a/b", None), 1)._ended(message)


def failure(folder: Path) -> None:
    """Read why another process could not fetch the same repository."""
    with (folder / "lock.json").open(encoding="utf-8", errors="replace") as file, suppress(NetworkError):
        _fail_likewise(file, 0)


def label_map(folder: Path) -> None:
    [file] = folder.iterdir()
    assert all(read_label_map(str(file)).values())


def settings_file(folder: Path) -> None:
    assert read_settings_file(folder / "clf.toml").note.count("\n") == 0


def rows(folder: Path) -> None:
    for batch in read_jsonl(folder / "rows.jsonl", DataSettings()):
        assert {len(column) for column in batch.columns.values()} <= {len(batch.lines)}


def json_object(folder: Path) -> None:
    for batch in read_json_object(folder / "rows.json", DataSettings()):
        assert {len(column) for column in batch.columns.values()} <= {len(batch.lines)}


def json_pieces(folder: Path) -> None:
    """Read an object as if it were too long to be held."""
    whole, json_stream.PIECE = json_stream.PIECE, 64
    try:
        json_object(folder)
    finally:
        json_stream.PIECE = whole


def saved(folder: Path) -> None:
    """Read what `save_to_disk` of the datasets library wrote, one document of which may be damaged."""
    for name, content in SAVED.items():
        (folder / name).parent.mkdir(exist_ok=True)
        if not (folder / name).exists():
            (folder / name).write_bytes(content())
    found = find_saved(folder)
    files = [path for paths in found.values() for path in paths]
    assert all(path.resolve().is_relative_to(folder.resolve()) for path in files)
    names = names_of_files(dict.fromkeys(files, "arrow"), folder, DataSettings().max_inflation)
    assert all(all(map(all, each.values())) for each in names.values())


def schema(folder: Path) -> None:
    """Read the class names in the schema of a Parquet file."""
    rows = pyarrow.table({"label": [0, 1]}).replace_schema_metadata(
        {b"huggingface": (folder / "schema.json").read_bytes()}
    )
    pyarrow.parquet.write_table(rows, folder / "x.parquet")
    assert all(map(all, names_in_schema(folder / "x.parquet", "parquet", 1000).values()))


def readme(folder: Path) -> None:
    assert all(map(all, names_in_readme(folder, "default").values()))


def cell(folder: Path) -> None:
    """Read a label that is JSON in a cell."""
    found = read_cell(parsed_text((folder / "cell.json").read_text(encoding="utf-8", errors="replace")))
    assert all(isinstance(name, str) for name in found.names)


def chunk(folder: Path) -> None:
    """Read what a worker that cleaned four texts has handed over."""
    store = TextStore(folder, [4])
    every = np.arange(4)
    assert (store.band(21).dtype, store.band(21).shape) == (np.uint32, (4,))
    assert (store.raw_keys(every).dtype, store.raw_keys(every).shape) == (np.uint64, (4,))
    assert (store.signatures(every).dtype, store.signatures(every).ndim) == (np.uint8, 2)
    assert store.text(3)


LISTED = {"config.json": {"size": 5, "hash": "0" * 40}}
REVISIONS = {"schema_version": 1, "revisions": {"main": COMMIT}, "commits": {COMMIT: LISTED}}
MESSAGE = {"waited": 0.5, "answered": True, "bytes": 5, "received": 4, "total": 9, "done": COMMIT, "again": "no route", "wait": 2.0,
           "error": {"kind": "model", "message": "it is gated", "hint": "ask for access"}}  # fmt: skip
PINS = {"kind": "model", "id": "a/b", "revision": None, "commit": COMMIT, "files": {"config.json": PINNED}}
HASHES = np.sort(np.frombuffer(hashlib.sha256(b"x").digest(), dtype="<u8"))
CHECKPOINT = "models/interrupted.run/checkpoints/checkpoint-61"

INFO = {"features": {"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}}
SAVED = {
    "dataset_dict.json": as_json({"splits": ["train"]}),
    "train/state.json": as_json({"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_split": None}),
    "train/dataset_info.json": as_json(INFO),
}
METADATA = b"---\ndataset_info:\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names: {0: neg, 1: pos}\n---\n"

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
    Reading("message.json", as_json(MESSAGE), messages),
    Reading("lock.json", as_json({"at": 1e9, "message": "no route", "hint": "connect it"}), failure),
    Reading("map.json", as_json({"1": "World", "2": "Sports"}), label_map),
    Reading("map.toml", b"1 = 'World'\n2 = 'Sports'\n".__bytes__, label_map),
    Reading("clf.toml", b"[train]\nepochs = 2\n".__bytes__, settings_file),
    Reading("rows.jsonl", b'{"text": "a film", "label": 1}\n{"text": "a book", "label": 2}\n'.__bytes__, rows),
    Reading("rows.json", as_json({"text": {"0": "a film", "1": "a book"}, "label": {"0": 1, "1": 2}}), json_object),
    Reading("rows.json", as_json({"train": [["a film", "good"], ["a book", "bad"]] * 2, "test": [["a play", "good"]]}), json_pieces),
    *(Reading(name, content, saved) for name, content in SAVED.items()),
    Reading("schema.json", as_json({"info": INFO}), schema),
    Reading("README.md", METADATA.__bytes__, readme),
    Reading("cell.json", as_json({"choices": ["good"]}), cell),
    *(Reading(f"000000.{name}.npy", handed_over(name), chunk, (DamagedChunk,)) for name in ("bands", "raw_keys", "signatures")),
    Reading("pins.json", as_json({"schema_version": 1, "repositories": [PINS]}), pins),
)  # fmt: skip
