"""The fresh encoder knows the words it was given and loads like any other."""

from pathlib import Path

from clf.models.fresh import POSITIONS, write_fresh_encoder
from clf.models.from_files import load_for_training
from clf.models.store import find_model


def test_a_fresh_encoder_loads_and_knows_its_words(tmp_path: Path) -> None:
    folder = write_fresh_encoder(tmp_path / "fresh", ["A fine film.", "A dull one!"], seed=3)
    classifier = load_for_training(find_model(str(folder)), ["a", "b"], seed=1)
    words = classifier.tokenizer.convert_ids_to_tokens(classifier.tokenizer("a dull film? yes!")["input_ids"])
    assert words == ["[CLS]", "a", "dull", "film", "[UNK]", "[UNK]", "!", "[SEP]"]
    assert classifier.parameters < 200_000


def test_the_seed_and_the_words_make_the_files_whatever_the_order_of_the_texts(tmp_path: Path) -> None:
    texts = ["A fine film.", "A dull one!"]
    first, again, other = (
        write_fresh_encoder(tmp_path / name, iter(given), seed)
        for name, given, seed in (("first", texts, 3), ("again", texts[::-1], 3), ("other", texts, 4))
    )
    for name in ("tokenizer.json", "model.safetensors"):
        assert (again / name).read_bytes() == (first / name).read_bytes()
    assert (other / "tokenizer.json").read_bytes() == (first / "tokenizer.json").read_bytes()
    assert (other / "model.safetensors").read_bytes() != (first / "model.safetensors").read_bytes()


def test_it_reads_as_many_tokens_as_its_tokenizer_allows_and_has_no_dropout(tmp_path: Path) -> None:
    folder = write_fresh_encoder(tmp_path / "fresh", ["Ein schöner Film"], seed=3)
    classifier = load_for_training(find_model(str(folder)), ["a", "b"], seed=1)
    config = classifier.model.config
    assert classifier.max_length == POSITIONS == config.max_position_embeddings
    assert (config.dropout, config.attention_dropout, config.seq_classif_dropout) == (0.0, 0.0, 0.0)
    assert classifier.tokenizer.tokenize("EIN FILM") == ["ein", "film"]
