"""A tokenizer.json that would fill the memory, never end or stop the process is refused unread by the library."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from clf.errors import ModelError
from clf.models.tokenizer_file import check_tokenizer_file


def replace(content: str, **pattern: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def precompiled(content: bytes) -> dict[str, str]:
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(content).decode()}


def sequence(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", "normalizers": list(steps)}


def around(tokens: int, ids: int = 1) -> dict[str, Any]:
    single = [{"SpecialToken": {"id": "x", "type_id": 0}}] * tokens
    return {"type": "TemplateProcessing", "single": single, "special_tokens": {"x": {"ids": [1] * ids}}}


def checked(folder: Path, content: Any) -> None:
    (folder / "tokenizer.json").write_text(json.dumps(content))
    check_tokenizer_file(folder / "tokenizer.json")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ([], "it is not a JSON object"),
        ({"normalizer": replace("o" * 100, String="o")}, "up to 1e+02 times"),
        ({"normalizer": sequence(*[replace("oo", String="o")] * 30)}, "up to 1e+09 times"),
        ({"normalizer": sequence(*[replace("x", Regex="y*")] * 30)}, "up to 1e+09 times"),
        ({"normalizer": sequence(*[replace("x", Regex="(?=.)")] * 30)}, "up to 1e+09 times"),
        ({"normalizer": sequence(*[replace("x", Regex="(")] * 30)}, "up to 1e+09 times"),
        ({"normalizer": {"type": "Prepend", "prepend": "x" * 1000}}, "up to 2e+02 times"),
        ({"normalizer": sequence(*[{"type": "ByteLevel"}] * 20)}, "up to 1e+06 times"),
        ({"pre_tokenizer": {"pretokenizers": [{"type": "ByteLevel"}] * 20}}, "up to 1e+06 times"),
        ({"normalizer": sequence(*[{"type": "NFC"}] * 100)}, "in 101 steps"),
        ({"normalizer": precompiled(b"\xff" * 8)}, "its map of characters is cut off"),
        ({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "="}}, "cannot be decoded"),
        ({"normalizer": precompiled(b"\x04\0\0\0" + b"\0" * 4 + b"x" * 300)}, "up to 1e+02 times"),
        ({"post_processor": around(40)}, "40 tokens around each text"),
        ({"post_processor": {"processors": [around(2, ids=20)]}}, "40 tokens around each text"),
        ({"model": {"type": "BPE", "dropout": 0.1}}, "at random"),
        ({"model": {"max_input_chars_per_word": 10**9}}, "words of 1000000000 characters"),
    ],
)
def test_what_no_tokenizer_of_an_encoder_has_is_refused(tmp_path: Path, content: Any, why: str) -> None:
    with pytest.raises(ModelError) as refused:
        checked(tmp_path, content)
    assert "tokenizer.json is damaged: " in refused.value.message
    assert why in refused.value.message


def test_what_tokenizers_of_encoders_have_is_read(tmp_path: Path, tiny_encoder: Path) -> None:
    check_tokenizer_file(tmp_path / "none.json")
    check_tokenizer_file(tiny_encoder / "tokenizer.json")
    quotes = [replace('"', String="``"), replace('"', String="''"), replace(" ", Regex=" {2,}")]
    longest = precompiled(b"\x04\0\0\0" + b"\0" * 4 + "صلى الله عليه وسلم".encode() + b"\0a\0")
    checked(tmp_path, {"normalizer": sequence(longest, *quotes, {"type": "NFKD"}), "post_processor": around(4)})
    checked(tmp_path, {"pre_tokenizer": {"type": "ByteLevel"}, "model": {"dropout": None, "type": "BPE"}})
