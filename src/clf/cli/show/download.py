"""What `clf download-models` prints."""

from collections.abc import Sequence
from pathlib import Path

from clf.cli.show.terminal import print_lines
from clf.outcomes.machine import Downloaded


def print_downloaded(rows: Sequence[Downloaded], verified: bool, manifest: Path | None) -> None:
    """Print where each model and dataset is."""
    for row in rows:
        commit = f" (commit {row.commit[:8]})" if row.commit else ""
        state = "verified in" if verified else "ready in"
        print_lines(f"{row.kind} {row.id}{commit}: {state} {row.folder}")
    if manifest:
        print_lines(f"manifest written to {manifest}")
