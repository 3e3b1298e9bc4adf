"""Text: folding with the map back, quoted spans, words, and the phrases of banks.

Knows: how people disguise letters, how chat marks up and quotes, what a word is.
Must not know: rules, policies, platforms, or what any phrase means.
Rules: fold, quoted, words and find take any string and never raise; every step is linear in the text's length;
folding is idempotent; every position handed out can be led back to the original text.

Folding makes the one reading that is nearly always right. Readings that would wreck ordinary text (digits for letters,
letters spaced out, lengthened letters as one) are made by `PhraseIndex.find`, and only where a text calls for them.

To fold one more character: add it to a pair of strings in `_look_alikes`.
"""
# ruff: noqa: RUF001 - characters that look like others are what this file is about

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement, pairwise, product
from typing import NamedTuple, Protocol

import ahocorasick

from bot.core.model import Role

CHARACTERS_REMEMBERED_MAX = 8192  # more kinds of character than any chat uses; bounds the memory of `_character`
QUOTATION_CHARS_MAX = 2000  # the length of a whole Discord message; what is longer is no quotation


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text; `origin` holds for each of its characters the index of the original one it came from."""

    text: str
    origin: tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Lead the half-open range of the folded text back to a half-open range of the original."""
        if not self.origin:
            return 0, 0
        first = self.origin[start] if start < len(self.origin) else self.origin[-1] + 1
        places = self.origin[start:end]  # what was written backwards is led back backwards
        return (min(places), max(places) + 1) if places else (first, first)


def _look_alikes() -> dict[str, str]:
    """Characters that no normal form of Unicode takes to the Latin letter or ASCII sign that they look like."""
    pairs = (
        ("абвгеікмнорстухѕјһԁԛԝьѵӏ", "abbreikmhopctyxsjhdqwbvl"),  # Cyrillic, small: with the forms of its capitals
        ("αβγεηικνορστυχωμϲϳ", "abyenikvopotuxwucj"),
        ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abezhikmnoptyx"),  # before folding case: small eta looks like n, the capital like H
        ("օսհոցյզ", "ouhngjq"),  # Armenian
        ("ᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᏢᏒᏚᎢᏙᎳᎩᏃ", "abcdeghijklmprstvwyz"),  # Cherokee
        ("ıȷɑɡǝəɐɹʇʌɯʉǀ", "ijageeartvmul"),
        ("ҳӿŋҽԍꙇѡүпᴨзɩᴑꬽƽꞟɣᴦϝϻքռգտաᏏᏧᏳᏂᎡᏕᏔᎽ", "xxnegiwynnzioosuyrfmfnqswbdghrswy"),
        ("ⲥⲏⲕⲓⳑⲙⲛⲟⲣⲅⲧⲭⲩ𐐽𐑃𐐬𐑈𐌁𐌂𐌠𐌉𐌑𐌕𐌢𐌗", "chkilmnoprtxyclosbcllmtxx"),  # Coptic, Deseret, Old Italic
        ("‘’‚‛′‵ʹʻʼʽˈ´‹›“”„‟″«»⁄−", "''" * 7 + '"' * 7 + "/-"),
    )
    table = {sign: plain for signs, plains in pairs for sign, plain in zip(signs, plains, strict=True)}
    for first in (0x1F1E6, 0x1F150, 0x1F170):  # regional indicators, white letters on black circles and squares
        table.update({chr(first + place): chr(ord("a") + place) for place in range(26)})
    return table | {"æ": "ae", "œ": "oe", "ð": "d", "þ": "th"} | dict.fromkeys("\u115f\u1160\u3164\uffa0\u2800", "")


_LOOK_ALIKES = _look_alikes()
_VARIANT = re.compile(r"LATIN (?:SMALL|CAPITAL) LETTER ([A-Z]) WITH .*|LATIN LETTER SMALL CAPITAL ([A-Z])")
"""What Unicode calls a Latin letter with a hook, a stroke or a tail that no normal form takes off."""
_INVISIBLE = frozenset({"Mn", "Me", "Cf", "Cc", "Cs"})  # marks, zero width, bidi, soft hyphen, controls, surrogates


@lru_cache(maxsize=CHARACTERS_REMEMBERED_MAX)
def _character(sign: str) -> str:
    """Fold one character. Each character of the answer folds to itself, which is what makes folding idempotent."""
    if (plain := _LOOK_ALIKES.get(sign)) is not None:
        return plain
    if sign.isspace():
        return " "
    category = unicodedata.category(sign)
    if category in _INVISIBLE:
        return ""
    if category == "Pd":
        return "-"
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", sign).casefold())
    if plain == sign and (variant := _VARIANT.fullmatch(unicodedata.name(sign, ""))):
        return (variant[1] or variant[2]).lower()
    return sign if plain == sign else "".join(map(_character, plain.strip()))  # a lone accent is a space and a mark


_LETTER = r"[^\W\d_]"
_SIGN = r"[^\W_]"
_KEPT = r"(?P<kept><[@#:!][^<>&;\s]*>|@\w+"  # mentions, rooms, emoji: their `_` and repeats are theirs
_STEPS = (
    re.compile(_KEPT + rf"|(?<={_SIGN})_(?={_SIGN})|[~|](?![*`~|_]))|[*`~|_]+"),  # first: it may stand inside an entity
    re.compile(r"&(?:amp;)*(?P<entity>amp|lt|gt|quot|apos|#39|nbsp);"),
    re.compile(_KEPT + rf")|(?P<blanks> {{2,}})|(?P<letter>{_LETTER})(?P=letter){{2,}}"),
)
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "#39": "'", "nbsp": " "}
_ASCII_MARKUP = re.compile(r"[^ !-)+-^a-{}]|&|  ")  # of lower-case ASCII: controls, blanks other than one space, markup
_ASCII_REPEATS = re.compile(r"([a-z])\1\1")


def _changed(found: re.Match[str]) -> tuple[str, tuple[int, ...]]:
    """Give the new characters, and the place in the text for each."""
    if found.lastgroup == "letter":  # the first and the last of the run stay: the range of a phrase covers all of it
        return found["letter"] * 2, (found.start(), found.end() - 1)
    if found.lastgroup == "entity":
        return _ENTITIES[found["entity"]], (found.start(),)
    return (" ", (found.start(),)) if found.lastgroup == "blanks" else ("", ())


def fold(text: str) -> Folded:
    """Take off what disguises or decorates letters; keep digits, punctuation and mentions. Idempotent.

    NFKC, case, accents, look-alikes, invisible characters, markup, the entities that Slack escapes, typographic quotes
    and dashes, runs of blanks (one is left) and of three or more of one letter (two are left).
    """
    if text.isascii():
        lower = text.lower()
        if not _ASCII_MARKUP.search(lower) and not _ASCII_REPEATS.search(lower):
            return Folded(lower, tuple(range(len(lower))))
    signs = [_character(sign) for sign in text]
    origin = [place for place, sign in enumerate(signs) for _ in sign]
    folded = "".join(signs)
    for pattern in _STEPS:
        parts: list[str] = []
        places: list[int] = []
        done = 0
        for found in pattern.finditer(folded):
            if found.lastgroup != "kept":
                new, from_places = _changed(found)
                parts += folded[done : found.start()], new
                places += origin[done : found.start()] + [origin[place] for place in from_places]
                done = found.end()
        folded, origin = "".join(parts) + folded[done:], places + origin[done:]
    return Folded(folded, tuple(origin))


_WORD = re.compile(rf"{_SIGN}+(?:'{_SIGN}+)*")


def words(folded: str) -> list[tuple[str, int, int]]:
    """Give the words of a folded text (letters, digits, apostrophes inside) with their positions in it."""
    return [(word[0], word.start(), word.end()) for word in _WORD.finditer(folded)]


_BLOCK = re.compile(r"```(.*?)```|^[ \t]*(?:>|&gt;){3,}[ \t]?(.*)|^[ \t]*(?:>|&gt;){1,2}[ \t]?([^\n]*\n?)", re.DOTALL | re.MULTILINE)
_OPENING = re.compile(r"(?:\A|(?<=[\s(\[:\u2013\u2014]))(?:([\"“])|['‘])(?=\S)")
_CLOSINGS = (re.compile(r"(?<=\S)['’](?!\w)"), re.compile(r"(?<=\S)[\"”](?!\w)"))
_ELISION = re.compile(r"(?:tis|twas|till?|cause|cos|coz|em|bout|n|round|ere|\d\ds?)\b", re.IGNORECASE)
_SAYING = re.compile(
    r"""(?: : | \b(?:sa(?:id|ys?|ying)|wr(?:ote|ites?)|shout(?:ed|s)|yell(?:ed|s)|replied|tweeted|posted|quot(?:ed|es?)|
    words?|term|phrase|slur)(?:\s+(?:to\s+\S+|me|him|her|us|them))?,? | \b(?:told|tells?|asked)(?:\s+\S+)?,? |
    \b(?<!so-)(?<!so\s)call(?:ed|s|ing)?(?:\s+[^\s.!?;]+){0,4} )\s*\Z""",
    re.IGNORECASE | re.VERBOSE,
)
_CALLING_YOU = re.compile(
    r"(?:\A|[.!?]\s+)(?:[@<]\S+[,:]?\s+)?(?:you(?:['’]?re|\s+are)?|u(?:\s+are)?|ur)(?:\s+(?:a|an|such|the|just|all|one|nothing|but))*\s*\Z",
    re.IGNORECASE,
)  # you are a "pathetic liar": the marks are the speaker's own, nobody else said it
_SAYS = re.compile(r"(?<![\w@<#&|])[^\W_][\w'’-]*(?![\w>|])")  # a word that is no mention
_SAYING_CHARS_MAX = 80  # how far before a quotation the verb of saying may stand


class Meant(NamedTuple):
    """One way in which a text may be meant: what it says then, and by how many nats the likeliest way is likelier (0: this is it).

    `blurred`: the text is disguised all over, so that no way to read it is without a mistake.
    """

    folded: Folded
    behind: float = 0.0
    blurred: bool = False


class Reader(Protocol):
    """What reads a text as it is meant: the one way by which the core learns what stands behind a disguise."""

    def read(self, text: str, folded: Folded | None = None) -> Folded:
        """What a text says, led back to the text; the folded text itself, the same object, where nothing in it is disguised."""

    def ways(self, text: str) -> Sequence[Meant]:
        """The ways in which a text may be meant, the likeliest first, which is what `read` says."""


class AsFolded:
    """Reads every text as it is folded: for policies without a list of words."""

    def read(self, text: str, folded: Folded | None = None) -> Folded:
        """The folded text."""
        return fold(text) if folded is None else folded

    def ways(self, text: str) -> list[Meant]:
        """The folded text alone."""
        return [Meant(fold(text))]


def quoted(text: str) -> list[tuple[Role, int, int]]:
    """Split a text into what its author said and what it quotes, in order; only the quote marks are left out.

    Quoted are lines that start with ">" (from ">>>" on, all that follows), code blocks, and what stands in quotation
    marks when it has two words or more, or a verb of saying or a colon before it. An unclosed mark quotes nothing, and
    neither do marks or code around all that somebody says, but for whom they say it to: the words are theirs.
    """
    ranges, theirs = _parted(text)
    if theirs:
        return [(Role.SAID, 0, len(text))] if text else []
    return [(role, start, end) for role, start, end in ranges if start < end]


def unmarked(text: str) -> str:
    """A text without the marks around all that it says; else the text itself."""
    ranges, theirs = _parted(text)
    return "".join(text[start:end] for _, start, end in ranges) if theirs else text


def _parted(text: str) -> tuple[list[tuple[Role, int, int]], bool]:
    """What is said and what is quoted, and whether marks stand around all that is said, so that it is the author's own."""
    ranges: list[tuple[Role, int, int]] = []
    done, marked = 0, True
    for block in _BLOCK.finditer(text):
        ranges += _speech(text[done : block.start()], done)
        if block.lastindex:
            ranges.append((Role.QUOTED, *block.span(block.lastindex)))
            marked = marked and block.lastindex == 1
        done = block.end()
    ranges += _speech(text[done:], done)
    return ranges, marked and not any(role is Role.SAID and _SAYS.search(text, start, end) for role, start, end in ranges)


def _speech(text: str, offset: int) -> Iterator[tuple[Role, int, int]]:
    """Split a stretch without blocks, which begins at `offset`, at its quotation marks."""
    closings: list[list[int]] = [[found.start() for found in closing.finditer(text)] for closing in _CLOSINGS]
    done = free = 0  # the end of the last quotation; where the next mark may open one
    for opening in _OPENING.finditer(text):
        double = bool(opening[1])
        start, ends = opening.end(), closings[double]
        place = bisect_left(ends, start + 1)
        if opening.start() < free or place == len(ends) or ends[place] - start > QUOTATION_CHARS_MAX:
            continue
        inner = text[start : ends[place]]
        if ("\n\n" if double else "\n") in inner or (not double and _ELISION.match(inner)):
            continue
        free = ends[place] + 1
        before = text[max(0, opening.start() - _SAYING_CHARS_MAX) : opening.start()]
        if (len(re.findall(r"[\w'’-]+", inner)) > 1 or _SAYING.search(before)) and not _CALLING_YOU.search(before):
            yield Role.SAID, offset + done, offset + opening.start()
            yield Role.QUOTED, offset + start, offset + ends[place]
            done = free
    yield Role.SAID, offset + done, offset + len(text)


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase of a bank, as the bank writes it, and where it stands in the original text."""

    bank: str
    phrase: str
    start: int
    end: int


# The bank, the phrase, its pieces (at each `*` between two, a word goes on), and what reads all but the first of them.
_Phrase = tuple[str, str, tuple[str, ...], re.Pattern[str]]
_REST = re.compile(rf"(?:{_SIGN}|'(?={_SIGN}))*")  # of a word
_BEGINS = re.compile(rf"(?!{_SIGN})|(?<!{_SIGN})(?<!{_SIGN}')")  # where a phrase may begin: not within a word
_ENDS = re.compile(rf"(?<!{_SIGN})|(?!'?{_SIGN})|'s(?!{_SIGN})")  # a possessive 's is no part of a word


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
_LEET_WORD = re.compile(rf"(?:{_SIGN}|[@$!])(?:[!|]*(?:{_SIGN}|[@$]))*")  # a word's last "!" or "|" is punctuation
_ORDINARY = re.compile(rf"{_LETTER}{{1,2}}\d+|{_LETTER}+\d{{2,}}|[@$]?\d+{_LETTER}{{0,2}}")  # A55, g20, 10am, 5g, $5m
_CALLS_FOR_LEET = re.compile(r"[a-z][013457@$]|[013457@$!|][a-z]")
_SEPARATORS = " .-_~|/+·•"
_SPACED = re.compile(rf"(?<![^\W_])(?<!')(?:{_SIGN}|[@$!])(?:[ .\-_~|/+·•]{{1,4}}(?:{_SIGN}|[@$!])){{3,}}(?!{_SIGN})")
_SHORT_WORDS = ("a", "i", "u", "ura")  # what may stand before a spaced-out phrase without a wider gap: "a l i a r"
_DOUBLE = re.compile(rf"({_LETTER})\1")
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
            long = count > 2 or (count == 2 and any(sign in _character(other) for other in between))  # noqa: PLR2004
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
