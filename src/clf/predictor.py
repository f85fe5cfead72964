"""The Predictor, a loaded classifier that labels texts; returned by `clf.load` and used by `clf predict`."""

from collections import deque
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import compress, islice
from pathlib import Path

from clf import processes
from clf.data.preparing.labels import ABSTAIN
from clf.data.reading.batch import WINDOW
from clf.data.reading.column_values import IN_TEXTS
from clf.models.find_and_load import load_model
from clf.outcomes.prediction import Prediction
from clf.processes import World
from clf.progress import Advance
from clf.scoring.answers import Probabilities, confidence_of, predictions_of
from clf.scoring.multi_label import BAR, confidence_in_sets, predicted_labels
from clf.settings import Settings

EMPTY = "empty text"


__all__ = ["Prediction", "Predictor", "load"]


class Predictor:
    """A loaded classifier that labels texts: `clf.load(folder).predict(["a text"])`."""

    def __init__(self, model: str | None, settings: Settings | None = None, world: World = processes.ALONE) -> None:
        from clf.models.compute import choose_compute
        from clf.models.inference import Inference

        self.settings = settings or Settings()
        self.classifier = load_model(
            model,
            max_length=self.settings.data.max_length,
            offline=self.settings.run.offline,
            timeout=self.settings.download.download_timeout,
        )
        self.classifier.given_threshold = self.settings.predict.threshold
        self.inference = Inference(self.classifier, choose_compute(self.settings.compute, world))

    @property
    def labels(self) -> list[str]:
        """The class names, in the order of their ids."""
        return self.classifier.labels

    @property
    def threshold(self) -> float | None:
        """The confidence below which the model abstains; None if it answers every text."""
        return self.classifier.abstains_below

    @property
    def multi_label(self) -> bool:
        """Whether the model gives each text several labels, one or none."""
        return self.classifier.multi_label

    @cached_property
    def no_answer(self) -> str:
        """The label of a text below the threshold: `abstain`, or `(abstain)` if a class has that name."""
        word = ABSTAIN
        while word in self.labels:
            word = f"({word})"
        return word

    def predict(self, texts: Iterable[str | None]) -> list[Prediction]:
        """Clean and label texts; return one prediction per text, in order.

        A text that is None, a mark for none such as `<NA>`, or empty after cleaning gets an error instead of a label.
        """
        if isinstance(texts, str):
            raise TypeError("predict expects a list of texts, found one str")
        return [answer for answers in self.stream(_windows(texts)) for answer in answers]

    def stream(self, windows: Iterable[list[str | None]], advance: Advance | None = None) -> Iterator[list[Prediction]]:
        """Label one window of texts after another, while the next one is read and tokenized.

        `advance` is called with the number of texts just finished.
        """
        waiting: deque[list[str]] = deque()

        def cleaned() -> Iterator[list[str]]:
            for window in windows:
                texts = [self.cleaned(text) for text in window]
                waiting.append(texts)
                usable = [text for text in texts if text]
                if advance:
                    advance(len(texts) - len(usable))
                yield usable

        for probabilities in self.inference.stream(cleaned(), advance):
            yield self.answers(waiting.popleft(), probabilities)

    def cleaned(self, text: str | None) -> str:
        """Return the cleaned text; empty if there is none to label."""
        return "" if _is_missing(text) else self.classifier.clean(str(text))

    def answers(self, texts: list[str], probabilities: Probabilities) -> list[Prediction]:
        """Return one prediction per cleaned text, given the probabilities of those that are not empty.

        `probabilities` has the shape (texts that are not empty, labels).
        """
        rows = iter(zip(probabilities.tolist(), *self._decided(probabilities), strict=True))
        nothing = Prediction("", None, {}, EMPTY, () if self.multi_label else None)
        return [self._prediction(*next(rows)) if text else nothing for text in texts]

    def _decided(self, probabilities: Probabilities) -> tuple[list[float], list[tuple[str, ...]]]:
        """Return the confidence in the answer to each text, and its labels: a single one, or those that it may have."""
        thresholds = self.classifier.thresholds
        if thresholds is None:
            chosen = predictions_of(probabilities).tolist()
            return confidence_of(probabilities).tolist(), [(self.labels[number],) for number in chosen]
        table = predicted_labels(probabilities, thresholds)
        sets = [tuple(compress(self.labels, row)) for row in table.tolist()]
        return confidence_in_sets(probabilities, table).tolist(), sets

    def _prediction(self, scores: list[float], confidence: float, labels: tuple[str, ...]) -> Prediction:
        if self.threshold is not None and confidence < self.threshold:
            labels = (self.no_answer,)
        named = dict(zip(self.labels, scores, strict=True))
        return Prediction(BAR.join(labels), confidence, named, label_set=labels if self.multi_label else None)


def _windows(texts: Iterable[str | None]) -> Iterator[list[str | None]]:
    rest = iter(texts)
    while window := list(islice(rest, WINDOW)):
        yield window


def _is_missing(text: object) -> bool:
    """Return whether there is no text: None, NaN, which does not equal itself, or a mark that preparing drops too."""
    return text is None or text != text or (isinstance(text, str) and text in IN_TEXTS)


def load(model: str | Path, settings: Settings | None = None) -> Predictor:
    """Load a fine-tuned or exported classifier from its folder, or by its Hub id.

    `settings` hold the options that the command line has flags for, such as device, precision, threshold and offline.
    Raises ModelError when the model is not a classifier or is incomplete.
    """
    return Predictor(str(model), settings)
