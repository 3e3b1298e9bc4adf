"""The words of English, and what reads disguised words by them: the only place that reads the list.

Knows: a file beside it. Must not know: policies, texts.
Rules: nothing is imported here that scoring does not need; the list is read once.
"""

from collections.abc import Iterable
from functools import cache
from importlib import resources

from bot.reading.disguises import Disguises
from bot.reading.pairs import Pairs
from bot.reading.vocabulary import Vocabulary

WORDS = "words.en.txt"
"""One word a line, the commonest first; `training/words.py` makes it."""
RARE = "rare.en.txt"
"""Words that there are, one a line: nobody who writes them hides another one. `training/words.py` makes it from a dictionary."""
PAIRS = "pairs.en.bin"
"""How much likelier a word is after another; `training/words.py` makes it, for this list of words and no other."""


@cache
def load_words() -> tuple[str, ...]:
    """The words, the commonest first."""
    return tuple((resources.files("bot.reading") / WORDS).read_text(encoding="utf-8").split())


@cache
def load_rare() -> frozenset[str]:
    """The words that are rare and no disguise; lines that begin with "#" say whose list it is."""
    lines = (resources.files("bot.reading") / RARE).read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


@cache
def load_pairs() -> Pairs:
    """The pairs of words."""
    return Pairs((resources.files("bot.reading") / PAIRS).read_bytes())


def load_disguises(more: Iterable[str] = (), abusive: Iterable[str] = ()) -> Disguises:
    """What reads disguised words; `more` are words that a policy looks for and that people may hide, `abusive` those nobody is shown."""
    return Disguises(Vocabulary(load_words(), more, abusive, load_pairs, load_rare()))
