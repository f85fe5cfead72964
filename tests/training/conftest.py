"""What a training run is made of, on tiny data, for tests that do not train."""

from pathlib import Path

import pytest

from clf.data.prepared import PreparedDataset
from clf.data.sources.find import SourceFinder
from clf.models.store import find_model
from clf.processes import ALONE, World
from clf.settings import ComputeSettings, DataSettings, Settings, TrainSettings
from clf.train import dataset_for_training
from clf.training.setup import Work, load_work
from support.tiny import review_rows, write_csv
from support.training import MakeWork


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> PreparedDataset:
    """Give a prepared dataset of 40 reviews, "bad" and "good"; tests must not change it."""
    folder = tmp_path_factory.mktemp("prepared")
    settings = Settings(data=DataSettings(dataset=str(write_csv(folder / "reviews.csv", review_rows()))))
    source = SourceFinder.of(settings.run, settings.download, settings.demo).find(settings.data)
    (folder / "dataset").mkdir()
    return dataset_for_training(settings, source, folder / "dataset", folder / "none")


@pytest.fixture(scope="session")
def make_work(tiny_encoder: Path, prepared: PreparedDataset) -> MakeWork:
    """Load the tiny encoder and the reviews for a run with these settings of [train], in fp32 on a CPU."""

    def make(
        *, data: DataSettings | None = None, seed: int = 42, encoder: Path = tiny_encoder, world: World = ALONE,
        **train: object,
    ) -> Work:  # fmt: skip
        files = find_model(str(encoder))
        recipe = TrainSettings(**{"model": str(encoder), **train})
        asked = ComputeSettings(device="cpu", precision="fp32")
        return load_work(data or DataSettings(), recipe, asked, seed, files, prepared, world)

    return make
