"""The baselines of `clf compare`: their predictions on the evaluation texts and their costs, cached for later runs.

To add one, write it in `baseline_models`, add its name to BUILT_IN, and call it in `BaselineMaker._fit`.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from clf import __version__
from clf.data.cleaning import clean_text
from clf.data.label_sets import renumbered
from clf.data.prepared import PreparedDataset
from clf.data.preparing.labels import align_labels
from clf.data.reading.formats import looks_like_path
from clf.data.sources.find import SourceFinder
from clf.data.texts import ChangedTexts, ColumnTexts, JoinedTexts
from clf.errors import ModelError, OutputError, UsageError
from clf.measuring.measured_model import MeasuredModel, Spent, measure
from clf.measuring.provenance import base_files, recorded_dataset
from clf.measuring.rows import MeasuredTexts
from clf.models.weights import READ
from clf.scoring.answers import Probabilities
from clf.scoring.multi_label import EVEN, MultiLabelAnswers, Thresholds, answers_with
from clf.scoring.thresholds import fit_thresholds
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
ROUNDING = 1e-3
"""By how much the sum of probabilities may be off 1."""


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
class Recorded:
    """Texts of the candidate's training, cleaned, and their labels: ids, or a table where a text may have several."""

    texts: Sequence[str] = ()
    labels: NDArray[Any] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class Predicted:
    """What a baseline predicts, shape (rows, classes), and what it costs.

    Where a text may have several labels, `thresholds` are the probabilities from which on they are predicted.
    """

    probabilities: Probabilities
    costs: Spent
    thresholds: Thresholds | None = None


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
        train, validation = (Recorded(), Recorded()) if name == "pretrained" else self._splits(name)
        kept = KEPT / self._key(name, train, validation)
        if (found := _read(kept, self.measured, several=self.candidate.multi_label)) is None:
            found = self._make(name, train, validation)
            _keep(kept, found)
        else:
            log.info("%s: using cached predictions from %s", name, kept)
        answers = answers_with(found.probabilities, self.measured.labels, found.thresholds)
        return MeasuredModel(name, answers, score(answers), found.costs)

    def _make(self, name: str, train: Recorded, validation: Recorded) -> Predicted:
        if name == "pretrained":
            made = measure(replace(self._encoder(), name="pretrained"), self.measured, self.compute)
            thresholds = made.answers.thresholds if isinstance(made.answers, MultiLabelAnswers) else None
            return Predicted(made.answers.probabilities, replace(made.costs, train_seconds=0.0), thresholds)
        several = self.candidate.multi_label
        fitted = self._fit_labels(name, train, validation) if several else self._fit(name, train)
        probabilities, judged = fitted.probabilities, len(validation)
        measuring = fitted.measure_seconds * len(self.measured) / max(1, len(probabilities))
        costs = Spent(*(round(cost, 3) for cost in (fitted.train_seconds, measuring, fitted.megabytes)))
        if not several:
            return Predicted(probabilities, costs)
        return Predicted(probabilities[judged:], costs, _thresholds(probabilities[:judged], validation))

    def _fit(self, name: str, train: Recorded) -> "Fitted":
        from clf.measuring import baseline_models
        from clf.models.compute import choose_compute
        from clf.progress import track

        classes, cleaned = len(self.measured.names), self.measured.cleaned(self.candidate.cleaning)
        if name == "majority":
            return baseline_models.majority(train.labels, len(cleaned), classes)
        if name == "tfidf":
            return baseline_models.tfidf(train.texts, train.labels, cleaned, classes, self.seed)
        encoder, compute = self._encoder(), choose_compute(self.compute)
        with track("running the frozen encoder", len(train) + len(cleaned)) as advance:
            return baseline_models.frozen(encoder, compute, train.texts, train.labels, cleaned, classes, advance)

    def _fit_labels(self, name: str, train: Recorded, validation: Recorded) -> "Fitted":
        """Fit a baseline that predicts several labels per text; it predicts the validation texts first, then others."""
        from clf.measuring import label_baselines
        from clf.models.compute import choose_compute
        from clf.progress import track

        texts = JoinedTexts(validation.texts, self.measured.cleaned(self.candidate.cleaning))
        if name == "majority":
            return label_baselines.shares(train.labels, len(texts))
        if name == "tfidf":
            with track("fitting TF-IDF for each label", train.labels.shape[1], "labels") as advance:
                return label_baselines.tfidf_of_labels(train.texts, train.labels, texts, self.seed, advance)
        encoder, compute = self._encoder(), choose_compute(self.compute)
        with track("running the frozen encoder", len(train) + len(texts)) as advance:
            return label_baselines.frozen_of_labels(encoder, compute, train.texts, train.labels, texts, advance)

    def _encoder(self) -> "Classifier":
        """Load the candidate's encoder with a fresh head, and the candidate's cleaning, max length and truncation."""
        from clf.models.from_files import load_for_training

        candidate = self.candidate
        record = self._record_with_encoder()
        files = self._encoder_files(record)
        seed, several = _seed_of(record), candidate.multi_label
        fresh = load_for_training(files, candidate.labels, seed=seed, fresh_head=True, multi_label=several)
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

    def _splits(self, name: str) -> tuple[Recorded, Recorded]:
        """Return the candidate's own training texts, cleaned, regardless of the dataset used for evaluation.

        Where a text may have several labels, its validation texts too: thresholds are fitted on them, as its own were.
        """
        candidate, record = self.candidate, self.candidate.record
        if record is None or record.dataset is None:
            raise ModelError(f"{candidate.name} does not record its training data", f"leave out --baseline {name}")
        then = record.settings or Settings()
        with scratch_folder() as scratch:
            prepared = recorded_dataset(record, DataSettings(), self.finder, scratch)
            train = self._recorded(prepared, "train", then.data.max_train_samples, then.run.seed)
            if not candidate.multi_label:
                return train, Recorded()
            if "validation" not in prepared.splits:
                log.warning("%s has no validation texts: baselines predict labels from 0.5 on", prepared.name)
                return train, Recorded()
            return train, self._recorded(prepared, "validation", then.data.max_eval_samples, then.run.seed)

    def _recorded(self, prepared: PreparedDataset, split: str, most: int | None, seed: int) -> Recorded:
        """Return the texts of a split that the candidate was trained or chosen on, with its own label ids."""
        candidate = self.candidate
        rows = prepared.subset(split, most, seed, raw_only=True)
        cleaned = ChangedTexts(rows.raw_texts, lambda text: clean_text(text, candidate.cleaning))
        ids = align_labels(prepared.labels, candidate.labels, prepared.name)
        return Recorded(ColumnTexts.of(cleaned), renumbered(rows.labels, ids, len(candidate.labels)))

    def _key(self, name: str, train: Recorded, validation: Recorded) -> str:
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
        if candidate.multi_label:
            seed = [self.seed] if name == "tfidf" else []  # its solver draws by it; that of one label draws nothing
            digest.update(json.dumps(["several labels", len(train), len(validation), *seed]).encode())
            digest.update(validation.labels.tobytes())
        digest.update(train.labels.tobytes())
        for text in chain(validation.texts, train.texts, ["\0"], self.measured.cleaned(candidate.cleaning)):
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        return digest.hexdigest()[:32]


def _seed_of(record: "ModelRecord") -> int:
    return (record.settings or Settings()).run.seed


def _thresholds(probabilities: Probabilities, validation: Recorded) -> Thresholds:
    """Return the probability from which on a baseline predicts each label, fitted as the candidate's own were."""
    even = np.full(probabilities.shape[1], EVEN)
    return fit_thresholds(MultiLabelAnswers(probabilities, validation.labels, even)) if len(validation) else even


# --- cache --------------------------------------------------------------------------------------------------


def _keep(place: Path, found: Predicted) -> None:
    """Keep what a baseline predicts; where a text may have several labels, with the thresholds as a last row."""
    file = place.with_suffix(".npy")
    try:
        refuse_all_but_folder(place.parent, "choose another place")
        place.parent.mkdir(parents=True, exist_ok=True)
        rows = found.probabilities
        if found.thresholds is not None:
            rows = np.vstack([rows, found.thresholds.astype(rows.dtype)])
        with replacing(file) as part:
            np.save(part, rows, allow_pickle=False)
        rounded = {name: cost and round(cost, 3) for name, cost in vars(found.costs).items()}
        kept = KeptBaseline(sha256=sha256(file), **rounded)
        write_json(place.with_suffix(".json"), kept.model_dump(mode="json"))
    except (OSError, OutputError) as error:
        log.info("cannot cache the predictions of the baseline: %s", error)


def _read(place: Path, measured: MeasuredTexts, *, several: bool) -> Predicted | None:
    """Return what an earlier run kept; None if there is nothing, or if it is not as it was written."""
    if not place.with_suffix(".json").exists():
        return None
    try:
        kept = read_document(place.with_suffix(".json"), KeptBaseline, ModelError, "")
        if sha256(place.with_suffix(".npy")) != kept.sha256:
            raise ValueError("it was changed")
        shape = (len(measured) + several, len(measured.names))
        array = read_array(place.with_suffix(".npy"), ("<f4", "<f8"), shape)
        if not (np.isfinite(array).all() and (array >= 0).all() and (array <= 1 + ROUNDING).all()):
            raise ValueError("it holds no probabilities")
        if not several and (np.abs(array.sum(axis=1) - 1) > ROUNDING).any():
            raise ValueError("its probabilities do not add up to 1")
    except (ModelError, OSError, ValueError) as error:
        log.info("not using the cached predictions in %s.npy: %s", place, error)
        return None
    costs = Spent(kept.train_seconds, kept.measure_seconds, kept.megabytes)
    return Predicted(array[:-1], costs, array[-1].astype(np.float64)) if several else Predicted(array, costs)
