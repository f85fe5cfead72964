"""The words of a page are explained, those that it uses and no others."""

from clf.reports.page.glossary import GLOSSARY, explained
from clf.reports.page.parts import Cards, Cell, Figure, Page, Section, Table, term
from clf.scoring.metric_table import MULTI_LABEL_TABLE, TABLE


def test_every_metric_of_the_tables_is_explained() -> None:
    assert {metric.shown for metric in (*TABLE, *MULTI_LABEL_TABLE) if metric.shown} <= set(GLOSSARY)


def test_only_what_a_page_says_is_explained_and_a_name_in_a_matrix_is_no_word_of_ours() -> None:
    table = Table("a", ["metric", "F1", "precision"], [[term("accuracy"), Cell("margin")]])
    matrix = Table("b", ["recall"], [[Cell("log loss", "name")]], matrix=True)
    page = Page("a", "b", Cards("c", figures=[Figure("ROC AUC", "1", [])]), [Section("s", tables=[table, matrix])])
    assert sorted(explained(page)) == ["F1", "ROC AUC", "accuracy", "precision"]
