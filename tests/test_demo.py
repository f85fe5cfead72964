"""`clf demo`: a perfect score on reviews it never saw, and a control that must fail."""

import json
import random
from pathlib import Path

import pytest

from clf import demo as demo_module
from clf.cli.app import OF_DEMO
from clf.data.sources.generated import ROWS_OF_SEVERAL, SYNTHETIC
from clf.data.sources.synthetic import synthetic_reviews
from clf.data.sources.synthetic_aspects import aspect_reviews
from clf.models.fresh import write_fresh_encoder
from clf.models.store import has_embedded
from clf.settings import DataSettings, Settings
from conftest import RunClf, write_csv

RECIPE, OF_SEVERAL = (
    [part for name, value in recipe.items() for part in ("--" + name.replace("_", "-"), value)]
    for recipe in (demo_module.FRESH_RECIPE, demo_module.SEVERAL_FRESH)
)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.sweep) for seed in (1, 2, 3, 4))])
@pytest.mark.long
def test_the_fresh_encoder_learns_the_reviews(clf: RunClf, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(demo_module, "has_embedded", lambda: False)
    done = clf("demo", "--seed", seed, "--json")
    assert done.code == 0, done.err
    metrics = done.json["test_metrics"]
    assert metrics["accuracy"] == metrics["macro_f1"] == 1.0
    assert metrics["mean_confidence"] > 0.9
    assert done.json["comparison"]["baselines"]["pretrained"]["mean_confidence"] < 0.6
    assert "building a small encoder with random weights" in done.err


def test_the_fresh_encoder_is_written_through_no_link(own_folder: Path) -> None:
    encoder = own_folder / "model.run" / demo_module.FRESH_NAME
    encoder.mkdir(parents=True)
    (encoder.parent / "settings.json").write_text('{"clf_version": "0.1.0"}')
    (own_folder / "precious.json").write_text("precious")
    (encoder / "config.json").symlink_to(own_folder / "precious.json")
    settings = Settings(data=DataSettings(dataset=SYNTHETIC))
    for _ in range(2):
        assert demo_module._fresh_encoder(settings, own_folder / "model") == encoder
        assert (own_folder / "precious.json").read_text() == "precious"
        assert not (encoder / "config.json").is_symlink()
        assert [path.name for path in encoder.parent.glob("*fresh*")] == [demo_module.FRESH_NAME]


def test_its_help_shows_no_default_that_it_does_not_have() -> None:
    of_one = (demo_module.FRESH_RECIPE, demo_module.PRETRAINED_RECIPE)
    of_several = (demo_module.SEVERAL_FRESH, demo_module.SEVERAL_PRETRAINED)
    chosen = {name for recipe in (*of_one, *of_several) for name in recipe}
    assert chosen == set(OF_DEMO)


@pytest.mark.long
def test_with_shuffled_labels_it_must_fail(clf: RunClf, own_folder: Path) -> None:
    accuracies = []
    for seed in range(2):
        splits = synthetic_reviews(100, seed)
        for split in ("train", "validation"):
            labels = [review.label for review in splits[split]]
            random.Random(seed).shuffle(labels)
            write_csv(
                own_folder / f"{split}.csv",
                [(review.text, label) for review, label in zip(splits[split], labels, strict=True)],
            )
        write_csv(own_folder / "test.csv", [(review.text, review.label) for review in splits["test"]])
        encoder = write_fresh_encoder(own_folder / "encoder", [review.text for review in splits["train"]], seed)
        done = clf(
            "train", "--dataset", ".", "--model", encoder, *RECIPE, "--output-dir", "model", "--overwrite", "--json"
        )
        assert done.code == 0, done.err
        accuracies.append(done.json["test_metrics"]["accuracy"])
    assert max(accuracies) <= 0.7, accuracies


@pytest.mark.skipif(not has_embedded(), reason="the extra minilm is not installed")
@pytest.mark.sweep  # each change runs `make demo`, which fails with its gate
def test_the_embedded_encoder_learns_the_reviews(clf: RunClf) -> None:
    done = clf("demo", "--json")
    assert done.code == 0, done.err
    assert done.json["test_metrics"]["accuracy"] == 1.0
    assert done.json["test_metrics"]["mean_confidence"] > 0.9


def test_a_person_sees_before_and_after_and_a_second_demo_replaces_the_first(
    clf: RunClf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_module, "has_embedded", lambda: False)
    for _ in range(2):
        done = clf("demo", "--epochs", 2)
        assert done.code == 0, done.err
    assert ", 2 epochs, " in done.out  # what was typed replaces the value of the recipe
    assert "before and after fine-tuning" in done.out
    assert "Next: clf predict trained_models/fresh-encoder_synthetic_final" in done.out
    assert sorted(path.name for path in Path("trained_models").iterdir()) == [
        "fresh-encoder_synthetic_final",
        "fresh-encoder_synthetic_final.run",
    ]


def test_a_foreign_folder_at_its_place_is_left_alone(clf: RunClf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_module, "has_embedded", lambda: False)
    folder = Path("trained_models/fresh-encoder_synthetic_final")
    folder.mkdir(parents=True)
    (folder / "thesis.txt").write_text("precious")
    done = clf("demo", "--epochs", 1)
    assert done.code == 1
    assert (folder / "thesis.txt").read_text() == "precious"


def test_a_settings_file_for_other_data_does_not_disturb_it(
    clf: RunClf, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_module, "has_embedded", lambda: False)
    (own_folder / "clf.toml").write_text('[data]\ntext_column = "review"\n')
    assert clf("demo", "--epochs", 1).code == 0


# --- several labels per text --------------------------------------------------------------------------------


def test_with_several_labels_it_shows_aspects_before_and_after_beside_the_other_demo(
    clf: RunClf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_module, "has_embedded", lambda: False)
    done = clf("demo", "--multi-label", "--epochs", 1)
    assert done.code == 0, done.err
    assert "40 test reviews before and after fine-tuning" in done.out
    assert "subset accuracy" in done.out
    assert "Next: clf predict trained_models/fresh-encoder_synthetic-aspects_final" in done.out


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4])
@pytest.mark.sweep
def test_the_fresh_encoder_learns_the_aspects(clf: RunClf, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(demo_module, "has_embedded", lambda: False)
    done = clf("demo", "--multi-label", "--seed", seed, "--json")
    assert done.code == 0, done.err
    metrics = done.json["test_metrics"]
    assert min(metrics["macro_f1"], metrics["average_precision"]) >= 0.95
    assert done.json["comparison"]["baselines"]["pretrained"]["mean_confidence"] < 0.3


@pytest.mark.skipif(not has_embedded(), reason="the extra minilm is not installed")
@pytest.mark.sweep
def test_the_embedded_encoder_learns_the_aspects(clf: RunClf) -> None:
    done = clf("demo", "--multi-label", "--json")
    assert done.code == 0, done.err
    assert min(done.json["test_metrics"][name] for name in ("macro_f1", "average_precision")) >= 0.95


@pytest.mark.sweep
def test_with_shuffled_sets_it_must_fail(clf: RunClf, own_folder: Path) -> None:
    precisions = []
    for seed in range(2):
        splits = aspect_reviews(ROWS_OF_SEVERAL, seed)
        for split, reviews in splits.items():
            sets = [review.labels for review in reviews]
            if split != "test":
                random.Random(seed).shuffle(sets)
            lines = [
                json.dumps({"text": one.text, "labels": labels}) for one, labels in zip(reviews, sets, strict=True)
            ]
            (own_folder / f"{split}.jsonl").write_text("\n".join(lines))
        texts = [review.text for review in splits["train"]]
        encoder = write_fresh_encoder(own_folder / "encoder", texts, seed, demo_module.SPREAD_OF_SEVERAL)
        given = ("--dataset", ".", "--multi-label", "--model", encoder, *OF_SEVERAL, "--output-dir", "model")
        done = clf("train", *given, "--overwrite", "--json")
        assert done.code == 0, done.err
        precisions.append(done.json["test_metrics"]["average_precision"])
    assert max(precisions) <= 0.75, precisions  # half of the reviews speak of each aspect
