"""The names and files of result folders, and how to recognise those that clf wrote."""

import hashlib
import re
from pathlib import Path

from clf.storage.documents import open_regular, read_surely

MODELS = Path("trained_models")
PREPARED = Path("prepared")
EVALUATIONS = Path("evaluations")
COMPARISONS = Path("comparisons")
EXPORTS = Path("exported_models")

MODEL_FILE = "clf.json"
MANIFEST_FILE = "manifest.json"
SETTINGS_FILE = "settings.json"
HISTORY_FILE = "history.jsonl"
README_FILE = "README.md"
TRAIN_ROWS_FILE = "train_rows.npy"
# Files in result folders in addition to those that clf.json and manifest.json list.
WRITTEN = {MODEL_FILE, MANIFEST_FILE, SETTINGS_FILE, README_FILE, "labels.json", "audit.json", "metrics.json",
           "predictions.parquet", "report.md", "comparison.json", "label_issues.csv"}  # fmt: skip

LISTED = re.compile(
    r"(train|validation|test)\.parquet|train_rows\.npy|(generation_)?config\.json|model[\w.-]*\.(safetensors|json|data)"
    r"|model\.onnx[\w.-]*|(tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json"
    r"|(vocab|merges|dict)\.txt|bpe\.codes|\w[\w.]*\.model|chat_template\.jinja"
)
"""The names that clf.json and manifest.json may list as clf's own: a record that names others was made by somebody."""


def is_clf_result(folder: Path) -> bool:
    """Return whether `folder` is a complete result that clf wrote. Raises OSError if a record cannot be read."""
    records = (read_surely(folder / name) for name in (MODEL_FILE, MANIFEST_FILE, SETTINGS_FILE))
    return any(record is not None and "clf_version" in record for record in records)


def strangers(folder: Path) -> list[str]:
    """Return the names in a folder that clf did not write: all of them, or those added to a result.

    Raises OSError if the folder or a record cannot be read.
    """
    parts = {f"{name}.part" for name in WRITTEN}  # of version 0.1
    names = sorted(path.name for path in folder.iterdir() if path.name not in parts and not _is_part(path.name))
    if not is_clf_result(folder):
        return names
    listed: set[str] = set()
    for record in (MODEL_FILE, MANIFEST_FILE):
        files = (read_surely(folder / record) or {}).get("files")
        listed |= set(filter(LISTED.fullmatch, files)) if isinstance(files, dict) else set()
    return [name for name in names if name not in listed | WRITTEN]


def has_edited_readme(folder: Path) -> bool:
    """Return whether a result has a README other than clf wrote; also if that is unknown, as for version 0.1.

    Raises OSError if the README or the record cannot be read.
    """
    readme = folder / README_FILE
    if readme.is_symlink() or not readme.is_file():
        return False
    with open_regular(readme) as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    return (read_surely(folder / MODEL_FILE) or {}).get("readme") != found


def _is_part(name: str) -> bool:
    """Return whether a file was being written in place of one of clf (by `writing`) when the process was killed."""
    found = re.fullmatch(r"\.(.+)\.part-[0-9a-f]{16}", name)
    return found is not None and found[1] in WRITTEN


def shown(folder: Path) -> str:
    """Return the shortest form of a path: relative to the working directory if it is inside it."""
    here = Path.cwd().resolve()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)
