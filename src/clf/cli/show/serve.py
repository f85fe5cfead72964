"""What `clf serve` prints."""

from clf.cli.show.terminal import print_lines
from clf.outcomes.serving import Serves


def print_serving(serves: Serves) -> None:
    """Print where the model answers."""
    print_lines(f"{serves.model} answers at {serves.address} (Ctrl-C stops it)")
