"""What `clf download-models` fetched and `clf doctor` found."""

from typing import Literal

from pydantic import Field

from clf.outcomes.base import Json, Outcome


class Downloaded(Outcome):
    """A repository that is here, and where."""

    kind: Literal["model", "dataset"]
    id: str
    revision: str | None
    commit: str | None
    folder: str
    origin: str


class ComputeFindings(Outcome):
    """What a command would compute with; `error` where torch cannot even be loaded."""

    error: str | None = None
    device: str = ""
    precision: str = ""
    threads: int = 0
    gpus: list[str] = Field(default_factory=list)
    no_gpu: str | None = None
    cuda_build: str | None = None


class CachedRepository(Outcome):
    """A repository in the cache of the Hub."""

    kind: str
    id: str
    mb: float


class CacheFindings(Outcome):
    """The cache of the Hub."""

    folder: str
    writable: bool
    free_gb: float
    repositories: list[CachedRepository]


class Readiness(Outcome):
    """Whether a model or dataset that clf knows by name can be used with no network."""

    kind: Literal["model", "dataset"]
    id: str
    ready: bool
    origin: str | None
    problem: str | None


class HubFindings(Outcome):
    """What the Hub answered."""

    endpoint: str
    state: str
    seconds: float | None = None


class SettingsFindings(Outcome):
    """Where settings come from here."""

    file: str | None
    variables: list[str]
    hub_variables: list[str]
    token: bool


class DoctorResult(Outcome):
    """`clf doctor --json`."""

    clf: str
    python: str
    platform: str
    versions: dict[str, str | None]
    compute: ComputeFindings
    cores: int
    memory_gb: dict[str, float]
    cache: CacheFindings
    ready_offline: list[Readiness]
    hub: HubFindings
    settings: SettingsFindings

    def as_json(self, *, without: set[str] | None = None) -> Json:
        """Return what `json.dumps` takes: only what was found out."""
        return self.model_dump(exclude_unset=True)
