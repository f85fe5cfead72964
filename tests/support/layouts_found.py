"""Layouts that tools and public data sets have, found by a search."""

import random
from collections.abc import Sequence
from pathlib import Path

from support.layout_files import (
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
    table,
    titles,
    unless,
)

TOPICS = ("account", "billing", "delivery")
MOODS = ("negative", "neutral", "positive")
STAMP = "2024-02-01T10:00:00.000000Z"


def joined(*parts: str) -> str:
    """Join texts as clf joins columns."""
    return " ".join(part for part in parts if part)


def label_flag(column: str) -> tuple[str, ...]:
    """Give the pattern of a hint that says which column to name."""
    return (rf"--label-column ['\"]?{column}\b",)


def label_studio_json(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(110, MOODS)
    tasks, right = [], []
    for number, (text, label) in enumerate(rows):
        result = [
            {
                "value": {"choices": [label]},
                "id": f"r{number}",
                "from_name": "sentiment",
                "to_name": "text",
                "type": "choices",
                "origin": "manual",
            }
        ]
        cancelled, empty = number % 20 == 3, number % 20 == 9
        annotations = (
            []
            if empty
            else [
                {
                    "id": 500 + number,
                    "completed_by": 1,
                    "result": [] if cancelled else result,
                    "was_cancelled": cancelled,
                    "ground_truth": False,
                    "created_at": STAMP,
                    "updated_at": STAMP,
                    "lead_time": 4.2,
                    "task": number,
                }
            ]
        )
        tasks.append(
            {
                "id": number,
                "annotations": annotations,
                "file_upload": "1-texts.csv",
                "data": {"text": text},
                "meta": {},
                "created_at": STAMP,
                "updated_at": STAMP,
                "project": 7,
                "predictions": [],
            }
        )
        right += [] if cancelled or empty else [(text, label)]
    json_lines(folder / "project-7.json", tasks, without=unless(labelled, "annotations"), array=True)
    return (Read(right), Refused(("Label Studio|annotations",), ("CSV|JSON-MIN",)))


def label_studio_min(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(110, MOODS)
    tasks = [
        {
            "text": text,
            "id": number,
            "sentiment": label,
            "annotator": 1,
            "annotation_id": 500 + number,
            "created_at": STAMP,
            "updated_at": STAMP,
            "lead_time": 2.5,
        }
        for number, (text, label) in enumerate(rows)
    ]
    json_lines(folder / "project-7-min.json", tasks, without=unless(labelled, "sentiment"), array=True)
    return (Read(rows),)


def prodigy_choice(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(110, TOPICS)
    options = [{"id": name, "text": name.title()} for name in TOPICS]
    objects, right = [], []
    for number, (text, label) in enumerate(rows):
        ignored = number % 10 == 4
        objects.append(
            {
                "text": text,
                "_input_hash": 7 * number,
                "_task_hash": -3 * number,
                "options": options,
                "_view_id": "choice",
                "config": {"choice_style": "single"},
                "accept": [] if ignored else [label],
                "answer": "ignore" if ignored else "accept",
                "_timestamp": 1700000000 + number,
            }
        )
        right += [] if ignored else [(text, label)]
    json_lines(folder / "choices.jsonl", objects, without=unless(labelled, "accept", "answer"))
    return (
        Read(right),
        Refused(
            ("accept",), label_flag("accept"), (Follow(("choices.jsonl", "--label-column", "accept"), (Read(right),)),)
        ),
    )


def argilla(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(110, TOPICS)
    objects, right = [], []
    for number, (text, label) in enumerate(rows):
        status = ("Validated", "Default", "Discarded")[min(2, max(0, number % 12 - 9))]
        objects.append(
            {
                "text": text,
                "inputs": {"text": text},
                "prediction": None,
                "prediction_agent": None,
                "annotation": label if status != "Default" else None,
                "annotation_agent": "argilla",
                "multi_label": False,
                "explanation": None,
                "id": f"id-{number}",
                "metadata": None,
                "status": status,
                "event_timestamp": None,
                "metrics": {"text_length": len(text)},
            }
        )
        right += [(text, label)] if status == "Validated" else []
    json_lines(folder / "records.jsonl", objects, without=unless(labelled, "annotation", "status"))
    flags = Follow(("records.jsonl", "--label-column", "annotation"), (Read(right),))
    return (Read(right), Refused(("annotation",), label_flag("annotation"), (flags,)))


def ground_truth(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(110, TOPICS)
    objects = [
        {
            "source": text,
            "tickets": TOPICS.index(label),
            "tickets-metadata": {
                "confidence": 0.95,
                "job-name": "labeling-job/tickets",
                "class-name": label,
                "human-annotated": "yes",
                "creation-date": "2024-02-01T10:00:00.000000",
                "type": "groundtruth/text-classification",
            },
        }
        for text, label in rows
    ]
    json_lines(folder / "output.manifest", objects, without=unless(labelled, "tickets", "tickets-metadata"))
    numbers = Read([(text, str(TOPICS.index(label))) for text, label in rows])
    return (
        Read(rows),
        numbers,
        Refused(
            ("tickets",),
            label_flag("tickets"),
            (Follow(("output.manifest", "--label-column", "tickets"), (Read(rows), numbers)),),
        ),
    )


def automl(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(120, TOPICS)
    uses = ["TRAIN" if number % 10 < 8 else "VALIDATION" if number % 10 == 8 else "TEST" for number in range(120)]
    cells = [(use, text, label) for use, (text, label) in zip(uses, rows, strict=True)]
    table(folder / "import.csv", None, cells, without=unless(labelled, 2))
    flags = Follow(("import.csv", "--text-column", "1", "--label-column", "2"), (Read(rows),))
    return (
        Read(rows, {"train": 96, "validation": 12, "test": 12}),
        Read(rows, says=("column 0|0 .*split|split.* 0",)),
        Refused(("'0'", "'2'"), label_flag("2"), (flags,)),
    )


def jigsaw(folder: Path, labelled: bool) -> tuple[Right, ...]:
    names = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")
    pick = random.Random(6)
    texts = sentences(120)
    marks = [[0] * 6 if number % 3 else [1, *(pick.randint(0, 1) for _ in range(5))] for number in range(120)]
    cells = [(code, text, *mark) for code, text, mark in zip(codes(120, 16), texts, marks, strict=True)]
    table(folder / "train.csv", ("id", "comment_text", *names), cells, without=unless(labelled, *range(2, 8)))
    rows = [
        (text, "|".join(sorted(name for name, one in zip(names, mark, strict=True) if one)))
        for text, mark in zip(texts, marks, strict=True)
    ]
    return (Read(rows, says=("several labels", "labels from the columns toxic, severe_toxic")),)


def fine_foods(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, heads = labelled_rows(110, ("1", "2", "3", "4", "5")), titles(110)
    header = (
        "Id",
        "ProductId",
        "UserId",
        "ProfileName",
        "HelpfulnessNumerator",
        "HelpfulnessDenominator",
        "Score",
        "Time",
        "Summary",
        "Text",
    )
    cells = [
        (
            number + 1,
            f"B00{code[:7].upper()}",
            f"A{code.upper()}",
            f"clerk {number}",
            number % 3,
            number % 4,
            label,
            1303862400 + 86400 * number,
            heads[number],
            text,
        )
        for number, ((text, label), code) in enumerate(zip(rows, codes(110, 13), strict=True))
    ]
    table(folder / "Reviews.csv", header, cells, without=unless(labelled, 6))
    both = [(joined(head, text), label) for head, (text, label) in zip(heads, rows, strict=True)]
    return (Read(rows), Read(both))


def airline_tweets(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(120, MOODS)
    header = (
        "tweet_id",
        "airline_sentiment",
        "airline_sentiment_confidence",
        "negativereason",
        "negativereason_confidence",
        "airline",
        "airline_sentiment_gold",
        "name",
        "negativereason_gold",
        "retweet_count",
        "text",
        "tweet_coord",
        "tweet_created",
        "tweet_location",
        "user_timezone",
    )
    pick = random.Random(7)
    cells = [
        (
            570306133677760513 + 977 * number,
            label,
            round(pick.uniform(0.5, 1), 4),
            pick.choice(("Late Flight", "Bad Flight", "Lost Luggage")) if label == "negative" else "",
            0.7 if label == "negative" else "",
            pick.choice(("Delta", "United", "Southwest")),
            "",
            f"user{number}",
            "",
            0,
            text,
            "",
            f"2015-02-24 11:{number % 60:02}:52 -0800",
            pick.choice(("Texas", "", "New York")),
            "Eastern Time (US & Canada)",
        )
        for number, (text, label) in enumerate(rows)
    ]
    table(folder / "Tweets.csv", header, cells, without=unless(labelled, 1, 2, 3, 4))
    named = Follow(("Tweets.csv", "--label-column", "airline_sentiment"), (Read(rows),))
    return (Read(rows), Refused(("airline_sentiment",), label_flag("airline_sentiment"), (named,)))


def disasters(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, unknown = labelled_rows(110, ("0", "1")), sentences(30, 8)
    pick = random.Random(8)
    keyword = [pick.choice(("ablaze", "flood", "crash%20landing", "")) for _ in range(110)]
    place = [pick.choice(("Lisbon", "", "Oslo, Norway", "the moon")) for _ in range(110)]
    inside = folder / "nlp-getting-started"
    train = [(3 * number + 1, keyword[number], place[number], text, label) for number, (text, label) in enumerate(rows)]
    table(inside / "train.csv", ("id", "keyword", "location", "text", "target"), train)
    table(
        inside / "test.csv",
        ("id", "keyword", "location", "text"),
        [(3 * number, keyword[number], place[number], text) for number, text in enumerate(unknown)],
    )
    table(inside / "sample_submission.csv", ("id", "target"), [(3 * number, 0) for number in range(30)])
    alone = Follow(("nlp-getting-started/train.csv",), (Read(rows),))
    return (
        Read(rows, says=("test", "target|label")),
        Refused(("test", "target|no label|without label|unlabelled"), ("train.csv",), (alone,)),
    )


def fake_or_real(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, heads = labelled_rows(110, ("FAKE", "REAL")), titles(110)
    cells = [
        (8476 + 13 * number, head, text, label)
        for number, (head, (text, label)) in enumerate(zip(heads, rows, strict=True))
    ]
    table(folder / "fake_or_real_news.csv", ("", "title", "text", "label"), cells, without=unless(labelled, 3))
    both = [(joined(head, text), label) for head, (text, label) in zip(heads, rows, strict=True)]
    return (Read(rows, silent=("label names",)), Read(both, silent=("label names",)))


def bbc_news(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, heads = labelled_rows(110, ("business", "sport", "tech")), titles(110)
    cells = [
        (label, f"{number + 1:03}.txt", head, f" {text}")
        for number, (head, (text, label)) in enumerate(zip(heads, rows, strict=True))
    ]
    table(
        folder / "bbc-news-data.csv",
        ("category", "filename", "title", "content"),
        cells,
        delimiter="\t",
        without=unless(labelled, 0),
    )
    return (
        Read([(f"{head}  {text}", label) for head, (text, label) in zip(heads, rows, strict=True)]),
        Read([(f" {text}", label) for text, label in rows]),
    )


def amazon_polarity(folder: Path, labelled: bool) -> tuple[Right, ...]:
    splits: dict[str, tuple[list[Row], list[str]]] = {}
    for split, count, seed in (("train", 110, 1), ("test", 30, 2)):
        splits[split] = labelled_rows(count, ("1", "2"), seed), titles(count, seed)
        cells = [(label, head, text) for head, (text, label) in zip(splits[split][1], splits[split][0], strict=True)]
        table(folder / "amazon_review_polarity_csv" / f"{split}.csv", None, cells, quoting=1)
    (folder / "amazon_review_polarity_csv" / "readme.txt").write_text(
        "Reviews of products, made up.\n\nThe classes are 1 and 2.\n"
    )
    texts = [row for rows, _ in splits.values() for row in rows]
    both = [
        (joined(head, text), label)
        for rows, heads in splits.values()
        for head, (text, label) in zip(heads, rows, strict=True)
    ]
    return (Read(both), Read(texts))


def yelp(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(110, ("1", "2", "3", "4", "5"))
    objects = [
        {
            "review_id": code,
            "user_id": code[::-1],
            "business_id": code[5:] + "xyz",
            "stars": float(label),
            "useful": number % 5,
            "funny": number % 3,
            "cool": number % 4,
            "text": text,
            "date": f"2018-07-07 22:{number % 60:02}:11",
        }
        for number, ((text, label), code) in enumerate(zip(rows, codes(110, 22), strict=True))
    ]
    json_lines(folder / "yelp_academic_dataset_review.json", objects, without=unless(labelled, "stars"))
    right = (Read(rows), Read([(text, f"{label}.0") for text, label in rows]))
    named = Follow(("yelp_academic_dataset_review.json", "--label-column", "stars"), right)
    return (*right, Refused(("stars",), label_flag("stars"), (named,)))


def sms_collection(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = [
        (
            f'"{text}' if number % 15 == 4 else text.replace(" was ", ' was "so" ', 1) if number % 15 == 8 else text,
            label,
        )
        for number, (text, label) in enumerate(labelled_rows(120, ("ham", "spam")))
    ]
    lines = [f"{label}\t{text}" if labelled else text for text, label in rows]
    (folder / "SMSSpamCollection").write_text("\n".join(lines) + "\n")
    return (Read(rows),)


def cola(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(120, ("0", "1"))
    cells = [
        (("gj04", "cj99", "bc01")[number % 3], label, "*" if label == "0" else "", text)
        for number, (text, label) in enumerate(rows)
    ]
    table(folder / "in_domain_train.tsv", None, cells, delimiter="\t", without=unless(labelled, 1, 2))
    flags = Follow(("in_domain_train.tsv", "--label-column", "1"), (Read(rows),))
    return (Read(rows), Refused(("'0'", "'1'"), label_flag("1"), (flags,)))


def psql(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(120, TOPICS)
    cells = [(number, text.replace("|", "/"), label) for number, (text, label) in enumerate(rows)]
    table(
        folder / "tickets.csv",
        ("id", "text", "label"),
        cells,
        delimiter="|",
        end="(120 rows)\n",
        without=unless(labelled, 2),
    )
    return (Read(rows, says=(r"\b122\b",)), Refused((r"\b122\b", r"footer|last line|120 rows")))


def survey_monkey(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(120, ("Satisfied", "Neutral", "Dissatisfied"))
    header = (
        "Respondent ID",
        "Collector ID",
        "Start Date",
        "What could we do better?",
        "How satisfied are you with us?",
    )
    cells = [
        (11439920000 + 37 * number, 400285541, f"05/{1 + number % 28:02}/2024 10:{number % 60:02}:00 AM", text, label)
        for number, (text, label) in enumerate(rows)
    ]
    table(
        folder / "survey.csv",
        header,
        [("", "", "", "Open-Ended Response", "Response"), *cells],
        without=unless(labelled, 4),
    )
    return (Read(rows, says=(r"line 2\b",)), Refused((r"line 2\b",)))


def hugging_face(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(110, MOODS)
    cells = [(text, MOODS.index(label), label) for text, label in rows]
    table(folder / "train.csv", ("text", "label", "label_text"), cells, without=unless(labelled, 1, 2))
    return (Read(rows),)


def r_write_csv(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(110, TOPICS)
    cells = [(str(number + 1), f"{1 + number % 5}", text, label) for number, (text, label) in enumerate(rows)]
    table(folder / "tickets.csv", ("", "store", "text", "category"), cells, quoting=1, without=unless(labelled, 3))
    return (Read(rows, silent=("label names", "group")),)


def mysql_batch(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(120, TOPICS)
    header: Sequence[str] = ("id", "message", "category")
    lines = ["\t".join(header if labelled else header[:2])]
    for number, (text, label) in enumerate(rows):
        lines.append("\t".join([str(number), text, *(["NULL" if number % 12 == 5 else label] if labelled else [])]))
    (folder / "tickets.tsv").write_text("\n".join(lines) + "\n")
    left = [row for number, row in enumerate(rows) if number % 12 != 5]
    return (Read(left, dropped=10, says=("NULL|no label|unlabelled",)), Refused(("NULL",)))


def jira(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, heads = labelled_rows(110, ("Bug", "Task", "Story")), titles(110)
    header = (
        "Summary",
        "Issue key",
        "Issue id",
        "Issue Type",
        "Status",
        "Created",
        "Labels",
        "Labels",
        "Description",
        "Comment",
        "Comment",
    )
    cells = [
        (
            head,
            f"CLF-{number}",
            10000 + number,
            label,
            ("Open", "Done")[number % 2],
            f"0{1 + number % 9}/Feb/24 10:00 AM",
            "urgent" if number % 4 == 0 else "",
            "",
            text,
            "01/Feb/24;clerk;seen" if number % 3 == 0 else "",
            "",
        )
        for number, (head, (text, label)) in enumerate(zip(heads, rows, strict=True))
    ]
    table(folder / "Jira.csv", header, cells, without=unless(labelled, 3))
    both = Read([(joined(head, text), label) for head, (text, label) in zip(heads, rows, strict=True)])
    alone = Read(rows)
    named = Follow(("Jira.csv", "--label-column", "Issue Type"), (both, alone))
    return (both, alone, Refused(("Issue Type",), label_flag("Issue Type"), (named,)))


def tweet_eval(folder: Path, labelled: bool) -> tuple[Right, ...]:
    names = {"0": "negative", "1": "neutral", "2": "positive"}
    splits = {
        split: labelled_rows(count, tuple(names), count) for split, count in (("train", 60), ("val", 24), ("test", 20))
    }
    inside = folder / "sentiment"
    inside.mkdir()
    for split, rows in splits.items():
        (inside / f"{split}_text.txt").write_text("".join(f"{text}\n" for text, _ in rows))
        if labelled:
            (inside / f"{split}_labels.txt").write_text("".join(f"{label}\n" for _, label in rows))
    (inside / "mapping.txt").write_text("".join(f"{label}\t{name}\n" for label, name in names.items()))
    named = [(text, names[label]) for rows in splits.values() for text, label in rows]
    said = r"train_text.txt and train_labels.txt are read as pairs of lines"
    return (Read(named, splits={"train": 60, "validation": 24, "test": 20}, says=(said,)),)


def tweet_eval_alone(folder: Path, labelled: bool) -> tuple[Right, ...]:
    (read,) = tweet_eval(folder, labelled)
    return (Read(read.rows[:60], says=read.says),) if isinstance(read, Read) else ()


FOUND = [
    Layout(
        "Label Studio JSON",
        "Label Studio, https://labelstud.io/guide/task_format",
        label_studio_json,
        ("project-7.json",),
        "the choice is the label; what was skipped has none",
    ),
    Layout(
        "Label Studio JSON-MIN",
        "Label Studio",
        label_studio_min,
        ("project-7-min.json",),
        "the choice stands beside the text",
    ),
    Layout(
        "Prodigy choices",
        "Prodigy's choice interface",
        prodigy_choice,
        ("choices.jsonl",),
        "the accepted option is the label",
    ),
    Layout(
        "Argilla records",
        "Argilla's and Rubrix's TextClassificationRecord",
        argilla,
        ("records.jsonl",),
        "the annotation of a validated record is its label",
    ),
    Layout(
        "Ground Truth manifest",
        "Amazon SageMaker Ground Truth",
        ground_truth,
        ("output.manifest",),
        "source is the text, the job's own key the label",
        predict=False,
    ),
    Layout(
        "AutoML import", "Google's AutoML", automl, ("import.csv",), "the first column says which split", predict=False
    ),
    Layout(
        "Jigsaw",
        "Kaggle's toxic comments",
        jigsaw,
        ("train.csv",),
        "a comment can be of several kinds, or of none",
        predict=False,
    ),
    Layout(
        "fine foods",
        "Kaggle's Amazon Fine Food Reviews",
        fine_foods,
        ("Reviews.csv",),
        "the review is the text, its score the label",
    ),
    Layout(
        "airline tweets",
        "Kaggle's Twitter US Airline Sentiment",
        airline_tweets,
        ("Tweets.csv",),
        "airline_sentiment is the label, not how sure it is",
    ),
    Layout(
        "disaster tweets",
        "Kaggle's Natural Language Processing with Disaster Tweets",
        disasters,
        ("nlp-getting-started",),
        "the test file has no labels",
        predict=False,
    ),
    Layout(
        "fake or real news",
        "Kaggle's fake_or_real_news.csv",
        fake_or_real,
        ("fake_or_real_news.csv",),
        "the column without a name holds ids",
    ),
    Layout(
        "BBC news",
        "Kaggle's bbc-news-data.csv",
        bbc_news,
        ("bbc-news-data.csv",),
        "tabs in spite of the name; names of files are no text",
    ),
    Layout(
        "Amazon polarity",
        "amazon_review_polarity_csv",
        amazon_polarity,
        ("amazon_review_polarity_csv",),
        "class, title, text, with no header",
        predict=False,
    ),
    Layout(
        "Yelp reviews",
        "Yelp's open dataset",
        yelp,
        ("yelp_academic_dataset_review.json",),
        "the stars are the label, not the votes",
    ),
    Layout(
        "SMS Spam Collection",
        "UCI's SMS Spam Collection",
        sms_collection,
        ("SMSSpamCollection",),
        "a quote in the text is a quote",
    ),
    Layout(
        "CoLA",
        "CoLA's four columns",
        cola,
        ("in_domain_train.tsv",),
        "the last column is the text, the second the label",
    ),
    Layout("psql", "psql -A", psql, ("tickets.csv",), "the last line counts the rows"),
    Layout("SurveyMonkey", "SurveyMonkey", survey_monkey, ("survey.csv",), "the second line is no answer"),
    Layout(
        "Hugging Face, names beside", "datasets' to_csv", hugging_face, ("train.csv",), "label_text names the numbers"
    ),
    Layout("R's row names", "R's write.csv", r_write_csv, ("tickets.csv",), "row names have no part"),
    Layout("mysql", "mysql --batch", mysql_batch, ("tickets.tsv",), "NULL is no label"),
    Layout("Jira", "Jira's CSV export", jira, ("Jira.csv",), "columns that come several times are no reason to stop"),
    Layout(
        "TweetEval",
        "TweetEval's folders",
        tweet_eval,
        ("sentiment",),
        "a line of one file belongs to the same line of the other; mapping.txt names the numbers",
        predict=False,
    ),
    Layout(
        "TweetEval's texts",
        "TweetEval's train_text.txt",
        tweet_eval_alone,
        ("sentiment/train_text.txt",),
        "the labels are in the file beside it",
    ),
]
