"""What `clf predict` gave."""

from pydantic import Field

from clf.outcomes.base import Json, Outcome


class LabelledText(Outcome):
    """The answer for one text; no label and no confidence where there is an error."""

    text: str
    label: str
    confidence: float | None
    scores: dict[str, float]
    error: str


class PredictResult(Outcome):
    """`clf predict --json`; `predictions` only for texts of the command line. Times are without loading."""

    rows: int
    abstained: int
    errors: int
    seconds: float
    texts_per_second: float
    output: str | None
    predictions: list[LabelledText] = Field(default_factory=list)

    def as_json(self, *, without: set[str] | None = None) -> Json:
        """Return what `json.dumps` takes, `predictions` only where texts were given one by one."""
        nothing = set() if "predictions" in self.model_fields_set else {"predictions"}
        return super().as_json(without=nothing | (without or set()))
