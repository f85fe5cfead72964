"""The results of `clf download-models` and `clf doctor`."""

from typing import Literal

from pydantic import Field

from clf.outcomes.base import Json, Outcome


class Downloaded(Outcome):
    """A model or dataset that is on this machine, and its folder."""

    kind: Literal["model", "dataset"]
    id: str
    revision: str | None
    commit: str | None
    folder: str
    origin: str


class ComputeFindings(Outcome):
    """The device, precision and threads that commands would use; `error` is set if torch cannot be loaded."""

    error: str | None = None
    device: str = ""
    precision: str = ""
    threads: int = 0
    gpus: list[str] = Field(default_factory=list)
    no_gpu: str | None = None
    cuda_build: str | None = None


class CachedRepository(Outcome):
    """A repository in the Hub cache, and its size in MB."""

    kind: str
    id: str
    mb: float


class CacheFindings(Outcome):
    """The Hub cache: its folder, the free space on its disk, and its repositories."""

    folder: str
    writable: bool
    free_gb: float
    repositories: list[CachedRepository]


class Readiness(Outcome):
    """Whether a model or dataset that clf knows by name can be used without network access."""

    kind: Literal["model", "dataset"]
    id: str
    ready: bool
    origin: str | None
    problem: str | None


class HubFindings(Outcome):
    """Whether the Hub answered, and after how many seconds."""

    endpoint: str
    state: str
    seconds: float | None = None


class SettingsFindings(Outcome):
    """The settings file and environment variables in effect."""

    file: str | None
    variables: list[str]
    hub_variables: list[str]
    token: bool


class DoctorResult(Outcome):
    """The output of `clf doctor --json`."""

    clf: str
    python: str
    platform: str
    versions: dict[str, str | None]
    compute: ComputeFindings
    cores: int
    load_per_core: float | None = None
    """The load of the whole machine in the last minute, divided by its cores: above 1, programs wait for each other."""
    memory_gb: dict[str, float]
    cache: CacheFindings
    ready_offline: list[Readiness]
    hub: HubFindings
    settings: SettingsFindings

    def as_json(self, *, without: set[str] | None = None) -> Json:
        """Return the findings as a JSON object, without fields that were not set."""
        return self.model_dump(exclude_unset=True)
