"""Which rows a model was not trained on, as far as is known."""

from support.measured import measured


def test_rows_are_unseen_unless_they_are_known_to_be_leaked() -> None:
    assert measured().unseen.tolist() == [True] * 10
    assert measured(leaked=[True, False] * 5).unseen.tolist() == [False, True] * 5
    assert measured().record is None
