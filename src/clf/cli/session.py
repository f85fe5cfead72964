"""Start and end of every command: the environment, the log, the suggested next command, errors and the exit code."""

import errno
import io
import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import typer

from clf.cli.options import Presentation, normalize_name, wants_json
from clf.cli.surroundings import check_folders, check_stdout, shut_out_of_children
from clf.cli.unexpected import keep_threads_quiet, unexpected
from clf.errors import (
    INTERRUPTED,
    READER_LEFT,
    TERMINATED,
    ClfError,
    Interrupted,
    Terminated,
    UsageError,
    first_line,
    ran_out_of_memory,
)
from clf.processes import current_world, will_be_restarted
from clf.safety import safe, shell_line
from clf.settings import DEFAULT_MODEL, Settings, TrainSettings

SECONDS_TO_SPEAK = 3.0
"""A launcher stops all processes when one exits, so a silent process waits this long for the one that reports."""
LESS_MEMORY = "free memory, or use fewer or shorter texts (--max-train-samples, --max-length) or a smaller model"
MORE_FILES = "raise the limit in this shell, such as with: ulimit -n 4096"
MORE_SPACE = "free some space, also where temporary files go (TMPDIR), and run the command again"
OTHER_DISK = "check the disk or network drive that holds the file, and run the command again"
TAKE_A_MODEL = {"predict", "evaluate", "compare", "export", "serve", "download-models"}
"""The commands whose first argument is a model."""
NOTHING_HALF = "partly written results are never used; run the command again"
NOT_YET = "the server was not ready yet; run the command again"


def start(settings: Settings, presentation: Presentation, *, serves: bool = False) -> None:
    """Set the environment variables that libraries read on import, and configure the log: that of a server `serves`."""
    from clf.hub.address import check_endpoint

    if presentation.json:
        check_stdout("the JSON document")
    check_folders()
    shut_out_of_children()
    if not os.environ.get("HF_ENDPOINT", "x").strip():
        del os.environ["HF_ENDPOINT"]  # an empty value counts as unset
    check_endpoint()  # with an invalid endpoint, importing the Hub's client fails
    if settings.run.offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.pop("HF_DEBUG", None)  # with HF_DEBUG the client prints URLs, including passwords
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["USE_HUB_KERNELS"] = "0"  # some architectures would load compiled code from the Hub
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    quiet = presentation.quiet or not current_world().is_main
    level = logging.ERROR if quiet else logging.DEBUG if presentation.verbose else logging.INFO
    from clf.cli.show.terminal import NoteHandler

    is_for_person = level <= logging.INFO and not presentation.json and not os.environ.get("CI")
    handler = NoteHandler(level, introduces=is_for_person and sys.stderr is not None and sys.stderr.isatty())
    log = logging.getLogger("clf")
    log.handlers = [handler]
    if serves:
        from clf.cli.show.serve import log_for_programs

        log_for_programs()
    log.setLevel(level)
    log.propagate = False
    if presentation.settings_note:
        log.info(presentation.settings_note)


def note_unused(settings: Settings, *names: str) -> None:
    """Warn about data settings in `names` that were set but have no effect on this command."""
    for name in sorted(settings.data.model_fields_set & set(names)):
        logging.getLogger("clf").warning("--%s has no effect here", name.replace("_", "-"))


def encoder_at_hand(train: TrainSettings) -> list[str]:
    """Return `--model` for the encoder that was set, or for an installed one if the default is not on this machine."""
    from clf.models.store import EMBEDDED_ID, find_local_model, has_embedded

    if "model" in train.model_fields_set:
        return ["--model", train.model]
    if has_embedded() and find_local_model(DEFAULT_MODEL) is None:
        return ["--model", EMBEDDED_ID]
    return []


def finish(presentation: Presentation, *command: object) -> None:
    """Print the suggested next command, ready to be typed."""
    if not presentation.quiet:
        from clf.cli.show.terminal import print_next

        print_next(shell_line([str(part) for part in command]))


def run_to_exit_code(command: Callable[..., object], arguments: list[str] | None) -> int:
    """Run one command line and return its exit code; all expected errors are reported here."""
    try:
        code = command(args=arguments, prog_name="clf", standalone_mode=False)
        if code == INTERRUPTED:  # Typer silently turns KeyboardInterrupt into this code
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except ClfError as error:
        return _refuse(error, arguments)
    except typer.TyperException as error:
        if not str(error.format_message()):  # no arguments: the help was printed
            return error.exit_code
        message = error.format_message().replace("Value error, ", "")  # pydantic's prefix for an invalid choice
        return _refuse(UsageError(message, _usage_hint(message, _typed(arguments))), arguments)
    except Interrupted as ended:
        _refuse(ClfError(ended.message, _how_to_resume(arguments)), [])
        return ended.exit_code
    except (KeyboardInterrupt, typer.Abort, Terminated) as signal:
        return _refuse_interrupted(signal, arguments)
    except (BrokenPipeError, SystemExit):
        # The reader closed the pipe (`clf … | head`) and Typer exited: there is nobody left to report to.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return READER_LEFT
    except BaseException as error:  # the last net; a panic of a library written in Rust is not an Exception
        if came := _signal_behind(error):
            return _refuse_interrupted(came, arguments)
        if ran_out_of_memory(error):
            return _refuse(ClfError(f"memory ran out: {first_line(error)}", LESS_MEMORY), arguments)
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            return _refuse(ClfError(f"too many files are open: {first_line(error)}", MORE_FILES), arguments)
        return _refuse_unknown(error, arguments)


def _refuse_interrupted(signal: BaseException, arguments: list[str] | None) -> int:
    is_terminated = isinstance(signal, Terminated)
    hint = NOT_YET if _typed(arguments)[:1] == ["serve"] else NOTHING_HALF
    _refuse(ClfError("terminated" if is_terminated else "interrupted", hint), [])
    return TERMINATED if is_terminated else INTERRUPTED


def _signal_behind(error: BaseException) -> BaseException | None:
    """Return the signal that was being handled when a library, which it interrupted, raised an error of its own."""
    behind = error.__context__
    while behind is not None and not isinstance(behind, (KeyboardInterrupt, Terminated)):
        behind = behind.__context__
    return behind


def _refuse_unknown(error: BaseException, arguments: list[str] | None) -> int:
    from clf.cli.show.terminal import flush

    try:
        flush()  # was it stdout that could not be written?
    except BrokenPipeError:
        return READER_LEFT
    except ClfError as unwritable:
        return _refuse(unwritable, arguments)
    from clf.storage.disk import disk_fails, disk_is_full

    if disk_fails(error):
        what, hint = ("is full or read-only", MORE_SPACE) if disk_is_full(error) else ("fails", OTHER_DISK)
        return _refuse(ClfError(f"a disk {what}: {first_line(error)}", hint), arguments)
    try:
        told: ClfError = unexpected(error, _typed(arguments))
    except Exception:  # such as an error that cannot say what it is
        told = ClfError(f"unexpected {type(error).__name__}", "run the command again with --debug to see where")
    return _refuse(told, arguments)


def refuse_system() -> int:
    """Report that clf does not run on Windows, where it cannot lock and replace files in the way that it needs."""
    hint = "use the Windows Subsystem for Linux (wsl --install), where clf runs as on Linux"
    return _refuse(ClfError("clf runs on Linux and macOS, found Windows", hint), None)


def _how_to_resume(arguments: list[str] | None) -> str:
    given = [part for part in _typed(arguments) if part != "--resume"]
    return "resume with: " + shell_line(["clf", *given, "--resume"])


def _typed(arguments: list[str] | None) -> list[str]:
    return sys.argv[1:] if arguments is None else arguments


def _usage_hint(message: str, typed: list[str]) -> str:
    if "No such option: --model" in message and (right := _with_the_model_first(typed)):
        return f"name the model without a flag: {shell_line(right)}"
    if "extra argument" in message:
        return "pass the data with --dataset; see the command's --help"
    return "see the command's --help"


def _with_the_model_first(typed: list[str]) -> list[str]:
    """Return the command with the value of `--model` as its first argument; nothing if it does not take a model."""
    command, *rest = typed
    for place, part in enumerate(rest):
        name, equals, value = part.partition("=")
        if normalize_name(name.removeprefix("--")) == "model" and normalize_name(command) in TAKE_A_MODEL:
            after = rest[place + 1 :]
            named = [value, *after] if equals else after
            return ["clf", command, *named[:1], *rest[:place], *named[1:]]
    return []


def _refuse(error: ClfError, arguments: list[str] | None) -> int:
    stop_listening()  # a second Ctrl-C must not interrupt what is said of the first
    from clf.cli.show.terminal import print_error, write_error

    if _debugging(arguments):
        write_error(safe(traceback.format_exc()))
    if error.told_elsewhere:
        time.sleep(SECONDS_TO_SPEAK)
    else:
        is_last = not will_be_restarted()  # or the document on stdout would be followed by another one
        print_error(error, wants_json(arguments) and is_last)
    return error.exit_code


def _debugging(arguments: list[str] | None) -> bool:
    return "--debug" in _typed(arguments)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


def listen_to_signals() -> None:
    """Make signals stop a command cleanly, and characters that the terminal cannot show print as question marks.

    Errors in threads, and what libraries log or warn of, are reported in one line each.
    """
    from clf.cli.show.terminal import tame_libraries

    keep_threads_quiet()
    tame_libraries()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a character the terminal cannot show becomes a question mark
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # under nohup it is ignored, and stays ignored
        signal.signal(signal.SIGHUP, _terminate)
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # of a job in the background it is ignored
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminate)


def stop_listening() -> None:
    """Let a signal end the process at once from now on, without a word: only the report of how it ended is left."""
    if signal.getsignal(signal.SIGTERM) is not _terminate:
        return  # nobody listened: a test, or a program that calls this one
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def close_streams(code: int) -> int:
    """Write what waits for stdout and stderr, and return the exit code: 1 instead of 0 if stdout cannot be written."""
    stop_listening()
    from clf.cli.show.terminal import flush

    try:
        flush()
    except BrokenPipeError:
        return READER_LEFT
    except ClfError as error:
        code = code or _refuse(error, [])
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    return code
