"""What one word may have been written for, by the ways in which people and thumbs disguise words, and what each way costs.

Knows: slips of the fingers, the keys beside each key, prices. Must not know: which words there are, texts.
Rules: prices are negative logarithms of how likely a way is, up to a constant, so that they add up with what words cost; every step is
bounded by the length of a word.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple


class Way(StrEnum):
    """How a word was disguised."""

    NONE = "none"
    SPELT = "spelt as everybody knows it"
    BARE = "without vowels"
    MOVED = "two letters moved"
    TWICE = "a letter twice"
    MORE = "a letter more"
    KEY = "the key beside it"
    DROPPED = "a letter dropped"
    VOWEL = "another vowel"
    LOOKS = "letters that look alike"
    MASKED = "x for vowels"
    FIRST = "the first letter dropped"
    ENDS = "its ends exchanged"
    JUMBLED = "its middle jumbled"
    SOUND = "by ear"
    BACKWARDS = "backwards"
    TOGETHER = "run together"
    APART = "cut by a blank"


PRICES = {
    Way.NONE: 0.0,
    Way.SPELT: 1.0,
    Way.BARE: 1.5,
    Way.MOVED: 5.0,
    Way.TWICE: 5.0,
    Way.MORE: 7.0,
    Way.KEY: 6.0,
    Way.DROPPED: 6.0,
    Way.VOWEL: 6.0,
    Way.LOOKS: 4.0,
    Way.MASKED: 2.0,
    Way.FIRST: 7.0,
    Way.ENDS: 7.0,
    Way.JUMBLED: 5.5,
    Way.SOUND: 4.5,
    Way.BACKWARDS: 6.5,
    Way.TOGETHER: 0.0,
}
"""What each way costs where nothing is known of how the other words were disguised; words that were run together cost by the cut."""
USUAL_PRICE, OTHER_PRICE_MIN, KNOWN_PRICE = 1.5, 7.0, 3.0
"""What a way costs in a text of which it is the usual one, what any other costs there, and what it costs more to read a known word as
another: nothing in the usual way, as every fifth word from which a letter is dropped is another one then."""
CUT_PRICE, CUT_USUAL_PRICE = 5.0, 0.5
"""What each place costs at which a word is cut into several, and where words are usually run together."""
JOINED_PRICE, JOINED_KNOWN_PRICE, JOINED_SHORT_PRICE = 1.0, 3.0, 3.0
"""What words cost that are read as one, how much more where each is a word by itself, and where one of them is "a" or "i"."""
JOINED_USUAL_PRICE, JOINED_USUAL_KNOWN_PRICE = 0.5, 1.5
"""The same where words are usually cut by blanks."""
USUAL_WAYS_MAX = 2
"""Ways that are tried as the usual one of a text, besides none."""
USUAL = frozenset(Way).difference({Way.NONE, Way.SPELT, Way.BACKWARDS})

_SOUNDS = tuple(
    tuple(pair.split(">"))
    for pair in "k>c k>ck z>s f>ph oo>u u>oo a>er ah>er uh>er a>or a>ar er>ar or>er ks>x kw>qu f>th ee>ea ee>ie ea>ee ie>y y>ie y>i i>y "
    "shun>tion y>igh ite>ight n>kn r>wr w>wh j>g s>c x>cks d>th v>th w>l w>r ny>n in>ing".split()
)
"""How a word may be written by ear, and how it is spelt."""
_LOOKS = tuple(tuple(pair.split(">")) for pair in "l>i i>l rn>m cl>d vv>w ci>a q>g nn>m".split())
"""Letters that look like others, and those."""
_SOUNDS_MAX, _LOOKS_MAX = 2, 3
"""Sounds of one word that are written so, and letters of one word that stand for others."""
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_VOWELS = "aeiou"
_LETTERS = "etaoinsrhldcumfpgwybvkxjqz"


class Guess(NamedTuple):
    """What a word may have been written for: the words, how they were disguised, and whether it is a word as it stands."""

    said: tuple[str, ...]
    way: Way
    known: bool

    def price(self, usual: Way) -> float:
        """What the disguise costs in a text in which one way is usual, or `Way.NONE`; what the words cost comes on top."""
        if self.way is Way.NONE:
            return 0.0
        if self.way is Way.TOGETHER:
            return (CUT_USUAL_PRICE if usual is Way.TOGETHER else CUT_PRICE) * (len(self.said) - 1)
        if self.way is usual or (self.way is Way.MOVED and usual is Way.JUMBLED):  # two letters moved are a middle jumbled a little
            return USUAL_PRICE
        price = PRICES[self.way]
        return (price if usual is Way.NONE or self.way is Way.SPELT else max(price, OTHER_PRICE_MIN)) + KNOWN_PRICE * self.known


def joined_price(usual: Way, *, known: bool, short: bool) -> float:
    """What words cost that are read as one: `known` where each is a word, `short` where one of them is "a" or "i"."""
    if usual is Way.APART:
        return JOINED_USUAL_PRICE + JOINED_USUAL_KNOWN_PRICE * known
    return JOINED_PRICE + JOINED_KNOWN_PRICE * known + JOINED_SHORT_PRICE * short


def usual_ways(ways: Iterable[Way]) -> list[Way]:
    """The ways that may be the usual one of a text, by those in which its words seem to be disguised, the likeliest first."""
    counts = Counter(way for way in ways if way in USUAL)
    return sorted(counts, key=lambda way: (-counts[way], way))[:USUAL_WAYS_MAX]


def _neighbours() -> dict[str, str]:
    """The keys beside each key."""
    beside: dict[str, set[str]] = {key: set() for row in _KEYS for key in row}
    for row_number, row in enumerate(_KEYS):
        for place, key in enumerate(row):
            near = [row[place - 1 : place], row[place + 1 : place + 2]]
            if row_number + 1 < len(_KEYS):
                near += _KEYS[row_number + 1][max(0, place - 1) : place + 1]
            for other in near:
                if other:
                    beside[key].add(other)
                    beside[other].add(key)
    return {key: "".join(sorted(others)) for key, others in beside.items()}


NEIGHBOURS = _neighbours()
_BESIDE = {key: frozenset(others) for key, others in NEIGHBOURS.items()}


def undone(word: str) -> Iterator[tuple[Way, str]]:
    """What a word is with one disguise of a letter undone, by ear, and backwards: whatever it may be, a word or not."""
    yield Way.BACKWARDS, word[::-1]
    if len(word) > 2:  # noqa: PLR2004 - letters
        yield from _without_a_slip(word)
        yield from ((Way.SOUND, one) for one in _changed(word, _SOUNDS, _SOUNDS_MAX))
        yield from ((Way.LOOKS, one) for one in _changed(word, _LOOKS, _LOOKS_MAX))
        yield Way.ENDS, word[-1] + word[1:-1] + word[0]
        yield Way.ENDS, "".join(word[n + 1 : n + 2] + word[n] for n in range(0, len(word), 2))
        yield from ((Way.FIRST, letter + word) for letter in _LETTERS)
    for n in range(1, len(word) + 1):
        for letter in _LETTERS:
            yield Way.DROPPED, word[:n] + letter + word[n:]


def _without_a_slip(word: str) -> Iterator[tuple[Way, str]]:
    """A word with two letters moved back, one left out, or another one in its place."""
    for n in range(len(word) - 1):
        yield Way.MOVED, word[:n] + word[n + 1] + word[n] + word[n + 2 :]
    for n, letter in enumerate(word):
        beside = word[max(0, n - 1) : n] + word[n + 1 : n + 2]
        if (twice := letter in word[n - 1 : n]) or len(word) > 5 or not _BESIDE[letter].isdisjoint(beside):  # noqa: PLR2004 - letters
            yield Way.TWICE if twice else Way.MORE, word[:n] + word[n + 1 :]
        yield from ((Way.KEY, word[:n] + key + word[n + 1 :]) for key in NEIGHBOURS[letter])
        if letter in _VOWELS:
            yield from ((Way.VOWEL, word[:n] + vowel + word[n + 1 :]) for vowel in _VOWELS)


def _changed(word: str, rules: Sequence[tuple[str, ...]], most: int) -> set[str]:
    """A word with letters replaced by rules, at most so many times."""
    found, last = {word}, {word}
    for _ in range(most):
        further = {_at(one, place, written, spelt) for one in last for written, spelt in rules for place in _places(one, written)}
        last = further - found
        found |= last
    return found


def _places(word: str, written: str) -> Iterator[int]:
    place = word.find(written)
    while place >= 0:
        yield place
        place = word.find(written, place + 1)


def _at(word: str, place: int, written: str, spelt: str) -> str:
    return word[:place] + spelt + word[place + len(written) :]
