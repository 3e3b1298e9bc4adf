"""Signals about what one message says: whose private details, of whom words are said, how a text is written.

Knows: a reading, and the facts that libraries found in its segments. Must not know: libraries, rules, severities, actions.
Rules: those of the package. Whose a detail is, is told by the nearest word before it, within its sentence, that names somebody
(my, her, Dana's, @dana); only where none stands before it, by the nearest one after it.
"""
# ruff: noqa: RUF001 - both apostrophes are written

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from bot.core.model import Evidence, Private, Role, Segment, Words
from bot.core.signals.basic import MENTION, NO, Measure, Reading, Signal

SENTENCE_CHARS_MAX = 160
"""How far from a detail the word that says whose it is may stand."""


class Whose(StrEnum):
    """Whose a detail is: another person's, or nobody's that the text names. One's own is neither."""

    ANOTHER = "another"
    NOBODY = "nobody"


_NAME = r"[A-Z][a-z][\w-]*(?: [A-Z][\w'’-]+){0,2}"
_NO_PERSON = (
    "labour party branch clp union council office club committee fund appeal campaign group association trust treasurer secretary "
    "library hall church mosque centre school shop pub café cafe surgery bank coach tickets today tomorrow monday tuesday wednesday "
    "thursday friday saturday sunday it that here there what who let where when how this unite unison gmb momentum nhs bbc ward the"
).split()
_PERSON_VERB = r"(?:lives?|works?|drives?|banks|resides|stays|was|is|has|had|used|got|can be reached|moved|voted|owes|hasn't|didn't)\b"
_ASKED = (
    r"(?:call|ring|phone|text|contact|email|e-mail|message|whatsapp|dm|ask|(?:speak|talk) to|hold of|"
    r"(?:number|details|address|email) (?:for|of))"
)
_OF_THEM = re.compile(rf"['’]s\b| {_PERSON_VERB}")
_JUST_BEFORE = re.compile(rf"{_NAME} $")
_NAMED = re.compile(rf"\b(?P<whose>{_NAME})(?=['’]s\b| {_PERSON_VERB})|\b(?i:{_ASKED}) (?P<asked>{_NAME})")
_OWN = re.compile(r"\b(?:i|i['’]m|i['’]ve|i['’]d|i['’]ll|im|my|mine|me|myself|we|us|our|ours)\b", re.IGNORECASE)
_OTHER = re.compile(
    r"\b(?:he|she|him|her|hers|his|he['’]s|she['’]s|(?:they|you) (?:live|work|drive|bank)\b|"
    r"(?:their|your) (?:home|house|flat|address|bank|account|sort code|ni|national insurance|number|car|reg|employer|boss|work))\b",
    re.IGNORECASE,
)
_ANYBODY = re.compile(r"\b(?:they|they['’]re|them|their|you|you['’]re|your|u|ur|he|she|him|her|his|he['’]s|she['’]s)\b", re.IGNORECASE)
_ENDS = re.compile(r"[.!?\n](?=\s|\Z)|\n")
_LIVES = re.compile(
    r"\b(?:lives?|living|resides?|stays|home address|addresses?|moved (?:in)?to|"
    r"(?:his|her|their|your|['’]s) (?:\w+ )?(?:house|home|flat|place|door))\b",
    re.IGNORECASE,
)
_LIVES_SURELY = re.compile(r"\b(?:lives?|living|resides?|home address)\b", re.IGNORECASE)
_EVENT = re.compile(
    r"\b(?:meet(?:s|ing)?|sessions?|start(?:s|ing)?|rally|stall|hustings|social|quiz|bbq|barbecue|surgery|hall|venue|event|canvass\w*|"
    r"leaflet\w*|rounds?|board|committee|polling|office|pick up|collect|drop(?: off)?|tea|doors open|postal votes?|posters?|gardens?)\b",
    re.IGNORECASE,
)


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence of a place begins and ends."""
    before = max((found.end() for found in _ENDS.finditer(text, max(0, start - SENTENCE_CHARS_MAX), start)), default=0)
    after = _ENDS.search(text, end)
    return max(before, start - SENTENCE_CHARS_MAX), min(after.start() if after else len(text), end + SENTENCE_CHARS_MAX)


def _people(text: str, reading: Reading, *, anybody: bool) -> Iterator[tuple[int, bool]]:
    """Places where a text names somebody, and whether it is another than the author."""
    yield from ((found.end(), False) for found in _OWN.finditer(text))
    yield from ((found.end(), True) for found in (_ANYBODY if anybody else _OTHER).finditer(text))
    yield from ((found.end(), True) for found in MENTION.finditer(text) if _is_spoken_of(text, *found.span()))
    for found in _NAMED.finditer(text):
        name = (found["whose"] or found["asked"]).casefold()
        yield found.end(), not any(word in _NO_PERSON for word in name.split())
    for word in re.finditer(r"(?<![\w@])[\w'-]+", text):
        name = word[0].casefold()
        bare = name.removesuffix("'s")  # dana's
        named = reading.context.people.get(bare, reading.message.author) != reading.message.author
        if named and (bare != name or _is_spoken_of(text, *word.span())):
            yield word.end(), True
    for name, account in reading.context.people.items():
        if " " in name and account != reading.message.author:  # a name of two words, which a member has given
            as_written = r"[\s-]+".join(map(re.escape, name.split()))
            yield from ((found.end(), True) for found in re.finditer(rf"(?<![\w@]){as_written}(?!\w)", text, re.IGNORECASE))


def _is_spoken_of(text: str, start: int, end: int) -> bool:
    """Say whether a mention or name is more than an address: "@dana is on ..." and "ask dana", not "@dana the line is ..."."""
    return bool(MENTION.sub("", text[:start]).strip() or _OF_THEM.match(text, end))


def of_whom(reading: Reading, segment: Segment, start: int, end: int, *, anybody: bool = False) -> Whose | None:
    """Say whose the words at a place are; None for the author's own. `anybody`: you and they count as others too."""
    first, last = sentence_around(segment.text, start, end)
    if anybody:  # the words themselves may say of whom ("your boss"); what comes after them is of others
        name = _JUST_BEFORE.search(segment.text, first, start)
        people = [(0, True)] if name and name[0].strip().casefold() not in _NO_PERSON else []
        people += _people(segment.text[first:end], reading, anybody=True)
        return (Whose.ANOTHER if max(people)[1] else None) if people else Whose.NOBODY
    before = list(_people(segment.text[first:start], reading, anybody=False))
    if before:
        return Whose.ANOTHER if max(before)[1] else None
    after = list(_people(segment.text[end:last], reading, anybody=False))
    if after:
        return Whose.ANOTHER if min(after)[1] else None
    return Whose.NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateInformation:
    """A private detail of this kind stands in the message, said, quoted or shared: another person's, or nobody's that is named.

    The author's own details and those in policy.yaml's `office_contacts` never count. An address counts where somebody is said to
    live there; one at which people meet does not.
    """

    kind: Private
    of: Whose = Whose.ANOTHER

    def measure(self, reading: Reading) -> Measure:
        """The details, masked wherever they are shown."""
        if reading.context.facts is None:
            return Measure(value=None, missing="failure")
        found: list[Evidence] = []
        for segment, facts in zip(reading.segments, reading.context.facts, strict=True):
            places = [one for one in facts.details if one.kind is self.kind and self._counts(reading, segment, one.start, one.end)]
            if places and (segment.role is not Role.JOINED or reading.joins):
                shown = tuple(Words(text=segment.text[p.start : p.end], start=p.start, end=p.end, masked=True) for p in places)
                found.append(Evidence(signal="private_information", role=segment.role, words=shown, detail=self.kind))
        return Measure(value=True, evidence=tuple(found)) if found else NO

    def _counts(self, reading: Reading, segment: Segment, start: int, end: int) -> bool:
        whose = of_whom(reading, segment, start, end)
        if self.kind is Private.ADDRESS:
            first, last = sentence_around(segment.text, start, end)
            around = segment.text[first:last]
            if not _LIVES.search(around) or (_EVENT.search(around) and not _LIVES_SURELY.search(around)):
                return False
        return whose is self.of


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidOfAnother:
    """A word or phrase of a bank is said of somebody else (you, she, a mentioned or named person), not of oneself or of nobody."""

    single: ClassVar[str] = "bank"
    bank: str = field(metadata={"bank": "words"})
    role: Role = Role.SAID

    def measure(self, reading: Reading) -> Measure:
        """The places where somebody else is spoken of."""
        masked = reading.banks.masked(self.bank)
        shown = [
            Words(text=reading.segments[n].text[one.start : one.end], start=one.start, end=one.end, masked=masked)
            for n in reading.of_role(self.role)
            for one in reading.found[n]
            if one.bank == self.bank and of_whom(reading, reading.segments[n], one.start, one.end, anybody=True) is Whose.ANOTHER
        ]
        if not shown:
            return NO
        return Measure(value=True, evidence=(Evidence(signal="words", role=self.role, words=tuple(shown), detail=self.bank),))


class Known(StrEnum):
    """What policy.yaml says of some accounts."""

    OFFICE_HOLDER = "office_holder"
    UNDER_18 = "under_18"


def _known(reading: Reading, who: Known) -> frozenset[str]:
    return reading.context.office_holders if who is Known.OFFICE_HOLDER else reading.context.under_18


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The message mentions, answers or names an account that policy.yaml lists: an office holder, a member known to be under 18."""

    single: ClassVar[str] = "who"
    who: Known

    def measure(self, reading: Reading) -> Measure:
        """Which of them."""
        people = tuple(one for one in reading.targets if one in _known(reading, self.who))
        if not people:
            return NO
        return Measure(value=True, evidence=(Evidence(signal="addresses", people=people, detail=self.who),))


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidBy:
    """The author is an account that policy.yaml lists: an office holder, a member known to be under 18."""

    single: ClassVar[str] = "who"
    who: Known

    def measure(self, reading: Reading) -> Measure:
        """Look the author up."""
        if reading.message.author not in _known(reading, self.who):
            return NO
        return Measure(value=True, evidence=(Evidence(signal="said_by", detail=f"said by: {self.who}".replace("_", " ")),))


SIGNALS: Mapping[str, type[Signal]] = {
    "private_information": PrivateInformation,
    "said_of_another": SaidOfAnother,
    "addresses": Addresses,
    "said_by": SaidBy,
}
