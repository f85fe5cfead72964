"""The baselines where a text may have several labels learn each label as a model of that label alone would."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from clf.measuring import label_baselines
from clf.measuring.label_baselines import frozen_of_labels, shares, tfidf_of_labels
from clf.models.classifier import Classifier
from clf.models.compute import choose_compute
from clf.models.inference import embed_texts
from clf.settings import ComputeSettings
from support.multi_label import ASPECTS, aspect_rows

ROWS = aspect_rows(80, 1)
SEEN = [text for text, _ in ROWS]
TABLE = np.array([[*(name in labels for name in ASPECTS), False, True] for _, labels in ROWS])
"""The last two labels are on no training text, and on every one."""
NEW = [text for text, _ in aspect_rows(30, 2)]


def test_each_label_has_its_share_of_training_as_its_probability() -> None:
    fitted = shares(TABLE, 2)
    assert fitted.probabilities == pytest.approx(np.tile(TABLE.mean(axis=0), (2, 1)))
    assert (fitted.train_seconds, fitted.measure_seconds, fitted.megabytes) == (0.0, 0.0, 0.0)


def test_tfidf_of_each_label_is_nearly_the_usual_regression_of_that_label_alone() -> None:
    counted: list[int] = []
    fitted = tfidf_of_labels(SEEN, TABLE, NEW, 1, counted.append)
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    seen, new = vectorizer.fit_transform(SEEN), vectorizer.transform(NEW)
    for label in range(3):
        usual = LogisticRegression(C=10.0, max_iter=1000).fit(seen, TABLE[:, label]).predict_proba(new)[:, 1]
        assert fitted.probabilities[:, label] == pytest.approx(
            usual, abs=0.04
        )  # here the bias is penalized, and there not
    assert (fitted.probabilities[:, 3:] == [0.0, 1.0]).all()
    assert counted == [1, 1, 1]
    assert fitted.megabytes > seen.shape[1] * 3 * 8 / 1e6
    assert fitted.train_seconds > 0 < fitted.measure_seconds


def test_weights_of_some_labels_at_a_time_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tfidf_of_labels(SEEN, TABLE, NEW, 1).probabilities
    monkeypatch.setattr(label_baselines, "MOST_WEIGHTS", 1)
    assert tfidf_of_labels(SEEN, TABLE, NEW, 1).probabilities == pytest.approx(whole, abs=1e-6)


def test_no_label_to_learn_is_no_error() -> None:
    fitted = tfidf_of_labels(SEEN, TABLE[:, 3:], NEW[:2], 1)
    assert fitted.probabilities.tolist() == [[0.0, 1.0]] * 2


def test_the_frozen_encoder_is_read_once_and_each_label_is_fitted_on_its_hidden_states(classifier: Classifier) -> None:
    compute, counted = choose_compute(ComputeSettings(device="cpu", precision="fp32")), []
    fitted = frozen_of_labels(classifier, compute, SEEN, TABLE, NEW, counted.append)
    assert sum(counted) == len(SEEN) + len(NEW)
    scaler = StandardScaler()
    seen = scaler.fit_transform(embed_texts(classifier, SEEN, compute))
    new = scaler.transform(embed_texts(classifier, NEW, compute))
    for label in range(3):
        usual = LogisticRegression(C=1.0, max_iter=1000).fit(seen, TABLE[:, label]).predict_proba(new)[:, 1]
        assert fitted.probabilities[:, label] == pytest.approx(usual, abs=1e-4)
    weights = sum(weight.numel() for weight in classifier.model.base_model.parameters()) * 4 / 1e6
    assert weights < fitted.megabytes < weights + 0.05
