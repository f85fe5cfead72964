"""What `--json` prints is what the schemas say, and docs/schema/ is up to date."""

import json
from pathlib import Path
from typing import Any

import pytest

from clf.reports.schema import RESULTS, main, schemas
from conftest import FAST, RunClf

DOCS = Path(__file__).parent.parent.parent / "docs" / "schema"


@pytest.mark.parametrize("name", schemas())
def test_the_docs_hold_the_schemas(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == schemas()[name], "run make docs"


def test_the_schemas_are_written_into_a_new_folder_and_replace_old_ones(tmp_path: Path) -> None:
    folder = tmp_path / "docs" / "schema"
    for _ in range(2):
        main(folder)
        assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == schemas()
        (folder / "train.json").write_text("old")


def test_a_schema_names_the_fields_as_the_output_does_and_allows_no_others() -> None:
    assert set(schemas()) == {
        "prepare.json",
        "peek.json",
        "train.json",
        "evaluate.json",
        "evaluate-several-labels.json",
        "compare.json",
        "compare-several-labels.json",
        "predict.json",
        "export.json",
    }
    groups = json.loads(schemas()["evaluate.json"])["$defs"]["LengthGroup"]
    assert list(groups["properties"]) == ["from", "to", "rows", "accuracy", "interval"]
    assert groups["additionalProperties"] is False


def commands(trained: Path, encoder: Path) -> dict[str, tuple[Any, ...]]:
    train = ("train", "--dataset", "synthetic", "--model", encoder, *FAST, "--output-dir", "m", "--epochs", 1)
    return {
        "prepare": ("prepare", "--dataset", "synthetic", "--output-dir", "p"),
        "peek": ("prepare", "--dataset", "synthetic", "--peek"),
        "train": train,
        "evaluate": ("evaluate", trained, "--label-issues", 3),
        "compare": ("compare", trained, "--baseline", "majority", "--show-baseline", "pretrained"),
        "predict": ("predict", trained, "--text", "a film", "--text", ""),
        "export": ("export", trained),
    }


IN_TESTS_OF_SETS = {"evaluate-several-labels", "compare-several-labels"}


@pytest.mark.parametrize("command", sorted(RESULTS.keys() - IN_TESTS_OF_SETS))
def test_a_result_is_what_its_schema_says(command: str, clf: RunClf, trained: Path, tiny_encoder: Path) -> None:
    done = clf(*commands(trained, tiny_encoder)[command], "--json")
    assert RESULTS[command].model_validate_json(json.dumps(done.json), strict=True).as_json().keys() == done.json.keys()
