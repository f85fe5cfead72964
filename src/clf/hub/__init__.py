"""The Hugging Face Hub: repositories from its local cache without a network call, or by a download that never hangs.

cache     finds repositories in the cache and verifies them, without the Hub's client or the network
records   what is recorded about the files of a cached repository, read as models
files     which files of a repository clf uses, and their hashes
download  downloads one repository in a separate process, which is monitored, retried, and killed when it stalls
transfer  that download process: one attempt with the Hub's own client
explain   errors raised by the client, as errors for users or reasons to try again
messages  the messages to and from the download process
manifest  the manifest of `clf download-models`
address   where the Hub and its cache are, and whether the network may be used
"""

from clf.hub.address import cache_folder, check_endpoint, is_offline, shown_endpoint
from clf.hub.cache import CacheEntry, Snapshot, look_up, recorded_repositories
from clf.hub.download import adopt, fetch
from clf.hub.files import Kind, check_weights, how_to_fetch, is_repository_id, unusable, wanted
from clf.hub.manifest import PinnedFile, PinnedRepository, read_manifest, write_manifest

__all__ = [
    "CacheEntry",
    "Kind",
    "PinnedFile",
    "PinnedRepository",
    "Snapshot",
    "adopt",
    "cache_folder",
    "check_endpoint",
    "check_weights",
    "fetch",
    "how_to_fetch",
    "is_offline",
    "is_repository_id",
    "look_up",
    "read_manifest",
    "recorded_repositories",
    "shown_endpoint",
    "unusable",
    "wanted",
    "write_manifest",
]
