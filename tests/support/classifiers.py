"""A tiny classifier as a tool other than clf saves it, which costs no training."""

from collections.abc import Sequence
from pathlib import Path

from support.tiny import SEED, write_tiny_encoder


def write_tiny_classifier(
    folder: Path, labels: Sequence[str] = ("bad", "good"), problem_type: str | None = None
) -> Path:
    """Write the tiny encoder with a random head for `labels`, drawn from a fixed seed; there is no `clf.json`.

    With the `problem_type` "multi_label_classification", a text may have several of them.
    """
    import torch
    from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification

    write_tiny_encoder(folder)
    config = AutoConfig.from_pretrained(folder)
    config.id2label = dict(enumerate(labels))
    config.problem_type = problem_type
    config.label2id = {label: number for number, label in enumerate(labels)}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = AutoModelForSequenceClassification.from_config(config)
    model.base_model.load_state_dict(AutoModel.from_pretrained(folder).state_dict())
    model.save_pretrained(folder)
    return folder
