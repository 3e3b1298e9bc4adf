"""Writes a text otherwise without changing what it says: in a hurry, disguised, of another group, to another member, among harmless lines.

Knows spelling and names. Must not know labels. Rules: the meaning stays for a reader; few words of a text change; seeded.
"""

import random
import re
from collections.abc import Sequence
from pathlib import Path

_LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7"}
_KEYS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
    "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "w", "r": "et", "s": "ad", "t": "ry",
    "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x",
}  # fmt: skip
_WORD_LETTERS_MIN = 4


def _leet(word: str, chance: random.Random) -> str:
    return "".join(chance.choice(_LEET[c]) if c in _LEET and chance.random() < 0.6 else c for c in word.lower())


def _spaced(word: str, chance: random.Random) -> str:
    return chance.choice((" ", ".", "-", "_", "*")).join(word)


def _longer(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word))
    return word[:place] + word[place] * chance.randint(2, 5) + word[place + 1 :]


def _without_vowel(word: str, chance: random.Random) -> str:
    places = [n for n, c in enumerate(word) if c.lower() in "aeiou" and n]
    place = chance.choice(places) if places else len(word) // 2
    return word[:place] + chance.choice(("", "", "*")) + word[place + 1 :]


def _without_letter(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word))
    return word[:place] + word[place + 1 :]


def _swapped(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _slipped(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word))
    near = _KEYS.get(word[place].lower(), word[place])
    return word[:place] + chance.choice(near) + word[place + 1 :]


def _split(word: str, chance: random.Random) -> str:
    place = chance.randrange(2, len(word) - 1)
    return word[:place] + " " + word[place:]


_SPELLINGS = (_leet, _spaced, _longer, _without_vowel, _without_letter, _swapped, _slipped, _split)


THOROUGH_SHARE = 0.25


def respelled(text: str, chance: random.Random) -> str:
    """Return the text with one to three of its longer words misspelt or disguised, or in THOROUGH_SHARE of the calls all of them, alike."""
    words = text.split(" ")
    places = [n for n, word in enumerate(words) if len(word) >= _WORD_LETTERS_MIN and word.isalpha()]
    thorough = chance.choice(_SPELLINGS) if chance.random() < THOROUGH_SHARE else None
    for place in places if thorough else chance.sample(places, min(len(places), chance.randint(1, 3))):
        words[place] = (thorough or chance.choice(_SPELLINGS))(words[place], chance)
    return " ".join(words)


_PEOPLES = (
    ("muslim", "jewish", "christian", "hindu", "sikh", "catholic", "gay", "lesbian", "trans", "bisexual", "black",
     "asian", "white", "disabled", "deaf", "autistic", "polish", "irish", "romani", "pakistani", "indian", "african",
     "arab", "queer"),
    ("muslims", "jews", "christians", "hindus", "sikhs", "catholics", "lesbians", "poles", "travellers", "immigrants",
     "refugees", "pensioners", "arabs", "africans"),
    ("woman", "man"), ("women", "men"),
)  # fmt: skip
_OTHERS = {name: group for group in _PEOPLES for name in group}


def regrouped(text: str, chance: random.Random) -> str:
    """Return the text with each group of people that it names changed for another of the same grammatical form.

    What is said of one group is as fine, or as foul, said of another; one name becomes the same other name throughout.
    """
    changed: dict[str, str] = {}

    def other(found: re.Match[str]) -> str:
        name = found.group()
        if name.lower() not in changed:
            changed[name.lower()] = chance.choice(_OTHERS[name.lower()])
        made = changed[name.lower()]
        return made.capitalize() if name[0].isupper() else made

    return _NAMED.sub(other, text)


_NAMED = re.compile(rf"\b(?:{'|'.join(sorted(_OTHERS, key=len, reverse=True))})\b", re.IGNORECASE)


NAMES = tuple((Path(__file__).parent / "names.txt").read_text(encoding="utf-8").split())
_KNOWN_NAME = re.compile(rf"\b(?:{'|'.join(NAMES)})\b", re.IGNORECASE)


def renamed(text: str, chance: random.Random) -> str:
    """Return the text with each first name that names.txt holds changed for another; the same name throughout."""
    changed: dict[str, str] = {}

    def other(found: re.Match[str]) -> str:
        name = found.group()
        made = changed.setdefault(name.lower(), chance.choice(NAMES))
        return made if name[0].isupper() else made.lower()

    return _KNOWN_NAME.sub(other, text)


def hurried(text: str, chance: random.Random) -> str:
    """Return a carefully written text as it is typed on a phone: small letters, fewer marks, the usual short forms."""
    made = text.lower() if chance.random() < 0.8 else text
    if chance.random() < 0.7:
        made = made.replace("'", "").replace("\u2019", "")
    if chance.random() < 0.7:
        made = made.rstrip(".")
    if chance.random() < 0.5:
        made = re.sub(r"(?<=\w)[.,;:](?= )", "", made)
    for word, short in _SHORT_FORMS:
        if chance.random() < 0.4:
            made = re.sub(rf"\b{word}\b", short, made)
    return made


_SHORT_FORMS = (
    ("you're", "ur"), ("youre", "ur"), ("your", "ur"), ("you", "u"), ("are", "r"), ("and", "n"), ("to", "2"), ("for", "4"),
    ("because", "cos"), ("with", "w"), ("about", "abt"), ("going to", "gonna"), ("want to", "wanna"), ("please", "pls"),
    ("thanks", "ta"), ("people", "ppl"), ("tomorrow", "tmrw"), ("them", "em"), ("what", "wot"), ("something", "summat"),
)  # fmt: skip


JOINED_WITH = (1, 1, 2, 3)
JOINED_WORDS_MAX = 60


def in_company(text: str, harmless: Sequence[str], chance: random.Random) -> str:
    """Return the text somewhere among one to three of the harmless lines: as many as make JOINED_WORDS_MAX words, and one at least."""
    parts = [text]
    for line in chance.choices(harmless, k=chance.choice(JOINED_WITH)):
        if len(parts) == 1 or len(" ".join([*parts, line]).split()) <= JOINED_WORDS_MAX:
            parts.insert(chance.randint(0, len(parts)), line)
    ended = [part if part[-1:] in ".!?" or chance.random() < 0.3 else f"{part}." for part in parts[:-1]]  # noqa: PLR2004
    return " ".join([*ended, parts[-1]])


SPLICED_WORDS_MAX = 30
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


def spliced(texts: Sequence[str], chance: random.Random) -> str:
    """Return a text that nobody wrote: some sentences of one of the texts, and often, or where it has one alone, some of another behind them.

    Nobody knows its labels: a teacher says what it is.
    """
    parts: list[str] = []
    for text in chance.sample(texts, 2):
        sentences = [one for one in _SENTENCE_END.split(text.strip()) if one]
        if not sentences:
            continue
        count = chance.randint(1, max(1, len(sentences) - (not parts)))
        start = chance.randint(0, len(sentences) - count)
        parts += sentences[start : start + count]
        if len(sentences) > 1 and chance.random() < 0.5:
            break
    return " ".join(" ".join(parts).split()[:SPLICED_WORDS_MAX])
