"""Where the Hub and its cache are, whether the network may be used, and how to keep passwords out of messages."""

import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from clf.errors import UsageError


def is_offline(asked: bool) -> bool:
    """Return whether `--offline` or HF_HUB_OFFLINE forbids using the network."""
    return asked or os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}


def check_endpoint() -> None:
    """Check that HF_ENDPOINT is a valid address.

    Raises UsageError if it is not, without showing a password in it.
    """
    address = os.environ.get("HF_ENDPOINT", "").strip()
    if not address:
        return
    hint = "write it as https://host or https://host:port, with special characters in a password as %XX"
    try:
        parts = urlsplit(address)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound or "@" in parts.path + parts.query + parts.fragment:
        raise UsageError("HF_ENDPOINT is not a valid address", hint)


def shown_endpoint() -> str:
    """Return the address of the Hub without any password."""
    from huggingface_hub import constants

    address = urlsplit(constants.ENDPOINT)
    return address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()


def check_token() -> None:
    """Check that HF_TOKEN has only valid characters, before it breaks a request.

    Raises UsageError if it does not.
    """
    token = os.environ.get("HF_TOKEN", "").strip()
    if not all("!" <= character <= "~" for character in token):
        raise UsageError("HF_TOKEN contains invalid characters", "unset it, or copy the token again")


def cache_folder() -> Path:
    """Return the cache folder of the Hub's client: HF_HUB_CACHE, or `hub` inside HF_HOME."""
    from huggingface_hub import constants

    try:
        return Path(constants.HF_HUB_CACHE).expanduser()
    except RuntimeError as error:
        hint = "set HF_HOME or HF_HUB_CACHE to a path without ~"
        raise UsageError(f"the home folder in the cache folder {constants.HF_HUB_CACHE} is unknown", hint) from error


def repository_folder(kind: Literal["model", "dataset"], repository: str) -> Path:
    """Return the folder of a repository in the cache."""
    return cache_folder() / f"{kind}s--{repository.replace('/', '--')}"
