"""`clf compare`: tell whether the trained model is better than its baselines, on the same rows."""

import logging
import tempfile
import time
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clf.data.labels import align_labels
from clf.data.sources import looks_like_path
from clf.errors import ClfError, ModelError, UsageError
from clf.evaluate import (
    MeasuredTexts,
    find_leaks,
    load_model,
    measured_texts,
    measurement_inputs,
    predict_measured,
    recorded_dataset,
    without_leaks,
)
from clf.models.store import ModelFiles, check_files, find_model
from clf.reports.markdown import comparison_report
from clf.results import COMPARISONS, output_folder, save_settings, shown, staged, write_json
from clf.scoring.gate import BETTER, advise, compare_metrics, missed_floors, summarize, weakest
from clf.settings import DEFAULT_DATASET, Settings

if TYPE_CHECKING:
    from clf.models.classifier import Classifier

log = logging.getLogger(__name__)

BUILT_IN = ("pretrained", "tfidf")
FEW = 100


@dataclass(frozen=True)
class Answers:
    """What one model said of the measured texts; `seconds` is its training and measuring."""

    name: str
    probabilities: NDArray[np.float32]
    metrics: dict[str, float]
    seconds: float


def compare(candidate: str | None, settings: Settings) -> dict[str, Any]:
    """Measure the candidate and each baseline on the same rows, decide, and write the comparison.

    Raises ModelError when label names differ, DataError for leaked rows; the gate's answer is in the result.
    """
    for name in {*settings.compare.baseline, *settings.compare.show_baseline}:
        _check_baseline(name)
    model = load_model(candidate, settings)
    measured = measured_texts(model, settings)
    if len(measured.raw_texts) < FEW:
        log.warning("only %d texts to compare on: a difference of some points can be chance", len(measured.raw_texts))
    default = COMPARISONS / f"{model.name}_{measured.dataset}_{measured.split}"
    folder = output_folder(settings, default, [*measurement_inputs(model, settings), *_model_paths(settings)])
    leaked = find_leaks(model, measured, settings)
    started = time.perf_counter()
    answers = _answer(model.name, predict_measured(model, measured, settings), measured, started)
    gated, only_shown = settings.compare.baseline, settings.compare.show_baseline
    baselines = [_baseline(name, model, measured, settings) for name in dict.fromkeys([*gated, *only_shown])]
    result = _result(model, answers, baselines, measured, settings)
    result["leaked_rows"] = None if leaked is None else int(leaked.sum())
    result["without_leaks"] = {
        each.name: without_leaks(each.probabilities, measured, leaked) for each in [answers, *baselines]
    }
    with staged(folder) as stage:
        write_json(stage / "comparison.json", result)
        (stage / "report.md").write_text(comparison_report(result), encoding="utf-8")
        save_settings(stage, "compare", settings)
    return {**result, "output_dir": shown(folder)}


def _check_baseline(name: str) -> None:
    """Find a misspelt baseline before anything is computed."""
    if name in BUILT_IN or "/" in name or looks_like_path(name):
        return
    close = get_close_matches(name, BUILT_IN, n=1, cutoff=0.5)
    raise UsageError(
        f"--baseline {name!r} is none of {', '.join(BUILT_IN)}, and no model folder",
        f"did you mean {close[0]}? For several, repeat --baseline"
        if close
        else "give one of them, or the path of a model",
    )


def _model_paths(settings: Settings) -> list[Path]:
    names = [*settings.compare.baseline, *settings.compare.show_baseline]
    return [Path(name).expanduser() for name in names if name not in BUILT_IN and looks_like_path(name)]


def _answer(name: str, probabilities: NDArray[np.float32], measured: MeasuredTexts, started: float) -> Answers:
    from clf.scoring.metrics import score

    return Answers(name, probabilities, score(probabilities, measured.labels), time.perf_counter() - started)


# --- baselines ----------------------------------------------------------------------------------------------


def _baseline(name: str, candidate: "Classifier", measured: MeasuredTexts, settings: Settings) -> Answers:
    started = time.perf_counter()
    log.info("baseline %s", name)
    if name == "pretrained":
        probabilities = _pretrained(candidate, measured, settings)
    elif name == "tfidf":
        probabilities = _tfidf(candidate, measured, settings)
    else:
        probabilities = _other_model(name, measured, settings)
    return _answer(name, probabilities, measured, started)


def _pretrained(candidate: "Classifier", measured: MeasuredTexts, settings: Settings) -> NDArray[np.float32]:
    """Ask the model the candidate was made from, with a fresh head: the mission's "before"."""
    from clf.models.classifier import load_for_training

    base = candidate.record.get("base_model")
    if not base:
        raise ModelError(
            f"{candidate.name} does not record the model it was made from", "leave out --baseline pretrained"
        )
    seed = candidate.record["settings"]["run"]["seed"]
    fresh = load_for_training(_base_files(base, settings), candidate.labels, seed=seed, fresh_head=True)
    fresh.name, fresh.max_length, fresh.cleaning = "pretrained", candidate.max_length, candidate.cleaning
    fresh.truncation = candidate.truncation
    return predict_measured(fresh, measured, settings)


def _base_files(base: dict[str, Any], settings: Settings) -> ModelFiles:
    if base["folder"]:
        check_files(Path(base["folder"]), base["folder"])
        return ModelFiles(Path(base["folder"]), base["name"], "path")
    return find_model(
        base["name"],
        base["revision"],
        offline=settings.run.offline,
        timeout=settings.download.download_timeout,
    )


def _tfidf(candidate: "Classifier", measured: MeasuredTexts, settings: Settings) -> NDArray[np.float32]:
    """Train the cheap baseline on the candidate's own training texts."""
    from clf.data.cleaning import clean_text
    from clf.scoring.baselines import tfidf_probabilities

    texts, labels = _training_split(candidate, settings)
    texts = [clean_text(text, candidate.cleaning) for text in texts]
    return tfidf_probabilities(
        texts, labels, measured.cleaned(candidate.cleaning), len(measured.names), settings.run.seed
    )


def _training_split(candidate: "Classifier", settings: Settings) -> tuple[list[str], NDArray[np.int64]]:
    record = candidate.record
    if not record:
        raise ModelError(f"{candidate.name} does not record its training data", "leave out --baseline tfidf")
    # The training data is the candidate's, whatever dataset the models are measured on.
    plain = settings.model_copy(update={"data": type(settings.data)()})
    then = record["settings"]
    with tempfile.TemporaryDirectory(prefix="clf-") as scratch:
        prepared = recorded_dataset(record, plain, Path(scratch))
        rows = prepared.subset("train", then["data"]["max_train_samples"], then["run"]["seed"])
        return rows.raw_texts, align_labels(prepared.labels, candidate.labels, prepared.name)[rows.labels]


def _other_model(name: str, measured: MeasuredTexts, settings: Settings) -> NDArray[np.float32]:
    """Ask another model: champion against challenger."""
    try:
        other = load_model(name, settings)
    except ClfError as error:
        raise type(error)(f"--baseline {name}: {error.message}", error.hint) from error
    if set(other.labels) != set(measured.names):
        raise ModelError(
            f"the labels of {name} are {', '.join(other.labels)}, those of the candidate {', '.join(measured.names)}",
            "compare models of the same classes",
        )
    find_leaks(other, measured, settings)
    return predict_measured(other, measured, settings)


# --- deciding -----------------------------------------------------------------------------------------------


def _result(
    model: "Classifier",
    candidate: Answers,
    baselines: list[Answers],
    measured: MeasuredTexts,
    settings: Settings,
) -> dict[str, Any]:
    from clf.training.arguments import suggested_rate

    choice = settings.compare
    comparisons = [
        compare_metrics(candidate.metrics, answers.metrics, answers.name, choice, answers.name in choice.baseline)
        for answers in baselines
    ]
    floors = missed_floors(candidate.metrics, choice)
    verdict = weakest(comparisons)
    passed = verdict == BETTER and not floors
    recipe = {
        **model.record.get("settings", {}).get("train", {}),
        **model.record.get("settings", {}).get("data", {}),
    }
    return {
        "model": model.name,
        "dataset": measured.dataset,
        "split": measured.split,
        "rows": len(measured.raw_texts),
        "candidate": candidate.metrics,
        "baselines": {answers.name: answers.metrics for answers in baselines},
        "seconds": {answers.name: round(answers.seconds, 2) for answers in [candidate, *baselines]},
        "comparisons": [comparison.as_dict() for comparison in comparisons],
        "verdict": verdict,
        "missed_floors": floors,
        "min_improvement": choice.min_improvement,
        "gate": "passed" if passed else "failed",
        "summary": summarize(comparisons, floors),
        "advice": []
        if passed
        else advise(candidate.metrics, comparisons, recipe, suggested_rate(recipe.get("model", ""))),
        "next": _next(model, passed or candidate.metrics["accuracy"] == 1.0, suggested_rate(recipe.get("model", ""))),
        "examples": _examples(candidate, baselines, measured, choice.examples),
    }


def _next(model: "Classifier", good: bool, rate: float | None) -> list[str]:
    """Return the command that comes next: use the model, or train it otherwise."""
    train = model.record.get("settings", {}).get("train")
    if good or not train:
        return ["clf", "predict", shown(Path(model.model.name_or_path)), "--text", "a new text"]
    spec = model.record["dataset"]["dataset"] or DEFAULT_DATASET
    recipe = ["--learning-rate", f"{max(train['learning_rate'], rate or 0.0):g}", "--epochs", str(train["epochs"] + 2)]
    return ["clf", "train", "--dataset", spec, "--model", train["model"], *recipe]


def _examples(
    candidate: Answers, baselines: list[Answers], measured: MeasuredTexts, count: int
) -> list[dict[str, Any]]:
    """Show texts with the answers of candidate and first baseline: flips in both directions first."""
    if not baselines or not count:
        return []
    other = baselines[0]
    right = candidate.probabilities.argmax(axis=1) == measured.labels
    other_right = other.probabilities.argmax(axis=1) == measured.labels
    won, lost, rest = (
        np.flatnonzero(mask) for mask in (right & ~other_right, other_right & ~right, right == other_right)
    )
    half = max(1, count // 2) if len(won) else 0
    chosen = [*won[: count - min(len(lost), count - half)], *lost[: count - half], *rest][:count]
    return [_example(int(row), candidate, other, measured) for row in chosen]


def _example(row: int, candidate: Answers, other: Answers, measured: MeasuredTexts) -> dict[str, Any]:
    answered: dict[str, Any] = {
        "text": measured.raw_texts[row],
        "label": measured.names[int(measured.labels[row])],
    }
    for who, answers in (("candidate", candidate), ("baseline", other)):
        answered[who] = {
            "name": answers.name,
            "label": measured.names[int(answers.probabilities[row].argmax())],
            "confidence": round(float(answers.probabilities[row].max()), 4),
        }
    return answered
