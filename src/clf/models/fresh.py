"""A small encoder with random weights and its own vocabulary, for the demo when no pre-trained one is available."""

# ruff: noqa: TID253 - this module computes
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import DistilBertConfig, DistilBertModel, PreTrainedTokenizerFast, set_seed

from clf.models.classifier import quiet_transformers

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
POSITIONS = 512


def write_fresh_encoder(folder: Path, texts: Iterable[str], seed: int, spread: float = 0.02) -> Path:
    """Write a DistilBERT with 2 layers of width 64, no dropout, and the words of `texts` as its vocabulary.

    `spread` is the standard deviation of the weights.
    """
    words = Counter(word for text in texts for word in re.findall(r"\w+|[^\w\s]", text.lower()))
    vocabulary = [*SPECIAL, *sorted(words)]
    with quiet_transformers():
        _tokenizer(vocabulary).save_pretrained(folder)
        set_seed(seed)
        # Narrow and without dropout: with some seeds, wider ones memorised the 70 reviews of the demo.
        config = DistilBertConfig(
            vocab_size=len(vocabulary),
            dim=64,
            hidden_dim=128,
            n_layers=2,
            n_heads=2,
            initializer_range=spread,
            max_position_embeddings=POSITIONS,
            dropout=0.0,
            attention_dropout=0.0,
            seq_classif_dropout=0.0,
        )
        DistilBertModel(config).save_pretrained(folder)
    return folder


def _tokenizer(vocabulary: list[str]) -> PreTrainedTokenizerFast:
    ids = {word: number for number, word in enumerate(vocabulary)}
    backend = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    special = {
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    return PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=POSITIONS, **special)
