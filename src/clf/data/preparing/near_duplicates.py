"""Near duplicates: texts whose sets of character 5-grams have a Jaccard index of at least 0.8.

Candidates come from MinHash sketches divided into bands (locality-sensitive hashing; Leskovec, Rajaraman, Ullman,
"Mining of Massive Datasets", 3.3-3.4), and each candidate pair is verified on the texts themselves. The sketch is
Fast Similarity Sketching (Dahlgaard, Knudsen, Thorup, FOCS 2017): it uses several rounds of one-permutation hashing,
so a text costs a few operations per 5-gram instead of one for each combination of a 5-gram and a sketch position. The
5-grams consist of characters, not bytes, so the method works for Chinese as well as for English.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from clf.data.preparing.rows import Ints
from clf.data.preparing.sets import among, repeated
from clf.progress import track

GRAM = 5
THRESHOLD = 0.8
SHORTEST = 30
"""Texts with fewer characters than this are near duplicates only of identical texts."""
LONGEST = 50_000
"""Number of characters of a text that are compared, so that very long texts do not cost more."""
# A pair at the threshold shares at least one of 22 bands of 6 with probability 1 - (1 - 0.8**6)**22 = 0.9988.
BANDS, BAND_ROWS = 22, 6
POSITIONS = BANDS * BAND_ROWS
ROUNDS = 40
BLOCK = 20_000  # characters sketched at a time, so that the arrays fit in the processor's cache
# Sketches of a pair at the threshold agree on 0.8 of the 132 positions, standard deviation 0.035.
WORTH_VERIFYING = 0.6
ALL_PAIRS = 8  # in buckets of up to this many members, every pair is a candidate
NEIGHBOURS = 4  # in larger buckets, each member is compared with this many before it, sorted by another band

Sketches = tuple[NDArray[np.uint32], NDArray[np.uint8]]
Hashes = NDArray[np.uint64]


# --- sketching ----------------------------------------------------------------------------------------------


def sketch(texts: Sequence[str]) -> Sketches:
    """Compute the sketches of texts: band keys, shape (BANDS, texts), and one byte per position, (texts, POSITIONS).

    Texts shorter than SHORTEST get zeros; `cluster` ignores them.
    """
    values = np.zeros((len(texts), POSITIONS), dtype=np.uint32)
    for rows in _blocks(texts):
        values[rows] = _sketch_block([texts[row][:LONGEST] for row in rows])
    keys = np.zeros((len(texts), BANDS), dtype=np.uint64)
    for part in np.moveaxis(values.reshape(len(texts), BANDS, BAND_ROWS), 2, 0):
        keys = _mix(keys + part)
    return np.ascontiguousarray((keys >> np.uint64(32)).astype(np.uint32).T), values.astype(np.uint8)


def _blocks(texts: Sequence[str]) -> Iterable[list[int]]:
    block: list[int] = []
    characters = 0
    for row, text in enumerate(texts):
        if len(text) < SHORTEST:
            continue
        block.append(row)
        characters += min(len(text), LONGEST)
        if characters > BLOCK:
            yield block
            block, characters = [], 0
    if block:
        yield block


def _sketch_block(texts: list[str]) -> NDArray[np.uint32]:
    """Fill each position with the smallest hash from the first round in which any 5-gram is assigned to it."""
    grams, owners = _grams(texts)
    filled = np.zeros((len(texts), POSITIONS), dtype=bool)
    values = np.zeros((len(texts), POSITIONS), dtype=np.uint32)
    for number in range(ROUNDS):
        hashes = grams * _ODD[number]  # the high half chooses the position, the low half is the value
        places = (hashes >> np.uint64(32)) * np.uint64(POSITIONS) >> np.uint64(32)
        found = np.full(len(texts) * POSITIONS, np.iinfo(np.uint32).max, dtype=np.uint32)
        np.minimum.at(found, owners * POSITIONS + places.view(np.int64), hashes.astype(np.uint32))
        fresh = ~filled & (found != np.iinfo(np.uint32).max).reshape(filled.shape)
        values[fresh] = found.reshape(filled.shape)[fresh]
        filled |= fresh
        open_rows: NDArray[np.bool_] = ~np.all(filled, axis=1)
        if not open_rows.any():
            return values
        needed = open_rows[owners]
        grams, owners = grams[needed], owners[needed]
    # Positions still empty after all rounds get the smallest hash overall, the same for texts with the same 5-grams.
    smallest = np.full(len(texts), np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(smallest, owners, grams)
    return np.where(filled, values, smallest.astype(np.uint32)[:, None])


def _grams(texts: list[str]) -> tuple[Hashes, NDArray[np.int64]]:
    """Hash every 5-gram of each text; return the hashes and the number of the text that each one comes from."""
    characters = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    hashes = np.zeros(len(characters) - GRAM + 1, dtype=np.uint64)
    for place in range(GRAM):
        hashes = hashes * np.uint64(0x9E3779B97F4A7C15) + characters[place : place + len(hashes)]
    lengths = np.array([len(text) for text in texts])
    owners = np.repeat(np.arange(len(texts)), lengths - GRAM + 1)
    inside = np.arange(len(owners)) + owners * (GRAM - 1)  # excludes 5-grams that span two texts
    return _mix(hashes[inside]), owners


def _mix(values: Hashes) -> Hashes:
    """Mix the bits with the finalizer of SplitMix64 (Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


# One odd multiplier per round.
_ODD = _mix(np.arange(1, ROUNDS + 1, dtype=np.uint64)) | np.uint64(1)


# --- clustering ---------------------------------------------------------------------------------------------


def cluster(
    lengths: NDArray[np.int32],
    band: Callable[[int], NDArray[np.uint32]],
    signatures: Callable[[Ints], NDArray[np.uint8]],
    text: Callable[[int], str],
) -> NDArray[np.int32]:
    """Return the cluster of near duplicates that each of the distinct texts belongs to, shape (texts,).

    Two texts are in the same cluster if a chain of near duplicates connects them. `band(number)` returns the keys of
    one band for all texts, `signatures(rows)` the sketches of some texts, `text(row)` one text. Time is linear in the
    number of texts plus the number of candidate pairs. In a bucket with more than ALL_PAIRS members (texts that share
    long passages), each member is compared with the first one and with its NEIGHBOURS after sorting by another band,
    which puts similar texts next to each other; a few pairs can be missed there.
    """
    clusters: NDArray[np.int32] = np.arange(len(lengths), dtype=np.int32)
    eligible = np.flatnonzero(lengths >= SHORTEST).astype(np.int32)
    grams = lru_cache(maxsize=64)(lambda row: _gram_set(text(row)))
    rejected: Ints = np.empty((0, 2), dtype=np.int32)
    with track("comparing", BANDS, "bands") as advance:
        for number in range(BANDS):
            ties = partial(_keys_of, band, (number + 1) % BANDS, eligible)
            pairs: Ints = eligible[_candidates(band(number)[eligible], ties)]
            pairs = pairs[clusters[pairs[:, 0]] != clusters[pairs[:, 1]]]
            pairs = _without(pairs, rejected)
            worth = pairs[_agreement(signatures, pairs) >= WORTH_VERIFYING]
            near = np.array([_jaccard(grams(a), grams(b)) >= THRESHOLD for a, b in worth.tolist()], dtype=bool)
            rejected = np.concatenate([rejected, worth[~near]])
            if near.any():
                clusters = connect(clusters, worth[near])
            advance()
    return clusters


def _keys_of(
    band: Callable[[int], NDArray[np.uint32]], number: int, eligible: Ints, positions: Ints
) -> NDArray[np.uint32]:
    return band(number)[eligible[positions]]


def connect(clusters: Ints, pairs: NDArray[np.int64]) -> NDArray[np.int32]:
    """Merge the clusters of each pair of rows; number the clusters in the order of their first rows."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    size = int(clusters.max()) + 1
    touched, ends = np.unique(clusters[pairs], return_inverse=True)
    ends = ends.reshape(-1, 2)
    shape = (len(touched), len(touched))
    graph = coo_matrix((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=shape)
    _, merged = connected_components(graph, directed=False)
    first = touched[np.unique(merged, return_index=True)[1]][merged]  # the first cluster of those that are merged
    # A cluster that is merged into an earlier one leaves its number to those after it.
    stays = np.ones(size, dtype=np.int32)
    stays[touched] = first == touched
    numbers = np.cumsum(stays, dtype=np.int32) - 1
    del stays
    numbers[touched] = numbers[first]
    return np.asarray(numbers[clusters])


def _candidates(keys: NDArray[np.uint32], ties: Callable[[Ints], NDArray[np.uint32]]) -> NDArray[np.int64]:
    """Return pairs of positions that have the same key, shape (pairs, 2), the smaller position first.

    `ties` gives the keys by which the positions in one bucket are sorted.
    """
    shared = np.flatnonzero(among(keys, repeated(keys)))
    order = shared[np.lexsort((ties(shared), keys[shared]))]
    sorted_keys = keys[order]
    starts = np.flatnonzero(np.append(True, sorted_keys[1:] != sorted_keys[:-1])[: len(order)])
    sizes = np.diff(np.append(starts, len(order)))
    if not len(starts):
        return np.empty((0, 2), dtype=np.int64)
    pairs = [
        order[starts[sizes == size][:, None] + list(pair)]
        for size in range(2, ALL_PAIRS + 1)
        for pair in combinations(range(size), 2)
    ]
    for start, size in zip(starts[sizes > ALL_PAIRS].tolist(), sizes[sizes > ALL_PAIRS].tolist(), strict=True):
        members = order[start : start + size]
        pairs.append(np.stack([np.full(size - 1, members[0]), members[1:]], axis=1))
        pairs += [np.stack([members[:-step], members[step:]], axis=1) for step in range(1, NEIGHBOURS + 1)]
    return np.sort(np.concatenate(pairs), axis=1)


def _without(pairs: Ints, rejected: Ints) -> Ints:
    """Remove the pairs that were already verified and are not near duplicates."""
    if not len(pairs) or not len(rejected):
        return pairs
    size = int(max(pairs.max(), rejected.max())) + 1
    return pairs[~np.isin(pairs @ [size, 1], rejected @ [size, 1])]


def _agreement(signatures: Callable[[Ints], NDArray[np.uint8]], pairs: Ints) -> NDArray[np.float64]:
    """Estimate the Jaccard index of each pair as the share of positions at which their sketches are equal."""
    parts = [
        (signatures(part[:, 0]) == signatures(part[:, 1])).mean(axis=1)
        for part in np.array_split(pairs, len(pairs) // 50_000 + 1)
    ]
    return np.concatenate(parts)


def _gram_set(text: str) -> frozenset[str]:
    text = text[:LONGEST]
    return frozenset([text[start : start + GRAM] for start in range(len(text) - GRAM + 1)])


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)
