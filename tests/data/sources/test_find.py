"""Names, folders and files become splits; a path never goes to the Hub."""

import gzip
import os
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from clf.data.reading import arrow_batches
from clf.data.reading.examples import RowTally, read_examples
from clf.data.reading.formats import looks_like_path
from clf.data.sources.find import SourceFinder, input_paths, origin_path, same_dataset
from clf.errors import DataError, UsageError
from clf.hub.address import repository_folder
from clf.hub.cache import add_to_record
from clf.hub.records import Content
from clf.models.store import find_local_model
from clf.settings import DataSettings, DemoSettings, DownloadSettings, RunSettings
from clf.storage.disk import sha256
from conftest import RunClf
from support.data_files import written
from support.local_hub import LocalHub
from support.packed import tarred, zipped
from support.sources import rows, source
from support.tiny import review_rows, write_csv


def test_further_files_become_validation_and_test(own_folder: Path) -> None:
    for name in ("all.csv", "v.csv", "t.csv"):
        write_csv(own_folder / name, [(name, "a")])
    found = source("all.csv", validation=Path("v.csv"), test=Path("t.csv"))
    assert {split: rows(found, split)["text"] for split in found.splits} == {
        "train": ["all.csv"],
        "validation": ["v.csv"],
        "test": ["t.csv"],
    }


def test_an_edited_file_of_the_same_size_and_time_has_another_fingerprint(own_folder: Path) -> None:
    path = write_csv(own_folder / "a.csv", review_rows(4))
    before, times = source(path).fingerprint, path.stat()
    path.write_bytes(path.read_bytes().replace(b"number", b"nimber"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert source(path).fingerprint != before


def test_imdb_comes_from_the_hub_once_without_its_unsupervised_split(hub: LocalHub) -> None:
    found = source("imdb")
    assert sorted(found.splits) == ["test", "train"]
    assert found.label_order == ["neg", "pos"]
    assert set(rows(found, "train")["label"]) == {"neg", "pos"}
    hub.requests.clear()
    again = source("stanfordnlp/imdb")
    assert rows(again, "train") == rows(found, "train")
    assert hub.requests == []


def test_ag_news_keeps_its_official_label_order(hub: LocalHub) -> None:
    assert source("ag_news").label_order == ["World", "Sports", "Business", "Sci/Tech"]


def test_synthetic_reviews_need_nothing() -> None:
    found = SourceFinder(seed=42, generated=20).find(DataSettings(dataset="synthetic"))
    assert [len(rows(found, split)["text"]) for split in ("train", "validation", "test")] == [14, 2, 4]


def test_offline_and_not_in_the_cache_says_what_fetches_it(hub: LocalHub) -> None:
    with pytest.raises(DataError) as refused:
        source("imdb", offline=True)
    assert "offline mode is on" in refused.value.message
    assert "clf download-models --dataset stanfordnlp/imdb" in refused.value.hint
    assert hub.requests == []


@pytest.mark.parametrize("spec", ["./owner/name", "missing.csv", "data/sub/folder", "/tmp/none"])
def test_what_looks_like_a_path_never_goes_to_the_hub(spec: str, hub: LocalHub) -> None:
    assert looks_like_path(spec)
    with pytest.raises(DataError, match="does not exist"):
        source(spec)
    assert hub.requests == []


def test_an_unknown_id_on_the_hub_is_named(hub: LocalHub) -> None:
    with pytest.raises(DataError, match="dataset owner/nothing does not exist on the Hub"):
        source("owner/nothing")


def test_a_folder_with_nothing_usable_says_what_it_holds(own_folder: Path) -> None:
    (own_folder / "d").mkdir()
    (own_folder / "d" / "notes.md").write_text("x")
    with pytest.raises(DataError, match=r"it contains notes\.md"):
        source("./d")


def test_a_dataset_is_known_again_by_name_and_by_place(own_folder: Path) -> None:
    path = write_csv(own_folder / "a.csv", review_rows(4))
    assert same_dataset("a.csv", "a.csv", str(path))
    assert same_dataset(str(path), "a.csv", str(path))
    assert not same_dataset("imdb", "a.csv", str(path))


def test_files_of_one_split_may_name_their_columns_otherwise(own_folder: Path) -> None:
    write_csv(own_folder / "train-1.csv", [("a", "x")])
    write_csv(own_folder / "train-2.csv", [("b", "y")], ("review", "sentiment"))
    read = [examples for _, _, examples in read_examples(source("./").splits["train"], DataSettings(), RowTally())]
    assert [(examples.texts, examples.labels) for examples in read] == [(["a"], ["x"]), (["b"], ["y"])]


def test_settings_make_a_finder() -> None:
    run, download = RunSettings(seed=7, offline=True), DownloadSettings(download_timeout=5)
    finder = SourceFinder.of(run, download, DemoSettings(rows=30))
    assert finder == SourceFinder(seed=7, offline=True, timeout=5, generated=30)
    assert finder.with_(seed=8, generated=20) == SourceFinder(seed=8, offline=True, timeout=5, generated=20)


def test_the_seed_and_number_of_synthetic_reviews_are_part_of_their_origin() -> None:
    asked = DataSettings(dataset="synthetic")
    first, again, other = (SourceFinder(seed=seed, generated=20).find(asked) for seed in (1, 1, 2))
    assert first.origin == first.fingerprint == "synthetic@rows=20,seed=1"
    assert first.rows_generated == 20
    assert rows(first, "train") == rows(again, "train")
    assert rows(first, "train") != rows(other, "train")


def test_a_source_has_the_name_place_and_class_names_of_its_file(own_folder: Path) -> None:
    path = write_csv(own_folder / "my.reviews.csv", review_rows(4))
    (own_folder / "classes.txt").write_text("bad\ngood\n")
    found = source("my.reviews.csv")
    assert (found.name, found.origin, found.class_names) == ("my", os.path.realpath(path), ["bad", "good"])
    assert (found.splits["train"].shown, found.splits["train"].lines()) == ("my.reviews.csv", 5)
    assert source(path).fingerprint == found.fingerprint
    assert all(batch.file == path for batch in source(path).splits["train"].rows())


def test_the_same_files_in_other_splits_have_another_fingerprint(own_folder: Path) -> None:
    for name in ("a.csv", "b.csv"):
        write_csv(own_folder / name, [(name, "x")])
    validated, tested = source("a.csv", validation=Path("b.csv")), source("a.csv", test=Path("b.csv"))
    swapped = source("b.csv", validation=Path("a.csv"))
    assert len({source("a.csv").fingerprint, *(found.fingerprint for found in (validated, tested, swapped))}) == 4


def test_a_given_file_takes_the_place_of_a_split_of_the_folder(own_folder: Path) -> None:
    for name in ("train.csv", "test.csv", "other.csv"):
        write_csv(own_folder / name, [(name, "a")])
    found = source("./", test=Path("other.csv"), validation=Path("other.csv"))
    assert {split: rows(found, split)["text"] for split in found.splits} == {
        "train": ["train.csv"],
        "validation": ["other.csv"],
        "test": ["other.csv"],
    }
    assert list(found.splits) == ["train", "validation", "test"]


def test_a_prepared_dataset_takes_no_further_files(own_folder: Path) -> None:
    (own_folder / "ready").mkdir()
    (own_folder / "ready" / "manifest.json").write_text('{"clf_version": "1"}')
    write_csv(own_folder / "v.csv", [("a", "b")])
    found = source("./ready")
    assert (found.prepared, found.origin, found.splits) == (Path("ready"), os.path.realpath("ready"), {})
    with pytest.raises(UsageError, match="ready is already prepared") as refused:
        source("./ready", validation=Path("v.csv"))
    assert "clf prepare" in refused.value.hint


def test_a_further_file_that_is_missing_or_empty_is_named_at_once(own_folder: Path) -> None:
    write_csv(own_folder / "a.csv", [("a", "b")])
    (own_folder / "empty.csv").touch()
    with pytest.raises(DataError, match=r"missing\.csv does not exist"):
        source("a.csv", test=Path("missing.csv"))
    with pytest.raises(DataError, match=r"empty\.csv is empty"):
        source("a.csv", test=Path("empty.csv"))


@pytest.mark.parametrize(
    ("spec", "message", "hint"),
    [
        ("review", "no file or dataset is called 'review'", "did you mean reviews.csv?"),
        ("quux", "no file or dataset is called 'quux'", "pass --dataset with a dataset name"),
        ("owner/na..me", "'owner/na..me' is not a dataset name, Hub id, file or folder", "pass imdb, ag_news"),
        ("owner/na me", "'owner/na me' is not a dataset name, Hub id, file or folder", "pass imdb, ag_news"),
    ],
)
def test_a_name_of_nothing_is_told_without_asking_the_hub(
    own_folder: Path, dead_hub: None, spec: str, message: str, hint: str
) -> None:
    write_csv(own_folder / "reviews.csv", review_rows(4))
    with pytest.raises(DataError) as refused:
        source(spec)
    assert refused.value.message == message
    assert hint in refused.value.hint


def test_the_files_that_are_input_are_those_that_the_settings_name(own_folder: Path) -> None:
    (own_folder / "folder").mkdir()
    given = {"validation": Path("v.csv"), "test": Path("t.csv"), "label_map": "names.toml"}
    everything = input_paths(DataSettings(dataset="./folder", **given))
    assert everything == [Path("folder"), Path("v.csv"), Path("t.csv"), Path("names.toml")]
    assert input_paths(DataSettings(dataset="owner/name", label_map="1=World")) == []
    assert input_paths(DataSettings(dataset="~/x.csv")) == [Path("~/x.csv").expanduser()]
    home = {name: Path(f"~/{name}.json") for name in ("validation", "test")} | {"label_map": "~/label_map.json"}
    assert input_paths(DataSettings(**home)) == [path.expanduser() for path in map(Path, home.values())]
    assert input_paths(DataSettings()) == []


def test_a_pipe_is_never_the_same_dataset_and_a_name_only_the_same_name(own_folder: Path) -> None:
    os.mkfifo(own_folder / "pipe")
    assert not same_dataset("-", "-", "pipe@1")
    assert not same_dataset("pipe", "pipe", os.path.realpath("pipe"))
    assert same_dataset("synthetic", "synthetic", "synthetic@rows=20,seed=1")
    assert same_dataset("owner/name", "owner/name", "owner/name@commit")
    assert not same_dataset("owner/name", "owner/other", "owner/name@commit")
    (own_folder / "imdb").mkdir()
    assert not same_dataset("imdb", "imdb.csv", os.path.realpath("imdb"))


def cached(files: dict[str, str | bytes]) -> str:
    """Put a dataset into the cache as if it had been fetched, and return its commit."""
    root, commit = repository_folder("dataset", "owner/data"), "0123456789" * 4
    folder = root / "snapshots" / commit
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    add_to_record(
        root, None, commit, {name: Content((folder / name).stat().st_size, sha256(folder / name)) for name in files}
    )
    return commit


@pytest.mark.parametrize(
    "configs",
    [
        "[{config_name: a, data_files: /etc/passwd}]",
        "[{config_name: a, data_files: [{split: train, path: ../../other.csv}]}]",
        "[{config_name: a, data_files: [{split: train, path: [train.csv, data/../../other.csv]}]}]",
        "[{config_name: a, data_files: [train.csv, 'https://example.org/x.csv']}]",
        "[{config_name: a, data_files: ~/other.csv}]",
        "[{config_name: a, data_dir: /etc}]",
        "[{config_name: a, data_files: train.csv}, {config_name: b, data_files: 'hf://datasets/x/y.csv'}]",
    ],
)
def test_a_dataset_that_names_files_outside_its_repository_is_refused(configs: str) -> None:
    cached({"README.md": f"---\nconfigs: {configs}\n---\n", "train.csv": "text,label\na,b\n"})
    with pytest.raises(DataError, match="dataset owner/data names a file outside its repository: ") as refused:
        source("owner/data", offline=True)
    assert refused.value.hint == "do not use this dataset"


@pytest.mark.parametrize("front_matter", ["configs: [", "a: b: c", "- a", "configs: 3"])
def test_a_dataset_with_a_broken_description_cannot_be_read(front_matter: str) -> None:
    cached({"README.md": f"---\n{front_matter}\n---\n", "train.csv": "text,label\na,b\n"})
    with pytest.raises(DataError, match="dataset owner/data cannot be read: ") as refused:
        source("owner/data", offline=True)
    assert "\n" not in refused.value.message
    assert refused.value.hint == "download its file and pass the path"


def test_a_dataset_of_the_hub_needs_no_description_and_has_its_commit_as_fingerprint() -> None:
    commit = cached({"train.csv": "text,label\na,1\nb,0\n", "valid.csv": "text,label\nc,1\n"})
    found = source("owner/data", offline=True)
    assert {split: rows(found, split)["text"] for split in found.splits} == {"train": ["a", "b"], "validation": ["c"]}
    assert (found.name, found.origin, found.fingerprint) == ("data", f"owner/data@{commit}", commit)
    assert (found.splits["train"].lines(), found.label_order) == (2, [])
    assert [line for batch in found.splits["train"].rows() for line in batch.lines] == [1, 2]


@pytest.mark.parametrize("path", ["/etc/hostname", "../../secret.csv", "http://127.0.0.1:9/x.csv", "hf://datasets/a/b"])
def test_a_dataset_that_names_files_of_others_is_refused(clf: RunClf, hub: LocalHub, path: str) -> None:
    readme = f"---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: {path}\n---\n"
    hub.publish("datasets", "evil/far", {"README.md": readme.encode(), "train.csv": b"text,label\na,1\n"})
    done = clf("prepare", "--dataset", "evil/far")
    assert done.code == 1
    assert "names a file outside its repository" in done.err


def test_a_description_that_refers_to_itself_again_and_again_is_refused_at_once() -> None:
    lists = "".join(f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 12))
    cached({"README.md": f"---\nconfigs:\n- l0: &l0 []\n{lists}---\n", "train.csv": "text,label\na,b\n"})
    with pytest.raises(
        DataError, match="dataset owner/data cannot be read: the metadata in its README refers to itself"
    ):
        source("owner/data", offline=True)


def parquet(texts: Any, **columns: Any) -> bytes:
    """Return the bytes of a Parquet file."""
    held = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.table({"text": texts, **columns}), held, compression="zstd")
    return bytes(held.getvalue())


def test_a_small_file_of_the_hub_with_large_values_is_refused_before_they_are_spelled_out() -> None:
    texts = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * 400, pyarrow.int32()), ["a" * 1_000_000])
    cached({"train.parquet": parquet(texts, label=[0, 1] * 200)})
    with pytest.raises(DataError, match=r"train\.parquet is small, but its values take at least \d+ MB") as refused:
        source("owner/data", offline=True)
    assert "--max-inflation" in refused.value.hint


def test_a_compressed_file_of_the_hub_that_expands_too_much_is_refused() -> None:
    cached({"train.csv.gz": gzip.compress(b"text,label\n" + b"a" * 11_000_000)})
    with pytest.raises(DataError, match="expands to more than 100 times its size when decompressed"):
        source("owner/data", offline=True)
    assert source("owner/data", offline=True, max_inflation=2000).splits


def test_an_archive_of_the_hub_is_refused_whatever_its_name() -> None:
    cached({"train.csv": b"PK\x03\x04 and so on"})
    with pytest.raises(DataError, match=r"train\.csv is a zip archive"):
        source("owner/data", offline=True)


def test_the_size_of_a_split_of_the_hub_is_bounded_by_that_of_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    cached({"train.csv": "text,label\n" + "abcdefgh,1\n" * 100})
    monkeypatch.setattr(arrow_batches, "FREE", 1000)
    found = source("owner/data", offline=True, max_inflation=1)
    with pytest.raises(DataError, match="is small, but its values take at least"):
        rows(found, "train")


@pytest.mark.parametrize("number", [2, 7, 2**40])
def test_a_class_of_the_hub_that_has_no_name_is_told(number: int) -> None:
    features = "[{name: text, dtype: string}, {name: label, dtype: {class_label: {names: {'0': neg, '1': pos}}}}]"
    readme = f"---\ndataset_info:\n  features: {features}\n---\n"
    cached({"README.md": readme, "train.parquet": parquet(["a", "b"], label=[0, number])})
    with pytest.raises(DataError, match="owner/data has a class number that is not one of its 2 classes") as refused:
        source("owner/data", offline=True)
    assert refused.value.hint == "download its file and pass the path"


def test_an_unknown_home_folder_is_told_wherever_a_path_is_expanded() -> None:
    for ask in (
        lambda: input_paths(DataSettings(label_map="~nosuch/x.json")),
        lambda: same_dataset("~nosuch/x.csv", "a.csv", "b"),
        lambda: find_local_model("~nosuch/m"),
    ):
        with pytest.raises(DataError, match=r"the home folder in ~nosuch/.* is unknown"):
            ask()


# --- archives -----------------------------------------------------------------------------------------------

TABLE = "".join(f'"a text of some words, number {number}",{"ab"[number % 2]}\n' for number in range(20))
TABLES = {"d/train.csv": "text,label\n" + TABLE, "d/test.csv": "text,label\n" + TABLE[:70], "d/other.csv": "x\n1\n"}


def test_the_tables_in_an_archive_are_splits_as_those_of_a_folder(own_folder: Path) -> None:
    for path in (zipped(own_folder / "x.zip", TABLES), tarred(own_folder / "x.tgz", TABLES, "w:gz")):
        for spec in (path, path / "d"):
            found = source(spec)
            assert [*found.splits] == ["train", "test"]
            assert len(rows(found, "train")["text"]) == 20
        assert source(path).name == "x"
        alone = source(path / "d" / "train.csv")
        assert ([*alone.splits], alone.name, alone.origin) == (["train"], "train", str(path / "d" / "train.csv"))
        assert same_dataset(f"{path.name}/d/train.csv", None, alone.origin)
        with pytest.raises(DataError, match="has several tables in it"):
            source(zipped(own_folder / "y.zip", {"a.csv": "", "b.csv": ""}))


def test_tables_named_by_words_and_pairs_of_files_in_an_archive_are_splits(own_folder: Path) -> None:
    words = {"my_train.csv": TABLES["d/train.csv"], "my_test.csv": TABLES["d/test.csv"]}
    assert [*source(zipped(own_folder / "a.zip", words)).splits] == ["train", "test"]
    pairs = {"train_text.txt": "one\ntwo\n", "train_labels.txt": "0\n1\n", "mapping.txt": "0\tbad\n1\tgood\n"}
    found = source(zipped(own_folder / "b.zip", pairs))
    assert rows(found, "train") == {"text": ["one", "two"], "label": ["0", "1"], "label_name": ["bad", "good"]}


def test_classes_in_an_archive_name_the_numbers(own_folder: Path) -> None:
    files = {"d/train.csv": TABLE.replace('",a', '",1'), "d/test.csv": TABLE[:70], "d/classes.txt": "World\nSports\n"}
    assert source(tarred(own_folder / "x.tgz", files, "w:gz")).class_names == ["World", "Sports"]
    del files["d/classes.txt"]
    assert source(tarred(own_folder / "y.tgz", files, "w:gz")).class_names == []


def test_archives_of_one_table_each_are_splits(own_folder: Path) -> None:
    (own_folder / "d").mkdir()
    for split in ("train", "test"):
        zipped(own_folder / "d" / f"{split}.tsv.zip", {f"{split}.tsv": TABLES[f"d/{split}.csv"].replace(",", "\t")})
    assert [*source("d/").splits] == ["train", "test"]
    write_csv(own_folder / "d" / "train.csv", review_rows(4))
    assert [*source("d/").splits] == ["train", "test"]
    assert rows(source("d/"), "train")["text"] == [text for text, _ in review_rows(4)]
    found = source("d/train.csv", test=Path("d/test.tsv.zip"))
    assert rows(found, "test")["text"] == ["a text of some words\t number 0", "a text of some words\t number 1"]


def test_the_content_and_the_path_in_an_archive_tell_its_fingerprint(own_folder: Path) -> None:
    path = zipped(own_folder / "x.zip", {"a.csv": "text,label\n" + TABLE, "b.csv": "text,label\n" + TABLE})
    first = source(path / "a.csv").fingerprint
    assert first == source(path / "a.csv").fingerprint != source(path / "b.csv").fingerprint
    zipped(path, {"a.csv": "text,label\n" + TABLE.replace("some", "more")})
    assert source(path / "a.csv").fingerprint != first


def test_results_are_not_written_over_an_archive(own_folder: Path) -> None:
    path = zipped(own_folder / "x.zip", TABLES)
    assert input_paths(DataSettings(dataset="x.zip/d/train.csv")) == [Path("x.zip")]
    assert looks_like_path(f"{path}/d/none")
    assert looks_like_path("x.zip/d")
    assert origin_path(source("x.zip/d").origin) == path
    assert origin_path("owner/data@main") is origin_path("/none") is None


def test_a_split_in_an_archive_beside_the_table_of_another_is_read_or_warned_of(
    own_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = own_folder / "mixed"
    folder.mkdir()
    write_csv(folder / "train.csv", [("good film", "pos")])
    for name in ("train.zip", "test.csv.zip"):
        zipped(folder / name, {"inner.csv": b"text,label\nbad film,neg\n"})
    zipped(folder / "validation.zip", {})
    written(folder / "val.db", b"SQLite format 3")
    found = source(folder)
    texts = {split: rows(found, split)["text"] for split in found.splits}
    assert texts == {"train": ["good film"], "test": ["bad film"]}
    for said in (
        "train.zip is not read: the train split is read from train.csv",
        "val.db is not read: export it as CSV",
        "validation.zip is an empty archive",
    ):
        assert said in caplog.text
    (folder / "test.csv.zip").unlink()
    tarred(folder / "test.tar.gz", {"inner.csv": b"text,label\ngood film,pos\n"}, "w:gz")
    assert rows(source(folder), "test")["text"] == ["good film"]
