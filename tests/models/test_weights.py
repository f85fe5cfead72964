"""The weights of a folder are regular files in it, and each holds what its header says."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clf.errors import ModelError
from clf.models.weights import check_regular, count_weights

WHOLE = {"a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}


def safetensors(path: Path, header: Any, size: int = 24) -> Path:
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(content).to_bytes(8, "little") + content + b"\0" * size)
    return path


def test_the_numbers_of_a_file_are_counted_from_its_header(tmp_path: Path) -> None:
    safetensors(tmp_path / "model.safetensors", WHOLE | {"__metadata__": {"format": "pt"}})
    assert count_weights(tmp_path, "x") == 6


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F32", "shape": [2, 4], "data_offsets": [0, 32]}},
        {"a": {"dtype": "F32", "shape": [2, 4], "data_offsets": [0, 24]}},
        {"a": {"dtype": "F32", "shape": [-2, -3], "data_offsets": [0, 24]}},
        {"a": {"dtype": "F32", "shape": ["2"], "data_offsets": [0, 24]}},
        {"a": {"dtype": "PICKLE", "shape": [6], "data_offsets": [0, 24]}},
        {"a": {"dtype": "F32", "shape": [6], "data_offsets": [24, 0]}},
        {"a": {"dtype": "F32", "shape": [6]}},
        {"a": [6]},
        {name: {"dtype": "F32", "shape": [6], "data_offsets": [0, 24]} for name in "ab"},
        b'{"a": ' + b"[" * 100_000,
        b'{"a": 1, "a": 2}',
        b"{" + b"\xff" * 20,
    ],
)
def test_a_header_that_does_not_describe_its_file_is_refused(tmp_path: Path, header: Any) -> None:
    path = safetensors(tmp_path / "model.safetensors", header)
    with pytest.raises(ModelError, match="is truncated or not a safetensors file") as refused:
        count_weights(tmp_path, "x")
    assert str(path) in refused.value.message
    assert "\n" not in refused.value.message


def index(folder: Path, content: Any) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps(content))


def test_the_shards_of_an_index_are_counted_together(tmp_path: Path) -> None:
    for name in ("one.safetensors", "two.safetensors", "other.safetensors"):
        safetensors(tmp_path / name, WHOLE)
    index(
        tmp_path,
        {"metadata": {}, "weight_map": {"a": "one.safetensors", "b": "two.safetensors", "c": "one.safetensors"}},
    )
    assert count_weights(tmp_path, "x") == 12


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"weight_map": {"a": "../one.safetensors"}}, "'../one.safetensors' is not a plain name"),
        ({"weight_map": {"a": "/etc/one.safetensors"}}, "is not a plain name"),
        ({"metadata": {}, "weight_map": {"a": "pytorch_model.bin"}}, "which is not a safetensors file"),
        ({"metadata": {}, "weight_map": {"a": "two.safetensors"}}, "x lacks two.safetensors"),
        ({"weight_map": {"a": "one.safetensors"}}, "its metadata is missing"),
        ({"metadata": "x", "weight_map": {"a": "one.safetensors"}}, "its metadata is 'x'"),
        ({"weight_map": {"a": 5}}, "weight_map.a is 5"),
        ({"weight_map": {}}, "weight_map is {}"),
        ([], "content is []"),
    ],
)
def test_an_index_names_only_weights_in_its_folder(tmp_path: Path, content: Any, said: str) -> None:
    safetensors(tmp_path / "one.safetensors", WHOLE)
    index(tmp_path, content)
    with pytest.raises(ModelError) as refused:
        count_weights(tmp_path, "x")
    assert said in refused.value.message


@pytest.mark.parametrize("name", ["x.safetensors", "added_tokens.json", "vocab.txt", "chat_template.jinja"])
@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_read_is_a_regular_file(tmp_path: Path, name: str, make: Callable[[Path], object]) -> None:
    make(tmp_path / name)
    with pytest.raises(ModelError, match="is not a regular file") as refused:
        check_regular(tmp_path, "x")
    assert str(tmp_path / name) in refused.value.message


def test_a_link_into_the_cache_is_fine_and_one_that_leads_nowhere_is_not(tmp_path: Path) -> None:
    (tmp_path / "blob").write_text("{}")
    (tmp_path / "config.json").symlink_to("blob")
    (tmp_path / "onnx").mkdir()
    check_regular(tmp_path, "x")
    (tmp_path / "vocab.txt").symlink_to("nowhere")
    with pytest.raises(ModelError, match=r"vocab\.txt cannot be read: No such file"):
        check_regular(tmp_path, "x")


def test_a_description_of_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "tokenizer.json").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ModelError, match=r"tokenizer\.json has 1048576 MB, expected at most 256"):
        check_regular(tmp_path, "x")


@pytest.mark.parametrize("name", ["adapter_config.json", "shard-00001-model-00001-of-00001.safetensors"])
def test_files_that_would_be_read_instead_of_the_weights_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}")
    with pytest.raises(ModelError, match="which would change its weights"):
        check_regular(tmp_path, "x")


def test_more_tensors_than_any_encoder_has_are_refused(tmp_path: Path) -> None:
    tensor = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    safetensors(tmp_path / "model.safetensors", {f"t{number}": tensor for number in range(20_001)})
    with pytest.raises(ModelError, match="it lists 20001 tensors"):
        count_weights(tmp_path, "x")
