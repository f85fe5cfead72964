"""Every fact about an architecture that clf relies on, in one table; an architecture that is not in it works, plainly.

To add one, add a row, and run `tests/models/test_families.py`, which tries what the row claims.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """What clf knows of the encoders that transformers calls by one `model_type`."""

    plain_attention: bool = False
    """Every token attends to every token, through transformers' attention interface: fast attention on a CPU fits."""
    activations_in_bf16: bool = False
    """The embeddings are a module of that name whose output can be bf16 while training on a CPU."""
    onnx_fuser: str | None = None
    """The kind of model under which ONNX Runtime fuses its attention and layer norms."""
    positions_after_padding: bool = False
    """Positions are counted from the padding id on, so that the model reads so many tokens fewer."""


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
"""By the `model_type` of config.json."""

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
"""Learning rates of encoders that 2e-5, right for DistilBERT, underfits, by a part of their names; the first that fits
counts."""
NARROW = 512
"""Encoders of at most this width are of those families, under whatever name: a folder says none."""
NARROW_RATE = 1e-4


def family_of(model_type: str) -> Family:
    """Return what is known of an architecture."""
    return FAMILIES.get(model_type, UNKNOWN)


def suggested_rate(model: str, width: int | None = None) -> float | None:
    """Return the learning rate known to suit an encoder that 2e-5 underfits, or None; `width` is its hidden size."""
    name = model.lower()
    known = next((rate for part, rate in RATES.items() if part in name), None)
    return known or (NARROW_RATE if width and width <= NARROW else None)
