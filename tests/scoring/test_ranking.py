"""AUROC and average precision are those of scikit-learn, also where scores are equal."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from clf.scoring.ranking import auroc_and_average_precision


@pytest.mark.parametrize(("rows", "decimals"), [(2, 6), (3, 0), (50, 1), (3000, 6), (3000, 2), (3000, 0)])
def test_both_are_those_of_scikit_learn_to_the_last_bit(rows: int, decimals: int) -> None:
    generator = np.random.default_rng(rows + decimals)
    scores = generator.random(rows).round(decimals).astype(np.float32)
    positive = generator.random(rows) < scores / 2 + 0.2
    positive[:2] = True, False
    expected = (roc_auc_score(positive, scores), average_precision_score(positive, scores))
    assert auroc_and_average_precision(scores, positive) == expected


def test_a_perfect_order_a_reversed_one_and_none() -> None:
    scores, first = np.array([0.9, 0.8, 0.2, 0.1], dtype=np.float32), np.array([True, True, False, False])
    assert auroc_and_average_precision(scores, first) == (1.0, 1.0)
    assert auroc_and_average_precision(scores, ~first) == (0.0, pytest.approx((1 / 3 + 2 / 4) / 2))
    assert auroc_and_average_precision(np.ones(4, dtype=np.float32), first) == (0.5, 0.5)
