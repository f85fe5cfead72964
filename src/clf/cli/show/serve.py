"""What `clf serve` prints."""

import logging
import sys

from clf.cli.show.terminal import print_lines
from clf.outcomes.serving import Serves


def log_for_programs() -> None:
    """Write notes and warnings as lines of JSON, like those of requests, unless a person reads them on a terminal."""
    from clf.serving.log_lines import LogLines

    if sys.stderr is not None and not sys.stderr.isatty():
        log = logging.getLogger("clf")
        log.handlers = [LogLines(handler.level) for handler in log.handlers]


def print_serving(serves: Serves) -> None:
    """Print where the model answers."""
    asks = "to those who show the token" if serves.token else "without a token"
    print_lines(f"{serves.model} answers at {serves.address}, {_who(serves)}, {asks} (Ctrl-C stops it)")


def _who(serves: Serves) -> str:
    if not serves.beyond:
        return "for this machine"
    names = f" or as {', '.join(serves.names)}" if serves.names else "; names need --allowed-host"
    return f"for other machines too (by IP address{names})"
