"""The audit counts what it says it counts."""

from clf.data.audit import audit_lengths, audit_texts, count_classes
from support.tiny import write_tiny_encoder


def test_repeats_leaks_and_contradictions_are_counted() -> None:
    texts = {"train": ["a", "a", "b", "c"], "test": ["a", "d", "d", "c"]}
    labels = {"train": ["x", "x", "y", "x"], "test": ["x", "y", "y", "y"]}
    assert audit_texts(texts, labels) == {
        "duplicates": {"train": 1, "test": 1},
        "leaks": {"test_in_train": 2},
        "conflicting": 1,
    }


def test_classes_without_rows_are_counted_as_zero() -> None:
    assert count_classes({"train": ["a", "a"]}, ["a", "b"]) == {"train": {"a": 2, "b": 0}}


def test_lengths_are_in_tokens_with_special_ones(tmp_path) -> None:  # type: ignore[no-untyped-def]
    folder = write_tiny_encoder(tmp_path / "tiny")
    lengths = audit_lengths(["film " * 98, "film"], folder / "tokenizer.json", 100, seed=0)
    assert lengths["tokens"]["max"] == 100
    assert lengths["share_longer_than"] == {"64": 0.5, "100": 0.0, "128": 0.0, "256": 0.0, "512": 0.0}
