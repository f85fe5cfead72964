"""A deterministic generator of synthetic movie reviews that speak of none, one, two or all of three aspects.

A review consists of an opening and three sentences, each of which mentions three things: of one of its aspects, or
other things if it has fewer than three. Only these words depend on the labels: films, frames, people and places are
distributed equally over all of them. The test split has its own films and frames but the same words.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from clf.data.sources.synthetic import NEUTRAL
from clf.data.sources.synthetic_parts import Deck, Written, filled, in_splits, likeness_of

ASPECTS = ("acting", "music", "plot")
OTHER = "other"
SETS: tuple[tuple[str, ...], ...] = (
    *((), ("acting", "music", "plot")),
    *(("acting",), ("music", "plot")),
    *(("plot",), ("acting", "music")),
    *(("music",), ("acting", "plot")),
)
"""Every set of aspects, each followed by all the others: after any two, each aspect was in as many as not."""
MENTIONS = 3


@dataclass(frozen=True)
class AspectReview:
    """A review with the aspects that it speaks of, its film, and the sentence frames it was built from."""

    text: str
    labels: tuple[str, ...]
    film: str
    frames: tuple[str, ...]


def aspect_reviews(rows: int = 100, seed: int = 42) -> dict[str, list[AspectReview]]:
    """Write `rows` reviews, split 70/10/20 % into train, validation and test.

    In each split, every set of aspects is as frequent as any other, and half of the reviews speak of each aspect, give
    or take one. The same `rows` and `seed` give the same reviews on every machine. No two reviews are near duplicates:
    the Jaccard similarity of their lower-cased character 5-grams is below 0.5 for up to 200 rows, and below 0.75 for
    more. Raises ValueError unless MIN_ROWS <= rows <= MAX_ROWS.
    """
    rng, likeness = random.Random(seed), likeness_of(rows)
    seen, unseen = _Author(SEEN, rng, likeness), _Author(UNSEEN, rng, likeness)
    return in_splits(rows, seen.write, unseen.write)


class _Author:
    """Writes reviews from one stock of films and frames, without near duplicates."""

    def __init__(self, stock: dict[str, tuple[str, ...]], rng: random.Random, likeness: float) -> None:
        self._rng, self._written = rng, Written(likeness, common=3)
        # Each set has its own decks of films, openings and names, and each topic its own of sentences and words.
        self._decks = {
            labels: {slot: Deck(options, rng) for slot, options in (NAMES | stock).items()} for labels in SETS
        }
        self._topics = {
            topic: {"mention": Deck(stock["mention"], rng), "word": Deck(words, rng)} for topic, words in WORDS.items()
        }

    def write(self, rows: int) -> list[AspectReview]:
        """Write `rows` new reviews in random order."""
        sets = [SETS[row % len(SETS)] for row in range(rows)]
        self._rng.shuffle(sets)
        return [self._new_review(labels) for labels in sets]

    def _new_review(self, labels: tuple[str, ...]) -> AspectReview:
        while True:
            review = self._draft(labels)
            if 25 <= len(review.text.split()) <= 60 and self._written.adds(review.text, review.frames):
                return review

    def _draft(self, labels: tuple[str, ...]) -> AspectReview:
        decks, taken = self._decks[labels], set[str]()
        film = decks["film"].deal(taken)
        topics = [*labels, *[OTHER] * (MENTIONS - len(labels))]
        self._rng.shuffle(topics)

        def deal(topic: str | None, slot: str) -> str:
            slots = decks if topic is None else self._topics[topic]
            return film if slot == "film" else slots[slot].deal(taken)

        frames, sentences = list[str](), list[str]()
        for position, topic in _positions(decks["layout"].deal(taken), topics):
            frames.append(deal(topic, position))
            sentences.append(filled(frames[-1], partial(deal, topic)))
        return AspectReview(" ".join(sentences), labels, film, tuple(frames))


def _positions(layout: str, topics: list[str]) -> Iterator[tuple[str, str | None]]:
    """Yield the kind of each sentence with its topic; None for sentences that say nothing of the film."""
    left = iter(topics)
    for position in layout.split():
        yield position, next(left) if position == "mention" else None


# The sentences are our own, and titles and names are invented. Each sentence reads well with the words of any topic, in
# the singular and in the plural.

# Few words for each aspect, so that a small encoder with random weights learns them from 70 reviews.

WORDS: dict[str, tuple[str, ...]] = {
    "acting": ("acting", "cast", "performances", "roles"),
    "music": ("melodies", "music", "songs", "soundtrack"),
    "plot": ("narrative", "plot", "script", "story"),
    OTHER: (
        *("camera", "colors", "costumes", "decor", "editing", "lighting"),
        *("make-up", "props", "scenery", "stunts", "subtitles", "wigs"),
    ),
}

NAMES: dict[str, tuple[str, ...]] = {
    "layout": (
        "opening mention mention mention",
        "opening mention aside mention mention",
        "opening aside mention mention mention",
    ),
    **{slot: NEUTRAL[slot] for slot in ("actor", "director", "place", "setting")},
}

SEEN: dict[str, tuple[str, ...]] = {
    "film": (
        *("A Ledger of Rain", "Beneath the Copper Bridge", "Eleven Blue Umbrellas", "Letters to Marrowby"),
        *("Nine Doors Down", "Seven Miles to Wenderhythe", "The Beekeeper's Atlas", "The Glass Orchard"),
        *("The Ninth Ferryman", "The Porcelain Weather", "The Tin Meridian", "Tomorrow in Ostrel Lane"),
        *("Under a Borrowed Roof", "Winter Comes to Pell Street"),
    ),
    "opening": (
        "I saw {film} at {place} on a rainy evening.",
        "My sister chose {film} for our Friday at {place}.",
        "{film} is the third picture that {director} has made in {setting}.",
        "{film} runs for two hours and begins in {setting}.",
        "We drove across town to see {film} at {place}.",
        "It took me a year to catch {film}, which {director} finished in the spring.",
        "On Sunday {place} showed {film} to a full house.",
        "{film} was new to me, although {director} has been known here for years.",
        "Parts of {film} were made in {setting}, where I used to live.",
        "A colleague lent me {film} after her holiday in {setting}.",
    ),
    "aside": (
        "{actor} sat two rows behind us with a bag of plums.",
        "{actor}, who lives nearby, had recommended it.",
        "The seat beside me stayed empty until the break.",
    ),
    "mention": (
        "The {word}, the {word} and the {word} surprised me.",
        "I kept thinking of the {word}, the {word} and the {word}.",
        "My neighbor praised the {word}, the {word} and the {word}.",
        "We argued about the {word}, the {word} and the {word}.",
        "People whispered about the {word}, the {word} and the {word}.",
        "My notes mention the {word}, the {word} and the {word}.",
        "For me the {word}, the {word} and the {word} made the evening.",
        "A friend disliked the {word}, the {word} and the {word}.",
        "The newspaper warned of the {word}, the {word} and the {word}.",
        "I will remember the {word}, the {word} and the {word}.",
        "My aunt asked me about the {word}, the {word} and the {word}.",
        "I looked out for the {word}, the {word} and the {word}.",
    ),
}

UNSEEN: dict[str, tuple[str, ...]] = {
    "film": (
        *("Cinder and Quill", "Harbor of Lanterns", "The Moth Parade", "The Paper Almanac"),
        *("The Quarries of Vell", "Saltwater Alphabet", "Twelve Hours in Dunmarrow", "Where Kestrels Gather"),
    ),
    "opening": (
        "Last week our film club screened {film} by {director}.",
        "{film} opens in {setting} and never leaves it.",
        "I knew little about {film} when I sat down at {place}.",
        "My brother and I met at {place} for {film} after work.",
        "In {film}, {director} returns to {setting}.",
        "The late showing of {film} at {place} was nearly sold out.",
    ),
    "aside": (
        "We sat in the third row with a group of students.",
        "{actor} introduced the screening in person.",
        "It was my first visit there since the winter.",
    ),
    "mention": (
        "Everyone discussed the {word}, the {word} and the {word}.",
        "Nothing prepared me for the {word}, the {word} and the {word}.",
        "Someone laughed at the {word}, the {word} and the {word}.",
        "The interview was about the {word}, the {word} and the {word}.",
        "I would go again for the {word}, the {word} and the {word}.",
        "The trailer had hidden the {word}, the {word} and the {word}.",
        "My companion wrote about the {word}, the {word} and the {word}.",
        "Her letter describes the {word}, the {word} and the {word}.",
    ),
}
