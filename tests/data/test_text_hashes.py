"""A model knows the texts it was trained on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clf.data.text_hashes import hash_texts, seen_in, text_hashes
from clf.errors import ModelError


def test_texts_of_the_training_are_known_again(tmp_path: Path) -> None:
    hashes = text_hashes(["b", "a", "a", "ä"])
    assert hashes.dtype == np.uint64
    assert len(hashes) == 3
    assert np.all(np.diff(hashes.astype(object)) > 0)
    np.save(tmp_path / "rows.npy", hashes)
    assert seen_in(["a", "c", "ä"], tmp_path / "rows.npy").tolist() == [True, False, True]


def test_the_hashes_of_a_release_are_those_of_every_later_one() -> None:
    """As `b2sum -l 64` prints them, from the lowest byte."""
    written = [number.to_bytes(8, "little").hex() for number in hash_texts(["", "a", "ä"]).tolist()]
    assert written == ["e4a6a0577479b2b4", "40f89e395b66422f", "f04dbbe25e2ba039"]


def test_there_is_a_hash_for_each_text_in_its_order_and_any_text_has_one() -> None:
    texts = ["a", "b", "a", "a ", "A", "a\0", "\ud800", "\U0001f600"]
    hashes = hash_texts(iter(texts)).tolist()
    assert hashes[0] == hashes[2]
    assert len(set(hashes)) == 7


def test_no_texts_have_no_hashes_and_none_is_in_an_empty_file(tmp_path: Path) -> None:
    assert text_hashes([]).shape == (0,)
    np.save(tmp_path / "none.npy", text_hashes([]))
    assert seen_in(["a"], tmp_path / "none.npy").tolist() == [False]
    assert seen_in([], tmp_path / "none.npy").tolist() == []


def test_a_file_of_hashes_runs_no_code(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(ModelError, match="its values have the type"):
        seen_in(["a"], tmp_path / "objects.npy")


@pytest.mark.parametrize(
    "hashes", [np.array([2, 1], "<u8"), np.array([1, 1], "<u8"), np.array([1.0, 2.0]), np.array([[1], [2]], "<u8")]
)
def test_what_holds_no_sorted_hashes_is_damaged(tmp_path: Path, hashes: Any) -> None:
    np.save(tmp_path / "rows.npy", hashes)
    with pytest.raises(ModelError, match=r"rows\.npy is damaged: its ") as refused:
        seen_in(["a"], tmp_path / "rows.npy")
    assert refused.value.hint == "restore the file, or train the model again"
