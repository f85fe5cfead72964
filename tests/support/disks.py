"""Disks that fail."""

import errno
import os
from typing import Any

import pytest


def unreadable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let every attempt to open a file with this name fail, as on a broken disk."""
    opened = os.open

    def broken(path: Any, *how: Any, **more: Any) -> int:
        if os.path.basename(os.fsdecode(path)) == name:
            raise OSError(errno.EIO, "Input/output error", path)
        return opened(path, *how, **more)

    monkeypatch.setattr(os, "open", broken)
