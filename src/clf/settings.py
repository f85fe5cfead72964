"""Every setting of clf, declared once: a class per section, a field per setting.

The flag, the variable, the TOML key, the help text and the reference page are derived from the fields below:
`train.epochs` is `--epochs`, `CLF_TRAIN__EPOCHS` and `epochs` under `[train]`.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

CONFIG_FILE = Path("clf.toml")
DEFAULT_DATASET = "imdb"
DEFAULT_MODEL = "distilbert-base-uncased"
DEFAULT_MAX_LENGTH = 512

Fraction = Annotated[float, Field(ge=0.0, lt=1.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
PositiveCount = Annotated[int, Field(ge=1)]
AUTO: Literal["auto"] = "auto"
Auto = Literal["auto"]


def _as_list(value: Any) -> Any:
    """Accept one string where a list stands: `text_column = "review"`, `CLF_DATA__TEXT_COLUMN=review`."""
    if isinstance(value, str):
        return json.loads(value) if value.startswith("[") else [value]
    return value


Strings = Annotated[list[str], BeforeValidator(_as_list)]


class Section(BaseModel):
    """A group of settings: frozen values, validated when built, nothing else."""

    # Validators are built when first used: `--help` needs none of them.
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, defer_build=True)

    @classmethod
    def known(cls, recorded: Any) -> Any:
        """Leave out of `recorded` values what this section does not have, as an older or a later clf may write it."""
        if not isinstance(recorded, dict):
            return recorded
        return {name: value for name, value in recorded.items() if name in cls.model_fields}

    def overlaid_on(self, recorded: Self) -> Self:
        """Return `recorded` values, replaced by those that were given explicitly to this section."""
        return recorded.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})


class RunSettings(Section):
    """What every command shares."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 42
    """Seed of splits, samples, the new head and training."""
    offline: bool = False
    """Attempt no connection beyond this machine."""
    overwrite: bool = False
    """Replace what stands at the output."""
    resume: bool = False
    """Go on with an interrupted run of the same settings, data and model; afresh where there is none."""
    output_dir: Path | None = None
    """Folder for the result. [default: named after model and dataset]"""


class DataSettings(Section):
    """Which texts and labels, and how they are split."""

    dataset: Annotated[str | None, Field(min_length=1)] = None
    """imdb, ag_news, synthetic, a Hub id (owner/name), a file or a folder. [default: imdb; to evaluate and
    compare, the dataset of the model's training]"""
    validation: Path | None = None
    """File with the validation split."""
    test: Path | None = None
    """File with the test split."""
    split: Literal["train", "validation", "test"] = "test"
    """Split to measure on."""
    text_column: Strings = []
    """Column with the text, by name or number from 0; repeat it to join several."""
    label_column: str | None = None
    """Column with the label, by name or number from 0."""
    group_column: str | None = None
    """Column by which rows belong together (author, product): a group is never cut in two."""
    label_map: str | None = None
    """Names of labels: 1=World,2=Sports or a JSON or TOML file."""
    no_header: bool = False
    """The first line of the file is data."""
    encoding: str | None = None
    """Encoding of the file. [default: found by looking]"""
    delimiter: str | None = None
    """Delimiter of the file. [default: found by looking]"""
    validation_size: Fraction = 0.1
    """Share of the rows cut off for validation where none is given."""
    test_size: Fraction = 0.1
    """Share of the rows cut off for test where only one split is given."""
    drop_leaks: bool = False
    """Remove from train the texts that stand in validation or test too, and their near duplicates."""
    allow_leak: bool = False
    """Measure even when more than 1 % of the texts were in the model's training data."""
    max_inflation: PositiveCount = 100
    """Refuse a compressed file that grows to more than this many times its size."""
    max_length: Annotated[int | None, Field(ge=4, le=100_000)] = None
    """Tokens per text, the rest is cut. [default: 512, at most what the model can read]"""
    max_train_samples: Annotated[int | None, Field(ge=2)] = None
    """Train on this many texts, stratified."""
    max_eval_samples: Annotated[int | None, Field(ge=2)] = None
    """Measure on this many texts, for validation and test each, stratified."""

    @property
    def columns(self) -> list[str]:
        """The columns that are named."""
        named = [*self.text_column, self.label_column, self.group_column]
        return [name for name in named if name is not None]


class CleaningSettings(Section):
    """The cleaning steps, stored with the model and applied again wherever it reads texts."""

    unescape_entities: bool = True
    """Turn HTML entities into characters, at most twice."""
    strip_html: bool = True
    """Replace tags of HTML elements by a space."""
    remove_urls: bool = True
    """Remove web addresses."""
    normalize_unicode: bool = True
    """Compose characters (Unicode NFC)."""
    drop_control: bool = True
    """Drop control and invisible characters."""
    collapse_spaces: bool = True
    """Make each run of white space one space."""
    tidy_punctuation: bool = True
    """Shorten long runs of one punctuation mark."""


class ComputeSettings(Section):
    """Where and how numbers are computed."""

    device: Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")] = "auto"
    """auto, cpu, cuda, cuda:N or mps."""
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """Number format of the matrix products; auto takes the fastest that is safe here."""


class TrainSettings(Section):
    """The recipe of fine-tuning."""

    model: Annotated[str, Field(min_length=1)] = DEFAULT_MODEL
    """Pre-trained encoder: Hub id or folder."""
    revision: str | None = None
    """Branch, tag or commit of the encoder on the Hub."""
    epochs: Annotated[int, Field(ge=1, le=10_000)] | Auto = AUTO
    """Passes over the training split; auto takes 3, and of few texts as many as give enough steps."""
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 16
    """Texts per optimizer step."""
    learning_rate: Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)] | Auto = AUTO
    """Peak learning rate of AdamW; auto takes what suits the encoder, 2e-5 for DistilBERT."""
    weight_decay: Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)] = 0.01
    """Weight decay of AdamW."""
    warmup_steps: Annotated[int, Field(ge=0)] | Auto = AUTO
    """Steps of linear warm-up; auto takes 500, at most a tenth of the run."""
    attention_dropout: Literal["auto", "keep", "off"] = "auto"
    """Dropout on attention weights; auto is off on CPU, where it triples the step."""
    fast_dropout: bool = True
    """Draw the masks of dropout with a faster generator, on a CPU."""
    fast_attention: bool = True
    """Compute attention text by text while training on a CPU, where the architecture allows."""
    gradient_accumulation: PositiveCount = 1
    """Read the texts of a step in this many parts, for less memory; the result is the same but for rounding."""
    class_weights: Literal["none", "balanced"] = "none"
    """balanced: errors on a rare class count more, by texts / (classes x texts of the class)."""
    label_smoothing: Fraction = 0.0
    """Share of the target spread evenly over all classes."""
    truncation: Literal["head", "tail", "head-tail"] = "head"
    """Which part of a text that is too long is read; head-tail is a quarter from the beginning, the rest from the
    end."""
    head_init: Literal["auto", "random", "probe"] = "auto"
    """Start of a fresh head: drawn at random, or fitted on the frozen encoder; auto fits where texts are few."""
    eval_steps: PositiveCount | Literal["epoch"] | Auto = AUTO
    """Steps between two evaluations; auto takes an epoch, and several where they are short."""
    select_by: Literal["auto", "macro_f1", "log_loss", "last"] = "auto"
    """Which evaluation's weights are kept; auto takes macro F1, of few validation texts the log loss, of very few
    the last."""
    early_stopping_patience: PositiveCount = 3
    """Stop after this many evaluations without a better one; never where the last weights are kept."""
    save_steps: Annotated[int | None, Field(ge=1)] = None
    """Save a checkpoint every so many steps, beside those that clf saves when they cost little."""
    deterministic: bool = False
    """Compute so that the same run gives the same bits, also on a GPU, where that costs speed."""
    report_to: Strings = []
    """Tracker to report to: tensorboard, mlflow or wandb; repeat it for several."""
    keep_checkpoints: bool = False
    """Keep the checkpoints after the model is published."""
    no_final_test: bool = False
    """Skip the closing pass over the test split."""
    test_run: bool = False
    """Try everything on a small sample: 64 training texts, 32 to measure on, one
    epoch unless --epochs is given."""


class EvaluateSettings(Section):
    """What evaluate measures beside the usual."""

    positive_label: str | None = None
    """Show precision, recall and F1 of this class too."""
    label_issues: Annotated[int, Field(ge=0)] = 0
    """List the labels that are most likely wrong, this many of them."""
    folds: Annotated[int | None, Field(ge=2, le=20)] = None
    """Look for wrong labels in the training split: train this many times anew, each time leaving out a part."""


class ConfidenceSettings(Section):
    """When the model is sure enough to answer."""

    target_accuracy: Annotated[float | None, Field(gt=0, lt=1)] = None
    """Store the lowest threshold of confidence above which validation shows at least this accuracy, with 95 %
    certainty."""
    target_coverage: Annotated[float | None, Field(gt=0, le=1)] = None
    """Store the threshold of confidence that answers this share of the validation texts."""

    @model_validator(mode="after")
    def _one_target(self) -> "ConfidenceSettings":
        if self.target_accuracy is not None and self.target_coverage is not None:
            raise ValueError("--target-accuracy and --target-coverage were both given: one threshold is stored")
        return self


class ReportSettings(Section):
    """Reports for people and for CI jobs."""

    report: Path | None = None
    """HTML page to write, with everything in it."""
    junit: Path | None = None
    """JUnit XML to write: a case for each rule of the gate."""
    markdown: Path | None = None
    """Markdown to write. On GitHub it is added to the summary of the job too."""


class CompareSettings(Section):
    """Against what the candidate is measured, and what it must reach."""

    baseline: Strings = ["pretrained", "tfidf"]
    """pretrained, majority, tfidf, frozen or a model folder; repeat it for several. All must be beaten."""
    show_baseline: Strings = []
    """A baseline that is shown and never gates; repeat it for several."""
    metric: Literal["macro_f1", "accuracy", "weighted_f1"] = "macro_f1"
    """Metric that decides."""
    min_improvement: Share = 0.0
    """The candidate must be better by more than this."""
    margin: Annotated[float | None, Field(gt=0, le=1)] = None
    """Being worse by less than this will do."""
    min_accuracy: Annotated[float | None, Field(ge=0, le=1)] = None
    """Accuracy the candidate must reach."""
    min_f1: Annotated[float | None, Field(ge=0, le=1)] = None
    """Macro F1 the candidate must reach."""
    max_ece: Annotated[float | None, Field(ge=0, le=1)] = None
    """Calibration error the candidate may have at most."""
    min_class_recall: Annotated[float | None, Field(ge=0, le=1)] = None
    """Recall the candidate must reach in every class."""
    on_inconclusive: Literal["pass", "fail"] = "fail"
    """What a comparison that settles nothing means for the exit code: 0, or 4."""
    examples: Annotated[int, Field(ge=0, le=1000)] = 3
    """Texts to show with the answers of both models."""


class PredictSettings(Section):
    """How predictions are given."""

    threshold: Annotated[float | None, Field(ge=0, le=1)] = None
    """Answer `abstain` below this confidence. [default: the model's own]"""
    all_scores: bool = False
    """Add the probability of every class."""


class ExportSettings(Section):
    """How a model leaves clf."""

    format: Literal["onnx"] = "onnx"
    """onnx, for ONNX Runtime and whatever else reads it."""
    int8: bool = False
    """Store the matrices as 8-bit integers: smaller and faster, and refused when it costs more than --margin."""


class DemoSettings(Section):
    """The demonstration on synthetic reviews."""

    model: str | None = None
    """Encoder to fine-tune. [default: all-MiniLM-L6-v2 when its package is installed, else a small fresh one]"""
    rows: Annotated[int, Field(ge=20, le=2000)] = 100
    """Reviews to generate."""


class DownloadSettings(Section):
    """How the Hub is asked."""

    download_timeout: Annotated[int, Field(ge=1, le=86_400)] = 60
    """Seconds without progress before a download is given up."""


class Settings(Section):
    """What one run was asked to do. Building one reads neither files nor the environment."""

    run: RunSettings = Field(default_factory=RunSettings)
    data: DataSettings = Field(default_factory=DataSettings)
    cleaning: CleaningSettings = Field(default_factory=CleaningSettings)
    compute: ComputeSettings = Field(default_factory=ComputeSettings)
    train: TrainSettings = Field(default_factory=TrainSettings)
    evaluate: EvaluateSettings = Field(default_factory=EvaluateSettings)
    confidence: ConfidenceSettings = Field(default_factory=ConfidenceSettings)
    compare: CompareSettings = Field(default_factory=CompareSettings)
    report: ReportSettings = Field(default_factory=ReportSettings)
    predict: PredictSettings = Field(default_factory=PredictSettings)
    export: ExportSettings = Field(default_factory=ExportSettings)
    demo: DemoSettings = Field(default_factory=DemoSettings)
    download: DownloadSettings = Field(default_factory=DownloadSettings)


def flag(name: str) -> str:
    """Return the flag of a setting."""
    return f"--{name.replace('_', '-')}"


def section_type(section: str) -> type[Section]:
    """Return the class of a section."""
    kind: Any = Settings.model_fields[section].annotation
    return cast("type[Section]", kind)
