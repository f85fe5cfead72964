"""A Hugging Face Hub on 127.0.0.1, made of the standard library, that fails on request.

    with LocalHub() as hub:
        commit = hub.publish("models", "acme/tiny", {"config.json": b"{}"})
        hub.fault("reset", path=r"model\\.safetensors", method="GET", times=2)
        ... the real clients, with HF_ENDPOINT=hub.url ...
        hub.requests    # [Request("GET", "/api/models/acme/tiny/revision/main"), ...]

The clients read HF_ENDPOINT when they are imported: give it to a new process (`hub.environment`), or pass
`endpoint=hub.url` to the functions that take it. No X-Xet header is ever sent, so downloads are plain HTTP.
"""

import hashlib
import json
import re
import threading
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from support.hub_contents import (
    Answer,
    Commit,
    Kind,
    Refusal,
    Repository,
    StoredFile,
    entries_at,
    find_commit,
    list_folder,
)
from support.hub_server import Fault, FaultKind, HubServer, Request

REPO_ID = r"([^/]+(?:/[^/]+)??)"
API_PATH = re.compile(rf"/api/(models|datasets)/{REPO_ID}(?:/(revision|tree|paths-info)/([^/]+)/?(.*))?")
FILE_PATH = re.compile(rf"/(?:(datasets)/)?{REPO_ID}/resolve/([^/]+)/(.+)")


class LocalHub:
    """A Hub that serves what was published on it, logs every request, and fails where it was told to.

    `page_size` is the number of entries after which a tree listing continues on a next page. With `cdn`, large files
    come by a redirect from another host name, as on the Hub. With `tokens`, any
    other token is refused, for public repositories too, as the Hub does.
    """

    def __init__(self, page_size: int = 1000, tokens: tuple[str, ...] | None = None, *, cdn: bool = False) -> None:
        self.cdn = cdn
        self.told_the_cdn: list[str] = []
        """The Authorization headers that reached the CDN: there should be none."""
        self.tokens = tokens
        self.page_size = page_size
        self.requests: list[Request] = []
        self.ranges: list[str] = []
        """The Range headers that were sent, in order."""
        self.closing = threading.Event()
        self._repositories: dict[tuple[str, str], Repository] = {}
        self._redirects: dict[tuple[str, str], str] = {}
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._server = HubServer(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="local-hub")

    @property
    def url(self) -> str:
        """The endpoint, without a trailing slash."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def environment(self, home: Path) -> dict[str, str]:
        """Give the variables that send a new process to this hub, with its caches in `home`."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "NO_PROXY": "127.0.0.1",
        }

    def publish(
        self,
        kind: Kind,
        repo_id: str,
        files: dict[str, bytes],
        *,
        ref: str = "main",
        gated: bool = False,
        private: bool = False,
    ) -> str:
        """Commit `files` as the whole content of a repository, move `ref` there, and return the commit's sha.

        The sha follows from the content. Earlier commits stay. The files of a gated repository need a token; a
        private one is not even found without.
        """
        commit = {path: StoredFile(path, data) for path, data in files.items()}
        content = "\n".join(f"{path} {commit[path].sha256}" for path in sorted(commit))
        sha = hashlib.sha1(f"{kind} {repo_id}\n{content}".encode()).hexdigest()
        with self._lock:
            repository = self._repositories.setdefault((kind, repo_id), Repository(kind, repo_id))
            repository.commits[sha] = commit
            repository.refs[ref] = sha
            repository.gated, repository.private = gated, private
        return sha

    def redirect(self, kind: Kind, old_id: str, new_id: str) -> None:
        """Send requests for a legacy id to the id that the repository has now (307, as the Hub does)."""
        self._redirects[kind, old_id] = new_id

    def fault(self, kind: FaultKind, **options: Any) -> Fault:
        """Add a fault (see `Fault` for the options) and return it; its `fired` counts the spoilt requests."""
        fault = Fault(kind, **options)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Forget the faults and the log of requests; what was published stays."""
        with self._lock:
            self._faults.clear()
            self.requests.clear()
            self.ranges.clear()

    def receive(self, request: Request) -> Fault | None:
        """Log a request and find the first fault that strikes it."""
        with self._lock:
            self.requests.append(request)
            return next((fault for fault in self._faults if fault.strikes(request)), None)

    def answer(self, target: str, body: bytes, authorization: str | None) -> Answer:
        """Answer a request for `target`, the undecoded path with its query, from one with this Authorization header."""
        path = urlsplit(target).path
        authorized = bool(authorization)
        try:
            if authorization and self.tokens is not None and authorization.removeprefix("Bearer ") not in self.tokens:
                raise Refusal(401, "", "Invalid credentials in Authorization header")
            if path.startswith("/cdn/"):
                return self._answer_cdn(path.removeprefix("/cdn/"), authorization)
            if match := FILE_PATH.fullmatch(path):
                return self._answer_file(match, target, authorized)
            if match := API_PATH.fullmatch(path):
                return self._answer_api(match, target, body, authorized)
        except Refusal as refusal:
            return refusal.answer
        return Answer(404, body=b"Not found")

    def _answer_file(self, match: re.Match[str], target: str, authorized: bool) -> Answer:
        kind, revision, name = match[1] or "models", match[3], unquote(match[4])
        if moved := self._redirects.get((kind, match[2])):
            return _redirection(target, match[2], moved)
        repository = self._find_repository(kind, match[2], authorized)
        if repository.gated and not authorized:
            raise Refusal(401, "GatedRepo", f"Access to {repository.repo_id} is restricted.")
        sha = find_commit(repository, revision)
        file = repository.commits[sha].get(name)
        if file is None:
            raise Refusal(404, "EntryNotFound", "Entry not found", X_Repo_Commit=sha)
        headers = {"X-Repo-Commit": sha} | file.headers()
        if self.cdn and file.is_lfs:
            return Answer(
                302, headers | {"Location": f"{self.url.replace('127.0.0.1', 'localhost')}/cdn/{file.sha256}"}
            )
        return Answer(200, headers, file.data)

    def _answer_cdn(self, digest: str, authorization: str | None) -> Answer:
        self.told_the_cdn += [authorization] if authorization else []
        commits = [commit for repository in self._repositories.values() for commit in repository.commits.values()]
        found = next((file for commit in commits for file in commit.values() if file.sha256 == digest), None)
        return Answer(200, {"Accept-Ranges": "bytes"}, found.data) if found else Answer(404, body=b"Not found")

    def _answer_api(self, match: re.Match[str], target: str, body: bytes, authorized: bool) -> Answer:
        kind, repo_id, verb, revision, folder = match.groups()
        if moved := self._redirects.get((kind, repo_id)):
            return _redirection(target, repo_id, moved)
        repository = self._find_repository(kind, repo_id, authorized)
        sha = find_commit(repository, revision or "main")
        if verb == "tree":
            return self._answer_tree(repository.commits[sha], unquote(folder), target)
        if verb == "paths-info":
            return _json(entries_at(repository.commits[sha], _wanted_paths(body)))
        return _json(repository.info(sha, blobs="blobs=" in urlsplit(target).query))

    def _answer_tree(self, commit: Commit, folder: str, target: str) -> Answer:
        query = dict(parse_qs(urlsplit(target).query))
        recursive = query.get("recursive", ["false"])[0].lower() == "true"
        entries = list_folder(commit, folder, recursive)
        start = int(query.pop("cursor", ["0"])[0])
        end = start + self.page_size
        answer = _json(entries[start:end])
        if end < len(entries):
            following = urlencode(query | {"cursor": [str(end)]}, doseq=True)
            answer.headers["Link"] = f'<{self.url}{urlsplit(target).path}?{following}>; rel="next"'
        return answer

    def _find_repository(self, kind: str, repo_id: str, authorized: bool) -> Repository:
        repository = self._repositories.get((kind, unquote(repo_id)))
        if repository is None or (repository.private and not authorized):
            raise Refusal(401, "RepoNotFound", "Repository not found")
        return repository


def _wanted_paths(body: bytes) -> list[str]:
    """Read the paths of a paths-info request, which come as a form or as JSON."""
    text = body.decode()
    paths = json.loads(text)["paths"] if text.startswith("{") else parse_qs(text).get("paths", [])
    return [path.strip("/") for path in paths]


def _json(value: Any) -> Answer:
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(value).encode())


def _redirection(target: str, old_id: str, new_id: str) -> Answer:
    return Answer(307, {"Location": target.replace(f"/{old_id}", f"/{new_id}", 1)})
