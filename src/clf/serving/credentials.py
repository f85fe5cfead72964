"""The token that clients of the server show, and whether the server may listen beyond this machine.

The token comes from a variable or a file that a variable names, never from a flag or a settings file, and is never
written anywhere. Messages do not repeat the name of its file: people mix up the two variables.
"""

import ipaddress
import logging
import os
import re
import socket
import stat

from clf.errors import UsageError
from clf.safety import keep_secret, one_line
from clf.settings_sources import CREDENTIALS

TOKEN, TOKEN_FILE = CREDENTIALS
SHORTEST = 16
LONGEST = 4096
HINT = f"make a token with `openssl rand -hex 32`, and pass it in {TOKEN}, or in a file that {TOKEN_FILE} names"

log = logging.getLogger(__name__)


def read_token() -> str | None:
    """Return the token that clients must show, or None if none is set.

    Both variables are removed, so that no process started later and no report has them: a second call finds nothing.
    Raises UsageError for a token that is empty, cannot be read, or that no header could carry.
    """
    given, file = os.environ.pop(TOKEN, None), os.environ.pop(TOKEN_FILE, None)
    if given is None and file is None:
        return None
    if given is not None and file is not None:
        raise UsageError(f"{TOKEN} and {TOKEN_FILE} are both set", "unset one of them")
    origin = TOKEN if given is not None else f"the file that {TOKEN_FILE} names"
    token = given if given is not None else _read(file or "")
    token = token.removesuffix("\n").removesuffix("\r")
    _check(token, origin)
    keep_secret(token)
    return token


def _read(file: str) -> str:
    """Return the text of a file; bytes that are not UTF-8 are kept as surrogates."""
    try:
        with open(file, "rb", opener=_without_waiting) as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise UsageError(f"what {TOKEN_FILE} names is not a plain file", HINT)
            return opened.read(LONGEST + 2).decode("utf-8", "surrogateescape")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no valid path"
        raise UsageError(f"the file that {TOKEN_FILE} names cannot be read: {reason}", HINT) from None


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe without a writer would be waited for


def _check(token: str, origin: str) -> None:
    if not token:
        raise UsageError(f"{origin} is empty", HINT)
    if len(token) > LONGEST:
        raise UsageError(f"{origin} holds more than the {LONGEST:,} characters that a token may have", HINT)
    if unfit := re.search(r"[^\x21-\x7e]", token):
        kind = "white space" if unfit[0].isspace() else "a character that is not visible ASCII"
        raise UsageError(f"{origin} holds {kind}, as character {unfit.start() + 1} of {len(token)}", HINT)
    if len(token) < SHORTEST:
        log.warning("the token has only %d characters and can be guessed: use at least %d", len(token), SHORTEST)


def check_exposure(host: str, has_token: bool, allow_anonymous: bool) -> None:
    """Refuse to listen beyond this machine without a token, unless told to.

    Raises UsageError for such a host, and for a name that has no address.
    """
    if has_token or is_this_machine(host):
        return
    said = one_line(host, 100) or "an empty host"
    if not allow_anonymous:
        raise UsageError(
            f"{said} can be reached from other machines, and there is no token",
            f"{HINT}; or pass --allow-anonymous to let everyone use the model",
        )
    log.warning("anyone who reaches %s can use the model: there is no token", said)


def is_this_machine(host: str) -> bool:
    """Return whether a host to listen on is reached from this machine only.

    Raises UsageError if it is a name without an address.
    """
    try:
        return _is_loopback(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        pass
    if not host:  # all addresses of the machine
        return False
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        raise UsageError(
            f"--host {one_line(host, 100)}: this name has no address", "pass an address, such as --host 127.0.0.1"
        ) from None
    return all(map(_is_loopback, found))


def _is_loopback(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
