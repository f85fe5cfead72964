"""Only files that clf reads are fetched from a repository, and none of them is run."""

import hashlib
import io
import json
from pathlib import Path

import pytest

from clf.errors import DataError, ModelError
from clf.hub.files import (
    INDEX,
    check_weights,
    content_hash,
    how_to_fetch,
    is_commit,
    is_repository_id,
    lacking,
    unusable,
    wanted,
)
from conftest import RunClf
from support.local_hub import LocalHub
from support.tiny import imdb_files


def test_code_beside_a_dataset_is_neither_fetched_nor_run(
    hub: LocalHub, own_folder: Path, clf: RunClf, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = own_folder / "canary"
    script = f"open({str(canary)!r}, 'w').close()\n".encode()
    files = {name: data for name, data in imdb_files().items() if name != "README.md"}
    hub.publish("datasets", "evil/data", files | {"data.py": script, "evil.py": script, "setup.py": script})
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 10))
    done = clf("prepare", "--dataset", "evil/data")
    assert done.code == 0, done.err
    assert not [request for request in hub.requests if request.path.endswith(".py")]
    assert not canary.exists()


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


def test_weights_of_another_kind_are_refused() -> None:
    with pytest.raises(ModelError, match="only pickled"):
        check_weights("a/b", ["pytorch_model.bin"])
    with pytest.raises(ModelError, match=r"has no model\.safetensors"):
        check_weights("a/b", ["tf_model.h5"])


def test_one_safetensors_file_beside_pickles_is_enough() -> None:
    check_weights("a/b", ["pytorch_model.bin", "model.safetensors"])
    check_weights("a/b", ["pytorch_model.bin", "model-00001-of-00002.safetensors"])


@pytest.mark.parametrize("names", [["adapter/model.safetensors", "model.pt"], ["model.ckpt"], ["model.pth"]])
def test_weights_in_a_folder_do_not_count_and_every_kind_of_pickle_is_named(names: list[str]) -> None:
    with pytest.raises(ModelError, match="a/b has only pickled weights") as refused:
        check_weights("a/b", names)
    assert "model.safetensors" in refused.value.hint


@pytest.mark.parametrize("name", ["bert", "acme/tiny", "0/1", "a.b-c_d/e.f", "a" * 96, "a/" + "b" * 96])
def test_a_hub_id_is_a_name_or_an_owner_and_a_name(name: str) -> None:
    assert is_repository_id(name)


@pytest.mark.parametrize(
    "name", ["", "a/b/c", "/a", "a/", "./a", "../a", "a/..", "a..b", "a--b", "a b", "~a", "-a", ".a", "a\n", "a" * 97]
)
def test_what_could_be_a_path_or_escape_the_cache_is_no_hub_id(name: str) -> None:
    assert not is_repository_id(name)


def test_a_commit_is_forty_hexadecimal_digits_in_small_letters() -> None:
    assert is_commit("0123456789abcdef" * 2 + "01234567")
    assert not [name for name in ("a" * 39, "a" * 41, "A" * 40, "g" * 40, "main", "a" * 40 + "\n") if is_commit(name)]


def test_an_unusable_model_is_an_error_of_the_model_and_a_dataset_one_of_the_data() -> None:
    assert (unusable("model"), unusable("dataset")) == (ModelError, DataError)


@pytest.mark.parametrize(
    ("kind", "revision", "command"),
    [
        ("model", None, "clf download-models acme/x"),
        ("model", "v2", "clf download-models acme/x --revision v2"),
        ("dataset", None, "clf download-models --dataset acme/x"),
        ("dataset", "v2", "clf download-models --dataset acme/x"),
    ],
)
def test_the_command_that_fetches_is_one_that_clf_accepts(kind: str, revision: str | None, command: str) -> None:
    assert how_to_fetch(kind, "acme/x", revision) == command  # type: ignore[arg-type]


def test_a_model_folder_lacks_config_weights_and_tokenizer_until_each_is_there(tmp_path: Path) -> None:
    assert lacking(tmp_path) == ["config.json", "model.safetensors", "tokenizer.json"]
    (tmp_path / "spiece.model").touch()
    (tmp_path / "config.json").touch()
    assert lacking(tmp_path) == ["model.safetensors"]
    (tmp_path / "model.safetensors").touch()
    assert lacking(tmp_path) == []


def test_each_shard_that_the_index_names_is_required(tmp_path: Path) -> None:
    for name in ("config.json", "vocab.txt", "model-00002-of-00002.safetensors"):
        (tmp_path / name).touch()
    shards = {"a": "model-00002-of-00002.safetensors", "b": "model-00001-of-00002.safetensors"}
    (tmp_path / INDEX).write_text(json.dumps({"weight_map": shards | {"c": shards["b"]}}))
    assert lacking(tmp_path) == ["model-00001-of-00002.safetensors"]


def of(*files: object) -> str:
    return json.dumps({"weight_map": {str(number): file for number, file in enumerate(files)}})


@pytest.mark.parametrize(
    "index",
    ["", "[]", "{}", '{"weight_map": []}', of([]), of(5), of("a\0b"), of("x" * 300),
     of("a.safetensors", 5), of("../a.safetensors"), "[" * 100_000],
)  # fmt: skip
def test_with_an_index_that_cannot_be_read_the_single_file_is_required(tmp_path: Path, index: str) -> None:
    (tmp_path / "config.json").touch()
    (tmp_path / "vocab.txt").touch()
    (tmp_path / INDEX).write_text(index)
    assert lacking(tmp_path) == ["model.safetensors"]


@pytest.mark.parametrize(
    ("data", "of_git"),  # the latter as `git hash-object` prints it
    [(b"", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"), (b"hello\n", "ce013625030ba8dba906f756967f9e9ca394464a")],
)
def test_contents_are_hashed_as_git_and_the_hub_do(tmp_path: Path, data: bytes, of_git: str) -> None:
    (tmp_path / "file").write_bytes(data)
    assert content_hash(tmp_path / "file", "0" * 40) == of_git
    assert content_hash(tmp_path / "file", "0" * 64) == hashlib.sha256(data).hexdigest()


def test_hashing_tells_how_many_bytes_each_block_had(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes((1 << 20) + 5))
    blocks: list[int] = []
    found = content_hash(tmp_path / "file", "0" * 64, blocks.append)
    assert found == hashlib.sha256(bytes((1 << 20) + 5)).hexdigest()
    assert blocks == [1 << 20, 5]
