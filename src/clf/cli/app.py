"""The `clf` command: parse, load the settings, call one function, render its result."""

import io
import logging
import os
import shlex
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from clf.cli.options import Presentation, normalize_name, print_version, uses, wants_json
from clf.errors import ClfError, UsageError
from clf.settings import DEFAULT_MODEL, Settings

app = typer.Typer(
    name="clf",
    help="Fine-tune a pre-trained encoder into a domain-specific text classifier, and prove that it got better.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"token_normalize_func": normalize_name, "help_option_names": ["--help", "-h"]},
)
NOTHING_TO_LABEL = 'clf predict MODEL --text "…", or clf predict MODEL reviews.csv --output labelled.csv'
ModelArgument = Annotated[
    str | None,
    typer.Argument(help="Model folder or Hub id. \\[default: the newest under trained_models/]", show_default=False),
]
HiddenModel = Annotated[str | None, typer.Option("--trained-model", hidden=True)]


@app.callback()
def clf(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=print_version, is_eager=True)
    ] = False,
) -> None:
    """Fine-tune a pre-trained encoder into a domain-specific text classifier, and prove that it got better."""


# --- the commands -------------------------------------------------------------------------------------------


@app.command("prepare")
@uses("data", "cleaning", "train.model,revision", "download", "run")
def prepare_command(settings: Settings, presentation: Presentation) -> None:
    """Read, clean, label, split and audit a dataset."""
    start(settings, presentation)
    note_unused(settings, "split", "allow_leak")
    from clf.cli import render
    from clf.prepare import prepare
    from clf.results import shown

    prepared = prepare(settings)
    if presentation.json:
        return render.print_json({**prepared.audit, "output_dir": str(prepared.folder)})
    render.print_audit(prepared.name, prepared.audit)
    finish(presentation, "clf", "train", "--dataset", shown(prepared.folder), *_encoder_at_hand(settings))


@app.command("train")
@uses("data", "train", "compute", "cleaning", "download", "run")
def train_command(settings: Settings, presentation: Presentation) -> None:
    """Fine-tune an encoder on a dataset, and publish the model."""
    start(settings, presentation)
    note_unused(settings, "split", "allow_leak")
    from clf.cli import render
    from clf.train import train

    result = train(settings)
    if presentation.json:
        return render.print_json(result.as_dict())
    render.print_training(result)
    finish(presentation, "clf", "compare", result.model_dir)


@app.command("demo")
@uses("demo", "train.-model,revision,test_run", "data.max_length", "compute", "run")
def demo_command(settings: Settings, presentation: Presentation) -> None:
    """Run the whole pipeline on synthetic movie reviews, with no network and a recipe of its own."""
    start(settings, presentation)
    from clf.cli import render
    from clf.demo import demo

    result = demo(settings)
    if presentation.json:
        return render.print_json(result.as_dict())
    render.print_training(result.training)
    before, after = result.comparison["baselines"]["pretrained"], result.comparison["candidate"]
    render.print_metrics(
        {"before": before, "after": after},
        f"{result.comparison['rows']} test reviews before and after fine-tuning",
    )
    finish(presentation, "clf", "predict", result.training.model_dir, "--text", "A film I will gladly watch again.")


@app.command("evaluate")
@uses("data", "evaluate", "compute", "download", "run")
def evaluate_command(settings: Settings, presentation: Presentation, model: ModelArgument = None) -> None:
    """Measure a model on a split of a dataset."""
    start(settings, presentation)
    note_unused(settings, "drop_leaks", "max_train_samples")
    from clf.cli import render
    from clf.evaluate import evaluate

    result = evaluate(model, settings)
    if presentation.json:
        return render.print_json(result)
    columns = {result["split"]: result["metrics"]} | (
        {"without leaked rows": result["without_leaks"]} if result["without_leaks"] else {}
    )
    render.print_metrics(columns, f"{result['model']} on {result['rows']} texts of {result['dataset']}")
    render.print_classes(result["per_class"])
    render.print_confusion(result["confusion_matrix"], list(result["per_class"]))
    render.print_lines(f"written to {result['output_dir']}")
    finish(presentation, "clf", "compare", *([model] if model else []))


@app.command("compare")
@uses("data", "compare", "compute", "download", "run")
def compare_command(
    settings: Settings,
    presentation: Presentation,
    candidate: ModelArgument = None,
    trained_model: HiddenModel = None,
) -> None:
    """Tell whether a model is better than its baselines; exit code 3 when it is not."""
    start(settings, presentation)
    note_unused(settings, "drop_leaks", "max_train_samples")
    from clf.cli import render
    from clf.compare import compare

    result = compare(candidate or trained_model, settings)
    if presentation.json:
        render.print_json(result)
    else:
        render.print_comparison(result)
        finish(presentation, *result["next"])
    if result["gate"] != "passed":
        raise typer.Exit(3)


@app.command("predict")
@uses(
    "predict",
    "data.text_column,no_header,encoding,delimiter,max_length",
    "compute",
    "download",
    "run.-output_dir",
)
def predict_command(
    settings: Settings,
    presentation: Presentation,
    model: Annotated[str, typer.Argument(help="Model folder or Hub id.")],
    source: Annotated[
        Path | None, typer.Argument(metavar="[INPUT]", help="File with texts.", show_default=False)
    ] = None,
    text: Annotated[list[str] | None, typer.Option("--text", help="A text to label; repeat it for several.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            help="File for the predictions: .csv, .tsv, .jsonl or .parquet. \\[default: CSV on stdout]",
        ),
    ] = None,
) -> None:
    """Label new texts: given on the command line, or a file into a file."""
    if text is not None and source is not None:
        raise UsageError(f"both --text and the file {source} were given", "give one of them")
    if text is None and source is None:
        raise UsageError(f"nothing to label with the model {model}", NOTHING_TO_LABEL)
    if presentation.json and output is None and source is not None:
        raise UsageError("--json needs --output, since both would be on stdout", "add --output labelled.csv")
    start(settings, presentation)
    from clf.cli import render
    from clf.predict import predict_file, predict_texts

    result = (
        predict_file(model, source, output, settings) if source else predict_texts(model, text or [], output, settings)
    )
    if presentation.json:
        return render.print_json(result)
    if source is None:
        render.print_predictions(result["predictions"], settings.predict.all_scores)
    if output:
        render.print_labelled(result)
    if output or source is None:
        finish(presentation, "clf", "predict", model, "FILE", "--output", "predictions.csv")


@app.command("download-models")
@uses("train.revision", "download", "run.-output_dir")
def download_command(
    settings: Settings,
    presentation: Presentation,
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MODEL]...", help="Hub ids. \\[default: distilbert-base-uncased]", show_default=False),
    ] = None,
    dataset: Annotated[
        list[str] | None, typer.Option("--dataset", help="imdb, ag_news or a Hub id; repeat it for several.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check with no network what the cache holds, byte by byte.")
    ] = False,
) -> None:
    """Fetch models and datasets into the cache, for runs with no network."""
    start(settings, presentation)
    from clf.cli import render
    from clf.download import download_models, verify_models

    rows = (verify_models if verify else download_models)(models or [], dataset or [], settings)
    if presentation.json:
        return render.print_json(rows)
    for row in rows:
        commit = f" (commit {row['commit'][:8]})" if row["commit"] else ""
        render.print_lines(
            f"{row['kind']} {row['id']}{commit}: {'verified in' if verify else 'ready in'} {row['folder']}"
        )
    finish(
        presentation,
        "clf",
        "train",
        "--dataset",
        (dataset or ["FILE"])[0],
        *(["--model", models[0]] if models else []),
        "--offline",
    )


# --- entering and leaving -----------------------------------------------------------------------------------


NOTHING_HALF = "no half-written result was left; run the command again"
INTERRUPTED, READER_LEFT, TERMINATED = 130, 141, 143


class Terminated(BaseException):
    """SIGTERM was received."""


def start(settings: Settings, presentation: Presentation) -> None:
    """Set what the libraries read when they are imported, and let the log speak."""
    if settings.run.offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    level = logging.ERROR if presentation.quiet else logging.DEBUG if presentation.verbose else logging.INFO
    from clf.cli.render import NoteHandler

    handler = NoteHandler(level)
    log = logging.getLogger("clf")
    log.handlers = [handler]
    log.setLevel(level)
    log.propagate = False


def note_unused(settings: Settings, *names: str) -> None:
    """Say which data settings, the same for all commands, have no effect on this one."""
    for name in sorted(settings.data.model_fields_set & set(names)):
        logging.getLogger("clf").warning("--%s has no effect here", name.replace("_", "-"))


def _encoder_at_hand(settings: Settings) -> list[str]:
    """Name the encoder that was asked for, or one that is installed where the default is not here."""
    from clf.models.store import EMBEDDED_ID, find_local_model, has_embedded

    if "model" in settings.train.model_fields_set:
        return ["--model", settings.train.model]
    if has_embedded() and find_local_model(DEFAULT_MODEL) is None:
        return ["--model", EMBEDDED_ID, "--learning-rate", "1e-4"]
    return []


def finish(presentation: Presentation, *command: object) -> None:
    """Say what comes next, as it can be typed."""
    if not presentation.quiet:
        from clf.cli.render import print_next

        print_next(shlex.join(str(part) for part in command))


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; every error ends here."""
    try:
        code = app(args=arguments, prog_name="clf", standalone_mode=False)
        if code == INTERRUPTED:  # Typer turns KeyboardInterrupt into this code, in silence
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except ClfError as error:
        return _refuse(error, arguments)
    except typer.TyperException as error:
        if not str(error.format_message()):  # no arguments: the help was printed
            return error.exit_code
        return _refuse(UsageError(error.format_message(), _usage_hint(error.format_message())), arguments)
    except (KeyboardInterrupt, typer.Abort):
        _refuse(ClfError("interrupted", NOTHING_HALF), [])
        return INTERRUPTED
    except Terminated:
        _refuse(ClfError("terminated", NOTHING_HALF), [])
        return TERMINATED
    except (BrokenPipeError, SystemExit):
        # The reader went away (`clf … | head`), for which Typer exits: nobody is left to be told.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return READER_LEFT


def _usage_hint(message: str) -> str:
    if "extra argument" in message:
        return "data is named with --dataset; see --help of the command"
    return "see --help of the command"


def _refuse(error: ClfError, arguments: list[str] | None) -> int:
    from clf.cli.render import print_error, safe

    if _debugging(arguments):
        sys.stderr.write(safe(traceback.format_exc()))
    print_error(error, wants_json(arguments))
    return error.exit_code


def _debugging(arguments: list[str] | None) -> bool:
    return "--debug" in (sys.argv[1:] if arguments is None else arguments)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


def main() -> None:
    """Enter from the shell."""
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # nohup ignores it, and so it stays
        signal.signal(signal.SIGHUP, _terminate)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character gets a question mark
    sys.exit(run())
