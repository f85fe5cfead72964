"""The reference page of the settings, made from their declarations: `python -m clf.cli.reference`."""

import sys

from clf.settings import Settings, flag


def reference() -> str:
    """Write every setting with its flag, variable, default and meaning, as Markdown."""
    lines = [
        "# Settings",
        "",
        "<!-- made by `make docs` from src/clf/settings.py; do not edit -->",
        "",
        "A flag beats its variable, which beats `clf.toml`, which beats the default.",
        "`clf.toml` is read from the working folder; `--config FILE` or `CLF_CONFIG` names another.",
        "A command shows in its `--help` which settings it takes. Every command also takes `--json`, `--quiet`,",
        "`--verbose`, `--debug` and `--version`, which are no settings.",
    ]
    settings = Settings()
    for section in Settings.model_fields:
        values = getattr(settings, section)
        lines += ["", f"## [{section}]", "", (type(values).__doc__ or "").strip(), ""]
        lines += ["| flag | variable | default | meaning |", "|---|---|---|---|"]
        for name, field in type(values).model_fields.items():
            typed, variable = flag(name), f"CLF_{section}__{name}".upper()
            meaning = " ".join((field.description or "").split()).replace("|", "\\|")
            default = getattr(values, name)
            shown = "" if default in (None, []) else f"`{default}`"
            lines.append(f"| `{typed}` | `{variable}` | {shown} | {meaning} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
