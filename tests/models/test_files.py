"""A folder is checked before its model is loaded: complete, safe, and what its config.json says."""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from clf.errors import ModelError
from clf.models.files import check_files, is_export
from clf.models.store import find_model


def copy(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def with_text(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text)


def as_pickle(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def without_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").unlink()


def cut_off(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[:30])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (without("config.json"), "has no config.json"),
        (with_text("config.json", "{"), "is damaged or has no model_type"),
        (with_text("config.json", "{}"), "is damaged or has no model_type"),
        (without("model.safetensors"), "has no model.safetensors"),
        (as_pickle, "only pickled weights"),
        (cut_off, "is truncated or not a safetensors file"),
        (
            with_text("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
            "is a git-lfs pointer",
        ),
        (with_text("model.safetensors", "<html>not found</html>"), "is truncated or not a safetensors file"),
        (without_tokenizer, "has no tokenizer"),
    ],
)
def test_a_folder_that_is_no_whole_model_is_refused(
    tiny_encoder: Path, tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    folder = copy(tiny_encoder, tmp_path / "model")
    damage(folder)
    with pytest.raises(ModelError, match=message) as refused:
        find_model(str(folder))
    assert refused.value.hint


def test_a_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_text("")
    with pytest.raises(ModelError, match="is a file, expected a model folder"):
        find_model(str(tmp_path / "model.bin"))


def test_a_whole_encoder_is_no_classifier_and_a_whole_classifier_is_one(
    tiny_encoder: Path, tiny_classifier: Path
) -> None:
    encoder, classifier = check_files(tiny_encoder, "encoder"), check_files(tiny_classifier, "classifier")
    assert (encoder.architectures, encoder.id2label) == (["DistilBertModel"], None)
    assert classifier.architectures == ["DistilBertForSequenceClassification"]
    assert classifier.id2label == {"0": "bad", "1": "good"}
    assert (encoder.is_classifier, classifier.is_classifier) == (False, True)


def test_without_architectures_a_model_is_no_classifier(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = copy(tiny_encoder, tmp_path / "model")
    rewrite(folder / "config.json", architectures=None)
    assert check_files(folder, "x").architectures == []


def rewrite(file: Path, **values: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_a_model_with_its_own_code_is_refused_and_the_file_named(tiny_encoder: Path, tmp_path: Path, file: str) -> None:
    folder = copy(tiny_encoder, tmp_path / "model")
    rewrite(folder / file, auto_map={"AutoModel": "evil.Model"})
    with pytest.raises(ModelError, match=rf"needs to run its own code \({file} has auto_map\)"):
        check_files(folder, "x")


def test_a_mistyped_folder_gets_the_nearest_name_beside_it(tmp_path: Path) -> None:
    (tmp_path / "reviews_model").mkdir()
    (tmp_path / "reviews_modem").write_text("a file is no suggestion")
    with pytest.raises(ModelError, match="no folder x") as refused:
        check_files(tmp_path / "review_model", "x")
    assert refused.value.hint == f"did you mean {tmp_path / 'reviews_model'}?"
    with pytest.raises(ModelError) as unlike:
        check_files(tmp_path / "zzz", "x")
    assert "a model on the Hub is named owner/name" in unlike.value.hint
    with pytest.raises(ModelError) as nowhere:
        check_files(tmp_path / "no" / "folder", "x")
    assert nowhere.value.hint == unlike.value.hint


def test_a_folder_of_models_gets_the_newest_of_them_and_tells_six_of_its_files(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"file{number}").write_text("")
    with pytest.raises(
        ModelError, match=re.escape("x has no config.json (it holds file0, file1, file2, file3, file4, file5)")
    ) as none:
        check_files(tmp_path, "x")
    assert none.value.hint == "pass a folder written by save_pretrained or clf train"
    for name, changed in (("a", 3), ("b", 9), ("c", 6)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
        os.utime(tmp_path / name / "config.json", ns=(changed, changed))
    with pytest.raises(ModelError) as some:
        check_files(tmp_path, "x")
    assert some.value.hint == f"did you mean {tmp_path / 'b'}?"
    (tmp_path / "b.run").mkdir()
    with pytest.raises(ModelError) as run:
        check_files(tmp_path / "b.run", "x")
    assert run.value.hint == f"did you mean {tmp_path / 'b'}?"


def header(length: int, then: bytes) -> bytes:
    return length.to_bytes(8, "little") + then


@pytest.mark.parametrize(
    ("data", "sound"),
    [
        (header(2, b"{}"), True),
        (header(10, b"{}"), False),
        (header(11, b"{}"), False),
        (header(2, b"[]"), False),
        (header(0, b""), False),
        (b"", False),
    ],
    ids=["whole", "longer than the rest", "cut off", "no object", "ends early", "empty"],
)
def test_the_start_of_the_weights_tells_a_whole_file_from_another(
    tiny_encoder: Path, tmp_path: Path, data: bytes, sound: bool
) -> None:
    folder = copy(tiny_encoder, tmp_path / "model")
    (folder / "model.safetensors").write_bytes(data)
    if sound:
        check_files(folder, "x")
    else:
        with pytest.raises(ModelError, match=r"model\.safetensors is truncated or not a safetensors file") as refused:
            check_files(folder, "x")
        assert refused.value.hint == "download or save the model again"


def test_every_shard_of_the_weights_is_looked_at(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = copy(tiny_encoder, tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    (folder / "model-00002-of-00002.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ModelError, match=r"model-00002-of-00002\.safetensors is a git-lfs pointer") as refused:
        check_files(folder, "x")
    assert refused.value.hint == "run git lfs pull in that folder"


@pytest.mark.parametrize(
    ("files", "answer"),
    [(["model.onnx"], True), (["model.onnx", "model.safetensors"], False), (["model.safetensors"], False), ([], False)],
)
def test_an_export_is_a_graph_without_other_weights(tmp_path: Path, files: list[str], answer: bool) -> None:
    for name in files:
        (tmp_path / name).write_text("")
    assert is_export(tmp_path) is answer
    (tmp_path / "folder" / "model.onnx").mkdir(parents=True)
    assert not is_export(tmp_path / "folder")


@pytest.mark.parametrize("name", ["tokenizer.json", "vocab.txt", "spiece.model"])
def test_one_file_of_a_tokenizer_is_enough(tiny_encoder: Path, tmp_path: Path, name: str) -> None:
    folder = copy(tiny_encoder, tmp_path / "model")
    without_tokenizer(folder)
    (folder / name).write_text("")
    check_files(folder, "x")
