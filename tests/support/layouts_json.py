"""Layouts of JSON: exports of annotation tools and databases, splits and classes as keys."""

import json
from pathlib import Path
from typing import Any

from support.layout_files import (
    Builder,
    Follow,
    Layout,
    Read,
    Refused,
    Right,
    Row,
    codes,
    json_lines,
    labelled_rows,
    sentences,
    unless,
)
from support.layouts_found import MOODS, TOPICS

COUNT = 72


def as_objects(rows: list[Row], labelled: bool, label: str = "label") -> list[dict[str, Any]]:
    return [{"text": text, label: name} if labelled else {"text": text} for text, name in rows]


def dumped(folder: Path, name: str, value: object, **style: Any) -> None:
    (folder / name).write_text(json.dumps(value, **style) + "\n", encoding="utf-8")


def clinc(folder: Path, labelled: bool) -> tuple[Right, ...]:
    """The parts without an intent have a class of their own, as their rows say."""
    parts = {
        "val": labelled_rows(18, TOPICS, 2),
        "train": labelled_rows(COUNT, TOPICS),
        "test": labelled_rows(18, TOPICS, 3),
        "oos_val": labelled_rows(4, ("oos",), 4),
        "oos_train": labelled_rows(12, ("oos",), 5),
        "oos_test": labelled_rows(6, ("oos",), 6),
    }
    dumped(folder, "data_full.json", parts)
    return (
        Read([row for rows in parts.values() for row in rows], {"train": COUNT + 12, "validation": 22, "test": 24}),
    )


def splits_of_objects(folder: Path, labelled: bool) -> tuple[Right, ...]:
    parts = {
        "train": labelled_rows(COUNT, MOODS),
        "validation": labelled_rows(18, MOODS, 2),
        "test": labelled_rows(18, MOODS, 3),
    }
    dumped(folder, "all.json", {split: as_objects(rows, labelled) for split, rows in parts.items()}, indent=1)
    counts = {"train": COUNT, "validation": 18, "test": 18}
    return (Read([row for rows in parts.values() for row in rows], counts),)


def classes_as_keys(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, TOPICS)
    dumped(folder, "intents.json", {name: [text for text, label in rows if label == name] for name in TOPICS})
    return (Read(rows),)


def pretty_objects(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, MOODS)
    (folder / "rows.json").write_text("\n".join(json.dumps(row, indent=2) for row in as_objects(rows, labelled)))
    return (Read(rows),)


def elasticsearch(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, MOODS)
    hits = [
        {"_index": "reviews", "_id": code, "_score": 1.0, "_source": row}
        for code, row in zip(codes(COUNT, 20), as_objects(rows, labelled), strict=True)
    ]
    found = {"total": {"value": COUNT, "relation": "eq"}, "max_score": 1.0, "hits": hits}
    dumped(
        folder, "response.json", {"took": 5, "timed_out": False, "_shards": {"total": 1, "failed": 0}, "hits": found}
    )
    return (Read(rows),)


def elasticsearch_bulk(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, MOODS)
    lines = [
        line
        for number, row in enumerate(as_objects(rows, labelled))
        for line in ({"index": {"_index": "reviews", "_id": str(number)}}, row)
    ]
    json_lines(folder / "bulk.ndjson", lines)
    return (Read(rows),)


def elasticdump(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, MOODS)
    objects = [
        {"_index": "reviews", "_type": "_doc", "_id": str(number), "_score": 1, "_source": row}
        for number, row in enumerate(as_objects(rows, labelled))
    ]
    json_lines(folder / "reviews.json", objects)
    return (Read(rows),)


def argilla_records(folder: Path, labelled: bool) -> tuple[Right, ...]:
    """What a model suggests is no label: records that nobody answered have none."""
    rows = labelled_rows(COUNT, TOPICS)
    objects = [
        {
            "id": f"id-{number}",
            "fields": {"text": text},
            "metadata": {},
            "suggestions": {"topic": {"value": TOPICS[0], "score": 0.4, "agent": "m"}},
            "responses": {"topic": [{"value": label, "user_id": "u1"}]} if labelled and number % 9 else {},
            "vectors": {},
            "status": "completed" if number % 9 else "pending",
            "_server_id": f"s-{number}",
        }
        for number, (text, label) in enumerate(rows)
    ]
    dumped(folder, "records.json", objects)
    return (Read([row for number, row in enumerate(rows) if number % 9]),)


def argilla_feedback(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, TOPICS)
    answers = [[{"user_id": "u1", "status": "submitted", "values": {"topic": {"value": label}}}] for _, label in rows]
    objects = [
        {"fields": {"text": text}, "responses": given if labelled else [], "suggestions": [], "external_id": None}
        for (text, _), given in zip(rows, answers, strict=True)
    ]
    json_lines(folder / "feedback.jsonl", objects)
    return (Read(rows),)


def firebase(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, MOODS)
    records = {f"-M{code}": row for code, row in zip(codes(COUNT, 18), as_objects(rows, labelled, "mood"), strict=True)}
    dumped(folder, "export.json", {"reviews": records})
    return (Read(rows),)


def mongo_canonical(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, ("1", "2", "3"))
    objects = [
        {"_id": {"$oid": code}, "text": text, "stars": {"$numberInt": label}, "at": {"$date": {"$numberLong": "17"}}}
        for code, (text, label) in zip(codes(COUNT, 24), rows, strict=True)
    ]
    json_lines(folder / "reviews.json", objects, without=unless(labelled, "stars"), array=True)
    return (Read(rows),)


def doccano_later(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, MOODS)
    objects = [
        {"id": number, "data": text, "label": [label], "Comments": []} for number, (text, label) in enumerate(rows)
    ]
    json_lines(folder / "admin.jsonl", objects, without=unless(labelled, "label"))
    return (Read(rows),)


def doccano_older(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, MOODS)
    objects = [
        {"id": number, "text": text, "meta": {}, "annotation_approver": None, "labels": [label]}
        for number, (text, label) in enumerate(rows)
    ]
    json_lines(folder / "file.json1", objects, without=unless(labelled, "labels"))
    return (Read(rows),)


def min_with_choices(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, MOODS)
    tasks = [
        {"text": text, "id": number, "sentiment": {"choices": [label]}, "annotator": 1, "lead_time": 2.5}
        for number, (text, label) in enumerate(rows)
    ]
    json_lines(folder / "min.json", tasks, without=unless(labelled, "sentiment"), array=True)
    return (Read(rows),)


def twitter_archive(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, MOODS)
    tweets = [
        {"tweet": {"id_str": code, "full_text": text, **({"mood": label} if labelled else {})}}
        for code, (text, label) in zip(codes(COUNT, 18), rows, strict=True)
    ]
    (folder / "tweets.js").write_text(f"window.YTD.tweets.part0 = {json.dumps(tweets, indent=1)}\n")
    return (Read(rows, says=("JavaScript",)),)


def squad(folder: Path, labelled: bool) -> tuple[Right, ...]:
    data = [
        {
            "title": f"Title {number}",
            "paragraphs": [{"context": text, "qas": [{"question": "Who?", "id": str(number), "answers": []}]}],
        }
        for number, text in enumerate(sentences(40))
    ]
    dumped(folder, "train-v2.0.json", {"version": "v2.0", "data": data}, indent=1)
    named = Follow(("train-v2.0.json", "--label-column", "title", "--no-header"), (Refused(("paragraphs|title",)),))
    return (Refused(("title", "paragraphs"), (), (named,)),)


def layout(name: str, source: str, build: Builder, file: str, why: str, predict: bool = True) -> Layout:
    return Layout(name, source, build, (file,), why, predict)


JSON = [
    layout("CLINC150", "CLINC150's data_full.json", clinc, "data_full.json", "the keys are splits, oos a class", False),
    layout("splits under keys", "many scripts", splits_of_objects, "all.json", "the keys are splits"),
    layout("classes as keys", "chatbots' intents", classes_as_keys, "intents.json", "the keys are classes", False),
    layout("pretty-printed objects", "jq", pretty_objects, "rows.json", "objects may have several lines"),
    layout("Elasticsearch response", "Elasticsearch", elasticsearch, "response.json", "the rows are the sources"),
    layout("Elasticsearch bulk", "Elasticsearch", elasticsearch_bulk, "bulk.ndjson", "every second line is a document"),
    layout("elasticdump", "elasticdump", elasticdump, "reviews.json", "the rows are the sources"),
    layout("Argilla 2", "Argilla's records.to_json", argilla_records, "records.json", "what people answered counts"),
    layout("Argilla feedback", "Argilla 1", argilla_feedback, "feedback.jsonl", "what people answered counts"),
    layout("Firebase", "Firebase's export", firebase, "export.json", "an object of objects is a table"),
    layout("MongoDB, canonical", "mongoexport", mongo_canonical, "reviews.json", "numbers are objects"),
    layout("doccano 1.8", "doccano", doccano_later, "admin.jsonl", "the text is called data"),
    layout("doccano 1.0", "doccano", doccano_older, "file.json1", "a list of one label is a label"),
    layout("JSON-MIN, choices", "Label Studio", min_with_choices, "min.json", "a list of one choice is a label"),
    layout("Twitter archive", "Twitter's archive", twitter_archive, "tweets.js", "it is an array in JavaScript"),
    layout("SQuAD", "SQuAD", squad, "train-v2.0.json", "the texts have no labels", False),
]  # fmt: skip
