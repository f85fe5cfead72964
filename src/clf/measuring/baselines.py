"""The baselines of `clf compare`: their predictions on the evaluation texts and their costs, cached for later runs.

To add one, write it in `baseline_models`, add its name to BUILT_IN, and call it in `BaselineMaker._fit`.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from clf import __version__
from clf.data.cleaning import clean_text
from clf.data.preparing.labels import align_labels
from clf.data.reading.formats import looks_like_path
from clf.data.sources.find import SourceFinder
from clf.data.texts import ChangedTexts, ColumnTexts
from clf.errors import ModelError, OutputError, UsageError
from clf.measuring.measured_model import MeasuredModel, Spent, measure
from clf.measuring.provenance import base_files, recorded_dataset
from clf.measuring.rows import MeasuredTexts
from clf.models.weights import READ
from clf.scoring.answers import Answers, Probabilities
from clf.settings import ComputeSettings, DataSettings, Settings
from clf.storage.arrays import read_array
from clf.storage.disk import sha256
from clf.storage.documents import SCHEMA_VERSION, SchemaVersion, read_document
from clf.storage.names import Hash, Seconds
from clf.storage.result_folders import COMPARISONS
from clf.storage.scratch import scratch_folder
from clf.storage.writing import refuse_all_but_folder, replacing, write_json

if TYPE_CHECKING:
    from clf.measuring.baseline_models import Fitted
    from clf.models.classifier import Classifier
    from clf.models.files import ModelFiles
    from clf.models.record import ModelRecord

log = logging.getLogger(__name__)

BUILT_IN = ("pretrained", "majority", "tfidf", "frozen")
KEPT = COMPARISONS / ".baselines"


class KeptBaseline(BaseModel):
    """What is kept beside the predictions of a baseline: their hash and what they cost."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    schema_version: SchemaVersion = SCHEMA_VERSION
    sha256: Hash
    train_seconds: Seconds | None = None
    measure_seconds: Seconds | None = None
    megabytes: Seconds | None = None


def check_baseline(name: str) -> None:
    """Reject a misspelt baseline before anything is computed."""
    if name in BUILT_IN or "/" in name or looks_like_path(name):
        return
    close = get_close_matches(name, BUILT_IN, n=1, cutoff=0.5)
    raise UsageError(
        f"--baseline {name!r} is neither one of {', '.join(BUILT_IN)} nor a model folder",
        f"did you mean {close[0]}? To compare with several, repeat --baseline"
        if close
        else "pass one of these names, or the path of a model",
    )


@dataclass(frozen=True)
class BaselineMaker:
    """Makes the built-in baselines of one candidate; `seed` is for the logistic regression of TF-IDF."""

    candidate: "Classifier"
    measured: MeasuredTexts
    compute: ComputeSettings
    finder: SourceFinder
    seed: int

    def measure(self, name: str) -> MeasuredModel:
        """Return an evaluated baseline: from the cache if the same one was made earlier, otherwise made now.

        Raises ModelError if the candidate does not record what the baseline is made from, or if label names differ.
        """
        from clf.scoring.metrics import score

        log.info("baseline %s", name)
        nothing: tuple[Sequence[str], NDArray[np.int64]] = ([], np.zeros(0, dtype=np.int64))
        texts, labels = nothing if name == "pretrained" else self._training_split(name)
        kept = KEPT / self._key(name, texts, labels)
        if (found := _read(kept, self.measured)) is None:
            found = self._make(name, texts, labels)
            _keep(kept, *found)
        else:
            log.info("%s: using cached predictions from %s", name, kept)
        answers = Answers(found[0], self.measured.labels)
        return MeasuredModel(name, answers, score(answers), found[1])

    def _make(self, name: str, texts: Sequence[str], labels: NDArray[np.int64]) -> tuple[Probabilities, Spent]:
        if name == "pretrained":
            made = measure(replace(self._encoder(), name="pretrained"), self.measured, self.compute)
            return made.answers.probabilities, replace(made.costs, train_seconds=0.0)
        fitted = self._fit(name, texts, labels)
        costs = (fitted.train_seconds, fitted.measure_seconds, fitted.megabytes)
        return fitted.probabilities, Spent(*(round(cost, 3) for cost in costs))

    def _fit(self, name: str, texts: Sequence[str], labels: NDArray[np.int64]) -> "Fitted":
        from clf.measuring import baseline_models
        from clf.models.compute import choose_compute
        from clf.progress import track

        classes, cleaned = len(self.measured.names), self.measured.cleaned(self.candidate.cleaning)
        if name == "majority":
            return baseline_models.majority(labels, len(cleaned), classes)
        if name == "tfidf":
            return baseline_models.tfidf(texts, labels, cleaned, classes, self.seed)
        encoder, compute = self._encoder(), choose_compute(self.compute)
        with track("running the frozen encoder", len(texts) + len(cleaned)) as advance:
            return baseline_models.frozen(encoder, compute, texts, labels, cleaned, classes, advance)

    def _encoder(self) -> "Classifier":
        """Load the candidate's encoder with a fresh head, and the candidate's cleaning, max length and truncation."""
        from clf.models.from_files import load_for_training

        candidate = self.candidate
        record = self._record_with_encoder()
        files = self._encoder_files(record)
        fresh = load_for_training(files, candidate.labels, seed=_seed_of(record), fresh_head=True)
        fresh.max_length, fresh.truncation = candidate.max_length, candidate.truncation
        fresh.cleaning = candidate.cleaning
        return fresh

    def _record_with_encoder(self) -> "ModelRecord":
        record = self.candidate.record
        if record is None or record.base_model is None:
            raise ModelError(
                f"{self.candidate.name} does not record the encoder it was fine-tuned from",
                "leave out the baselines pretrained and frozen",
            )
        return record

    def _encoder_files(self, record: "ModelRecord") -> "ModelFiles":
        return base_files(record, offline=self.finder.offline, timeout=self.finder.timeout)

    def _training_split(self, name: str) -> tuple[Sequence[str], NDArray[np.int64]]:
        """Return the candidate's own training texts, cleaned, regardless of the dataset used for evaluation."""
        candidate, record = self.candidate, self.candidate.record
        if record is None or record.dataset is None:
            raise ModelError(f"{candidate.name} does not record its training data", f"leave out --baseline {name}")
        then = record.settings or Settings()
        with scratch_folder() as scratch:
            prepared = recorded_dataset(record, DataSettings(), self.finder, scratch)
            rows = prepared.subset("train", then.data.max_train_samples, then.run.seed, raw_only=True)
            cleaned = ChangedTexts(rows.raw_texts, lambda text: clean_text(text, candidate.cleaning))
            return ColumnTexts.of(cleaned), align_labels(prepared.labels, candidate.labels, prepared.name)[rows.labels]

    def _key(self, name: str, texts: Sequence[str], labels: NDArray[np.int64]) -> str:
        """Return the hash of everything that a baseline's predictions depend on."""
        from sklearn import __version__ as sklearn_version

        candidate, record = self.candidate, self.candidate.record
        digest = hashlib.sha256(json.dumps([name, __version__, sklearn_version, self.measured.names]).encode())
        if name in ("pretrained", "frozen") and record and (base := record.base_model):
            asked = [_seed_of(record), self.compute.model_dump(mode="json")]
            digest.update(json.dumps(asked).encode())
            digest.update(json.dumps([base.name, base.revision, candidate.max_length, candidate.truncation]).encode())
            folder = self._encoder_files(record).folder if base.folder else None  # a check that all of it can be read
            for file in sorted(folder.iterdir()) if folder else []:
                if file.suffix in READ and file.is_file():
                    digest.update(json.dumps([file.name, sha256(file)]).encode())
        digest.update(labels.tobytes())
        for text in chain(texts, ["\0"], self.measured.cleaned(candidate.cleaning)):
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        return digest.hexdigest()[:32]


def _seed_of(record: "ModelRecord") -> int:
    return (record.settings or Settings()).run.seed


# --- cache --------------------------------------------------------------------------------------------------


def _keep(place: Path, probabilities: Probabilities, costs: Spent) -> None:
    file = place.with_suffix(".npy")
    try:
        refuse_all_but_folder(place.parent, "choose another place")
        place.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as part:
            np.save(part, probabilities, allow_pickle=False)
        rounded = {name: cost and round(cost, 3) for name, cost in vars(costs).items()}
        found = KeptBaseline(sha256=sha256(file), **rounded)
        write_json(place.with_suffix(".json"), found.model_dump(mode="json"))
    except (OSError, OutputError) as error:
        log.info("cannot cache the predictions of the baseline: %s", error)


def _read(place: Path, measured: MeasuredTexts) -> tuple[Probabilities, Spent] | None:
    """Return what an earlier run kept; None if there is nothing, or if it is not as it was written."""
    if not place.with_suffix(".json").exists():
        return None
    try:
        kept = read_document(place.with_suffix(".json"), KeptBaseline, ModelError, "")
        if sha256(place.with_suffix(".npy")) != kept.sha256:
            raise ValueError("it was changed")
        shape = (len(measured), len(measured.names))
        probabilities = read_array(place.with_suffix(".npy"), ("<f4", "<f8"), shape)
        if not (np.isfinite(probabilities).all() and (probabilities >= 0).all()):
            raise ValueError("it holds no probabilities")
        if (np.abs(probabilities.sum(axis=1) - 1) > 1e-3).any():
            raise ValueError("its probabilities do not add up to 1")
    except (ModelError, OSError, ValueError) as error:
        log.info("not using the cached predictions in %s.npy: %s", place, error)
        return None
    return probabilities, Spent(kept.train_seconds, kept.measure_seconds, kept.megabytes)
