"""Encoders get a head; classifiers are loaded whole or refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel

from clf.errors import ModelError, UsageError
from clf.models.classifier import choose_max_length, position_limit
from clf.models.files import ModelFiles
from clf.models.from_files import load_classifier, load_for_training
from clf.models.store import find_model

# As published with distilbert-base-uncased.
DISTILBERT = {
    "activation": "gelu", "architectures": ["DistilBertForMaskedLM"], "attention_dropout": 0.1, "dim": 768, "dropout": 0.1,
    "hidden_dim": 3072, "initializer_range": 0.02, "max_position_embeddings": 512, "model_type": "distilbert", "n_heads": 12,
    "n_layers": 6, "pad_token_id": 0, "qa_dropout": 0.1, "seq_classif_dropout": 0.2, "sinusoidal_pos_embds": False,
    "tie_weights_": True, "vocab_size": 30522,
}  # fmt: skip


def files(folder: Path) -> ModelFiles:
    return ModelFiles(folder, str(folder), "path")


def copy(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))


def test_distilbert_has_its_published_shape(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = copy(tiny_encoder, tmp_path / "distilbert-base-uncased")
    DistilBertModel(DistilBertConfig(**DISTILBERT)).save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps(DISTILBERT))
    classifier = load_for_training(files(folder), ["bad", "fair", "good"], seed=1)
    model = classifier.model
    assert type(model).__name__ == "DistilBertForSequenceClassification"
    assert 66e6 < classifier.parameters < 67e6
    assert model.get_input_embeddings().num_embeddings == 30522
    assert (model.pre_classifier.in_features, model.classifier.out_features) == (768, 3)
    assert model.config.id2label == {0: "bad", 1: "fair", 2: "good"}
    assert classifier.max_length <= 512
    assert classifier.head == "fresh"


def test_the_seed_makes_the_head(tiny_encoder: Path) -> None:
    heads = [
        load_for_training(files(tiny_encoder), ["a", "b"], seed=seed).model.classifier.weight for seed in (1, 1, 2)
    ]
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])


def test_attention_dropout_can_be_off_while_the_rest_stays(tiny_encoder: Path) -> None:
    model = load_for_training(files(tiny_encoder), ["a", "b"], seed=1, keep_attention_dropout=False).model
    assert model.config.attention_dropout == 0.0
    assert model.config.dropout > 0
    assert load_for_training(files(tiny_encoder), ["a", "b"], seed=1).model.config.attention_dropout > 0


def test_a_fine_tuned_checkpoint_keeps_its_head_for_the_same_labels_only(trained: Path) -> None:
    own = load_classifier(find_model(str(trained))).model.classifier.weight
    same = load_for_training(files(trained), ["negative", "positive"], seed=1)
    assert same.head == "its own"
    assert torch.equal(same.model.classifier.weight, own)
    other = load_for_training(files(trained), ["down", "up"], seed=1)
    assert other.head == "fresh"
    assert not torch.allclose(other.model.classifier.weight, own)
    more = load_for_training(files(trained), ["a", "b", "c"], seed=1)
    assert more.head == "fresh"
    assert more.model.classifier.out_features == 3


def test_a_trained_classifier_loads_with_its_record(trained: Path) -> None:
    classifier = load_classifier(find_model(str(trained)))
    assert classifier.labels == ["negative", "positive"]
    assert classifier.max_length == 128
    assert not classifier.model.training


def test_an_encoder_without_head_is_no_classifier(tiny_encoder: Path) -> None:
    with pytest.raises(ModelError, match="is not a classifier") as refused:
        load_classifier(find_model(str(tiny_encoder)))
    assert "clf train --model" in refused.value.hint


def edit_config(**values: Any) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | values))
        (folder / "clf.json").unlink()

    return edit


def edit_weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        change(weights)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        (folder / "clf.json").unlink()

    return edit


def flip_a_bit(folder: Path) -> None:
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-100] ^= 1
    (folder / "model.safetensors").write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (flip_a_bit, "has changed since clf wrote it"),
        (lambda folder: (folder / "train_rows.npy").unlink(), "lacks train_rows.npy"),
        (edit_config(n_layers=3), "do not belong together"),
        (edit_config(n_layers=1), "do not belong together"),
        (edit_config(id2label={"0": "a", "1": "a"}), "contradict each other"),
        (edit_config(label2id={"negative": 1, "positive": 0}), "contradict each other"),
        (edit_config(model_type="no-such-model"), "cannot be loaded"),
        (edit_config(id2label={"a": "x"}), "cannot be loaded|contradict"),
        (edit_weights(lambda weights: weights["classifier.weight"].fill_(float("nan"))), "NaN"),
        (edit_weights(lambda weights: weights.pop("classifier.weight")), "do not belong together"),
    ],
)
def test_a_damaged_classifier_is_refused(
    trained: Path, tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    folder = copy(trained, tmp_path / "model")
    damage(folder)
    with pytest.raises(ModelError, match=message):
        load_classifier(find_model(str(folder)))


def test_weights_of_another_encoder_are_refused(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = copy(tiny_encoder, tmp_path / "model")
    BertModel(
        BertConfig(vocab_size=400, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64)
    ).save_pretrained(tmp_path / "bert")
    shutil.copy(tmp_path / "bert" / "model.safetensors", folder)
    with pytest.raises(ModelError, match="lack"):
        load_for_training(files(folder), ["a", "b"], seed=1)


def test_lengths_are_capped_by_the_model_and_refused_above_it(tiny_encoder: Path) -> None:
    classifier = load_for_training(files(tiny_encoder), ["a", "b"], seed=1)
    limit = position_limit(classifier.model, classifier.tokenizer)
    assert limit == 128
    assert choose_max_length(None, limit, "tiny") == 128
    assert choose_max_length(None, 8192, "long") == 512
    assert choose_max_length(64, limit, "tiny") == 64
    with pytest.raises(UsageError, match="--max-length 512 is more than tiny can read"):
        choose_max_length(512, limit, "tiny")


def test_a_checkpoint_gets_a_fresh_head_when_one_is_asked_for(trained: Path) -> None:
    own = load_classifier(find_model(str(trained))).model.classifier.weight
    fresh = load_for_training(files(trained), ["negative", "positive"], seed=1, fresh_head=True)
    assert fresh.head == "fresh"
    assert not torch.allclose(fresh.model.classifier.weight, own)
