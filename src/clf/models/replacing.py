"""Replaces the record of a model that is already published."""

import os
from pathlib import Path

from clf.errors import OutputError
from clf.models.record import ModelRecord, read_model_record, write_model_record
from clf.storage.locks import locked_record
from clf.storage.result_folders import MODEL_FILE


def replace_model_record(folder: Path, before: ModelRecord, after: ModelRecord) -> None:
    """Replace the `clf.json` of a published model, which keeps its time, so that it does not become the newest model.

    Raises OutputError if the model is no longer the one that `before` was read from, is being written by another
    process, or cannot be written.
    """
    file = folder / MODEL_FILE
    try:
        with locked_record(folder):
            folder.stat()  # a folder that is gone is the reason to give
            now = read_model_record(folder)
            if now is None or now.as_json() != before.as_json():
                raise OutputError(f"{folder} was replaced meanwhile", "run the command again, with the model as it is")
            times = file.stat()
            write_model_record(folder, after)
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    except OSError as error:
        hint = "make the model folder writable"
        if after.thresholds is None:  # otherwise --threshold is the threshold of the labels
            hint += ", or pass --threshold to clf predict"
        raise OutputError(f"cannot store the threshold in {file}: {error.strerror}", hint) from error
