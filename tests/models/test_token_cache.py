"""Tokens are kept from run to run: read again if they are as they were written, and made again if not."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoTokenizer

from clf.models.token_cache import cached_tokens
from clf.models.tokens import tokenize

TEXTS = ["a film", "", "a very long film " * 9]


def listed(ids: list[Any]) -> list[list[int]]:
    return [row.tolist() for row in ids]


def seal(file: Path) -> None:
    """Write the hash of a file beside it, as clf does."""
    told = {"schema_version": 1, "sha256": sha256(file.read_bytes()).hexdigest()}
    file.with_suffix(".json").write_text(json.dumps(told))


def test_ids_are_read_again_and_not_made_again(tiny_encoder: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    made = listed(cached_tokens(tmp_path / "new" / "tokens", TEXTS, tokenizer, 16, "tail"))
    assert made == listed(tokenize(TEXTS, tokenizer, 16, "tail"))
    told, file = sorted((tmp_path / "new" / "tokens").iterdir())
    kept = np.load(file)
    kept[len(TEXTS) :] += 1
    np.save(file, kept)
    seal(file)
    read = cached_tokens(tmp_path / "new" / "tokens", TEXTS, tokenizer, 16, "tail")
    assert listed(read) == [[number + 1 for number in row] for row in made]
    assert sorted((tmp_path / "new" / "tokens").iterdir()) == [told, file]


def test_what_killed_runs_left_of_other_texts_is_deleted(tiny_encoder: Path, tmp_path: Path) -> None:
    left = tmp_path / f".{'0' * 32}.json.part-{'1' * 16}"
    left.write_text("{")
    (tmp_path / ".notes").write_text("of a user")
    cached_tokens(tmp_path, TEXTS, AutoTokenizer.from_pretrained(tiny_encoder), 16)
    assert not left.exists()
    assert (tmp_path / ".notes").exists()


def test_a_tokenizer_with_gaps_between_its_ids_finds_its_tokens(tiny_encoder: Path, tmp_path: Path) -> None:
    file = tmp_path / "encoder" / "tokenizer.json"
    file.parent.mkdir()
    for path in tiny_encoder.iterdir():
        (file.parent / path.name).write_bytes(path.read_bytes())
    written = json.loads(file.read_text())
    word = max(written["model"]["vocab"], key=written["model"]["vocab"].get)
    written["model"]["vocab"][word] += 1000
    file.write_text(json.dumps(written))
    tokenizer = AutoTokenizer.from_pretrained(file.parent)
    made = listed(cached_tokens(tmp_path / "tokens", [word], tokenizer, 16))
    assert max(made[0]) == written["model"]["vocab"][word]
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "tokens").iterdir()}
    assert listed(cached_tokens(tmp_path / "tokens", [word], tokenizer, 16)) == made
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "tokens").iterdir()} == times


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("damage", ["empty", "no array", "other lengths", "unknown ids", "negative ids", "too long"])
def test_a_damaged_or_other_file_is_made_again(tiny_encoder: Path, tmp_path: Path, damage: str, sealed: bool) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    made = listed(cached_tokens(tmp_path, TEXTS, tokenizer, 16))
    told, file = sorted(tmp_path.iterdir())
    kept = np.load(file)
    change: dict[str, Callable[[], object]] = {
        "empty": lambda: file.write_bytes(b""),
        "no array": lambda: file.write_bytes(b"\x93NUMPY\1\0 no array"),
        "other lengths": lambda: np.save(file, kept[1:]),
        "unknown ids": lambda: np.save(file, np.where(np.arange(len(kept)) < len(TEXTS), kept, 10**6).astype("<i4")),
        "negative ids": lambda: np.save(file, np.where(np.arange(len(kept)) < len(TEXTS), kept, -1).astype("<i4")),
        "too long": lambda: np.save(file, np.array([17, *[0] * (len(TEXTS) - 1), *[1] * 17], dtype="<i4")),
    }
    change[damage]()
    if sealed:
        seal(file)
    assert listed(cached_tokens(tmp_path, TEXTS, tokenizer, 16)) == made
    assert sorted(tmp_path.iterdir()) == [told, file]
    assert np.load(file)[: len(TEXTS)].tolist() == [len(row) for row in made]


def test_ids_that_were_edited_are_not_trained_on(
    tiny_encoder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    made = listed(cached_tokens(tmp_path, TEXTS, tokenizer, 16))
    told, file = sorted(tmp_path.iterdir())
    kept = np.load(file)
    np.save(file, np.where(np.arange(len(kept)) < len(TEXTS), kept, 5).astype("<i4"))
    assert listed(cached_tokens(tmp_path, TEXTS, tokenizer, 16)) == made
    assert "not using the cached tokens in" in caplog.text
    told.write_text("{")
    assert listed(cached_tokens(tmp_path, TEXTS, tokenizer, 16)) == made


def test_a_folder_in_the_place_of_a_file_only_costs_the_cache(tiny_encoder: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    made = listed(cached_tokens(tmp_path, TEXTS, tokenizer, 16))
    for file in list(tmp_path.iterdir()):
        file.unlink()
        file.mkdir()
        assert listed(cached_tokens(tmp_path, TEXTS, tokenizer, 16)) == made


def test_other_texts_lengths_parts_and_words_have_other_files(tiny_encoder: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    cached_tokens(tmp_path, TEXTS, tokenizer, 16)
    tokenizer(TEXTS, truncation=True, max_length=4, padding=True)  # leaves its settings in the tokenizer
    cached_tokens(tmp_path, TEXTS, tokenizer, 16)
    assert len(list(tmp_path.glob("*.npy"))) == 1
    cached_tokens(tmp_path, TEXTS, tokenizer, 17)
    cached_tokens(tmp_path, TEXTS, tokenizer, 16, "tail")
    cached_tokens(tmp_path, ["a", "film", *TEXTS[1:]], tokenizer, 16)
    cached_tokens(tmp_path, ["a film,", *TEXTS[1:]], tokenizer, 16)
    tokenizer.add_tokens(["newest"])
    cached_tokens(tmp_path, TEXTS, tokenizer, 16)
    assert len(list(tmp_path.glob("*.npy"))) == 6


def test_a_tokenizer_that_cannot_be_told_from_another_keeps_nothing(tiny_encoder: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)

    def slow(*arguments: Any, **options: Any) -> Any:
        return tokenizer(*arguments, **options)

    assert listed(cached_tokens(tmp_path, TEXTS, slow, 16)) == listed(tokenize(TEXTS, tokenizer, 16))
    assert list(tmp_path.iterdir()) == []
