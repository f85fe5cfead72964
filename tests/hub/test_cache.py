"""The cache is judged by clf's record or, without one, by what a complete model is; damaged files are found."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from clf import hub as store
from clf.errors import ModelError, OutputError
from clf.hub import look_up
from clf.hub.address import cache_folder, repository_folder
from clf.hub.cache import add_to_record, note_verified, recorded_repositories, replace_text
from clf.hub.files import content_hash, lacking, wanted
from clf.hub.records import RECORD, VERIFIED, CacheRecord, Content, read_record
from support.local_hub import LocalHub
from support.tiny import tiny_encoder_files

NAME = "distilbert-base-uncased"
FIRST, SECOND = "a" * 40, "b" * 40
TEXTS = {"train.csv": b"text,label\nfine,1\n"}


def as_another_tool_leaves_it() -> Path:
    """Take away what clf wrote, so that only the client's own layout is left."""
    root = repository_folder("model", NAME)
    for name in (RECORD, VERIFIED):
        (root / name).unlink(missing_ok=True)
    return root


def test_a_hit_needs_no_request_and_no_write(hub_with_model: LocalHub) -> None:
    files = [path for path in cache_folder().rglob("*") if path.is_file()]
    before = [path.stat().st_mtime_ns for path in files]
    assert look_up("model", NAME).usable
    assert hub_with_model.requests == []
    assert [path.stat().st_mtime_ns for path in files] == before
    assert [path for path in cache_folder().rglob("*") if path.is_file()] == files


def flipped(path: Path) -> None:
    blob = path.resolve()
    data = bytearray(blob.read_bytes())
    data[len(data) // 2] ^= 1
    blob.write_bytes(data)


def cut(path: Path) -> None:
    blob = path.resolve()
    blob.write_bytes(blob.read_bytes()[:100])


def emptied(path: Path) -> None:
    path.resolve().write_bytes(b"")


def without_content(path: Path) -> None:
    path.resolve().unlink()


def without_link(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("file", "damage"),
    [("model.safetensors", damage) for damage in (flipped, cut, emptied, without_content, without_link)]
    + [("config.json", flipped), ("tokenizer_config.json", without_link)],
)
def test_damage_is_named_offline_and_repaired_online(
    hub_with_model: LocalHub, file: str, damage: Callable[[Path], None]
) -> None:
    folder = repository_folder("model", NAME) / "snapshots" / look_up("model", NAME).usable.commit  # type: ignore[union-attr]
    damage(folder / file)
    with pytest.raises(ModelError, match=file) as refused:
        store.fetch("model", NAME, offline=True)
    assert f"clf download-models {NAME}" in refused.value.hint
    assert hub_with_model.requests == []
    assert store.fetch("model", NAME).origin == "hub"
    files = tiny_encoder_files()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        name: files[name] for name in wanted("model", list(files))
    }
    fetched = [request.path for request in hub_with_model.requests if "/resolve/" in request.path]
    assert all(path.endswith(file) for path in fetched)
    assert store.fetch("model", NAME, offline=True).origin == "cache"


def test_a_cache_that_another_tool_filled_is_used_when_it_is_whole(hub_with_model: LocalHub) -> None:
    as_another_tool_leaves_it()
    assert store.fetch("model", NAME, offline=True).origin == "cache"


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer_config.json", "config.json"])
def test_one_that_another_tool_filled_in_part_is_not(hub_with_model: LocalHub, file: str) -> None:
    folder = look_up("model", NAME).snapshot.folder  # type: ignore[union-attr]
    as_another_tool_leaves_it()
    (folder / file).unlink()
    with pytest.raises(ModelError, match=f"{file} is missing"):
        store.fetch("model", NAME, offline=True)
    assert store.fetch("model", NAME).origin == "hub"


def test_a_file_that_the_client_knows_to_be_absent_is_not_missed(hub_with_model: LocalHub) -> None:
    snapshot = look_up("model", NAME).usable
    assert snapshot
    root = as_another_tool_leaves_it()
    (snapshot.folder / "tokenizer_config.json").unlink()
    mark = root / ".no_exist" / snapshot.commit / "tokenizer_config.json"
    mark.parent.mkdir(parents=True)
    mark.touch()
    assert look_up("model", NAME).usable


def test_a_bit_flip_in_what_another_tool_fetched_is_found(hub_with_model: LocalHub) -> None:
    folder = look_up("model", NAME).snapshot.folder  # type: ignore[union-attr]
    as_another_tool_leaves_it()
    flipped(folder / "model.safetensors")
    assert look_up("model", NAME).problems == ["the content of model.safetensors does not match its hash"]


def test_a_dataset_without_a_list_of_its_files_counts_as_absent(hub: LocalHub) -> None:
    store.fetch("dataset", "stanfordnlp/imdb")
    root = repository_folder("dataset", "stanfordnlp/imdb")
    (root / RECORD).unlink()
    assert look_up("dataset", "stanfordnlp/imdb").usable is None
    commit = next((root / "snapshots").iterdir()).name
    names = [
        path.relative_to(root / "snapshots" / commit).as_posix() for path in (root / "snapshots").rglob("*.parquet")
    ]
    (root / "trees").mkdir()
    (root / "trees" / f"{commit}.json").write_text(json.dumps({"files": {name: {} for name in names}}))
    assert look_up("dataset", "stanfordnlp/imdb").usable


@pytest.mark.parametrize("reference", ["", "\n", "0" * 40, "\xff", "main"])
def test_whatever_became_of_refs_a_commit_that_works_stays(hub_with_model: LocalHub, reference: str) -> None:
    before = look_up("model", NAME).usable
    (repository_folder("model", NAME) / "refs" / "main").write_text(reference, encoding="latin-1")
    assert look_up("model", NAME).usable == before


def test_a_reference_that_a_death_right_after_the_record_left_out_is_written_at_the_next_use(
    hub_with_model: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = repository_folder("model", NAME) / "refs" / "main"
    commit = reference.read_text()
    reference.unlink()
    assert store.fetch("model", NAME).commit == commit
    assert hub_with_model.requests == []
    assert reference.read_text() == commit


@pytest.mark.parametrize("emptied", [b"", b"\n", b"garbage\0", b"\xff", b"a" * 200])
def test_a_reference_that_names_no_commit_is_mended_and_one_to_another_commit_stays(
    hub_with_model: LocalHub, emptied: bytes
) -> None:
    reference = repository_folder("model", NAME) / "refs" / "main"
    commit = reference.read_text()
    reference.write_bytes(emptied)
    assert store.fetch("model", NAME).commit == commit
    assert reference.read_text() == commit
    reference.write_text("0" * 40)
    assert store.fetch("model", NAME).commit == commit
    assert reference.read_text() == "0" * 40
    assert hub_with_model.requests == []


def test_a_reference_is_written_after_the_record(hub_with_model: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = repository_folder("model", NAME) / "refs" / "main"
    commit = reference.read_text()
    (reference.parent.parent / RECORD).unlink()
    reference.write_text("of another tool")
    monkeypatch.setattr(Path, "mkdir", raising(OSError("killed")))
    with pytest.raises(OSError, match="killed"):
        add_to_record(reference.parents[1], None, commit, {})
    assert read_record(reference.parents[1]).revisions == {"main": commit}
    assert reference.read_text() == "of another tool"


def raising(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_a_revision_stands_beside_main(hub_with_model: LocalHub) -> None:
    files = tiny_encoder_files()
    tagged = hub_with_model.publish("models", NAME, files | {"vocab.txt": files["vocab.txt"] + b"v2\n"}, ref="v2")
    main = look_up("model", NAME).usable
    assert store.fetch("model", NAME, "v2").commit == tagged
    assert look_up("model", NAME).usable == main
    assert look_up("model", NAME, "v2").usable.commit == tagged  # type: ignore[union-attr]
    assert look_up("model", NAME, tagged).usable.commit == tagged  # type: ignore[union-attr]


def test_a_damaged_record_says_nothing(hub_with_model: LocalHub) -> None:
    (repository_folder("model", NAME) / RECORD).write_text('{"revisions": []')
    assert look_up("model", NAME).usable


# --- a cache of plain files -----------------------------------------------------------------------------------------


def keep(repository: str, commit: str = FIRST, revision: str | None = None, files: dict[str, bytes] = TEXTS) -> Path:
    """Put a commit of a dataset into the cache and its record, and return the folder of its files."""
    root = repository_folder("dataset", repository)
    folder = root / "snapshots" / commit
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    listing = {name: Content(len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()}
    add_to_record(root, revision, commit, listing)
    return folder


def change_unseen(path: Path) -> None:
    """Change a byte, but neither the size nor the modification time."""
    status = path.stat()
    flipped(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_record_reads_back_as_written(tmp_path: Path) -> None:
    add_to_record(tmp_path, None, FIRST, {"train.csv": Content(1, "1" * 64)})
    add_to_record(tmp_path, "v2", SECOND, {"größe.csv": Content(7, "0" * 64)})
    assert read_record(tmp_path) == CacheRecord(
        revisions={"main": FIRST, "v2": SECOND},
        commits={FIRST: {"train.csv": Content(1, "1" * 64)}, SECOND: {"größe.csv": Content(7, "0" * 64)}},
    )
    assert (tmp_path / "refs" / "main").read_text() == FIRST
    assert (tmp_path / "refs" / "v2").read_text() == SECOND


def test_a_commit_that_was_asked_for_by_its_hash_gets_no_branch(tmp_path: Path) -> None:
    add_to_record(tmp_path, FIRST, FIRST, {})
    assert not (tmp_path / "refs").exists()
    assert read_record(tmp_path).revisions == {FIRST: FIRST}


@pytest.mark.parametrize("revision", ["../outside", "/tmp/outside", "a/../../outside"])
def test_a_revision_that_leads_out_of_the_folder_is_refused(tmp_path: Path, revision: str) -> None:
    with pytest.raises(ValueError, match="is not a valid revision"):
        add_to_record(tmp_path, revision, FIRST, {})
    assert list(tmp_path.iterdir()) == []


def test_what_clf_fetched_is_listed_by_kind_id_and_revision() -> None:
    keep("acme/texts")
    keep("acme/texts", SECOND, "v2")
    for folder in ("models--bert", "spaces--acme--app", "models--fetched--elsewhere"):
        (cache_folder() / folder).mkdir()
    for folder in ("models--bert", "spaces--acme--app"):
        add_to_record(cache_folder() / folder, None, FIRST, {})
    assert list(recorded_repositories()) == [
        ("dataset", "acme/texts", "main"),
        ("dataset", "acme/texts", "v2"),
        ("model", "bert", "main"),
    ]


def test_a_file_that_cannot_be_replaced_leaves_no_part_behind(tmp_path: Path) -> None:
    (tmp_path / RECORD).mkdir()
    with pytest.raises(OSError, match=RECORD):
        replace_text(tmp_path / RECORD, "{}")
    assert [path.name for path in tmp_path.iterdir()] == [RECORD]


def test_neither_the_record_nor_its_part_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    part = tmp_path / f"{RECORD}.{os.getpid()}.part"
    part.symlink_to("precious")
    replace_text(tmp_path / RECORD, "{}")
    assert part.is_symlink()
    (tmp_path / VERIFIED).symlink_to("precious")
    with pytest.raises(OutputError, match="is a symbolic link"):
        replace_text(tmp_path / VERIFIED, "{}")
    assert (tmp_path / "precious").read_text() == "precious"


def test_verified_bytes_are_hashed_again_only_when_asked_or_when_the_file_looks_changed() -> None:
    file = keep("acme/texts") / "train.csv"
    assert look_up("dataset", "acme/texts").usable
    change_unseen(file)
    assert look_up("dataset", "acme/texts").usable
    wrong = ["the content of train.csv does not match its hash"]
    assert look_up("dataset", "acme/texts", anew=True).problems == wrong
    os.utime(file, ns=(0, 0))
    assert look_up("dataset", "acme/texts").problems == wrong


def test_what_was_hashed_on_arrival_need_not_be_hashed_again() -> None:
    folder = keep("acme/texts")
    flipped(folder / "train.csv")
    note_verified(folder.parents[1], FIRST, ["train.csv"])
    assert look_up("dataset", "acme/texts").usable
    assert look_up("dataset", "acme/texts", anew=True).problems


def test_a_file_of_another_size_is_named_with_both_sizes() -> None:
    file = keep("acme/texts") / "train.csv"
    file.write_bytes(b"text\n")
    assert look_up("dataset", "acme/texts").problems == [f"train.csv has 5 bytes, expected {len(TEXTS['train.csv'])}"]


def test_verifying_needs_a_known_hash_and_using_does_not() -> None:
    folder = keep("acme/texts")
    add_to_record(folder.parents[1], None, FIRST, {"train.csv": Content(len(TEXTS["train.csv"]), "")})
    assert look_up("dataset", "acme/texts").usable
    assert look_up("dataset", "acme/texts", anew=True).problems == [
        "train.csv cannot be verified because its hash is unknown"
    ]


def test_the_first_complete_commit_of_a_revision_is_used() -> None:
    recorded = keep("acme/texts")
    of_the_client = keep("acme/texts", SECOND, SECOND)
    (recorded.parents[1] / "refs" / "main").write_text(SECOND + "\n")
    assert look_up("dataset", "acme/texts").usable == store.Snapshot(recorded, FIRST)
    (recorded / "train.csv").unlink()
    assert look_up("dataset", "acme/texts").usable == store.Snapshot(of_the_client, SECOND)
    (of_the_client / "train.csv").write_bytes(b"")
    found = look_up("dataset", "acme/texts")
    assert (found.snapshot, found.problems) == (store.Snapshot(recorded, FIRST), ["train.csv is missing"])


@pytest.mark.parametrize("revision", ["v9", SECOND, "main/x", ""])
def test_a_revision_that_is_not_cached_is_not_found(revision: str) -> None:
    folder = keep("acme/texts")
    if not revision:  # recorded, but its files are gone
        folder.rename(folder.with_name("elsewhere"))
    found = look_up("dataset", "acme/texts", revision or None)
    assert (found.snapshot, found.problems) == (None, [])


def test_a_cache_that_cannot_note_what_it_verified_is_used_all_the_same() -> None:
    folder = keep("acme/texts")
    (folder.parents[1] / VERIFIED).mkdir()
    assert look_up("dataset", "acme/texts").usable


def test_files_of_another_tool_are_held_against_the_list_that_it_kept() -> None:
    folder = keep("acme/texts", files={**TEXTS, "test.csv": b"text,label\nbad,0\n"})
    root = folder.parents[1]
    (root / RECORD).unlink()
    small = content_hash(folder / "test.csv", "0" * 40)
    large = hashlib.sha256(TEXTS["train.csv"]).hexdigest()
    listed = {"train.csv": {"lfs_sha256": large, "blob_id": "0" * 40}, "test.csv": {"blob_id": small}, "x.py": {}}
    (root / "trees").mkdir()
    (root / "trees" / f"{FIRST}.json").write_text(json.dumps({"files": listed}))
    assert look_up("dataset", "acme/texts", anew=True).usable
    for name in ("train.csv", "test.csv"):
        flipped(folder / name)
    assert look_up("dataset", "acme/texts", anew=True).problems == [
        "the content of test.csv does not match its hash",
        "the content of train.csv does not match its hash",
    ]
    (folder / "test.csv").unlink()
    assert look_up("dataset", "acme/texts").problems == ["test.csv is missing"]


def test_a_pipe_in_the_cache_holds_nothing_up(hub: LocalHub, tmp_path: Path) -> None:
    from huggingface_hub import constants

    root = Path(constants.HF_HUB_CACHE) / "models--acme--tiny"
    snapshot = root / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (root / "refs").mkdir()
    for pipe in (root / "refs" / "main", snapshot / "model.safetensors.index.json"):
        os.mkfifo(pipe)
    assert look_up("model", "acme/tiny").usable is None
    assert "config.json" in lacking(snapshot)


def test_a_name_that_leads_out_of_the_cache_and_a_pipe_in_it_are_not_read() -> None:
    keep("owner/outside")
    root = repository_folder("dataset", "owner/outside")
    (root / RECORD).write_text(
        json.dumps({"revisions": {"main": FIRST}, "commits": {FIRST: {"../../x": {"size": 1, "hash": "0" * 64}}}})
    )
    assert read_record(root).commits == {}
    file = keep("owner/pipe") / "train.csv"
    file.unlink()
    os.mkfifo(file)
    assert look_up("dataset", "owner/pipe").problems == ["train.csv is not a regular file"]
