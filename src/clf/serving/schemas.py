"""The bodies of requests and answers, from which the OpenAPI page is made."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr, model_validator, with_config
from typing_extensions import TypedDict

One = Annotated[list[StrictStr], Field(min_length=1, max_length=1, fail_fast=True)]
"""A text in a list of its own, as clients of Text Embeddings Inference send it in a batch."""
Texts = Annotated[list[StrictStr], Field(min_length=1, fail_fast=True)]
"""Several texts. Without `fail_fast`, an error is made for each of a million numbers, which takes 14 s and 2 GB."""
Batch = Annotated[list[One], Field(min_length=1, fail_fast=True)]


class Body(BaseModel):
    """The base class: fields that are not declared are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class PredictRequest(Body):
    """The texts to label, and how to answer."""

    inputs: StrictStr | Texts | Batch
    """One text, a list of texts, or a list of lists with one text each."""
    raw_scores: StrictBool = False
    """Whether scores are logits instead of probabilities."""
    truncate: StrictBool = True
    """Whether a text that is longer than the model reads is cut, as in training; otherwise it is refused."""
    details: StrictBool = False
    """Whether each text gets an object with its label, confidence and tokens instead of a list of scores."""

    @model_validator(mode="before")
    @classmethod
    def _with_few_errors(cls, given: Any) -> Any:
        """Keep one field of those that are not known: a body may hold a hundred thousand, with an error for each."""
        if not isinstance(given, dict):
            return given
        unknown = next((name for name in given if name not in cls.model_fields), None)
        return {name: value for name, value in given.items() if name in cls.model_fields or name == unknown}

    @property
    def texts(self) -> list[str]:
        """The texts, whichever form they came in."""
        if isinstance(self.inputs, str):
            return [self.inputs]
        return [text if isinstance(text, str) else text[0] for text in self.inputs]


@with_config(extra="forbid")
class LabelScore(TypedDict):
    """One label of a text with its probability, or its logit if raw scores were asked for."""

    label: str
    score: float


@with_config(use_attribute_docstrings=True, extra="forbid")
class TextAnswer(TypedDict):
    """All that the model says of one text."""

    label: str | list[str] | None
    """The label, or `abstain` below the threshold; a list where a text may have several. Null without an answer."""
    confidence: float | None
    """The probability of the label; with several labels, of the whole set. Null without an answer."""
    abstained: bool
    """Whether the confidence is below the threshold of the model."""
    scores: list[LabelScore]
    """All labels, best first."""
    tokens: int
    """How many tokens the model read, special tokens included."""
    tokens_cut: int
    """How many more the text has; the model did not read them."""
    error: str
    """Why there is no label; empty if there is one."""


Scores = list[LabelScore]
PredictAnswer = Scores | list[Scores] | TextAnswer | list[TextAnswer]
"""A list of scores or an object for one text; a list of them for a list of texts."""


class Limits(Body):
    """How much the server accepts."""

    texts: int
    """Texts of one request."""
    characters: int
    """Characters of one request, all texts together."""
    body: int
    """Bytes of one request."""
    queue: int
    """Texts that may wait for the model."""


class Info(Body):
    """The model and the limits of the server."""

    model: str
    labels: list[str]
    multi_label: bool
    """Whether a text may have several labels, or none."""
    max_length: int
    """How many tokens of a text the model reads."""
    threshold: float | None
    """The confidence below which the model abstains; null if it answers every text."""
    thresholds: dict[str, float] | None
    """The probability from which on each label is given; null where a text has one label."""
    device: str
    precision: str
    version: str
    """The version of clf."""
    limits: Limits


class Health(Body):
    """Whether the server works."""

    status: Literal["ok", "ready"]


class ErrorBody(Body):
    """The one form of all errors."""

    error: str
    """What was expected, and what was found."""
    error_type: str
    """The kind of error, in a word."""
    hint: str
    """What to do."""
