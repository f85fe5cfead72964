"""Preparing in one process, unless a test asks for several."""

import pytest

from clf.data.preparing import ingest


@pytest.fixture(autouse=True)
def in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start no worker processes for a handful of rows, which they would take seconds to start for."""
    monkeypatch.setattr(ingest, "INLINE_BATCHES", 100)
