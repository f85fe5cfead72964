"""What `clf prepare` prints."""

from rich.markup import escape

from clf.cli.show.sets_of_labels import print_sets
from clf.cli.show.tables import count, make_table, shorten
from clf.cli.show.terminal import print_lines, show
from clf.outcomes.preparation import Audit, Lengths, PrepareResult
from clf.safety import safe

SHOWN_CLASSES = 20
SHOWN_CONFLICTS = 2


def print_prepared(result: PrepareResult) -> None:
    """Print the rows and classes of each split, and the findings of the audit."""
    audit, classes, rows = result.audit, result.audit.classes, result.audit.rows
    table = make_table(f"Dataset {result.name}", ["", *classes], right=range(1, len(classes) + 1))
    table.add_row("rows", *(str(rows[split]) for split in classes))
    for label in audit.labels[:SHOWN_CLASSES]:
        cells = (f"{classes[split][label]} ({classes[split][label] / max(1, rows[split]):.0%})" for split in classes)
        table.add_row(f"  {escape(safe(label))}", *cells)
    show(table)
    if len(audit.labels) > SHOWN_CLASSES:
        what = "labels" if audit.sets_of_labels else "classes"
        print_lines(f"… and {len(audit.labels) - SHOWN_CLASSES} more {what}, in audit.json")
    if audit.sets_of_labels:
        print_sets(audit.sets_of_labels, audit.rows)
    read, dropped = sum(audit.rows_read.values()), sum(audit.dropped.values())
    print_lines(f"{count(read, 'row')} read, {read - dropped} usable, {dropped} dropped", *_found(audit))
    if audit.truncated:
        _print_lengths(audit.truncated)


def _found(audit: Audit) -> list[str]:
    """Return one line for each finding in the texts."""
    lines = [f"{count(number, what)} {rest}" for number, what, rest in _counted(audit) if number > 0]
    lines += [  # directly below the line that counts the conflicts
        f"  {row.label} ({row.split}, line {row.line}): “{shorten(row.text, 100)}”"
        for conflict in audit.conflicts[:SHOWN_CONFLICTS]
        for row in conflict[:4]
    ]
    return lines + [
        f"column {name} gives the label away in {share:.0%} of the rows"
        for name, share in audit.suspicious_columns.items()
    ]


def _counted(audit: Audit) -> list[tuple[int, str, str]]:
    near = audit.leaks_after_split.near if audit.leaks_after_split and audit.clusters_cut else {}
    again = audit.conflicting_after_cleaning - audit.conflicting
    conflicts = "of near duplicates with different labels (see conflicts in audit.json)"
    two = "with two labels" if audit.sets_of_labels is None else "with different sets of labels"
    return [
        *((rows, "row", f"dropped: {reason}") for reason, rows in audit.dropped.items()),
        *((rows, "duplicate row", f"in the original {split} split")
          for split, rows in audit.duplicates.items()),
        *((texts, "near duplicate", f"of other texts in the original {split} split")
          for split, texts in audit.near_duplicates.items()),
        *((texts, "distinct text", f"of {pair.replace('_in_', ' also in ')}, in the original splits")
          for pair, texts in audit.leaks.items()),
        *((texts, "more text", f"of {pair.replace('_in_', ' with a near duplicate in ')}")
          for pair, texts in audit.near_leaks.items()),
        (sum(audit.odd_characters.values()), "text", "with control or invisible characters"),
        (sum(audit.changed_by_cleaning.values()), "text", "changed by cleaning"),
        *((texts, "text", f"of {pair.replace('_in_', ' with a near duplicate in ')} after splitting")
          for pair, texts in near.items()),
        (audit.groups_in_two_splits or 0, "group", "with rows in two of the original splits"),
        (audit.conflicting, "text", two),
        (again, "text", f"{two} only after cleaning"),
        (audit.near_conflicting, "group", conflicts),
    ]  # fmt: skip


def _print_lengths(lengths: Lengths) -> None:
    """Print the lengths in tokens: a histogram, and how much truncation would lose."""
    tokens, most = lengths.tokens, max(lengths.histogram.values())
    title = f"Tokens per training text ({lengths.model}, {count(lengths.measured_texts, 'text')})"
    table = make_table(title, ["tokens", "texts", ""], right=[0, 1])
    for bounds, texts in lengths.histogram.items():
        table.add_row(bounds, str(texts), "█" * round(30 * texts / most))
    show(table)
    cut = (
        f"{limit}: {share:.1%} of texts, {lengths.share_of_tokens_cut_at[limit]:.1%} of tokens"
        for limit, share in lengths.share_longer_than.items()
    )
    print_lines(
        f"median {tokens.median}, 95th percentile {tokens.p95}, longest {tokens.max}",
        f"truncated at {'; '.join(cut)}",
    )
