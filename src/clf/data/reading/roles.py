"""Choose what each column is for: as the user says, by the words of its name, and by the look of its values.

The user's choice comes first, then a usual name whose values can have that role, then a word of the name, then the look
alone. Where two columns are as likely as each other, nothing is chosen, and the error lists both.
"""

import logging
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from clf.data.reading.batch import IN_FIRST_LINES, Batch
from clf.data.reading.column_names import (
    is_about,
    is_like_label,
    is_nameless,
    is_sure,
    plain,
    suggests_label,
    suggests_text,
)
from clf.data.reading.column_values import CELLS, ROWS, likely_fields, likely_texts, look_at, shown_examples
from clf.data.reading.columns import MOST_FLAGS, Column, Columns, Role, flags, ignored, listed, named, no_texts
from clf.data.reading.decisions import is_contested, rejecting
from clf.data.reading.label_cells import name_classes
from clf.data.reading.label_choice import (
    agreed_label,
    beside_a_rating,
    chosen_because,
    hold_several,
    holds_labels,
    is_of_texts,
    likely_first,
    told_apart,
    told_by_name,
)
from clf.data.reading.listed_columns import listed_beside, listed_labels, told_of_several
from clf.data.reading.nested_columns import of_parts
from clf.data.reading.one_hot import ALL_LABELS, OneHot, are_marked, are_one_hot, find_one_hot, is_made_of, ways_out
from clf.data.reading.text_choice import find_texts, notes
from clf.data.split_names import SAYS_SPLIT, says_split, splits_named
from clf.errors import DataError, SeveralLabels

if TYPE_CHECKING:
    from clf.settings import DataSettings

log = logging.getLogger(__name__)


def choose_text(batch: Batch, data: "DataSettings", shown: str) -> list[str]:
    """Choose the text columns.

    Raises DataError if a named column does not exist, or if no text column can be identified.
    """
    return _Table(batch, data, shown).text()


def choose_columns(batch: Batch, data: "DataSettings", shown: str) -> Columns:
    """Choose the text and label columns, and log the choice.

    Raises DataError if a named column does not exist, or if a text or label column cannot be identified.
    """
    return _Table(batch, data, shown).columns()


class _Table:
    """The columns of a file, while their roles are chosen."""

    def __init__(self, batch: Batch, data: "DataSettings", shown: str) -> None:
        self.data, self.shown, self.is_file = data, shown, batch.file is not None
        self.below_header = batch.below_header
        self.names = list(batch.columns)
        rows = max(20, min(ROWS, CELLS // max(1, len(self.names))))
        self.rows = min(rows, len(batch.lines))
        self.goes_on = len(batch.lines) > rows
        self.values = batch.columns
        self.looks = {name: look_at(values, rows) for name, values in batch.columns.items()}
        self.roles = ignored(self.names, data, shown)
        if batch.divided_by is not None:
            self._give(batch.divided_by, "split", SAYS_SPLIT)
        self.group = self._named(data.group_column, "group") if data.group_column else None
        if self.group is not None:
            self._give(self.group, "group", "named by --group-column")

    def columns(self) -> Columns:
        """Choose all columns."""
        label: str | OneHot | None = self._label_by_name()
        text = self.text()
        label = self._label_by_look(text) if label is None else label
        if isinstance(label, OneHot):
            return self._with_one_hot(text, label, sets=bool(self.data.multi_label))
        if label in text:
            raise DataError(
                f"{self.shown}: column {label!r} is both text and label",
                "choose them with --text-column and --label-column",
            )
        if listed := self._listed(label):
            return self._with_listed(text, listed)
        left_out = self._decided(label)
        for name in self._free_names():
            if says_split(plain(name)) and splits_named(self.values[name][: self.rows]):
                self._give(name, "split", SAYS_SPLIT)
        beside = self._label_name(label, text)
        log.info(
            "%s: text from %s, label from %s%s",
            self.shown,
            " + ".join(text),
            label,
            f", label names from {beside}" if beside is not None else "",
            extra=IN_FIRST_LINES if self.is_file else None,
        )
        return Columns(text, label, beside, self.group, left_out=left_out, roles=self._all_roles())

    def _listed(self, label: str) -> list[str]:
        """Return the columns with one label of a text each; none if there is one label, or the user named it."""
        if self.data.label_column and ("label_column" in self.data.model_fields_set or not self.data.multi_label):
            return []
        return listed_beside(label, self._first({label, *self._free_names()}), self.data, self.shown, self.names)

    def _are_listed(self, names: list[str]) -> bool:
        return bool(listed_labels(names, self._first(self._free_names()), *told_of_several(self.data)))

    def _with_listed(self, text: list[str], columns: list[str]) -> Columns:
        for name in columns:
            self.roles[name] = "label", "it has one of the labels of a text"
        log.info("%s: text from %s, labels from the columns %s", self.shown, " + ".join(text), ", ".join(columns))
        left_out = self._decided(None)
        return Columns(text, None, None, self.group, listed=columns, left_out=left_out, roles=self._all_roles())

    def _with_one_hot(self, text: list[str], hot: OneHot, *, sets: bool) -> Columns:
        for name in hot.columns:
            self._give(name, "label", hot.says(sets=sets))
        names, kind = ", ".join(hot.columns), "labels from the columns" if sets else "label from the one-hot columns"
        log.info("%s: text from %s, %s %s", self.shown, " + ".join(text), kind, names)
        if hot.doubt and not sets:
            log.warning("%s: %s", self.shown, hot.doubt)
        out = self._decided(None)
        return Columns(text, None, None, self.group, hot.columns, hot.saying_no, [], out, self._all_roles())

    def text(self) -> list[str]:
        """Choose the text columns."""
        if self.data.text_column:
            text = [self._named(column, "text") for column in self.data.text_column]
            why = "named by --text-column"
        else:
            if self.data.label_column:
                self._give(self._named(self.data.label_column, "label"), "label", "named by --label-column")
            text, why = self._find_text()
        for name in text:
            self._give(name, "text", why)
        return text

    def _find_text(self) -> tuple[list[str], str]:
        free = {name: self.looks[name] for name in self._free_names()}
        found, why = find_texts(free, self.values)
        if not found:
            raise self._cannot_tell("text", likely_texts(free))
        for note in notes(found, why, free):
            log.warning("%s: %s", self.shown, note)
        return found, why

    # --- label --------------------------------------------------------------------------------------------------

    def _label_by_name(self) -> str | None:
        if self.data.label_column:
            label = self._named(self.data.label_column, "label")
            self._give(label, "label", "named by --label-column")
            return label
        asked = {self._named(column, "text") for column in self.data.text_column}
        found = {name: told for name in self._free_names() if name not in asked and (told := suggests_label(name))}
        likely = [name for name in found if holds_labels(name, self.looks[name])]
        likely = likely or [*filter(self._may_be_sorted, found)]
        texts = filter(suggests_text, self._free_names())
        others = self._categories(beside=[*found, *asked, *texts])
        if not likely and all(self._rejecting(name) for name in others):
            likely = [name for name in found if found[name].rank < 50]  # a usual name, if nothing else can be the label
        best = sorted(likely, key=lambda name: found[name].rank)
        both = [*best, *others]
        agreed = None if any(found[name].rank < 50 for name in best[:1]) else agreed_label(both, self._first(both))
        if agreed is not None:
            self._give(agreed, "label", "its name is that of the label that the columns beside it agree on")
            return agreed
        if not best or (len(best) > 1 and are_one_hot(best, self.values, self._free_names())):
            return None
        rank = found[best[0]].rank
        rivals = [name for name in others if is_like_label(name) and not self._rejecting(name)]
        if 100 <= rank < 300 and rivals and not any(map(is_sure, best)):
            raise self._cannot_tell("label", [*best, *rivals])
        equal = [name for name in best if found[name].rank == rank and rank >= 100]
        if len(equal) > 1 and (several := told_apart(equal, self._first(equal), self.looks)) and len(several) > 1:
            if are_marked(several, self.values):
                return None  # a text may have several of them
            if not self._are_listed(several):
                raise self._cannot_tell("label", several)
        label = (told_apart(equal, self._first(equal), self.looks) or best)[0]
        self._give(label, "label", found[label].why)
        if doubt := beside_a_rating(label, likely):
            log.warning("%s: %s", self.shown, doubt)
        return label

    def _may_be_sorted(self, name: str) -> bool:
        """Return whether a column with one value so far may have others below, as in a file sorted by its label."""
        look = self.looks[name]
        return self.goes_on and look.distinct == 1 and look.kind in ("numbers", "words", "texts", "ids")

    def _categories(self, beside: list[str]) -> list[str]:
        """Return the columns with few values that come back again and again, as those of a label do."""
        few = [name for name in self._free_names() if name not in beside and self.looks[name].is_category]
        nested = ("lists", "objects")
        return [name for name in few if self.looks[name].kind not in nested or name_classes(self.values[name])]

    def _rejecting(self, name: str, *, is_label: bool = False) -> frozenset[str]:
        return rejecting(plain(name), self.values[name][: self.rows], is_label=is_label)

    def _first(self, names: Collection[str]) -> dict[str, Sequence[Any]]:
        """Return the first values of some columns, in the order of the file."""
        return {name: self.values[name][: self.rows] for name in self.names if name in names}

    def _label_by_look(self, text: list[str]) -> str | OneHot:
        few = self._without_dummies(self._categories(beside=text))
        if (hot := self._one_hot(few, text)) is not None:
            return hot
        some = self._sets(text) or few
        some = told_apart(some, self._first(some), self.looks)
        codes = [name for name in some if self.looks[name].kind == "ids"]
        for is_less_likely in (is_of_texts, self._rejecting, codes.__contains__, is_about):
            if len(some) > 1:
                some = [name for name in some if not is_less_likely(name)] or some
        why = chosen_because(few)
        if len(some) > 1 and (told := told_by_name(some)) is not None:
            some, why = [told], "its name is that of a label, as no other column's with few values"
        if len(some) > 1 and self._are_listed(some):
            return some[0]
        if len(some) == 1:
            log.warning("%s: no column has a usual name for a label; using %s because %s", self.shown, some[0], why)
            self._give(some[0], "label", why)
            return some[0]
        if set(self.names) <= {*text, *([self.group] if self.group is not None else [])}:
            raise DataError(
                f"{self.shown} has no column of labels; it has only {listed(self.names)}",
                "add a column with the label of each text, or label the texts of the file with clf predict",
            )
        raise self._cannot_tell("label", some, ALL_LABELS if are_marked(some, self.values) else "")

    def _without_dummies(self, few: list[str]) -> list[str]:
        """Leave out one-hot columns made from another column that has the class of each row, as `topic/water`."""
        hot = find_one_hot(self.values, self._free_names())
        if hot is None or not hot.one_label or not self._are_dummies(hot, few):
            return few
        return [name for name in few if name not in hot.columns]

    def _are_dummies(self, hot: OneHot, few: list[str]) -> bool:
        return is_made_of(hot, self._first([*hot.columns, *few]), {name: self.looks[name].distinct for name in few})

    def _sets(self, text: list[str]) -> list[str]:
        """Return the columns with several labels for a text; where each has one, only lists that nothing rivals."""
        if not self.data.multi_label and self._categories(beside=text):
            return []
        first = self._first([name for name in self._free_names() if name not in text])
        return [name for name, one in first.items() if hold_several(name, one, told=bool(self.data.multi_label))]

    def _one_hot(self, few: list[str], text: list[str]) -> OneHot | None:
        """Return the columns that are one label together; refuse several labels, and another that may be the label.

        If texts may have several labels, all columns of zeros and ones are labels.
        """
        names = [name for name in self._free_names() if name not in text]
        tried = (find_one_hot(self.values, names, marks=marks) for marks in (False, True))
        found = [hot for hot in tried if hot is not None]
        if self.data.multi_label:
            return next((hot for hot in found if set(few) <= set(hot.columns) or not self._sets(text)), None)
        for hot in (hot for hot in found if hot.one_label):
            if not (others := [name for name in few if name not in hot.columns and not self._rejecting(name)]):
                return hot
            if told_by_name([*others, *hot.columns]) is not None or self._are_dummies(hot, others):
                return None
            raise DataError(f"{self.shown}: {hot.rivalled_by(others)}", ways_out(others, others))
        for hot in (hot for hot in found if set(few) <= set(hot.columns)):
            if hot.single:
                labels = [name for name in hot.beside if name in few]
                raise DataError(f"{self.shown}: {hot.unclear}", ways_out(hot.beside, labels, several=True))
            if hot.one == "1" or not few:
                raise SeveralLabels(f"{self.shown}: {hot.problem}", hot.instead)
        return None

    def _decided(self, label: str | None) -> dict[str, frozenset[str]]:
        """Return the columns in which an annotator rejects labels, with the values that do so."""
        found = {}
        for name in [*([] if label is None else [label]), *self._free_names()]:
            values = self.values[name][: self.rows]
            if not (rejected := self._rejecting(name, is_label=name == label)):
                continue
            found[name] = rejected
            self._give(name, "annotation", "an annotator accepts or rejects the label there")
            if label is not None and name != label and self.looks[label].distinct == 1 and is_contested(values):
                raise DataError(
                    f"{self.shown}: the only label is {self.looks[label].examples[0]!r}, which the column {name!r}"
                    " accepts in some rows and rejects in others",
                    f"pass --label-column {name} to tell accepted texts from rejected ones",
                )
        return found

    def _label_name(self, label: str, text: list[str]) -> str | None:
        if self.data.label_map or self.data.multi_label:
            return None  # the map gives the label names; a name beside a set would be that of the set
        beside = [f"{label}_name", f"{label}_text"]
        found = next((name for name in beside if name in self.names and name != label and name not in self.roles), None)
        if found is not None:
            self._give(found, "label name", f"its name is that of the names of {label}")
        return found

    def _give(self, name: str, role: Role, reason: str) -> None:
        self.roles.setdefault(name, (role, reason))

    def _free_names(self) -> list[str]:
        """Return the columns that have a name and no role yet."""
        return [name for name in self.names if name not in self.roles and not is_nameless(name)]

    def _all_roles(self) -> tuple[Column, ...]:
        return tuple(Column(name, *self.roles.get(name, ("ignored", self._why_ignored(name)))) for name in self.names)

    def _why_ignored(self, name: str) -> str:
        return "it has no name" if is_nameless(name) else self.looks[name].why_ignored

    def _named(self, column: str, role: str) -> str:
        return named(self.names, column, role, self.shown)

    def _cannot_tell(self, role: str, candidates: list[str], instead: str = "") -> DataError:
        some_are_likely = any(role == "label" or self.looks[name].can_be_text for name in candidates)
        inside = {} if some_are_likely else likely_fields(role, self.values, self._free_names(), self.rows)
        candidates = list(inside) or (likely_first(candidates) if role == "label" else candidates)
        nested = {
            name: self.values[name] for name in self._free_names() if self.looks[name].kind in ("lists", "objects")
        }
        if not candidates and (refusal := of_parts(role, nested, self.shown)) is not None:
            return refusal
        if role == "text" and not candidates:
            others = any(self.looks[name].kind in ("ids", "dates", "lists", "objects") for name in self._free_names())
            return no_texts(self.shown, {name: self._summary(name) for name in self.names}, others=others)
        likely = shown_examples((name, inside.get(name) or self.looks[name]) for name in candidates[:MOST_FLAGS])
        likely += f" and {len(candidates) - MOST_FLAGS} more" if len(candidates) > MOST_FLAGS else ""
        return DataError(
            f"{self.shown}: cannot tell which column contains the {role}; it has {listed(self.names)}"
            + (f"; likely {'is' if len(candidates) == 1 else 'are'} {likely}" if candidates else ""),
            flags(role, candidates, below_header=self.below_header, instead=instead),
        )

    def _summary(self, name: str) -> str:
        role = self.roles[name][0] if name in self.roles else ""
        return role if role == "ignored" else f"the {role}" if role else self.looks[name].summary
