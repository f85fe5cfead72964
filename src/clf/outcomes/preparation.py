"""The result of `clf prepare`: the audit of the data."""

from pydantic import BaseModel, ConfigDict

from clf.outcomes.base import Json, Outcome


class Conflict(Outcome):
    """One of several identical or near-duplicate texts with different labels."""

    split: str
    line: int
    label: str
    text: str


class LargeCluster(Outcome):
    """A cluster of near duplicates that is too large to be split like the others, with its first line and text."""

    rows: int
    line: int
    text: str


class Leaks(Outcome):
    """The number of texts that appear in two of the final splits, under `a_in_b`."""

    exact: dict[str, int]
    near: dict[str, int]


class TokenQuantiles(Outcome):
    """The median, 95th percentile and maximum of tokens per text."""

    median: int
    p95: int
    max: int


class Lengths(Outcome):
    """Lengths of the training texts in tokens, counted with the tokenizer of `model`."""

    model: str
    measured_texts: int
    share_longer_than: dict[str, float]
    share_of_tokens_cut_at: dict[str, float]
    histogram: dict[str, int]
    tokens: TokenQuantiles


class ColumnUse(Outcome):
    """What a column of the file is used for, and why."""

    name: str
    role: str
    reason: str


class SetsOfLabels(Outcome):
    """What the sets of labels are like where a text may have several; labels are judged by the training texts.

    `labels_per_text` counts the texts of each split by their number of labels, "0" for none. `rare` has the labels of
    few texts with their number, `of_nearly_all` those of nearly all texts with their share, and `always_together` the
    labels that the same texts have.
    """

    labels_per_text: dict[str, dict[str, int]]
    mean_labels_per_text: dict[str, float]
    different_sets: int
    rare: dict[str, int]
    of_nearly_all: dict[str, float]
    always_together: list[list[str]]


class Audit(BaseModel):
    """The audit of a dataset, as stored in `audit.json`; one from an earlier version of clf may lack newer fields."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    text_columns: list[str] = []
    label_column: str | None = None
    ignored_columns: dict[str, str] = {}
    columns: list[ColumnUse] = []
    rows_read: dict[str, int] = {}
    labels: list[str] = []
    duplicates: dict[str, int] = {}
    leaks: dict[str, int] = {}
    conflicting: int = 0
    duplicates_after_cleaning: dict[str, int] = {}
    leaks_after_cleaning: dict[str, int] = {}
    conflicting_after_cleaning: int = 0
    near_duplicates: dict[str, int] = {}
    near_leaks: dict[str, int] = {}
    near_conflicting: int = 0
    conflicts: list[list[Conflict]] = []
    dropped: dict[str, int] = {}
    dropped_lines: dict[str, dict[str, list[int]]] = {}
    changed_by_cleaning: dict[str, int] = {}
    odd_characters: dict[str, int] = {}
    suspicious_columns: dict[str, float] = {}
    groups_in_two_splits: int | None = None
    truncated: Lengths | None = None
    clusters_cut: list[LargeCluster] = []
    clusters_in_train: list[LargeCluster] = []
    leaks_after_split: Leaks | None = None
    rows: dict[str, int] = {}
    classes: dict[str, dict[str, int]] = {}
    sets_of_labels: SetsOfLabels | None = None
    """None where each text has one label."""

    def as_json(self) -> Json:
        """Return the audit as a JSON object, without fields that were not computed."""
        return self.model_dump(exclude_unset=True)


class PreparedAudit(Audit):
    """What `clf prepare --json` prints: the audit, and the folder of the prepared dataset."""

    output_dir: str


class PrepareResult(Outcome):
    """The name, audit and folder of the prepared dataset."""

    name: str
    audit: Audit
    output_dir: str

    def as_json(self, *, without: set[str] | None = None) -> Json:
        """Return the audit as a JSON object, with the dataset folder added."""
        return {**self.audit.as_json(), "output_dir": self.output_dir}
