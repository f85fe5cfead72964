"""Initialise a fresh head by fitting it on the frozen encoder (linear probing, then fine-tuning: Kumar et al. 2022)."""

# ruff: noqa: TID253 - this module computes
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from clf.data.sampling import stratified_subset
from clf.models.classifier import Classifier
from clf.models.compute import Compute
from clf.models.inference import Advance, layer_inputs
from clf.models.temperature import last_layer, try_out
from clf.scoring.label_table import LabelTable

STRENGTH = 1e-3
"""Inverse strength of the penalty on the weights. With a weak penalty the head fits a small dataset perfectly, and no
gradient is left to train the encoder: measured 10 to 20 points worse than this penalty, which keeps the head
unconfident."""
MOST_TEXTS = 2000
LEAST_SCALE = 0.1
"""Lower bound on the scale of a feature, as a share of its size. A feature that varies less would get a huge weight,
and dropout, which zeroes it at random, would change the logits by as much."""
TOLERANCE = 1e-3

Features = NDArray[np.floating[Any]]


def can_be_fitted(classifier: Classifier) -> bool:
    """Return whether the head is fresh and its last layer maps one vector per text directly to the logits."""
    layer = last_layer(classifier.model)
    if classifier.head != "fresh" or layer is None:
        return False
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    handle = layer.register_forward_hook(lambda _, inputs, output: seen.append((inputs[0], output)))
    try:
        logits = try_out(classifier.model)
    except Exception:  # training will run into the same error, and report it
        return False
    finally:
        handle.remove()
    return bool(
        seen
        and seen[-1][0].dim() == 2
        and seen[-1][1].shape == logits.shape
        and torch.allclose(seen[-1][1].float(), logits, rtol=TOLERANCE, atol=TOLERANCE)
    )


def fit_head(
    classifier: Classifier,
    token_ids: Sequence[NDArray[np.int32]],
    labels: NDArray[np.int64] | LabelTable,
    compute: Compute,
    advance: Advance | None = None,
) -> None:
    """Fit the last linear layer by logistic regression on its inputs; every class needs at least one text.

    Where a text may have several labels, shape (texts, labels), each label is fitted by itself.
    """
    layer = last_layer(classifier.model)
    assert layer is not None  # because `can_be_fitted` returned True
    rows = stratified_subset(labels, MOST_TEXTS, 0)
    padding, most = classifier.tokenizer.pad_token_id, classifier.max_length
    texts = [token_ids[row] for row in rows]
    read = layer_inputs(classifier.model, layer, texts, padding, compute, most, advance)
    centre, scale = read.mean(axis=0), read.std(axis=0)
    size = np.maximum(np.sqrt(centre**2 + scale**2), float(np.median(scale)))
    scale = np.maximum(scale, np.maximum(LEAST_SCALE * size, 1e-6))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted: Any = _of_classes if labels.ndim == 1 else _of_each_label
        weights, intercepts = fitted((read - centre) / scale, labels[rows])
    weights = weights / scale
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weights))
        if layer.bias is not None:
            layer.bias.copy_(torch.from_numpy(intercepts - weights @ centre))


def _of_classes(features: Features, labels: NDArray[np.int64]) -> tuple[Features, Features]:
    """Return the weights and intercepts of one label per text, shapes (classes, features) and (classes,)."""
    probe = LogisticRegression(C=STRENGTH, max_iter=1000).fit(features, labels)
    weights, intercepts = probe.coef_, probe.intercept_
    if len(weights) == 1:  # scikit-learn returns one row for two classes: the second against the first
        weights, intercepts = np.vstack([-weights, weights]) / 2, np.concatenate([-intercepts, intercepts]) / 2
    return weights, intercepts


def _of_each_label(features: Features, labels: LabelTable) -> tuple[Features, Features]:
    """Return the same where a text may have several labels; one that all texts have, or none, gets its base rate."""
    weights = np.zeros((labels.shape[1], features.shape[1]))
    shares = (labels.sum(axis=0) + 1) / (len(labels) + 2)
    intercepts = np.log(shares / (1 - shares))
    for label in np.flatnonzero(labels.any(axis=0) & ~labels.all(axis=0)).tolist():
        probe = LogisticRegression(C=STRENGTH, max_iter=1000).fit(features, labels[:, label])
        weights[label], intercepts[label] = probe.coef_[0], probe.intercept_[0]
    return weights, intercepts
