"""The test split is measured once, with some texts and, of several labels, the metrics of each."""

from pathlib import Path

import numpy as np

from clf.data.prepared import LabelledTexts
from clf.measuring.final_test import FinalTest, final_test
from clf.models.compute import choose_compute
from clf.models.configs import MULTI_LABEL
from clf.models.find_and_load import load_model
from clf.settings import ComputeSettings
from support.classifiers import write_tiny_classifier
from support.multi_label import ASPECTS, aspect_rows

COMPUTE = choose_compute(ComputeSettings(device="cpu", precision="fp32"))


def rows_with(labels: "np.ndarray[tuple[int, ...], np.dtype[np.generic]]", texts: list[str]) -> LabelledTexts:
    return LabelledTexts(texts, texts, labels, np.arange(len(texts)))


def test_without_a_test_split_there_is_nothing(tmp_path: Path) -> None:
    write_tiny_classifier(tmp_path / "m")
    assert final_test(load_model(str(tmp_path / "m")), COMPUTE, None, None) == FinalTest(None, {}, [])


def test_each_of_several_labels_is_measured_and_a_single_one_is_not(tmp_path: Path) -> None:
    texts = [text for text, _ in aspect_rows(20)]
    table = np.array([[name in labels for name in ASPECTS] for _, labels in aspect_rows(20)])
    write_tiny_classifier(tmp_path / "several", ASPECTS, MULTI_LABEL)
    found = final_test(
        load_model(str(tmp_path / "several")), COMPUTE, rows_with(table, texts), np.full(len(ASPECTS), 0.5)
    )
    assert found.metrics is not None
    assert "subset_accuracy" in found.metrics
    assert {name: row.rows for name, row in found.per_label.items()} == dict(
        zip(ASPECTS, table.sum(axis=0), strict=True)
    )
    assert [example.text for example in found.examples] == [texts[0], texts[9], texts[19]]
    write_tiny_classifier(tmp_path / "one", ASPECTS)
    single = final_test(load_model(str(tmp_path / "one")), COMPUTE, rows_with(table.argmax(axis=1), texts), None)
    assert single.metrics is not None
    assert ("accuracy" in single.metrics, single.per_label) == (True, {})
