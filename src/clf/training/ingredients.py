"""The fingerprint of a run, stored in its checkpoints: a run resumes only from a checkpoint that matches."""

# ruff: noqa: TID253 - this module computes
import hashlib
import platform
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch
from pydantic import JsonValue

from clf import __version__
from clf.data.prepared import LabelledTexts
from clf.models.classifier import Classifier
from clf.models.compute import Compute
from clf.models.files import ModelFiles
from clf.processes import World
from clf.settings import TrainSettings, flag
from clf.storage.disk import sha256
from clf.training.arguments import keeps_attention_dropout
from clf.training.checkpoint_files import Fingerprint
from clf.training.checkpoints import ATTENTION_DROPOUT
from clf.training.schedule import Schedule

ACCUMULATION = "--gradient-accumulation"
ENCODER_FILES = {".safetensors", ".json", ".txt", ".model"}
NO_MATTER = {"keep_checkpoints", "no_final_test", "save_steps", "report_to", "test_run", "model", "revision"}
"""Settings of [train] that do not affect what a run computes, or that are compared otherwise: `model` and `revision` by
the files of the encoder."""


@dataclass(frozen=True)
class Ingredients:
    """Everything that determines a run, except for its texts."""

    recipe: TrainSettings
    schedule: Schedule
    seed: int
    precision: str
    files: ModelFiles
    classifier: Classifier
    compute: Compute
    world: World

    def fingerprint(self, splits: Mapping[str, LabelledTexts]) -> Fingerprint:
        """Return the fingerprint of the run on these splits."""
        settings = self.recipe.model_dump(mode="json", exclude=NO_MATTER) | self.schedule.as_settings()
        same: dict[str, JsonValue] = {flag(name): value for name, value in settings.items()}
        alike = {ACCUMULATION: same.pop(ACCUMULATION)}  # may change, because it is the remedy when memory runs out
        same |= {"--seed": self.seed, "--precision": self.precision}
        kept = keeps_attention_dropout(self.recipe, self.compute)
        same[ATTENTION_DROPOUT] = "keep" if kept else "off"  # the resolved value: `auto` differs between devices
        same |= {"--max-length": self.classifier.max_length, "the labels": list(self.classifier.labels)}
        same["the encoder"] = {
            path.name: sha256(path)[:16] for path in sorted(self.files.folder.iterdir()) if path.suffix in ENCODER_FILES
        }
        for name, rows in splits.items():
            same[f"the {name} texts"] = f"{len(rows)} of {_digest(rows)[:16]}"
        alike |= {"device": self.compute.device.type, "precision": self.compute.precision}
        alike |= {"threads": torch.get_num_threads(), "processes": self.world.size, "processor": _processor()}
        alike |= {"clf": __version__, **versions()}
        return Fingerprint(same, alike)


def _digest(rows: LabelledTexts) -> str:
    digest = hashlib.sha256(rows.labels.tobytes())
    for text in rows.texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries used for computation."""
    return {"python": sys.version.split()[0]} | {
        name: version(name) for name in ("torch", "transformers", "tokenizers", "datasets", "accelerate", "numpy")
    }


def _processor() -> str:
    """Return the model name of the processor, or an empty string when the system does not report it."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return platform.processor()
