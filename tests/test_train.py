"""`clf train`: a model folder that plain transformers loads, a run folder, and the promises around them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from clf.data.prepared import PreparedDataset
from clf.data.sources.find import SourceFinder
from clf.data.sources.source import Source
from clf.data.sources.synthetic import synthetic_reviews
from clf.errors import DataError
from clf.settings import Settings
from clf.train import _resolved, dataset_for_training, default_name
from conftest import FAST, HANGS, Outcome, RunClf, review_rows, write_csv
from support.local_hub import LocalHub
from support.tiny import ag_news_files, imdb_files, tiny_encoder_files


def train(clf: RunClf, encoder: Path, *arguments: object) -> Outcome:
    done = clf("train", "--model", encoder, *FAST, *arguments)
    assert done.code == 0, done.err
    return done


def test_a_raw_file_becomes_a_model_and_a_run(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    done = train(clf, tiny_encoder, "--dataset", reviews, "--json")
    result = done.json
    assert result["model_dir"] == "trained_models/tiny_reviews_final"
    assert result["run_dir"] == "trained_models/tiny_reviews_final.run"
    assert (result["epochs"], result["steps"], result["resumed_from_step"]) == (3.0, 12, None)
    assert result["examples_per_second"] > 0
    assert set(result["metrics"]) == set(result["test_metrics"]) >= {"accuracy", "macro_f1", "mean_confidence", "ece"}
    folder, run = Path(result["model_dir"]), Path(result["run_dir"])
    assert {path.name for path in folder.iterdir()} == {
        "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "README.md", "clf.json", "train_rows.npy",
    }  # fmt: skip
    assert {path.name for path in run.iterdir()} >= {
        "run.log",
        "history.jsonl",
        "settings.json",
        "timing.json",
        "dataset",
    }
    assert not (run / "checkpoints").exists()
    assert "Z INFO clf." in (run / "run.log").read_text()
    assert all((folder / name).stat().st_mode & 0o044 == 0o044 for name in ("model.safetensors", "clf.json"))


def test_the_record_says_what_made_the_model(trained: Path) -> None:
    record = json.loads((trained / "clf.json").read_text())
    assert record["labels"] == ["negative", "positive"]
    assert record["cleaning"]["strip_html"] is True
    assert record["settings"]["train"]["epochs"] == 30
    assert record["dataset"]["name"] == "synthetic"
    assert set(record["files"]) == {path.name for path in trained.iterdir()} - {"clf.json", "README.md"}
    config = json.loads((trained / "config.json").read_text())
    assert config["id2label"] == {"0": "negative", "1": "positive"}
    assert len(np.load(trained / "train_rows.npy")) == 70


def test_plain_transformers_gives_the_same_labels_without_clf(trained: Path, clf: RunClf, tmp_path: Path) -> None:
    texts = [review.text for review in synthetic_reviews(100, 42)["test"]]
    code = f"""
import json, sys
sys.modules["clf"] = None
from transformers import AutoModelForSequenceClassification, pipeline
AutoModelForSequenceClassification.from_pretrained({str(trained)!r})
classify = pipeline("text-classification", {str(trained)!r})
print(json.dumps([row["label"] for row in classify({texts!r}, truncation=True, max_length=128)]))
"""
    plain = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANGS, cwd=tmp_path)
    options = [part for text in texts for part in ("--text", text)]
    ours = clf("predict", trained, *options, "--json").json["predictions"]
    assert json.loads(plain.stdout.splitlines()[-1]) == [answer["label"] for answer in ours]


def test_the_same_seed_gives_the_same_bytes(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    weights = []
    for seed in (1, 1, 2):
        result = train(clf, tiny_encoder, "--dataset", reviews, "--seed", seed, "--json").json
        weights.append(Path(result["model_dir"], "model.safetensors").read_bytes())
    assert weights[0] == weights[1] != weights[2]


def test_a_prepared_dataset_is_trained_on_as_it_is(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    clf("prepare", "--dataset", reviews, "--output-dir", "mine")
    result = train(clf, tiny_encoder, "--dataset", "mine", "--json").json
    assert result["model_dir"] == "trained_models/tiny_reviews_final"
    assert Path(result["run_dir"], "dataset", "train.parquet").samefile("mine/train.parquet"), "no second copy on disk"


@pytest.mark.parametrize(
    "flags", [("--no-strip-html",), ("--drop-leaks",), ("--label-map", "good=G"), ("--validation-size", 0.3)]
)
def test_a_prepared_dataset_refuses_flags_that_would_have_no_effect(
    clf: RunClf, reviews: Path, tiny_encoder: Path, flags: tuple[object, ...]
) -> None:
    clf("prepare", "--dataset", reviews, "--output-dir", "mine")
    refused = clf("train", "--model", tiny_encoder, "--dataset", "mine", *flags)
    assert refused.code == 2
    assert "but the dataset was prepared with" in refused.err


def test_samples_are_taken_after_the_split(clf: RunClf, tiny_encoder: Path) -> None:
    result = train(
        clf, tiny_encoder, "--dataset", "synthetic", "--max-train-samples", 20, "--max-eval-samples", 6, "--json"
    ).json
    record = json.loads(Path(result["model_dir"], "clf.json").read_text())
    assert record["rows"] == {"train": 20, "validation": 6, "test": 6}
    assert PreparedDataset(Path(result["run_dir"], "dataset")).audit.rows["train"] == 70


def test_a_test_run_is_small_and_leaves_the_final_model_alone(clf: RunClf, tiny_encoder: Path) -> None:
    done = clf("train", "--model_name", tiny_encoder, "--dataset", "synthetic", "--test_run", "--json")
    assert done.code == 0, done.err
    assert done.json["epochs"] == 1.0
    assert done.json["model_dir"] == "trained_models/tiny_synthetic_test_run"


def test_the_final_test_can_be_skipped_and_checkpoints_kept(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    result = train(clf, tiny_encoder, "--dataset", reviews, "--no-final-test", "--keep-checkpoints", "--json").json
    assert result["test_metrics"] is None
    kept = list(Path(result["run_dir"], "checkpoints").glob("checkpoint-*"))
    assert 1 <= len(kept) <= 2
    assert not list(Path(result["model_dir"]).glob("*.bin"))


def test_a_person_sees_tables_examples_and_the_next_command(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    done = train(clf, tiny_encoder, "--dataset", reviews)
    assert "mean confidence" in done.out
    assert "Next: clf compare trained_models/tiny_reviews_final" in done.out
    assert "newly initialized" not in done.err + done.out
    assert "epoch 3: loss 0." in done.err
    assert train(clf, tiny_encoder, "--dataset", reviews, "--quiet").err == ""


def test_an_explicit_folder_that_exists_needs_overwrite(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    train(clf, tiny_encoder, "--dataset", reviews, "--output-dir", "model")
    refused = clf("train", "--model", tiny_encoder, "--dataset", reviews, "--output-dir", "model")
    assert refused.code == 1
    assert "the output folder model already exists" in refused.err
    assert "--overwrite" in refused.err
    train(clf, tiny_encoder, "--dataset", reviews, "--output-dir", "model", "--overwrite")


def test_a_rate_that_underfits_is_named_and_not_replaced(
    clf: RunClf, reviews: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    named = tmp_path / "my-MiniLM-L6"
    named.symlink_to(tiny_encoder)
    done = clf("train", "--model", named, "--dataset", reviews, "--epochs", 1, "--learning-rate", 2e-5)
    assert "2e-05 is known to underfit this encoder; without --learning-rate clf uses 0.0001" in done.err
    assert (
        json.loads(Path("trained_models/my-MiniLM-L6_reviews_final/clf.json").read_text())["settings"]["train"][
            "learning_rate"
        ]
        == 2e-5
    )


@pytest.mark.long
def test_the_commands_of_the_guide_work_as_typed_against_a_hub(own_folder: Path, tmp_path: Path) -> None:
    with LocalHub() as hub:
        hub.publish("models", "distilbert-base-uncased", tiny_encoder_files())
        hub.publish("datasets", "stanfordnlp/imdb", imdb_files())
        hub.publish("datasets", "fancyzhx/ag_news", ag_news_files())
        environment = os.environ | hub.environment(tmp_path / "home")

        def typed(command: str) -> subprocess.CompletedProcess[str]:
            arguments = [sys.executable, "-m", *command.split()]
            return subprocess.run(arguments, capture_output=True, text=True, env=environment, timeout=HANGS)

        fetched = typed("clf download-models distilbert-base-uncased --dataset imdb")
        assert fetched.returncode == 0, fetched.stderr
        hub.requests.clear()
        done = typed("clf train --dataset imdb --epochs 3")
        assert done.returncode == 0, done.stderr
        assert "trained_models/distilbert-base-uncased_imdb_final" in done.stdout
        assert hub.requests == [], "with everything in the cache no call is made"


def test_a_failed_run_leaves_the_record_of_the_good_one_and_logs_why(
    clf: RunClf, reviews: Path, tiny_encoder: Path
) -> None:
    run = Path(train(clf, tiny_encoder, "--dataset", reviews, "--json").json["run_dir"])
    before = {name: (run / name).read_bytes() for name in ("history.jsonl", "settings.json", "dataset/manifest.json")}
    assert clf("train", "--model", tiny_encoder, "--dataset", reviews, "--label-column", "lable").code == 1
    assert {name: (run / name).read_bytes() for name in before} == before
    assert "has no column 'lable'" in (run / "run.log").read_text()


def test_a_checkpoint_keeps_its_head_and_its_order_of_labels(clf: RunClf, trained: Path, own_folder: Path) -> None:
    rows = [
        (review.text, {"negative": "1", "positive": "0"}[review.label])
        for review in synthetic_reviews(100, 42)["train"]
    ]
    write_csv(own_folder / "other.csv", rows)
    # As numbers, positive comes first; the checkpoint has it second, and that must stand.
    done = clf(
        "train",
        "--model",
        trained,
        "--dataset",
        "other.csv",
        "--label-map",
        "0=positive,1=negative",
        "--epochs",
        1,
        "--learning-rate",
        1e-6,
        "--max-length",
        64,
        "--json",
    )
    assert done.code == 0, done.err
    assert "its own head" in done.err
    assert json.loads(Path(done.json["model_dir"], "config.json").read_text())["id2label"] == {
        "0": "negative",
        "1": "positive",
    }
    assert done.json["test_metrics"]["accuracy"] >= 0.8


def test_a_sample_without_one_of_the_classes_is_refused(clf: RunClf, own_folder: Path, tiny_encoder: Path) -> None:
    rows = [(f"text {number} of {name}", name) for number in range(12) for name in "abcd"]
    done = clf(
        "train",
        "--model",
        tiny_encoder,
        "--dataset",
        write_csv(own_folder / "four.csv", rows),
        "--max-train-samples",
        2,
    )
    assert done.code == 1
    assert "no training text has the label" in done.err


def test_an_output_that_holds_the_input_is_refused(clf: RunClf, own_folder: Path, tiny_encoder: Path) -> None:
    (own_folder / "data").mkdir()
    path = write_csv(own_folder / "data" / "reviews.csv", review_rows())
    for output in ("data", ".", ".."):
        done = clf("train", "--model", tiny_encoder, "--dataset", path, "--output-dir", output, "--overwrite")
        assert done.code == 1, done.err
        assert path.exists()


def test_a_prepared_dataset_that_lacks_a_file_is_refused(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    clf("prepare", "--dataset", reviews)
    Path("prepared/reviews/validation.parquet").unlink()
    done = clf("train", "--model", tiny_encoder, "--dataset", "prepared/reviews")
    assert done.code == 1
    assert "validation.parquet is missing" in done.err


def test_a_file_where_the_run_folder_goes_is_refused(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    Path("foo.run").write_text("")
    done = clf("train", "--model", tiny_encoder, "--dataset", reviews, "--output-dir", "foo")
    assert done.code == 1
    assert "the run folder foo.run is a file" in done.err


# --- without training ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "test_run", "name"),
    [("owner/tiny", False, "tiny_x_final"), ("./some/tiny/", True, "tiny_x_test_run"), ("tiny", False, "tiny_x_final")],
)
def test_a_model_is_named_after_encoder_and_dataset(model: str, test_run: bool, name: str) -> None:
    settings = Settings.model_validate({"train": {"model": model, "test_run": test_run}})
    assert default_name(settings, Source("x", "x.csv", {})) == name


@pytest.mark.parametrize(
    ("data", "recipe", "sizes"),
    [
        ({}, {}, (64, 32, 1)),
        ({"max_train_samples": 20}, {"epochs": "auto"}, (20, 32, "auto")),
        ({"max_eval_samples": 4}, {"epochs": 5}, (64, 4, 5)),
    ],
)
def test_a_test_run_is_a_small_one_in_all_that_was_not_set(
    data: dict[str, object], recipe: dict[str, object], sizes: tuple[object, ...]
) -> None:
    settings = Settings.model_validate({"data": data, "train": {"test_run": True, **recipe}})
    small = _resolved(settings)
    assert (small.data.max_train_samples, small.data.max_eval_samples, small.train.epochs) == sizes
    usual = Settings.model_validate({"data": data, "train": recipe})
    assert _resolved(usual) == usual


@pytest.mark.parametrize(("restarts", "resumed"), [("0", False), ("1", True)])
def test_a_run_that_the_launcher_restarted_is_resumed(
    monkeypatch: pytest.MonkeyPatch, restarts: str, resumed: bool
) -> None:
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", restarts)
    assert _resolved(Settings()).run.resume is resumed
    assert _resolved(Settings.model_validate({"run": {"resume": True, "seed": 7}})).run.seed == 7


def test_a_dataset_without_validation_texts_is_refused(reviews: Path, tmp_path: Path) -> None:
    settings = Settings.model_validate({"data": {"dataset": str(reviews), "validation_size": 0.0}})
    source = SourceFinder.of(settings.run, settings.download, settings.demo).find(settings.data)
    with pytest.raises(DataError, match="the dataset reviews has no validation split") as refused:
        dataset_for_training(settings, source, tmp_path, tmp_path / "none")
    assert refused.value.hint == "prepare it with --validation-size above 0, or pass --validation FILE"


def test_texts_in_two_splits_are_told_with_the_flag_that_removes_them(
    reviews: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    test = write_csv(reviews.with_name("test.csv"), review_rows(8))
    settings = Settings.model_validate({"data": {"dataset": str(reviews), "test": str(test), "validation_size": 0.2}})
    source = SourceFinder.of(settings.run, settings.download, settings.demo).find(settings.data)
    dataset_for_training(settings, source, tmp_path, tmp_path / "none")
    [line] = [line for line in caplog.messages if "appear in two splits" in line]
    assert "(--drop-leaks removes them from train)" in line
    assert '{"test_in_train": 8}' in line
