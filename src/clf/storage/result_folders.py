"""What the folders of results hold, and how clf knows its own."""

import json
from contextlib import suppress
from pathlib import Path

MODELS = Path("trained_models")
PREPARED = Path("prepared")
EVALUATIONS = Path("evaluations")
COMPARISONS = Path("comparisons")
EXPORTS = Path("exported_models")

MODEL_FILE = "clf.json"
MANIFEST_FILE = "manifest.json"
SETTINGS_FILE = "settings.json"
TRAIN_ROWS_FILE = "train_rows.npy"
SCHEMA_VERSION = 1
# What results hold beside the files that clf.json and manifest.json list; of a run folder, what a run leaves there.
WRITTEN = {MODEL_FILE, MANIFEST_FILE, SETTINGS_FILE, "README.md", "labels.json", "audit.json", "metrics.json",
           "predictions.parquet", "report.md", "comparison.json", "label_issues.csv"}  # fmt: skip


def is_clf_result(folder: Path) -> bool:
    """Tell whether clf itself wrote `folder`, whole."""
    for name in (MODEL_FILE, MANIFEST_FILE, SETTINGS_FILE):
        try:
            if "clf_version" in json.loads((folder / name).read_text()):
                return True
        except (OSError, ValueError, TypeError):
            continue
    return False


def strangers(folder: Path) -> list[str]:
    """Name what in a folder was not written by clf: all of it, or what was added to a result."""
    names = sorted(path.name for path in folder.iterdir())
    if not is_clf_result(folder):
        return names
    listed: set[str] = set()
    for record in (MODEL_FILE, MANIFEST_FILE):
        with suppress(OSError, ValueError, KeyError, TypeError):
            listed |= set(json.loads((folder / record).read_text(encoding="utf-8"))["files"])
    return [name for name in names if name not in listed | WRITTEN]


def shown(folder: Path) -> str:
    """Write a path as short as it can be: relative to the working folder when it lies below."""
    here = Path.cwd().resolve()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)
