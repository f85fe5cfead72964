"""`clf predict`: label new texts, keeping every row and column of the input."""

import csv
import json
import logging
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from clf.data.cleaning import clean_text
from clf.data.columns import choose_text
from clf.data.readers import Batch, read_file
from clf.errors import OutputError, UsageError
from clf.evaluate import load_model
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
    if output is not None:
        _check_output(output, settings.run.overwrite)
    first = next(read_file(source, settings.data))
    text_columns = choose_text(first, settings.data.model_copy(update={"label_column": None}), str(source))
    predictor = Predictor(model, settings)
    started = time.perf_counter()
    batches = [(batch, predictor.predict(_texts(batch, text_columns))) for batch in read_file(source, settings.data)]
    _write(batches, output, predictor, settings)
    seconds = time.perf_counter() - started
    answers = [answer for _, predictions in batches for answer in predictions]
    return {
        "rows": len(answers),
        "abstained": sum(answer.label == ABSTAIN for answer in answers),
        "errors": sum(bool(answer.error) for answer in answers),
        "seconds": round(seconds, 3),
        "texts_per_second": round(len(answers) / seconds, 1),
        "output": str(output) if output else None,
    }


def _texts(batch: Batch, columns: list[str]) -> list[str]:
    nothing: list[Any] = [None] * len(batch.lines)
    parts = zip(*(batch.columns.get(column, nothing) for column in columns), strict=True)
    return [" ".join(str(part) for part in row if part is not None and str(part).strip()) for row in parts]


# --- writing ------------------------------------------------------------------------------------------------


def _check_output(output: Path, overwrite: bool) -> None:
    if output.suffix.lower() not in OUTPUTS:
        raise UsageError(f"--output {output} has no known ending", f"name it with one of {' '.join(OUTPUTS)}")
    if output.is_dir() or not output.parent.is_dir():
        raise OutputError(
            f"--output {output} {'is a folder' if output.is_dir() else 'lies in a folder that does not exist'}",
            "give the path of a file",
        )
    if output.exists() and not overwrite:
        raise OutputError(f"{output} exists", "pass --overwrite, or another --output")


def _columns(batch: Batch, answers: list[Prediction], predictor: Predictor, all_scores: bool) -> dict[str, list[Any]]:
    """Append our columns to the input's own; on a clash ours get the prefix `predicted_`."""
    ours: dict[str, list[Any]] = {
        "label": [answer.label or None for answer in answers],
        "confidence": [None if answer.confidence is None else round(answer.confidence, 6) for answer in answers],
    }
    if all_scores:
        ours |= {
            f"score_{name}": [round(answer.scores[name], 6) if answer.scores else None for answer in answers]
            for name in predictor.labels
        }
    if any(answer.error for answer in answers):
        ours["error"] = [answer.error or None for answer in answers]
    clash = any(name in batch.columns for name in ours)
    return {
        **batch.columns,
        **{
            f"predicted_{name}" if clash and name in ("label", "confidence", "error") else name: values
            for name, values in ours.items()
        },
    }


def _write(
    batches: list[tuple[Batch, list[Prediction]]],
    output: Path | None,
    predictor: Predictor,
    settings: Settings,
) -> None:
    tables = [_columns(batch, answers, predictor, settings.predict.all_scores) for batch, answers in batches]
    names = list(dict.fromkeys(name for table in tables for name in table))
    if output is None:
        _write_delimited(sys.stdout, tables, names, ",")
        return
    part = output.with_name(f".{output.name}.part")
    try:
        if output.suffix.lower() == ".parquet":
            _write_parquet(part, tables, names)
        else:
            with part.open("w", encoding="utf-8", newline="") as file:
                _write_text(file, output.suffix.lower(), tables, names)
        part.replace(output)
    except OSError as error:
        raise OutputError(
            f"cannot write {output}: {error.strerror or error}", "free some space, or choose another --output"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _write_text(file: IO[str], suffix: str, tables: list[dict[str, list[Any]]], names: list[str]) -> None:
    if suffix == ".jsonl":
        for row in _rows(tables, names):
            file.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=str) + "\n")
    else:
        _write_delimited(file, tables, names, "\t" if suffix == ".tsv" else ",")


def _write_delimited(file: IO[str], tables: list[dict[str, list[Any]]], names: list[str], delimiter: str) -> None:
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(["" if value is None else value for value in row] for row in _rows(tables, names))


def _write_parquet(path: Path, tables: list[dict[str, list[Any]]], names: list[str]) -> None:
    import pyarrow
    import pyarrow.parquet

    columns = {
        name: [value for table in tables for value in table.get(name, [None] * _height(table))] for name in names
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), path, compression="zstd")


def _rows(tables: list[dict[str, list[Any]]], names: list[str]) -> Any:
    for table in tables:
        nothing = [None] * _height(table)
        yield from zip(*(table.get(name, nothing) for name in names), strict=True)


def _height(table: dict[str, list[Any]]) -> int:
    return len(next(iter(table.values())))
