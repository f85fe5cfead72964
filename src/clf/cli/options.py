"""Turn settings into Typer options: each command's signature is generated from the sections of settings it uses."""

import functools
import sys
from collections.abc import Callable, Sequence
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from clf import __version__
from clf.settings import flag, section_type
from clf.settings_sources import Overrides, load_with_file

COMMON = "Every command"
NEWEST = "\\[default: the newest model in trained_models/ that is not a test run]"
ModelArgument = Annotated[str | None, typer.Argument(help=f"Model folder or Hub id. {NEWEST}", show_default=False)]
HiddenModel = Annotated[str | None, typer.Option("--trained-model", hidden=True)]
PeekOption = Annotated[
    bool, typer.Option("--peek", help="Only show how the first rows are read, and why; write nothing.")
]

# Alternative names from the Hugging Face scripts and from earlier guides. Hidden from the help, but supported for good.
ALIASES = {
    "model-name-or-path": "model",
    "model-name": "model",
    "num-train-epochs": "epochs",
    "num-epochs": "epochs",
    "per-device-train-batch-size": "batch-size",
    "max-seq-length": "max-length",
    "lr": "learning-rate",
    "candidate": "trained-model",
}


def normalize_name(name: str) -> str:
    """Return the canonical name of a flag or command, so that `--test_run` and `download_models` also work."""
    if name in CHOICES:  # Typer also normalises the values of choices with this function
        return name
    name = name.replace("_", "-")
    return ALIASES.get(name, name)


CHOICES = {
    word
    for section, name in (("compare", "metric"), ("train", "select_by"))
    for word in get_args(section_type(section).model_fields[name].annotation)
}


class Presentation:
    """How a command prints its output. Set by flags only; not part of the settings."""

    def __init__(
        self,
        json: bool,
        quiet: bool,
        verbose: bool,
        debug: bool,
        config: Path | None = None,
        settings_note: str = "",
    ) -> None:
        self.json, self.quiet, self.verbose, self.debug, self.config = json, quiet, verbose, debug, config
        self.settings_note = settings_note  # which settings file was read


def _flag(text: str, name: str) -> Parameter:
    option = typer.Option(f"--{name}", help=text, rich_help_panel=COMMON)
    return Parameter(name, Parameter.KEYWORD_ONLY, default=False, annotation=Annotated[bool, option])


def print_version(wanted: bool) -> None:
    """Print the version and exit."""
    if wanted:
        typer.echo(f"clf {__version__}")
        raise typer.Exit


VERSION_OPTION = Parameter(
    "version",
    Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version.", callback=print_version, is_eager=True, rich_help_panel=COMMON
        ),
    ],
)
PRESENTATION_FLAGS = [
    _flag("Print a single JSON document on stdout and nothing else.", "json"),
    _flag("Show only results and errors: no log messages, no progress.", "quiet"),
    _flag("Show more detailed log messages.", "verbose"),
    _flag("Show the traceback of an error.", "debug"),
]
CONFIG_OPTION = Parameter(
    "config",
    Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[
        Path | None,
        typer.Option(help="Settings file. \\[default: clf.toml]", envvar="CLF_CONFIG", rich_help_panel=COMMON),
    ],
)


def uses(*selectors: str, own: Sequence[str] = ()) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Turn settings into options of a command, and pass the command its `settings` and `presentation`.

    A selector is a section (`"data"`), some of its fields (`"train.model,revision"`), or all fields except
    some (`"data.-split,allow_leak"`). For the settings in `own`, the command chooses the value itself if the user
    passes none, and the help does not show the default.
    """
    fields = {name: section for selector in selectors for section, name in _select(selector)}

    def decorate(command: Callable[..., Any]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(ctx: typer.Context, config: Path | None, **values: Any) -> None:
            del values["version"]  # answered while parsing
            overrides = _overrides(ctx, fields, values)
            settings, file = load_with_file(overrides, config)
            shown = {flag.name: values.pop(flag.name) for flag in PRESENTATION_FLAGS}
            presentation = Presentation(**shown, config=config, settings_note=file.note)
            command(settings=settings, presentation=presentation, **values)

        run.__signature__ = _signature(command, fields, own)  # type: ignore[attr-defined]
        return run

    return decorate


def _select(selector: str) -> list[tuple[str, str]]:
    section, _, names = selector.partition(".")
    known = list(section_type(section).model_fields)
    if names.startswith("-"):
        excluded = names[1:].split(",")
        return [(section, name) for name in known if name not in excluded]
    return [(section, name) for name in (names.split(",") if names else known)]


def _overrides(ctx: typer.Context, fields: dict[str, str], values: dict[str, Any]) -> Overrides:
    """Remove all settings from `values` and return those that were typed; unset flags must not override variables."""
    overrides: Overrides = {}
    for name, section in fields.items():
        value, source = values.pop(name), ctx.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            overrides.setdefault(section, {})[name] = value
    return overrides


def _signature(command: Callable[..., Any], fields: dict[str, str], own_default: Sequence[str]) -> Signature:
    own = dict(signature(command, eval_str=True).parameters)
    del own["settings"], own["presentation"]
    context = Parameter("ctx", Parameter.KEYWORD_ONLY, annotation=typer.Context)
    options = [_option(section, name, name in own_default) for name, section in fields.items()]
    parameters = [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in own.values()]
    return Signature([*parameters, context, *options, CONFIG_OPTION, *PRESENTATION_FLAGS, VERSION_OPTION])


def _option(section: str, name: str, own_default: bool) -> Parameter:
    field: FieldInfo = section_type(section).model_fields[name]
    typed = flag(name)
    # A switch that is on or undecided by default gets --x/--no-x; one that is off gets --x only.
    both = field.default is True or field.annotation == bool | None
    declaration = [f"{typed}/--no-{typed[2:]}"] if both else [typed]
    panel = COMMON if section == "run" else section.capitalize()
    shown: bool | str = "[default:" not in (field.description or "") and field.default not in (None, [], False, True)
    if own_default:
        shown = "chosen by this command"
    text = (field.description or "").replace("[", "\\[")  # Rich would read [default: ...] as markup
    kind, metavar = _kind_and_metavar(field.annotation)
    option = typer.Option(*declaration, help=text, rich_help_panel=panel, show_default=shown, metavar=metavar)
    annotation = Annotated[kind, option]  # type: ignore[valid-type]
    return Parameter(name, Parameter.KEYWORD_ONLY, default=field.default, annotation=annotation)


def _kind_and_metavar(annotation: Any) -> tuple[Any, str | None]:
    """Return the type that Typer parses a setting as, and its metavar.

    A setting that accepts a number or a word is parsed as a string, and validated later together with the others.
    """
    parts = get_args(annotation)
    words = [word for part in parts for word in get_args(part) if get_origin(part) is Literal]
    if not words or get_origin(annotation) is Literal:
        return annotation, None
    numbers = [get_args(part)[0] if get_args(part) else part for part in parts if get_origin(part) is not Literal]
    return str, f"<{'|'.join([number.__name__ for number in numbers] + sorted(set(words)))}>"


def wants_json(arguments: list[str] | None) -> bool:
    """Return whether `--json` was typed, even if the command line could not be parsed."""
    return "--json" in (sys.argv[1:] if arguments is None else arguments)
