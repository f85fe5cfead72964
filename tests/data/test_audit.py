"""The audit counts what it says it counts."""

import numpy as np

from clf.data.preparing.audit import audit_lengths, audit_near, audit_texts, count_classes
from clf.data.text_hashes import hash_texts
from clf.models.counting import TokenCounter
from support.tiny import write_tiny_encoder


def test_repeats_leaks_and_contradictions_are_counted() -> None:
    keys = {"train": hash_texts(["a", "a", "b", "c"]), "test": hash_texts(["a", "d", "d", "c"])}
    labels = {"train": np.array([0, 0, 1, 0]), "test": np.array([0, 1, 1, 1])}
    found = audit_texts(keys, labels)
    assert found.duplicates == {"train": 1, "test": 1}
    assert found.leaks == {"test_in_train": 2}
    assert found.conflicting == 1


def test_classes_without_rows_are_counted_as_zero() -> None:
    assert count_classes({"train": np.array([0, 0])}, ["a", "b"]) == {"train": {"a": 2, "b": 0}}


def test_lengths_are_in_tokens_with_special_ones(tmp_path) -> None:  # type: ignore[no-untyped-def]
    folder = write_tiny_encoder(tmp_path / "tiny")
    count = TokenCounter("tiny", folder / "tokenizer.json")
    lengths = audit_lengths("tiny", count(["film " * 98, "film"]), 100)
    assert lengths.tokens.max == 100
    assert lengths.share_longer_than == {"64": 0.5, "100": 0.0, "128": 0.0, "256": 0.0, "512": 0.0}
    assert lengths.share_of_tokens_cut_at["64"] == round(36 / 103, 4)
    assert lengths.histogram == {"1-16": 1, "65-128": 1}


def test_a_special_token_in_a_text_counts_as_its_characters(tmp_path) -> None:  # type: ignore[no-untyped-def]
    folder = write_tiny_encoder(tmp_path / "tiny")
    plain, with_token = TokenCounter("tiny", folder / "tokenizer.json")(["film film", "film [SEP] film"])
    assert with_token > plain + 1


def test_near_duplicates_are_counted_beside_the_equal_ones() -> None:
    keys = {"train": hash_texts(["a", "a", "b", "c"]), "test": hash_texts(["a", "d", "e"])}
    clusters = {"train": np.array([0, 0, 0, 1]), "test": np.array([0, 1, 2])}
    found = audit_near(keys, clusters)
    assert found.duplicates == {"train": 1, "test": 0}
    assert found.leaks == {"test_in_train": 1}
