"""Which results of one command belong together, and what clf promises of them.

A command replaces its results one after the other, each by one rename. So what clf promises is:

    success           all are of this run
    an error, a kill  each by itself is the old one or the new one, whole; one may be new while another is still old

These files tell which run a result is of:

    settings.json           of each folder: a random id of its `run`
    report.md               inside a comparison and beside it: the same measured times
    clf.json, result.json   of a model and of its run folder: the time at which the model was `created`
    out.csv.settings.json   the SHA-256 of the predictions beside it

Settings of other predictions never pass for those of the predictions they lie beside. A run that was stopped between
its last two renames leaves its own settings in the hidden folder of its windows, from which the next run takes them;
without these, the hash is wrong, and `--resume` refuses the output.
"""

import hashlib
import json
from pathlib import Path
from typing import Any


def of_two_runs(work: Path) -> list[str]:
    """Return what is wrong after a success: results of which the files say that they are of different runs."""
    wrong = []
    runs = {str(path.relative_to(work)): _read(path).get("run") for path in work.glob("out/settings.json")}
    if any(not run for run in runs.values()):
        wrong.append("out/settings.json has no id of a run")
    model, record = work / "out" / "clf.json", work / "out.run" / "result.json"
    if record.exists() and _read(model).get("created") != _read(record).get("created"):
        wrong.append("out.run/result.json is of another model than out")
    inside, beside = work / "out" / "report.md", work / "report.md"
    if beside.exists() and inside.read_bytes() != beside.read_bytes():
        wrong.append("report.md is of another run than out")
    return wrong


def settings_fit(output: Path) -> bool:
    """Return whether the settings beside predictions are theirs, or one of the two is missing."""
    settings = output.with_name(f"{output.name}.settings.json")
    return not (output.exists() and settings.exists()) or _read(settings).get("sha256") == _hash(output)


def settings_are_told(output: Path) -> bool:
    """Return whether the run that made the predictions has left its own settings in the folder of its windows."""
    told = output.with_name(f".{output.name}.parts") / "told.json"
    return told.exists() and _read(told).get("sha256") == _hash(output)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found
