"""Errors for users have a kind, a code, a message and a hint; running out of memory is told from other errors."""

import errno

import pytest
import torch

from clf.errors import (
    ClfError,
    DataError,
    Interrupted,
    ModelError,
    NetworkError,
    OutputError,
    Terminated,
    TooLittleMemory,
    TrainingError,
    UsageError,
    first_line,
    ran_out_of_memory,
)


@pytest.mark.parametrize(
    ("error", "of_memory"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 18 GB)"), True),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory"),
            True,
        ),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (MemoryError(), True),
        (RuntimeError("unable to mmap 90869492 bytes from file: Cannot allocate memory (12)"), True),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), True),
        (OSError(errno.ENOENT, "No such file"), False),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_want_of_memory_is_told_from_other_errors(error: Exception, of_memory: bool) -> None:
    assert ran_out_of_memory(error) is of_memory


@pytest.mark.parametrize(
    ("error_type", "kind", "code"),
    [
        (ClfError, "error", 1), (UsageError, "usage", 2), (DataError, "data", 1), (ModelError, "model", 1),
        (TooLittleMemory, "model", 1), (NetworkError, "network", 1), (TrainingError, "training", 1),
        (OutputError, "output", 1),
    ],
)  # fmt: skip
def test_each_error_has_the_kind_and_code_that_scripts_rely_on(
    error_type: type[ClfError], kind: str, code: int
) -> None:
    error = error_type("what was found", "what to do")
    assert (error.kind, error.exit_code, error.message, error.hint) == (kind, code, "what was found", "what to do")
    assert str(error) == "what was found"
    assert isinstance(error, ClfError)
    assert not error.told_elsewhere


def test_kinds_are_told_apart_where_errors_cross_processes() -> None:
    kinds = [error_type.kind for error_type in ClfError.__subclasses__()]
    assert len(kinds) == len(set(kinds))


@pytest.mark.parametrize(
    ("hint", "instead", "said"),
    [
        ("", "", "free memory on it"),
        ("", "--batch-size 1", "free memory on it, or pass --batch-size 1"),
        ("use the CPU", "--batch-size 1", "use the CPU"),
    ],
)
def test_too_little_memory_names_the_flags_that_save_some(hint: str, instead: str, said: str) -> None:
    error = TooLittleMemory("no room", hint, instead)
    assert (error.hint, error.instead) == (said, instead)


def test_signals_pass_by_whoever_catches_exceptions() -> None:
    assert not isinstance(Interrupted("saved", 130), Exception)
    assert not isinstance(Terminated(), Exception)
    ended = Interrupted("step 5 is saved", 143)
    assert (ended.message, ended.exit_code, str(ended)) == ("step 5 is saved", 143, "step 5 is saved")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("first\nsecond"), "ValueError: first"),
        (ValueError("\n  first  \nsecond"), "ValueError: first"),
        (
            ValueError("Validation error for field 'dim':\n    Field 'dim' expected int\nthird"),
            "ValueError: Validation error for field 'dim': Field 'dim' expected int",
        ),
        (ValueError("first:"), "ValueError: first:"),
        (ValueError(""), "ValueError"),
        (KeyError("name"), "KeyError: 'name'"),
        (ValueError(" \n "), "ValueError"),
    ],
)
def test_the_first_line_of_a_library_s_error_is_what_is_shown(error: Exception, said: str) -> None:
    assert first_line(error) == said


def test_the_first_line_has_a_limit() -> None:
    assert first_line(ValueError("x" * 300)) == "ValueError: " + "x" * 188
    assert first_line(ValueError("x" * 300), most=15) == "ValueError: xxx"


def test_an_interrupt_is_no_ordinary_error() -> None:
    assert not issubclass(Interrupted, Exception)
