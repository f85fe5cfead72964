"""How the labels of a dataset are written in its cells: found in train, and held for its other files."""

from collections.abc import Collection
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


class LabelForm(BaseModel):
    """What divides a cell into labels, where a text may have several."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)

    notation: str | None = None
    """`braces`, `brackets`, `angles` or `lines`, if cells are lists without quotes; otherwise none."""
    separator: str | None = None
    """What stands between the labels of a cell; none if they are not joined."""
    vectors: bool = False
    """Whether cells are lists of zeros and ones, with a place for each label."""


@dataclass(frozen=True)
class TrainedLabels:
    """What is known of the labels where a model is measured that predicts several for a text."""

    form: LabelForm | None
    """How those of its training are written; none if its record does not tell."""
    names: Collection[str]
