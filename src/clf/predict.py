"""`clf predict`: label new texts as a stream, keeping every row and column of the input."""

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import JsonValue, ValidationError

from clf import __version__, processes
from clf.data.reading.archives import through
from clf.data.reading.batch import BATCH_ROWS, IN_FIRST_LINES, WINDOW, Batch
from clf.data.reading.columns import named
from clf.data.reading.first_lines import FirstLines
from clf.data.reading.numbered import are_numbered, fits
from clf.data.reading.paths import expanded, is_pipe
from clf.data.reading.roles import choose_text
from clf.data.reading.stream import Incoming, open_incoming
from clf.errors import OutputError, UsageError
from clf.models.record import ModelRecord
from clf.models.weights import READ
from clf.outcomes.prediction import LabelledText, Prediction, PredictResult
from clf.predictor import Predictor
from clf.processes import World
from clf.progress import track
from clf.reports.labelled_rows import LabelledRows, written_as_lists
from clf.reports.stdout import csv_on_stdout
from clf.settings import DataSettings, Settings
from clf.storage.disk import sha256
from clf.storage.documents import read_object
from clf.storage.output import resolved, settings_file_beside
from clf.storage.prediction_formats import header, write_rows
from clf.storage.prediction_parts import Key, LabelledCounts, Parts, check_output
from clf.storage.result_folders import MODEL_FILE, SETTINGS_FILE, TRAIN_ROWS_FILE

NOT_READ = {MODEL_FILE, SETTINGS_FILE, TRAIN_ROWS_FILE}
"""Files of a model on which predictions do not depend."""

log = logging.getLogger(__name__)


def predict_texts(model: str, texts: list[str], output: Path | None, settings: Settings) -> PredictResult:
    """Label texts from the command line; return the predictions in the result, and write them to `output` if set."""
    check_output(output, None, overwrite=settings.run.overwrite)
    predictor = Predictor(model, settings)
    tell_calibration(predictor)
    layout = _layout(["text"], predictor, output) if output else LabelledRows(["text"], [])
    started = time.perf_counter()
    if output is None:
        answers = predictor.predict(texts)
    else:
        parts = Parts(output, layout.types, overwrite=settings.run.overwrite)
        with parts.open({}, resume=False):
            answers = predictor.predict(texts)
            batch = Batch({"text": list(texts)}, list(range(1, len(texts) + 1)))
            try:
                parts.add(0, layout.table(batch, answers), _counts(answers, predictor.no_answer))
                parts.join(layout.columns, resolved("predict", settings))
            except OutputError:  # there is nothing to resume
                parts.discard()
                raise
    shown = [LabelledText.of(text, answer) for text, answer in zip(texts, answers, strict=True)]
    result = _report(_counts(answers, predictor.no_answer), len(texts), started, output)
    return result.model_copy(update={"predictions": shown})


def predict_file(model: str, source: Path, output: Path | None, settings: Settings) -> PredictResult | None:
    """Label the texts of a file or pipe, write them to a file or as CSV to stdout, and return the result.

    Under torchrun each process labels its share; the main process returns the result, the others None.

    Raises DataError, ModelError, OutputError or UsageError; Interrupted when a signal ended the run and labelled rows
    were kept.
    """
    world = processes.current_world()
    if world.size > 1 and (output is None or is_pipe(source)):
        raise UsageError(
            "several processes need an input file (not a pipe) and --output", "pass both, or run one process"
        )
    check_output(output, source, overwrite=settings.run.overwrite, resume=settings.run.resume)
    if output is None and (settings.run.overwrite or settings.run.resume):
        log.warning("--overwrite and --resume have no effect without --output")
    labels = _labels(model)
    incoming = open_incoming(source, settings.data, _trained_columns(model), keep=output is not None, labels=labels)
    if world.size > 1:
        from clf.models.compute import choose_compute

        processes.join(world, cuda=choose_compute(settings.compute, world).device.type == "cuda")
    try:
        work = _Work(model, incoming, settings, world, output)
        return work.into_stdout() if output is None else work.into_file(output)
    finally:
        processes.leave(world)


def tell_calibration(predictor: Predictor) -> None:
    """Log why a model trained by clf could not be calibrated, where confidence decides what is answered.

    Its confidence does not match its accuracy then. `clf train`, `clf evaluate` and the model card say so always.
    """
    record = predictor.classifier.record
    calibration = (record.label_calibration or record.calibration) if record else None
    if calibration and calibration.reason:
        level = logging.DEBUG if predictor.threshold is None else logging.INFO
        log.log(level, "confidence is not calibrated: %s", calibration.reason)


# --- labelling rows ----------------------------------------------------------------------------------------


class _Work:
    """One run: one input, labelled by one model."""

    def __init__(self, model: str, incoming: Incoming, settings: Settings, world: World, output: Path | None) -> None:
        from clf.models.cpu.memory import keep_freed_memory

        keep_freed_memory()
        self.incoming, self.settings, self.world = incoming, settings, world
        first_lines = FirstLines()
        first_lines.tell_form(incoming.form)
        first = next(incoming.windows(WINDOW)) if incoming.path else Batch({"text": []}, [])
        self.predictor = Predictor(model, settings, world)
        tell_calibration(self.predictor)
        self.text_columns = _text_columns(first, self.predictor.classifier.record, settings.data, incoming.shown)
        if incoming.form:
            first_lines.tell_texts(self.text_columns, _texts(first, self.text_columns))
        self.layout = _layout(incoming.names, self.predictor, output)
        self.started = time.perf_counter()

    def into_stdout(self) -> PredictResult:
        """Write each window as soon as it is labelled."""
        total = LabelledCounts()
        out = csv_on_stdout()
        out.write(header(self.layout.columns, ".csv"))
        for batch, answers in self._labelled(self.incoming.windows(WINDOW), 0):
            try:
                write_rows(out, ".csv", self.layout.table(batch, answers))
                out.flush()
            except BrokenPipeError:
                raise
            except OSError as error:
                raise OutputError(f"cannot write to stdout: {error.strerror}", "free some space") from error
            total += _counts(answers, self.predictor.no_answer, batch)
        return _report(total, total.rows, self.started, None)

    def into_file(self, output: Path) -> PredictResult | None:
        """Write each window to a part file and join the parts; windows are divided among the processes."""
        parts = Parts(output, self.incoming.types | self.layout.types, overwrite=self.settings.run.overwrite)
        if not self.world.is_main:
            if processes.from_main(self.world):
                self._label_into(parts)
                processes.wait_for_all(self.world)
            return None
        with processes.ending_others(self.world):
            key = self._key()
            if output.exists() and not (self.settings.run.overwrite or parts.is_appearing):
                return self._finished(parts, key)
            with parts.open(key, self.settings.run.resume):
                before = parts.counts().rows
                processes.from_main(self.world, True)
                self._label_into(parts)
                processes.wait_for_all(self.world)
                total = parts.counts()
                result = _report(total, total.rows - before, self.started, output)
                told = {**resolved("predict", self.settings), "of": dict(key), "result": result.as_json()}
                parts.join(self.layout.columns, told)
        return result

    def _finished(self, parts: Parts, key: Key) -> PredictResult:
        """Return the result of a run that had already finished when it was resumed.

        Raises OutputError when the existing output was made with other settings, another model or another input.
        """
        made = read_object(settings_file_beside(parts.output)) or {}
        try:
            result = PredictResult.model_validate(made.get("result"))
        except ValidationError:
            result = None
        if result is None or made.get("of") != key:
            raise OutputError(
                f"{parts.output} exists, but is not the output of this run", "pass --overwrite, or another --output"
            )
        parts.check_complete(made)
        log.info("%s is already complete", parts.output)
        with parts.locked():
            parts.discard()
        processes.from_main(self.world, False)
        return result

    def _label_into(self, parts: Parts) -> None:
        done = parts.done()
        mine = (
            (number, batch)
            for number, batch in enumerate(self.incoming.windows(WINDOW))
            if number % self.world.size == self.world.rank and number not in done
        )
        numbers: deque[int] = deque()

        def batches() -> Iterator[Batch]:
            for number, batch in mine:
                numbers.append(number)
                yield batch

        before = sum(counts.rows for _, counts in done.values())
        for batch, answers in self._labelled(batches(), before):
            parts.add(
                numbers.popleft(), self.layout.table(batch, answers), _counts(answers, self.predictor.no_answer, batch)
            )

    def _labelled(self, batches: Iterable[Batch], before: int) -> Iterator[tuple[Batch, list[Prediction]]]:
        """Yield each batch with its predictions, and show the progress."""
        waiting: deque[Batch] = deque()

        def texts() -> Iterator[list[str | None]]:
            for batch in batches:
                batch.problems.update(_no_texts(batch, self.text_columns))
                waiting.append(batch)
                yield _texts(batch, self.text_columns)

        share = self.incoming.rows // self.world.size
        with track("labelling", share or None, done=before // self.world.size) as advance:
            for answers in self.predictor.stream(texts(), advance):
                yield waiting.popleft(), answers

    def _key(self) -> Key:
        """Return everything that the output rows depend on."""
        classifier, settings = self.predictor.classifier, self.settings
        folder, compute = Path(classifier.model.name_or_path), self.predictor.inference.compute
        files = [path for path in sorted(folder.iterdir()) if path.suffix in READ and path.name not in NOT_READ]
        return {
            "the version of clf": [__version__, WINDOW, BATCH_ROWS],
            "the input": _content(self.incoming.path) if self.incoming.path else None,
            "the model": {path.name: sha256(path) for path in files},
            "the columns": [*self.text_columns, *self.layout.columns],
            "the way texts are read": [classifier.max_length, classifier.truncation, classifier.cleaning.model_dump()],
            "--threshold": _thresholds(self.predictor),
            "device or precision": [compute.device.type, compute.precision, compute.rereads],
            "how the input is read": [
                getattr(settings.data, name) for name in ("encoding", "delimiter", "quote", "escape", "no_header")
            ],
        }


def _layout(names: list[str], predictor: Predictor, output: Path | None) -> LabelledRows:
    """Return the columns of the output; raise UsageError if it could not tell the labels of a text apart."""
    scored = predictor.labels if predictor.settings.predict.all_scores else []
    return LabelledRows(names, scored, as_lists=predictor.multi_label and written_as_lists(predictor.labels, output))


def _thresholds(predictor: Predictor) -> JsonValue:
    """Return the confidence below which the model abstains, and the thresholds of the labels if it has them."""
    of_labels = predictor.classifier.thresholds
    return predictor.threshold if of_labels is None else [predictor.threshold, *of_labels.tolist()]


def _content(path: Path) -> str:
    """Return what tells the content of the input; of a file in an archive, the archive and the path inside."""
    archive, inner = through(path) or (path, "")
    return f"{sha256(archive)}/{inner}" if inner else sha256(path)


def _trained_columns(model: str) -> list[str]:
    """Return the text columns recorded in a model folder, without loading the model."""
    dataset = (read_object(expanded(model) / MODEL_FILE) or {}).get("dataset")
    columns = dataset.get("text_columns") if isinstance(dataset, dict) else None
    return [str(name) for name in columns] if isinstance(columns, list) else []


def _labels(model: str) -> set[str]:
    """Return the labels recorded in a model folder, without loading the model."""
    names = (read_object(expanded(model) / "config.json") or {}).get("id2label")
    return {str(name) for name in names.values()} if isinstance(names, dict) else set()


def _counts(answers: list[Prediction], no_answer: str, batch: Batch | None = None) -> LabelledCounts:
    problems = batch.problems if batch else {}
    errors = sum(bool(answer.error) or row in problems for row, answer in enumerate(answers))
    return LabelledCounts(len(answers), sum(answer.label == no_answer for answer in answers), errors)


def _report(total: LabelledCounts, labelled: int, started: float, output: Path | None) -> PredictResult:
    """Return the result; `labelled` counts only the rows of this run, not those of an earlier one that it resumed."""
    seconds = time.perf_counter() - started
    return PredictResult(
        **asdict(total),
        seconds=round(seconds, 3),
        texts_per_second=round(labelled / seconds, 1),
        output=str(output) if output else None,
    )


def _text_columns(batch: Batch, record: ModelRecord | None, data: DataSettings, source: str) -> list[str]:
    """Choose the text columns: those in the settings, otherwise those of training, otherwise by their names."""
    trained = record.dataset.text_columns if record and record.dataset else []
    unused = {named([*batch.columns], column, "ignore", source) for column in data.ignore_column}
    trained = [] if unused & {*trained} else trained
    if not data.text_column and fits(batch.columns, trained):
        columns = list(trained)
    elif not data.text_column and are_numbered(trained) and list(batch.columns) == ["0"]:
        columns = ["0"]
    else:
        columns = choose_text(batch, data.model_copy(update={"label_column": None}), source)
    log.info("%s: text from %s", source, " + ".join(columns), extra=IN_FIRST_LINES)
    return columns


def _no_texts(batch: Batch, columns: list[str]) -> dict[int, str]:
    """Return an error for each row with a list or an object in a text column, keyed by row number."""
    return {
        row: f"{column} holds a {'list' if isinstance(value, list) else 'object'}, expected text"
        for column in columns
        for row, value in enumerate(batch.columns.get(column, []))
        if isinstance(value, (list, dict))
    }


def _texts(batch: Batch, columns: list[str]) -> list[str | None]:
    nothing: list[Any] = [None] * len(batch.lines)
    parts = zip(*(batch.columns.get(column, nothing) for column in columns), strict=True)
    return [" ".join(str(part) for part in row if _is_text(part)) for row in parts]


def _is_text(part: Any) -> bool:
    return part is not None and not isinstance(part, (list, dict)) and bool(str(part).strip())
