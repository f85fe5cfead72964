"""The real clients believe that the local Hub is the Hub, and meet its faults."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import datasets
import httpx2
import pytest
import torch
from huggingface_hub import HfApi, constants, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging

from support.local_hub import LocalHub, Request
from support.tiny import ag_news_files, imdb_files, tiny_encoder_files, write_tiny_encoder

MODEL = "distilbert-base-uncased"


@pytest.fixture(scope="module")
def published() -> Iterator[LocalHub]:
    with LocalHub() as hub:
        hub.publish("models", MODEL, tiny_encoder_files())
        hub.publish("datasets", "stanfordnlp/imdb", imdb_files())
        hub.publish("datasets", "fancyzhx/ag_news", ag_news_files())
        yield hub


@pytest.fixture
def hub(published: LocalHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """The hub without faults, also for what the clients fetch without being asked (a list of agents)."""
    monkeypatch.setattr(constants, "ENDPOINT", published.url)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", published.url + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    yield published
    published.clear()


def download(hub: LocalHub, cache: Path, repo_id: str = MODEL, **options: str) -> Path:
    return Path(snapshot_download(repo_id, endpoint=hub.url, cache_dir=cache, **options))


def test_a_model_arrives_byte_for_byte_and_loads(hub: LocalHub, tmp_path: Path) -> None:
    folder = download(hub, tmp_path)
    logging.disable_progress_bar()
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=3)
    batch = AutoTokenizer.from_pretrained(folder)(["A lovely film!", "zyx"], padding=True, return_tensors="pt")
    with torch.no_grad():
        assert model(**batch).logits.shape == (2, 3)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == tiny_encoder_files()


def test_the_tokenizer_knows_the_words_of_the_datasets_whole_and_all_others_by_their_letters(
    tmp_path: Path,
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(write_tiny_encoder(tmp_path / "encoder"))
    assert tokenizer.tokenize("Boring PLOT, ok?") == ["boring", "plot", ",", "o", "##k", "?"]
    assert tokenizer.model_max_length == 128


def test_model_info_gives_the_commit_and_the_files(hub: LocalHub) -> None:
    info = HfApi(endpoint=hub.url).model_info(MODEL)
    assert info.sha == hub.publish("models", MODEL, tiny_encoder_files())
    assert [file.rfilename for file in info.siblings or []] == sorted(tiny_encoder_files())
    assert Request("GET", f"/api/models/{MODEL}") in hub.requests


@pytest.mark.parametrize(
    ("repo_id", "label_names", "sizes"),
    [
        ("stanfordnlp/imdb", ["neg", "pos"], {"train": 80, "test": 80, "unsupervised": 80}),
        ("fancyzhx/ag_news", ["World", "Sports", "Business", "Sci/Tech"], {"train": 80, "test": 80}),
    ],
)
def test_a_dataset_loads_from_its_snapshot_with_its_splits_and_label_names(
    hub: LocalHub, tmp_path: Path, repo_id: str, label_names: list[str], sizes: dict[str, int]
) -> None:
    folder = download(hub, tmp_path / "hub", repo_id, repo_type="dataset")
    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "datasets"))
    assert {name: len(split) for name, split in loaded.items()} == sizes
    assert loaded["train"].features["label"].names == label_names
    assert not set(loaded["train"]["text"]) & set(loaded["test"]["text"])


@pytest.mark.sweep
def test_a_new_process_loads_everything_by_name_with_the_environment_alone(hub: LocalHub, tmp_path: Path) -> None:
    code = f"""
import datasets, transformers
transformers.AutoModel.from_pretrained("{MODEL}")
transformers.AutoTokenizer.from_pretrained("{MODEL}")
print(datasets.load_dataset("stanfordnlp/imdb", split="unsupervised")[0]["label"])
"""
    environment = os.environ | hub.environment(tmp_path)
    finished = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert finished.stdout == "-1\n", finished.stderr


def test_a_long_listing_comes_in_pages_and_folders_are_entries(tmp_path: Path) -> None:
    with LocalHub(page_size=2) as hub:
        hub.publish("models", "acme/many", {f"part/{n}/file.txt": b"x" for n in range(4)})
        api = HfApi(endpoint=hub.url)
        assert len(list(api.list_repo_tree("acme/many", recursive=True))) == 9
        assert [entry.path for entry in api.list_repo_tree("acme/many", "part")] == [f"part/{n}" for n in range(4)]
        assert [entry.path for entry in api.get_paths_info("acme/many", ["part", "absent"])] == ["part"]


def test_a_legacy_id_leads_to_the_present_one(hub: LocalHub, tmp_path: Path) -> None:
    hub.redirect("models", "bert-tiny", MODEL)
    assert (download(hub, tmp_path, "bert-tiny") / "config.json").is_file()


def test_earlier_commits_and_other_branches_stay(hub: LocalHub, tmp_path: Path) -> None:
    first = hub.publish("models", "acme/moving", {"a.txt": b"1"})
    hub.publish("models", "acme/moving", {"a.txt": b"2"})
    hub.publish("models", "acme/moving", {"a.txt": b"3"}, ref="next")
    for revision, content in ((first, b"1"), (first[:7], b"1"), ("main", b"2"), ("next", b"3")):
        assert (download(hub, tmp_path, "acme/moving", revision=revision) / "a.txt").read_bytes() == content


def test_a_range_gives_a_part_of_a_file(hub: LocalHub) -> None:
    url = f"{hub.url}/{MODEL}/resolve/main/config.json"
    part = httpx2.get(url, headers={"Range": "bytes=1-3"})
    whole = tiny_encoder_files()["config.json"]
    assert (part.status_code, part.content) == (206, whole[1:4])
    assert httpx2.get(url, headers={"Range": "bytes=99999-"}).status_code == 416


def test_what_is_absent_or_closed_is_refused_in_the_words_of_the_hub(hub: LocalHub, tmp_path: Path) -> None:
    hub.publish("models", "acme/gated", {"config.json": b"{}"}, gated=True)
    with pytest.raises(RepositoryNotFoundError):
        HfApi(endpoint=hub.url).model_info("acme/absent")
    with pytest.raises(RepositoryNotFoundError):
        download(hub, tmp_path, "acme/absent")
    with pytest.raises(RevisionNotFoundError):
        download(hub, tmp_path, revision="absent")
    with pytest.raises(GatedRepoError):
        download(hub, tmp_path, "acme/gated")
    assert download(hub, tmp_path, "acme/gated", token="hf_any")


def test_a_status_fault_fires_as_often_as_told(hub: LocalHub) -> None:
    fault = hub.fault("status", path=f"/api/models/{MODEL}", code=503, times=1)
    api = HfApi(endpoint=hub.url)
    with pytest.raises(HfHubHTTPError, match="503"):
        api.model_info(MODEL)
    assert api.model_info(MODEL).id == MODEL
    assert fault.fired == 1


def test_a_corrupt_file_has_the_right_size_and_enters_the_cache(hub: LocalHub, tmp_path: Path) -> None:
    hub.fault("corrupt", path=r"model\.safetensors")
    weights = (download(hub, tmp_path) / "model.safetensors").read_bytes()
    assert len(weights) == len(tiny_encoder_files()["model.safetensors"])
    assert weights != tiny_encoder_files()["model.safetensors"]


def test_a_truncated_file_is_noticed_by_the_client(hub: LocalHub, tmp_path: Path) -> None:
    hub.fault("truncate", path=r"model\.safetensors")
    with pytest.raises(OSError, match="Consistency check failed"):
        download(hub, tmp_path)


@pytest.mark.parametrize("after", [None, 100])
def test_a_reset_breaks_the_connection(hub: LocalHub, after: int | None) -> None:
    fault = hub.fault("reset", path="vocab", method="GET", times=1, after=after)
    url = f"{hub.url}/{MODEL}/resolve/main/vocab.txt"
    with pytest.raises(httpx2.ReadError):
        httpx2.get(url)
    assert httpx2.get(url).content == tiny_encoder_files()["vocab.txt"]
    assert fault.fired == 1


@pytest.mark.parametrize("after", [None, 100])
def test_a_hang_lasts_until_the_client_gives_up(hub: LocalHub, after: int | None) -> None:
    hub.fault("hang", path="vocab", after=after)
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.get(f"{hub.url}/{MODEL}/resolve/main/vocab.txt", timeout=0.2)


def test_a_slow_file_arrives_whole(hub: LocalHub) -> None:
    hub.fault("slow", path=r"config\.json", rate=2000)
    started = time.monotonic()
    body = httpx2.get(f"{hub.url}/{MODEL}/resolve/main/config.json").content
    assert body == tiny_encoder_files()["config.json"]
    assert time.monotonic() - started >= 0.2
