"""Every setting of clf, declared once: a class per section, a field per setting.

Flags, environment variables, TOML keys, help texts and the reference page are generated from the fields below:
`train.epochs` is `--epochs`, `CLF_TRAIN__EPOCHS` and `epochs` under `[train]`.
"""

from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import Field, field_validator, model_validator

from clf.settings_types import AUTO, Auto, Fraction, PositiveCount, Section, Share, Strings, from_home

DEFAULT_DATASET = "imdb"
DEFAULT_MODEL = "distilbert-base-uncased"
DEFAULT_MAX_LENGTH = 512


class RunSettings(Section):
    """Settings that all commands share."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 42
    """Random seed for splitting, choosing subsets, initialising the new head, and training."""
    offline: bool = False
    """Make no network connections beyond this machine."""
    overwrite: bool = False
    """Replace whatever is already at the output path."""
    resume: bool = False
    """Resume an interrupted run with the same settings, data and model; start from scratch if there is none."""
    output_dir: Path | None = None
    """Output folder. [default: named after the model and the dataset]"""

    _from_home = field_validator("output_dir")(from_home)


class DataSettings(Section):
    """Which texts and labels to use, and how to split them."""

    dataset: Annotated[str | None, Field(min_length=1)] = None
    """Dataset: imdb, ag_news, synthetic, a Hub id (owner/name), a file, a folder or sqlite:///FILE?table=NAME.
    [default: imdb; for evaluate, compare and export, the dataset that the model was trained on]"""
    validation: Path | None = None
    """File with the validation split."""
    test: Path | None = None
    """File with the test split."""
    split: Literal["train", "validation", "test"] = "test"
    """Split to evaluate on."""
    text_column: Strings = []
    """Column with the text, by name or by number counting from 0; repeat the flag to join several columns."""
    label_column: str | None = None
    """Column with the label, by name or by number counting from 0."""
    group_column: str | None = None
    """Column that groups rows (author, product); all rows of a group stay in the same split."""
    ignore_column: Strings = []
    """Column to use for nothing, neither text, label, split nor annotation; repeat the flag for several."""
    multi_label: bool | None = None
    """Whether a text may have several labels, or none. [default: found from the data; no in synthetic reviews]"""
    label_map: str | None = None
    """Names for the labels: 1=World,2=Sports, or a JSON or TOML file."""
    unlabelled: Strings = []
    """Label that means that a row has none, such as -1; repeat the flag for several. Those rows are left out."""
    no_header: bool = False
    """The file has no header: its first line is data."""
    encoding: str | None = None
    """Character encoding of the file. [default: detected]"""
    delimiter: str | None = None
    """Column delimiter of the file. [default: detected]"""
    quote: Annotated[str | None, Field(min_length=1, max_length=1)] = None
    """Quote character of the file. [default: detected]"""
    escape: Annotated[str | None, Field(min_length=1, max_length=1)] = None
    """Character before a quote inside a quoted cell; otherwise quotes are doubled. [default: detected]"""
    validation_size: Fraction = 0.1
    """Share of the training rows to split off for validation if the dataset has no validation split."""
    test_size: Fraction = 0.1
    """Share of the training rows to split off for test if the dataset has only one split."""
    drop_leaks: bool = False
    """Remove training texts that also appear in validation or test, exactly or as near duplicates."""
    allow_leak: bool = False
    """Evaluate even if more than 1 % of the texts were in the model's training data."""
    max_inflation: PositiveCount = 100
    """Refuse a compressed file that expands to more than this many times its size."""
    max_length: Annotated[int | None, Field(ge=4, le=100_000)] = None
    """Maximum tokens per text; longer texts are truncated. [default: the
    length of training, for which it is 512, or the model's limit if that is lower]"""
    max_train_samples: Annotated[int | None, Field(ge=2)] = None
    """Train on at most this many texts, stratified by class."""
    max_eval_samples: Annotated[int | None, Field(ge=2)] = None
    """Evaluate on at most this many texts of each split, stratified by class."""

    @property
    def columns(self) -> list[str]:
        """The columns that the settings name."""
        return list(filter(None, [*self.text_column, *self.ignore_column, self.label_column, self.group_column]))


class CleaningSettings(Section):
    """Cleaning steps for the texts. They are stored with the model and applied to every text it reads."""

    unescape_entities: bool = True
    """Decode HTML entities, at most twice."""
    strip_html: bool = True
    """Replace the tags of HTML elements with a space."""
    remove_urls: bool = True
    """Remove URLs."""
    normalize_unicode: bool = True
    """Normalise characters to Unicode NFC (composed form)."""
    drop_control: bool = True
    """Remove control characters and invisible characters."""
    collapse_spaces: bool = True
    """Collapse each run of white space into one space."""
    tidy_punctuation: bool = True
    """Shorten long runs of the same punctuation mark."""


class ComputeSettings(Section):
    """The device and the precision to compute with."""

    device: Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")] = "auto"
    """Device to compute on: auto, cpu, cuda, cuda:N or mps."""
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """Number format for matrix products; auto picks the fastest one that is safe on this machine."""


class TrainSettings(Section):
    """How to fine-tune the encoder."""

    model: Annotated[str, Field(min_length=1)] = DEFAULT_MODEL
    """Pre-trained encoder to fine-tune: a Hub id or a folder."""
    revision: str | None = None
    """Branch, tag or commit of the encoder on the Hub."""
    epochs: Annotated[int, Field(ge=1, le=10_000)] | Auto = AUTO
    """Passes over the training split; auto is 3, or more for a small dataset, so that there are enough steps."""
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 16
    """Texts per optimizer step."""
    learning_rate: Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)] | Auto = AUTO
    """Peak learning rate of AdamW; auto picks the rate that suits the encoder (2e-5 for DistilBERT)."""
    weight_decay: Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)] = 0.01
    """Weight decay of AdamW."""
    warmup_steps: Annotated[int, Field(ge=0)] | Auto = AUTO
    """Number of linear warm-up steps; auto is 500, but at most a tenth of the run."""
    attention_dropout: Literal["auto", "keep", "off"] = "auto"
    """Dropout on the attention weights; auto turns it off on a CPU, where it triples the time per step."""
    fast_dropout: bool = True
    """Speed up training on a CPU by drawing dropout masks with a faster random number generator."""
    fast_attention: bool = True
    """Speed up training on a CPU by computing attention a few texts at a time, if the architecture allows it."""
    gradient_accumulation: PositiveCount = 1
    """Process the texts of each step in this many parts, to save memory; the result is the same up to rounding."""
    class_weights: Literal["none", "balanced"] = "none"
    """balanced makes errors on rare classes count more: the weight of a class is texts / (classes x its texts)."""
    label_smoothing: Fraction = 0.0
    """Share of the target probability that is spread evenly over all classes."""
    truncation: Literal["head", "tail", "head-tail"] = "head"
    """Which part of a text longer than --max-length to keep: the beginning (head), the end (tail), or a quarter from
    the beginning and the rest from the end (head-tail)."""
    head_init: Literal["auto", "random", "probe"] = "auto"
    """How to initialise the new head: random, or probe (fitted on the frozen encoder); auto is probe for few texts."""
    eval_steps: PositiveCount | Literal["epoch"] | Auto = AUTO
    """Steps between evaluations; auto evaluates once per epoch, or once every few epochs if they are short."""
    select_by: Literal["auto", "macro_f1", "average_precision", "log_loss", "last"] = "auto"
    """Which evaluation's weights to keep: the best by a metric, or the last. auto uses macro_f1 (average_precision with
    several labels per text), log_loss with few validation texts, and last with very few."""
    early_stopping_patience: PositiveCount = 3
    """Stop after this many evaluations without improvement; ignored if the last weights are kept (--select-by last)."""
    save_steps: Annotated[int | None, Field(ge=1)] = None
    """Save a checkpoint every N steps, in addition to those that clf saves when saving is cheap."""
    deterministic: bool = False
    """Make repeated runs give bit-identical results, also on a GPU, where this costs speed."""
    report_to: Strings = []
    """Tracker to report to: tensorboard, mlflow or wandb; repeat the flag for several."""
    keep_checkpoints: bool = False
    """Keep the checkpoints after the finished model is saved."""
    no_final_test: bool = False
    """Skip the final evaluation on the test split."""
    test_run: bool = False
    """Try out the whole run on a small sample: 64 training texts, 32 validation and 32 test texts, and one epoch unless
    --epochs is given."""


class EvaluateSettings(Section):
    """What `clf evaluate` measures in addition to the standard metrics."""

    positive_label: str | None = None
    """Also show precision, recall and F1 of this class, or label."""
    label_issues: Annotated[int, Field(ge=0)] = 0
    """List up to this many labels that look wrong, most suspicious first."""
    folds: Annotated[int | None, Field(ge=2, le=20)] = None
    """Find wrong labels in the training split by cross-validation: train this many models, each without one fold."""


class ConfidenceSettings(Section):
    """How confident the model must be to give an answer."""

    target_accuracy: Annotated[float | None, Field(gt=0, lt=1)] = None
    """Store the lowest confidence threshold that reaches this accuracy on the validation split with 95 % certainty."""
    target_coverage: Annotated[float | None, Field(gt=0, le=1)] = None
    """Store the confidence threshold at which this share of the validation texts gets an answer; 1 removes it again."""

    @model_validator(mode="after")
    def _one_target(self) -> "ConfidenceSettings":
        if self.target_accuracy is not None and self.target_coverage is not None:
            raise ValueError("--target-accuracy and --target-coverage were both given, but only one can be used")
        return self


class ReportSettings(Section):
    """Reports for people and for CI jobs."""

    report: Path | None = None
    """Write a self-contained HTML report to this file."""
    junit: Path | None = None
    """Write JUnit XML to this file, with one test case for each rule of the gate."""
    markdown: Path | None = None
    """Write a Markdown report to this file. On GitHub it is also added to the job summary."""

    _from_home = field_validator("report", "junit", "markdown")(from_home)


class CompareSettings(Section):
    """What the candidate is compared with, and what it must reach."""

    baseline: Strings = ["pretrained", "tfidf"]
    """Baseline to beat: pretrained, majority, tfidf, frozen or a model folder. Repeat the flag for several: the
    candidate must beat all of them."""
    show_baseline: Strings = []
    """Baseline to show without any effect on the gate; repeat the flag for several."""
    metric: Literal["macro_f1", "accuracy", "weighted_f1", "micro_f1", "sample_f1", "subset_accuracy"] = "macro_f1"
    """Metric that decides the comparison; accuracy is for one label per text, the last three for several."""
    min_improvement: Share = 0.0
    """The candidate must be better than each baseline by more than this."""
    margin: Annotated[float | None, Field(gt=0, le=1)] = None
    """Also accept a candidate that is worse by less than this."""
    min_accuracy: Annotated[float | None, Field(ge=0, le=1)] = None
    """Minimum accuracy of the candidate; with several labels per text, the share of texts with all labels right."""
    min_f1: Annotated[float | None, Field(ge=0, le=1)] = None
    """Minimum macro F1 of the candidate."""
    max_ece: Annotated[float | None, Field(ge=0, le=1)] = None
    """Maximum calibration error (ECE) of the candidate; with several labels per text, the mean of the labels'."""
    min_class_recall: Annotated[float | None, Field(ge=0, le=1)] = None
    """Minimum recall of the candidate in every class, or of every label where a text may have several."""
    on_inconclusive: Literal["pass", "fail"] = "fail"
    """What to do if the comparison is inconclusive: pass (exit code 0) or fail (exit code 4)."""
    examples: Annotated[int, Field(ge=0, le=1000)] = 3
    """Number of texts to show with the predictions of both models."""


class PredictSettings(Section):
    """How predictions are reported."""

    threshold: Annotated[float | None, Field(ge=0, le=1)] = None
    """Predict `abstain` below this confidence; with several labels per text instead: predict each label from this
    probability on. [default: the thresholds stored with the model]"""
    all_scores: bool = False
    """Add the probability of every class to the predictions."""


class ExportSettings(Section):
    """How to export a model."""

    format: Literal["onnx"] = "onnx"
    """Export format: onnx, for ONNX Runtime and other tools that read it."""
    int8: bool = False
    """Store weight matrices as 8-bit integers: smaller and faster; refused if --metric drops by more than --margin."""


class ServeSettings(Section):
    """The server: where it listens, and how much it accepts."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """Address to listen on. An address beyond this machine needs a token in CLF_SERVE_TOKEN or CLF_SERVE_TOKEN_FILE."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    """Port to listen on; 0 takes a free one."""
    queue: PositiveCount = 256
    """Texts that may wait for the model; further requests are refused (429)."""
    max_texts: PositiveCount = 32
    """Maximum texts of one request."""
    max_characters: PositiveCount = 100_000
    """Maximum characters of one request, all texts together."""
    max_body: Annotated[int, Field(ge=1_000)] = 2_000_000
    """Maximum bytes of one request."""
    receive_timeout: Annotated[float, Field(gt=0, le=3_600)] = 10.0
    """Seconds in which a whole request must have arrived."""
    drain_timeout: Annotated[float, Field(ge=0, le=3_600)] = 30.0
    """Seconds for answering what was received when the server is stopped."""
    allowed_host: Strings = []
    """Name by which clients reach the server, such as clf.example.org; repeat the flag for several, * allows all.
    localhost and plain addresses are always allowed."""
    allow_anonymous: bool = False
    """Listen beyond this machine without a token."""


class DemoSettings(Section):
    """The demo on synthetic reviews."""

    model: str | None = None
    """Encoder to fine-tune. [default: all-MiniLM-L6-v2 if its package is installed, otherwise a small new encoder]"""
    rows: Annotated[int | None, Field(ge=20, le=2000)] = None
    """Number of reviews to generate. [default: 100; 200 with several labels per text]"""


class DownloadSettings(Section):
    """How to download from the Hugging Face Hub."""

    download_timeout: Annotated[int, Field(ge=1, le=86_400)] = 60
    """Abandon a download after this many seconds without progress."""


class Settings(Section):
    """All settings of one run. Constructing it reads neither files nor the environment."""

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
    serve: ServeSettings = Field(default_factory=ServeSettings)
    demo: DemoSettings = Field(default_factory=DemoSettings)
    download: DownloadSettings = Field(default_factory=DownloadSettings)


def flag(name: str) -> str:
    """Return the command-line flag of a setting."""
    return f"--{name.replace('_', '-')}"


def section_type(section: str) -> type[Section]:
    """Return the class of a section."""
    return cast("type[Section]", Settings.model_fields[section].annotation)
