"""What the best constant answer would reach on the measured texts: the least that a model must beat."""

from collections.abc import Mapping

from clf.outcomes.base import ClassMetrics, LabelMetrics


def most_common(per_class: Mapping[str, ClassMetrics]) -> tuple[str, float]:
    """Return the class that most texts have and their share: the accuracy of always answering it."""
    name, row = max(per_class.items(), key=lambda entry: entry[1].rows)
    return name, row.rows / max(1, sum(each.rows for each in per_class.values()))


def f1_of_every_label(per_label: Mapping[str, LabelMetrics], rows: int) -> float:
    """Return the macro F1 of giving every label to each of `rows` texts, where a text may have several.

    A label that a share p of the texts has gets F1 = 2p / (1 + p), and no other constant gets more.
    """
    return sum(2 * row.rows / (rows + row.rows) for row in per_label.values()) / len(per_label)
