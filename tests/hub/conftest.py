"""Fixtures for the tests of the Hub: a cache with a model that clf fetched."""

import shutil
from pathlib import Path

import pytest
from huggingface_hub import constants

from clf import hub as store
from clf.hub.address import cache_folder
from support.local_hub import LocalHub
from support.tiny import tiny_encoder_files

NAME = "distilbert-base-uncased"


@pytest.fixture(scope="session")
def filled_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    with LocalHub() as hub, pytest.MonkeyPatch.context() as patch:
        hub.publish("models", NAME, tiny_encoder_files())
        patch.setattr(constants, "ENDPOINT", hub.url)
        patch.setattr(constants, "HF_HUB_CACHE", str(folder))
        store.fetch("model", NAME)
    return folder


@pytest.fixture
def hub_with_model(hub: LocalHub, filled_cache: Path) -> LocalHub:
    """Give a Hub whose model is in the cache."""
    shutil.copytree(filled_cache, cache_folder(), symlinks=True)
    return hub
