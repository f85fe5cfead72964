"""Files that users name for reports and predictions: they never replace what is not theirs."""

import os
import re
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from clf.errors import OutputError
from clf.storage.documents import open_regular
from clf.storage.places import check_name
from clf.storage.result_folders import is_clf_result, shown
from clf.storage.writing import make_folder, refuse_odd, replacing

if TYPE_CHECKING:
    from clf.settings import ReportSettings, RunSettings

OURS = re.compile(
    r'<!doctype html>\n<html lang="en">\n<head>\n(<meta name="generator" content="clf|<meta charset="utf-8">\n'
    r'<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta http-equiv="Content-Security-Policy")'
    r"|<\?xml[^>]*>\n<testsuites>\n +<testsuite name=\"clf compare "
    r"|# [^\n]+ (compared )?on [^\n]+\n\n[0-9]+ texts\.( \*\*|\n)",
)
"""How the reports of clf begin: HTML (version 0.1 named no generator), JUnit, Markdown."""
BEGINNING = 4096
ELSEWHERE = "choose another file"


def check_reports(reports: "ReportSettings", run: "RunSettings", inputs: Sequence[Path] = ()) -> None:
    """Check before anything is computed that the reports can be written, and create their folders.

    An earlier report of clf may be replaced, any other file only with `--overwrite`, and never an `input`, a link, a
    device, or a file inside a result. Raises OutputError if a report must not or cannot be written.
    """
    paths = _named(reports)
    for one, other in combinations(paths, 2):
        if os.path.realpath(one) == os.path.realpath(other):
            raise OutputError(f"two reports would be written to {one}", "pass a file of its own for each")
    for path in paths:
        check_file(path, "the report", inputs)
        if run.output_dir:
            _check_apart(path, Path(os.path.realpath(run.output_dir)))
        _check_replaced(path, run.overwrite)
        try:
            make_folder(path.parent)
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror}", ELSEWHERE) from error
        if not os.access(path.parent, os.W_OK):
            raise OutputError(f"cannot write {path}: its folder is read-only", ELSEWHERE)


def check_reports_apart(reports: "ReportSettings", folder: Path, inputs: Sequence[Path]) -> None:
    """Check that no report is in the result's folder or an input, once both are known. Raises OutputError if one is."""
    for path in _named(reports):
        _check_apart(path, folder)
        _check_no_input(path, inputs)


def check_file(path: Path, what: str, inputs: Sequence[Path]) -> None:
    """Raise OutputError if `path` is not the name of a file that clf may write, whatever it holds today."""
    check_name(path, what)
    if path.is_dir():
        raise OutputError(f"{path} is a folder, expected a file for {what}", "pass the path of a file")
    refuse_odd(path)
    _check_no_input(path, inputs)
    if path.suffix.lower() == ".toml":
        raise OutputError(f"{path} has the name of a settings file, expected a file for {what}", ELSEWHERE)
    if result := _result_around(path):
        raise OutputError(
            f"{path} is inside {shown(result)}, a folder that clf or another tool wrote", "choose a file outside it"
        )


def write_report(path: Path, text: str, *, overwrite: bool = False) -> None:
    """Write a report to `path`, replacing an earlier report atomically, and any other file only with `overwrite`.

    Raises OutputError if it cannot be written, or if a file that clf did not write has appeared there since the start.
    """
    try:
        make_folder(path.parent)
        with replacing(path) as file:
            file.write(text.encode("utf-8"))
            _check_replaced(path, overwrite)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}", ELSEWHERE) from error


def _named(reports: "ReportSettings") -> list[Path]:
    return [path for path in (reports.report, reports.junit, reports.markdown) if path]


def _check_replaced(path: Path, overwrite: bool) -> None:
    if path.is_file() and not overwrite and not _is_ours(path):
        raise OutputError(
            f"{path} exists and is not a report of clf", "choose another file, or pass --overwrite to replace it"
        )


def _check_apart(path: Path, folder: Path) -> None:
    if Path(os.path.realpath(path)).is_relative_to(folder):
        raise OutputError(f"{path} is inside the output folder {shown(folder)}", "choose a file outside it")


def _check_no_input(path: Path, inputs: Sequence[Path]) -> None:
    place = Path(os.path.realpath(path))
    for source in inputs:
        if source.is_dir() and place.is_relative_to(os.path.realpath(source)):
            raise OutputError(f"{path} is inside {source}, which the command reads", ELSEWHERE)
        if place == Path(os.path.realpath(source)) or _is_same_file(path, source):
            raise OutputError(f"{path} is {source}, which the command reads", ELSEWHERE)


def _is_same_file(one: Path, other: Path) -> bool:
    """Return whether two paths lead to one file, hard links included."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def _is_ours(path: Path) -> bool:
    """Return whether a file is an earlier report of clf, or empty."""
    try:
        with open_regular(path) as file:
            begun = file.read(BEGINNING).decode("utf-8", "replace")
    except OSError:
        return False
    return not begun or OURS.match(begun) is not None


def _result_around(path: Path) -> Path | None:
    """Return the folder around a file that is a result of clf, a run or a model of another tool."""
    return next((folder for folder in Path(os.path.realpath(path)).parents if _is_result(folder)), None)


def _is_result(folder: Path) -> bool:
    try:
        if is_clf_result(folder):
            return True
    except OSError:  # a file of others that only has the name of a record
        pass
    return (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))
