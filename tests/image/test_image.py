"""The Docker image: built with buildah against a Hub on 127.0.0.1, then run with no network, read-only, as another user.

    python -m pytest -m image tests/image -s        needs root, buildah, debootstrap, and the package registries

CLF_IMAGE_FOLDER keeps base and layers between runs; CLF_IMAGE_WHEELS is a folder with wheels that pip may use, such
as PyTorch's CPU build where its index cannot be reached; CLF_IMAGE_BASE is a root file system to take as base.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.local_hub import LocalHub
from support.tiny import imdb_files, review_rows, tiny_encoder_files, write_csv

pytestmark = [
    pytest.mark.image,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(shutil.which("buildah") is None, reason="needs buildah"),
]
PROJECT = Path(__file__).parents[2]
STRANGER = "12345:23456"
CANARY = "canary0of0the0image0test"  # stands in every secret that the build gets
# A root that cannot be written, a work folder and a /tmp that can, no network, a user that no file knows.
RUN_IN_IMAGE = """
set -e
mount --bind "$ROOT" "$ROOT"
mount -o remount,ro,bind "$ROOT"
mount --bind "$WORK" "$ROOT/workspace"
mount -t tmpfs tmpfs "$ROOT/tmp"
mount -t proc proc "$ROOT/proc"
mount --bind /dev "$ROOT/dev"
mount -t tmpfs tmpfs "$ROOT/dev/shm"
ip link set lo up
exec chroot --userspec="$STRANGER" "$ROOT" /usr/bin/env -i $VARIABLES sh -c 'cd /workspace && exec "$@"' sh "$@"
"""
# Inside: starts the server as docs/serving.md does, asks it, and stops it as Docker does. Prints one line of JSON.
SERVE_AND_ASK = """
import json, os, signal, subprocess, sys, time, urllib.error, urllib.request

def ask(path, body=None, token=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": "Bearer " + token} if token else {})
    request = urllib.request.Request("http://127.0.0.1:8000" + path, body and json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)

token = open("token").read().strip()
variables = os.environ | {"CLF_SERVE_TOKEN_FILE": "/workspace/token"}
server = subprocess.Popen(["clf", "serve", "model", "--host", "0.0.0.0"], env=variables, stdout=subprocess.PIPE, text=True)
said = server.stdout.readline()
health = subprocess.run(["sh", "-c", sys.argv[1]]).returncode
question = {"inputs": "What a cast!", "details": True}
answers = [ask("/ready"), ask("/predict", question), ask("/predict", question, token)]
started = time.monotonic()
server.send_signal(signal.SIGTERM)
code = server.wait(60)
stopped = time.monotonic() - started
print(json.dumps({"said": said, "health": health, "answers": answers, "code": code, "seconds": stopped, "user": os.getuid()}))
"""


@dataclass(frozen=True)
class Image:
    """A built image, mounted: its root file system, size and the environment that its commands get."""

    root: Path
    megabytes: float
    variables: dict[str, str]
    described: str
    """Its configuration and the history of its layers."""
    build_log: str

    def run(self, work: Path, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command as the image would, with no network, a read-only root and a user id of no account."""
        variables = " ".join(f"{name}={value}" for name, value in self.variables.items())
        environment = os.environ | {
            "ROOT": str(self.root), "WORK": str(work), "STRANGER": STRANGER, "VARIABLES": variables,
        }  # fmt: skip
        isolated = ["unshare", "--net", "--mount", "--pid", "--fork", "--propagation", "private"]
        return subprocess.run(
            [*isolated, "sh", "-c", RUN_IN_IMAGE, "sh", *command],
            env=environment, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip


def call(*command: str | Path, **options: object) -> str:
    """Run a command of the system; its output, or a failed test that shows it."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return str(done.stdout)


def buildah(folder: Path, *arguments: str | Path) -> str:
    return call(
        "buildah", "--root", folder / "storage", "--runroot", folder / "run", "--storage-driver", "vfs", *arguments
    )


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    given = os.environ.get("CLF_IMAGE_FOLDER")
    return Path(given) if given else tmp_path_factory.mktemp("image")


@pytest.fixture(scope="session")
def base(folder: Path) -> str:
    """Make the base image: Debian with Python, and this machine's certificates for pip."""
    root = Path(os.environ.get("CLF_IMAGE_BASE") or folder / "base")
    if not (root / "usr/bin/python3").exists():
        packages = "python3,python3-venv,ca-certificates"
        call("debootstrap", "--variant=minbase", f"--include={packages}", "bookworm", root)
    certificates = Path("/etc/ssl/certs/ca-certificates.crt")
    if certificates.exists():
        shutil.copy(certificates, root / "etc/ssl/certs/ca-certificates.crt")
    (root / "etc/pip.conf").write_text(
        "[global]\ntimeout = 180\nfind-links = /wheels\ncert = /etc/ssl/certs/ca-certificates.crt\n"
    )
    (root / "wheels").mkdir(exist_ok=True)
    container = buildah(folder, "from", "scratch").strip()
    buildah(folder, "copy", "--quiet", container, root, "/")
    buildah(folder, "commit", "--quiet", container, "clf-base")
    buildah(folder, "rm", container)
    return "localhost/clf-base"


def secrets(folder: Path, address: str) -> list[str]:
    """Return options that pass a secret of each kind: a token, the Hub's address with a password, and a netrc."""
    values = {
        "hf_token": f"hf_{CANARY}",
        "hf_endpoint": address.replace("://", f"://user:{CANARY}@"),
        "netrc": f"machine index.example login user password {CANARY}",
    }
    for name, value in values.items():
        (folder / f"secret-{name}").write_text(f"{value}\n")
    return [part for name in values for part in ("--secret", f"id={name},src={folder / f'secret-{name}'}")]


@pytest.fixture(scope="session")
def image(folder: Path, base: str) -> Iterator[Image]:
    """Build the image with its models from a Hub on this machine, and mount it."""
    wheels = os.environ.get("CLF_IMAGE_WHEELS")
    volumes = ["--volume", f"{wheels}:/wheels:ro"] if wheels else []
    index = ["--build-arg", "TORCH_INDEX="] if wheels else []
    started = time.monotonic()
    with LocalHub() as hub:
        hub.publish("models", "distilbert-base-uncased", tiny_encoder_files())
        hub.publish("datasets", "stanfordnlp/imdb", imdb_files())
        log = buildah(
            folder, "bud", "--isolation", "chroot", "--network", "host", "--layers=false", *volumes, *index,
            *secrets(folder, hub.url), "--build-arg", f"BASE={base}", "--build-arg", "DATASETS=imdb",
            "--build-arg", "EXTRAS=minilm,serve",
            "--build-arg", "VERSION=0.1.0", "--tag", "clf", PROJECT,
        )  # fmt: skip
    seconds = time.monotonic() - started
    (folder / "build.log").write_text(log)
    described = buildah(folder, "inspect", "--type", "image", "clf")
    configured = json.loads(described)["OCIv1"]["config"]
    container = buildah(folder, "from", "localhost/clf").strip()
    root = Path(buildah(folder, "mount", container).strip())
    size = int(call("du", "--summarize", "--block-size=1", root).split()[0]) / 1e6
    variables = dict(entry.split("=", 1) for entry in configured["Env"])
    assert configured["User"] == "1000:1000"
    assert configured["WorkingDir"] == "/workspace"
    assert configured["Entrypoint"] == ["clf"]
    assert configured["Labels"]["org.opencontainers.image.title"] == "clf"
    print(f"\nimage: {size:.0f} MB, built in {seconds:.0f} s")
    yield Image(root, size, variables, described, log)
    buildah(folder, "umount", container)
    buildah(folder, "rm", container)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Give a work folder that belongs to the stranger, with a file of reviews."""
    write_csv(tmp_path / "reviews.csv", review_rows(60))
    user, group = map(int, STRANGER.split(":"))
    for path in (tmp_path, *tmp_path.iterdir()):
        os.chown(path, user, group)
    return tmp_path


def test_the_demo_runs_with_no_network_and_a_read_only_root(image: Image, work: Path) -> None:
    started = time.monotonic()
    done = image.run(work, "clf", "demo")
    print(f"\nclf demo in the image: {time.monotonic() - started:.1f} s\n{done.stdout[-600:]}")
    assert done.returncode == 0, done.stderr
    models = list((work / "trained_models").glob("*/model.safetensors"))
    assert models
    assert models[0].stat().st_uid == int(STRANGER.split(":")[0])


@pytest.mark.parametrize("dataset", ["reviews.csv", "imdb"])
def test_training_measuring_and_predicting_need_no_network(image: Image, work: Path, dataset: str) -> None:
    for command in (
        ("train", "--dataset", dataset, "--epochs", "1", "--max-length", "64"),
        ("evaluate", "--dataset", dataset),
        ("compare", "--dataset", dataset, "--baseline", "pretrained"),
    ):
        done = image.run(work, "clf", *command)
        assert done.returncode in ((0, 3, 4) if command[0] == "compare" else (0,)), (command, done.stderr)
    model = next((work / "trained_models").iterdir()).relative_to(work)
    done = image.run(work, "clf", "predict", str(model), "--text", "A fine film.", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == 1


def test_the_image_names_what_it_holds_and_cannot_be_changed(image: Image, work: Path) -> None:
    assert image.run(work, "clf", "download-models", "--verify").returncode == 0
    found = json.loads(image.run(work, "clf", "doctor", "--json").stdout)
    assert {one["id"] for one in found["ready_offline"] if one["ready"]} >= {
        "distilbert-base-uncased", "stanfordnlp/imdb", "sentence-transformers/all-MiniLM-L6-v2",
    }  # fmt: skip
    assert image.run(work, "touch", "/opt/models/x").returncode != 0
    missing = image.run(work, "clf", "train", "--model", "acme/other", "--dataset", "reviews.csv")
    assert missing.returncode == 1
    assert "offline mode is on" in missing.stderr


def test_the_image_serves_a_model_with_a_token_in_a_file_and_stops_when_told(image: Image, work: Path) -> None:
    shutil.copytree(PROJECT / "tests/fixtures/v0.1/models/reviews", work / "model")
    (work / "token").write_text("a-token-of-this-test-only\n")
    page = (PROJECT / "docs/serving.md").read_text(encoding="utf-8")
    [check] = re.findall(r'--health-cmd ("python .*") \\$', page, re.MULTILINE)
    done = image.run(work, "python", "-c", SERVE_AND_ASK, *shlex.split(check))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    ready, refused, answer = found["answers"]
    assert found["said"].startswith("model answers at http://127.0.0.1:8000")
    assert (found["health"], found["user"]) == (0, int(STRANGER.split(":")[0]))
    assert (ready[0], refused[0], answer[0]) == (200, 401, 200)
    assert answer[1]["scores"][0]["label"] == "positive"
    assert found["code"] == 0
    assert found["seconds"] < 10  # what Docker waits before it kills
    assert "a-token-of-this-test-only" not in done.stdout + done.stderr


def test_no_secret_of_the_build_is_in_the_image(image: Image) -> None:
    assert "chmod 0777 /workspace" in image.described  # it holds the history
    assert CANARY not in image.described
    assert CANARY not in image.build_log
    found = subprocess.run(
        ["grep", "--recursive", "--devices=skip", "--files-with-matches", "--fixed-strings", CANARY, image.root],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (found.returncode, found.stdout) == (1, "")


def test_the_packages_are_complete_and_as_pinned(image: Image, work: Path) -> None:
    pinned = (PROJECT / "constraints.txt").read_text().lower().replace("_", "-").split()
    installed = image.run(work, "/opt/clf/bin/pip", "list", "--format=freeze").stdout.lower().replace("_", "-").split()
    assert len(installed) > 60
    others = {line.replace("+cpu", "") for line in installed} - set(pinned)
    assert {line.partition("==")[0] for line in others} <= {"clf-cli", "pip"}
