"""The rows in the objects that annotation tools and databases write, one object for each text."""

from collections.abc import Iterator
from typing import Any

from pydantic import JsonValue

JsonObject = dict[str, JsonValue]

TASK = {"annotations", "predictions", "file_upload"}
"""Keys beside the data of a task of Label Studio."""
ANNOTATED = {"cats", "entities"}
"""Keys of the annotations of spaCy."""
ANSWERS = {"responses", "suggestions"}
"""Keys beside the fields of a record of Argilla."""
DOCUMENT = {"_index", "_id", "_type", "_score"}
"""Keys beside the source of a document of Elasticsearch."""
ACTIONS = ("index", "create")
"""The keys of the lines above each document in a bulk request of Elasticsearch."""
LABELLED, LABELS = "Labeled Data", "Label"
"""The keys of the text and of its labels in older exports of Labelbox."""
NESTED = {"data", "fields", "_source", "tweet", "data_row", LABELLED}
NUMBERS: dict[str, Any] = {"$numberInt": int, "$numberLong": int, "$numberDouble": float, "$numberDecimal": float}
SUBMITTED = {"annotation_id", "annotator", "lead_time"}
"""Keys of a row that Label Studio writes flat (JSON-MIN) for an annotation that was submitted; it leaves out others."""
TEXTS = {"$oid", "$date", "$symbol", "$uuid"}
"""Keys of objects that stand for one value in exports of MongoDB."""


class Submitted(dict[str, JsonValue]):
    """The row of an annotation that was submitted: a question of choices without an answer has none of them."""

    def questions(self) -> set[str]:
        """Return the keys under which choices stand."""
        return {key for key, one in self.items() if _holds_choices(one)}


class Answered(list[JsonValue]):
    """The choices in an answer."""


def _holds_choices(value: JsonValue) -> bool:
    return isinstance(value, Answered) or (isinstance(value, dict) and isinstance(value.get("choices"), list))


def flat(
    row: Any, *, of_cells: bool = False, asked: frozenset[str] = frozenset(), kept: frozenset[str] = frozenset()
) -> Iterator[JsonValue]:
    """Yield the rows in one object: itself, or what a tool put inside it; with `of_cells`, in a list of cells.

    An object with a key that is `asked` for, to take a value from inside it, stays as it is. The keys in `kept` that
    stand beside what a tool put inside it are in each row, unless the row has its own.
    """
    beside = {key: row[key] for key in row.keys() & kept} if kept and isinstance(row, dict) else {}
    for each in _flat(row, of_cells, asked):
        yield type(each)({**beside, **each}) if beside and each is not row and isinstance(each, dict) else each


def _flat(row: Any, of_cells: bool, asked: frozenset[str]) -> Iterator[JsonValue]:
    if of_cells and isinstance(row, list) and _is_spacy_pair(row):
        yield {**row[1], "text": row[0]}
    elif of_cells and isinstance(row, list) and row and all(isinstance(cell, dict) for cell in row):  # pages of rows
        for each in row:
            yield from _flat(each, False, asked)
    elif of_cells and isinstance(row, list):
        yield {str(place): cell for place, cell in enumerate(row)}
    elif not isinstance(row, dict) or not row.keys() & NESTED or row.keys() & asked:
        yield Submitted(row) if isinstance(row, dict) and row.keys() >= SUBMITTED else row
    elif isinstance(row.get("data"), dict) and row.keys() & TASK:
        yield from _annotated(row)
    elif isinstance(row.get("fields"), dict) and row.keys() & ANSWERS:
        yield from _answered(row)
    elif isinstance(row.get("fields"), dict) and "createdTime" in row:  # a record of Airtable
        yield row["fields"]
    elif isinstance(row.get("_source"), dict) and row.keys() & DOCUMENT:
        yield row["_source"]
    elif isinstance(row.get("data_row"), dict) and isinstance(row.get("projects"), dict):
        yield from _labelled(row["data_row"].get("row_data"), _labelbox_labels(row["projects"]))
    elif LABELLED in row and isinstance(row.get(LABELS), dict) and "classifications" in row[LABELS]:
        yield from _labelled(row[LABELLED], [row[LABELS]])
    elif len(row) == 1 and isinstance(row.get("tweet"), dict):
        yield row["tweet"]
    else:
        yield row


def _is_spacy_pair(row: list[Any]) -> bool:
    """Return whether a list is a training example of spaCy: a text and an object with its categories or entities."""
    return len(row) == 2 and isinstance(row[0], str) and isinstance(row[1], dict) and bool(row[1].keys() & ANNOTATED)


def is_action(row: JsonValue) -> bool:
    """Return whether an object is the line above a document in a bulk request, which says where it is stored."""
    if not isinstance(row, dict) or len(row) != 1:
        return False
    [(name, where)] = row.items()
    return name in ACTIONS and isinstance(where, dict) and all(key[:1] == "_" or key == "routing" for key in where)


def single_value(name: str, value: JsonValue) -> JsonValue:
    """Return the value that an object with this only key stands for in MongoDB's extended JSON, or the object."""
    if name in TEXTS:
        return value
    if name not in NUMBERS or not isinstance(value, (str, int, float)):
        return {name: value}
    try:
        number: JsonValue = NUMBERS[name](value)
    except (ValueError, OverflowError):
        return value
    return number


def _annotated(task: Any) -> Iterator[JsonValue]:
    """Yield a row for each annotation of a task of Label Studio: its data, and a column for each question."""
    annotations = _objects_in(task.get("annotations"))
    if not annotations:
        yield dict(task["data"])
    for given in annotations:
        row = dict(task["data"]) if given.get("was_cancelled") else Submitted(task["data"])
        for result in _objects_in(given.get("result")):
            kind, answer = str(result.get("type")), result.get("value")
            if isinstance(answer, dict):
                found = answer.get(kind, answer)
                row[str(result.get("from_name"))] = (
                    Answered(found) if kind == "choices" and isinstance(found, list) else found
                )
        if given.get("was_cancelled"):
            row["was_cancelled"] = True
        yield row


def _labelbox_labels(projects: JsonObject) -> list[Any]:
    """Return the annotations that people made in the projects of an export of Labelbox."""
    labels = [label for project in _objects_in([*projects.values()]) for label in _objects_in(project.get("labels"))]
    return _objects_in([label.get("annotations") for label in labels])


def _labelled(text: JsonValue, labels: list[Any]) -> Iterator[JsonValue]:
    """Yield a row for each time a text was labelled in Labelbox, with a column for each question."""
    for label in labels or [{}]:
        given = _objects_in(label.get("classifications"))
        yield {"text": text, **{str(one.get("name", one.get("title"))): _labelbox_answer(one) for one in given}}


def _labelbox_answer(given: JsonObject) -> JsonValue:
    """Return the name of an answer of Labelbox, the names of several, or what was typed."""
    found = (given.get(key) for key in ("radio_answer", "checklist_answers", "text_answer", "answer", "answers"))
    answer = next((one for one in found if one is not None), None)
    if isinstance(answer, list):
        return [_labelbox_name(one) for one in answer]
    return _labelbox_name(answer)


def _labelbox_name(answer: JsonValue) -> JsonValue:
    names = (answer.get(key) for key in ("name", "title", "content")) if isinstance(answer, dict) else (answer,)
    return next((name for name in names if name is not None), None)


def _objects_in(value: Any) -> list[Any]:
    """Return the objects in a list; none if it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _answered(record: Any) -> Iterator[JsonValue]:
    """Yield a row for each person who answered about a record of Argilla: its fields, and a column for each question.

    What a model suggests is no label.
    """
    status = {"status": record["status"]} if isinstance(record.get("status"), str) else {}
    people: dict[Any, dict[str, JsonValue]] = {}
    given = record.get("responses")
    if isinstance(given, dict):  # the answers to each question
        for question, answers in given.items():
            for place, answer in enumerate(answers if isinstance(answers, list) else []):
                if isinstance(answer, dict):
                    person = str(answer.get("user_id", place))
                    people.setdefault(person, dict(status))[question] = answer.get("value")
    for place, response in enumerate(given if isinstance(given, list) else []):  # the answers of each person
        if isinstance(response, dict):
            values = response.get("values")
            own = {"status": response["status"]} if isinstance(response.get("status"), str) else status
            people[place] = {
                **own,
                **{
                    question: answer.get("value") if isinstance(answer, dict) else answer
                    for question, answer in (values if isinstance(values, dict) else {}).items()
                },
            }
    for answers in people.values() or [status]:
        yield {**record["fields"], **answers}
