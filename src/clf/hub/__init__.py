"""The Hugging Face Hub: from its local cache without a network call, else by a download that always ends.

cache     what the cache holds, whole and verified, read with no client and no network
files     which files of a repository clf uses, and their hashes
download  one repository into the cache: a process of its own, watched, retried, killed when it stalls
transfer  that process: one attempt with the Hub's own client
explain   what the client raised, as an error for people or a reason to try again
messages  what that process is told, and says
address   where the Hub and its cache are, and whether it may be asked
"""

from clf.hub.address import cache_folder, check_endpoint, is_offline, shown_endpoint
from clf.hub.cache import CacheEntry, Snapshot, look_up, recorded_repositories
from clf.hub.download import adopt, fetch
from clf.hub.files import Kind, check_weights, how_to_fetch, is_commit, is_repository_id, stays_inside, unusable, wanted

__all__ = [
    "CacheEntry",
    "Kind",
    "Snapshot",
    "adopt",
    "cache_folder",
    "check_endpoint",
    "check_weights",
    "fetch",
    "how_to_fetch",
    "is_commit",
    "is_offline",
    "is_repository_id",
    "look_up",
    "recorded_repositories",
    "shown_endpoint",
    "stays_inside",
    "unusable",
    "wanted",
]
