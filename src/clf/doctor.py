"""`clf doctor`: report what this machine has, what is ready for offline use, and which settings are in effect."""

import os
import platform
import shutil
import sys
import threading
import time
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from clf import __version__, hub
from clf.data.sources.find import NAMES
from clf.errors import ClfError
from clf.models.store import EMBEDDED_ID, find_local_model
from clf.outcomes.machine import (
    CachedRepository,
    CacheFindings,
    ComputeFindings,
    DoctorResult,
    HubFindings,
    Readiness,
    SettingsFindings,
)
from clf.processes import usable_cores
from clf.settings import DEFAULT_MODEL, ComputeSettings, Settings
from clf.settings_file import CONFIG_FILE
from clf.settings_sources import given_variables

PACKAGES = ("torch", "transformers", "datasets", "accelerate", "tokenizers", "huggingface_hub")
SECONDS_FOR_THE_HUB = 2.0
NOT_SHOWN = {"HF_TOKEN", "HF_HUB_DISABLE_PROGRESS_BARS", "HF_HUB_DISABLE_TELEMETRY"}  # secret, or set by clf


def examine(settings: Settings, config: Path | None = None) -> DoctorResult:
    """Examine the machine, the cache, the Hub and the settings; every finding can be written as JSON."""
    return DoctorResult(
        clf=__version__,
        python=f"{platform.python_version()} at {sys.executable}",
        platform=platform.platform(),
        versions={name: _version(name) for name in PACKAGES},
        compute=_compute(settings.compute),
        cores=usable_cores(),
        load_per_core=_load_per_core(),
        memory_gb=_memory(),
        cache=_cache(),
        ready_offline=_ready(),
        hub=_ask_hub(settings.run.offline),
        settings=_settings(config, settings.run.offline),
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


# --- the machine ----------------------------------------------------------------------------------------------


def _compute(settings: ComputeSettings) -> ComputeFindings:
    try:
        import torch

        from clf.models.compute import choose_compute, why_no_gpu
    except (ImportError, OSError) as error:  # such as a build for another machine
        return ComputeFindings(error=f"torch cannot be loaded: {error}")
    compute = choose_compute(settings)
    names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return ComputeFindings(
        device=str(compute.device),
        precision=compute.precision,
        threads=torch.get_num_threads(),
        gpus=names,
        no_gpu=why_no_gpu() if compute.device.type == "cpu" and not names else None,
        cuda_build=torch.version.cuda,
    )


def _load_per_core() -> float | None:
    """Return the load average of the last minute, divided by the cores of the machine; None if it is not known.

    Both are those of the whole machine, even in a container that may use only some of its cores.
    """
    try:
        return round(os.getloadavg()[0] / (os.cpu_count() or 1), 1)
    except OSError:
        return None


def _memory() -> dict[str, float]:
    """Return the total and the available memory of the machine or container, in GB (10^9 bytes)."""
    import psutil

    memory = psutil.virtual_memory()
    total, available = memory.total, memory.available
    with suppress(OSError, ValueError):
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text())
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
        total, available = min(total, limit), min(available, max(0, limit - used))
    return {"total": round(total / 1e9, 1), "available": round(available / 1e9, 1)}


# --- the cache and the Hub ------------------------------------------------------------------------------------


def _cache() -> CacheFindings:
    folder = hub.cache_folder()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    repositories = [
        CachedRepository(
            kind=path.name.split("s--")[0],
            id=path.name.split("s--")[1].replace("--", "/"),
            mb=_megabytes(path),
        )
        for path in sorted(folder.glob("*s--*"))
        if path.is_dir() and os.access(path, os.R_OK | os.X_OK)
    ]
    return CacheFindings(
        folder=str(folder),
        writable=os.access(existing, os.W_OK),
        free_gb=round(shutil.disk_usage(existing).free / 1e9, 1),
        repositories=repositories,
    )


def _megabytes(folder: Path) -> float:
    sizes = [path.lstat().st_size for path in folder.rglob("*") if not path.is_symlink() and path.is_file()]
    return round(sum(sizes) / 1e6, 3)


def _ready() -> list[Readiness]:
    """Return for each model and dataset that clf knows by name whether it can be used offline."""
    return [_ready_model(name) for name in (DEFAULT_MODEL, EMBEDDED_ID)] + [
        _ready_dataset(name) for name in NAMES.values()
    ]


def _ready_model(name: str) -> Readiness:
    problem, origin = "", None
    try:
        if model := find_local_model(name):
            origin = model.origin
        else:
            problem = "; ".join(hub.look_up("model", name).problems)
    except ClfError as error:
        problem = error.message
    return Readiness(kind="model", id=name, ready=origin is not None, origin=origin, problem=problem or None)


def _ready_dataset(name: str) -> Readiness:
    entry = hub.look_up("dataset", name)
    ready = entry.usable is not None
    return Readiness(
        kind="dataset",
        id=name,
        ready=ready,
        origin="cache" if ready else None,
        problem="; ".join(entry.problems) or None,
    )


def _ask_hub(offline: bool) -> HubFindings:
    """Request a page from the Hub, giving up after two seconds whatever hangs."""
    shown = hub.shown_endpoint()
    if hub.is_offline(offline):
        return HubFindings(endpoint=shown, state="not checked: offline mode is on")
    answer: list[str] = []
    started = time.monotonic()
    asking = threading.Thread(target=_ask, args=(answer,), daemon=True)
    asking.start()
    asking.join(SECONDS_FOR_THE_HUB)
    state = answer[0] if answer else f"no answer within {SECONDS_FOR_THE_HUB:.0f} s"
    return HubFindings(endpoint=shown, state=state, seconds=round(time.monotonic() - started, 2))


def _ask(answer: list[str]) -> None:
    try:
        from huggingface_hub import constants, get_session

        url = f"{constants.ENDPOINT}/api/models/{DEFAULT_MODEL}"
        status = get_session().get(url, timeout=SECONDS_FOR_THE_HUB).status_code
        answer.append("answers" if status < 500 else f"answers with an error ({status})")
    except Exception as error:  # doctor reports any kind of error
        answer.append(f"does not answer: {type(error).__name__}")


# --- the settings ---------------------------------------------------------------------------------------------


def _settings(config: Path | None, offline: bool) -> SettingsFindings:
    not_shown = NOT_SHOWN | ({"HF_HUB_OFFLINE"} if offline else set())  # set by --offline
    file = config or CONFIG_FILE
    return SettingsFindings(
        file=str(file.resolve()) if file.is_file() else None,
        variables=given_variables(),
        hub_variables=sorted(name for name in os.environ if name.startswith("HF_") and name not in not_shown),
        token="HF_TOKEN" in os.environ,
    )
