"""A table of what clf knows about each architecture; others work too, without the optimisations.

To add one, add a row and run `tests/models/test_families.py`, which checks the claims of each row.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """What clf knows about the encoders of one `model_type` in transformers."""

    plain_attention: bool = False
    """Every token attends to every token through transformers' attention interface, so fast CPU attention applies."""
    activations_in_bf16: bool = False
    """The model has a module named `embeddings` whose output can be bf16 during training on a CPU."""
    onnx_fuser: str | None = None
    """The model type with which ONNX Runtime fuses its attention and layer norms."""
    positions_after_padding: bool = False
    """Positions are numbered from the padding id + 1, so the model reads that many tokens fewer."""


UNKNOWN = Family()
BERT = Family(plain_attention=True, activations_in_bf16=True, onnx_fuser="bert")
ROBERTA = Family(plain_attention=True, activations_in_bf16=True, onnx_fuser="bert", positions_after_padding=True)
FAMILIES = {
    "bert": BERT,
    "camembert": ROBERTA,
    "distilbert": BERT,
    "electra": BERT,
    "longformer": Family(positions_after_padding=True),
    "roberta": ROBERTA,
    "xlm-roberta": ROBERTA,
}
"""Keyed by the `model_type` of config.json."""

RATES = {
    "minilm": 1e-4,  # measured with clf on IMDB, AG News, SST-2 and few texts, all-MiniLM-L6-v2
    "electra-small": 3e-4,  # Clark et al. 2020, "ELECTRA", table of fine-tuning hyper-parameters
    "electra-base": 1e-4,  # the same
    "electra-large": 5e-5,  # the same
    "bert_uncased_l-2_": 1e-4,  # Turc et al. 2019, "Well-Read Students Learn Better": chosen among 3e-5 to 3e-4
    "bert_uncased_l-4_": 1e-4,  # the same
    "bert-tiny": 1e-4,  # the same, under its other name
    "bert-mini": 1e-4,
    "bert-small": 1e-4,
}
"""Learning rates of encoders that underfit at 2e-5, which suits DistilBERT; keyed by a part of the model name, and the
first match wins."""
NARROW = 512
"""Encoders of at most this width get NARROW_RATE whatever their name: the name of a folder says nothing."""
NARROW_RATE = 1e-4


def family_of(model_type: str) -> Family:
    """Return what is known about an architecture."""
    return FAMILIES.get(model_type, UNKNOWN)


def suggested_rate(model: str, width: int | None = None) -> float | None:
    """Return a learning rate for an encoder that underfits at 2e-5, otherwise None; `width` is its hidden size."""
    name = model.lower()
    known = next((rate for part, rate in RATES.items() if part in name), None)
    return known or (NARROW_RATE if width and width <= NARROW else None)
