"""The `clf` command. Each subcommand loads the settings, calls one function and shows its result."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clf.cli.classes import Command, Group
from clf.cli.options import HiddenModel, ModelArgument, PeekOption, Presentation, normalize_name, print_version, uses
from clf.cli.session import (
    close_streams,
    encoder_at_hand,
    finish,
    listen_to_signals,
    note_unused,
    refuse_system,
    run_to_exit_code,
    start,
)
from clf.cli.surroundings import check_stdout
from clf.data.flags import data_flags
from clf.errors import UsageError
from clf.settings import Settings
from clf.settings_types import from_home

if TYPE_CHECKING:
    from clf.outcomes.machine import Downloaded


app = typer.Typer(
    name="clf",
    cls=Group,
    help="Fine-tune a pre-trained encoder into a domain-specific text classifier, and prove that it got better.",
    pretty_exceptions_enable=False,
    context_settings={"token_normalize_func": normalize_name, "help_option_names": ["--help", "-h"]},
)
OF_DEMO = ("epochs", "batch_size", "learning_rate", "head_init", "eval_steps", "select_by", "early_stopping_patience")
NOTHING_TO_LABEL = 'clf predict MODEL --text "…", or clf predict MODEL reviews.csv --output labelled.csv'


@app.callback()
def clf(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=print_version, is_eager=True)
    ] = False,
) -> None:
    """Fine-tune a pre-trained encoder into a domain-specific text classifier, and prove that it got better."""


# --- the commands -------------------------------------------------------------------------------------------


@app.command("prepare", cls=Command)
@uses("data", "cleaning", "train.model,revision", "download", "run.-resume")
def prepare_command(settings: Settings, presentation: Presentation, peek: PeekOption = False) -> None:
    """Read, clean, split and audit a dataset."""
    start(settings, presentation)
    note_unused(settings, "split", "allow_leak")
    if peek:
        from clf.cli.peek import show_peek

        return show_peek(settings, presentation)
    from clf.cli.show.prepare import print_prepared
    from clf.prepare import prepare
    from clf.storage.result_folders import shown

    result = prepare(settings)
    if presentation.json:
        return print_json(result.as_json())
    print_prepared(result)
    finish(presentation, "clf", "train", "--dataset", shown(Path(result.output_dir)), *encoder_at_hand(settings.train))


@app.command("train", cls=Command)
@uses("data", "train", "confidence", "compute", "cleaning", "report.report", "download", "run")
def train_command(settings: Settings, presentation: Presentation) -> None:
    """Fine-tune an encoder on a dataset and save the model."""
    start(settings, presentation)
    note_unused(settings, "split", "allow_leak")
    from clf.cli.show.train import print_training
    from clf.train import train

    result = train(settings)
    if result is None:  # not the main process, which reports the result
        return None
    if presentation.json:
        return print_json(result.as_json())
    print_training(result)
    finish(presentation, "clf", "compare", result.model_dir)


@app.command("demo", cls=Command)
@uses("demo", "train.-model,revision,test_run", "data.max_length,multi_label", "compute", "run", own=OF_DEMO)
def demo_command(settings: Settings, presentation: Presentation) -> None:
    """Run the whole pipeline on synthetic movie reviews, without a network and with its own training recipe."""
    start(settings, presentation)
    from clf.cli.show.train import print_demo
    from clf.demo import demo

    result = demo(settings)
    if presentation.json:
        return print_json(result.as_json())
    print_demo(result)
    several = settings.data.multi_label
    text = "The songs and the soundtrack surprised me." if several else "A film I will gladly watch again."
    finish(presentation, "clf", "predict", result.training.model_dir, "--text", text)


@app.command("evaluate", cls=Command)
@uses("data", "evaluate", "confidence", "predict.threshold", "compute", "report.report", "download", "run.-resume")
def evaluate_command(settings: Settings, presentation: Presentation, model: ModelArgument = None) -> None:
    """Evaluate a model on one split of a dataset."""
    start(settings, presentation)
    note_unused(settings, "drop_leaks", "max_train_samples")
    from clf.cli.show.evaluate import print_evaluation
    from clf.evaluate import evaluate

    result = evaluate(model, settings)
    if presentation.json:
        return print_json(result.as_json())
    print_evaluation(result)
    finish(presentation, "clf", "compare", *([model] if model else []), *data_flags(settings.data))


@app.command("compare", cls=Command)
@uses("data", "compare", "compute", "report", "download", "run.-resume")
def compare_command(
    settings: Settings,
    presentation: Presentation,
    candidate: ModelArgument = None,
    trained_model: HiddenModel = None,
) -> None:
    """Decide whether a model is better than its baselines; exit code 3 if it is not, 4 if the data cannot tell."""
    start(settings, presentation)
    note_unused(settings, "drop_leaks", "max_train_samples")
    from clf.cli.show.compare import print_comparison
    from clf.compare import compare, exit_code

    result = compare(candidate or trained_model, settings)
    if presentation.json:
        print_json(result.as_json())
    else:
        print_comparison(result)
        finish(presentation, *result.next)
    raise typer.Exit(exit_code(result, settings.compare))


@app.command("predict", cls=Command)
@uses(
    "predict",
    "data.text_column,ignore_column,no_header,encoding,delimiter,quote,escape,max_length,max_inflation",
    "compute",
    "download",
    "run.-output_dir,seed",
)
def predict_command(
    settings: Settings,
    presentation: Presentation,
    model: Annotated[str, typer.Argument(help="Model folder or Hub id.")],
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[INPUT]", help="File with texts; omit it or pass - to read a pipe.", show_default=False
        ),
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option("--text", help="Text to label; repeat the flag for several.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            help="Write the predictions to this file: .csv, .tsv, .jsonl or .parquet. \\[default: CSV on stdout]",
        ),
    ] = None,
) -> None:
    """Label new texts from the command line, a file or a pipe."""
    try:
        output = from_home(output)
    except ValueError as error:
        raise UsageError(f"--output: {error}", "write the path without ~") from error
    if output is None:
        check_stdout("the result")
    source = _source_of(model, source, text)
    if presentation.json and output is None and source is not None:
        raise UsageError("--json needs --output, because both would go to stdout", "add --output labelled.csv")
    start(settings, presentation)
    from clf.cli.show.predict import print_labelled, print_predictions
    from clf.predict import predict_file, predict_texts

    result = (
        predict_file(model, source, output, settings) if source else predict_texts(model, text or [], output, settings)
    )
    if result is None:  # not the main process, which reports the result
        return None
    if presentation.json:
        return print_json(result.as_json())
    if source is None:
        print_predictions(result.predictions, settings.predict.all_scores)
    if output:
        print_labelled(result)
    if source is None:
        finish(presentation, "clf", "predict", model, "FILE", "--output", "predictions.csv")


def _source_of(model: str, source: Path | None, text: list[str] | None) -> Path | None:
    """Return the file to label, "-" for a pipe, or None if the texts are on the command line."""
    if text is not None and source is not None:
        raise UsageError(f"both --text and the file {source} were given", "pass only one of them")
    if text is None and source is None:
        if sys.stdin is None or os.isatty(0):
            raise UsageError(f"nothing to label with the model {model}", NOTHING_TO_LABEL)
        return Path("-")
    return source


@app.command("serve", cls=Command)
@uses("serve", "predict.threshold", "data.max_length", "compute", "download", "run.offline")
def serve_command(settings: Settings, presentation: Presentation, model: ModelArgument = None) -> None:
    """Label texts over HTTP as `clf predict` does, with a page for people; needs the extra `serve`."""
    start(settings, presentation, serves=True)
    from clf.cli.show.serve import print_serving
    from clf.serve import serve

    show = (lambda serves: print_json(serves.as_json())) if presentation.json else print_serving
    serve(model, settings, show, tell=not presentation.quiet)


@app.command("export", cls=Command)
@uses("export", "data", "compare.metric,margin,on_inconclusive", "compute", "download", "run.-resume")
def export_command(settings: Settings, presentation: Presentation, model: ModelArgument = None) -> None:
    """Export a model to ONNX and check it on real texts; exit code 3 if int8 loses more than the margin."""
    start(settings, presentation)
    note_unused(settings, "drop_leaks", "max_train_samples")
    from clf.cli.show.export import print_export
    from clf.export import exit_code, export

    result = export(model, settings)
    if presentation.json:
        print_json(result.as_json())
    else:
        print_export(result)
        if result.output_dir:
            finish(presentation, "clf", "predict", result.output_dir, "--text", "a new text")
    raise typer.Exit(exit_code(result))


@app.command("download-models", cls=Command)
@uses("download", "run.-output_dir,seed,resume")
def download_command(
    settings: Settings,
    presentation: Presentation,
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="MODEL", help="Hub ids. \\[default: distilbert-base-uncased]", show_default=False),
    ] = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option("--dataset", help="Dataset: imdb, ag_news or a Hub id; repeat the flag for several."),
    ] = None,
    revision: Annotated[str | None, typer.Option("--revision", help="Branch, tag or commit of the models.")] = None,
    manifest: Annotated[
        Path | None, typer.Option("--manifest", help="Write the ids, commits, files and SHA-256 hashes to this file.")
    ] = None,
    from_manifest: Annotated[
        Path | None, typer.Option("--from-manifest", help="Download exactly what this manifest lists.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check the cached files byte by byte, without a network.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Download newer commits of what is in the cache, if the Hub has any.")
    ] = False,
) -> None:
    """Download models and datasets into the cache, for runs without a network."""
    if verify and update:
        raise UsageError("--verify works without a network, but --update needs one", "pass only one of them")
    start(settings, presentation)
    from clf.cli.show.download import print_downloaded
    from clf.download import choose_wanted, download_models, verify_models

    wanted = choose_wanted(models or [], dataset or [], revision, from_manifest)
    if verify:
        rows = verify_models(wanted, settings, manifest=manifest)
    else:
        rows = download_models(wanted, settings, update=update, manifest=manifest)
    if presentation.json:
        return print_json([row.as_json() for row in rows])
    print_downloaded(rows, verify, manifest)
    finish(presentation, *_training_with(rows, revision))


def _training_with(rows: "list[Downloaded]", revision: str | None) -> list[str]:
    """Return the command that trains with what was downloaded."""
    from clf.data.sources.find import NAMES

    short = {repository: name for name, repository in NAMES.items()}
    model = next((["--model", row.id] for row in rows if row.kind == "model"), [])
    data = next((short.get(row.id, row.id) for row in rows if row.kind == "dataset"), "FILE")
    pinned = ["--revision", revision] if revision else []
    return ["clf", "train", "--dataset", data, *model, *pinned, "--offline"]


@app.command("doctor", cls=Command)
@uses("compute", "run.-output_dir,overwrite,seed,resume")
def doctor_command(settings: Settings, presentation: Presentation) -> None:
    """Show what this machine has: device, precision, cores, memory, cache, and what is available offline."""
    start(settings, presentation)
    from clf.cli.show.doctor import print_findings
    from clf.doctor import examine

    found = examine(settings, presentation.config)
    if presentation.json:
        return print_json(found.as_json())
    print_findings(found)
    damaged = next((one.id for one in found.ready_offline if one.problem and one.kind == "model"), None)
    finish(presentation, "clf", *(["download-models", damaged] if damaged else ["demo"]))


def print_json(value: Any) -> None:
    """Print one JSON document; the printing module is imported only when needed."""
    from clf.cli.show.terminal import print_json

    print_json(value)


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    return run_to_exit_code(app, arguments)


def main() -> None:
    """Run `clf` from the shell."""
    if sys.platform == "win32":
        sys.exit(refuse_system())
    listen_to_signals()
    sys.exit(close_streams(run()))
