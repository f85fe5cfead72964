"""`clf.json`, the record in each model folder: written when the model is published, read when it is used."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from clf.data.reading.label_form import LabelForm
from clf.errors import ModelError
from clf.outcomes.base import Metrics
from clf.settings import CleaningSettings, DataSettings, Settings, TrainSettings, section_type
from clf.settings_types import AUTO
from clf.storage.documents import SchemaVersion, load_document, validated, what_is_wrong, without_nothing
from clf.storage.names import Cleaning, Count, DatasetText, Hash, Labels, PathText, PlainName, Seconds, SplitFile
from clf.storage.result_folders import MODEL_FILE, MODELS
from clf.storage.writing import write_json

RESTORE = "train the model again, or restore the file"

VERSION_0_1: dict[str, Any] = {
    "learning_rate": 2e-5, "epochs": 3, "warmup_steps": 500, "eval_steps": "epoch", "select_by": "macro_f1",
    "head_init": "random",
}  # fmt: skip
"""The values that version 0.1 used where the default is now auto; the last three were not settings yet."""

SHORTEST, LONGEST = 4, 100_000
"""The bounds of `--max-length`."""
Temperature = Annotated[float, Field(gt=1e-3, lt=1e3, strict=True)]
Share = Annotated[float, Field(ge=0, le=1, strict=True)]


class Recorded(BaseModel):
    """A part of a record; fields added by later versions are kept but ignored."""

    model_config = ConfigDict(
        extra="allow", frozen=True, use_attribute_docstrings=True, defer_build=True, allow_inf_nan=False
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_the_default(cls, value: Any) -> Any:
        """Replace null, which was written for unknown values, with the default."""
        return without_nothing(value)


class BaseModelRecord(Recorded):
    """The encoder that a model was made from."""

    name: PathText
    revision: PathText | None = None
    origin: str = ""
    folder: PathText | None = None
    """Its path, if it was loaded from a local folder."""


class DatasetRecord(Recorded):
    """The dataset that a model was trained with, and how it was split."""

    name: PlainName
    origin: DatasetText
    fingerprint: str
    files: dict[SplitFile, Hash]
    data: DataSettings
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    prepared: PathText
    """The folder of the prepared dataset."""
    dataset: DatasetText | None = None
    """The value of `--dataset` as it was typed."""
    text_columns: list[str] = []
    label_column: str | None = None
    """The column with the labels; none if they are one-hot columns, or in the names of folders."""
    rows_generated: Count | None = None
    label_form: LabelForm | None = None
    """How the labels of a text are written, if it may have several."""

    @field_validator("data", mode="before")
    @classmethod
    def _of_today(cls, value: Any) -> Any:
        return DataSettings.known(value)


class CalibrationRecord(Recorded):
    """The result of temperature calibration."""

    value: Temperature = 1.0
    rows: Count = 0
    errors: Count = 0
    before: dict[str, float] = {}
    after: dict[str, float] = {}
    reason: str | None = None
    """Why the model was not calibrated."""


class LabelCalibrationRecord(Recorded):
    """The result of calibrating each label where a text may have several: a scale and a bias for each, by its name."""

    scales: dict[str, Annotated[float, Field(gt=0, lt=1e3)]] = {}
    biases: dict[str, Annotated[float, Field(gt=-1e3, lt=1e3)]] = {}
    shared: list[str] = []
    """The labels with too few texts for values of their own."""
    rows: Count = 0
    before: dict[str, float] = {}
    after: dict[str, float] = {}
    reason: str | None = None
    """Why the model was not calibrated."""


class AbstentionRecord(Recorded):
    """How the threshold was chosen."""

    aim: dict[str, float] | None = None
    threshold: Share | None = None
    validation: dict[str, int | float | list[float] | None] | None = None
    """Its effect on the validation split."""


class MetricsRecord(Recorded):
    """The metrics of a model after training."""

    validation: Metrics = {}
    test: Metrics | None = None


class ComputeRecord(Recorded):
    """The device that a model was trained on, and the options chosen for that machine."""

    device: str = ""
    precision: str = ""
    attention_dropout: bool = True
    threads: Count = 0
    optimizer: str = ""
    batches: str = ""


class ExportRecord(Recorded):
    """The measurements made when a model was exported, and the files that it was exported from."""

    versions: dict[str, str] = {}
    original_files: dict[str, str] | None = None


class ModelRecord(Recorded):
    """The contents of `clf.json`.

    Version 0.1 wrote no `recipe`. An export of a model made by another tool lacks most fields.
    """

    schema_version: SchemaVersion
    clf_version: str = ""
    created: str = ""
    base_model: BaseModelRecord | None = None
    labels: Labels = []
    max_length: Annotated[int, Field(ge=SHORTEST, le=LONGEST, strict=True)] | None = None
    truncation: Literal["head", "tail", "head-tail"] = "head"
    cleaning: Cleaning = Field(default_factory=CleaningSettings)
    dataset: DatasetRecord | None = None
    rows: dict[str, Count] = {}
    recipe: dict[str, str | int | float] | None = None
    """The values that `auto` resolved to, keyed by the name of the setting."""
    compute: ComputeRecord = Field(default_factory=ComputeRecord)
    versions: dict[str, str] = {}
    settings: Settings | None = None
    temperature: Temperature = 1.0
    calibration: CalibrationRecord | None = None
    threshold: Share | None = None
    thresholds: dict[str, Share] | None = None
    """The probability from which on each label is predicted, if a text may have several; otherwise none."""
    label_calibration: LabelCalibrationRecord | None = None
    abstention: AbstentionRecord | None = None
    metrics: MetricsRecord = Field(default_factory=MetricsRecord)
    train_seconds: Seconds | None = None
    epochs: Seconds | None = None
    steps: Count | None = None
    readme: Hash | None = None
    """The SHA-256 of README.md as it was written, to tell whether its user edited it; version 0.1 recorded none."""
    files: dict[PlainName, Hash] = {}
    """The SHA-256 of each file, keyed by its name."""
    export: ExportRecord | None = None
    _written: dict[str, JsonValue] = PrivateAttr(default_factory=dict)

    @field_validator("settings", mode="before")
    @classmethod
    def _of_today(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        known = {name: given for name, given in value.items() if name in Settings.model_fields}
        return {name: section_type(name).known(given) for name, given in known.items()}

    @field_validator("recipe")
    @classmethod
    def _of_settings(cls, value: dict[str, str | int | float] | None) -> dict[str, str | int | float] | None:
        """Check the values that stand for settings; the recipe holds others too."""
        chosen = {name: given for name, given in (value or {}).items() if name in VERSION_0_1}
        try:
            TrainSettings.model_validate(chosen)
        except ValidationError as error:
            raise ValueError(what_is_wrong(error)) from error
        return value

    def with_values(self, **changes: Any) -> "ModelRecord":
        """Return the record with some values changed; everything else stays as it was read, ignored fields too."""
        changed = self.model_copy(update=changes)
        changed._written = {**self.as_json(), **changed.model_dump(mode="json", include=set(changes))}
        return changed

    def as_json(self) -> dict[str, JsonValue]:
        """Return the contents of `clf.json`: as it was read; otherwise all fields after training, or only those set."""
        if self._written:
            return dict(self._written)
        found = set(type(self).model_fields) - {"export"} if self.settings else self.model_fields_set
        of_labels = {"thresholds", "label_calibration"}
        found = found - of_labels if self.thresholds is None else found - {"temperature", "calibration"}
        values: dict[str, JsonValue] = self.model_dump(mode="json", include=found)
        return values

    @property
    def train(self) -> TrainSettings:
        """The [train] settings that the model was trained with, with each `auto` replaced by its value."""
        train = (self.settings or Settings()).train
        known = VERSION_0_1 if self.recipe is None else self.recipe
        chosen = {name: known[name] for name in VERSION_0_1 if name in known}
        if self.recipe is None:
            chosen = {name: value for name, value in chosen.items() if getattr(train, name) == AUTO}
        return train.model_copy(update=chosen)


def newest_model() -> Path:
    """Return the newest model folder under `trained_models/`; a test run only if there is no other model."""
    found = models_here()
    if not found:
        raise ModelError(f"no model given, and none under {MODELS}/", "train one first: clf train --dataset FILE")
    return found[0]


def models_here() -> list[Path]:
    """Return the model folders under `trained_models/`, newest first, test runs last."""
    found = [path.parent for path in MODELS.glob(f"*/{MODEL_FILE}") if not path.parent.name.startswith(".")]

    def age(folder: Path) -> tuple[bool, int]:
        return folder.name.endswith("_test_run"), -(folder / MODEL_FILE).stat().st_mtime_ns

    return sorted(found, key=age)


def read_model_record(folder: Path) -> ModelRecord | None:
    """Read the `clf.json` of a model folder; return None if there is none, as for a model made by another tool.

    Raises ModelError when it is damaged or has a later schema.
    """
    path = folder / MODEL_FILE
    if not path.exists():
        return None
    written = load_document(path, ModelError, RESTORE)
    record = validated(path, written, ModelRecord, ModelError, RESTORE)
    record._written = written
    return record


def write_model_record(folder: Path, record: ModelRecord) -> None:
    """Write `clf.json`."""
    write_json(folder / MODEL_FILE, record.as_json())
