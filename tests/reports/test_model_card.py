"""The model card has front matter the Hub reads."""

import json
from pathlib import Path

import yaml


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
