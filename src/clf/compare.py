"""`clf compare`: tell whether the trained model is better than its baselines, on the same rows, beyond chance."""

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clf.baselines import BUILT_IN, Answers, baseline_answers, check_baseline, load_other, model_answers
from clf.data.sources import looks_like_path
from clf.errors import UsageError
from clf.measurement import (
    MeasuredTexts,
    find_leaks,
    load_model,
    measured_texts,
    measurement_inputs,
    without_leaks,
)
from clf.reports.html import comparison_page
from clf.reports.junit import junit_xml
from clf.reports.markdown import comparison_report
from clf.results import (
    COMPARISONS,
    check_reports,
    output_folder,
    save_settings,
    shown,
    staged,
    write_json,
    write_report,
)
from clf.runs import recipe_of
from clf.scoring.gate import (
    FAILED,
    INCONCLUSIVE,
    PASSED,
    UNDECIDED,
    Comparison,
    advise,
    check_rules,
    decide,
    gate,
    summarize,
    weakest,
)
from clf.settings import AUTO, DEFAULT_DATASET, Settings

if TYPE_CHECKING:
    from clf.models.classifier import Classifier

log = logging.getLogger(__name__)

FEW = 100
FLIPS_IN_REPORT = 10


def compare(candidate: str | None, settings: Settings) -> dict[str, Any]:
    """Measure the candidate and each baseline on the same rows, decide, and write the comparison.

    Raises ModelError when label names differ, DataError for leaked rows; the gate's answer is in the result.
    """
    names = list(dict.fromkeys([*settings.compare.baseline, *settings.compare.show_baseline]))
    for name in names:
        check_baseline(name)
    _check_rules(settings)
    check_reports(settings.report.report, settings.report.junit, settings.report.markdown)
    model = load_model(candidate, settings)
    measured = measured_texts(model, settings)
    if len(measured.raw_texts) < FEW:
        log.warning("only %d texts to compare on: a difference of some points can be chance", len(measured.raw_texts))
    default = COMPARISONS / f"{model.name}_{measured.dataset}_{measured.split}"
    folder = output_folder(settings, default, [*measurement_inputs(model, settings), *_model_paths(settings)])
    leaked = find_leaks(model, measured, settings)
    others = {name: load_other(name, measured, settings) for name in names if name not in BUILT_IN}
    for name, (other, seen) in others.items():
        if model.record.get("files") and model.record["files"] == other.record.get("files"):
            log.warning("%s is the candidate itself, or a copy: it holds the same files", name)
        leaked = seen if leaked is None else leaked if seen is None else leaked | seen
    answers = model_answers(model, measured, settings)
    if answers.name in names:
        answers = replace(answers, name=f"{answers.name} (candidate)")
    baselines = [
        replace(model_answers(others[name][0], measured, settings), name=name)
        if name in others
        else baseline_answers(name, model, measured, settings)
        for name in names
    ]
    result = _result(model, answers, baselines, measured, settings)
    result["leaked_rows"] = None if leaked is None else int(leaked.sum())
    result["without_leaks"] = {
        each.name: without_leaks(each.probabilities, measured, leaked) for each in [answers, *baselines]
    }
    with staged(folder) as stage:
        write_json(stage / "comparison.json", result)
        (stage / "report.md").write_text(comparison_report(result), encoding="utf-8")
        save_settings(stage, "compare", settings)
    result = {**result, "output_dir": shown(folder)}
    _report(result, measured, settings)
    return result


def exit_code(result: dict[str, Any], settings: Settings) -> int:
    """Return what the gate means for a CI job: 0 passed, 3 failed, 4 inconclusive (0 where that was asked for)."""
    passing = result["gate"] == UNDECIDED and settings.compare.on_inconclusive == "pass"
    return 0 if passing else {PASSED: 0, FAILED: 3, UNDECIDED: 4}[result["gate"]]


def _report(result: dict[str, Any], measured: MeasuredTexts, settings: Settings) -> None:
    """Write the reports that were asked for, and the summary that GitHub shows of the job."""
    where = settings.report
    if where.report:
        write_report(where.report, comparison_page(result, measured.audit))
    if where.junit:
        write_report(where.junit, junit_xml(result))
    if where.markdown:
        write_report(where.markdown, comparison_report(result))
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(comparison_report(result) + "\n")
        except OSError as error:
            log.warning("the summary of the job cannot be written: %s", error)


def _check_rules(settings: Settings) -> None:
    """Refuse a gate that asks for nothing: it would always pass."""
    asked = settings.compare
    floors = (asked.min_accuracy, asked.min_f1, asked.max_ece, asked.min_class_recall)
    if not asked.baseline and all(floor is None for floor in floors):
        raise UsageError("there is no baseline and no floor, so the gate asks for nothing", "pass --baseline")


def _model_paths(settings: Settings) -> list[Path]:
    names = [*settings.compare.baseline, *settings.compare.show_baseline]
    return [Path(name).expanduser() for name in names if name not in BUILT_IN and looks_like_path(name)]


# --- deciding -----------------------------------------------------------------------------------------------


def compare_answers(candidate: Answers, baseline: Answers, measured: MeasuredTexts, settings: Settings) -> Comparison:
    """Compare what two models answer on the same rows, by the metric that decides."""
    from clf.scoring.significance import mcnemar, paired_difference, tally

    choice = settings.compare
    answers = [each.probabilities.argmax(axis=1) for each in (candidate, baseline)]
    table = tally(measured.labels, *answers, classes=len(measured.names))
    found = paired_difference(table, choice.metric)
    verdict = decide(found.interval, choice)
    target = choice.min_improvement if choice.margin is None else -choice.margin
    right, other_right = (answer == measured.labels for answer in answers)
    return Comparison(
        baseline.name,
        choice.metric,
        found.difference,
        found.interval,
        mcnemar(table),
        verdict,
        baseline.name in choice.baseline,
        found.rows_needed(target) if verdict == INCONCLUSIVE else None,
        int((right & ~other_right).sum()),
        int((other_right & ~right).sum()),
    )


def _result(
    model: "Classifier",
    candidate: Answers,
    baselines: list[Answers],
    measured: MeasuredTexts,
    settings: Settings,
) -> dict[str, Any]:
    from clf.scoring.metrics import intervals, score_classes
    from clf.training.schedule import suggested_rate

    choice = settings.compare
    comparisons = [compare_answers(candidate, answers, measured, settings) for answers in baselines]
    per_class = score_classes(candidate.probabilities, measured.labels, measured.names)
    rules = check_rules(comparisons, candidate.metrics, per_class, choice)
    answer = gate(rules)
    recorded = model.record.get("settings", {})
    recipe = {**(recipe_of(model.record) if recorded else {}), **recorded.get("data", {})}
    rate = suggested_rate(recipe.get("model", ""), getattr(model.model.config, "hidden_size", None))
    return {
        "model": candidate.name,
        "dataset": measured.dataset,
        "split": measured.split,
        "rows": len(measured.raw_texts),
        "candidate": candidate.metrics,
        "intervals": intervals(candidate.probabilities, measured.labels),
        "per_class": per_class,
        "baselines": {answers.name: answers.metrics for answers in baselines},
        "costs": {answers.name: answers.cost() for answers in [candidate, *baselines]},
        "comparisons": [comparison.as_dict() for comparison in comparisons],
        "verdict": weakest(comparisons),
        "rules": [rule.as_dict() for rule in rules],
        "min_improvement": choice.min_improvement,
        "margin": choice.margin,
        "gate": answer,
        "summary": summarize(comparisons, rules),
        "advice": [] if answer == PASSED else advise(candidate.metrics, comparisons, recipe, rate),
        "next": _next(model, answer == PASSED or candidate.metrics["accuracy"] == 1.0, rate),
        "examples": _examples(candidate, baselines, measured, choice.examples),
        "flips": _flips(candidate, baselines, measured, max(choice.examples, FLIPS_IN_REPORT)),
    }


def _next(model: "Classifier", good: bool, rate: float | None) -> list[str]:
    """Return the command that comes next: use the model, or train it otherwise."""
    train = model.record.get("settings", {}).get("train")
    if good or not train:
        return ["clf", "predict", shown(Path(model.model.name_or_path)), "--text", "a new text"]
    spec = model.record["dataset"]["dataset"] or DEFAULT_DATASET
    then = recipe_of(model.record)
    given = [] if train["learning_rate"] == AUTO else ["--learning-rate", f"{max(train['learning_rate'], rate or 0):g}"]
    recipe = [*given, "--epochs", str(then["epochs"] + max(2, then["epochs"] // 2))]
    most = model.record["settings"]["data"]["max_length"]
    recipe += ["--max-length", str(most)] if most else []
    return ["clf", "train", "--dataset", spec, "--model", train["model"], *recipe]


# --- examples -----------------------------------------------------------------------------------------------


def _examples(
    candidate: Answers, baselines: list[Answers], measured: MeasuredTexts, count: int
) -> list[dict[str, Any]]:
    """Show texts with the answers of candidate and first baseline: flips in both directions first."""
    if not baselines or not count:
        return []
    won, lost, rest = _sorted_by_flip(candidate, baselines[0], measured)
    half = max(1, count // 2) if len(won) else 0
    chosen = [*won[: count - min(len(lost), count - half)], *lost[: count - half], *rest][:count]
    return [_example(int(row), candidate, baselines[0], measured) for row in chosen]


def _flips(
    candidate: Answers, baselines: list[Answers], measured: MeasuredTexts, count: int
) -> dict[str, dict[str, Any]]:
    """Return for each baseline the texts that only one of the two gets right, the surest answers first."""
    flips = {}
    for baseline in baselines:
        won, lost, _ = _sorted_by_flip(candidate, baseline, measured)
        flips[baseline.name] = {
            "won": [_example(int(row), candidate, baseline, measured) for row in won[:count]],
            "lost": [_example(int(row), candidate, baseline, measured) for row in lost[:count]],
        }
    return flips


def _sorted_by_flip(candidate: Answers, other: Answers, measured: MeasuredTexts) -> list[NDArray[np.int64]]:
    """Return the rows only the candidate gets right, only the other one, and the rest; the surest answers first."""
    right, other_right = (each.probabilities.argmax(axis=1) == measured.labels for each in (candidate, other))
    surest = [each.probabilities.max(axis=1) for each in (candidate, other, candidate)]
    masks = (right & ~other_right, other_right & ~right, right == other_right)
    rows = [np.flatnonzero(mask) for mask in masks]
    return [part[np.argsort(-sure[part], kind="stable")] for part, sure in zip(rows, surest, strict=True)]


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
