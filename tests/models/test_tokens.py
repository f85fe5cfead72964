"""Texts become token ids, cut at the length asked for, kept from run to run, and padded; a long text costs little."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoTokenizer

from clf.errors import ModelError
from clf.models import tokens
from clf.models.tokens import CHARACTERS_PER_TOKEN, Truncation, cached_tokens, pad_rows, plain_tokenizer, tokenize


def test_the_ids_are_the_tokenizers_own_cut_at_the_length(tiny_encoder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    texts = ["a film", "a very long film " * 50]
    ids = [row.tolist() for row in tokenize(texts, tokenizer, 16)]
    assert ids == tokenizer(texts, truncation=True, max_length=16)["input_ids"]


def test_ten_megabytes_cost_no_more_than_what_is_read(tiny_encoder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    characters = []

    class Counting:
        def __getattr__(self, name: str) -> object:
            return getattr(tokenizer, name)

        def __call__(self, texts: list[str], *arguments: object, **options: object) -> object:
            characters.extend(map(len, texts))
            return tokenizer(texts, *arguments, **options)

    for part in ("head", "tail", "head-tail"):
        [ids] = tokenize(["film " * 2_000_000], Counting(), 128, part)
        assert len(ids) == 128
    assert characters
    assert max(characters) <= 2 * 128 * CHARACTERS_PER_TOKEN + 1


def test_the_part_that_is_asked_for_is_kept(tiny_encoder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    text = " ".join(["great"] * 30 + ["bad"] * 30)
    great, bad = tokenizer.convert_tokens_to_ids(["great", "bad"])
    heads, tails, both = (tokenize([text, "great"], tokenizer, 18, part) for part in ("head", "tail", "head-tail"))
    opening, closing = int(heads[0][0]), int(heads[0][-1])
    assert [len(ids) for ids in (heads[0], tails[0], both[0])] == [18, 18, 18]
    assert bad not in heads[0].tolist()
    assert great not in tails[0].tolist()
    assert both[0].tolist() == [opening, *[great] * 4, *[bad] * 12, closing]
    assert heads[1].tolist() == tails[1].tolist() == both[1].tolist() == [opening, great, closing]


def test_a_text_of_megabytes_keeps_both_its_ends(tiny_encoder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    great, bad = tokenizer.convert_tokens_to_ids(["great", "bad"])
    [ids] = tokenize(["great " * 400_000 + "bad " * 400_000], tokenizer, 18, "head-tail")
    assert ids[1:-1].tolist() == [great] * 4 + [bad] * 12


@pytest.mark.parametrize(
    ("words", "truncation", "kept"),
    [
        (8, "head", "01234567"),
        (8, "tail", "01234567"),
        (8, "head-tail", "01234567"),
        (9, "head", "01234567"),
        (9, "tail", "12345678"),
        (9, "head-tail", "01345678"),
        (0, "head-tail", ""),
    ],
)
def test_a_text_of_just_the_length_is_whole_and_one_more_token_cuts_it(
    tiny_encoder: Path, words: int, truncation: Truncation, kept: str
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    [ids] = tokenize([" ".join("012345678"[:words])], tokenizer, 10, truncation)
    assert "".join(tokenizer.convert_ids_to_tokens(ids.tolist())) == f"[CLS]{kept}[SEP]"
    assert ids.dtype == np.int32


@pytest.mark.parametrize("truncation", ["head", "tail"])
def test_a_special_token_that_is_typed_is_text(tiny_encoder: Path, truncation: Truncation) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    [ids] = tokenize(["a [SEP] b"], tokenizer, 32, truncation)
    assert ids.tolist().count(tokenizer.sep_token_id) == 1
    assert int(ids[-1]) == tokenizer.sep_token_id


def test_texts_of_several_chunks_keep_their_order(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    texts = [str(number) for number in range(7)]
    whole = [row.tolist() for row in tokenize(texts, tokenizer, 8)]
    assert len(whole) == 7
    for chunk in (1, 3, 7):
        monkeypatch.setattr(tokens, "CHUNK", chunk)
        assert [row.tolist() for row in tokenize(texts, tokenizer, 8)] == whole
    assert tokenize([], tokenizer, 8) == []


# --- kept from run to run -----------------------------------------------------------------------------------

TEXTS = ["a film", "", "a very long film " * 9]


def listed(ids: list[Any]) -> list[list[int]]:
    return [row.tolist() for row in ids]


def test_ids_are_read_again_and_not_made_again(tiny_encoder: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    made = listed(cached_tokens(tmp_path / "new" / "tokens", TEXTS, tokenizer, 16, "tail"))
    assert made == listed(tokenize(TEXTS, tokenizer, 16, "tail"))
    [file] = (tmp_path / "new" / "tokens").iterdir()
    kept = np.load(file)
    kept[len(TEXTS) :] += 1
    np.save(file, kept)
    read = cached_tokens(tmp_path / "new" / "tokens", TEXTS, tokenizer, 16, "tail")
    assert listed(read) == [[number + 1 for number in row] for row in made]
    assert list((tmp_path / "new" / "tokens").iterdir()) == [file]


@pytest.mark.parametrize("damage", ["empty", "no array", "other lengths", "unknown ids", "negative ids", "too long"])
def test_a_damaged_or_other_file_is_made_again(tiny_encoder: Path, tmp_path: Path, damage: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    made = listed(cached_tokens(tmp_path, TEXTS, tokenizer, 16))
    [file] = tmp_path.iterdir()
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
    assert listed(cached_tokens(tmp_path, TEXTS, tokenizer, 16)) == made
    assert list(tmp_path.iterdir()) == [file]
    assert np.load(file)[: len(TEXTS)].tolist() == [len(row) for row in made]


def test_other_texts_lengths_parts_and_words_have_other_files(tiny_encoder: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    cached_tokens(tmp_path, TEXTS, tokenizer, 16)
    tokenizer(TEXTS, truncation=True, max_length=4, padding=True)  # leaves its settings in the tokenizer
    cached_tokens(tmp_path, TEXTS, tokenizer, 16)
    assert len(list(tmp_path.iterdir())) == 1
    cached_tokens(tmp_path, TEXTS, tokenizer, 17)
    cached_tokens(tmp_path, TEXTS, tokenizer, 16, "tail")
    cached_tokens(tmp_path, ["a", "film", *TEXTS[1:]], tokenizer, 16)
    cached_tokens(tmp_path, ["a film,", *TEXTS[1:]], tokenizer, 16)
    tokenizer.add_tokens(["newest"])
    cached_tokens(tmp_path, TEXTS, tokenizer, 16)
    assert len(list(tmp_path.iterdir())) == 6


def test_a_tokenizer_that_cannot_be_told_from_another_keeps_nothing(tiny_encoder: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)

    def slow(*arguments: Any, **options: Any) -> Any:
        return tokenizer(*arguments, **options)

    assert listed(cached_tokens(tmp_path, TEXTS, slow, 16)) == listed(tokenize(TEXTS, tokenizer, 16))
    assert list(tmp_path.iterdir()) == []


# --- padded -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("longest", "multiple", "most", "width"),
    [(5, 1, None, 5), (5, 8, None, 8), (8, 8, None, 8), (9, 8, None, 16), (9, 8, 12, 12), (9, 8, 9, 9), (9, 8, 4, 9)],
)
def test_rows_are_padded_to_the_longest_and_rounded_up_to_the_most(
    longest: int, multiple: int, most: int | None, width: int
) -> None:
    rows = [list(range(1, longest + 1)), [7, 7], np.array([9], dtype=np.int32)]
    ids, mask = pad_rows(rows, 99, multiple, most)
    assert ids.shape == mask.shape == (3, width)
    assert ids.dtype == mask.dtype == np.int64
    for row, found, seen in zip(rows, ids.tolist(), mask.tolist(), strict=True):
        assert found == [*row, *[99] * (width - len(row))]
        assert seen == [1] * len(row) + [0] * (width - len(row))


def test_a_tokenizer_for_counting_neither_cuts_nor_pads_nor_reads_special_tokens(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder).backend_tokenizer
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=9)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    counting = plain_tokenizer(tmp_path / "tokenizer.json")
    assert [len(counting.encode(text)) for text in ("", "a film", "film " * 200, "[SEP]")] == [2, 4, 202, 7]


def test_a_damaged_tokenizer_is_named(tmp_path: Path) -> None:
    for content in ("", "{}", "[]"):
        (tmp_path / "tokenizer.json").write_text(content)
        with pytest.raises(ModelError, match=r"tokenizer\.json is damaged: ") as refused:
            plain_tokenizer(tmp_path / "tokenizer.json")
        assert refused.value.hint == "download or save the model again"
