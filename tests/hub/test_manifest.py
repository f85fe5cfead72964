"""The manifest of `clf download-models`: read back as written, and refused with the first thing that is wrong in it."""

import json
from pathlib import Path

import pytest

from clf.errors import UsageError
from clf.hub.manifest import PinnedFile, PinnedRepository, read_manifest, write_manifest

FILES = {"config.json": PinnedFile(size=2, sha256="0" * 64)}
MODEL = PinnedRepository(kind="model", id="acme/tiny", revision=None, commit="a" * 40, files=FILES)


def test_a_manifest_reads_back_as_written(tmp_path: Path) -> None:
    file = tmp_path / "m.json"
    write_manifest(file, [MODEL])
    assert read_manifest(file) == [MODEL]
    assert list(json.loads(file.read_text())) == ["schema_version", "clf_version", "repositories"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "space"}, "repositories.0.kind is 'space'"),
        ({"id": "../x"}, "repositories.0.id: '../x' is not a Hub id"),
        ({"revision": "../../victim"}, "repositories.0.revision: '../../victim' leaves its folder"),
        ({"commit": "main"}, "repositories.0.commit is 'main'"),
        ({"files": {"pytorch_model.bin": {"sha256": "0" * 64}}}, "clf does not use 'pytorch_model.bin'"),
        ({"files": {"config.json": {"sha256": "0" * 40}}}, "repositories.0.files.config.json.sha256 is"),
        ({"files": {}}, "repositories.0.files is {}"),
    ],
)
def test_the_first_thing_that_is_wrong_is_named(tmp_path: Path, change: dict[str, object], said: str) -> None:
    written = {"schema_version": 1, "repositories": [MODEL.model_dump() | change]}
    (tmp_path / "m.json").write_text(json.dumps(written))
    with pytest.raises(UsageError, match="is not a manifest of clf download-models") as wrong:
        read_manifest(tmp_path / "m.json")
    assert said in wrong.value.message


def test_a_manifest_of_a_newer_clf_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{"schema_version": 2, "repositories": {"new": 1}}')
    with pytest.raises(UsageError, match="has schema 2, this clf reads up to 1"):
        read_manifest(tmp_path / "m.json")
