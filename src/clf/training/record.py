"""What a model folder says of itself: its data, recipe, machine and versions, in `clf.json`."""

import sys
from typing import Any

from clf import __version__
from clf.data.prepared import PreparedDataset
from clf.models.classifier import Classifier
from clf.models.compute import Compute
from clf.models.store import ModelFiles
from clf.results import SCHEMA_VERSION
from clf.runs import now
from clf.settings import Settings
from clf.training.arguments import keeps_attention_dropout


def model_record(
    settings: Settings,
    files: ModelFiles,
    prepared: PreparedDataset,
    classifier: Classifier,
    compute: Compute,
    rows: dict[str, int],
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
        "cleaning": classifier.cleaning.model_dump(),
        "temperature": 1.0,
        "threshold": None,
        "dataset": {
            key: manifest.get(key)
            for key in ("name", "origin", "fingerprint", "files", "data", "seed", "text_columns", "rows_generated")
        }
        | {"dataset": settings.data.dataset, "prepared": str(prepared.folder.resolve())},
        "rows": rows,
        "compute": {
            "device": str(compute.device),
            "precision": compute.precision,
            "attention_dropout": keeps_attention_dropout(settings.train, compute),
        },
        "versions": _versions(),
        "settings": settings.model_dump(mode="json"),
    }


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {"python": sys.version.split()[0]} | {
        name: version(name) for name in ("torch", "transformers", "tokenizers", "datasets", "accelerate")
    }
