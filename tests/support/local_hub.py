"""A Hugging Face Hub on 127.0.0.1, made of the standard library, that fails on request.

    with LocalHub() as hub:
        commit = hub.publish("models", "acme/tiny", {"config.json": b"{}"})
        hub.fault("reset", path=r"model\\.safetensors", method="GET", times=2)
        ... the real clients, with HF_ENDPOINT=hub.url ...
        hub.requests    # [Request("GET", "/api/models/acme/tiny/revision/main"), ...]

The clients read HF_ENDPOINT when they are imported: give it to a new process (`hub.environment`), or pass
`endpoint=hub.url` to the functions that take it. No X-Xet header is ever sent, so downloads are plain HTTP.
"""

import contextlib
import hashlib
import json
import re
import socket
import struct
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

Kind = Literal["models", "datasets"]
FaultKind = Literal["status", "reset", "truncate", "corrupt", "hang", "slow"]

LFS_FROM_BYTES = 10 * 1024
LFS_SUFFIXES = (".safetensors", ".bin", ".parquet", ".onnx")

REPO_ID = r"([^/]+(?:/[^/]+)??)"
API_PATH = re.compile(rf"/api/(models|datasets)/{REPO_ID}(?:/(revision|tree|paths-info)/([^/]+)/?(.*))?")
FILE_PATH = re.compile(rf"/(?:(datasets)/)?{REPO_ID}/resolve/([^/]+)/(.+)")


class Request(NamedTuple):
    """One request as it arrived; the path is decoded and keeps its query."""

    method: str
    path: str


@dataclass
class Fault:
    """What goes wrong, and for which requests: `path` is searched for, `method` must match whole.

    status    answers `code`, `headers` and `body` (code=200 and an HTML body make a captive portal)
    reset     breaks the connection, before the answer or `after` so many bytes of the body
    truncate  sends half of the body (or `after` bytes), and calls that its whole length
    corrupt   sends the right number of bytes, one of them wrong
    hang      falls silent until the hub closes, before the answer or `after` so many bytes of the body
    slow      sends the body at `rate` bytes a second

    `times` is how often it goes wrong (None: always). A fault of the body passes over HEAD requests.
    Without a `path`, a fault strikes every request: those for the listing of the files too.
    """

    kind: FaultKind
    path: str = ""
    method: str = ".*"
    times: int | None = None
    code: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    after: int | None = None
    rate: int = 1000
    fired: int = 0

    def strikes(self, request: Request) -> bool:
        """Count and report a request that this fault spoils."""
        spent = self.times is not None and self.fired >= self.times
        of_the_body = self.after is not None or self.kind in ("truncate", "corrupt", "slow")
        harmless = of_the_body and request.method == "HEAD"
        meant = re.fullmatch(self.method, request.method) and re.search(self.path, request.path)
        if spent or harmless or not meant:
            return False
        self.fired += 1
        return True


@dataclass(frozen=True)
class StoredFile:
    """The bytes of a file with the two hashes that the Hub knows it by."""

    path: str
    data: bytes

    @property
    def is_lfs(self) -> bool:
        return len(self.data) >= LFS_FROM_BYTES or self.path.endswith(LFS_SUFFIXES)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def git_sha1(self) -> str:
        return hashlib.sha1(b"blob %d\0" % len(self.data) + self.data).hexdigest()

    def entry(self) -> dict[str, Any]:
        """Describe the file as the tree and paths-info routes do."""
        size = len(self.data)
        entry: dict[str, Any] = {"type": "file", "path": self.path, "size": size, "oid": self.git_sha1}
        if self.is_lfs:
            entry["lfs"] = {"oid": self.sha256, "size": size, "pointerSize": 134}
        return entry

    def sibling(self, blobs: bool) -> dict[str, Any]:
        """Describe the file as the info routes do, with `?blobs=true` or without."""
        if not blobs:
            return {"rfilename": self.path}
        size = len(self.data)
        known: dict[str, Any] = {"rfilename": self.path, "size": size, "blobId": self.git_sha1}
        return known | ({"lfs": {"sha256": self.sha256, "size": size, "pointerSize": 134}} if self.is_lfs else {})

    def headers(self) -> dict[str, str]:
        """Give the headers that the clients name and check a download by."""
        headers = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
        if not self.is_lfs:
            return headers | {"ETag": f'"{self.git_sha1}"'}
        return headers | {
            "ETag": f'"{self.sha256}"',
            "X-Linked-Etag": f'"{self.sha256}"',
            "X-Linked-Size": str(len(self.data)),
        }


Commit = dict[str, StoredFile]


@dataclass
class Repository:
    """A repository with every commit published to it; `refs` maps branch names to commit shas."""

    kind: Kind
    repo_id: str
    gated: bool = False
    private: bool = False
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    def info(self, sha: str, blobs: bool = False) -> dict[str, Any]:
        """Describe the repository at a commit as the info and revision routes do; `blobs` adds sizes and hashes."""
        commit = self.commits[sha]
        return {
            "id": self.repo_id,
            "sha": sha,
            "private": False,
            "gated": "auto" if self.gated else False,
            "tags": [],
            "lastModified": "2024-01-01T00:00:00.000Z",
            "siblings": [commit[path].sibling(blobs) for path in sorted(commit)],
        }


@dataclass
class Answer:
    """A response before any fault spoils it."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Refusal(Exception):
    """Carries the answer to a request for something that is absent or closed."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        body = json.dumps({"error": message}).encode()
        self.answer = Answer(status, {"X-Error-Code": code, "X-Error-Message": message} | extra, body)


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
        self._server = _Server(self)
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
        sha = _find_commit(repository, revision)
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
        sha = _find_commit(repository, revision or "main")
        if verb == "tree":
            return self._answer_tree(repository.commits[sha], unquote(folder), target)
        if verb == "paths-info":
            return _json(_entries_at(repository.commits[sha], _wanted_paths(body)))
        return _json(repository.info(sha, blobs="blobs=" in urlsplit(target).query))

    def _answer_tree(self, commit: Commit, folder: str, target: str) -> Answer:
        query = dict(parse_qs(urlsplit(target).query))
        recursive = query.get("recursive", ["false"])[0].lower() == "true"
        entries = _list_folder(commit, folder, recursive)
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


def _find_commit(repository: Repository, revision: str) -> str:
    """Find the sha that a branch name, a sha or the beginning of one stands for."""
    wanted = unquote(revision)
    if wanted in repository.refs:
        return repository.refs[wanted]
    for sha in repository.commits:
        if len(wanted) >= 7 and sha.startswith(wanted):
            return sha
    raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {wanted}")


def _list_folder(commit: Commit, folder: str, recursive: bool) -> list[dict[str, Any]]:
    """List the files and folders below a folder, all of them or its own children only."""
    folders = _folders(commit)
    if folder and folder not in folders:
        raise Refusal(404, "EntryNotFound", f"{folder} does not exist")
    prefix = f"{folder}/" if folder else ""
    paths = [path for path in sorted({*commit, *folders}) if path.startswith(prefix)]
    return _entries_at(commit, [path for path in paths if recursive or "/" not in path.removeprefix(prefix)])


def _entries_at(commit: Commit, paths: Iterable[str]) -> list[dict[str, Any]]:
    """Describe those of the paths that are files or folders of the commit."""
    folders = _folders(commit)
    described = []
    for path in paths:
        if path in commit:
            described.append(commit[path].entry())
        elif path in folders:
            oid = hashlib.sha1(path.encode()).hexdigest()
            described.append({"type": "directory", "path": path, "size": 0, "oid": oid})
    return described


def _folders(commit: Commit) -> set[str]:
    return {str(folder) for path in commit for folder in PurePosixPath(path).parents} - {"."}


def _wanted_paths(body: bytes) -> list[str]:
    """Read the paths of a paths-info request, which come as a form or as JSON."""
    text = body.decode()
    paths = json.loads(text)["paths"] if text.startswith("{") else parse_qs(text).get("paths", [])
    return [path.strip("/") for path in paths]


def _json(value: Any) -> Answer:
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(value).encode())


def _redirection(target: str, old_id: str, new_id: str) -> Answer:
    return Answer(307, {"Location": target.replace(f"/{old_id}", f"/{new_id}", 1)})


def _cut(answer: Answer, asked: str) -> Answer:
    """Cut a file down to the bytes that a Range header asks for."""
    size = len(answer.body)
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", asked)
    if match is None or answer.status != 200 or "Accept-Ranges" not in answer.headers:
        return answer
    first, last = int(match[1]), min(int(match[2] or size), size - 1)
    if first >= size:
        return Answer(416, {"Content-Range": f"bytes */{size}"})
    headers = answer.headers | {"Content-Range": f"bytes {first}-{last}/{size}"}
    return Answer(206, headers, answer.body[first : last + 1])


def _spoil(answer: Answer, fault: Fault) -> Answer:
    """Apply the faults that show in the answer itself, rather than in how it is sent."""
    middle = len(answer.body) // 2
    if fault.kind == "status":
        return Answer(fault.code, fault.headers, fault.body)
    if fault.kind == "truncate":
        return replace(answer, body=answer.body[: middle if fault.after is None else fault.after])
    if fault.kind == "corrupt" and answer.body:
        wrong = bytes([answer.body[middle] ^ 0xFF])
        return replace(answer, body=answer.body[:middle] + wrong + answer.body[middle + 1 :])
    return answer


class _Server(ThreadingHTTPServer):
    """A thread for each connection; closing ends the connections, then joins the threads."""

    daemon_threads = False

    def __init__(self, hub: LocalHub) -> None:
        self.hub = hub
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over the clients that went away; print anything else, for it is an error of the hub."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, asks the hub, and sends the answer with the fault that was found for it."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        hub = self.server.hub
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = hub.receive(Request(self.command, unquote(self.path)))
        answer = hub.answer(self.path, body, self.headers.get("Authorization"))
        if self.command == "GET":
            hub.ranges += [value] if (value := self.headers.get("Range")) else []
            answer = _cut(answer, self.headers.get("Range", ""))
        self._send(_spoil(answer, fault) if fault else answer, fault)

    do_HEAD = do_POST = do_GET

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        stop = {"reset": self._reset, "hang": self._hang}.get(fault.kind) if fault else None
        if fault and stop and fault.after is None:
            return stop()
        self._send_head(answer)
        if self.command == "HEAD":
            return None
        if fault and fault.kind == "slow":
            return self._drip(answer.body, fault.rate)
        if fault and stop:
            self.wfile.write(answer.body[: fault.after])
            self.server.hub.closing.wait(0.05)  # let the client read so far
            return stop()
        self.wfile.write(answer.body)
        return None

    def _send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in ({"Content-Length": str(len(answer.body))} | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()

    def _drip(self, body: bytes, rate: int) -> None:
        step = max(1, rate // 10)
        for start in range(0, len(body), step):
            self.wfile.write(body[start : start + step])
            if self.server.hub.closing.wait(step / rate):
                break

    def _hang(self) -> None:
        self.server.hub.closing.wait()
        self.close_connection = True

    def _reset(self) -> None:
        """Close so that the client gets a reset (RST) where it expects the rest of the answer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""
