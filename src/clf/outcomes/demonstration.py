"""The result of `clf demo`."""

from clf.outcomes.base import Json, Outcome
from clf.outcomes.comparison import AnyComparison
from clf.outcomes.training import TrainResult


class DemoResult(Outcome):
    """The output of `clf demo --json`: the training result, and a comparison with the encoder before training."""

    training: TrainResult
    comparison: AnyComparison

    def as_json(self, *, without: set[str] | None = None) -> Json:
        """Return the training result as a JSON object, with the comparison added."""
        return {**self.training.as_json(), "comparison": self.comparison.as_json(without={"output_dir"})}
