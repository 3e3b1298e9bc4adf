"""Text: folding with the map back, quoted spans, words.

Knows: how people disguise letters, how chat marks up and quotes, what a word is.
Must not know: rules, policies, platforms, phrases (`core/phrases.py`).
Rules: fold, quoted and words take any string and never raise; every step is linear in the text's length;
folding is idempotent; every position handed out can be led back to the original text.

Folding makes the one reading that is nearly always right. Readings that would wreck ordinary text (digits for letters,
letters spaced out, lengthened letters as one) are made where phrases are sought, and only where a text calls for them.

To fold one more character: add it to a pair of strings in `_look_alikes`.
"""
# ruff: noqa: RUF001 - characters that look like others are what this file is about

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

from bot.core.model import Role

CHARACTERS_REMEMBERED_MAX = 8192  # more kinds of character than any chat uses; bounds the memory of `folded_sign`
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
def folded_sign(sign: str) -> str:
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
    return sign if plain == sign else "".join(map(folded_sign, plain.strip()))  # a lone accent is a space and a mark


LETTER = r"[^\W\d_]"
SIGN = r"[^\W_]"
"""A letter; a letter or a digit, as what a word is made of: pieces of patterns."""
_KEPT = r"(?P<kept><[@#:!][^<>&;\s]*>|@\w+"  # mentions, rooms, emoji: their `_` and repeats are theirs
_STEPS = (
    re.compile(_KEPT + rf"|(?<={SIGN})_(?={SIGN})|[~|](?![*`~|_]))|[*`~|_]+"),  # first: it may stand inside an entity
    re.compile(r"&(?:amp;)*(?P<entity>amp|lt|gt|quot|apos|#39|nbsp);"),
    re.compile(_KEPT + rf")|(?P<blanks> {{2,}})|(?P<letter>{LETTER})(?P=letter){{2,}}"),
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
    signs = [folded_sign(sign) for sign in text]
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


_WORD = re.compile(rf"{SIGN}+(?:'{SIGN}+)*")


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
