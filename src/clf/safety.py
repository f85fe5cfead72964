"""Makes foreign text harmless before it is shown or recorded.

Texts, labels, file names and messages come from datasets, models and the Hub. Nothing in them may act on a terminal, a
log, a report or a CI system, and no secret may be repeated. `safe` and `one_line` are for everything that people read,
`tame` is for whole lines of a terminal or of a CI job's log, and `redact` is for text whose other characters must stay.
"""

import os
import re
import shlex
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
TOKENS = re.compile(
    r"hf_(?:oauth|jwt)_[\w.+/=-]{8,}|hf_[A-Za-z0-9]{10,}|api_org_[A-Za-z0-9]{8,}"  # of the Hub
    r"|(?:(?<=://)|(?<=tp:/)|(?<=tps:/))[^/\s]+(?=@)"  # user and password in an address, or in what a path made of it
)
NAMED = re.compile(
    r"(?P<name>\bauthorization['\"]?\s*[:=]\s*['\"]?(?:bearer|basic|token)\s+|\bbearer\s+(?=[\w.~+/=-]{16})|"
    r"(?<![A-Za-z0-9])(?:(?:access_|auth_|hub_|hf_|x-amz-security-)?token|sig|signature|x-amz-signature|x-amz-credential"
    r"|api_?key|password)=)[^\s&'\"<>,;]{4,}",
    re.IGNORECASE,
)
"""A secret that follows its name: in a header, or in the query of an address."""
SECRET_VARIABLES = (
    "HF_TOKEN",
    "HUGGING_FACE_HUB_TOKEN",
    "HUGGINGFACE_HUB_TOKEN",
    "WANDB_API_KEY",
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_TRACKING_PASSWORD",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "CLF_SERVE_TOKEN",
)
SHORTEST_SECRET = 8
HIDDEN = "***"
COMMAND = re.compile(r"^([^\S\n]*):(?=:)|#(?=#(?:vso|teamcity)?\[)", re.MULTILINE)
"""What GitHub reads as a command: `::` at the start of a line, and `##[` (as Azure's `##vso[`) anywhere in it."""


def safe(text: object) -> str:
    """Make a foreign string safe to show: control and bidi characters become visible, and secrets become stars."""
    return "".join(map(_visible, redact(str(text))))


def redact(text: str) -> str:
    """Replace secrets by stars: tokens of the Hub, passwords in addresses, and the values of the secrets in use."""
    for value in _secrets_in_use():
        text = text.replace(value, HIDDEN)
    return NAMED.sub(rf"\g<name>{HIDDEN}", TOKENS.sub(HIDDEN, text))


def redacted(value: Any) -> Any:
    """Return a JSON value with the secrets in its texts and names replaced by stars."""
    if isinstance(value, dict):
        return {redact(name): redacted(each) for name, each in value.items()}
    if isinstance(value, list):
        return [redacted(each) for each in value]
    return redact(value) if isinstance(value, str) else value


def one_line(text: object, width: int | None = None) -> str:
    """Make a foreign string safe and put it on one line, truncated to `width` characters."""
    line = " ".join(safe(text).split())
    return line if width is None or len(line) <= width else line[: width - 1] + "…"


def tame(text: str) -> str:
    """Break up what a CI system that reads the output would take for a command; all else stays."""
    return COMMAND.sub(lambda found: f"{found[1] or ''}\\x{ord(found[0][-1]):02x}", text)


def shell_line(parts: Sequence[str]) -> str:
    """Quote the parts of a command so that they can be shown in one line and pasted into a shell."""
    return " ".join(map(_quoted, parts))


def _quoted(part: str) -> str:
    part = redact(part)
    spaced = part.split(" ")
    if "" not in spaced[1:-1] and all(character != "\n" and _visible(character) == character for character in part):
        return shlex.quote(part)
    escaped = part.replace("\\", "\\\\").replace("'", "\\'").replace("  ", " \\x20")
    return f"$'{''.join(map(_in_bytes, escaped))}'"


def _in_bytes(character: str) -> str:
    if character != "\n" and _visible(character) == character:
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


@cache
def _visible(character: str) -> str:
    keep = character in "\n\u200c\u200d" or unicodedata.category(character) not in INVISIBLE
    keep = keep and ord(character) & 0xFFFE != 0xFFFE  # noncharacters, not allowed in XML
    return character if keep else character.encode("unicode_escape", "surrogatepass").decode("ascii")


def keep_secret(value: str) -> None:
    """Have a value replaced by stars from now on that no variable holds any more."""
    _kept_secret.add(value)


_kept_secret: set[str] = set()


def _secrets_in_use() -> list[str]:
    values = [*_kept_secret, *(os.environ.get(name, "").strip() for name in SECRET_VARIABLES)]
    # As the client finds it, for which a variable that is set to nothing is set.
    home = os.environ.get("HF_HOME", os.path.join(os.environ.get("XDG_CACHE_HOME", "~/.cache"), "huggingface"))
    file = os.environ.get("HF_TOKEN_PATH", os.path.join(home, "token"))
    values.append(_token_in(os.path.expandvars(os.path.expanduser(file))))
    return [value for value in values if len(value) >= SHORTEST_SECRET]


@cache
def _token_in(file: str) -> str:
    """Return the token that `hf auth login` left in a file, if there is one."""
    path = Path(file)
    try:
        return path.read_text(encoding="utf-8").strip() if path.is_file() and path.stat().st_size < 10_000 else ""
    except (OSError, ValueError):
        return ""
