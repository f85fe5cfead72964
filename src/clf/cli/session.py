"""How every command begins and ends: the environment, the log, the line that says what comes next, the exit code."""

import io
import logging
import os
import shlex
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import typer

from clf.cli.options import Presentation, wants_json
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
from clf.processes import current_world
from clf.settings import DEFAULT_MODEL, Settings, TrainSettings

SECONDS_TO_SPEAK = 3.0
"""A launcher ends all processes when one has ended: one with nothing to say waits for the one that says it."""
LESS_MEMORY = "free memory, or take fewer or shorter texts (--max-train-samples, --max-length), or a smaller model"
NOTHING_HALF = "nothing half-written will be taken for whole; run the command again"


def start(settings: Settings, presentation: Presentation) -> None:
    """Set what the libraries read when they are imported, and let the log speak."""
    from clf.hub.address import check_endpoint

    if not os.environ.get("HF_ENDPOINT", "x").strip():
        del os.environ["HF_ENDPOINT"]  # set to nothing means not set
    check_endpoint()  # the Hub's client fails on a bad one when it is imported
    if settings.run.offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.pop("HF_DEBUG", None)  # with it the client prints addresses, passwords included
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    quiet = presentation.quiet or not current_world().is_main
    level = logging.ERROR if quiet else logging.DEBUG if presentation.verbose else logging.INFO
    from clf.cli.show.terminal import NoteHandler

    handler = NoteHandler(level)
    log = logging.getLogger("clf")
    log.handlers = [handler]
    log.setLevel(level)
    log.propagate = False


def note_unused(settings: Settings, *names: str) -> None:
    """Say which data settings, the same for all commands, have no effect on this one."""
    for name in sorted(settings.data.model_fields_set & set(names)):
        logging.getLogger("clf").warning("--%s has no effect here", name.replace("_", "-"))


def encoder_at_hand(train: TrainSettings) -> list[str]:
    """Name the encoder that was asked for, or one that is installed where the default is not here."""
    from clf.models.store import EMBEDDED_ID, find_local_model, has_embedded

    if "model" in train.model_fields_set:
        return ["--model", train.model]
    if has_embedded() and find_local_model(DEFAULT_MODEL) is None:
        return ["--model", EMBEDDED_ID]
    return []


def finish(presentation: Presentation, *command: object) -> None:
    """Say what comes next, as it can be typed."""
    if not presentation.quiet:
        from clf.cli.show.terminal import print_next

        print_next(shlex.join(str(part) for part in command))


def run_to_exit_code(command: Callable[..., object], arguments: list[str] | None) -> int:
    """Run one command line and return its exit code; every error ends here."""
    try:
        code = command(args=arguments, prog_name="clf", standalone_mode=False)
        if code == INTERRUPTED:  # Typer turns KeyboardInterrupt into this code, in silence
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except ClfError as error:
        return _refuse(error, arguments)
    except typer.TyperException as error:
        if not str(error.format_message()):  # no arguments: the help was printed
            return error.exit_code
        message = error.format_message().replace("Value error, ", "")  # pydantic's, of a word that is none of those
        return _refuse(UsageError(message, _usage_hint(message)), arguments)
    except Interrupted as ended:
        _refuse(ClfError(ended.message, _how_to_resume(arguments)), [])
        return ended.exit_code
    except (KeyboardInterrupt, typer.Abort):
        _refuse(ClfError("interrupted", NOTHING_HALF), [])
        return INTERRUPTED
    except Terminated:
        _refuse(ClfError("terminated", NOTHING_HALF), [])
        return TERMINATED
    except (BrokenPipeError, SystemExit):
        # The reader went away (`clf … | head`), for which Typer exits: nobody is left to be told.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return READER_LEFT
    except Exception as error:
        if not ran_out_of_memory(error):
            raise
        return _refuse(ClfError(f"memory ran out: {first_line(error)}", LESS_MEMORY), arguments)


def refuse_system() -> int:
    """Say that clf does not run on Windows, whose files can neither be locked nor replaced as clf needs it."""
    hint = "use the Windows Subsystem for Linux (wsl --install), where clf runs as on Linux"
    return _refuse(ClfError("clf runs on Linux and macOS, found Windows", hint), None)


def _how_to_resume(arguments: list[str] | None) -> str:
    given = [part for part in (sys.argv[1:] if arguments is None else arguments) if part != "--resume"]
    return "go on with: " + shlex.join(["clf", *given, "--resume"])


def _usage_hint(message: str) -> str:
    if "extra argument" in message:
        return "data is named with --dataset; see --help of the command"
    return "see --help of the command"


def _refuse(error: ClfError, arguments: list[str] | None) -> int:
    from clf.cli.show.terminal import print_error
    from clf.reports.safety import safe

    if _debugging(arguments):
        sys.stderr.write(safe(traceback.format_exc()))
    if error.told_elsewhere:
        time.sleep(SECONDS_TO_SPEAK)
    else:
        print_error(error, wants_json(arguments))
    return error.exit_code


def _debugging(arguments: list[str] | None) -> bool:
    return "--debug" in (sys.argv[1:] if arguments is None else arguments)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


def listen_to_signals() -> None:
    """Let signals end a command in order, and let no character that a terminal lacks end it."""
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # nohup ignores it, and so it stays
        signal.signal(signal.SIGHUP, _terminate)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character gets a question mark
