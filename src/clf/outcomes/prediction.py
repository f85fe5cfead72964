"""The result of `clf predict`."""

from pydantic import Field

from clf.outcomes.base import Json, Outcome


class LabelledText(Outcome):
    """The prediction for one text; no label and no confidence if there is an error."""

    text: str
    label: str
    confidence: float | None
    scores: dict[str, float]
    error: str


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
