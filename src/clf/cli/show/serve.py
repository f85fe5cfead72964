"""What `clf serve` prints."""

from clf.cli.show.terminal import print_lines
from clf.outcomes.serving import Serves


def print_serving(serves: Serves) -> None:
    """Print where the model answers."""
    who = "for other machines too" if serves.beyond else "for this machine"
    asks = "to those who show the token" if serves.token else "without a token"
    print_lines(f"{serves.model} answers at {serves.address}, {who}, {asks} (Ctrl-C stops it)")
