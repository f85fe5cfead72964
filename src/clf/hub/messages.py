"""The messages to and from the download process, one JSON object per line."""

import json
from dataclasses import asdict, dataclass

from pydantic import BaseModel, ConfigDict

from clf.hub.files import Kind
from clf.storage.documents import parse_json


@dataclass(frozen=True)
class Order:
    """What to fetch. If there are `pins`, fetch only those files, each with the SHA-256 that it must have."""

    kind: Kind
    repository: str
    revision: str | None
    pins: dict[str, str] | None = None
    timeout: float = 60.0
    """Seconds to wait for a connection, for a response, and for each further part of the response."""

    def as_line(self) -> str:
        """Return the order as a line of JSON, ready to send."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def of_line(cls, line: str) -> "Order":
        """Parse an order."""
        return cls(**json.loads(line))


class Refusal(BaseModel):
    """An error that another attempt would not fix."""

    model_config = ConfigDict(strict=True, frozen=True)

    kind: str
    message: str
    hint: str


class Message(BaseModel):
    """One message from the download process; fields that it does not send keep their defaults."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, use_attribute_docstrings=True)

    waited: float | None = None
    """Seconds that the process has waited for the network, the disk or a timer so far."""
    answered: bool | None = None
    """Whether the Hub has answered."""
    bytes: int | None = None
    """Bytes present, of `total`; `received` of them came over the network, `hashed` bytes were read again to verify."""
    received: int = 0
    hashed: int = 0
    total: int = 0
    done: str | None = None
    """The commit that is now complete in the cache."""
    error: Refusal | None = None
    again: str | None = None
    """Why the attempt failed, if another one may succeed after `wait` seconds."""
    wait: float = 0.0
    reached: bool = False
    unreachable: bool = False

    @classmethod
    def of_line(cls, line: str) -> "Message":
        """Parse a message.

        Raises ValueError for a line that is not a message: a library may print to the same stream.
        """
        return cls.model_validate(parse_json(line))
