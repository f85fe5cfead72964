"""The page of `clf compare`."""

import re
from collections.abc import Mapping, Sequence

from clf.outcomes.comparison import (
    Answer,
    AnyComparison,
    AnyExample,
    AnyFlips,
    CompareLabelsResult,
    CompareResult,
    Comparison,
    LabelFlips,
    SetAnswer,
    most_changed,
)
from clf.outcomes.preparation import Audit
from clf.reports.given_too_often import too_often
from clf.reports.page.classes import classes_section
from clf.reports.page.figures import calibration_figure, figure
from clf.reports.page.labels import labels_section
from clf.reports.page.parts import (
    Cards,
    Cell,
    Figure,
    Page,
    Section,
    Table,
    Track,
    count,
    counted,
    interval,
    name,
    number,
    text,
)
from clf.reports.page.render import render
from clf.reports.page.shared import SHOWN_FIRST, audit_section, metrics_table, parted
from clf.safety import shell_line
from clf.scoring.metric_table import MULTI_LABEL_TABLE, TABLE, table_of

TONES = {"passed": "good", "failed": "bad", "inconclusive": "unsure"}
TONE_OF_VERDICT = {"better": "good", "not worse": "plain", "inconclusive": "unsure", "worse": "bad"}


FITTED_HERE = "The thresholds of its labels were chosen on these texts, so its figures are slightly too good."
SHOWN_METRICS = {metric.name: metric.shown for metric in (*MULTI_LABEL_TABLE, *TABLE) if metric.shown}
RULES_METRIC = re.compile(r"^((?:better|not worse|inconclusive|worse): |)(\w+)( (?:at least|at most|differs by) )")


def comparison_page(result: AnyComparison, audit: Audit) -> str:
    """Render the page of `clf compare`."""
    page = Page(
        title=f"{result.model} compared on {result.dataset}, {result.split}",
        subtitle=counted(result.rows, "text"),
        cards=comparison_cards(result),
        sections=[
            rules_section(result),
            differences_section(result.comparisons),
            metrics_section(result),
            *_of_kind(result),
            *flips_section(result.flips),
            *audit_section(audit),
        ],
        end=f"All figures: {result.output_dir}/comparison.json",
    )
    return render(page)


def _of_kind(result: AnyComparison) -> list[Section]:
    """Show the classes of the candidate, or its labels and on which of them the models differ."""
    if isinstance(result, CompareResult):
        return [classes_section(result.per_class)]
    return [labels_section(result), *label_flips_section(result.label_flips)]


def comparison_cards(result: AnyComparison) -> Cards:
    """Return the verdict of the gate, the figures that decided, and what to try next."""
    found, weakest = result.candidate, _weakest(result.comparisons)
    decisive = weakest.metric if weakest else "macro_f1"
    shown = {metric.name: metric.shown or metric.name for metric in table_of(found)}
    others = [key for key in ("macro_f1", "subset_accuracy", "accuracy") if key in found and key != decisive]
    figures = [
        figure(shown.get(decisive, decisive), found.get(decisive), result.intervals.get(decisive)),
        _difference_figure(weakest) if weakest else None,
        *(figure(shown[key], found.get(key), result.intervals.get(key)) for key in others),
        calibration_figure(shown["ece"], found),
    ]
    steps = too_often(result.per_label) if isinstance(result, CompareLabelsResult) else []
    steps += [f"Try {advice}." for advice in result.advice]
    steps += [f"Next: `{shell_line(result.next)}`"] if result.next else []
    unmet = [
        f"{_as_in_tables(rule.name)}: {_as_in_tables(rule.message)}."
        for rule in result.rules
        if rule.outcome != "passed"
    ]
    met = f"Gate {result.gate}: {len(result.rules) - len(unmet)} of {counted(len(result.rules), 'rule')} met."
    verdict, reasons = (met, unmet) if unmet else (result.summary[:1].upper() + result.summary[1:], [])
    if isinstance(result, CompareLabelsResult) and result.thresholds_fitted_here:
        reasons = [*reasons, FITTED_HERE]
    return Cards(verdict, TONES[result.gate], reasons, [each for each in figures if each][:3], steps)


def _weakest(comparisons: Sequence[Comparison]) -> Comparison | None:
    """Return the gating comparison with the smallest lower end of its interval."""
    gating = [each for each in comparisons if each.gates] or comparisons
    return min(gating, key=lambda each: each.interval[0], default=None)


def _difference_figure(weakest: Comparison) -> Figure:
    below = [f"from “{weakest.baseline}”: {weakest.verdict}", f"95 % interval {interval(*weakest.interval, '+.3f')}"]
    return Figure("difference", f"{weakest.difference:+.3f}", below)


def rules_section(result: AnyComparison) -> Section:
    """Show each rule of the gate and its outcome."""
    rows = [
        [name(_as_in_tables(rule.name)), Cell(rule.outcome, TONES[rule.outcome]), text(_as_in_tables(rule.message))]
        for rule in result.rules
    ]
    table = Table("Rules of the gate", ["rule", "outcome", "found"], rows)
    return Section("Rules of the gate", tables=[table], size="wide")


def _as_in_tables(said: str) -> str:
    """Call a metric what the tables call it, where a rule names it: at its beginning, or before how much it differs."""
    return RULES_METRIC.sub(lambda found: found[1] + SHOWN_METRICS.get(found[2], found[2]) + found[3], said)


def differences_section(comparisons: Sequence[Comparison]) -> Section:
    """Show the difference from each baseline, with its interval on a line around 0."""
    largest = max((abs(end) for row in comparisons for end in row.interval), default=0.0) or 1.0
    rows = [
        [
            name(row.baseline + ("" if row.gates else " (shown only)")),
            number(row.difference, "+.4f", _around_zero(row, largest)),
            Cell(interval(*row.interval, "+.4f"), "number"),
            Cell(row.verdict, TONE_OF_VERDICT[row.verdict]),
            Cell(f"{row.won:,} / {row.lost:,}", "number"),
            number(row.p_value, ".3g"),
        ]
        for row in comparisons
    ]
    columns = ["against", "difference", "95 % interval", "verdict", "right alone", "McNemar p"]
    metrics = sorted({SHOWN_METRICS.get(row.metric, row.metric) for row in comparisons})
    notes = [f"In {' and '.join(metrics)}. The bar is the interval, the mark no difference."] if rows else []
    table = Table("Differences from the baselines", columns, rows)
    return Section("Differences", notes, tables=[table], size="wide")


def _around_zero(row: Comparison, largest: float) -> Track:
    low, high = (0.5 + 0.5 * end / largest for end in row.interval)
    return Track(low, high, [0.5], TONE_OF_VERDICT[row.verdict])


def metrics_section(result: AnyComparison) -> Section:
    """Show the metrics of all models; those without the rows that were in training data are folded."""
    columns = {result.model: result.candidate, **result.baselines}
    tables = [metrics_table(columns, result.intervals, result.costs)]
    if unseen := {model: metrics for model, metrics in result.without_leaks.items() if metrics}:
        were = "text that was" if result.leaked_rows == 1 else "texts that were"
        fold = f"Without the {result.leaked_rows:,} {were} in the training data of one of the models"
        tables.append(metrics_table(unseen, {}, fold=fold))
    return Section("Metrics", tables=tables, size="wide")


def label_flips_section(found: Mapping[str, Mapping[str, LabelFlips]]) -> list[Section]:
    """Show how often only one model decides a label rightly, against each baseline; all but the first are folded."""
    tables: list[Table] = []
    for baseline, flips in found.items():
        changed = most_changed(flips)
        most = max((max(each.won, each.lost) for _, each in changed), default=1)
        rows = [
            [name(label), _of_most(each.won, most, "good"), _of_most(each.lost, most, "bad")] for label, each in changed
        ]
        against = f"Against “{baseline}”"
        columns = ["label", "only the candidate is right", f"only {baseline} is right"]
        table = Table(f"{against}: decisions on labels", columns, rows[:SHOWN_FIRST], against if tables else None)
        tables += parted(table, rows[SHOWN_FIRST:], f"labels against “{baseline}”")
    if not any(table.rows for table in tables):
        return []
    notes = ["How often only one model decides rightly whether a text has the label."]
    return [Section("Labels that only one model gets right", notes, tables=tables, size="half")]


def _of_most(number: int, most: int, tone: str) -> Cell:
    return count(number, Track(0.0, number / most, tone=tone))


def flips_section(flips: Mapping[str, AnyFlips]) -> list[Section]:
    """Show texts that only the candidate gets right, and texts that only the baseline gets right."""
    tables = []
    for baseline, both in flips.items():
        for who, examples in (("the candidate", both.won), (f"“{baseline}”", both.lost)):
            fold = f"Only {who} is right, against {'the candidate' if examples is both.lost else f'“{baseline}”'}"
            columns = ["text", "label", "candidate", "confidence", baseline, "confidence"]
            tables.append(Table(fold, columns, [_flip(each) for each in examples], f"{fold}: {len(examples):,} shown"))
    if not any(table.rows for table in tables):
        return []
    return [Section("Texts that only one model gets right", tables=tables, size="wide")]


def _flip(row: AnyExample) -> list[Cell]:
    return [text(row.text), name(row.shown), *_answer(row.candidate), *_answer(row.baseline)]


def _answer(answer: Answer | SetAnswer) -> list[Cell]:
    return [name(answer.shown), number(answer.confidence, ".3f")]
