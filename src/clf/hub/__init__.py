"""The Hugging Face Hub: from its local cache without a network call, else by a download that always ends.

cache     what the cache holds, whole and verified, read with no client and no network
files     which files of a repository clf uses, and their hashes
download  one repository into the cache: a process of its own, watched, retried, killed when it stalls
transfer  that process: one attempt with the Hub's own client
"""

from clf.hub.cache import CacheEntry, Snapshot, adopt, cache_folder, look_up
from clf.hub.download import fetch, is_offline
from clf.hub.files import Kind, check_weights, is_repository_id, stays_inside

__all__ = ["CacheEntry", "Kind", "Snapshot", "adopt", "cache_folder", "check_weights", "fetch", "is_offline",
           "is_repository_id", "look_up", "stays_inside"]  # fmt: skip
