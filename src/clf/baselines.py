"""The baselines of `clf compare`: what each answers on the measured texts, and what it cost; kept for the next time."""

import hashlib
import json
import logging
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clf import __version__
from clf.data.cleaning import clean_text
from clf.data.labels import align_labels
from clf.data.sources import looks_like_path
from clf.errors import ClfError, ModelError, UsageError
from clf.measurement import MeasuredTexts, base_files, find_leaks, load_model, predict_measured, recorded_dataset
from clf.results import COMPARISONS, read_json, sha256, write_json
from clf.settings import DataSettings, Settings

if TYPE_CHECKING:
    from clf.models.classifier import Classifier
    from clf.scoring.baselines import Fitted

log = logging.getLogger(__name__)

BUILT_IN = ("pretrained", "majority", "tfidf", "frozen")
KEPT = COMPARISONS / ".baselines"
COSTS = ("train_seconds", "measure_seconds", "megabytes")


@dataclass(frozen=True)
class Answers:
    """What one model said of the measured texts, with its metrics, and what it cost; None where that is unknown."""

    name: str
    probabilities: NDArray[np.float32]
    metrics: dict[str, Any]
    train_seconds: float | None = None
    measure_seconds: float | None = None
    megabytes: float | None = None

    def cost(self) -> dict[str, float | None]:
        """Return seconds of training, texts a second, and the size on disk in MB."""
        seconds = self.measure_seconds
        return {
            "train_seconds": self.train_seconds,
            "texts_per_second": round(len(self.probabilities) / seconds, 1) if seconds else None,
            "megabytes": self.megabytes,
        }


def check_baseline(name: str) -> None:
    """Find a misspelt baseline before anything is computed."""
    if name in BUILT_IN or "/" in name or looks_like_path(name):
        return
    close = get_close_matches(name, BUILT_IN, n=1, cutoff=0.5)
    raise UsageError(
        f"--baseline {name!r} is none of {', '.join(BUILT_IN)}, and no model folder",
        f"did you mean {close[0]}? For several, repeat --baseline"
        if close
        else "give one of them, or the path of a model",
    )


def model_answers(classifier: "Classifier", measured: MeasuredTexts, settings: Settings) -> Answers:
    """Ask a model that is loaded."""
    from clf.scoring.metrics import score

    started = time.perf_counter()
    probabilities = predict_measured(classifier, measured, settings)
    return Answers(
        classifier.name,
        probabilities,
        score(probabilities, measured.labels),
        classifier.record.get("train_seconds"),
        time.perf_counter() - started,
        _megabytes(Path(classifier.model.name_or_path)),
    )


def baseline_answers(name: str, candidate: "Classifier", measured: MeasuredTexts, settings: Settings) -> Answers:
    """Return what a baseline answers: as it was kept from an earlier comparison of the same, else made now.

    Raises ModelError when the candidate does not record what the baseline is made of, or label names differ.
    """
    log.info("baseline %s", name)
    nothing: tuple[list[str], NDArray[np.int64]] = ([], np.zeros(0, dtype=np.int64))
    texts, labels = nothing if name == "pretrained" else _training_split(name, candidate, settings)
    kept = KEPT / _key(name, candidate, texts, labels, measured, settings)
    if (found := _kept(kept, measured)) is not None:
        log.info("%s was made before: taking its answers from %s", name, kept)
        return replace(found, name=name)
    if name == "pretrained":
        made = _pretrained(candidate, measured, settings)
        _keep(kept, made)
        return made
    fitted = _fit(name, candidate, texts, labels, measured, settings)
    _keep(kept, fitted)
    return _answers(name, fitted, measured)


# --- making them --------------------------------------------------------------------------------------------


def _fit(
    name: str,
    candidate: "Classifier",
    texts: Sequence[str],
    labels: NDArray[np.int64],
    measured: MeasuredTexts,
    settings: Settings,
) -> "Fitted":
    from clf.models.compute import choose_compute
    from clf.progress import track
    from clf.scoring import baselines

    classes, cleaned = len(measured.names), measured.cleaned(candidate.cleaning)
    if name == "majority":
        return baselines.majority(labels, len(cleaned), classes)
    if name == "tfidf":
        return baselines.tfidf(texts, labels, cleaned, classes, settings.run.seed)
    encoder = _encoder(candidate, settings)
    with track("reading with the frozen encoder", len(texts) + len(cleaned)) as advance:
        return baselines.frozen(encoder, choose_compute(settings.compute), texts, labels, cleaned, classes, advance)


def _encoder(candidate: "Classifier", settings: Settings) -> "Classifier":
    """Load the encoder that the candidate was made from, with a fresh head, reading texts as the candidate does."""
    from clf.models.classifier import load_for_training

    if "base_model" not in candidate.record:
        raise ModelError(
            f"{candidate.name} does not record the model it was made from",
            "leave out the baselines pretrained and frozen",
        )
    seed = candidate.record["settings"]["run"]["seed"]
    fresh = load_for_training(base_files(candidate.record, settings), candidate.labels, seed=seed, fresh_head=True)
    fresh.max_length, fresh.cleaning, fresh.truncation = candidate.max_length, candidate.cleaning, candidate.truncation
    return fresh


def _pretrained(candidate: "Classifier", measured: MeasuredTexts, settings: Settings) -> Answers:
    """Ask the model the candidate was made from, with a fresh head: the mission's "before"."""
    encoder = _encoder(candidate, settings)
    encoder.name = "pretrained"
    return replace(model_answers(encoder, measured, settings), train_seconds=0.0)


def _training_split(name: str, candidate: "Classifier", settings: Settings) -> tuple[list[str], NDArray[np.int64]]:
    """Return the candidate's own training texts, cleaned, whatever dataset the models are measured on."""
    record = candidate.record
    if "dataset" not in record:
        raise ModelError(f"{candidate.name} does not record its training data", f"leave out --baseline {name}")
    plain = settings.model_copy(update={"data": DataSettings()})
    then = record["settings"]
    with tempfile.TemporaryDirectory(prefix="clf-") as scratch:
        prepared = recorded_dataset(record, plain, Path(scratch))
        rows = prepared.subset("train", then["data"]["max_train_samples"], then["run"]["seed"])
        texts = [clean_text(text, candidate.cleaning) for text in rows.raw_texts]
        return texts, align_labels(prepared.labels, candidate.labels, prepared.name)[rows.labels]


def load_other(name: str, measured: MeasuredTexts, settings: Settings) -> "tuple[Classifier, NDArray[np.bool_] | None]":
    """Load a champion, and tell which measured texts stood in its training.

    Raises ModelError when its label names differ, DataError when it has seen too many of the texts.
    """
    try:
        other = load_model(name, settings)
    except ClfError as error:
        raise type(error)(f"--baseline {name}: {error.message}", error.hint) from error
    if set(other.labels) != set(measured.names):
        raise ModelError(
            f"the labels of {name} are {', '.join(other.labels)}, those of the candidate {', '.join(measured.names)}",
            "compare models of the same classes",
        )
    return other, find_leaks(other, measured, settings)


def _megabytes(folder: Path) -> float | None:
    if not folder.is_dir():
        return None
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 1)


def _answers(name: str, fitted: "Fitted", measured: MeasuredTexts) -> Answers:
    from clf.scoring.metrics import score

    costs = {cost: round(getattr(fitted, cost), 3) for cost in COSTS}
    return Answers(name, fitted.probabilities, score(fitted.probabilities, measured.labels), **costs)


# --- keeping them -------------------------------------------------------------------------------------------


def _key(
    name: str,
    candidate: "Classifier",
    texts: Sequence[str],
    labels: NDArray[np.int64],
    measured: MeasuredTexts,
    settings: Settings,
) -> str:
    """Return the hash of all that a baseline's answers depend on."""
    from sklearn import __version__ as sklearn_version

    digest = hashlib.sha256(json.dumps([name, __version__, sklearn_version, measured.names]).encode())
    if name in ("pretrained", "frozen") and "base_model" in candidate.record:
        base, seed = candidate.record["base_model"], candidate.record["settings"]["run"]["seed"]
        digest.update(json.dumps([seed, settings.compute.model_dump(mode="json")]).encode())
        digest.update(json.dumps([base["name"], base["revision"], candidate.max_length, candidate.truncation]).encode())
        for weights in sorted(Path(base["folder"]).glob("*.safetensors")) if base["folder"] else []:
            digest.update(sha256(weights).encode())
    digest.update(labels.tobytes())
    for text in (*texts, "\0", *measured.cleaned(candidate.cleaning)):
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()[:32]


def _keep(place: Path, made: "Fitted | Answers") -> None:
    part = place.with_suffix(".part.npy")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        np.save(part, made.probabilities, allow_pickle=False)
        part.replace(place.with_suffix(".npy"))
        costs = {cost: getattr(made, cost) for cost in COSTS}
        write_json(place.with_suffix(".json"), {cost: value and round(value, 3) for cost, value in costs.items()})
    except OSError as error:
        log.info("the answers cannot be kept for the next time: %s", error)


def _kept(place: Path, measured: MeasuredTexts) -> Answers | None:
    from clf.scoring.metrics import score

    costs = read_json(place.with_suffix(".json"))
    try:
        probabilities = np.load(place.with_suffix(".npy"), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    if costs is None or probabilities.shape != (len(measured.raw_texts), len(measured.names)):
        return None
    return Answers(
        "", probabilities, score(probabilities, measured.labels), **{cost: costs.get(cost) for cost in COSTS}
    )
