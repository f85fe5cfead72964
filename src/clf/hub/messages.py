"""What the process that fetches is told, and what it says, line by line as JSON."""

import json
from dataclasses import asdict, dataclass, fields

from clf.hub.files import Kind


@dataclass(frozen=True)
class Order:
    """What is to be fetched. `pins` are the only files wanted, with the SHA-256 that each must have."""

    kind: Kind
    repository: str
    revision: str | None
    pins: dict[str, str] | None = None
    timeout: float = 60.0
    """Seconds to wait for a connection, for an answer, and for each next part of it."""

    def as_line(self) -> str:
        """Return the order as it is sent."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def of_line(cls, line: str) -> "Order":
        """Read an order."""
        return cls(**json.loads(line))


@dataclass(frozen=True)
class Message:
    """One line of what the process says; what it does not say is None."""

    waited: float | None = None
    """Seconds it has waited for others so far."""
    answered: bool | None = None
    """The Hub has answered."""
    bytes: int | None = None
    """Bytes that are here, of `total`; `received` of them came over the network, `hashed` were read again."""
    received: int = 0
    hashed: int = 0
    total: int = 0
    done: str | None = None
    """The commit that is here now."""
    error: dict[str, str] | None = None
    """Kind, message and hint of an error that no further attempt would mend."""
    again: str | None = None
    """Why it ended, where another attempt may succeed, after `wait` seconds."""
    wait: float = 0.0
    reached: bool = False
    unreachable: bool = False

    @classmethod
    def of_line(cls, line: str) -> "Message":
        """Read a message.

        Raises ValueError for a line that is none.
        """
        value = json.loads(line)
        if not isinstance(value, dict):
            raise ValueError("not a message")
        return cls(**{field.name: value[field.name] for field in fields(cls) if field.name in value})
