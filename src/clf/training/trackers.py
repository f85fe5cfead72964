"""The trackers that a run may report to, each only when its name is given."""

from importlib.util import find_spec

from clf.errors import UsageError

TRACKERS = ("tensorboard", "mlflow", "wandb")


def check_trackers(names: list[str]) -> None:
    """Find a tracker that is misspelt, or not installed, before anything is computed."""
    for name in names:
        if name not in TRACKERS:
            raise UsageError(f"--report-to {name!r} is no tracker that clf knows", f"give one of {', '.join(TRACKERS)}")
        if find_spec(name) is None:
            raise UsageError(f"--report-to {name} needs the package {name}", f"pip install {name}")
