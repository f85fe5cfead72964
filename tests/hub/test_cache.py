"""What the cache holds is judged by what clf recorded, else by what a whole model is; never by hope."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import constants

from clf import hub as store
from clf.errors import ModelError, NetworkError, OutputError
from clf.hub import look_up
from clf.hub.address import cache_folder, repository_folder
from clf.hub.cache import RECORD, VERIFIED
from clf.hub.files import check_weights, stays_inside, wanted
from support.local_hub import LocalHub
from support.tiny import tiny_encoder_files

NAME = "distilbert-base-uncased"


@pytest.fixture(scope="module")
def filled_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    with LocalHub() as hub, pytest.MonkeyPatch.context() as patch:
        hub.publish("models", NAME, tiny_encoder_files())
        patch.setattr(constants, "ENDPOINT", hub.url)
        patch.setattr(constants, "HF_HUB_CACHE", str(folder))
        store.fetch("model", NAME)
    return folder


@pytest.fixture
def hub_with_model(hub: LocalHub, filled_cache: Path) -> LocalHub:
    """Give a Hub whose model is in the cache."""
    shutil.copytree(filled_cache, cache_folder(), symlinks=True)
    return hub


def as_another_tool_leaves_it() -> Path:
    """Take away what clf wrote, so that only the client's own layout is left."""
    root = repository_folder("model", NAME)
    for name in (RECORD, VERIFIED):
        (root / name).unlink(missing_ok=True)
    return root


def test_a_hit_needs_no_request_and_no_write(hub_with_model: LocalHub) -> None:
    assert look_up("model", NAME).usable
    assert hub_with_model.requests == []


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


def test_an_update_that_fails_leaves_the_old_commit(hub_with_model: LocalHub) -> None:
    old = look_up("model", NAME).usable
    files = tiny_encoder_files()
    hub_with_model.publish("models", NAME, files | {"vocab.txt": files["vocab.txt"] + b"newer\n"})
    broken = hub_with_model.fault("status", path="vocab", code=404)
    with pytest.raises(NetworkError, match="is still usable"):
        store.fetch("model", NAME, update=True)
    assert broken.fired
    assert look_up("model", NAME).usable == old
    hub_with_model.clear()
    new = store.fetch("model", NAME, update=True)
    assert (new.origin, new.commit != old.commit) == ("hub", True)  # type: ignore[union-attr]
    assert look_up("model", NAME).usable.commit == new.commit  # type: ignore[union-attr]
    assert look_up("model", NAME, old.commit).usable == old  # type: ignore[union-attr]


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


def test_a_place_that_cannot_be_written_is_named(hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", "/proc/clf cache")
    with pytest.raises(OutputError, match=r"the cache /proc/clf cache cannot be written") as refused:
        store.fetch("model", NAME)
    assert "HF_HOME" in refused.value.hint


def test_a_path_with_spaces_is_a_path(hub: LocalHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "my cache, ü"))
    assert store.fetch("model", NAME).origin == "hub"
    assert store.fetch("model", NAME, offline=True).origin == "cache"


def test_the_plain_client_finds_what_clf_fetched(hub_with_model: LocalHub) -> None:
    from huggingface_hub import snapshot_download

    patterns = wanted("model", list(tiny_encoder_files()))
    assert snapshot_download(NAME, local_files_only=True, allow_patterns=patterns)
    shutil.rmtree(cache_folder() / ".locks")
    assert look_up("model", NAME).usable


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["model.safetensors", "model-00001-of-00002.safetensors", "model.safetensors.index.json"], ["model.safetensors"]),
        (["model-00001-of-00002.safetensors", "model.safetensors.index.json"],
         ["model-00001-of-00002.safetensors", "model.safetensors.index.json"]),
        (["pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", "rust_model.ot", "modeling_x.py"], []),
        (["onnx/model.onnx", "1_Pooling/config.json", "config.json"], ["config.json"]),
        (["model.fp16.safetensors", "spiece.model", "tokenizer.json"], ["spiece.model", "tokenizer.json"]),
        (["training_args.bin", "README.md", "vocab.txt", "merges.txt"], ["merges.txt", "vocab.txt"]),
    ],
)  # fmt: skip
def test_only_what_is_needed_of_a_model_is_wanted(names: list[str], chosen: list[str]) -> None:
    assert wanted("model", names) == chosen


def test_no_code_is_wanted_of_a_dataset() -> None:
    assert wanted("dataset", ["imdb.py", "data/train.parquet", "README.md", "x.pkl"]) == [
        "README.md",
        "data/train.parquet",
    ]


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../b", "..", "a\\..\\b", ""])
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    assert not stays_inside(name)


def test_weights_of_another_kind_are_refused() -> None:
    with pytest.raises(ModelError, match="only pickled"):
        check_weights("a/b", ["pytorch_model.bin"])
    with pytest.raises(ModelError, match=r"has no model\.safetensors"):
        check_weights("a/b", ["tf_model.h5"])
