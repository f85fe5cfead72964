"""A model knows the texts it was trained on."""

from pathlib import Path

import numpy as np

from clf.data.text_hashes import seen_in, text_hashes


def test_texts_of_the_training_are_known_again(tmp_path: Path) -> None:
    hashes = text_hashes(["b", "a", "a", "ä"])
    assert hashes.dtype == np.uint64
    assert len(hashes) == 3
    assert np.all(np.diff(hashes.astype(object)) > 0)
    np.save(tmp_path / "rows.npy", hashes)
    assert seen_in(["a", "c", "ä"], tmp_path / "rows.npy").tolist() == [True, False, True]
