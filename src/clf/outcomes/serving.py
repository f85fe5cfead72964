"""What `clf serve` says when it is ready."""

from clf.outcomes.base import Outcome


class Serves(Outcome):
    """The output of `clf serve --json`, written when the first text was answered."""

    address: str
    model: str
    beyond: bool
    """Whether other machines can reach it."""
    names: list[str]
    """The names that it answers to, beside IP addresses and localhost."""
    token: bool
    """Whether clients must show a token."""
