"""What evaluate, compare and predict hold for each row: arrays and Arrow columns, not Python objects.

The whole commands are measured by `tests/benchmarks/memory.py`; here, what each step holds at its peak beside a row's
bytes of text, from its growth with the number of rows.
"""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from clf.data.prepared import PreparedDataset
from clf.data.text_hashes import text_hashes
from clf.measuring import baseline_models
from clf.measuring.breakdown import by_length
from clf.measuring.class_evaluation import _worst_errors
from clf.measuring.label_issues import find_label_issues
from clf.measuring.prediction_file import write_predictions
from clf.measuring.rows import MeasuredTexts, answers_of, find_leaks, without_leaks
from clf.models.compute import choose_compute
from clf.models.from_files import load_classifier
from clf.models.store import find_model
from clf.scoring.answers import Answers
from clf.scoring.calibration import reliability
from clf.scoring.metrics import score
from clf.scoring.multi_label import MultiLabelAnswers
from clf.scoring.pair_issues import Judged, find_pairs
from clf.scoring.selective import risk_coverage
from clf.scoring.significance import bootstrap_mean_intervals, tally
from clf.settings import ComputeSettings
from clf.storage.disk import sha256
from clf.storage.result_folders import MANIFEST_FILE, TRAIN_ROWS_FILE
from clf.storage.writing import write_json
from support.classifiers import write_tiny_classifier
from support.recorded import bare_classifier

FP32 = ComputeSettings(device="cpu", precision="fp32")
NAMES = ["bad", "good"]
EVENS = np.full(9, 0.5)


def bytes_a_row(step: Callable[[int], object], few: int, many: int) -> float:
    """Return by how many bytes the peak of a step grows with each further row."""
    peaks = []
    for rows in (few // 4, few, many):  # the first time warms up
        before = pyarrow.total_allocated_bytes()
        tracemalloc.start()
        try:
            made = step(rows)
            peaks.append(tracemalloc.get_traced_memory()[1] + pyarrow.total_allocated_bytes() - before)
            del made
        finally:
            tracemalloc.stop()
    return (peaks[2] - peaks[1]) / (many - few)


def texts_of(rows: int) -> list[str]:
    """Return distinct texts of 40 characters."""
    return [f"a film of the number {number:>19}" for number in range(rows)]


def measured(texts: list[str]) -> MeasuredTexts:
    return MeasuredTexts("films", "test", texts, np.arange(len(texts)) % 2, NAMES)


def answers(rows: int) -> Answers:
    sure = np.random.default_rng(1).random(rows).astype(np.float32)
    return Answers(np.stack([sure, 1 - sure], axis=1), np.arange(rows) % 2)


def test_a_split_to_measure_on_is_little_more_than_its_characters(tmp_path: Path) -> None:
    def read(rows: int) -> MeasuredTexts:
        found = PreparedDataset(tmp_path / str(rows)).subset("test", None, 1, raw_only=True)
        return MeasuredTexts("films", "test", found.raw_texts, found.labels, NAMES)

    for rows in (1_250, 5_000, 15_000):
        write_split(tmp_path / str(rows), rows)
    assert 40 < bytes_a_row(read, 5_000, 15_000) < 120


def write_split(folder: Path, rows: int) -> None:
    folder.mkdir()
    texts = pyarrow.array(texts_of(rows), pyarrow.large_string())
    table = pyarrow.table({"text": texts, "raw_text": texts, "label": np.arange(rows) % 2})
    pyarrow.parquet.write_table(table, folder / "test.parquet", row_group_size=1000)
    of_files = {"test.parquet": sha256(folder / "test.parquet")}
    write_json(folder / MANIFEST_FILE, {"clf_version": "0.1.0", "labels": NAMES, "files": of_files, "name": "films",
                                        "cleaning": {}, "data": {}, "seed": 1})  # fmt: skip


@pytest.mark.parametrize(
    "step",
    [
        score,
        reliability,
        lambda found: risk_coverage(found.confidence, found.correct),
        lambda found: tally(found.labels, found.predictions, found.predictions, classes=2),
        lambda found: bootstrap_mean_intervals(np.ones((len(found), 2)), draws=1),
        lambda found: found.with_temperature(2.0).choices,
        lambda found: without_leaks(found, found.labels == 1) and None,
    ],
    ids=["metrics", "reliability", "risk-coverage", "tally", "bootstrap", "temperature", "without leaks"],
)
def test_figures_need_few_bytes_a_row(step: Callable[[Answers], object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clf.scoring.answers.AT_ONCE", 1_000)
    monkeypatch.setattr("clf.scoring.calibration.SIMULATIONS", 4)
    assert bytes_a_row(lambda rows: step(answers(rows)), 10_000, 30_000) < 110


def test_what_is_shown_of_many_rows_needs_few_bytes_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clf.scoring.answers.AT_ONCE", 1_000)
    texts = texts_of(15_000)

    def shown(rows: int) -> None:
        given, found = measured(texts[:rows]), answers(rows)
        by_length(given, found)
        _worst_errors(given, found)
        find_label_issues(given, found, np.ones(rows, dtype=bool), 10).first(10)

    assert bytes_a_row(shown, 5_000, 15_000) < 110


def test_labels_that_are_missing_or_surplus_are_found_some_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clf.scoring.answers.AT_ONCE", 1_000)
    monkeypatch.setattr("clf.scoring.pair_issues.AT_ONCE", 1_000)
    generator = np.random.default_rng(1)
    table = MultiLabelAnswers(
        generator.random((15_000, 9)).astype(np.float32), generator.random((15_000, 9)) < 0.3, EVENS
    )
    judged = Judged(np.ones(15_000, dtype=bool), np.ones(9, dtype=bool))

    def found(rows: int) -> None:
        some = MultiLabelAnswers(table.probabilities[:rows], table.labels[:rows], EVENS)
        assert find_pairs(some, Judged(judged.rows[:rows], judged.labels), 100).found > rows

    assert bytes_a_row(found, 5_000, 15_000) < 5


def test_predictions_are_written_some_rows_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clf.scoring.answers.AT_ONCE", 1_000)
    texts = texts_of(15_000)
    step = lambda rows: write_predictions(tmp_path / "p", measured(texts[:rows]), answers(rows))  # noqa: E731
    assert bytes_a_row(step, 5_000, 15_000) < 60


def test_leaks_need_few_bytes_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clf.data.text_hashes.AT_ONCE", 500)
    np.save(tmp_path / TRAIN_ROWS_FILE, text_hashes(["another"]))
    model, texts = bare_classifier(tmp_path), texts_of(4_000)
    assert bytes_a_row(lambda rows: find_leaks(model, measured(texts[:rows]), allowed=True), 1_000, 4_000) < 60


def test_inference_holds_the_tokens_of_a_window_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clf.models.inference.WINDOW", 20)
    model = load_classifier(find_model(str(write_tiny_classifier(tmp_path / "tiny"))))
    texts = texts_of(600)
    assert bytes_a_row(lambda rows: answers_of(model, measured(texts[:rows]), FP32), 100, 600) < 100


def test_baselines_hold_vectors_of_some_rows_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baseline_models, "AT_ONCE", 20)
    model, compute = load_classifier(find_model(str(write_tiny_classifier(tmp_path / "tiny")))), choose_compute(FP32)
    texts, seen, labels = texts_of(320), texts_of(20), np.arange(20) % 2
    frozen = lambda rows: baseline_models.frozen(model, compute, seen, labels, texts[:rows], 2)  # noqa: E731
    tfidf = lambda rows: baseline_models.tfidf(seen, labels, texts[:rows], 2, seed=1)  # noqa: E731
    assert [bytes_a_row(step, 80, 320) < 60 for step in (frozen, tfidf)] == [True, True]
