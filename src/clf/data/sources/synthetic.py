"""A deterministic generator of synthetic movie reviews, labelled negative or positive.

A review consists of three or four sentence frames with their slots filled in. Only its three to five opinion words
depend on the label: films, frames, people, plots and places are distributed equally over both labels. The test split
has its own films and frames but the same opinion words, so only a model that learned those does well.
"""

import random
from dataclasses import dataclass

from clf.data.sources.synthetic_parts import Deck, Written, filled, in_splits, likeness_of

LABELS = ("negative", "positive")


@dataclass(frozen=True)
class Review:
    """A review with its label (negative or positive), its film, and the sentence frames it was built from."""

    text: str
    label: str
    film: str
    frames: tuple[str, ...]


def synthetic_reviews(rows: int = 100, seed: int = 42) -> dict[str, list[Review]]:
    """Write `rows` reviews, split 70/10/20 % into train, validation and test; class counts differ by at most 1 in each.

    The same `rows` and `seed` give the same reviews on every machine. No two reviews are near duplicates: the Jaccard
    similarity of their lower-cased character 5-grams is below 0.5 for up to 200 rows, and below 0.75 for more.
    Raises ValueError unless MIN_ROWS <= rows <= MAX_ROWS.
    """
    rng, likeness = random.Random(seed), likeness_of(rows)
    seen, unseen = _Author(SEEN, rng, likeness), _Author(UNSEEN, rng, likeness)
    return in_splits(rows, seen.write, unseen.write)


class _Author:
    """Writes reviews from one stock of films and frames, without near duplicates."""

    def __init__(self, stock: dict[str, tuple[str, ...]], rng: random.Random, likeness: float) -> None:
        self._rng, self._written = rng, Written(likeness, common=2)
        # Each label has its own decks, so that both labels get each film, frame and plot equally often.
        self._decks = {
            label: {slot: Deck(options, rng) for slot, options in (stock | NEUTRAL | OPINIONS[label]).items()}
            for label in LABELS
        }

    def write(self, rows: int) -> list[Review]:
        """Write `rows` new reviews in random order, half of them with each label."""
        labels = [LABELS[row % 2] for row in range(rows)]
        self._rng.shuffle(labels)
        return [self._new_review(label) for label in labels]

    def _new_review(self, label: str) -> Review:
        while True:
            review = self._draft(label)
            if 25 <= len(review.text.split()) <= 60 and self._written.adds(review.text, review.frames):
                return review

    def _draft(self, label: str) -> Review:
        decks, taken = self._decks[label], set[str]()
        film = decks["film"].deal(taken)
        frames = tuple(decks[position].deal(taken) for position in decks["layout"].deal(taken).split())
        text = filled(" ".join(frames), lambda slot: film if slot == "film" else decks[slot].deal(taken))
        return Review(text, label, film, frames)


# The sentences are our own, and titles and names are invented. Each frame reads well with the words of either label.
# An opening contains one opinion word, a middle or closing one or two, an aside none: three to five per review.

OPINIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "negative": {
        "adjective": (
            *("awful", "clumsy", "dismal", "dreadful", "dull", "feeble"),
            *("lifeless", "shoddy", "tedious", "terrible", "tiresome", "wretched"),
        ),
        "adverb": ("badly", "carelessly", "clumsily", "lazily", "poorly"),
        "verb": ("annoyed", "bored", "disappointed", "exasperated", "irritated"),
    },
    "positive": {
        "adjective": (
            *("brilliant", "charming", "delightful", "excellent", "gripping", "inspired"),
            *("lovely", "masterful", "splendid", "sublime", "superb", "wonderful"),
        ),
        "adverb": ("beautifully", "cleverly", "elegantly", "expertly", "gracefully"),
        "verb": ("captivated", "charmed", "delighted", "enchanted", "thrilled"),
    },
}

NEUTRAL: dict[str, tuple[str, ...]] = {
    "layout": ("opening middle closing", "opening middle middle", "opening aside middle closing"),
    "part": (
        *(
            "camera work",
            "costume design",
            "dialogue",
            "editing",
            "final act",
            "lighting",
            "music",
        ),
        *("opening scene", "pacing", "plot", "script", "set design", "sound mix", "soundtrack", "voice-over"),
    ),
    "actor": (
        *(
            "Anneke Brool",
            "Bastian Orrel",
            "Carys Tundle",
            "Dario Fennimark",
            "Edda Plimsworth",
            "Fergus Yallop",
        ),
        *("Greta Sundhaven", "Hugo Marchbane", "Ines Calloway-Pye", "Joris Vantle", "Kezia Thornbeck"),
        *("Lorcan Dapple", "Mirela Ostrand", "Nils Quarrow", "Odette Winmarsh", "Pascal Ridderby"),
    ),
    "director": (
        *("Agnes Holloweg", "Benno Trask", "Clio Marrendale", "Dmitri Vosk", "Estelle Kirrin"),
        *("Felix Ambrage", "Gwenda Sorrel", "Henrik Tallis-Boe"),
    ),
    "place": (
        *("the Pellam Picture House", "the canal cinema", "the Quillon"),
        *("the ring road multiplex", "the market playhouse", "the student cinema"),
        *("the town hall", "the university auditorium"),
    ),
    "setting": (
        *("a border town", "a fishing village", "a farm by the reservoir", "a mining town"),
        *(
            "a quiet suburb",
            "a traveling circus",
            "an island port",
            "an office tower",
            "the northern forests",
        ),
        *("the salt flats", "a harbor city", "a southern wine valley"),
    ),
    "plot": (
        *("a clockmaker and her former teacher", "a family on the move in winter"),
        *("a lighthouse keeper and her son", "a mapmaker and the guide she hires"),
        *("a postman who crosses the desert", "a retired diver and a young violinist"),
        *("a town clerk and an unsigned letter", "an astronomer on her last night shift"),
        *("the crew of a small river ferry", "the three tenants of an attic"),
        *("three students on a night train", "two brothers who share a bakery"),
    ),
}

SEEN: dict[str, tuple[str, ...]] = {
    "film": (
        *("A Ledger of Rain", "Beneath the Copper Bridge", "Eleven Blue Umbrellas", "Letters to Marrowby"),
        *("Nine Doors Down", "Seven Miles to Wenderhythe", "The Beekeeper's Atlas", "The Glass Orchard"),
        *("The Ninth Ferryman", "The Porcelain Weather", "The Tin Meridian", "Tomorrow in Ostrel Lane"),
        *("Under a Borrowed Roof", "Winter Comes to Pell Street"),
    ),
    "opening": (
        "I saw {film} at {place} on a rainy evening, and the {part} was simply {adjective}.",
        "Most of {film} takes place in {setting}, and it is {adverb} filmed from start to finish.",
        "{film} follows {plot}, and the story is {adverb} told.",
        "With {film}, {director} has made a {adjective} picture about {plot}.",
        "My sister chose {film} for our Friday at {place}, and it {verb} both of us.",
        "{film} runs for two hours, and {actor} is {adjective} in nearly every minute.",
        "There is something {adjective} about the way {film} presents {plot}.",
        "The story of {film} concerns {plot}, and the {part} feels {adjective}.",
        "Having read the novel years ago, I watched {film} at {place}, where the {part} {verb} me.",
        "As an account of {plot}, {film} is a {adjective} piece of work.",
    ),
    "aside": (
        "{actor} plays the older sister and {actor} the man next door.",
        "The cast includes {actor}, whom I had only seen on stage.",
        "Part of the story moves to {setting}.",
    ),
    "middle": (
        "{actor} gives a {adjective} performance, and the {part} is {adverb} done.",
        "The {part} {verb} me early on, and the {part} is just as {adjective}.",
        "{actor} plays the older sibling, a role that is {adverb} written and {adverb} acted.",
        "Every exchange between {actor} and {actor} is {adjective}, and so is the {part}.",
        "I would call the {part} {adjective} and the {part} {adjective}.",
        "A long dinner around the hour mark shows how {adverb} the {part} was put together.",
        "The scenes in {setting} are {adjective}, and {actor} was {adverb} cast.",
        "What struck me first was the {adjective} {part}, and after that the {adjective} {part}.",
        "{actor} plays the neighbor in a {adjective} subplot that {verb} my whole family.",
        "Later the {part} turns {adjective}, and a chase through {setting} {verb} us all.",
        "{director} handles the {part} {adverb}, and {actor} delivers a {adjective} farewell.",
        "The camera stays close to {actor}, whose {adjective} work fills the second half.",
    ),
    "closing": (
        "By the time the lights came up, the film had {verb} the entire room.",
        "All in all, it is a {adjective} film with a {adjective} ending.",
        "My verdict after a night of sleep is that it was {adjective}.",
        "On the walk home my friend used the word {adjective}, and I agree.",
        "It made for a {adjective} Sunday afternoon.",
        "If one word has to sum it up, that word is {adjective}.",
        "The last ten minutes {verb} me, and the final shot is {adverb} framed.",
        "I wrote {adjective} in my notebook, underlined it twice and caught the bus.",
    ),
}

UNSEEN: dict[str, tuple[str, ...]] = {
    "film": (
        *("Cinder and Quill", "Harbor of Lanterns", "The Moth Parade", "The Paper Almanac"),
        *("The Quarries of Vell", "Saltwater Alphabet", "Twelve Hours in Dunmarrow", "Where Kestrels Gather"),
    ),
    "opening": (
        "Last week our film club screened {film}, a {adjective} tale of {plot}.",
        "{film} begins in {setting}, where {actor} makes a {adjective} entrance.",
        "I knew little about {film} when I sat down, and soon the {part} {verb} me.",
        "In {film}, {director} turns to {plot}, and the outcome is {adjective}.",
        "Set in {setting}, {film} was {adverb} directed by {director}.",
        "My brother and I caught {film} at {place}, and the story {verb} us both.",
    ),
    "aside": (
        "The other roles go to {actor} and {actor}.",
        "A subplot brings {actor} to {setting}.",
        "We sat in the third row with a group of students.",
    ),
    "middle": (
        "{actor} and {actor} are {adjective} together, scene after scene.",
        "The {part} has been {adverb} planned, and the {part} can only be described as {adjective}.",
        "Halfway through comes a {adjective} speech by {actor}, followed by a {adverb} staged storm.",
        "Look out for the {adjective} {part}, which {verb} my companions throughout.",
        "{actor} appears as a rival and brings a {adjective} presence to the set.",
        "Each chapter adds a {adjective} twist, and the {part} is {adverb} matched to it.",
        "People near me whispered that the {part} was {adjective}, and the {part} {verb} them too.",
        "The flashbacks to {setting} are {adjective}, and they are {adverb} woven into the rest.",
    ),
    "closing": (
        "In short, this is {adjective} cinema, {adverb} made.",
        "The credits roll over a {adjective} song that {verb} the back row.",
        "When asked at dinner, I described the whole thing as {adjective}.",
        "For anyone who missed it, my summary is brief: {adjective} throughout.",
        "Two days later I still think of it as a {adjective} production.",
    ),
}
