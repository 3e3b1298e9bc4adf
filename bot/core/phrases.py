"""Phrases: those of banks, found in a text as whole words however they are written, and phrases with a harmless meaning.

Knows: how a phrase may be spelt out, spaced out, lengthened, written with digits for letters, cut in two messages.
Must not know: rules, policies, platforms, or what any phrase means.
Rules: find takes any string and never raises, and is linear in the text's length; what it finds stands where the original text has it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, pairwise, product

import ahocorasick

from bot.core.text import LETTER, SIGN, Folded, fold, folded_sign


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase of a bank, as the bank writes it, and where it stands in the original text."""

    bank: str
    phrase: str
    start: int
    end: int


# The bank, the phrase, its pieces (at each `*` between two, a word goes on), and what reads all but the first of them.
_Phrase = tuple[str, str, tuple[str, ...], re.Pattern[str]]
_REST = re.compile(rf"(?:{SIGN}|'(?={SIGN}))*")  # of a word
_BEGINS = re.compile(rf"(?!{SIGN})|(?<!{SIGN})(?<!{SIGN}')")  # where a phrase may begin: not within a word
_ENDS = re.compile(rf"(?<!{SIGN})|(?!'?{SIGN})|'s(?!{SIGN})")  # a possessive 's is no part of a word


_CHOICE = re.compile(r"\{([^{}|]+(?:\|[^{}|]+)+)\}")


def spelt_out(phrase: str) -> list[str]:
    """Return every phrase that one with choices stands for: "slash {your|his} tyres" is two.

    Raises ValueError for a choice of one or of nothing, one within another, and one that does not end.
    """
    parts = _CHOICE.split(phrase)  # what stands between, and the choices, in turn
    if any("{" in between or "}" in between for between in parts[::2]):
        problem = f"in the phrase {phrase!r} a choice is broken: write it as in 'slash {{your|his}} tyres'"
        raise ValueError(problem)
    return ["".join(chosen) for chosen in product(*(part.split("|") if number % 2 else [part] for number, part in enumerate(parts)))]


def _phrase(bank: str, phrase: str) -> _Phrase:
    pieces = [fold(piece).text for piece in phrase.strip().split("*")]
    pieces[0], pieces[-1] = pieces[0].lstrip(), pieces[-1].rstrip()
    if not "".join(pieces):
        problem = f"bank '{bank}': the phrase {phrase!r} is empty, or nothing is left of it when it is folded"
        raise ValueError(problem)
    if not all(before[-1:].isalnum() and after[:1] in ("", " ") for before, after in pairwise(pieces)):
        problem = f"bank '{bank}': in the phrase {phrase!r}, '*' may stand only at the end of a word"
        raise ValueError(problem)
    return bank, phrase, tuple(pieces), re.compile("".join(_REST.pattern + re.escape(piece) for piece in pieces[1:]))


_LEET = {"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "il", "|": "li"}
_LEET_WORD = re.compile(rf"(?:{SIGN}|[@$!])(?:[!|]*(?:{SIGN}|[@$]))*")  # a word's last "!" or "|" is punctuation
_ORDINARY = re.compile(rf"{LETTER}{{1,2}}\d+|{LETTER}+\d{{2,}}|[@$]?\d+{LETTER}{{0,2}}")  # A55, g20, 10am, 5g, $5m
_CALLS_FOR_LEET = re.compile(r"[a-z][013457@$]|[013457@$!|][a-z]")
_SEPARATORS = " .-_~|/+·•"
_SPACED = re.compile(rf"(?<![^\W_])(?<!')(?:{SIGN}|[@$!])(?:[ .\-_~|/+·•]{{1,4}}(?:{SIGN}|[@$!])){{3,}}(?!{SIGN})")
_SHORT_WORDS = ("a", "i", "u", "ura")  # what may stand before a spaced-out phrase without a wider gap: "a l i a r"
_DOUBLE = re.compile(rf"({LETTER})\1")
_LETTERS_SAID = frozenset("abciknoruxy")  # a letter by itself that says something: "k", "u", "y"


def _leet(word: str) -> bool:
    """Tell whether digits and signs stand for letters in a word."""
    has_letter = any(map(str.isalpha, word))
    return has_letter and not _LEET.keys().isdisjoint(word) and not _ORDINARY.fullmatch(word)


def _leet_words(folded: str) -> Iterator[tuple[int, int]]:
    for found in _LEET_WORD.finditer(folded):
        if _leet(found[0]):
            yield found.span()


class _Reading:
    """A second reading: for each token the letters it may stand for, whether it is lengthened, and where it stands.

    `text` has one character for each token, to see where words begin and end. `early` are tokens inside a spaced-out
    word at which a phrase may begin all the same.
    """

    def __init__(self, text: str, folded: Folded) -> None:
        self.folded, self.source = folded, text
        size = len(folded.text)
        self.loose, self.dropped = bytearray(size), bytearray(size)
        self.tokens: list[tuple[str, bool, int, int]] = []  # its letters, lengthened or not, its place in the folded text
        self.early: set[int] = set()
        for start, end in _leet_words(folded.text):
            self.loose[start:end] = b"\1" * (end - start)
        self._read({place for found in _SPACED.finditer(folded.text) for place in self._join(found)})
        self.text = "".join(letters[0] for letters, _, _, _ in self.tokens)

    def _join(self, run: re.Match[str]) -> Iterator[int]:
        """Drop what stands between spaced-out letters, except wider gaps; give the places where a phrase may begin."""
        places = [place for place in range(*run.span()) if run.string[place] not in _SEPARATORS]
        origin = self.folded.origin
        narrow = min(origin[after] - origin[before] for before, after in pairwise(places))
        for before, after in pairwise(places):
            if origin[after] - origin[before] == narrow:
                self.dropped[before + 1 : after] = b"\1" * (after - before - 1)
        joined = "".join(run.string[place] for place in places)
        if _leet(joined):
            for place in places:
                self.loose[place] = 1
        yield from (places[len(short)] for short in _SHORT_WORDS if joined.startswith(short))

    def _read(self, early: set[int]) -> None:
        folded, origin = self.folded.text, self.folded.origin
        place = 0
        while place < len(folded):
            sign, last, count, after = folded[place], place, 1, place + 1
            while sign.isalpha() and after < len(folded) and (self.dropped[after] or folded[after] == sign):
                if not self.dropped[after]:
                    last, count = after, count + 1
                after += 1
            between = self.source[origin[place] + 1 : origin[last]]
            long = count > 2 or (count == 2 and any(sign in folded_sign(other) for other in between))  # noqa: PLR2004
            if not self.dropped[place]:
                if place in early:
                    self.early.add(len(self.tokens))
                letters = _LEET.get(sign, "") + sign if self.loose[place] else sign
                self.tokens.append((letters, long, place, last + 1 if long else place + 1))
            place = last + 1 if long else place + 1

    def follow(self, pieces: Sequence[str], start: int) -> int:
        """Give the token after a phrase that starts at token `start`, or -1 when the tokens do not spell it."""
        token = start
        for number, piece in enumerate(pieces):
            if number and (rest := _REST.match(self.text, token)):
                token = rest.end()
            letter = 0
            while letter < len(piece):
                if token >= len(self.tokens) or piece[letter] not in self.tokens[token][0]:
                    return -1
                letter += 2 if self.tokens[token][1] and piece[letter : letter + 2] == piece[letter] * 2 else 1
                token += 1
        return token


def _calls_for_second_reading(text: str, folded: Folded) -> bool:
    if _SPACED.search(folded.text) or (_CALLS_FOR_LEET.search(folded.text) and any(_leet_words(folded.text))):
        return True
    if len(text) == len(folded.text) and text.isascii():
        return False
    doubles = (found.start() for found in _DOUBLE.finditer(folded.text))
    return any(folded.origin[place + 1] - folded.origin[place] > 1 for place in doubles)


def _skeleton(text: str) -> tuple[str, list[int]]:
    """Give the text with i and l as one and repeats as one, to look phrases up by, and the place of each character."""
    signs = text.replace("i", "l")
    places = [place for place, sign in enumerate(signs) if place == 0 or signs[place - 1] != sign]
    return "".join(signs[place] for place in places), places


def _same(one: Found, other: Found) -> bool:
    return (one.bank, one.phrase) == (other.bank, other.phrase) and one.start < other.end and other.start < one.end


def _with_brackets(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range with the bracket beside it whose other half stands within: of "(l)iar" more than "l)iar" is shown."""
    within = text[start:end]
    for opening, closing in ("()", "[]", "{}", "<>"):
        missing = within.count(closing) - within.count(opening)
        if missing > 0 and text[:start].endswith(opening):
            start -= 1
        if missing < 0 and text.startswith(closing, end):
            end += 1
    return start, end


class PhraseIndex:
    """All banks of words as one automaton (Aho-Corasick), and a second one for second readings.

    A phrase is one or more words; `*` at the end of a word lets it go on with anything, and `{a|b}` is a choice (`spelt_out`).
    Raises ValueError for an empty bank, a phrase that is empty or folds to nothing, a `*` elsewhere, and a choice that is broken.
    """

    def __init__(self, banks: Mapping[str, Sequence[str]]) -> None:
        plain: dict[str, list[_Phrase]] = {}
        skeletons: dict[str, list[_Phrase]] = {}
        for bank, phrases in banks.items():
            if not phrases:
                problem = f"bank '{bank}' is empty"
                raise ValueError(problem)
            for written in (spelt for phrase in phrases for spelt in spelt_out(phrase)):
                phrase = _phrase(bank, written)
                plain.setdefault(phrase[2][0], []).append(phrase)
                skeletons.setdefault(_skeleton(phrase[2][0])[0], []).append(phrase)
        self._plain, self._skeletons = ahocorasick.Automaton(), ahocorasick.Automaton()
        for automaton, keys in ((self._plain, plain), (self._skeletons, skeletons)):
            for key, entries in keys.items():
                automaton.add_word(key, (len(key), tuple(entries)))
            automaton.make_automaton()

    def find(self, text: str, folded: Folded | None = None, meant: Folded | None = None) -> list[Found]:
        """Give every phrase that stands in the text as whole words, sorted by place; `folded` spares folding it.

        `meant` is another reading of the text (`Reader.read`): what it has and the text does not is found too.
        """
        if folded is None:
            folded = fold(text)
        if not self._plain or not folded.text:
            return []
        places = set(self._find_plainly(folded.text))
        if _calls_for_second_reading(text, folded):
            places.update(self._find_loosely(_Reading(text, folded)))
        found = {Found(*phrase[:2], *folded.original(start, end)) for phrase, start, end in places}
        if meant is not None and meant is not folded:
            plainly = ((phrase, meant.original(start, end)) for phrase, start, end in self._find_plainly(meant.text))
            also = {Found(*phrase[:2], *_with_brackets(text, *place)) for phrase, place in plainly}
            found |= {one for one in also if not any(_same(one, other) for other in found)}
        return sorted(found, key=lambda one: (one.start, one.end, one.bank, one.phrase))

    def across(self, text: str, seams: Sequence[int]) -> Iterator[Found]:
        """Give the phrases of one word that were cut at seams, one letter of them a message or the edge of one: "f", "ag you".

        Letters that are words in a chat cut nothing off: after "double chin" a "k" says yes.
        """
        for first, last in combinations_with_replacement(range(len(seams)), 2):
            start, end = text.rfind(" ", 0, seams[first]) + 1, text.find(" ", seams[last] + 1)
            places = [place for place in range(start, len(text) if end < 0 else end) if place not in seams]
            pieces = text[start : places[-1] + 1].split(" ") if places else []
            if len(pieces) != last - first + 2 or not any(len(one) == 1 and one.lower() not in _LETTERS_SAID for one in pieces):
                continue  # somebody said more than one word between
            for one in self.find("".join(pieces)):
                begin, after = places[one.start], places[one.end - 1] + 1
                if any(begin < seam < after for seam in seams):
                    yield Found(one.bank, one.phrase, begin, after)

    def _find_plainly(self, folded: str) -> Iterator[tuple[_Phrase, int, int]]:
        for last, (length, phrases) in self._plain.iter(folded):
            start = last + 1 - length
            if not _BEGINS.match(folded, start):
                continue
            for phrase in phrases:
                tail = phrase[3].match(folded, last + 1)
                if tail and _ENDS.match(folded, tail.end()):
                    yield phrase, start, tail.end()

    def _find_loosely(self, reading: _Reading) -> Iterator[tuple[_Phrase, int, int]]:
        skeleton, places = _skeleton(reading.text)
        for last, (length, phrases) in self._skeletons.iter(skeleton):
            start = places[last + 1 - length]
            if start not in reading.early and not _BEGINS.match(reading.text, start):
                continue
            for phrase in phrases:
                end = reading.follow(phrase[2], start)
                if end > start and _ENDS.match(reading.text, end):
                    yield phrase, reading.tokens[start][2], reading.tokens[end - 1][3]


class Meanings:
    """Phrases in a harmless meaning of words that have a foul one too, and what is read in their place: "a fag break"."""

    def __init__(self, reads: Mapping[str, str]) -> None:
        """`reads` leads from phrases (as `PhraseIndex` takes them) to what they mean. Raises ValueError as `PhraseIndex` does."""
        self._reads = {spelt: meant for phrase, meant in reads.items() for spelt in spelt_out(phrase)}
        self._index = PhraseIndex({"": [*reads]} if reads else {})

    def read(self, text: str) -> str:
        """Return the text with the meaning of each phrase in its place; of those that overlap the first and longest counts.

        What is read so is read once more: in "nip out for a fag" two phrases share a word.
        """
        once = self._once(text)
        return once if once == text else self._once(once)

    def _once(self, text: str) -> str:
        parts, end = [], 0
        for found in sorted(self._index.find(text), key=lambda one: (one.start, -one.end)):
            if found.start >= end:
                parts += [text[end : found.start], self._reads[found.phrase]]
                end = found.end
        return "".join([*parts, text[end:]])
