"""The fresh encoder knows the words it was given and loads like any other."""

from pathlib import Path

from clf.models.fresh import write_fresh_encoder
from clf.models.from_files import load_for_training
from clf.models.store import find_model


def test_a_fresh_encoder_loads_and_knows_its_words(tmp_path: Path) -> None:
    folder = write_fresh_encoder(tmp_path / "fresh", ["A fine film.", "A dull one!"], seed=3)
    classifier = load_for_training(find_model(str(folder)), ["a", "b"], seed=1)
    words = classifier.tokenizer.convert_ids_to_tokens(classifier.tokenizer("a dull film? yes!")["input_ids"])
    assert words == ["[CLS]", "a", "dull", "film", "[UNK]", "[UNK]", "!", "[SEP]"]
    assert classifier.parameters < 200_000
