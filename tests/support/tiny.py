"""Tiny real things, made here and never downloaded: an encoder, and two datasets in their true layouts.

The files are what `LocalHub.publish` takes: paths inside a repository, with their bytes. Equal calls give
equal bytes.
"""

import csv
import io
import json
import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from string import ascii_lowercase, digits

Row = tuple[str, int]

SEED = 20240229
MAX_POSITIONS = 128
SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PUNCTUATION = ".,!?'\"-:;()/<>&$%"
ENCODER_README = b"---\nlicense: apache-2.0\nlanguage: en\ntags:\n- fill-mask\n---\n# A tiny encoder\n"

# What may stand in the place of each {name} of a pattern is written with | between the choices.
IMDB_LABELS = ("neg", "pos")
IMDB_PATTERNS = (
    "{I} watched this {film} {occasion}. The {part} {is} {judged}, and the {part} {is} {judged}. {verdict}",
    "{verdict} This {film} about {subject} has {judged} {part} and {judged} {part}.",
    "This is about {subject}.<br /><br />{occasion}: {judged} {part}, {judged} {part}, {judged} {part}.",
    "It was {occasion} that {I} gave this {film} a chance. {verdict} Even the {part} {is} {judged}.",
)
IMDB_WORDS = {
    "I": "I|we|my sister|my friends and I|our class|the whole family|a friend of mine",
    "is": "is|was|felt|seemed|remains",
    "film": "film|movie|picture|drama|comedy|thriller|western|sequel",
    "part": "acting|story|script|music|ending|dialogue|camera|plot|cast|pacing|editing|humor|opening",
    "occasion": "last night|on a plane|at a festival|with no sound|on a rainy day|twice this year",
    "subject": "two brothers in a small town|a teacher who loses her job|the war seen by a child|"
    "a train that never stops|an old house by the sea|a detective without a case|young people in love",
}
IMDB_LABEL_WORDS = (
    {
        "judged": "awful|boring|terrible|weak|dull|poor|stupid|bad|lifeless|horrible|annoying|pointless",
        "verdict": "A waste of time.|I want my money back.|Avoid it at all costs.|I hated every minute.",
    },
    {
        "judged": "wonderful|great|superb|moving|brilliant|excellent|funny|perfect|charming|lovely|rich",
        "verdict": "See it soon!|I loved every minute.|One of the best this year.|Highly recommended.",
    },
)

AG_NEWS_LABELS = ("World", "Sports", "Business", "Sci/Tech")
AG_NEWS_PATTERNS = (
    "{who} {did} {what} ({agency}) {agency} - In {place}, {who} {did} {what} on {day}, officials said.",
    "{who} {did} {what} {place} - The news on {day} was that {who} {did} {what} and {what}.",
    "{day}: {who} {did} {what} while {who} in {place} {did} {what}, according to {agency}.",
)
AG_NEWS_WORDS = {
    "agency": "Reuters|AP|AFP",
    "day": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
    "place": "London|New York|Paris|Tokyo|Sydney|Berlin|Toronto|Athens",
}
AG_NEWS_LABEL_WORDS = (
    {
        "who": "the president|rebel troops|the prime minister|peace envoys|police|voters",
        "did": "condemned|welcomed|delayed|discussed|rejected",
        "what": "the peace talks|a truce|the election|an attack on a village|the border treaty",
    },
    {
        "who": "the champions|a young striker|the home team|the coach|the tennis star|fans",
        "did": "won|lost|celebrated|missed|dominated",
        "what": "the cup final|a gold medal|the season opener|the second half|an extra inning",
    },
    {
        "who": "shares|the bank|oil prices|investors|the retailer|the airline",
        "did": "raised|cut|reported|beat|missed",
        "what": "profit forecasts|quarterly earnings|the dividend|interest rates|record sales",
    },
    {
        "who": "scientists|the software maker|NASA|a search engine|hackers|engineers",
        "did": "launched|tested|unveiled|patched|discovered",
        "what": "a space probe|the new browser|a computer virus|wireless chips|a distant planet",
    },
)


@cache
def tiny_encoder_files() -> dict[str, bytes]:
    """Give the files of a DistilBERT of 2 layers and 32 dimensions, with weights drawn from a fixed seed.

    Its WordPiece vocabulary holds the words of the datasets below whole, and every other word by its letters.
    """
    with tempfile.TemporaryDirectory() as folder, _without_progress_bars():
        _save_tokenizer(Path(folder))
        _save_encoder(Path(folder))
        files = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    return files | {"README.md": ENCODER_README}


def write_tiny_encoder(folder: Path) -> Path:
    """Write the tiny encoder's files into `folder`, made if absent, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in tiny_encoder_files().items():
        (folder / name).write_bytes(data)
    return folder


def imdb_files(rows_per_class: int = 40) -> dict[str, bytes]:
    """Give `stanfordnlp/imdb`: train, test and unsupervised (labels -1), sorted by label as it is there."""
    splits = _write_splits(
        ("train", "test", "unsupervised"), IMDB_PATTERNS, IMDB_WORDS, IMDB_LABEL_WORDS, rows_per_class
    )
    splits["unsupervised"] = [(text, -1) for text, _ in splits["unsupervised"]]
    return _dataset_files("plain_text", "plain_text", IMDB_LABELS, splits)


def ag_news_files(rows_per_class: int = 20) -> dict[str, bytes]:
    """Give `fancyzhx/ag_news`: train and test, with the labels mixed as they are there."""
    splits = _write_splits(("train", "test"), AG_NEWS_PATTERNS, AG_NEWS_WORDS, AG_NEWS_LABEL_WORDS, rows_per_class)
    for rows in splits.values():
        random.Random(SEED).shuffle(rows)
    return _dataset_files("default", "data", AG_NEWS_LABELS, splits)


def _vocabulary() -> list[str]:
    """List the tokens: special ones, characters, characters inside a word, and the words of the datasets."""
    characters = [*ascii_lowercase, *digits, *PUNCTUATION]
    endings = [f"##{character}" for character in ascii_lowercase + digits]
    sources = (
        IMDB_PATTERNS,
        IMDB_WORDS,
        IMDB_LABEL_WORDS,
        AG_NEWS_PATTERNS,
        AG_NEWS_WORDS,
        AG_NEWS_LABEL_WORDS,
    )
    words = re.findall(r"[a-z]{2,}", json.dumps(sources).lower())
    return list(dict.fromkeys([*SPECIAL_TOKENS, *characters, *endings, *words]))


def _save_tokenizer(folder: Path) -> None:
    from transformers import DistilBertTokenizer

    tokens = _vocabulary()
    vocabulary = {token: number for number, token in enumerate(tokens)}
    DistilBertTokenizer(vocab=vocabulary, model_max_length=MAX_POSITIONS).save_pretrained(folder)
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in tokens), encoding="utf-8")


def _save_encoder(folder: Path) -> None:
    import torch
    from transformers import DistilBertConfig, DistilBertModel

    settings = DistilBertConfig(
        vocab_size=len(_vocabulary()),
        dim=32,
        hidden_dim=64,
        n_layers=2,
        n_heads=2,
        max_position_embeddings=MAX_POSITIONS,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        DistilBertModel(settings).save_pretrained(folder)


@contextmanager
def _without_progress_bars() -> Iterator[None]:
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _write_splits(
    names: Sequence[str],
    patterns: Sequence[str],
    words: dict[str, str],
    label_words: Sequence[dict[str, str]],
    rows_per_class: int,
) -> dict[str, list[Row]]:
    """Write splits of `rows_per_class` texts for each label, label after label; no text comes twice."""
    generator, seen = random.Random(SEED), set[str]()
    splits: dict[str, list[Row]] = {name: [] for name in names}
    for rows in splits.values():
        for label, special in enumerate(label_words):
            for _ in range(rows_per_class):
                while (text := _fill(generator.choice(patterns), words | special, generator)) in seen:
                    pass
                seen.add(text)
                rows.append((text, label))
    return splits


def _fill(pattern: str, words: dict[str, str], generator: random.Random) -> str:
    """Put a random choice in the place of each {name}; the sentence begins with a capital."""
    text = re.sub(r"\{(\w+)\}", lambda match: generator.choice(words[match[1]].split("|")), pattern)
    return text[0].upper() + text[1:]


def _dataset_files(
    config_name: str, folder: str, label_names: Sequence[str], splits: dict[str, list[Row]]
) -> dict[str, bytes]:
    """Lay splits out as a Hub dataset: the README that declares them, and a parquet file for each."""
    files = {f"{folder}/{name}-00000-of-00001.parquet": _parquet(rows, label_names) for name, rows in splits.items()}
    return {"README.md": _readme(config_name, folder, label_names, splits).encode()} | files


def _parquet(rows: list[Row], label_names: Sequence[str]) -> bytes:
    """Write rows as the datasets library does, with the features in the schema's metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    features = {
        "text": {"dtype": "string", "_type": "Value"},
        "label": {"names": list(label_names), "_type": "ClassLabel"},
    }
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    schema = pa.schema([("text", pa.string()), ("label", pa.int64())], metadata=metadata)
    columns = [[text for text, _ in rows], [label for _, label in rows]]
    file = io.BytesIO()
    pq.write_table(pa.table(columns, schema=schema), file)
    return file.getvalue()


def _readme(config_name: str, folder: str, label_names: Sequence[str], splits: dict[str, list[Row]]) -> str:
    """Write a README with the YAML front matter that the original has."""
    names = "\n".join(f"          '{number}': {name}" for number, name in enumerate(label_names))
    counts = "\n".join(
        f"  - name: {name}\n    num_bytes: {_count_bytes(rows)}\n    num_examples: {len(rows)}"
        for name, rows in splits.items()
    )
    paths = "\n".join(f"  - split: {name}\n    path: {folder}/{name}-*" for name in splits)
    return f"""---
language:
- en
task_categories:
- text-classification
dataset_info:
  config_name: {config_name}
  features:
  - name: text
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
{names}
  splits:
{counts}
configs:
- config_name: {config_name}
  data_files:
{paths}
  default: true
---
# A tiny copy of the layout
"""


def _count_bytes(rows: list[Row]) -> int:
    """Count the bytes of rows in memory: the text, its end (4 bytes) and the label (8)."""
    return sum(len(text.encode()) + 12 for text, _ in rows)


def write_csv(path: Path, rows: list[tuple[object, ...]], header: tuple[str, ...] | None = ("text", "label")) -> Path:
    """Write rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows] if header else rows)
    return path


def review_rows(count: int = 40) -> list[tuple[str, str]]:
    """Make distinct short reviews of two classes, easily told apart."""
    good, bad = ("wonderful", "great", "lovely", "perfect"), ("awful", "boring", "terrible", "dull")
    rows = []
    for number in range(count):
        words = good if number % 2 else bad
        rows.append(
            (f"film number {number} is {words[number % 4]} and {words[(number // 4) % 4]}", ("bad", "good")[number % 2])
        )
    return rows
