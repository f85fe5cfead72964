"""The pages that describe the code describe this code: their files, functions and figures exist."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from architecture import SOURCE, House
from clf.data.prepared import PreparedDataset
from clf.data.preparing.dataset import prepare_into
from clf.data.sources.find import SourceFinder
from clf.data.text_hashes import text_hashes
from clf.models.store import EMBEDDED_ID, find_local_model
from clf.serving.guard import OPEN_PATHS
from clf.serving.metrics import Metrics
from clf.serving.observed import GONE, KINDS, PATHS
from clf.serving.schemas import ErrorBody, Info, PredictAnswer, PredictRequest, TextAnswer
from clf.settings import CleaningSettings, DataSettings, DemoSettings, DownloadSettings, RunSettings, ServeSettings

ROOT = SOURCE.parent.parent
WALK = (ROOT / "docs" / "walk.md").read_text(encoding="utf-8")
PICTURES = (ROOT / "docs" / "training-process.md").read_text(encoding="utf-8")
SERVING = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
MODULES = [path.relative_to(SOURCE) for path in sorted(SOURCE.rglob("*.py"))]
HOUSE = House()


def modules_named(page: str) -> set[str]:
    """Return every `folder/module.py` that a page names."""
    return set(re.findall(r"[a-z_/]*\w+\.py\b", page.replace("`", " ")))


@pytest.mark.parametrize("page", [WALK, PICTURES], ids=["walk", "training-process"])
def test_every_module_that_a_page_names_exists(page: str) -> None:
    known = {str(path) for path in MODULES} | {"tests/test_architecture.py"}
    unknown = {name for name in modules_named(page) if not any(f"/{one}".endswith(f"/{name}") for one in known)}
    assert not unknown


def test_every_function_of_the_walk_is_in_the_module_beside_it() -> None:
    pairs = re.findall(r"`([\w/]+\.py): (\w+)`", WALK)
    assert len(pairs) > 30
    for name, function in pairs:
        files = [path for path in MODULES if f"/{path}".endswith(f"/{name}")]
        assert any(re.search(rf"(def|class) {function}\b", (SOURCE / path).read_text("utf-8")) for path in files), (
            f"{name} has no {function}"
        )


@pytest.mark.parametrize(
    "package", sorted(path.parent for path in SOURCE.rglob("__init__.py")), ids=lambda path: path.name
)
def test_the_docstring_of_a_package_lists_its_files(package: Path) -> None:
    described = (package / "__init__.py").read_text(encoding="utf-8").split('"""')[1]
    files = {path.stem for path in package.glob("*.py")} | {path.parent.name for path in package.glob("*/__init__.py")}
    missing = {name for name in files - {"__init__"} if not re.search(rf"^\W*{name}\b", described, re.MULTILINE)}
    assert not missing


def test_the_tree_of_the_readme_lists_every_module_and_package_of_the_top() -> None:
    tree = README.partition("```\nsrc/clf/")[2].partition("```")[0]
    entries = {path.parts[0] for path in MODULES} - {"__init__.py"}
    assert not {name for name in entries if not re.search(rf"── {re.escape(name)}", tree)}
    for line in tree.strip().splitlines():
        if "── " in line:
            assert re.search(r"── \S+ {2,}\w", line), f"no comment: {line}"


def test_the_walk_tells_what_prepare_does_with_its_file(tmp_path: Path) -> None:
    finder = SourceFinder.of(RunSettings(), DownloadSettings(), DemoSettings())
    data = DataSettings(dataset=str(ROOT / "docs" / "walk" / "tickets.csv"))
    prepare_into(tmp_path, finder.find(data), data, CleaningSettings(), 42)
    prepared = PreparedDataset(tmp_path)
    assert prepared.labels == ["account", "billing", "delivery"]
    assert {split: len(prepared.read(split)) for split in prepared.splits} == {
        "train": 131,
        "validation": 17,
        "test": 17,
    }
    assert prepared.audit.dropped_lines == {"train": {"no text": [22]}}
    test, train = prepared.read("test"), prepared.read("train")
    [raw] = re.findall(r"```csv\n(.*),billing\n```", WALK)
    assert test.raw_texts[0] == raw
    assert f"`{test.texts[0]}`" in WALK
    assert test.labels[0] == 1
    assert str(text_hashes(test.texts[:1])[0]) in WALK
    [neighbour] = re.findall(r"line 8, \"(.*?)\"", WALK, re.DOTALL)
    assert " ".join(neighbour.split()) in train.texts


def test_the_walk_tells_the_tokens_of_its_row() -> None:
    model = find_local_model(EMBEDDED_ID)
    if model is None:
        pytest.skip("the extra minilm is not installed")
    from transformers import AutoTokenizer

    [clean] = re.findall(r"`(I was charged twice [^`]*)`", WALK)
    [shown] = re.findall(r"then 15 tokens: `([^`]*)`", WALK)
    tokenizer = AutoTokenizer.from_pretrained(model.folder)
    assert tokenizer.convert_ids_to_tokens(tokenizer(clean)["input_ids"]) == shown.split()
    assert len(shown.split()) == 15


# --- docs/serving.md ------------------------------------------------------------------------------------------


def blocks(page: str, language: str) -> list[str]:
    """Return the code blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def rows(page: str) -> list[list[str]]:
    """Return the cells of each row of the tables of a page."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")]


def test_the_page_of_the_server_has_each_setting_with_its_default() -> None:
    told = {row[0]: row[1] for row in rows(SERVING)}
    for name, field in ServeSettings.model_fields.items():
        default = "" if field.default in ([], False) else field.default
        shown = (
            f"{default:,}".removesuffix(".0") if isinstance(default, int | float) and name != "port" else str(default)
        )
        assert told[f"`--{name.replace('_', '-')}`"] == shown


def test_the_page_of_the_server_has_each_status_with_its_kind() -> None:
    told = {int(row[0]): row[1] for row in rows(SERVING) if row[0].isdecimal() and len(row[0]) == 3}
    assert told == {status: f"`{kind}`" for status, kind in KINDS.items() if status != GONE}
    assert f"{GONE} (`{KINDS[GONE]}`)" in SERVING


def test_the_page_of_the_server_has_each_metric() -> None:
    kinds = {"counter": "_total"}
    for metric in Metrics().registry.collect():
        name = metric.name + kinds.get(metric.type, "")
        assert f"`{name}`" in SERVING or name.startswith("process_")


def test_the_page_of_the_server_has_each_address_and_whether_it_needs_the_token() -> None:
    told = {path: row[2] for row in rows(SERVING) for path in re.findall(r"(/[\w.]*)`", row[0]) if len(row) == 3}
    needs = {path: "" if path in OPEN_PATHS else "yes" for path in PATHS - {"/favicon.ico"}}
    assert told == needs


def test_requests_and_answers_on_the_page_of_the_server_are_true() -> None:
    asked = [PredictRequest.model_validate_json(body) for body in re.findall(r"--json '(.*?)'", SERVING)]
    assert {type(one.inputs) for one in asked} == {str, list}
    answers = [json.loads(block) for block in blocks(SERVING, "json")]
    of_one_kind = TypeAdapter(ErrorBody | PredictAnswer)
    assert [of_one_kind.validate_python(answer) for answer in answers if "seconds" not in answer]
    for field in (*PredictRequest.model_fields, *TextAnswer.__annotations__, *Info.model_fields):
        assert f"`{field}`" in SERVING


def test_whoever_stops_the_server_waits_longer_than_it_needs() -> None:
    drain = ServeSettings().drain_timeout
    [unit], [docker] = re.findall(r"TimeoutStopSec=(\d+)", SERVING), re.findall(r"--stop-timeout (\d+)", SERVING)
    [manifests] = [block for block in blocks(SERVING, "yaml") if "Deployment" in block]
    deployment, service = yaml.safe_load_all(manifests)
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    wait = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert min(int(unit), int(docker), pod["terminationGracePeriodSeconds"] - wait) > drain
    probes = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    assert probes == {"startup": "/ready", "readiness": "/ready", "liveness": "/health"}
    allowed = [name for flag, name in pairwise(container["args"]) if flag == "--allowed-host"]
    assert service["metadata"]["name"] in allowed
    assert service["spec"]["selector"] == deployment["spec"]["template"]["metadata"]["labels"]
