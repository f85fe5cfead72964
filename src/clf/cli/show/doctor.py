"""What `clf doctor` prints."""

from rich.table import Table
from rich.text import Text

from clf.cli.show.terminal import show
from clf.outcomes.machine import ComputeFindings, DoctorResult, Readiness, SettingsFindings
from clf.progress import size
from clf.safety import safe

BUSY = 1.2
"""The load for each core above which other programs take time from training."""


def print_findings(found: DoctorResult) -> None:
    """Print a one-screen summary of the machine."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column()
    for name, value in _lines(found):
        grid.add_row(name, Text(safe(value)))
    show(grid)


def _lines(found: DoctorResult) -> list[tuple[str, str]]:
    cache, settings, memory = found.cache, found.settings, found.memory_gb
    held = [f"{one.kind} {one.id} ({size(one.mb * 1e6)})" for one in cache.repositories]
    writable = "" if cache.writable else ", read-only"
    return [
        ("clf", f"{found.clf} on {found.platform}"),
        ("Python", found.python),
        ("libraries", ", ".join(f"{name} {number or 'missing'}" for name, number in found.versions.items())),
        ("device", _computes(found.compute)),
        ("cores", str(found.cores) + _business(found.load_per_core)),
        ("memory", f"{memory['available']} GB free of {memory['total']} GB"),
        ("cache", f"{cache.folder} ({cache.free_gb} GB free on its disk{writable})"),
        ("cached", ", ".join(held) or "nothing"),
        *[(_readiness(one), f"{one.kind} {one.id}{_origin(one)}") for one in found.ready_offline],
        ("Hub", f"{found.hub.endpoint}: {found.hub.state}"),
        ("settings", f"{settings.file or 'no settings file'}; {_variables(settings)}"),
    ]


def _business(load: float | None) -> str:
    """Say that training would be slow, if the machine has more to do than its cores can."""
    return "" if load is None or load <= BUSY else f" (busy: other programs ask for {load:g} times the machine's cores)"


def _computes(compute: ComputeFindings) -> str:
    return compute.error or (
        f"{', '.join(compute.gpus) or compute.device}, precision {compute.precision}, "
        f"{compute.threads} threads" + (f" (no GPU: {compute.no_gpu})" if compute.no_gpu else "")
    )


def _readiness(one: Readiness) -> str:
    return "ready offline" if one.ready else "damaged" if one.problem else "not available offline"


def _origin(one: Readiness) -> str:
    detail = one.problem if not one.ready else f"from the {one.origin}"
    return f" ({detail})" if detail else ""


def _variables(settings: SettingsFindings) -> str:
    names = [*settings.variables, *settings.hub_variables, *(["HF_TOKEN"] if settings.token else [])]
    return f"environment variables {', '.join(names)}" if names else "no variables of clf or the Hub are set"
