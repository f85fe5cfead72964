"""What `--json` prints is what the schemas say, and docs/schema/ is up to date."""

import json
from pathlib import Path
from typing import Any

import pytest

from clf.reports.schema import RESULTS, schemas
from conftest import FAST, RunClf

DOCS = Path(__file__).parent.parent.parent / "docs" / "schema"


@pytest.mark.parametrize("name", schemas())
def test_the_docs_hold_the_schemas(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == schemas()[name], "run make docs"


def commands(trained: Path, encoder: Path) -> dict[str, tuple[Any, ...]]:
    train = ("train", "--dataset", "synthetic", "--model", encoder, *FAST, "--output-dir", "m", "--epochs", 1)
    return {
        "train": train,
        "evaluate": ("evaluate", trained, "--label-issues", 3),
        "compare": ("compare", trained, "--baseline", "majority", "--show-baseline", "pretrained"),
        "predict": ("predict", trained, "--text", "a film", "--text", ""),
        "export": ("export", trained),
    }


@pytest.mark.parametrize("command", RESULTS)
def test_a_result_is_what_its_schema_says(command: str, clf: RunClf, trained: Path, tiny_encoder: Path) -> None:
    done = clf(*commands(trained, tiny_encoder)[command], "--json")
    assert RESULTS[command].model_validate_json(json.dumps(done.json), strict=True).as_json().keys() == done.json.keys()
