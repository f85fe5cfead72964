"""The trackers that a run reports to when they are named with --report-to."""

from importlib.util import find_spec

from clf.errors import UsageError

TRACKERS = ("tensorboard", "mlflow", "wandb")


def check_trackers(names: list[str]) -> None:
    """Raise UsageError for a tracker that is unknown or not installed, before anything is computed."""
    for name in names:
        if name not in TRACKERS:
            raise UsageError(f"--report-to {name!r} is not a known tracker", f"use one of {', '.join(TRACKERS)}")
        if find_spec(name) is None:
            raise UsageError(f"--report-to {name} needs the package {name}", f"pip install {name}")
