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

from clf.errors import ModelError
from clf.models.files import ModelFiles
from clf.models.from_files import load_classifier, load_for_training
from clf.models.store import find_model
from clf.settings import CleaningSettings
from support.classifiers import write_tiny_classifier

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
    assert classifier.max_length == 128  # of the tiny tokenizer
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


def test_a_checkpoint_for_several_labels_is_trained_with_one(trained: Path, tmp_path: Path) -> None:
    folder = copy(trained, tmp_path / "tags")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "problem_type": "multi_label_classification"}))
    model = load_for_training(files(folder), ["negative", "positive"], seed=1).model
    loss = model(input_ids=torch.tensor([[1, 2]]), labels=torch.tensor([1])).loss
    assert model.config.problem_type == "single_label_classification"
    assert torch.isfinite(loss)


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
        (folder / "clf.json").unlink(missing_ok=True)

    return edit


def edit_weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        change(weights)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        (folder / "clf.json").unlink(missing_ok=True)

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
        (edit_config(hidden_dim="many"), "cannot be loaded: config.json: .* for field 'hidden_dim': .*'many'"),
        (edit_config(id2label={"0": "a", "1": "a"}), "contradict each other"),
        (edit_config(label2id={"negative": 1, "positive": 0}), "contradict each other"),
        (edit_config(model_type="no-such-model"), "cannot be loaded"),
        (edit_config(id2label={"a": "x"}), "config.json: id2label is {'a': 'x'}"),
        (edit_config(id2label=["a", "b"]), r"config.json: id2label is \['a', 'b'\]"),
        (edit_config(id2label={"1": "a", "2": "b"}), "id2label has the ids 1, 2, expected 0 to 1"),
        (edit_config(id2label={"0": "a", "1": "b"}, label2id=["a", "b"]), "contradict each other"),
        (edit_config(id2label={"0": "a", "1": "b"}, label2id={"a": "first", "b": "second"}), "contradict each other"),
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


def test_how_a_model_gives_its_numbers_is_not_for_its_config_to_say(tiny_classifier: Path, tmp_path: Path) -> None:
    folder = copy(tiny_classifier, tmp_path / "model")
    edit_config(return_dict=False, output_attentions=True, chunk_size_feed_forward=7)(folder)
    assert load_classifier(files(folder)).model.config.return_dict is True


@pytest.mark.parametrize("load", [load_classifier, lambda found: load_for_training(found, ["bad", "good"], seed=1)])
def test_a_model_that_gives_no_numbers_is_refused(
    tiny_classifier: Path, tmp_path: Path, load: Callable[[ModelFiles], object]
) -> None:
    folder = copy(tiny_classifier, tmp_path / "model")
    edit_weights(
        lambda weights: (weights["pre_classifier.bias"].fill_(3e38), weights["classifier.weight"].fill_(3e38))
    )(folder)
    with pytest.raises(ModelError, match="does not give a number for each label"):
        load(files(folder))


def test_tokens_around_a_text_that_the_model_does_not_have_are_refused(tiny_classifier: Path, tmp_path: Path) -> None:
    folder = copy(tiny_classifier, tmp_path / "model")
    written = json.loads((folder / "tokenizer.json").read_text())
    for special in written["post_processor"]["special_tokens"].values():
        special["ids"] = [99_999]
    (folder / "tokenizer.json").write_text(json.dumps(written))
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(
        json.dumps({**settings, "tokenizer_class": "PreTrainedTokenizerFast"})
    )
    with pytest.raises(ModelError, match="the tokenizer has 100000 tokens"):
        load_classifier(files(folder))


def test_weights_of_another_encoder_are_refused(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = copy(tiny_encoder, tmp_path / "model")
    BertModel(
        BertConfig(vocab_size=400, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64)
    ).save_pretrained(tmp_path / "bert")
    shutil.copy(tmp_path / "bert" / "model.safetensors", folder)
    with pytest.raises(ModelError, match="lack"):
        load_for_training(files(folder), ["a", "b"], seed=1)


def test_a_checkpoint_gets_a_fresh_head_when_one_is_asked_for(trained: Path) -> None:
    own = load_classifier(find_model(str(trained))).model.classifier.weight
    fresh = load_for_training(files(trained), ["negative", "positive"], seed=1, fresh_head=True)
    assert fresh.head == "fresh"
    assert not torch.allclose(fresh.model.classifier.weight, own)


# --- how a classifier reads ---------------------------------------------------------------------------------


def test_a_classifier_of_another_tool_reads_with_the_defaults(tiny_classifier: Path) -> None:
    classifier = load_classifier(files(tiny_classifier))
    assert (classifier.name, classifier.labels, classifier.record) == ("tiny", ["bad", "good"], None)
    assert (classifier.max_length, classifier.truncation) == (128, "head")
    assert classifier.cleaning == CleaningSettings()


@pytest.mark.parametrize(("recorded", "max_length"), [(64, 64), (129, 128), (None, 128)])
def test_the_record_says_how_a_classifier_reads_within_what_it_can(
    tiny_classifier: Path, tmp_path: Path, recorded: int | None, max_length: int
) -> None:
    folder = copy(tiny_classifier, tmp_path / "model")
    record = {"max_length": recorded, "truncation": "tail", "cleaning": {"strip_html": False}}
    (folder / "clf.json").write_text(json.dumps({"schema_version": 1} | record))
    classifier = load_classifier(files(folder))
    assert (classifier.max_length, classifier.truncation) == (max_length, "tail")
    assert classifier.cleaning == CleaningSettings(strip_html=False)


def test_a_classifier_is_called_by_the_last_part_of_its_name(
    tiny_classifier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_classifier(ModelFiles(tiny_classifier, "owner/reviews", "hub")).name == "reviews"
    monkeypatch.chdir(tiny_classifier)
    assert load_classifier(ModelFiles(Path(), ".", "path")).name == "tiny"


def test_labels_are_in_the_order_of_their_numbers_also_beyond_nine(tmp_path: Path) -> None:
    labels = [f"label {number}" for number in range(12)]
    folder = write_tiny_classifier(tmp_path / "model", labels)
    assert load_classifier(files(folder)).labels == labels
    again = load_for_training(files(folder), sorted(labels), seed=1)
    assert (again.head, again.labels) == ("its own", labels)


# --- training from a checkpoint -----------------------------------------------------------------------------


def test_a_fresh_head_is_fresh_in_all_its_layers_and_the_encoder_stays(tiny_classifier: Path) -> None:
    own = load_classifier(files(tiny_classifier)).model.state_dict()
    fresh, again, other = (
        load_for_training(files(tiny_classifier), ["bad", "good"], seed=seed, fresh_head=True).model.state_dict()
        for seed in (1, 1, 2)
    )
    assert {name for name in own if not torch.equal(own[name], fresh[name])} == {
        "pre_classifier.weight",
        "classifier.weight",
    }
    assert all(torch.equal(again[name], fresh[name]) for name in own)
    assert not torch.equal(other["pre_classifier.weight"], fresh["pre_classifier.weight"])


def write_bert(folder: Path, words: int, **options: bool) -> Path:
    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=words, **shape), **options).save_pretrained(folder)
    return folder


def test_an_encoder_without_its_pooler_may_be_trained(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = write_bert(copy(tiny_encoder, tmp_path / "model"), 400, add_pooling_layer=False)
    classifier = load_for_training(files(folder), ["a", "b"], seed=1, keep_attention_dropout=False)
    assert (classifier.head, classifier.labels) == ("fresh", ["a", "b"])
    assert classifier.model.config.attention_probs_dropout_prob == 0.0
    assert classifier.model.config.hidden_dropout_prob > 0.0


def test_an_encoder_of_fewer_words_than_its_tokenizer_is_refused(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = write_bert(copy(tiny_encoder, tmp_path / "model"), 300)
    with pytest.raises(ModelError, match=r"the tokenizer has 344 tokens, the model only 300") as refused:
        load_for_training(files(folder), ["a", "b"], seed=1)
    assert refused.value.hint == "use the tokenizer that belongs to the model"


def without_padding(folder: Path) -> None:
    config = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(config | {"pad_token": None}))


@pytest.mark.parametrize(
    ("damage", "message", "hint"),
    [
        (without_padding, "has no padding token, so the model is not an encoder", "choose an encoder"),
        (
            lambda folder: (folder / "tokenizer.json").write_text("{"),
            r"tokenizer.json is damaged: it is not JSON",
            "download or save",
        ),
        (
            edit_config(id2label={"first": "x"}),
            "config.json: id2label is {'first': 'x'}",
            'write it as {"0": "first label", ...}',
        ),
        (edit_config(model_type="no-such-model"), "config.json: ", "choose a model type"),
        (edit_config(hidden_dim=65), r"the weights lack 6 parts of the encoder .*\(distilbert", "download the model"),
    ],
)
def test_an_encoder_that_cannot_be_trained_is_refused(
    tiny_encoder: Path, tmp_path: Path, damage: Callable[[Path], object], message: str, hint: str
) -> None:
    folder = copy(tiny_encoder, tmp_path / "model")
    damage(folder)
    with pytest.raises(ModelError, match=message) as refused:
        load_for_training(files(folder), ["a", "b"], seed=1)
    assert refused.value.hint.startswith(hint)
