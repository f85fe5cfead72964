"""The result of `clf predict`."""

from dataclasses import dataclass

from pydantic import Field

from clf.outcomes.base import Json, Outcome


@dataclass(frozen=True)
class Prediction:
    """The prediction for one text: its label (`abstain` below the threshold), or an error.

    Where a text may have several labels, `label` joins them with `|`, and is empty if there are none.
    """

    label: str
    confidence: float | None
    scores: dict[str, float]
    error: str = ""
    label_set: tuple[str, ...] | None = None
    """The labels of the text if it may have several; otherwise None."""

    @property
    def labels(self) -> list[str]:
        """All labels of the text: a single one, unless the model gives several or none; none if there is an error."""
        if self.label_set is not None:
            return list(self.label_set)
        return [self.label] if self.label else []


class LabelledText(Outcome):
    """The prediction for one text; no label and no confidence if there is an error.

    Where a text may have several labels, `label` is the list of them.
    """

    text: str
    label: str | list[str]
    confidence: float | None
    scores: dict[str, float]
    error: str

    @classmethod
    def of(cls, text: str, answer: Prediction) -> "LabelledText":
        """Return the prediction for a text as JSON shows it."""
        label = answer.label if answer.label_set is None else answer.labels
        return cls(text=text, label=label, confidence=answer.confidence, scores=answer.scores, error=answer.error)


class PredictResult(Outcome):
    """The output of `clf predict --json`; `predictions` only for texts on the command line. Times exclude loading."""

    rows: int
    abstained: int
    errors: int
    seconds: float
    texts_per_second: float
    output: str | None
    predictions: list[LabelledText] = Field(default_factory=list)

    def as_json(self, *, without: set[str] | None = None) -> Json:
        """Return a JSON object, with `predictions` only if the texts came from the command line."""
        nothing = set() if "predictions" in self.model_fields_set else {"predictions"}
        return super().as_json(without=nothing | (without or set()))
