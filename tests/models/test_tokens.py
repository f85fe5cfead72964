"""Texts become token ids, cut at the length asked for, kept from run to run, and padded; a long text costs little."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from transformers import AutoTokenizer, BertweetTokenizer

from clf.errors import ModelError
from clf.models import tokens
from clf.models.tokens import (
    CHARACTERS_PER_TOKEN,
    Truncation,
    frame_of,
    largest_id,
    pad_rows,
    plain_tokenizer,
    tokenize,
)


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


# --- special tokens -----------------------------------------------------------------------------------------


def test_padding_in_the_file_of_a_tokenizer_is_not_allocated(tiny_encoder: Path, tmp_path: Path) -> None:
    for path in tiny_encoder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    written = json.loads((tmp_path / "tokenizer.json").read_text())
    padding = {"direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}
    written["padding"] = {"strategy": {"Fixed": 100_000}, **padding}
    written["truncation"] = {"direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0}
    (tmp_path / "tokenizer.json").write_text(json.dumps(written))
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    seen = []

    class Watched:
        def __getattr__(self, name: str) -> object:
            return getattr(tokenizer.backend_tokenizer, name)

        def encode(self, text: str) -> object:
            encoded = tokenizer.backend_tokenizer.encode(text)
            seen.append(len(encoded.ids))
            return encoded

    frame = frame_of(SimpleNamespace(backend_tokenizer=Watched()))
    assert frame == AutoTokenizer.from_pretrained(tiny_encoder)("")["input_ids"]
    assert seen == [2]


@pytest.mark.filterwarnings("ignore")
def test_a_tokenizer_in_python_has_special_tokens_too(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("a 1\nb 1\nfilm</w> 1\n")
    (tmp_path / "bpe.codes").write_text("#version: 0.2\na b 1\n")
    tokenizer = BertweetTokenizer(str(tmp_path / "vocab.txt"), str(tmp_path / "bpe.codes"))
    assert frame_of(tokenizer) == [0, 2]
    assert largest_id(tokenizer) == 7
    assert [row.tolist() for row in tokenize(["b " * 50], tokenizer, 4, "tail")] == [[0, 5, 5, 2]]


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
