"""The rows to evaluate a model on, its predictions for them, and which of them it has seen in training."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clf.data.cleaning import clean_text
from clf.data.text_hashes import seen_in
from clf.data.texts import ChangedTexts
from clf.errors import DataError
from clf.outcomes.base import Metrics, SplitName
from clf.outcomes.preparation import Audit
from clf.scoring.answers import row_slices
from clf.scoring.multi_label import AnyAnswers, answers_with
from clf.settings import CleaningSettings, ComputeSettings
from clf.storage.result_folders import TRAIN_ROWS_FILE

if TYPE_CHECKING:
    from clf.models.classifier import Classifier

LEAK_LIMIT = 0.01
LOOKED_AT = 1000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MeasuredTexts:
    """The rows to evaluate on; `labels` are class ids in the order of `names`.

    Where a text may have several labels, `labels` says which labels each row has, shape (rows, labels).
    """

    dataset: str
    split: SplitName
    raw_texts: Sequence[str]
    labels: NDArray[Any]
    names: list[str]
    audit: Audit = field(default_factory=Audit)

    def __len__(self) -> int:
        return len(self.raw_texts)

    def cleaned(self, cleaning: CleaningSettings) -> Sequence[str]:
        """Return the texts after these cleaning steps, which are done each time a text is read."""
        return ChangedTexts(self.raw_texts, lambda text: clean_text(text, cleaning))


def answers_of(classifier: "Classifier", measured: MeasuredTexts, compute: ComputeSettings) -> AnyAnswers:
    """Run inference on the evaluation texts; the classes are in the order of `measured.names`."""
    from clf.models.compute import choose_compute
    from clf.models.cpu.memory import keep_freed_memory
    from clf.models.inference import probabilities_of
    from clf.progress import track

    keep_freed_memory()
    texts = ChangedTexts(measured.raw_texts, classifier.clean)
    with track(f"evaluating {classifier.name}", len(texts)) as advance:
        probabilities = probabilities_of(classifier, texts, choose_compute(compute), advance)
    order = [classifier.labels.index(name) for name in measured.names]
    for rows in row_slices(len(probabilities), len(order)):
        probabilities[rows] = probabilities[rows][:, order]
    thresholds = classifier.thresholds
    return answers_with(probabilities, measured.labels, None if thresholds is None else thresholds[order])


def cuts_some(classifier: "Classifier", measured: MeasuredTexts) -> bool:
    """Return whether the model reads only a part of some texts, of at most LOOKED_AT of them."""
    from clf.models.tokens import tokenize

    step = max(1, -(-len(measured) // LOOKED_AT))
    texts = [classifier.clean(measured.raw_texts[row]) for row in range(0, len(measured), step)]
    most = classifier.max_length
    return any(len(ids) > most for ids in tokenize(texts, classifier.tokenizer, most + 1))


def find_leaks(classifier: "Classifier", measured: MeasuredTexts, *, allowed: bool) -> NDArray[np.bool_] | None:
    """Return which rows were in the model's training data; None if the model does not record its training texts.

    Raises DataError if more than LEAK_LIMIT of them were, unless `allowed`.
    """
    file = Path(classifier.model.name_or_path) / TRAIN_ROWS_FILE
    if not file.is_file():
        log.warning("%s does not record its training texts, so leaks cannot be detected", classifier.name)
        return None
    leaked = seen_in(measured.cleaned(classifier.cleaning), file)
    if leaked.mean() > LEAK_LIMIT and not allowed:
        raise DataError(
            f"{int(leaked.sum())} of {len(leaked)} evaluation texts were in the training data of {classifier.name}",
            "evaluate on texts it has not seen, or pass --allow-leak",
        )
    return leaked


def without_leaks(answers: AnyAnswers, leaked: NDArray[np.bool_] | None) -> Metrics | None:
    """Return the metrics on the rows the model has not seen; None if it has seen none or all, or if this is unknown."""
    from clf.scoring.metrics import score

    if leaked is None or not leaked.any() or leaked.all():
        return None
    return score(answers.take(~leaked))
