"""Texts become token ids, cut at the length asked for, and a long text costs little."""

import time
from pathlib import Path

from transformers import AutoTokenizer

from clf.data.tokens import tokenize


def test_the_ids_are_the_tokenizers_own_cut_at_the_length(tiny_encoder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    texts = ["a film", "a very long film " * 50]
    assert tokenize(texts, tokenizer, 16) == tokenizer(texts, truncation=True, max_length=16)["input_ids"]


def test_ten_megabytes_cost_no_more_than_what_is_read(tiny_encoder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    started = time.perf_counter()
    ids = tokenize(["film " * 2_000_000], tokenizer, 128)
    assert len(ids[0]) == 128
    assert time.perf_counter() - started < 1.0
