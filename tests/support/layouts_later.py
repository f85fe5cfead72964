"""Layouts found after columns, labels and rows were taught to read the others."""

import random
from pathlib import Path

from support.layout_files import (
    HOW,
    WHAT,
    Follow,
    Layout,
    Read,
    Refused,
    Right,
    codes,
    json_lines,
    labelled_rows,
    sentences,
    table,
    titles,
    unless,
)
from support.layouts_found import MOODS, TOPICS, joined, label_flag

STARS = ("1", "2", "3", "4", "5")
QUEUES = ("Billing and Payments", "Product Support", "IT Support")


def play_store(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, replies, pick = labelled_rows(110, STARS), sentences(110, 7), random.Random(1)
    header = (
        "reviewId",
        "userName",
        "userImage",
        "content",
        "score",
        "thumbsUpCount",
        "reviewCreatedVersion",
        "at",
        "replyContent",
        "repliedAt",
    )
    cells = [
        (
            f"gp:AOqp{code}",
            f"{pick.choice(HOW).title()} {pick.choice(WHAT).title()}",
            f"https://play-lh.example.org/a/{code[:9]}",
            text,
            label,
            number % 4,
            f"4.{number % 9}.1",
            f"2024-03-{1 + number % 28:02} 10:{number % 60:02}:10",
            f"Hello, thank you for writing. {replies[number]} {replies[-number]}" if number % 2 else "",
            "2024-04-01 09:00:00" if number % 2 else "",
        )
        for number, ((text, label), code) in enumerate(zip(rows, codes(110, 20), strict=True))
    ]
    table(folder / "reviews.csv", header, cells, without=unless(labelled, 4))
    named = Follow(("reviews.csv", "--label-column", "score"), (Read(rows),))
    return (Read(rows), Refused(("score",), label_flag("score"), (named,)))


def youtube_spam(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, pick = labelled_rows(110, ("0", "1")), random.Random(2)
    cells = [
        (
            f"z1{code}",
            f"{pick.choice(HOW)} {pick.choice(WHAT)}",
            f"2013-11-07T06:{number % 60:02}:48.6{number:03}00",
            f"{text}\ufeff",
            label,
        )
        for number, ((text, label), code) in enumerate(zip(rows, codes(110, 32), strict=True))
    ]
    table(
        folder / "Youtube01-Psy.csv",
        ("COMMENT_ID", "AUTHOR", "DATE", "CONTENT", "CLASS"),
        cells,
        without=unless(labelled, 4),
    )
    return (Read([(f"{text}\ufeff", label) for text, label in rows]),)


def news_category(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, heads, pick = labelled_rows(110, ("POLITICS", "WELLNESS", "SPORTS")), titles(110), random.Random(3)
    objects = [
        {
            "link": f"https://www.example.org/entry/{heads[number].lower().replace(' ', '-')}_us_{code}",
            "headline": heads[number],
            "category": label,
            "short_description": text,
            "authors": f"{pick.choice(HOW).title()} {pick.choice(WHAT).title()}",
            "date": f"2022-09-{1 + number % 28:02}",
        }
        for number, ((text, label), code) in enumerate(zip(rows, codes(110, 24), strict=True))
    ]
    json_lines(folder / "News_Category_Dataset_v3.json", objects, without=unless(labelled, "category"))
    both = [(joined(head, text), label) for head, (text, label) in zip(heads, rows, strict=True)]
    return (Read(both), Read(rows))


def tweet_extraction(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(110, MOODS)
    cells = [
        (code, text, " ".join(text.split()[2:9]), label)
        for (text, label), code in zip(rows, codes(110, 10), strict=True)
    ]
    table(folder / "train.csv", ("textID", "text", "selected_text", "sentiment"), cells, without=unless(labelled, 2, 3))
    return (Read(rows),)


def ticket_queues(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, heads, answers, pick = labelled_rows(120, QUEUES), titles(120), sentences(120, 5), random.Random(4)
    header = (
        "subject",
        "body",
        "answer",
        "type",
        "queue",
        "priority",
        "language",
        "version",
        "tag_1",
        "tag_2",
        "tag_3",
    )
    cells = [
        (
            head,
            text,
            f"Dear customer, {answers[number]} {answers[-number]}",
            pick.choice(("Incident", "Request", "Problem")),
            label,
            pick.choice(("low", "medium", "high")),
            pick.choice(("en", "de")),
            51,
            pick.choice(("Hardware", "Billing")),
            "Outage" if number % 2 else "",
            "",
        )
        for number, (head, (text, label)) in enumerate(zip(heads, rows, strict=True))
    ]
    table(folder / "tickets.csv", header, cells, without=unless(labelled, 3, 4, 5))
    both = Read([(joined(head, text), label) for head, (text, label) in zip(heads, rows, strict=True)])
    named = Follow(("tickets.csv", "--label-column", "queue"), (both, Read(rows)))
    return (
        Refused(("queue", "priority"), label_flag("queue"), (named,)),
        Refused(("queue", "priority"), (r"--label-column",), (named,)),
    )


def support_tickets(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, heads, pick = (
        labelled_rows(120, ("Refund request", "Technical issue", "Product inquiry")),
        titles(120),
        random.Random(5),
    )
    header = (
        "Ticket ID",
        "Customer Name",
        "Customer Email",
        "Customer Age",
        "Customer Gender",
        "Product Purchased",
        "Date of Purchase",
        "Ticket Type",
        "Ticket Subject",
        "Ticket Description",
        "Ticket Status",
        "Resolution",
        "Ticket Priority",
        "Ticket Channel",
        "First Response Time",
        "Customer Satisfaction Rating",
    )
    cells = [
        (
            number + 1,
            f"{pick.choice(HOW).title()} {pick.choice(WHAT).title()}",
            f"{pick.choice(WHAT)}{number}@example.org",
            20 + number % 50,
            pick.choice(("Male", "Female", "Other")),
            pick.choice(("GoPro Hero", "Dell XPS")),
            f"2021-03-{1 + number % 28:02}",
            label,
            head,
            text,
            "Closed" if number % 3 == 0 else "Open",
            "It was mended soon." if number % 3 == 0 else "",
            pick.choice(("Low", "High", "Critical")),
            pick.choice(("Email", "Chat")),
            "2023-06-01 12:15:36",
            f"{1 + number % 5}.0" if number % 3 == 0 else "",
        )
        for number, (head, (text, label)) in enumerate(zip(heads, rows, strict=True))
    ]
    table(folder / "customer_support_tickets.csv", header, cells, without=unless(labelled, 7))
    both = Read([(joined(head, text), label) for head, (text, label) in zip(heads, rows, strict=True)])
    named = Follow(("customer_support_tickets.csv", "--label-column", "Ticket Type"), (both, Read(rows)))
    return (both, Read(rows), Refused(("Ticket Type",), ("--label-column",), (named,)))


def complaints(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, pick = labelled_rows(150, ("Mortgage", "Debt collection", "Credit card")), random.Random(6)
    header = (
        "Date received",
        "Product",
        "Sub-product",
        "Issue",
        "Consumer complaint narrative",
        "Company public response",
        "Company",
        "State",
        "ZIP code",
        "Tags",
        "Consumer consent provided?",
        "Submitted via",
        "Date sent to company",
        "Timely response?",
        "Complaint ID",
    )
    cells = [
        (
            f"03/{1 + number % 28:02}/2015",
            label,
            "I do not know" if number % 2 else "",
            pick.choice(("Billing disputes", "Loan servicing", "Other")),
            "" if number % 3 == 0 else text,
            "Company chooses not to provide a public response" if number % 2 else "",
            pick.choice(("ACME BANK", "UNION TRUST")),
            pick.choice(("CA", "NY")),
            f"{10000 + number}",
            "",
            "N/A",
            "Web",
            f"03/{1 + number % 28:02}/2015",
            "Yes",
            511074 + number,
        )
        for number, (text, label) in enumerate(rows)
    ]
    table(folder / "complaints.csv", header, cells, without=unless(labelled, 1))
    left = [row for number, row in enumerate(rows) if number % 3]
    named = Follow(("complaints.csv", "--label-column", "Product"), (Read(left, dropped=50),))
    return (Read(left, dropped=50), Refused(("Product",), ("--label-column",), (named,)))


def phrase_bank(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = [
        (f"{text.rstrip('.!')} caf\xe9 ." if number % 9 == 0 else f"{text.rstrip('.!')} .", label)
        for number, (text, label) in enumerate(labelled_rows(120, MOODS))
    ]
    lines = [f"{text}@{label}" if labelled else text for text, label in rows]
    (folder / "Sentences_50Agree.txt").write_text("\n".join(lines) + "\n", encoding="latin-1")
    given = Follow(("Sentences_50Agree.txt", "--delimiter", "@"), (Read(rows),))
    return (Read(rows), Refused(("one column|'0'|@",), ("--delimiter",), (given,)))


def polarity_without_texts(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(120, ("POS", "NEG", "NEU"))
    cells = [(f"4{number:03}0612345678{number:03}", label) for number, (_, label) in enumerate(rows)]
    table(folder / "dataset.tsv", ("id_str", "polarity"), cells, delimiter="\t", without=unless(labelled, 1))
    return (
        Refused(
            ("text",),
        ),
    )


def german_semicolons(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(110, ("Lob", "Beschwerde", "Frage"))
    header = ("", "Kategorie", "Anfragetext", "Sicherheit", "Eingang")
    cells = [
        (number, label, text.replace("w", "\xfc", 1), f"0,{50 + number % 50}", f"{1 + number % 28:02}.03.2024")
        for number, (text, label) in enumerate(rows)
    ]
    table(folder / "anfragen.csv", header, cells, delimiter=";", encoding="cp1252", without=unless(labelled, 1))
    right = Read([(text.replace("w", "\xfc", 1), label) for text, label in rows], silent=("label names", "group"))
    return (right,)


def spanish_tweets(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(110, ("positivo", "negativo", "neutro"))
    cells = [
        (
            142389495503925248 + 1013 * number,
            f"usuario{number % 40}",
            f"2011-12-02T00:{number % 60:02}:05",
            "es",
            label,
            text,
        )
        for number, (text, label) in enumerate(rows)
    ]
    table(
        folder / "general.csv",
        ("tweetid", "usuario", "fecha", "lang", "sentimiento", "contenido"),
        cells,
        without=unless(labelled, 4),
    )
    return (Read(rows),)


def french_notes(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(110, ("positif", "n\xe9gatif"))
    cells = [(text, f"{number % 5},5", label) for number, (text, label) in enumerate(rows)]
    table(
        folder / "avis.csv",
        ("avis \xab libre \xbb", "note", "classe"),
        cells,
        delimiter=";",
        encoding="utf-8-sig",
        quoting=1,
        lineterminator="\r\n",
        without=unless(labelled, 2),
    )
    named = Follow(("avis.csv", "--label-column", "classe"), (Read(rows),))
    notes = [(text, f"{number % 5},5") for number, (text, _) in enumerate(rows)]
    other = Follow(("avis.csv", "--label-column", "note"), (Read(notes),))
    return (Read(rows), Refused(("classe", "note"), label_flag("classe"), (named, other)))


def quotes_in_the_header(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(110, ("Yes", "No", "Maybe"))
    header = (
        "ID",
        "Start time",
        "Completion time",
        "Email",
        "Name",
        'Your "honest" opinion, please',
        'Would you "recommend" us?',
    )
    cells = [
        (
            number + 1,
            f"3/{1 + number % 28}/24 10:{number % 60:02}:10",
            f"3/{1 + number % 28}/24 11:{number % 60:02}:10",
            "anonymous",
            "",
            text,
            label,
        )
        for number, (text, label) in enumerate(rows)
    ]
    table(folder / "form.csv", header, cells, encoding="utf-8-sig", without=unless(labelled, 6))
    return (Read(rows),)


def two_labels(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(110, TOPICS)
    cells = [(text, TOPICS.index(label), label) for text, label in rows]
    table(folder / "intents.csv", ("utterance", "label_id", "label"), cells, without=unless(labelled, 1, 2))
    return (Read(rows),)


def annotators(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, pick = labelled_rows(120, MOODS), random.Random(9)
    cells = [
        (
            number,
            text,
            *(label if pick.random() < 0.8 else pick.choice(MOODS) for _ in range(3)),
            label,
            round(pick.random(), 2),
        )
        for number, (text, label) in enumerate(rows)
    ]
    header = ("item_id", "comment_text", "annotator_1", "annotator_2", "annotator_3", "gold_label", "agreement")
    table(folder / "gold.csv", header, cells, without=unless(labelled, 2, 3, 4, 5, 6))
    return (Read(rows),)


def github_issues(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, heads = labelled_rows(110, ("bug", "enhancement", "question")), titles(110)
    objects = [
        {
            "author": {"login": f"user{number % 30}", "is_bot": False},
            "body": text,
            "createdAt": "2024-03-01T10:00:00Z",
            "labels": [{"id": f"LA_{label}", "name": label, "description": f"about a {label}", "color": "d73a4a"}],
            "number": number + 1,
            "state": "OPEN",
            "title": head,
            "url": f"https://github.com/example/clf/issues/{number + 1}",
        }
        for number, (head, (text, label)) in enumerate(zip(heads, rows, strict=True))
    ]
    json_lines(folder / "issues.json", objects, without=unless(labelled, "labels"), array=True)
    both = [(joined(head, text), label) for head, (text, label) in zip(heads, rows, strict=True)]
    return (Read(both), Read(rows), Refused(("labels",)))


def zendesk(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, heads, pick = labelled_rows(120, ("question", "incident", "problem")), titles(120), random.Random(10)
    objects = [
        {
            "url": f"https://example.zendesk.com/api/v2/tickets/{number}.json",
            "id": number,
            "external_id": None,
            "via": {"channel": "email", "source": {"from": {}}},
            "created_at": f"2024-03-{1 + number % 28:02}T10:00:00Z",
            "updated_at": "2024-04-01T10:00:00Z",
            "type": None if number % 20 == 7 else label,
            "subject": head,
            "raw_subject": head,
            "description": text,
            "priority": pick.choice(("low", "normal", "high")),
            "status": pick.choice(("open", "closed")),
            "recipient": "help@example.org",
            "requester_id": 20978392 + number % 9,
            "tags": ["enterprise", "other"][: number % 3],
            "satisfaction_rating": {"score": "unoffered"},
        }
        for number, (head, (text, label)) in enumerate(zip(heads, rows, strict=True))
    ]
    json_lines(folder / "tickets.jsonl", objects, without=unless(labelled, "type"))
    left = [(head, row) for number, (head, row) in enumerate(zip(heads, rows, strict=True)) if number % 20 != 7]
    both, alone = Read([(joined(head, text), label) for head, (text, label) in left]), Read([row for _, row in left])
    named = Follow(("tickets.jsonl", "--label-column", "type"), (both, alone))
    return (both, alone, Refused(("type",), ("--label-column",), (named,)))


def mongo_export(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(110, TOPICS)
    objects = [
        {
            "_id": {"$oid": code},
            "customerId": {"$numberLong": str(10**12 + number)},
            "createdAt": {"$date": "2024-03-01T10:00:00Z"},
            "messageBody": text,
            "group": label,
            "__v": 0,
        }
        for number, ((text, label), code) in enumerate(zip(rows, codes(110, 24), strict=True))
    ]
    json_lines(folder / "messages.json", objects, without=unless(labelled, "group"))
    named = Follow(("messages.json", "--label-column", "group"), (Read(rows),))
    return (Read(rows), Refused(("group",), ("--label-column",), (named,)))


def hate_speech(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, pick = labelled_rows(120, ("0", "1", "2")), random.Random(11)
    cells = []
    for number, (text, label) in enumerate(rows):
        votes = [pick.randint(0, 1) for _ in range(3)]
        votes[int(label)] = 3
        cells.append((number, sum(votes), *votes, label, f"!!! RT @user{number}: {text} https://t.co/{number}"))
    table(
        folder / "labeled_data.csv",
        ("", "count", "hate_speech", "offensive_language", "neither", "class", "tweet"),
        cells,
        without=unless(labelled, 1, 2, 3, 4, 5),
    )
    return (Read([(cell[-1], cell[-2]) for cell in cells], silent=("label names",)),)


def speakers(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, motions, pick = labelled_rows(110, ("Relevant", "NotRelevant")), sentences(4, 12), random.Random(12)
    header = (
        "sitting_id",
        "utterance_id",
        "speaker",
        "timestamp",
        "text",
        "motion_id",
        "motion_text",
        "label",
        "annotator",
        "notes",
        "confidence",
    )
    cells = [
        (
            f"S{number // 30}",
            f"U{number:04}",
            f"{pick.choice(HOW).title()} {pick.choice(WHAT).title()}",
            f"2024-03-01T10:{number % 60:02}:00Z",
            text,
            f"M{number % 4}",
            f"{motions[number % 4]} {motions[0]} {motions[1]}",
            label,
            pick.choice(("ann", "bob")),
            "" if number % 5 else "hard to say, ask again",
            1 + number % 5,
        )
        for number, (text, label) in enumerate(rows)
    ]
    table(folder / "sittings.csv", header, cells, without=unless(labelled, 7, 8, 9, 10))
    return (Read(rows),)


def corona_tweets(folder: Path, labelled: bool) -> tuple[Right, ...]:
    moods = ("Extremely Negative", "Negative", "Neutral", "Positive", "Extremely Positive")
    rows = [
        (f"{text} \x92s https://t.co/iFz9F{number:03}", label)
        for number, (text, label) in enumerate(labelled_rows(150, moods))
    ]
    rows = [(text.replace("\x92", "\u2019"), label) for text, label in rows]
    cells = [
        (
            3799 + number,
            48751 + number,
            ("London", "", "Vagabonds, the", "~ here")[number % 4],
            f"{16 + number % 12}-03-2020",
            text,
            label,
        )
        for number, (text, label) in enumerate(rows)
    ]
    table(
        folder / "Corona_NLP_train.csv",
        ("UserName", "ScreenName", "Location", "TweetAt", "OriginalTweet", "Sentiment"),
        cells,
        encoding="cp1252",
        without=unless(labelled, 5),
    )
    return (Read(rows),)


def post_quality(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, heads, pick = labelled_rows(110, ("HQ", "LQ_CLOSE", "LQ_EDIT")), titles(110), random.Random(13)
    bodies = [
        f"<p>{text}</p>\n\n<pre><code>for (i = 0; i < {number}; i++) {{}}</code></pre>\n"
        for number, (text, _) in enumerate(rows)
    ]
    cells = [
        (
            34552656 + 17 * number,
            head,
            body,
            pick.choice(("<python><list>", "<java>", "<c++><templates>")),
            f"2016-01-01 00:{number % 60:02}:09",
            label,
        )
        for number, (head, body, (_, label)) in enumerate(zip(heads, bodies, rows, strict=True))
    ]
    table(
        folder / "train.csv", ("Id", "Title", "Body", "Tags", "CreationDate", "Y"), cells, without=unless(labelled, 5)
    )
    both = [(joined(head, body), label) for head, body, (_, label) in zip(heads, bodies, rows, strict=True)]
    return (Read(both), Read(list(zip(bodies, [label for _, label in rows], strict=True))))


LATER = [
    Layout("Play store", "google-play-scraper", play_store, ("reviews.csv",), "an answer to a review is not the review"),
    Layout("YouTube spam", "UCI's YouTube Spam Collection", youtube_spam, ("Youtube01-Psy.csv",), "names in capitals; authors and ids are no text"),
    Layout("News Category", "Kaggle's News Category Dataset", news_category, ("News_Category_Dataset_v3.json",), "a link is no text"),
    Layout("tweet extraction", "Kaggle's Tweet Sentiment Extraction", tweet_extraction, ("train.csv",), "a piece of the text is not added to it"),
    Layout("ticket queues", "Kaggle's multilingual customer support tickets", ticket_queues, ("tickets.csv",), "type, queue and priority could each be the label"),
    Layout("support tickets", "Kaggle's Customer Support Ticket Dataset", support_tickets, ("customer_support_tickets.csv",), "names and addresses are no text"),
    Layout("complaints", "the CFPB's Consumer Complaint Database", complaints, ("complaints.csv",), "the narrative is the text, where there is one"),
    Layout("PhraseBank", "Financial PhraseBank", phrase_bank, ("Sentences_50Agree.txt",), "the @ parts text and label"),
    Layout("labels without texts", "sets of tweet ids", polarity_without_texts, ("dataset.tsv",), "there is no text", predict=False),
    Layout("German semicolons", "Excel in German", german_semicolons, ("anfragen.csv",), "decimal commas are no delimiters"),
    Layout("Spanish tweets", "TASS", spanish_tweets, ("general.csv",), "sentimiento and contenido are what they say"),
    Layout("French notes", "Excel in French", french_notes, ("avis.csv",), "avis is the text, classe the label"),
    Layout("quotes in the header", "Microsoft Forms", quotes_in_the_header, ("form.csv",), "times are no text"),
    Layout("label and label_id", "intent sets", two_labels, ("intents.csv",), "the numbers and the names are one label"),
    Layout("annotators and gold", "crowd-sourced sets", annotators, ("gold.csv",), "the gold label is the label"),
    Layout("GitHub issues", "gh issue list --json", github_issues, ("issues.json",), "a label is an object with a name"),
    Layout("Zendesk", "Zendesk's JSON export", zendesk, ("tickets.jsonl",), "type is the label; null is none"),
    Layout("MongoDB", "mongoexport", mongo_export, ("messages.json",), "ids and dates are objects; group is the label"),
    Layout("hate speech", "Davidson's labeled_data.csv", hate_speech, ("labeled_data.csv",), "votes are no labels"),
    Layout("speakers", "minutes of sittings", speakers, ("sittings.csv",), "the motion is not what was said"),
    Layout("corona tweets", "Kaggle's Coronavirus tweets NLP", corona_tweets, ("Corona_NLP_train.csv",), "places, names and days are no text"),
    Layout("post quality", "Kaggle's 60k Stack Overflow Questions", post_quality, ("train.csv",), "Y is the label; tags are not"),
]  # fmt: skip
