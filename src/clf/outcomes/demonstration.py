"""What `clf demo` showed."""

from clf.outcomes.base import Json, Outcome
from clf.outcomes.comparison import CompareResult
from clf.outcomes.training import TrainResult


class DemoResult(Outcome):
    """`clf demo --json`: the training, and the comparison of before and after."""

    training: TrainResult
    comparison: CompareResult

    def as_json(self, *, without: set[str] | None = None) -> Json:
        """Return train's result, and the comparison beside it."""
        return {**self.training.as_json(), "comparison": self.comparison.as_json(without={"output_dir"})}
