"""Errors that clf did not expect: one line for the user, and a file with the details for whoever mends them."""

import logging
import os
import platform
import shlex
import sys
import tempfile
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from clf import __version__
from clf.errors import ClfError, first_line
from clf.safety import safe

PACKAGES = ("torch", "transformers", "tokenizers", "datasets", "accelerate", "huggingface_hub", "pyarrow", "numpy")
NOT_WRITTEN = "its details could not be written to a file; run the command again with --debug to see them"
MOST_CHARACTERS = 200_000

log = logging.getLogger(__name__)


class Unexpected(ClfError):
    """An error that clf did not expect; the hint names the file with its details."""

    kind = "internal"


def unexpected(error: BaseException, arguments: Sequence[str]) -> Unexpected:
    """Write the details of an error to a file, and return what to tell the user."""
    file = write_details(details(error, arguments))
    hint = f"this is a bug in clf: please open an issue with the details in {file}, after a look at what they contain"
    return Unexpected(f"unexpected {first_line(error)}", hint if file else f"this is a bug in clf; {NOT_WRITTEN}")


def details(error: BaseException, arguments: Sequence[str]) -> str:
    """Return the command without its texts, the versions and the traceback; secrets are hidden."""
    lines = [
        f"command: {shlex.join(['clf', *_without_texts(arguments)])}",
        f"clf {__version__}, Python {platform.python_version()}, {platform.platform()}",
        ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
        "",
        *traceback.format_exception(error),
    ]
    return safe("\n".join(lines))[-MOST_CHARACTERS:] + "\n"


def _without_texts(arguments: Sequence[str]) -> list[str]:
    """Leave out the texts to label, which are data."""
    after_flag = [False, *(argument == "--text" for argument in arguments)]
    hidden = ["…" if is_text else argument for argument, is_text in zip(arguments, after_flag, strict=False)]
    return ["--text=…" if argument.startswith("--text=") else argument for argument in hidden]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def write_details(text: str) -> Path | None:
    """Write a new file that only this user can read, in the temporary folder or else the working folder.

    Returns None if neither can be written to.
    """
    for folder in (tempfile.gettempdir, os.getcwd):
        name = ""
        try:
            descriptor, name = tempfile.mkstemp(".txt", "clf-error-", folder())
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            return Path(name)
        except OSError:
            with suppress(OSError):
                os.unlink(name)
    return None


def keep_threads_quiet() -> None:
    """Report an error in a thread, or where no code can catch it, in one line instead of a traceback."""

    def in_thread(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None:
            log.warning("a thread in the background failed: %s", first_line(failed.exc_value))
            log.debug("%s", "".join(traceback.format_exception(failed.exc_value)))

    def nowhere(failed: "sys.UnraisableHookArgs") -> None:
        if failed.exc_value is not None:
            log.debug("an error was ignored: %s", first_line(failed.exc_value))

    threading.excepthook = in_thread
    sys.unraisablehook = nowhere
