"""The errors a user can meet, each with what was expected, what was found, and what to do.

ClfError            anything clf refuses to do; exit code 1
├── UsageError      wrong flags or settings; exit code 2
├── DataError       the dataset cannot be used
├── ModelError      the model cannot be used
│   └── TooLittleMemory  nor on this device, for want of memory
├── NetworkError    the Hub cannot be reached, or answered badly
├── TrainingError   training could not go on
└── OutputError     the result cannot be written where it should go
"""

import errno

OUT_OF_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "Cannot allocate memory",
    "not enough memory",
    "_STATUS_ALLOC_FAILED",
)
"""What PyTorch says on CUDA, Metal and processors, the operating system, and cuBLAS and cuDNN."""
INTERRUPTED, READER_LEFT, TERMINATED = 130, 141, 143
"""Exit codes: Ctrl-C, a reader that went away, any other signal."""


class Interrupted(BaseException):
    """A signal ended the run in order; `message` says what was saved."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.message, self.exit_code = message, exit_code


class ClfError(Exception):
    """A refusal with a reason (`message`) and a remedy (`hint`)."""

    kind = "error"
    exit_code = 1
    told_elsewhere = False
    """Whether another process of the same run says it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ClfError):
    """A flag, variable or settings file holds something clf does not accept."""

    kind = "usage"
    exit_code = 2


class DataError(ClfError):
    """A file, column, label or split is not what training or measuring needs."""

    kind = "data"


class ModelError(ClfError):
    """A model is absent, incomplete, unsafe, or not of the kind the command needs."""

    kind = "model"


class TooLittleMemory(ModelError):
    """The memory of the device does not hold the model and one text; `instead` are flags that take less of it."""

    def __init__(self, message: str, hint: str = "", instead: str = "") -> None:
        super().__init__(message, hint or "free memory on it" + (f", or pass {instead}" if instead else ""))
        self.instead = instead


class NetworkError(ClfError):
    """Something must come from the Hub and did not."""

    kind = "network"


class TrainingError(ClfError):
    """Training met a state that it must not continue from."""

    kind = "training"


class OutputError(ClfError):
    """The place for the result is taken, read-only or full."""

    kind = "output"


def first_line(error: BaseException, most: int = 200) -> str:
    """Return the kind of a library's error and the first line of what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}"[:most] if lines else type(error).__name__


def ran_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means that memory ran out, on a GPU or on the machine, in the words of whatever asked."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in OUT_OF_MEMORY)


class Terminated(BaseException):
    """SIGTERM was received."""
