"""The settings of a dataset as flags, for a command on the same texts."""

from collections.abc import Set

from clf.settings import DataSettings, flag

FIRST = ("dataset", "label_column", "text_column", "ignore_column")
NOT_THE_SAME = {"allow_leak", "drop_leaks", "max_train_samples"}
"""What a command that measures ignores, and what nobody should allow without having read why it is refused."""


def data_flags(data: DataSettings, without: Set[str] = frozenset()) -> list[str]:
    """Return the flags that name a dataset and how it is read: those whose values are not the usual ones."""
    usual = DataSettings()
    left_out = NOT_THE_SAME | without
    names = [name for name in dict.fromkeys([*FIRST, *DataSettings.model_fields]) if name not in left_out]
    changed = {name: getattr(data, name) for name in names if getattr(data, name) != getattr(usual, name)}
    return [part for name, value in changed.items() for part in _flags(name, value)]


def _flags(name: str, value: object) -> list[str]:
    if isinstance(value, bool):
        return [flag(name) if value else f"--no-{flag(name)[2:]}"]
    return [part for one in (value if isinstance(value, list) else [value]) for part in typed(flag(name), str(one))]


def typed(flag: str, value: str) -> list[str]:
    """Return a flag with its value as it is typed; a value that begins with a dash would be taken for a flag."""
    return [f"{flag}={value}"] if value.startswith("-") else [flag, value]
