"""The files of old Macs and of DOS are told from those of Windows."""

import pytest

from clf.data.reading.old_encodings import guess_encoding, old_encoding

WORDS = {
    "French": "la réussite du théâtre était très fêtée, l’été dernière, à la forêt; déçu du génie, où la pièce dérange",
    "German": "die Wörter für große Häuser, völlig überzeugend gespielt, schön und längst müde geträumt",
    "Spanish": "la película increíble del señor pequeño, más fácil y rápida, qué ilusión volverá",
    "Portuguese": "não há razão, então são corações amanhã, também você está à espera",
}


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("encoding", ["mac_roman", "cp850", "cp1252"])
def test_letters_inside_words_tell_the_encoding(language: str, encoding: str) -> None:
    text = WORDS[language].replace("’", "'") if encoding == "cp850" else WORDS[language]
    assert old_encoding(text.encode(encoding)) == (None if encoding == "cp1252" else encoding)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("It’s “great”–really… I don’t know—so he won’t", "cp1252"),
        ("odpověď byla žlutá, kůň běžel přes měkké pole", "cp1250"),
        ("хороший фильм, очень понравилось", "cp1251"),
        ("とても良い映画です。また見たいです abc映画def", "shift_jis"),
        ("très bon", "mac_roman"),  # two letters tell nothing
    ],
)
def test_other_encodings_are_left_to_the_detector(text: str, encoding: str) -> None:
    assert old_encoding(text.encode(encoding)) is None


def test_the_likeliest_encoding_is_guessed() -> None:
    assert guess_encoding("Les élèves étaient déçus, à vrai dire".encode("cp1252")) == "cp1252"
    assert guess_encoding("Мне очень понравился этот фильм, спасибо".encode("cp1251")) == "cp1251"
