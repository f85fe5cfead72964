"""The commands that meet faults, the kinds of faults, and where the commands leave their results."""

import errno
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of fault: its error number (0: the process is killed), and whether it stays."""

    number: int
    for_good: bool = False


KINDS = {
    "full": Kind(errno.ENOSPC),
    "full-for-good": Kind(errno.ENOSPC, for_good=True),
    "broken": Kind(errno.EIO),
    "broken-for-good": Kind(errno.EIO, for_good=True),
    "killed": Kind(0),
}


@dataclass(frozen=True)
class Command:
    """A command, the commands that run before it in the same folder, and where its results are."""

    arguments: Sequence[str]
    before: Sequence[Sequence[str]] = ()
    results: Sequence[str] = ("out",)
    kept_on_failure: Sequence[str] = ()
    """What may be left after a failure: a run folder, from which `--resume` continues."""
    in_child: bool = False
    """Whether the work is done in a process that the command starts: that one then meets the faults."""
    needs_hub: bool = False
    stdin: str = ""
    """The file that comes through a pipe."""


TRAIN = ["train", "--dataset", "reviews.csv", "--model", "encoder", "--batch-size", "8", "--max-length", "32",
         "--head-init", "random", "--offline"]  # fmt: skip
MODEL = [*TRAIN, "--epochs", "1", "--output-dir", "model"]
MEASURED = ["--dataset", "test.csv", "--offline"]
PREPARE = ["prepare", "--dataset", "reviews.csv", "--output-dir", "out", "--offline"]
TRAINED = [*TRAIN, "--epochs", "2", "--save-steps", "4", "--output-dir", "out"]
EVALUATE = ["evaluate", "model", *MEASURED, "--output-dir", "out", "--report", "report.html"]
COMPARE = ["compare", "model", *MEASURED, "--baseline", "majority", "--baseline", "tfidf", "--output-dir", "out",
           "--markdown", "report.md", "--junit", "report.xml"]  # fmt: skip
PREDICT = ["predict", "model", "test.csv", "--output", "out.csv"]
EXPORT = ["export", "model", *MEASURED, "--output-dir", "out"]
DOWNLOAD = ["download-models", "acme/tiny", "--manifest", "out.json"]
ANEW = "--overwrite"
RECORD, REFERENCE = (f"hub/hub/models--acme--tiny/{name}" for name in ("clf.json", "refs/main"))


def _older(arguments: Sequence[str]) -> list[str]:
    """Return a command that reads another file, whose name stands in all it writes."""
    return ["older.csv" if one == "test.csv" else one for one in arguments]


COMMANDS = {
    "prepare": Command([*PREPARE, ANEW], [[*PREPARE, "--seed", "7"]]),
    "train": Command([*TRAINED, ANEW], [[*TRAINED, "--seed", "7"]], kept_on_failure=["out.run"]),
    "train, the first": Command([*TRAINED, ANEW], kept_on_failure=["out.run"]),
    "evaluate": Command([*EVALUATE, ANEW], [MODEL, _older(EVALUATE)], ["out", "report.html"]),
    "compare": Command([*COMPARE, ANEW], [MODEL, _older(COMPARE)], ["out", "report.md", "report.xml"]),
    "predict": Command([*PREDICT, ANEW], [MODEL, [*PREDICT, "--threshold", "0.6"]],
                       ["out.csv", "out.csv.settings.json"],
                       kept_on_failure=[".out.csv.parts"]),
    "predict, from a pipe": Command([*PREDICT[:2], "-", *PREDICT[3:], ANEW], [MODEL, [*PREDICT, "--threshold", "0.6"]],
                                    ["out.csv", "out.csv.settings.json"],
                                    kept_on_failure=[".out.csv.parts"], stdin="test.csv"),
    "export": Command([*EXPORT, ANEW], [MODEL, [*EXPORT, "--seed", "7"]]),
    "download-models": Command([*DOWNLOAD, ANEW], results=["out.json", RECORD, REFERENCE],
                               needs_hub=True),
    "download-models, its child": Command([*DOWNLOAD, ANEW], in_child=True, needs_hub=True,
                                          kept_on_failure=["hub/hub/models--acme--tiny/blobs"],
                                          results=["out.json", RECORD, REFERENCE]),
}  # fmt: skip
