"""Where the Hub and its cache are, whether it may be asked, and what must never be shown of it."""

import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from clf.errors import UsageError


def is_offline(asked: bool) -> bool:
    """Tell whether the network must be left alone: `--offline`, or HF_HUB_OFFLINE."""
    return asked or os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}


def check_endpoint() -> None:
    """Refuse an HF_ENDPOINT that is no address, without showing a password in it.

    Raises UsageError.
    """
    address = os.environ.get("HF_ENDPOINT", "").strip()
    if not address:
        return
    hint = "write it as https://host or https://host:port; special characters in a password as %XX"
    try:
        parts = urlsplit(address)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound or "@" in parts.path + parts.query + parts.fragment:
        raise UsageError("HF_ENDPOINT is no address of a Hub", hint)


def shown_endpoint() -> str:
    """Return the address of the Hub without a password."""
    from huggingface_hub import constants

    address = urlsplit(constants.ENDPOINT)
    return address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()


def check_token() -> None:
    """Refuse a token that cannot be one, before it breaks a request.

    Raises UsageError.
    """
    token = os.environ.get("HF_TOKEN", "").strip()
    if not all("!" <= character <= "~" for character in token):
        raise UsageError("HF_TOKEN holds characters that no token has", "unset it, or copy the token again")


def cache_folder() -> Path:
    """Return where the Hub's client keeps its files: HF_HUB_CACHE, or `hub` below HF_HOME."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE).expanduser()


def repository_folder(kind: Literal["model", "dataset"], repository: str) -> Path:
    """Return the folder of a repository in the cache."""
    return cache_folder() / f"{kind}s--{repository.replace('/', '--')}"
