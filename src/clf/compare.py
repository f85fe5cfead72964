"""`clf compare`: decide whether the trained model beats its baselines on the same rows by more than chance."""

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clf.data.flags import data_flags, typed
from clf.data.reading.formats import looks_like_path
from clf.data.reading.paths import expanded
from clf.data.sources.find import SourceFinder, input_paths
from clf.errors import ClfError, ModelError, OutputError, UsageError
from clf.measuring.baselines import BUILT_IN, BaselineMaker, check_baseline
from clf.measuring.flips import examples_of, flips_of, label_flips
from clf.measuring.label_evaluation import fitted_on, say_undefined
from clf.measuring.measured_model import ComparedModel, MeasuredModel, measure
from clf.measuring.paired import FEW, check_metric, compare_measured
from clf.measuring.provenance import measured_texts, measurement_inputs
from clf.measuring.rows import MeasuredTexts, cuts_some, find_leaks
from clf.models.families import suggested_rate
from clf.models.find_and_load import load_model
from clf.outcomes.base import ClassMetrics
from clf.outcomes.comparison import (
    AnyComparison,
    CompareLabelsResult,
    CompareResult,
    Comparison,
    Decided,
    Measured,
)
from clf.reports.junit import junit_xml
from clf.reports.markdown import comparison_report
from clf.reports.page.comparison import comparison_page
from clf.scoring.gate import (
    FAILED,
    MOST_RULES,
    PASSED,
    UNDECIDED,
    advise,
    check_rules,
    gate,
    is_open_to_words,
    summarize,
    weakest,
)
from clf.scoring.metric_table import is_of_sets, share_right
from clf.scoring.multi_label import MultiLabelAnswers
from clf.settings import DEFAULT_DATASET, CompareSettings, Settings
from clf.settings_types import AUTO
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
MOST_LABELS = 20
"""Of models with more labels, an error names those that differ."""
KINDS = {False: "one label", True: "several labels"}


def compare(candidate: str | None, settings: Settings) -> AnyComparison:
    """Measure the candidate and each baseline on the same rows, decide, and write the comparison.

    Raises UsageError when the metric does not suit the candidate, ModelError when label names differ or one model
    predicts several labels per text and another one, DataError when too many rows leaked from the training data. A
    failed gate is not an error: its outcome is in the result.
    """
    choice = settings.compare
    names = list(dict.fromkeys([*choice.baseline, *choice.show_baseline]))
    for name in names:
        check_baseline(name)
    _check_rules(choice)
    check_reports(settings.report, settings.run, [*input_paths(settings.data), *_model_paths(names)])
    model = _load(candidate, settings)
    check_metric(choice.metric, several=model.multi_label)
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
) -> AnyComparison:
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


def exit_code(result: AnyComparison, choice: CompareSettings) -> int:
    """Return the exit code for a CI job: 0 passed, 3 failed, 4 inconclusive (0 if that was requested)."""
    passing = result.gate == UNDECIDED and choice.on_inconclusive == "pass"
    return 0 if passing else {PASSED: 0, FAILED: 3, UNDECIDED: 4}[result.gate]


def _load(name: str | None, settings: Settings) -> "Classifier":
    """Load a model to compare."""
    run, timeout = settings.run, settings.download.download_timeout
    return load_model(name, max_length=settings.data.max_length, offline=run.offline, timeout=timeout)


def _champion(name: str, candidate: "Classifier", measured: MeasuredTexts, settings: Settings) -> "Classifier":
    """Load a model that serves as a baseline.

    Raises ModelError when it is of the other kind than the candidate, or its label names differ.
    """
    try:
        other = _load(name, settings)
    except ClfError as error:
        raise type(error)(f"--baseline {name}: {error.message}", error.hint) from error
    if other.multi_label != candidate.multi_label:
        one, two = (KINDS[each.multi_label] for each in (other, candidate))
        raise ModelError(
            f"--baseline {name} predicts {one} per text, but {candidate.name} predicts {two}",
            "compare models of the same kind",
        )
    if set(other.labels) != set(measured.names):
        raise ModelError(_differ(name, other.labels, measured.names), "compare models with the same classes")
    if candidate.record and other.record and candidate.record.files and candidate.record.files == other.record.files:
        log.warning("%s is the candidate itself or a copy of it: the files are identical", name)
    return other


def _differ(name: str, labels: list[str], names: list[str]) -> str:
    """Say in which labels a baseline and the candidate differ: all of both if they are few."""
    if max(len(labels), len(names)) <= MOST_LABELS:
        return f"the labels of {name} are {', '.join(labels)}, but the candidate's are {', '.join(names)}"
    more, fewer = sorted({*labels} - {*names}), sorted({*names} - {*labels})
    parts = [f"{name} {verb} the label {some[0]!r}{f' and {len(some) - 1} more' if some[1:] else ''}"
             for verb, some in (("alone has", more), ("lacks", fewer)) if some]  # fmt: skip
    return f"the labels of {name} are not the candidate's: {'; '.join(parts)}"


def _either(one: NDArray[np.bool_] | None, other: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    """Return the rows that at least one of two models was trained on, as far as known."""
    return other if one is None else one if other is None else one | other


def _report(result: AnyComparison, measured: MeasuredTexts, settings: Settings) -> None:
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
) -> AnyComparison:
    from clf.scoring.metrics import intervals, score_classes
    from clf.scoring.multi_label_metrics import score_labels

    def decided(per_class: Mapping[str, ClassMetrics]) -> Decided:
        return _decided(model, candidate, baselines, per_class, measured, choice, leaked, folder)

    answers, names = candidate.answers, measured.names
    figures = Measured(
        model=candidate.name,
        dataset=measured.dataset,
        split=measured.split,
        rows=len(measured),
        candidate=candidate.metrics,
        intervals=intervals(answers),
    )
    if not isinstance(answers, MultiLabelAnswers):
        per_class = score_classes(answers, names)
        return CompareResult(**dict(figures), **dict(decided(per_class)), per_class=per_class)
    per_label, fitted_here = score_labels(answers, names), fitted_on(model.record, measured)
    say_undefined(per_label, candidate.metrics, fitted_here)
    return CompareLabelsResult(
        **dict(figures),
        **dict(decided(per_label)),
        per_label=per_label,
        label_flips=label_flips(candidate, baselines, names),
        thresholds_fitted_here=fitted_here,
    )


def _decided(
    model: "Classifier",
    candidate: MeasuredModel,
    baselines: list[ComparedModel],
    per_class: Mapping[str, ClassMetrics],
    measured: MeasuredTexts,
    choice: CompareSettings,
    leaked: NDArray[np.bool_] | None,
    folder: Path,
) -> Decided:
    comparisons = [compare_measured(candidate, baseline, choice) for baseline in baselines]
    rules = check_rules(comparisons, candidate.metrics, per_class, choice)
    answer = gate(rules)
    everyone = [candidate.compared(leaked), *baselines]
    return Decided(
        baselines={baseline.name: baseline.metrics for baseline in baselines},
        costs={each.name: each.cost() for each in everyone},
        comparisons=comparisons,
        verdict=weakest(comparisons),
        rules=rules,
        min_improvement=choice.min_improvement,
        margin=choice.margin,
        gate=answer,
        summary=summarize(comparisons, rules, MOST_RULES if is_of_sets(candidate.metrics) else None),
        advice=[] if answer == PASSED else _advice(model, candidate, comparisons, measured),
        next=_next(model, answer == PASSED or share_right(candidate.metrics) == 1.0),
        examples=examples_of(candidate, baselines, measured, choice.examples),
        flips=flips_of(candidate, baselines, measured, max(choice.examples, FLIPS_IN_REPORT)),
        leaked_rows=None if leaked is None else int(leaked.sum()),
        without_leaks={each.name: each.unseen for each in everyone},
        output_dir=shown(folder),
    )


def _advice(
    model: "Classifier", candidate: MeasuredModel, comparisons: list[Comparison], measured: MeasuredTexts
) -> list[str]:
    record = model.record
    trained = record is not None and record.settings is not None
    recipe = record.train if record and trained else None
    samples = record.settings.data.max_train_samples if record and record.settings else None
    cut = any(map(is_open_to_words, comparisons)) and cuts_some(model, measured)
    return advise(candidate.metrics, comparisons, recipe, samples, _suggested_rate(model), cut)


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
    recipe += typed("--head-init", train.head_init) if train.head_init != AUTO else []
    recipe += data_flags(record.settings.data, {"dataset", "split", "max_length", "max_eval_samples"})
    return ["clf", "train", "--dataset", spec, "--model", train.model, *recipe]
