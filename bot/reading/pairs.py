"""Pairs of words: how much likelier a word is after another one than anywhere else.

Knows: a table of pairs by the places of their words in a list. Must not know: texts, how words are disguised.
Rules: what is not in the table gains nothing; a table belongs to one list of words, and says which.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from zlib import crc32

PLACES_MAX = 1 << 15
"""Words that a table can name."""
STEPS = 10
"""Steps of a nat in which a gain is kept."""
_HEAD = 4


class Pairs:
    """A table of pairs.

    Its bytes: a checksum of the list of words, the pairs as sorted unsigned words of 32 bits, the gains as signed bytes.
    """

    def __init__(self, data: bytes = b"") -> None:
        """Take a table's bytes, little-endian; none is an empty table."""
        count = (len(data) - _HEAD) // 5 if data else 0
        self.words = int.from_bytes(data[:_HEAD], "little")
        self._keys, self._gains = array("I"), array("b")
        self._keys.frombytes(data[_HEAD : _HEAD + 4 * count])
        self._gains.frombytes(data[_HEAD + 4 * count :])
        if sys.byteorder == "big":
            self._keys.byteswap()

    def gain(self, first: int, second: int) -> float:
        """How much likelier the second word is behind the first than where it was never seen, in nats.

        Below 0 where that is less likely still ("the your"), 0 where nothing is known.
        """
        key = first * PLACES_MAX + second
        place = bisect_left(self._keys, key)
        return self._gains[place] / STEPS if place < len(self._keys) and self._keys[place] == key else 0.0


def checksum(words: Sequence[str]) -> int:
    """What a table says of the words that its places are of."""
    return crc32("\n".join(words).encode())


def table(words: Sequence[str], gains: Mapping[tuple[int, int], float]) -> bytes:
    """The bytes of a table: gains in nats by the places of two words."""
    kept = sorted((first * PLACES_MAX + second, max(-128, min(127, round(gain * STEPS)))) for (first, second), gain in gains.items())
    keys, steps = array("I", [key for key, _ in kept]), array("b", [step for _, step in kept])
    if sys.byteorder == "big":
        keys.byteswap()
    return checksum(words).to_bytes(_HEAD, "little") + keys.tobytes() + steps.tobytes()
