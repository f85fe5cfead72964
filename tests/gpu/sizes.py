"""How much is measured, where the parts find their input, and what they tell each other."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class Skipped(Exception):
    """A part lacks something that it measures with; the message says what."""


class Failed(Exception):
    """A command ended with an error; the message is its own."""


@dataclass(frozen=True)
class Sizes:
    """Rows, lengths and repetitions. The defaults are those of the real run; `stopped_at` is a step."""

    rows: int = 25_000
    test_rows: int = 25_000
    tokens: int = 512
    epochs: int = 3
    peer_rows: int = 4_000
    peer_test_rows: int = 1_000
    repeat_rows: int = 1_600
    repeat_tokens: int = 256
    stopped_at: int = 30
    sync_rows: int = 640
    batch: int = 16
    batches: tuple[int, ...] = (16, 64, 128)
    lengths: tuple[int, ...] = (128, 272, 512)
    steps: int = 20
    shapes: int = 12
    matrix: int = 8192
    precisions: tuple[str, ...] = ("fp32", "bf16", "auto")
    copies: tuple[str, ...] = ("plain", "plain", "deterministic", "deterministic")
    encoder: dict[str, int] = field(default_factory=dict)
    """What differs from DistilBERT's own shape."""


DRY = Sizes(
    rows=96,
    test_rows=48,
    tokens=32,
    epochs=1,
    peer_rows=48,
    peer_test_rows=24,
    repeat_rows=96,
    repeat_tokens=16,
    stopped_at=10,
    sync_rows=64,
    batch=4,
    batches=(4,),
    lengths=(16, 32),
    steps=2,
    shapes=2,
    matrix=128,
    precisions=("fp32", "bf16"),
    copies=("deterministic",),
    encoder={"dim": 32, "hidden_dim": 64, "n_layers": 2, "n_heads": 2, "max_position_embeddings": 64},
)


@dataclass(frozen=True)
class Plan:
    """One part of the run: its folders, its sizes, and the figures that it fills in as it goes."""

    work: Path
    assets: Path
    root: Path
    dry: bool = False
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def sizes(self) -> Sizes:
        """The sizes of this run."""
        return DRY if self.dry else Sizes()

    @property
    def device(self) -> str:
        """Where the parts that call torch themselves compute."""
        return "cpu" if self.dry else "cuda:0"

    @property
    def encoder(self) -> Path:
        """The encoder of DistilBERT's shape with random weights."""
        return self.work / "encoder"

    @property
    def minilm(self) -> Path:
        """The encoder all-MiniLM-L6-v2, where its weights were brought along."""
        return self.work / "minilm"

    @property
    def dataset(self) -> Path:
        """The folder with `train.parquet` and `test.parquet`."""
        return self.work / "data" / "imdb"

    @property
    def prepared(self) -> Path:
        """The dataset as the full training prepared it; the raw one if that run did not get so far."""
        folder = self.work / "full-training.run" / "dataset"
        return folder if (folder / "manifest.json").is_file() else self.dataset

    def remember(self, **facts: Any) -> None:
        """Keep facts for later parts."""
        (self.work / "facts.json").write_text(json.dumps(self.recall() | facts), encoding="utf-8")

    def recall(self) -> dict[str, Any]:
        """Return what earlier parts remembered."""
        path = self.work / "facts.json"
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}

    def share(self, tokens_per_second: float) -> float | None:
        """Return which share of the chip's own rate a training reaches, or None when the rate is not known.

        A token takes 6 operations for each weight besides embeddings: 2 forward, 4 backward.
        """
        facts = self.recall()
        if not {"rate", "weights"} <= set(facts):
            return None
        return round(6 * facts["weights"] * tokens_per_second / facts["rate"], 4)
