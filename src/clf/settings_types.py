"""What settings are made of: the class of a section, and the types of the values that several settings share."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0.0, lt=1.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
PositiveCount = Annotated[int, Field(ge=1)]
AUTO: Literal["auto"] = "auto"
Auto = Literal["auto"]


def _as_list(value: Any) -> Any:
    """Accept a single string instead of a list: `text_column = "review"`, `CLF_DATA__TEXT_COLUMN=review`."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.startswith("[") else [value]
    except ValueError:
        raise ValueError('expected a single name or a JSON list such as ["a", "b"]') from None


def from_home(path: Path | None) -> Path | None:
    """Return the path with `~` and `~user` replaced by the home folder; raise ValueError if there is no such folder."""
    try:
        return path and path.expanduser()
    except RuntimeError:
        raise ValueError(f"the home folder in {path} is unknown") from None


Strings = Annotated[list[str], BeforeValidator(_as_list)]


class Section(BaseModel):
    """A group of settings: frozen values, validated on construction."""

    # Validators are built on first use: `--help` needs none of them.
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, defer_build=True)

    @classmethod
    def known(cls, recorded: Any) -> Any:
        """Drop the `recorded` values that this section does not have: an older or newer clf may have written them."""
        if not isinstance(recorded, dict):
            return recorded
        return {name: value for name, value in recorded.items() if name in cls.model_fields}

    def overlaid_on(self, recorded: Self) -> Self:
        """Return the `recorded` values, overridden by those that were set explicitly in this section."""
        return recorded.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})
