"""An audit holds what was looked at, also one of another version, and comes back from its file as it was."""

import pytest
from pydantic import ValidationError

from clf.outcomes.preparation import Audit, Conflict, Leaks, PrepareResult

CONFLICT = {"split": "train", "line": 3, "label": "a", "text": "x"}


def test_only_what_was_computed_is_written_and_it_is_read_as_it_was() -> None:
    audit = Audit(rows={"train": 2}, conflicts=[[Conflict.model_validate(CONFLICT)]], duplicates={}, conflicting=0)
    written = audit.as_json()
    assert written == {"rows": {"train": 2}, "conflicts": [[CONFLICT]], "duplicates": {}, "conflicting": 0}
    assert Audit.model_validate(written) == audit
    assert Audit.model_validate(written).as_json() == written
    assert Audit().as_json() == {}


def test_what_another_version_wrote_is_ignored_and_what_it_lacks_is_empty() -> None:
    audit = Audit.model_validate({"rows": {"train": 2}, "moon_phase": "full"})
    assert (audit.rows, audit.near_leaks, audit.truncated) == ({"train": 2}, {}, None)
    assert (audit.text_columns, audit.label_column, audit.ignored_columns, audit.columns) == ([], None, {}, [])
    assert audit.as_json() == {"rows": {"train": 2}}


def test_an_audit_cannot_be_changed_and_a_part_of_it_has_only_its_own_fields() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Audit().conflicting = 1  # type: ignore[misc]
    with pytest.raises(ValidationError, match="extra"):
        Leaks.model_validate({"exact": {}, "near": {}, "far": {}})


def test_the_folder_stands_beside_the_audit_and_the_name_does_not() -> None:
    result = PrepareResult(name="films", audit=Audit(rows={"train": 2}), output_dir="prepared/films")
    assert result.as_json() == {"rows": {"train": 2}, "output_dir": "prepared/films"}
