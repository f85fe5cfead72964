"""The files of a model agree with one another, or it is refused before it takes memory or time."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from clf.errors import ModelError
from clf.models.agreement import check_limit
from clf.models.files import ModelFiles
from clf.models.from_files import load_classifier, load_for_training
from clf.models.tokens import plain_tokenizer, tokenize


def files(folder: Path) -> ModelFiles:
    return ModelFiles(folder, str(folder), "path")


def changed(of: Path, to: Path, name: str = "config.json", **values: Any) -> Path:
    shutil.copytree(of, to)
    content = json.loads((to / name).read_text(encoding="utf-8"))
    (to / name).write_text(json.dumps(content | values))
    return to


@pytest.mark.parametrize(
    "values",
    [
        {"n_layers": 2000},
        {"n_layers": 500, "hidden_dim": 100_000},
        {"vocab_size": 10**9},
        {"dim": 10**6},
        {"dim": 10**30},
        {"hidden_dim": "many"},
        {"n_heads": 0},
        {"save_pretrained": 1},
        {"to_dict": "x"},
    ],
)
def test_a_config_that_describes_another_model_is_refused_at_once(
    tiny_classifier: Path, tmp_path: Path, values: dict[str, Any]
) -> None:
    folder = changed(tiny_classifier, tmp_path / "model", **values)
    for load in (load_classifier, lambda found: load_for_training(found, ["bad", "worse"], seed=1)):
        began = time.process_time()
        with pytest.raises(ModelError) as refused:
            load(files(folder))
        assert time.process_time() - began < 3
        assert refused.value.hint
        assert "\n" not in refused.value.message


def test_the_labels_of_the_record_are_those_of_the_config(tiny_classifier: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_classifier, tmp_path / "model")
    record = tmp_path / "model" / "clf.json"
    record.write_text('{"schema_version": 1, "labels": ["bad", "good"]}')
    assert load_classifier(files(tmp_path / "model")).labels == ["bad", "good"]
    record.write_text('{"schema_version": 1, "labels": ["good", "bad"]}')
    with pytest.raises(ModelError, match=r"clf.json has the labels 'good', 'bad', config.json has 'bad', 'good'"):
        load_classifier(files(tmp_path / "model"))


def test_a_file_that_was_added_to_a_model_and_would_be_read_is_refused(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained, tmp_path / "model")
    (tmp_path / "model" / "notes.txt").write_text("mine")
    assert load_classifier(files(tmp_path / "model")).labels
    (tmp_path / "model" / "added_tokens.json").write_text('{"film": 7}')
    with pytest.raises(ModelError, match=r"added_tokens\.json was added since clf wrote the model") as refused:
        load_classifier(files(tmp_path / "model"))
    assert refused.value.hint == "restore the folder as clf wrote it, or train the model again"


def test_a_model_that_reads_next_to_nothing_is_refused(tiny_classifier: Path, tmp_path: Path) -> None:
    folder = changed(tiny_classifier, tmp_path / "model", "tokenizer_config.json", model_max_length=1)
    with pytest.raises(ModelError, match=r"reads 1 tokens according to config.json"):
        load_classifier(files(folder))
    assert check_limit(4, tmp_path) == 4


# --- a tokenizer that panics --------------------------------------------------------------------------------


def test_a_tokenizer_that_would_panic_when_it_loads_is_told(tiny_classifier: Path, tmp_path: Path) -> None:
    normalizer = {"type": "Precompiled", "precompiled_charsmap": "AAAA"}
    folder = changed(tiny_classifier, tmp_path / "model", "tokenizer.json", normalizer=normalizer)
    with pytest.raises(ModelError, match=r"tokenizer\.json is damaged: its map of characters is cut off"):
        load_classifier(files(folder))
    with pytest.raises(ModelError, match=r"is damaged: its map of characters is cut off"):
        plain_tokenizer(folder / "tokenizer.json")


def test_a_panic_of_the_tokenizer_is_told_when_it_reads_a_text(tiny_classifier: Path, tmp_path: Path) -> None:
    chunks = {"type": "FixedLength", "length": 0}
    folder = changed(tiny_classifier, tmp_path / "model", "tokenizer.json", pre_tokenizer=chunks)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"  # other classes build their own parts
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    tokenizer = load_classifier(files(folder)).tokenizer
    for truncation in ("head", "tail"):
        with pytest.raises(ModelError, match=r"the tokenizer in .*model is damaged: PanicException: chunk size"):
            tokenize(["a film"], tokenizer, 64, truncation)
