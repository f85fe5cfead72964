"""`clf compare`: decide whether the trained model beats its baselines on the same rows by more than chance."""

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clf.data.reading.formats import looks_like_path
from clf.data.reading.paths import expanded
from clf.data.sources.find import SourceFinder, input_paths
from clf.errors import ClfError, ModelError, OutputError, UsageError
from clf.measuring.baselines import BUILT_IN, BaselineMaker, check_baseline
from clf.measuring.measured_model import ComparedModel, MeasuredModel, measure
from clf.measuring.paired import FEW, compare_measured
from clf.measuring.provenance import measured_texts, measurement_inputs
from clf.measuring.rows import MeasuredTexts, find_leaks
from clf.models.families import suggested_rate
from clf.models.find_and_load import load_model
from clf.outcomes.comparison import Answer, CompareResult, Comparison, Example, Flips
from clf.reports.junit import junit_xml
from clf.reports.markdown import comparison_report
from clf.reports.page.comparison import comparison_page
from clf.scoring.answers import surest
from clf.scoring.gate import (
    FAILED,
    PASSED,
    UNDECIDED,
    advise,
    check_rules,
    gate,
    summarize,
    weakest,
)
from clf.scoring.metric_table import defined
from clf.settings import AUTO, DEFAULT_DATASET, CompareSettings, Settings
from clf.storage.names import place_in
from clf.storage.output import claimed, save_settings
from clf.storage.publish import staged
from clf.storage.report_files import check_reports, check_reports_apart, write_report
from clf.storage.result_folders import COMPARISONS, shown
from clf.storage.writing import appended, write_json

if TYPE_CHECKING:
    from clf.models.classifier import Classifier

log = logging.getLogger(__name__)

FLIPS_IN_REPORT = 10


def compare(candidate: str | None, settings: Settings) -> CompareResult:
    """Measure the candidate and each baseline on the same rows, decide, and write the comparison.

    Raises ModelError when label names differ, DataError when too many rows leaked from the training data. A failed gate
    is not an error: its outcome is in the result.
    """
    choice = settings.compare
    names = list(dict.fromkeys([*choice.baseline, *choice.show_baseline]))
    for name in names:
        check_baseline(name)
    _check_rules(choice)
    check_reports(settings.report, settings.run, [*input_paths(settings.data), *_model_paths(names)])
    model = _load(candidate, settings)
    finder = SourceFinder.of(settings.run, settings.download, settings.demo)
    audited = settings.report.report is not None
    measured = measured_texts(model, settings.data, settings.cleaning, finder, audited=audited)
    if len(measured) < FEW:
        log.warning("only %d texts to compare on: a difference of a few points can be due to chance", len(measured))
    default = place_in(COMPARISONS, f"{model.name}_{measured.dataset}_{measured.split}")
    inputs = [*measurement_inputs(model, settings.data), *_model_paths(names)]
    with claimed(settings.run, default, inputs) as folder:
        check_reports_apart(settings.report, folder, inputs)
        result = _compared(model, names, measured, settings, finder, folder)
        with staged(folder) as stage:
            write_json(stage / "comparison.json", result.as_json(without={"output_dir"}))
            (stage / "report.md").write_text(comparison_report(result), encoding="utf-8")
            save_settings(stage, "compare", settings)
        _report(result, measured, settings)
        return result


def _compared(
    model: "Classifier",
    names: list[str],
    measured: MeasuredTexts,
    settings: Settings,
    finder: SourceFinder,
    folder: Path,
) -> CompareResult:
    """Measure the candidate and each baseline in `names`, and decide."""
    leaked = find_leaks(model, measured, allowed=settings.data.allow_leak)
    others = {name: _champion(name, model, measured, settings) for name in names if name not in BUILT_IN}
    for other in others.values():
        leaked = _either(leaked, find_leaks(other, measured, allowed=settings.data.allow_leak))
    own = measure(model, measured, settings.compute)
    own = replace(own, name=f"{own.name} (candidate)") if own.name in names else own
    maker = BaselineMaker(model, measured, settings.compute, finder, settings.run.seed)
    baselines = [
        (
            replace(measure(others[name], measured, settings.compute), name=name)
            if name in others
            else maker.measure(name)
        ).compared(leaked)
        for name in names
    ]
    return _result(model, own, baselines, measured, settings.compare, leaked, folder)


def exit_code(result: CompareResult, choice: CompareSettings) -> int:
    """Return the exit code for a CI job: 0 passed, 3 failed, 4 inconclusive (0 if that was requested)."""
    passing = result.gate == UNDECIDED and choice.on_inconclusive == "pass"
    return 0 if passing else {PASSED: 0, FAILED: 3, UNDECIDED: 4}[result.gate]


def _load(name: str | None, settings: Settings) -> "Classifier":
    """Load a model to compare; raise UsageError if it is one that clf does not compare."""
    run, timeout = settings.run, settings.download.download_timeout
    found = load_model(name, max_length=settings.data.max_length, offline=run.offline, timeout=timeout)
    if found.multi_label:
        raise UsageError(
            f"{found.name} predicts several labels per text: clf does not compare such models yet",
            "measure it with clf evaluate, on the same texts as others",
        )
    return found


def _champion(name: str, candidate: "Classifier", measured: MeasuredTexts, settings: Settings) -> "Classifier":
    """Load a model that serves as a baseline.

    Raises ModelError when its label names differ.
    """
    try:
        other = _load(name, settings)
    except ClfError as error:
        raise type(error)(f"--baseline {name}: {error.message}", error.hint) from error
    if set(other.labels) != set(measured.names):
        raise ModelError(
            f"the labels of {name} are {', '.join(other.labels)}, but the candidate's are {', '.join(measured.names)}",
            "compare models with the same classes",
        )
    if candidate.record and other.record and candidate.record.files and candidate.record.files == other.record.files:
        log.warning("%s is the candidate itself or a copy of it: the files are identical", name)
    return other


def _either(one: NDArray[np.bool_] | None, other: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    """Return the rows that at least one of two models was trained on, as far as known."""
    return other if one is None else one if other is None else one | other


def _report(result: CompareResult, measured: MeasuredTexts, settings: Settings) -> None:
    """Write the requested reports, and the job summary that GitHub shows."""
    where, overwrite = settings.report, settings.run.overwrite
    if where.report:
        write_report(where.report, comparison_page(result, measured.audit), overwrite=overwrite)
    if where.junit:
        write_report(where.junit, junit_xml(result), overwrite=overwrite)
    if where.markdown:
        write_report(where.markdown, comparison_report(result), overwrite=overwrite)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with appended(Path(summary)) as file:
                file.write(comparison_report(result) + "\n")
        except (OSError, OutputError) as error:
            log.warning("cannot write the GitHub job summary: %s", error)


def _check_rules(asked: CompareSettings) -> None:
    """Refuse a gate without rules: it would always pass."""
    floors = (asked.min_accuracy, asked.min_f1, asked.max_ece, asked.min_class_recall)
    if not asked.baseline and all(floor is None for floor in floors):
        raise UsageError(
            "there is no baseline and no limit, so the gate has nothing to check",
            "pass --baseline, or a limit such as --min-f1",
        )


def _model_paths(names: list[str]) -> list[Path]:
    return [expanded(name) for name in names if name not in BUILT_IN and looks_like_path(name)]


# --- deciding -----------------------------------------------------------------------------------------------


def _result(
    model: "Classifier",
    candidate: MeasuredModel,
    baselines: list[ComparedModel],
    measured: MeasuredTexts,
    choice: CompareSettings,
    leaked: NDArray[np.bool_] | None,
    folder: Path,
) -> CompareResult:
    from clf.scoring.metrics import intervals, score_classes

    comparisons = [compare_measured(candidate, baseline, choice) for baseline in baselines]
    per_class = score_classes(candidate.answers, measured.names)
    rules = check_rules(comparisons, candidate.metrics, per_class, choice)
    answer = gate(rules)
    everyone = [candidate.compared(leaked), *baselines]
    return CompareResult(
        model=candidate.name,
        dataset=measured.dataset,
        split=measured.split,
        rows=len(measured),
        candidate=candidate.metrics,
        intervals=intervals(candidate.answers),
        per_class=per_class,
        baselines={baseline.name: baseline.metrics for baseline in baselines},
        costs={each.name: each.cost() for each in everyone},
        comparisons=comparisons,
        verdict=weakest(comparisons),
        rules=rules,
        min_improvement=choice.min_improvement,
        margin=choice.margin,
        gate=answer,
        summary=summarize(comparisons, rules),
        advice=[] if answer == PASSED else _advice(model, candidate, comparisons),
        next=_next(model, answer == PASSED or candidate.metrics["accuracy"] == 1.0),
        examples=_examples(candidate, baselines, measured, choice.examples),
        flips=_flips(candidate, baselines, measured, max(choice.examples, FLIPS_IN_REPORT)),
        leaked_rows=None if leaked is None else int(leaked.sum()),
        without_leaks={each.name: each.unseen for each in everyone},
        output_dir=shown(folder),
    )


def _advice(model: "Classifier", candidate: MeasuredModel, comparisons: list[Comparison]) -> list[str]:
    record = model.record
    trained = record is not None and record.settings is not None
    recipe = record.train if record and trained else None
    samples = record.settings.data.max_train_samples if record and record.settings else None
    accuracy = defined(candidate.metrics, "accuracy")
    return advise(accuracy, comparisons, recipe, samples, _suggested_rate(model))


def _suggested_rate(model: "Classifier") -> float | None:
    settings = model.record.settings if model.record else None
    width = getattr(model.model.config, "hidden_size", None)
    return suggested_rate(settings.train.model if settings else "", width)


def _next(model: "Classifier", good: bool) -> list[str]:
    """Return the next command to suggest: use the model, or train it with other settings."""
    record = model.record
    if good or record is None or record.settings is None or record.dataset is None:
        return ["clf", "predict", shown(Path(model.model.name_or_path)), "--text", "a new text"]
    train, then, rate = record.settings.train, record.train, _suggested_rate(model)
    spec = record.dataset.dataset or DEFAULT_DATASET
    given = [] if train.learning_rate == AUTO else ["--learning-rate", f"{max(train.learning_rate, rate or 0):g}"]
    epochs = int(then.epochs)
    recipe = [*given, "--epochs", str(epochs + max(2, epochs // 2))]
    most = record.settings.data.max_length
    recipe += ["--max-length", str(most)] if most else []
    return ["clf", "train", "--dataset", spec, "--model", train.model, *recipe]


# --- examples -----------------------------------------------------------------------------------------------


def _examples(
    candidate: MeasuredModel, baselines: list[ComparedModel], measured: MeasuredTexts, count: int
) -> list[Example]:
    """Return texts with the predictions of the candidate and the first baseline, flips in both directions first."""
    if not baselines or not count:
        return []
    won, lost, rest = _sorted_by_flip(candidate, baselines[0], count)
    half = max(1, count // 2) if len(won) else 0
    chosen = [*won[: count - min(len(lost), count - half)], *lost[: count - half], *rest][:count]
    return [_example(int(row), candidate, baselines[0], measured) for row in chosen]


def _flips(
    candidate: MeasuredModel, baselines: list[ComparedModel], measured: MeasuredTexts, count: int
) -> dict[str, Flips]:
    """Return for each baseline the texts that only one of the two models gets right, most confident first."""
    flips = {}
    for baseline in baselines:
        won, lost, _ = _sorted_by_flip(candidate, baseline, count)
        flips[baseline.name] = Flips(
            won=[_example(int(row), candidate, baseline, measured) for row in won],
            lost=[_example(int(row), candidate, baseline, measured) for row in lost],
        )
    return flips


def _sorted_by_flip(candidate: MeasuredModel, other: ComparedModel, count: int) -> list[NDArray[np.int64]]:
    """Return the rows that only the candidate gets right, those that only the other model gets right, and the rest.

    Each part is limited to the `count` most confident predictions, and starts with the most confident one.
    """
    one, two = candidate.choices, other.choices
    right, others_right = one.correct, two.correct
    return [
        surest(right & ~others_right, one.sure, count),
        surest(others_right & ~right, two.sure, count),
        surest(right == others_right, one.sure, count),
    ]


def _example(row: int, candidate: MeasuredModel, other: ComparedModel, measured: MeasuredTexts) -> Example:
    return Example(
        text=measured.raw_texts[row],
        label=measured.names[measured.labels[row]],
        candidate=_answer(row, candidate, measured.names),
        baseline=_answer(row, other, measured.names),
    )


def _answer(row: int, model: MeasuredModel | ComparedModel, names: list[str]) -> Answer:
    choices = model.choices
    confidence = round(float(choices.sure[row]), 4)
    return Answer(name=model.name, label=names[choices.predictions[row]], confidence=confidence)
