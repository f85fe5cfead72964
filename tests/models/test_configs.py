"""What a config.json from elsewhere may not set: code, other files, kernels, and sizes that no encoder has."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from clf.errors import ModelError
from clf.models.configs import check_tokenizer_config, read_config


def config(folder: Path, name: str = "config.json", **values: Any) -> Path:
    (folder / name).write_text(json.dumps({"model_type": "bert"} | values))
    return folder


@pytest.mark.parametrize(
    "values",
    [
        {"transformers_weights": "adapter_model.bin"},
        {"transformers_weights": "other.safetensors"},
        {"attn_implementation": "owner/kernel"},
        {"_attn_implementation": "flash_attention_2"},
        {"attn_implementation": {"": "sdpa"}},
        {"_attn_implementation_internal": "owner/kernel"},
        {"experts_implementation": "owner/kernel"},
        {"quantization_config": {"quant_method": "bitsandbytes_4bit"}},
        {"kernel_config": {"kernel_mapping": {"RMSNorm": "owner/kernel:Layer"}}},
        {"use_kernels": True},
        {"configuration_files": ["config.4.0.0.json"]},
        {"gguf_file": "x.gguf"},
        {"fusion_config": {"a": True}},
        {"__class__": "x"},
        {"text_config": {"attn_implementation": "owner/kernel"}},
        {"sub": [{"deep": {"transformers_weights": "x.bin"}}]},
    ],
)
def test_what_leads_elsewhere_is_refused_at_any_depth(tmp_path: Path, values: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=r"^x: config.json sets .* with which other files or code are loaded") as no:
        read_config(config(tmp_path, **values), "x")
    assert no.value.hint.startswith("remove ")


def test_code_is_refused_at_any_depth(tmp_path: Path) -> None:
    for values in ({"auto_map": {}}, {"text_config": {"auto_map": {"AutoModel": "x.Model"}}}):
        with pytest.raises(ModelError, match=r"needs to run its own code"):
            read_config(config(tmp_path, **values), "x")


@pytest.mark.parametrize(
    "values",
    [
        {"attn_implementation": "sdpa", "_attn_implementation": "eager", "quantization_config": None},
        {"use_kernels": False, "architectures": None, "experts_implementation": None},
        {"max_position_embeddings": 512, "num_hidden_layers": 48, "eos_token_id": 10**18, "rope_theta": 1e6},
    ],
)
def test_what_harmless_models_set_is_read(tmp_path: Path, values: dict[str, Any]) -> None:
    assert read_config(config(tmp_path, **values), "x").model_type == "bert"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"architectures": 5}, "its architectures is 5"),
        ({"architectures": [5]}, "its architectures.0 is 5"),
        ({"model_type": 5}, "its model_type is 5"),
        ({"max_position_embeddings": "512"}, "its max_position_embeddings is '512'"),
        ({"max_position_embeddings": -1}, "its max_position_embeddings is -1"),
        ({"max_position_embeddings": 10**12}, "its max_position_embeddings is 1000000000000"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(tmp_path: Path, values: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError) as refused:
        read_config(config(tmp_path, **values), "x")
    assert refused.value.message == f"x/config.json is damaged: {said}"


@pytest.mark.parametrize(
    "values",
    [{"n_layers": 2000}, {"num_hidden_layers": 2000}, {"encoder_layers": 513}, {"vision": {"depths": [300, 300]}},
     {"num_experts": 10**9}],
)  # fmt: skip
def test_more_layers_than_any_encoder_has_are_refused(tmp_path: Path, values: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=r"expected at most 512"):
        read_config(config(tmp_path, **values), "x")


@pytest.mark.parametrize("content", [b"[]", b"{", b"[" * 100_000, b"\xff", b'{"model_type": 1e'])
def test_what_is_no_config_is_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"x/config.json is damaged or has no model_type"):
        read_config(tmp_path, "x")


def test_a_pipe_is_no_config_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.json")
    with pytest.raises(ModelError, match=r"it is not a regular file"):
        read_config(tmp_path, "x")


# --- tokenizer_config.json ----------------------------------------------------------------------------------


def tokenizer(folder: Path, **values: Any) -> Path:
    return config(folder, "tokenizer_config.json", **values)


@pytest.mark.parametrize("length", ["64", -1, 0, True, [64]])
def test_a_model_max_length_that_is_no_length_is_refused(tmp_path: Path, length: Any) -> None:
    with pytest.raises(ModelError, match=r"x/tokenizer_config.json is damaged: its model_max_length is"):
        check_tokenizer_config(tokenizer(tmp_path, model_max_length=length), "x")


@pytest.mark.parametrize("length", [64, 64.0, 10**30, 1e30, None])
def test_the_lengths_that_tools_write_are_read(tmp_path: Path, length: Any) -> None:
    check_tokenizer_config(tokenizer(tmp_path, model_max_length=length), "x")


def test_a_file_elsewhere_is_refused_and_a_path_of_the_author_is_not(tmp_path: Path) -> None:
    check_tokenizer_config(tokenizer(tmp_path, special_tokens_map_file="/home/author/x.json", tokenizer_file=None), "x")
    for path in ("/etc/passwd", str(tmp_path), "../../../../../../../../etc/passwd"):
        with pytest.raises(ModelError, match=r"tokenizer_config.json has vocab_file = .*, a file elsewhere"):
            check_tokenizer_config(tokenizer(tmp_path, vocab_file=path), "x")


@pytest.mark.parametrize("values", [{"gguf_file": "x"}, {"mecab_kwargs": {"mecab_option": "-r x"}}, {"subfolder": "x"}])
def test_what_makes_a_tokenizer_read_other_files_is_refused(tmp_path: Path, values: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=r"with which other files or code are loaded"):
        check_tokenizer_config(tokenizer(tmp_path, **values), "x")


def test_a_tokenizer_needs_no_config(tmp_path: Path) -> None:
    check_tokenizer_config(tmp_path, "x")


@pytest.mark.parametrize(
    "values", [{"num_labels": 10**9}, {"dropout": float("nan")}, {"hidden_dropout_prob": float("inf")}]
)
def test_numbers_that_no_model_has_are_refused(tmp_path: Path, values: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=r"config.json is damaged: its "):
        read_config(config(tmp_path, **values), "x")


@pytest.mark.parametrize(
    "values", [{"extra_ids": 10**8}, {"extra_special_tokens": ["x"] * 10_000}, {"additional_special_tokens": 5}]
)
def test_more_special_tokens_than_a_tokenizer_has_are_refused(tmp_path: Path, values: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=r"tokenizer_config.json is damaged: its "):
        check_tokenizer_config(config(tmp_path, "tokenizer_config.json", **values), "x")
