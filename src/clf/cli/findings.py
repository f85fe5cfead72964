"""What `clf download-models` and `clf doctor` print for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from clf.cli.render import console, print_lines, print_metrics
from clf.progress import size
from clf.reports.safety import safe


def print_downloaded(rows: Sequence[Mapping[str, Any]], verified: bool, manifest: object) -> None:
    """Print where each model and dataset is."""
    for row in rows:
        commit = f" (commit {row['commit'][:8]})" if row["commit"] else ""
        state = "verified in" if verified else "ready in"
        print_lines(f"{row['kind']} {row['id']}{commit}: {state} {row['folder']}")
    if manifest:
        print_lines(f"manifest written to {manifest}")


def print_export(result: Mapping[str, Any]) -> None:
    """Print what an export costs and gains, and whether it was written."""
    columns = {name: result[name] for name in ("original", "exported")}
    title = f"{result['model']} and its export on {result['rows']} texts of {result['dataset']}, {result['split']}"
    print_metrics(columns, title, result["costs"])
    low, high = result["interval"]
    print_lines(
        f"the same label for {result['same_labels']:.2%}; probabilities differ by at most "
        f"{result['largest_difference']:.2g}; {result['metric']} {result['difference']:+.4f} [{low:+.4f}, {high:+.4f}]"
    )
    if result["output_dir"]:
        return print_lines(f"written to {result['output_dir']}")
    told = {"failed": "it costs more than", "inconclusive": "these texts cannot tell whether it costs more than"}
    print_lines(
        f"not written: {told[result['gate']]} the margin of {result['margin']:g}",
        "try a larger --margin, or keep the export without --int8",
    )


def print_findings(found: Mapping[str, Any]) -> None:
    """Print one screen about the machine."""
    compute, cache, settings = found["compute"], found["cache"], found["settings"]
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column()
    versions = ", ".join(f"{name} {number or 'missing'}" for name, number in found["versions"].items())
    used = compute.get("error") or (
        f"{', '.join(compute['gpus']) or compute['device']}, precision {compute['precision']}, "
        f"{compute['threads']} threads" + (f" (no GPU: {compute['no_gpu']})" if compute["no_gpu"] else "")
    )
    memory = found["memory_gb"]
    held = [f"{one['kind']} {one['id']} ({size(one['mb'] * 1e6)})" for one in cache["repositories"]]
    writable = "" if cache["writable"] else ", read-only"
    lines = [
        ("clf", f"{found['clf']} on {found['platform']}"),
        ("Python", found["python"]),
        ("libraries", versions),
        ("computes on", used),
        ("cores", str(found["cores"])),
        ("memory", f"{memory['available']} GB free of {memory['total']} GB"),
        ("cache", f"{cache['folder']} ({cache['free_gb']} GB free on its disk{writable})"),
        ("it holds", ", ".join(held) or "nothing"),
        *[(_readiness(one), f"{one['kind']} {one['id']}{_origin(one)}") for one in found["ready_offline"]],
        ("the Hub", f"{found['hub']['endpoint']}: {found['hub']['state']}"),
        ("settings", f"{settings['file'] or 'no settings file'}; {_variables(settings)}"),
    ]
    for name, value in lines:
        grid.add_row(name, Text(safe(value)))
    console().print(grid)


def _readiness(one: Mapping[str, Any]) -> str:
    return "ready offline" if one["ready"] else "damaged" if one["problem"] else "not here"


def _origin(one: Mapping[str, Any]) -> str:
    detail = one["problem"] if not one["ready"] else f"from the {one['origin']}"
    return f" ({detail})" if detail else ""


def _variables(settings: Mapping[str, Any]) -> str:
    names = [*settings["variables"], *settings["hub_variables"], *(["HF_TOKEN"] if settings["token"] else [])]
    return f"variables {', '.join(names)}" if names else "no variables"
