"""Every format is told by its content, and a bad file by its line."""

import bz2
import gzip
import json
import lzma
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from clf.data.reading.batch import Batch
from clf.data.reading.formats import read_file
from clf.errors import DataError, UsageError
from clf.settings import DataSettings

ROWS = {"text": ["first, with a comma", "second\nwith a line"], "label": ["a", "b"]}
CSV = 'text,label\n"first, with a comma",a\n"second\nwith a line",b\n'
JSONL = "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in zip(*ROWS.values(), strict=True))


def read(path: Path, **settings: object) -> Batch:
    batches = list(read_file(path, DataSettings(**settings)))
    names = dict.fromkeys(name for batch in batches for name in batch.columns)
    columns = {name: [value for batch in batches for value in batch.columns[name]] for name in names}
    return Batch(columns, [line for batch in batches for line in batch.lines])


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV),
        ("a.txt", CSV),
        ("bom.csv", b"\xef\xbb\xbf" + CSV.encode()),
        ("utf16.csv", CSV.encode("utf-16")),
        ("a.tsv", 'text\tlabel\n"first, with a comma"\ta\n"second\nwith a line"\tb\n'),
        ("semicolon.csv", 'text;label\n"first, with a comma";a\n"second\nwith a line";b\n'),
        ("windows.csv", CSV.replace("comma", "comma").replace("\n", "\r\n").replace("second\r\n", "second\n")),
        ("a.jsonl", JSONL),
        ("array.jsonl", "[" + JSONL.strip().replace("}\n{", "},\n{") + "]"),
        ("a.json", "[" + JSONL.strip().replace("}\n{", "},\n{") + "]"),
        ("a.csv.gz", gzip.compress(CSV.encode(), mtime=0)),
        ("a.csv.bz2", bz2.compress(CSV.encode())),
        ("a.csv.xz", lzma.compress(CSV.encode())),
        ("a.csv.zst", pyarrow.compress(CSV.encode(), "zstd", asbytes=True)),
        ("wrong.parquet", CSV),
    ],
)
def test_the_content_decides_the_format(tmp_path: Path, name: str, content: str | bytes) -> None:
    if name.endswith(".zst"):
        with pyarrow.output_stream(str(tmp_path / name), compression="zstd") as file:
            file.write(CSV.encode())
    else:
        written(tmp_path / name, content)
    assert read(tmp_path / name).columns == ROWS


def test_parquet_and_arrow_are_read_with_their_types(tmp_path: Path) -> None:
    table = pyarrow.table({"text": ["one", "two", None], "label": [0, 1, 1]})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    with pyarrow.ipc.new_file(str(tmp_path / "a.arrow"), table.schema) as writer:
        writer.write_table(table)
    for name in ("a.parquet", "a.arrow"):
        assert read(tmp_path / name) == Batch(table.to_pydict(), [1, 2, 3])


def test_fasttext_lines_give_text_and_label(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "__label__good a fine film\n__label__bad a poor one\n")
    assert read(path).columns == {"text": ["a fine film", "a poor one"], "label": ["good", "bad"]}


def test_lines_are_those_where_the_rows_start(tmp_path: Path) -> None:
    assert read(written(tmp_path / "a.csv", CSV + "third,a\n")).lines == [2, 3, 5]


def test_words_that_mean_nothing_elsewhere_stay_words(tmp_path: Path) -> None:
    words = ["null", "NA", "None", "nan", "N/A", ""]
    path = written(tmp_path / "a.csv", "text,label\n" + "".join(f"{word},x\n" for word in words))
    assert read(path).columns["text"] == words


def test_a_file_without_header_gets_numbered_columns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path / "a.csv", '"3","a title","a description"\n"1","other","words"\n')
    assert list(read(path).columns) == ["0", "1", "2"]
    assert "the columns are numbered from 0" in caplog.text
    assert read(written(tmp_path / "b.csv", "red,blue\nx,y\n"), no_header=True).columns == {
        "0": ["red", "x"],
        "1": ["blue", "y"],
    }


def test_another_encoding_is_found_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = "Ein schöner Film über große Gefühle und wirklich hübsch und trotzdem ärgerlich"
    path = written(tmp_path / "a.csv", f"text,label\n{text},gut\n".encode("cp1252"))
    assert read(path).columns["text"] == [text]
    assert "is not UTF-8" in caplog.text
    assert read(path, encoding="latin-1").columns["text"] == [text]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", "", "is empty"),
        ("header.csv", "text,label\n", "has a header but no rows"),
        (
            "ragged.csv",
            "text,label\na,b,c\nd,e\nf\n",
            "expected 2 cells in each row, as in the first; line 2 has 3; line 4 has 1",
        ),
        ("twice.csv", "text,text\na,b\n", "has two columns called 'text'"),
        ("broken.jsonl", '{"text": "a"}\n{"text": \n', "line 2"),
        ("twice.jsonl", '{"a": 1, "a": 2}\n', "a key appears twice"),
        ("list.jsonl", '{"a": 1}\n[1]\n', "line 2: expected an object"),
        ("broken.json", '[{"a": 1}', "is not valid JSON"),
        ("broken.parquet", b"PAR1garbage", "is not a readable Parquet file"),
        ("cut.csv.gz", gzip.compress(CSV.encode() * 100, mtime=0)[:60], "cannot be decompressed"),
        ("two.txt", "__label__a __label__b text\n", "line 1: two labels"),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(DataError) as refused:
        read(written(tmp_path / name, content))
    assert message in refused.value.message
    assert refused.value.hint


def test_a_missing_file_suggests_the_nearest_name(tmp_path: Path) -> None:
    written(tmp_path / "reviews.csv", CSV)
    with pytest.raises(DataError) as refused:
        read(tmp_path / "review.csv")
    assert "reviews.csv" in refused.value.hint


def test_quotes_that_are_only_characters_swallow_no_rows(tmp_path: Path) -> None:
    lines = [f'"a {number} inch screen\tgood\n' if number % 3 else f"plain {number}\tbad\n" for number in range(40)]
    batch = read(written(tmp_path / "a.tsv", "text\tlabel\n" + "".join(lines)))
    assert len(batch.lines) == 40
    assert batch.columns["text"][1] == '"a 1 inch screen'


def test_a_header_with_a_usual_or_named_column_is_a_header(tmp_path: Path) -> None:
    assert list(read(written(tmp_path / "a.csv", "text,label,2020\nx,y,1\n")).columns) == ["text", "label", "2020"]
    assert list(read(written(tmp_path / "b.csv", "words,7\nx,y\n"), text_column=["words"]).columns) == ["words", "7"]


def test_half_a_character_in_json_is_replaced_and_a_whole_one_kept(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"text": "a \\ud800 b \\ud83d\\ude00"}\n')
    assert read(path).columns["text"] == ["a \ufffd b \U0001f600"]


@pytest.mark.parametrize("encoding", ["nonsense", "base64"])
def test_an_encoding_that_is_none_is_wrong_usage(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(UsageError, match="no encoding is called"):
        read(written(tmp_path / "a.csv", CSV), encoding=encoding)


def test_a_delimiter_of_two_characters_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one character"):
        read(written(tmp_path / "a.csv", CSV), delimiter="ab")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("film number one is great déçu à Noël", "cp1252"),
        ("Ce film est très émouvant, une réussite où la forêt déçoit", "cp1252"),
        ("Der Film ist großartig, die Schauspieler überzeugen völlig", "cp1252"),
        ("La película es increíble, ¿qué más? ¡vaya año!", "cp1252"),
        ("It’s “great” – really… I don’t know", "cp1252"),
        ("Film jest bardzo dobry, aktorzy świetni, zażółć gęślą jaźń, łódź i żółw", "cp1250"),
        ("Film je velmi dobrý, herci skvělí, příliš žluťoučký kůň úpěl ďábelské ódy", "cp1250"),
        ("Фильм очень хороший, актёры играют прекрасно, рекомендую всем посмотреть", "cp1251"),
        ("Η ταινία είναι πολύ καλή και οι ηθοποιοί εξαιρετικοί σε όλα", "cp1253"),
        ("この映画はとても面白かったです。俳優の演技も素晴らしいです", "shift_jis"),
        ("这部电影的故事很简单但是演员的表演非常出色", "gb18030"),
        ("이 영화는 정말 재미있었고 배우들의 연기도 훌륭했습니다", "euc_kr"),
    ],
)
def test_texts_in_other_encodings_are_read_as_written(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"text,label\n{chr(34)}{text}{chr(34)},x\n".encode(encoding) * 20)
    first = next(read_file(path, DataSettings()))
    assert first.columns["text"][0] == text
