"""The JSON schemas of the output of `--json`, generated from the types: `python -m clf.reports.schema docs/schema`."""

import json
import sys
from pathlib import Path

from clf.outcomes.base import Outcome
from clf.outcomes.comparison import CompareLabelsResult, CompareResult
from clf.outcomes.evaluation import EvaluateResult
from clf.outcomes.exporting import ExportResult
from clf.outcomes.label_evaluation import EvaluateLabelsResult
from clf.outcomes.peek import PeekResult
from clf.outcomes.prediction import PredictResult
from clf.outcomes.preparation import PreparedAudit
from clf.outcomes.training import TrainResult

RESULTS: dict[str, type[Outcome] | type[PreparedAudit]] = {
    "prepare": PreparedAudit,
    "peek": PeekResult,
    "train": TrainResult,
    "evaluate": EvaluateResult,
    "evaluate-several-labels": EvaluateLabelsResult,
    "compare": CompareResult,
    "compare-several-labels": CompareLabelsResult,
    "predict": PredictResult,
    "export": ExportResult,
}


def schemas() -> dict[str, str]:
    """Return the JSON schema of each command's result, as text; of both kinds where there are two."""
    return {
        f"{command}.json": json.dumps(kind.model_json_schema(), indent=2) + "\n" for command, kind in RESULTS.items()
    }


def main(folder: Path) -> None:
    """Write the schemas to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
