"""An array is read only if its header agrees with what is expected and with the size of its file."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clf.storage.arrays import read_array


def header(text: str, values: bytes = b"", version: bytes = b"\1\0") -> bytes:
    width = 2 if version == b"\1\0" else 4
    return b"\x93NUMPY" + version + len(text).to_bytes(width, "little") + text.encode() + values


def test_an_array_is_read_as_it_was_saved(tmp_path: Path) -> None:
    values = np.arange(6, dtype="<f4").reshape(3, 2)
    np.save(tmp_path / "a.npy", values)
    read = read_array(tmp_path / "a.npy", ("<f4", "<f8"), (3, 2))
    assert (read == values).all()
    assert (read.dtype, read.shape) == (values.dtype, (3, 2))
    assert read_array(tmp_path / "a.npy", ("<f4",), (None, 2)).shape == (3, 2)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((3, 2), "<f8"), "its values have the type <f8, expected <f4"),
        (np.zeros((3, 2), ">f4"), "its values have the type >f4"),
        (np.array([[None] * 2] * 3), "its values have the type"),
        (np.zeros((2, 3), "<f4"), r"its shape is \(2, 3\)"),
        (np.zeros(6, "<f4"), r"its shape is \(6,\)"),
        (np.asfortranarray(np.zeros((3, 2), "<f4")), "its shape is"),
    ],
)
def test_another_array_is_refused(tmp_path: Path, values: Any, said: str) -> None:
    np.save(tmp_path / "a.npy", values, allow_pickle=True)
    with pytest.raises(ValueError, match=said):
        read_array(tmp_path / "a.npy", ("<f4",), (3, 2))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        header("{"),
        header("(" * 5000),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,)}"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': ('1',)}"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (True,)}", b"0000"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", b"00000"),
        header("{'descr': ['<f4'], 'fortran_order': False, 'shape': (1,)}", b"0000"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", b"0000", b"\7\0"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 5000 + ",)}"),
    ],
)
def test_a_header_that_lies_allocates_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(ValueError, match=r"it is not an array|its shape is|bytes of values"):
        read_array(tmp_path / "a.npy", ("<f4",), (None,))


def test_a_pipe_and_a_folder_are_no_arrays(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(OSError, match="it is not a regular file"):
            read_array(path, ("<f4",), (None,))
