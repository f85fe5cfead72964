"""The model card has front matter the Hub reads, and says what the model was trained on and how."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from clf.models.record import ModelRecord
from clf.reports.model_card import export_card, model_card
from support.outcomes import export_result, label_metrics


def test_the_front_matter_names_base_model_and_dataset(trained: Path) -> None:
    card = (trained / "README.md").read_text()
    front = yaml.safe_load(card.split("---")[1])
    record = json.loads((trained / "clf.json").read_text())
    assert front["pipeline_tag"] == "text-classification"
    assert "base_model" not in front  # a folder is no model of the Hub
    [entry] = front["model-index"]
    [result] = entry["results"]
    assert result["dataset"]["name"] == "synthetic"
    found = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert found["accuracy"] == record["metrics"]["test"]["accuracy"]
    assert f"{record['metrics']['test']['accuracy']:.4f}" in card


def record(**changes: Any) -> ModelRecord:
    dataset = {"name": "films", "origin": "/data/films.csv", "fingerprint": "", "files": {}, "data": {}, "seed": 1,
               "prepared": ""}  # fmt: skip
    values = {
        "schema_version": 1, "clf_version": "9.9", "created": "2025-01-02", "labels": ["b_d", "<good>"],
        "base_model": {"name": "acme/tiny", "origin": "cache"}, "dataset": dataset, "max_length": 48,
        "rows": {"train": 70, "validation": 10}, "settings": {"run": {"seed": 5}, "train": {"batch_size": 8}},
        "recipe": {"learning_rate": 3e-5, "epochs": 4, "select_by": "log_loss"},
        "compute": {"device": "cpu", "precision": "fp32"}, "metrics": {"validation": {"accuracy": 0.75, "mcc": None}},
    }  # fmt: skip
    return ModelRecord.model_validate(values | changes)


def front(card: str) -> dict[str, Any]:
    return dict(yaml.safe_load(card.split("---")[1]))


def test_the_card_tells_the_recipe_and_the_cleaning() -> None:
    card = model_card("my*model", record())
    assert "# my\\*model" in card
    assert "acme/tiny fine-tuned on films to predict one of these labels:\nb\\_d, &lt;good&gt;.\n" in card
    assert "Trained with clf 9.9 on 2025-01-02." in card
    assert "At most 4 epochs, batch size 8, learning rate 3e-05,\nweight decay 0.01, 70 training texts,\n" in card
    assert "truncated to 48 tokens, seed 5,\nfp32 on cpu.\n" in card
    assert 'classify("a text", truncation=True, max_length=48)' in card
    assert "| metric | validation |\n|---|---|\n| accuracy | 0.7500 |\n| Matthews correlation | not defined |" in card
    assert "strip_html" in card.split("Cleaning steps before training: ")[1].splitlines()[0]
    nothing = dict.fromkeys(record().cleaning.model_dump(), False)
    assert "Cleaning steps before training: none.\n" in model_card("m", record(cleaning=nothing))


def test_the_card_of_several_labels_has_their_thresholds_shares_and_test_metrics_and_how_to_use_them() -> None:
    several = record(labels=["a|b", "plot"], thresholds={"a|b": 0.375, "plot": 0.5})
    card = model_card("m", several)
    assert "to predict none, one or several of these labels:\na\\|b, plot.\n" in card
    assert "| label | threshold |\n|---|---|\n| a\\|b | 0.3750 |\n| plot | 0.5000 |\n" in card
    assert (
        'scores = classify("a text", truncation=True, max_length=48, top_k=None, function_to_apply="sigmoid")\n' in card
    )
    assert 'if each["score"] >= thresholds[each["label"]]]' in card
    tested = {"a|b": label_metrics(), "plot": label_metrics(precision=None, rows=0)}
    table = model_card("m", several, {"a|b": 0.25, "plot": 0.5}, tested).split("from its threshold on:\n\n")[1]
    assert table.splitlines()[:4] == [
        "| label | threshold | share of training texts | test texts | precision | recall | F1 |",
        "|---|---|---|---|---|---|---|",
        "| a\\|b | 0.3750 | 25.0% | 30 | 0.5000 | 0.2500 | 0.1250 |",
        "| plot | 0.5000 | 50.0% | 0 | not defined | 0.2500 | 0.1250 |",
    ]


@pytest.mark.parametrize(
    ("select_by", "kept"),
    [
        ("macro_f1", "The weights with the best macro F1 on 10 validation texts were kept."),
        ("log_loss", "The weights with the lowest log loss on 10 validation texts were kept."),
        ("last", "The last weights were kept: 10 validation texts are too few to choose the best."),
    ],
)
def test_the_card_says_which_weights_were_kept(select_by: str, kept: str) -> None:
    made = record(recipe={"learning_rate": 3e-5, "epochs": 4, "select_by": select_by})
    assert model_card("m", made).endswith(f"{kept}\n")


def test_without_a_test_split_there_is_no_model_index() -> None:
    found = front(model_card("m", record()))
    assert found == {
        "library_name": "transformers", "pipeline_tag": "text-classification", "base_model": "acme/tiny",
        "tags": ["text-classification", "clf"],
    }  # fmt: skip


def test_metrics_of_the_test_split_that_are_defined_are_in_the_model_index() -> None:
    test = {"accuracy": 0.5, "macro_f1": 0.25, "mcc": None, "brier": 0.1}
    card = model_card("m", record(metrics={"validation": {"accuracy": 0.75}, "test": test}))
    [entry] = front(card)["model-index"]
    [result] = entry["results"]
    assert entry["name"] == "m"
    assert result["dataset"] == {"name": "films", "type": "films", "split": "test"}
    assert result["metrics"] == [
        {"type": "accuracy", "value": 0.5, "name": "accuracy"},
        {"type": "macro_f1", "value": 0.25, "name": "F1 (macro)"},
    ]
    assert "| metric | validation | test |" in card


@pytest.mark.parametrize(
    ("origin", "repository"),
    [("acme/films@abc123", "acme/films"), ("acme/films", None), ("/data/a@b.csv", None), ("films@abc", None)],
)
def test_only_a_dataset_of_the_hub_is_linked(origin: str, repository: str | None) -> None:
    made = record(metrics={"validation": {}, "test": {"accuracy": 0.5}})
    assert made.dataset is not None
    dataset = made.dataset.model_copy(update={"origin": origin})
    found = front(model_card("m", made.model_copy(update={"dataset": dataset})))
    assert found.get("datasets") == ([repository] if repository else None)
    shown = found["model-index"][0]["results"][0]["dataset"]
    assert (shown["type"], shown.get("revision")) == ((repository, "abc123") if repository else ("films", None))


def test_hostile_names_stay_values_of_the_front_matter(trained: Path) -> None:
    hostile = "x\n---\nevil: 1\nbase_model: y: z # \u202e"
    values = record()
    dataset = values.dataset.model_copy(update={"name": hostile})  # type: ignore[union-attr]
    base = values.base_model.model_copy(update={"name": hostile})  # type: ignore[union-attr]
    text = model_card(hostile, values.model_copy(update={"dataset": dataset, "base_model": base}))
    assert len(re.findall(r"^---\s*$", text, re.MULTILINE)) == 2
    found = yaml.safe_load(text.partition("\n---\n")[0])
    assert "evil" not in found
    assert found["base_model"] == "x --- evil: 1 base_model: y: z # \\u202e"


def test_an_encoder_from_a_folder_is_no_model_of_the_hub() -> None:
    assert "base_model" not in front(model_card("m", record(base_model={"name": "./tiny", "origin": "path"})))


@pytest.mark.parametrize(("int8", "kind"), [(True, "int8"), (False, "fp32")])
def test_the_card_of_an_export_says_how_near_it_is_to_the_original(int8: bool, kind: str) -> None:
    card = export_card(export_result(int8=int8), ["b_d", "good"], 48, None)
    assert card.startswith(f"# mine as ONNX, {kind}\n\nIt predicts one of these labels: b\\_d, good.\n")
    assert "On 40 texts of reviews (test)\nit predicts the same label as the original for 97.50%; " in card
    assert "macro_f1 differs by\n-0.0125, 95 % interval [-0.0312, +0.0000].\n" in card
    assert "| metric | original | exported |\n|---|---|---|\n| accuracy | 0.8750 | 0.8625 |" in card
    assert "tokenizer.enable_truncation(48)" in card
    assert '{"input_ids": numpy.array([encoded.ids])' in card


def test_the_card_of_an_export_of_several_labels_tells_thresholds_and_sigmoid() -> None:
    result = export_result(original={"subset_accuracy": 0.5}, exported={"subset_accuracy": 0.5})
    card = export_card(result, ["b_d", "good"], 48, {"b_d": 0.25, "good": 0.5})
    assert "It predicts none, one or several of these labels: b\\_d, good.\n" in card
    assert "it predicts the same labels as the original for 97.50%; " in card
    assert "inputs)\nprobabilities = 1 / (1 + numpy.exp(-logits))\n```" in card
    assert "A label is predicted from its threshold on:" in card
    assert "| b\\_d | 0.2500 |" in card
