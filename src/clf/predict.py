"""`clf predict`: label new texts, keeping every row and column of the input."""

import csv
import json
import logging
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from clf.data.cleaning import clean_text
from clf.data.columns import choose_text
from clf.data.readers import read_file
from clf.data.rows import Batch
from clf.errors import OutputError, UsageError
from clf.measurement import load_model
from clf.results import save_settings_beside
from clf.settings import Settings

ABSTAIN = "abstain"
OUTPUTS = (".csv", ".tsv", ".jsonl", ".parquet")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prediction:
    """The answer for one text: its label (`abstain` below the threshold), or why there is none."""

    label: str
    confidence: float | None
    scores: dict[str, float]
    error: str = ""


class Predictor:
    """A loaded classifier that labels texts: `clf.load(folder).predict(["a text"])`."""

    def __init__(self, model: str, settings: Settings | None = None) -> None:
        from clf.models.compute import choose_compute

        self.settings = settings or Settings()
        self.classifier = load_model(model, self.settings)
        self.compute = choose_compute(self.settings.compute)
        given = self.settings.predict.threshold
        self.threshold = given if given is not None else self.classifier.record.get("threshold")

    @property
    def labels(self) -> list[str]:
        """The class names in the order of their ids."""
        return self.classifier.labels

    def predict(self, texts: list[str]) -> list[Prediction]:
        """Clean and label `texts`; a text that is empty after cleaning gets an error instead of an answer."""
        from clf.progress import track
        from clf.scoring.inference import predict_texts

        cleaned = [clean_text(text, self.classifier.cleaning) for text in texts]
        usable = [row for row, text in enumerate(cleaned) if text]
        answers = [Prediction("", None, {}, "empty text")] * len(texts)
        with track("predicting", len(usable)) as advance:
            probabilities = predict_texts(self.classifier, [cleaned[row] for row in usable], self.compute, advance)
        for row, scores in zip(usable, probabilities.tolist(), strict=True):
            answers[row] = self._prediction(scores)
        return answers

    def _prediction(self, scores: list[float]) -> Prediction:
        confidence = max(scores)
        label = self.labels[scores.index(confidence)]
        if self.threshold is not None and confidence < self.threshold:
            label = ABSTAIN
        return Prediction(label, confidence, dict(zip(self.labels, scores, strict=True)))


def load(model: str | Path) -> Predictor:
    """Load a fine-tuned classifier from its folder.

    Raises ModelError when it is none, or not whole.
    """
    return Predictor(str(model))


def predict_file(model: str, source: Path, output: Path | None, settings: Settings) -> dict[str, Any]:
    """Label the texts of a file into another (or CSV on stdout), and return how it went."""
    _check_output(output, [source], settings)
    first = next(read_file(source, settings.data))
    predictor = Predictor(model, settings)
    columns = _text_columns(first, predictor.classifier.record, settings, str(source))
    started = time.perf_counter()
    batches = list(read_file(source, settings.data))
    answers = [predictor.predict(_texts(batch, columns)) for batch in batches]
    return _finish(batches, answers, predictor, output, settings, started)


def predict_texts(model: str, texts: list[str], output: Path | None, settings: Settings) -> dict[str, Any]:
    """Label texts given one by one; the answers are in the result too, and in `output` when it is given."""
    _check_output(output, [], settings)
    predictor = Predictor(model, settings)
    started = time.perf_counter()
    answers = predictor.predict(texts)
    shown = [{"text": text, **asdict(answer)} for text, answer in zip(texts, answers, strict=True)]
    batch = Batch({"text": list(texts)}, list(range(1, len(texts) + 1)))
    if output is None:
        return {**_report(answers, started, None), "predictions": shown}
    return {**_finish([batch], [answers], predictor, output, settings, started), "predictions": shown}


def _finish(
    batches: list[Batch],
    answers: list[list[Prediction]],
    predictor: Predictor,
    output: Path | None,
    settings: Settings,
    started: float,
) -> dict[str, Any]:
    together = [answer for predictions in answers for answer in predictions]
    table = _table(batches, together, predictor, settings.predict.all_scores)
    if output is None:
        _write_delimited(sys.stdout, table, ",")
    else:
        _write(table, output)
        save_settings_beside(output, "predict", settings)
    return _report(together, started, output)


def _report(answers: list[Prediction], started: float, output: Path | None) -> dict[str, Any]:
    seconds = time.perf_counter() - started
    return {
        "rows": len(answers),
        "abstained": sum(answer.label == ABSTAIN for answer in answers),
        "errors": sum(bool(answer.error) for answer in answers),
        "seconds": round(seconds, 3),
        "texts_per_second": round(len(answers) / seconds, 1),
        "output": str(output) if output else None,
    }


def _text_columns(batch: Batch, record: dict[str, Any], settings: Settings, source: str) -> list[str]:
    """Choose the text columns: those asked for, else those of the training, else by their names."""
    trained = record.get("dataset", {}).get("text_columns") or []
    if not settings.data.text_column and trained and set(trained) <= set(batch.columns):
        columns = list(trained)
    else:
        columns = choose_text(batch, settings.data.model_copy(update={"label_column": None}), source)
    log.info("%s: text from %s", source, " + ".join(columns))
    return columns


def _texts(batch: Batch, columns: list[str]) -> list[str]:
    nothing: list[Any] = [None] * len(batch.lines)
    parts = zip(*(batch.columns.get(column, nothing) for column in columns), strict=True)
    return [" ".join(str(part) for part in row if part is not None and str(part).strip()) for row in parts]


# --- writing ------------------------------------------------------------------------------------------------


def _check_output(output: Path | None, inputs: list[Path], settings: Settings) -> None:
    if output is None:
        return
    if output.suffix.lower() not in OUTPUTS:
        raise UsageError(f"--output {output} has no known ending", f"name it with one of {' '.join(OUTPUTS)}")
    if output.is_dir():
        raise OutputError(f"--output {output} is a folder", "give the path of a file")
    if not output.parent.is_dir():
        raise OutputError(
            f"--output {output} lies in a folder that does not exist", f"make it first: mkdir -p {output.parent}"
        )
    if output.resolve() in [path.resolve() for path in inputs]:
        raise OutputError(f"--output {output} is the input itself", "give another --output")
    if output.exists() and not settings.run.overwrite:
        raise OutputError(f"{output} exists", "pass --overwrite, or another --output")


def _table(
    batches: list[Batch], answers: list[Prediction], predictor: Predictor, all_scores: bool
) -> dict[str, list[Any]]:
    """Append our columns to the input's own; where a name is taken, ours get the prefix `predicted_`."""
    names = dict.fromkeys(name for batch in batches for name in batch.columns)
    table = {
        name: [value for batch in batches for value in batch.columns.get(name, [None] * len(batch.lines))]
        for name in names
    }
    ours: dict[str, list[Any]] = {
        "label": [answer.label or None for answer in answers],
        "confidence": [None if answer.confidence is None else round(answer.confidence, 6) for answer in answers],
    }
    if all_scores:
        for name in predictor.labels:
            ours[f"score_{name}"] = [round(answer.scores[name], 6) if answer.scores else None for answer in answers]
    if any(answer.error for answer in answers):
        ours["error"] = [answer.error or None for answer in answers]
    prefix = "predicted_" if names.keys() & ours.keys() else ""
    while any(prefix + name in names for name in ours):
        prefix += "predicted_"
    return {**table, **{prefix + name: values for name, values in ours.items()}}


def _write(table: dict[str, list[Any]], output: Path) -> None:
    part = output.with_name(f".{output.name}.part")
    try:
        if output.suffix.lower() == ".parquet":
            _write_parquet(part, table)
        else:
            # Half a character, as broken input has it, cannot be written; it becomes a question mark.
            with part.open("w", encoding="utf-8", errors="replace", newline="") as file:
                _write_text(file, output.suffix.lower(), table)
        part.replace(output)
    except OSError as error:
        hint = "free some space, or choose another --output"
        raise OutputError(f"cannot write {output}: {error.strerror or error}", hint) from error
    finally:
        part.unlink(missing_ok=True)


def _write_text(file: IO[str], suffix: str, table: dict[str, list[Any]]) -> None:
    if suffix == ".jsonl":
        for row in zip(*table.values(), strict=True):
            file.write(json.dumps(dict(zip(table, row, strict=True)), ensure_ascii=False, default=str) + "\n")
    else:
        _write_delimited(file, table, "\t" if suffix == ".tsv" else ",")


def _write_delimited(file: IO[str], table: dict[str, list[Any]], delimiter: str) -> None:
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(["" if value is None else value for value in row] for row in zip(*table.values(), strict=True))


def _write_parquet(path: Path, table: dict[str, list[Any]]) -> None:
    import pyarrow
    import pyarrow.parquet

    columns = {}
    for name, values in table.items():
        try:
            columns[name] = pyarrow.array(values)
        except (pyarrow.ArrowException, UnicodeEncodeError):  # values of several kinds, or half characters
            written = [None if value is None else str(value).encode("utf-8", "replace").decode() for value in values]
            columns[name] = pyarrow.array(written, pyarrow.large_string())
    pyarrow.parquet.write_table(pyarrow.table(columns), path, compression="zstd")
