"""Files of a dataset whose first row is data, which a small file alone does not tell, as in the file of train."""

import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from clf.data.reading.batch import CellRow
from clf.data.reading.delimited import look_for_header
from clf.data.reading.headers import is_row_among
from clf.errors import ClfError
from clf.settings import DataSettings

log = logging.getLogger(__name__)


def headless(train: Sequence[Path], others: Iterable[Path], data: DataSettings) -> dict[Path, DataSettings]:
    """Return the settings of the files that have no header, if the first file of train has none.

    They are those whose first row could be a header or not, and has a label of train.
    """
    others = [file for file in others if train and file != train[0]]
    if data.no_header or not others:
        return {}
    is_header, rows = _look(train[0], data)
    if is_header is not False:
        return {}
    found = {}
    for file in others:
        unsure, first = _look(file, data)
        if unsure is None and first and is_row_among(first[0][1], rows):
            log.warning("%s: the first line is data, as that of %s, so the columns are numbered from 0", file, train[0])
            found[file] = data.model_copy(update={"no_header": True})
    return found


def _look(path: Path, data: DataSettings) -> tuple[bool | None, list[CellRow]]:
    with suppress(ClfError):  # reading the file reports why
        return look_for_header(path, data)
    return None, []
