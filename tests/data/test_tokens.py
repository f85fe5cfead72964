"""Texts become token ids, cut at the length asked for, and a long text costs little."""

from pathlib import Path

from transformers import AutoTokenizer

from clf.models.tokens import CHARACTERS_PER_TOKEN, tokenize


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
