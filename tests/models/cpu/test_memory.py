"""Freed memory is kept where the C library can, and nothing is asked of another one."""

import ctypes
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from clf.models.cpu.memory import copy_weights_into_memory, keep_freed_memory, return_freed_memory

FAULTS = """
import resource
from clf.models.cpu.memory import keep_freed_memory
assert keep_freed_memory()
bytearray(1 << 25)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    bytearray(1 << 24)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


class Library:
    """A C library that refuses a threshold above its limit, and all else if it `refuses`."""

    def __init__(self, limit: int = 1 << 30, refuses: int | None = None) -> None:
        self.limit, self.refuses = limit, refuses
        self.asked: list[tuple[int, int]] = []

    def mallopt(self, option: int, value: int) -> int:
        self.asked.append((option, value))
        return int(option != self.refuses and not (option == -3 and value > self.limit))


def kept_with(library: Library, monkeypatch: pytest.MonkeyPatch, name: str = "glibc") -> bool:
    monkeypatch.setattr(platform, "libc_ver", lambda: (name, "2.36"))
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    return keep_freed_memory()


def test_large_blocks_are_kept_and_the_end_is_not_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library()
    assert kept_with(library, monkeypatch)
    assert library.asked == [(-3, 1 << 30), (-1, (1 << 31) - 1), (-2, 1 << 26)]


def test_an_older_library_keeps_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(limit=1 << 25)
    assert kept_with(library, monkeypatch)
    assert library.asked[:2] == [(-3, 1 << 30), (-3, 1 << 25)]


@pytest.mark.parametrize("refused", [-1, -2])
def test_a_setting_that_is_refused_is_told(monkeypatch: pytest.MonkeyPatch, refused: int) -> None:
    assert not kept_with(Library(refuses=refused), monkeypatch)


@pytest.mark.parametrize("name", ["", "musl"])
def test_another_library_is_asked_for_nothing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    library = Library()
    assert not kept_with(library, monkeypatch, name)
    assert library.asked == []


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is another one")
def test_memory_that_was_freed_is_used_again_without_a_fault() -> None:
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 40  # else every page is mapped again: 64 large ones, or thousands of small ones


def test_what_a_finished_step_freed_is_returned_where_the_library_can(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(ctypes, "CDLL", lambda _: type("Library", (), {"malloc_trim": asked.append}))
    for name, times in (("musl", 0), ("glibc", 1)):
        monkeypatch.setattr(platform, "libc_ver", lambda name=name: (name, "1"))
        return_freed_memory()
        assert asked == [0] * times


def test_weights_that_are_copied_do_not_follow_the_file(tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    save_file({"weight": torch.ones(4, 4), "bias": torch.ones(4)}, file)
    model = torch.nn.Linear(4, 4)
    model.load_state_dict(load_file(file), assign=True)
    copy_weights_into_memory(model)
    file.write_bytes(bytes(file.stat().st_size))
    assert (model.weight == 1).all()
    os.truncate(file, 0)
    assert (model.bias == 1).all()
