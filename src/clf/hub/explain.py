"""Errors raised by the Hub's client, turned into errors for users or reasons to try again."""

import errno
from typing import Any

from clf.errors import ClfError, NetworkError, OutputError, first_line
from clf.hub.address import cache_folder
from clf.hub.files import Kind, unusable
from clf.storage.disk import disk_is_full

UNREACHABLE = ("ConnectError", "ConnectTimeout", "ProxyError", "UnsupportedProtocol", "FileNotFoundError")
AGAIN_STATUS = {408, 425, 429, 500, 502, 503, 504}


class TryAgain(Exception):
    """A failure that may not happen again on the next attempt; `wait` is the pause in seconds that the Hub requested.

    `answered` means that the Hub sent a response, `unreachable` that not even a connection was made.
    """

    def __init__(self, reason: str, wait: float = 0.0, *, answered: bool = True, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.wait, self.answered, self.unreachable = wait, answered, unreachable


def disk_full(reason: str) -> OutputError:
    """Return the error for a full disk."""
    return OutputError(
        f"the disk of the cache {cache_folder()} is full: {reason}",
        "free some space, or set HF_HOME to a folder on another disk",
    )


def cannot_write(error: OSError) -> OutputError:
    """Return the error for a cache that cannot be written."""
    if disk_is_full(error) and error.errno != errno.EROFS:
        return disk_full("it filled up during the download")
    return OutputError(
        f"the cache {cache_folder()} cannot be written: {error.strerror or error}",
        "set HF_HOME to a folder that you can write to, or fetch as the user who owns the cache",
    )


def explain(error: Exception, kind: Kind, repository: str, revision: str | None) -> ClfError | TryAgain:
    """Turn an error of the client into a ClfError, or into TryAgain when another attempt may succeed."""
    from huggingface_hub import errors

    if isinstance(error, (ClfError, TryAgain)):
        return error
    if isinstance(error, errors.HfHubHTTPError):
        return _explain_status(error, kind, repository, revision)
    if isinstance(error, errors.HFValidationError):
        return unusable(kind)(f"{repository!r} is not a valid Hub id", "pass owner/name")
    if isinstance(error, OSError) and _is_of_the_cache(error):
        return cannot_write(error)
    unreachable = type(error).__name__ in UNREACHABLE
    return TryAgain(first_line(error), answered=False, unreachable=unreachable)


def _explain_status(error: Any, kind: Kind, repository: str, revision: str | None) -> ClfError | TryAgain:
    from huggingface_hub import errors, get_token

    named = f"{kind} {repository}"
    status = error.response.status_code
    if isinstance(error, errors.GatedRepoError):
        return unusable(kind)(f"{named} is gated", "request access on its page and set HF_TOKEN")
    if isinstance(error, errors.RevisionNotFoundError):
        return unusable(kind)(f"{named} has no revision {revision!r}", "pass a branch, tag or commit to --revision")
    if status in (401, 403) and get_token() and not isinstance(error, errors.RepositoryNotFoundError):
        return unusable(kind)(
            f"the Hub refused the token in HF_TOKEN (or from your login) for {named}",
            "unset HF_TOKEN for a public repository, or use a valid token that has access",
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        token = "your token may not have access to it" if get_token() else "a private repository needs HF_TOKEN"
        spelling = f"check the spelling; write a local folder with a leading ./; {token}"
        return unusable(kind)(f"{named} does not exist on the Hub, or it is private", spelling)
    if status in AGAIN_STATUS:
        wait = error.response.headers.get("Retry-After", "")
        return TryAgain(f"the Hub answered {status}", float(wait) if wait.isdigit() else 0.0)
    if status == 416:
        return TryAgain("the requested part of the file is not available on the Hub")
    return NetworkError(f"the Hub answered {status} to a request for {named}")


def _is_of_the_cache(error: OSError) -> bool:
    """Return whether an error comes from files of the cache, not from certificates, sockets and the like."""
    return disk_is_full(error) or str(error.filename or "").startswith(str(cache_folder()))
