"""The Predictor, a loaded classifier that labels texts; returned by `clf.load` and used by `clf predict`."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from clf import processes
from clf.data.preparing.labels import ABSTAIN
from clf.data.reading.batch import WINDOW
from clf.data.reading.column_values import IN_TEXTS
from clf.models.find_and_load import load_model
from clf.processes import World
from clf.progress import Advance
from clf.scoring.answers import Probabilities, confidence_of, predictions_of
from clf.settings import Settings

EMPTY = "empty text"


@dataclass(frozen=True)
class Prediction:
    """The prediction for one text: its label (`abstain` below the threshold), or an error."""

    label: str
    confidence: float | None
    scores: dict[str, float]
    error: str = ""


class Predictor:
    """A loaded classifier that labels texts: `clf.load(folder).predict(["a text"])`."""

    def __init__(self, model: str, settings: Settings | None = None, world: World = processes.ALONE) -> None:
        from clf.models.compute import choose_compute
        from clf.models.inference import Inference

        self.settings = settings or Settings()
        self.classifier = load_model(
            model,
            max_length=self.settings.data.max_length,
            offline=self.settings.run.offline,
            timeout=self.settings.download.download_timeout,
        )
        self.inference = Inference(self.classifier, choose_compute(self.settings.compute, world))
        given = self.settings.predict.threshold
        record = self.classifier.record
        self.threshold = given if given is not None or record is None else record.threshold

    @property
    def labels(self) -> list[str]:
        """The class names, in the order of their ids."""
        return self.classifier.labels

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
                texts = ["" if _is_missing(text) else self.classifier.clean(str(text)) for text in window]
                waiting.append(texts)
                usable = [text for text in texts if text]
                if advance:
                    advance(len(texts) - len(usable))
                yield usable

        for probabilities in self.inference.stream(cleaned(), advance):
            yield self._answers(waiting.popleft(), probabilities)

    def _answers(self, texts: list[str], probabilities: Probabilities) -> list[Prediction]:
        sure, chosen = confidence_of(probabilities).tolist(), predictions_of(probabilities).tolist()
        rows = iter(zip(probabilities.tolist(), sure, chosen, strict=True))
        return [self._prediction(*next(rows)) if text else Prediction("", None, {}, EMPTY) for text in texts]

    def _prediction(self, scores: list[float], confidence: float, chosen: int) -> Prediction:
        abstains = self.threshold is not None and confidence < self.threshold
        label = self.no_answer if abstains else self.labels[chosen]
        return Prediction(label, confidence, dict(zip(self.labels, scores, strict=True)))


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
