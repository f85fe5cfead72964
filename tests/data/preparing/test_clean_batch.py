"""One batch: what goes to disk, and the few numbers that stay in memory."""

from pathlib import Path

import numpy as np
import pyarrow
import pytest

from clf.data.preparing.clean_batch import Digest, digest
from clf.data.preparing.near_duplicates import sketch
from clf.data.text_hashes import hash_texts
from clf.settings import CleaningSettings


def described(texts: list[str], folder: Path, **steps: bool) -> Digest:
    return digest(texts, CleaningSettings(**steps), folder, 0, near=False)


def test_raw_and_cleaned_texts_are_stored_and_hashed(tmp_path: Path) -> None:
    texts = ["<b>a  film</b>", "plain", "", "é\U0001f600\n漢字"]
    found = digest(texts, CleaningSettings(), tmp_path, 7, near=False)
    with pyarrow.OSFile(str(tmp_path / "000007.arrow")) as file:
        stored = pyarrow.ipc.open_file(file).read_all().to_pydict()
    cleaned = ["a film", "plain", "", "é\U0001f600 漢字"]
    assert stored == {"text": cleaned, "raw_text": texts}
    assert np.load(tmp_path / "000007.raw_keys.npy").tolist() == hash_texts(texts).tolist()
    assert found.keys.tolist() == hash_texts(cleaned).tolist()
    assert (found.lengths.tolist(), found.lengths.dtype) == ([6, 5, 0, 5], np.int32)


def test_the_steps_are_those_of_the_settings(tmp_path: Path) -> None:
    found = described(["<b>a</b>"], tmp_path, strip_html=False)
    assert found.keys.tolist() == hash_texts(["<b>a</b>"]).tolist()


@pytest.mark.parametrize(
    ("texts", "changed"),
    [
        (["a film", "another"], 0),
        (["  a \t film\n", " a\u00a0film"], 0),
        (["<i>a</i> film", "a film", "x &amp; y", "  <br /> "], 3),
        ([], 0),
    ],
)
def test_only_changes_beyond_white_space_count(tmp_path: Path, texts: list[str], changed: int) -> None:
    assert described(texts, tmp_path).changed == changed


def test_texts_that_stay_as_they_are_did_not_change_whatever_their_spaces(tmp_path: Path) -> None:
    assert described(["a  film", " b "], tmp_path, collapse_spaces=False).changed == 0


def test_texts_with_odd_characters_count_once_each(tmp_path: Path) -> None:
    texts = ["a\x00b\u200b", "half \ud83d of an emoji", "zero\u200bwidth", "a\ttab\nand a line", "\U0001f600 whole"]
    assert described(texts, tmp_path).odd == 3


def test_half_characters_are_replaced_before_texts_are_stored(tmp_path: Path) -> None:
    described(["a\ud83db", "\udc00"], tmp_path)
    with pyarrow.OSFile(str(tmp_path / "000000.arrow")) as file:
        stored = pyarrow.ipc.open_file(file).read_all().to_pydict()
    assert stored["raw_text"] == ["a?b", "?"]
    assert np.load(tmp_path / "000000.raw_keys.npy").tolist() == hash_texts(["a?b", "?"]).tolist()


def test_sketches_of_the_cleaned_texts_are_written_only_on_request(tmp_path: Path) -> None:
    text = "a film that is long enough for a sketch"
    digest([f"<b>{text}</b>"], CleaningSettings(), tmp_path, 12, near=True)
    bands, signatures = sketch([text])
    assert np.load(tmp_path / "000012.bands.npy").tolist() == bands.tolist()
    assert np.load(tmp_path / "000012.signatures.npy").tolist() == signatures.tolist()
    digest([text], CleaningSettings(), tmp_path, 13, near=False)
    assert {path.name for path in tmp_path.glob("000013*")} == {"000013.arrow", "000013.raw_keys.npy"}
