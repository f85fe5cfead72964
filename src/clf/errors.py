"""The errors shown to users. Each states what was expected, what was found, and what to do.

ClfError            any error that clf reports; exit code 1
├── UsageError      wrong flags or settings; exit code 2
├── DataError       the dataset cannot be used
│   └── SeveralLabels    its texts have several labels each, and are read as if they had one
├── ModelError      the model cannot be used
│   └── TooLittleMemory  the device has too little memory for the model
├── NetworkError    the Hub cannot be reached, or its response is unusable
├── TrainingError   training cannot continue
└── OutputError     the result cannot be written to the output path
"""

import errno

OUT_OF_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "Cannot allocate memory",
    "not enough memory",
    "_STATUS_ALLOC_FAILED",
)
"""Fragments of out-of-memory messages of PyTorch (CUDA, Metal, CPU), the operating system, cuBLAS and cuDNN."""
INTERRUPTED, READER_LEFT, TERMINATED = 130, 141, 143
"""Exit codes: Ctrl-C, output pipe closed by its reader, any other signal."""


class Interrupted(BaseException):
    """A signal stopped the run cleanly; `message` tells the user what was saved."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.message, self.exit_code = message, exit_code


class ClfError(Exception):
    """An error for the user, with a reason (`message`) and a remedy (`hint`)."""

    kind = "error"
    exit_code = 1
    told_elsewhere = False
    """Whether another process of the same run reports this error."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ClfError):
    """A flag, variable or settings file contains something that clf does not accept."""

    kind = "usage"
    exit_code = 2


class DataError(ClfError):
    """A file, column, label or split is missing or unsuitable for training or evaluation."""

    kind = "data"


class SeveralLabels(DataError):
    """Texts have several labels, or none, where one label for each text was expected."""

    def __init__(self, message: str, instead: str = "give each text one label") -> None:
        super().__init__(message, f"leave out --no-multi-label if texts may have several labels, or {instead}")


class ModelError(ClfError):
    """A model is missing, incomplete, unsafe, or not the kind of model that the command needs."""

    kind = "model"


class TooLittleMemory(ModelError):
    """The device has too little memory for the model and a single text; `instead` names flags that reduce its use."""

    def __init__(self, message: str, hint: str = "", instead: str = "") -> None:
        super().__init__(message, hint or "free memory on it" + (f", or pass {instead}" if instead else ""))
        self.instead = instead


class NetworkError(ClfError):
    """Something that must be downloaded from the Hub could not be."""

    kind = "network"


class TrainingError(ClfError):
    """Training reached a state from which it must not continue."""

    kind = "training"


class OutputError(ClfError):
    """The output path is already in use, read-only or on a full disk."""

    kind = "output"


def first_line(error: BaseException, most: int = 200) -> str:
    """Return the type of a library's error and the first line of its message, at most `most` characters.

    A line that ends in a colon is followed by the next one.
    """
    lines = [line.strip() for line in str(error).strip().splitlines()]
    said = " ".join(lines[: 2 if lines[0].endswith(":") else 1]) if lines else ""
    return f"{type(error).__name__}: {said}"[:most] if said else type(error).__name__


def ran_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that GPU or system memory ran out, whichever library or system call raised it."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in OUT_OF_MEMORY)


class Terminated(BaseException):
    """SIGTERM was received."""
