"""Load settings from flags, `CLF_*` environment variables, `clf.toml` and the defaults, in this order of priority."""

import os
import re
from difflib import get_close_matches
from pathlib import Path
from reprlib import Repr
from typing import Any

from pydantic import ValidationError

from clf.errors import UsageError
from clf.settings import Settings, flag, section_type
from clf.settings_file import TOO_DEEP, Name, SettingsFile, Tables, check_reach, read_settings_file

Overrides = dict[str, dict[str, Any]]
LONGEST_NAME = 100
CREDENTIALS = ("CLF_SERVE_TOKEN", "CLF_SERVE_TOKEN_FILE")
"""Variables that are no settings: a token is neither a flag nor in a file of settings, and is never written."""
OF_A_SERVICE = re.compile(
    r"CLF_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)"
)
_short = Repr()
_short.maxstring = _short.maxother = 100


def load_settings(overrides: Overrides | None = None, config: Path | None = None) -> Settings:
    """Merge all sources of settings, in order of priority: `overrides`, CLF_* variables, settings file, defaults.

    Raises UsageError for an unknown name or a bad value; the message names the flag, variable or key.
    """
    return load_with_file(overrides, config)[0]


def load_with_file(overrides: Overrides | None, config: Path | None) -> tuple[Settings, SettingsFile]:
    """Do what `load_settings` does, and also return the settings file."""
    overrides = overrides or {}
    file = read_settings_file(config)
    _check_variables()
    try:
        settings = _layered(file.values, overrides)
    except RecursionError as error:
        raise UsageError(f"{file.path} is nested too deeply", TOO_DEEP) from error
    except ValidationError as error:
        raise _usage_error(error, overrides, file.path) from error
    check_reach(file, settings, {name for name in file.names if _is_overridden(name, overrides)})
    return settings, file


def _is_overridden(setting: Name, overrides: Overrides) -> bool:
    """Return whether a flag or a variable sets what the settings file sets too."""
    section, name = setting
    variables = {given.upper() for given, value in os.environ.items() if value}
    return name in overrides.get(section, {}) or _variable(section, name) in variables


def _variable(section: str, name: str) -> str:
    return f"CLF_{section}__{name}".upper()


def _layered(values: Tables, overrides: Overrides) -> Settings:
    # Importing pydantic-settings takes 50 ms, too long for `--help`.
    from pydantic_settings import BaseSettings, InitSettingsSource, SettingsConfigDict

    class LayeredSettings(Settings, BaseSettings):
        model_config = SettingsConfigDict(
            env_prefix="CLF_", env_nested_delimiter="__", env_ignore_empty=True, enable_decoding=False
        )

        @classmethod
        def settings_customise_sources(cls, settings_cls, init_settings, env_settings, *_: Any, **__: Any) -> Any:  # type: ignore[no-untyped-def]
            return init_settings, env_settings, InitSettingsSource(settings_cls, values)

    layered = LayeredSettings.model_validate(overrides)
    return Settings.model_construct(
        layered.model_fields_set, **{name: getattr(layered, name) for name in Settings.model_fields}
    )


def variable_names() -> list[str]:
    """Return the names of all environment variables that can set a setting."""
    return [
        _variable(section, name) for section in Settings.model_fields for name in section_type(section).model_fields
    ]


def given_variables() -> list[str]:
    """Return the names of the CLF_* variables that are set, but for the token and what Kubernetes adds to each pod."""
    return sorted(
        name
        for name, value in os.environ.items()
        if name.startswith("CLF_") and name not in CREDENTIALS and not _tells_of_a_service(name, value)
    )


def _tells_of_a_service(name: str, value: str) -> bool:
    """Return whether a variable is the address of a service in Kubernetes: each pod gets that of each service."""
    if "KUBERNETES_SERVICE_HOST" not in os.environ or "__" in name:
        return False
    return bool(OF_A_SERVICE.fullmatch(name)) or (name.endswith("_PORT") and "://" in value)


def _check_variables() -> None:
    """Refuse CLF_* variables that match no setting; pydantic-settings would silently ignore most of them."""
    known = [*variable_names(), "CLF_CONFIG"]
    for name in given_variables():
        if name not in known:
            hint = _suggest(name, [*known, *CREDENTIALS])
            raise UsageError(f"the environment variable {name} is not a setting", hint)


def _usage_error(error: ValidationError, overrides: Overrides, config: Path) -> UsageError:
    problem = error.errors()[0]
    said = problem["msg"].removeprefix("Value error, ")
    section, name = (*(str(part)[:LONGEST_NAME] for part in problem["loc"]), "", "")[:2]
    if not name and problem["type"] == "value_error":  # two settings that contradict each other
        return UsageError(said, "pass only one of them")
    origin = _origin(section, name, overrides, config)
    if problem["type"] == "extra_forbidden":
        return UsageError(f"{origin}: no such setting", _suggest(name or section, _names_near(section, name)))
    if problem["type"] == "string_unicode":
        return UsageError(
            f"{origin} {_short.repr(problem['input'])} is not valid UTF-8", "give the file a name of UTF-8 characters"
        )
    expected = said.replace("Input should be", "expected").replace("String should", "it should")
    expected = expected.partition(", unable to parse")[0]
    same = [other for other in error.errors()[1:] if other["loc"][:2] == problem["loc"][:2]]
    expected += "".join(f", or {other['ctx']['expected']}" for other in same if other["type"] == "literal_error")
    return UsageError(
        f"{origin}: {expected}, found {_short.repr(problem['input'])}",
        "see the command's --help for the accepted values",
    )


def _origin(section: str, name: str, overrides: Overrides, config: Path) -> str:
    if name in overrides.get(section, {}):
        return flag(name)
    variable = _variable(section, name)
    if variable in os.environ:
        return variable
    return f"{section}.{name} in {config}" if name else f"[{section}] in {config}"


def _names_near(section: str, name: str) -> list[str]:
    if name and section in Settings.model_fields:
        return list(section_type(section).model_fields)
    return list(Settings.model_fields)


def _suggest(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"known settings: {', '.join(known[:12])}"
