"""What killed processes left beside a result: told from the living by their locks, restored or deleted.

.X.staging-<random>/lock    held by the process that fills the stage, for as long as it lives
.X.staging-<random>/new     the result being written
.X.staging-<random>/old     the result that it replaces, if the system cannot swap folders

Version 0.1 left `.X.staging-<process>` and `.X.replaced-<process>`, without locks.
"""

import fcntl
import glob
import logging
import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

from clf.storage.result_folders import is_clf_result, shown
from clf.storage.writing import flush, hidden, what_stands_at, without_links

LOCK, NEW, OLD = "lock", "new", "old"
MOST_PROCESSES = 2**22
"""No process has a larger number, on Linux or macOS."""
UNTOUCHED = 3600.0
"""Seconds after which what version 0.1 left is taken for dead: another container may have its process."""

log = logging.getLogger(__name__)


def recover(folder: Path) -> None:
    """Restore a result whose replacement was interrupted between two renames, and delete leftover folders.

    Whoever calls this holds the lock of the place. What clf did not make is left alone.
    """
    for stage in _found(folder, "staging", "[0-9a-f]{16}"):
        _clear(stage, folder)
    for kind in ("replaced", "staging"):
        for left in _found(folder, kind, "[0-9]{1,10}"):
            _clear_of_0_1(left, folder, kind)


def delete_folder(folder: Path) -> None:
    """Delete a folder as far as possible; a link to one is never followed, and a pipe in its place never opened."""
    if what_stands_at(folder) == "a folder":
        shutil.rmtree(folder, ignore_errors=True)


def _found(folder: Path, kind: str, ending: str) -> list[Path]:
    start = hidden(folder.name, f"{kind}-")
    found = sorted(folder.parent.glob(f"{glob.escape(start)}*"))
    return [
        path
        for path in found
        if re.fullmatch(ending, path.name[len(start) :], re.ASCII) and not path.is_symlink() and path.is_dir()
    ]


def _clear(stage: Path, folder: Path) -> None:
    """Restore or delete a stage whose process has ended."""
    with suppress(OSError):
        if not set(os.listdir(stage)) <= {LOCK, NEW, OLD}:
            return
        if not (stage / LOCK).exists():
            stage.rmdir()  # it is empty, or not of clf
            return
        with open(stage / LOCK, "rb", opener=without_links) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a living process holds it
            # Once the new result is in place, `new` is gone and `old` must never come back.
            if (stage / NEW).is_dir():
                _restore(stage / OLD, folder)
            for part in (NEW, OLD):
                delete_folder(stage / part)
            delete_folder(stage)


def _restore(kept: Path, folder: Path) -> bool:
    """Move a replaced result back if its place is empty; return whether it was."""
    if os.path.lexists(folder) or kept.is_symlink() or not is_clf_result(kept):
        return False
    kept.rename(folder)
    flush(folder.parent)
    log.warning("restored %s, because its replacement was interrupted", shown(folder))
    return True


def _clear_of_0_1(left: Path, folder: Path, kind: str) -> None:
    process = int(left.name.rpartition("-")[2])
    if _is_running(process):
        return
    with suppress(OSError):
        if kind == "replaced" and _restore(left, folder):
            return
        if process > MOST_PROCESSES or time.time() - _last_change(left) > UNTOUCHED:
            delete_folder(left)


def _last_change(folder: Path) -> float:
    return max(path.lstat().st_mtime for path in (folder, *folder.iterdir()))


def _is_running(process: int) -> bool:
    """Return whether another process with this number is running here."""
    if process == os.getpid() or process > MOST_PROCESSES:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
