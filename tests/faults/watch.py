"""A plugin of pytest that writes down, for each test, the errors of clf that were made and the lines that were logged.

WATCHED=said.json PYTHONPATH=tests python -m pytest -p faults.watch …
"""

import json
import logging
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

SAID: defaultdict[str, list[str]] = defaultdict(list)
RUNNING = [""]


def pytest_configure() -> None:
    from clf.errors import ClfError

    make, log = ClfError.__init__, logging.Logger.makeRecord

    def made(self: ClfError, message: str, hint: str = "") -> None:
        SAID[RUNNING[0]].append(str(message))
        make(self, message, hint)

    def logged(self: logging.Logger, *arguments: Any, **options: Any) -> logging.LogRecord:
        record = log(self, *arguments, **options)
        if record.name.startswith("clf"):
            SAID[RUNNING[0]].append(record.getMessage())
        return record

    ClfError.__init__ = made  # type: ignore[method-assign]
    logging.Logger.makeRecord = logged  # type: ignore[method-assign]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    RUNNING[0] = item.nodeid.partition("[")[0].removeprefix("tests/")


def pytest_unconfigure() -> None:
    Path(os.environ["WATCHED"]).write_text(json.dumps(SAID, ensure_ascii=True), encoding="utf-8")
