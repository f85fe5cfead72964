"""What a model folder says of itself: its data, recipe, machine and versions, in `clf.json`."""

# ruff: noqa: TID253 - this module computes
import hashlib
import platform
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from clf import __version__
from clf.data.prepared import LabelledTexts, PreparedDataset
from clf.models.classifier import Classifier
from clf.models.compute import Compute
from clf.models.store import ModelFiles
from clf.processes import World
from clf.results import SCHEMA_VERSION, sha256
from clf.runs import now
from clf.settings import Settings, flag
from clf.training.arguments import keeps_attention_dropout
from clf.training.checkpoints import ATTENTION_DROPOUT
from clf.training.schedule import Schedule


def model_record(
    settings: Settings,
    files: ModelFiles,
    prepared: PreparedDataset,
    classifier: Classifier,
    compute: Compute,
    rows: dict[str, int],
    choices: dict[str, Any],
    schedule: Schedule,
) -> dict[str, Any]:
    """Return the record, but for the metrics and the hashes of the files."""
    manifest = prepared.manifest
    return {
        "schema_version": SCHEMA_VERSION,
        "clf_version": __version__,
        "created": now(),
        "base_model": {
            "name": files.name,
            "revision": files.revision,
            "origin": files.origin,
            "folder": str(files.folder.resolve()) if files.origin == "path" else None,
        },
        "labels": classifier.labels,
        "max_length": classifier.max_length,
        "truncation": classifier.truncation,
        "cleaning": classifier.cleaning.model_dump(),
        "dataset": {
            key: manifest.get(key)
            for key in ("name", "origin", "fingerprint", "files", "data", "seed", "text_columns", "rows_generated")
        }
        | {"dataset": settings.data.dataset, "prepared": str(prepared.folder.resolve())},
        "rows": rows,
        "recipe": {**schedule.as_settings(), "steps": schedule.steps},
        "compute": {
            "device": str(compute.device),
            "precision": compute.precision,
            "attention_dropout": keeps_attention_dropout(settings.train, compute),
            "threads": torch.get_num_threads(),
            "optimizer": "fused AdamW",
            "batches": "by length",
            **choices,
        },
        "versions": _versions(),
        "settings": settings.model_dump(mode="json"),
    }


# Settings of [train] that change how a run is kept or told, not what it computes.
ACCUMULATION = "--gradient-accumulation"
ENCODER_FILES = {".safetensors", ".json", ".txt", ".model"}
NO_MATTER = {"keep_checkpoints", "no_final_test", "save_steps", "report_to", "test_run", "model", "revision"}


def fingerprint(
    settings: Settings,
    schedule: Schedule,
    files: ModelFiles,
    classifier: Classifier,
    compute: Compute,
    world: World,
    splits: tuple[LabelledTexts, LabelledTexts],
) -> dict[str, dict[str, Any]]:
    """Return what must be the `same` for a run to go on, and what may be only `alike`, at the price of other bits."""
    recipe = settings.train.model_dump(mode="json", exclude=NO_MATTER) | schedule.as_settings()
    same = {flag(name): value for name, value in recipe.items()}
    alike: dict[str, Any] = {ACCUMULATION: same.pop(ACCUMULATION)}  # the way out when memory runs out
    same |= {"--seed": settings.run.seed, "--precision": settings.compute.precision}
    kept = keeps_attention_dropout(settings.train, compute)
    same[ATTENTION_DROPOUT] = "keep" if kept else "off"  # as it was, also on a device whose `auto` is another
    same |= {"--max-length": classifier.max_length, "the labels": classifier.labels}
    same["the encoder"] = {
        path.name: sha256(path)[:16] for path in sorted(files.folder.iterdir()) if path.suffix in ENCODER_FILES
    }
    for name, rows in zip(("training", "validation"), splits, strict=True):
        digest = hashlib.sha256(rows.labels.tobytes())
        for text in rows.texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        same[f"the {name} texts"] = f"{len(rows)} of {digest.hexdigest()[:16]}"
    alike |= {"device": compute.device.type, "precision": compute.precision}
    alike |= {"threads": torch.get_num_threads(), "processes": world.size, "processor": _processor()}
    alike |= {"clf": __version__, **_versions()}
    return {"same": same, "alike": alike}


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {"python": sys.version.split()[0]} | {
        name: version(name) for name in ("torch", "transformers", "tokenizers", "datasets", "accelerate", "numpy")
    }


def _processor() -> str:
    """Return the model of the processor, as far as the system tells."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return platform.processor()
