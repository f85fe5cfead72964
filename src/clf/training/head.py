"""The start of a fresh head: fitted on the frozen encoder (linear probing, then fine-tuning: Kumar et al. 2022)."""

# ruff: noqa: TID253 - this module computes
import logging
import warnings
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from clf.models.classifier import Classifier
from clf.models.compute import Compute
from clf.models.temperature import last_layer
from clf.scoring.inference import layer_inputs

STRENGTH = 1e-3
"""Inverse strength of the penalty on the weights. A head fitted freely has no error left on few texts, and then no
gradient moves the encoder: measured 10 to 20 points worse than this one, which is sure of nothing."""
MOST_TEXTS = 2000
TOLERANCE = 0.05  # of the logits, in bf16

log = logging.getLogger(__name__)


def fit_head(
    classifier: Classifier, token_ids: Sequence[NDArray[np.int32]], labels: NDArray[np.int64], compute: Compute
) -> bool:
    """Fit the last linear layer of a fresh head, by logistic regression on what it reads of each text.

    Tells whether it did: a head of the checkpoint's own stays, and so does one whose logits do not come straight from
    that layer, or of a single class.
    """
    model = classifier.model
    layer = last_layer(model)
    if classifier.head != "fresh" or layer is None or len(np.unique(labels)) < layer.out_features:
        return False
    rows = np.random.default_rng(0).permutation(len(labels))[:MOST_TEXTS]
    padding, most = classifier.tokenizer.pad_token_id, classifier.max_length
    read, logits = layer_inputs(model, layer, [token_ids[row] for row in rows], padding, compute, most)
    bias = layer.bias.detach().float().cpu().numpy() if layer.bias is not None else 0.0
    straight = read @ layer.weight.detach().float().cpu().numpy().T + bias
    if not np.allclose(straight, logits, atol=TOLERANCE, rtol=TOLERANCE):
        log.debug("the logits do not come straight from the last layer: its start is drawn")
        return False
    centre, scale = read.mean(axis=0), np.maximum(read.std(axis=0), 1e-6)
    probe = LogisticRegression(C=STRENGTH, max_iter=1000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        probe.fit((read - centre) / scale, labels[rows])
    weights, intercepts = probe.coef_, probe.intercept_
    if layer.out_features == 2:  # one row, of the second class against the first
        weights, intercepts = np.vstack([-weights, weights]) / 2, np.concatenate([-intercepts, intercepts]) / 2
    weights = weights / scale
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weights))
        if layer.bias is not None:
            layer.bias.copy_(torch.from_numpy(intercepts - weights @ centre))
    return True
