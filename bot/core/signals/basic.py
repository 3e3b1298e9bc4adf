"""The basic signals, what they read, and what all signals share.

Knows: a reading (message, context, segments, folded words). Must not know: rules, severities, statuses, actions, other signals' answers.
Rules: those of the package.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import ClassVar, Protocol

from bot.core.model import Context, Evidence, Kind, Message, Role, Scored, Segment, Words
from bot.core.phrases import Found
from bot.core.text import fold, words

YOU = frozenset("you your yours yourself yourselves u ur youre you're you've you'd you'll yous youse ya yer thee thou".split())
THIRD_PERSON_VERBS = frozenset("is was isn't wasn't has had does did should can will would needs wants thinks lies looks sounds 's".split())
MENTION = re.compile(r"<@!?(?P<id>\w+)(?:\|[^>]*)?>|(?<![\w@])@(?P<name>[\w.-]*\w)")
SPELT_OUT = re.compile(r"(?<![^\W_])[^\W_]([ .\-_*])[^\W_](?:\1[^\W_]){2,}(?![^\W_])")
DIGITS = str.maketrans("013", "oie")
SHORT_WORDS_MAX = 5
"""A reply or a mention of at most this many words, with no verb for anything else, is taken to speak of the person addressed."""
NAME_WORDS_MAX = 3
"""Words of a name that a member has given ("Big Dave"); a display name is known by one."""
GIVEN_NAME = "given_name"
"""The signal of the evidence that somebody is meant by a name that they have given."""


class Banks(Protocol):
    """What a signal asks of the policy's banks."""

    def entries(self, bank: str) -> frozenset[str]:
        """Domains or accounts of a bank."""

    def masked(self, bank: str) -> bool:
        """Say whether a notice must mask the bank's words."""

    def reason(self, bank: str, entry: str) -> str:
        """Why an entry stands in its bank."""

    def supports(self, reaction: str) -> bool:
        """Say whether a reaction supports the message under which it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One answer: True, False, or None where it could not be measured, with `missing` saying why."""

    value: bool | None
    evidence: tuple[Evidence, ...] = ()
    missing: str = ""


NO = Measure(value=False)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A message with everything that signals look at, computed once.

    `meant` is what the texts say where words are disguised, else what is folded.
    `joins`: the fragments just before count together with this one; not where one of them has a finding of its own.
    """

    message: Message
    context: Context
    segments: tuple[Segment, ...]
    scores: tuple[Scored, ...]
    folded: tuple[str, ...]
    meant: tuple[str, ...]
    found: tuple[tuple[Found, ...], ...]
    banks: Banks
    joins: bool = True

    def of_role(self, role: Role) -> Iterable[int]:
        """Positions of the segments of a role; fragments that were joined count as said."""
        wanted = (Role.SAID, Role.JOINED) if role is Role.SAID and self.joins else (role,)
        return (n for n, segment in enumerate(self.segments) if segment.role in wanted)

    @cached_property
    def said(self) -> str:
        """What the author said themselves, folded."""
        return " ".join(self.folded[n] for n in self.of_role(Role.SAID) if self.segments[n].start >= 0)

    @cached_property
    def said_words(self) -> tuple[str, ...]:
        """The words of that, without mentions; a word that is spelt out letter by letter is one."""
        said = " ".join(self.meant[n] for n in self.of_role(Role.SAID) if self.segments[n].start >= 0)
        joined = SPELT_OUT.sub(lambda run: run[0][::2], MENTION.sub(" ", said))
        return tuple(word for word, _, _ in words(joined))

    @cached_property
    def named(self) -> tuple[tuple[str, int], ...]:
        """Names of members that were said, and which of the words comes after each; where two begin together, the longer one."""
        found = []
        for place in range(len(self.said_words)):
            for length in range(NAME_WORDS_MAX, 0, -1):
                name = " ".join(self.said_words[place : place + length])
                if name in self.context.people and place + length <= len(self.said_words):
                    found.append((name, place + length))
                    break
        return tuple(found)

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """The members that the message addresses: mentioned, answered or named; never the author."""
        named = (self.context.people[name] for name, _ in self.named)
        everyone = (*self.message.mentions, self.message.reply_author, *named)
        return tuple(dict.fromkeys(account for account in everyone if account and account != self.message.author))

    @cached_property
    def you(self) -> tuple[str, ...]:
        """The words of the second person that were said, in the fragments just before too: "you are a" and then "clown"."""
        joined = (word for n in self.of_role(Role.SAID) if self.segments[n].start < 0 for word, _, _ in words(self.meant[n]))
        return tuple(word for word in (*self.said_words, *joined) if word.translate(DIGITS) in YOU)

    @cached_property
    def own_recent(self) -> tuple[tuple[float, str], ...]:
        """The author's messages of the last minutes of about this length: seconds before this one, folded text."""
        sent, length = self.message.sent_at, len(self.message.text)
        mine = (r for r in self.context.recent if r.author == self.message.author and abs(len(r.text) - length) <= length / 4)
        return tuple(((sent - r.sent_at).total_seconds(), fold(r.text).text.strip()) for r in mine)


NO_LABEL = "no_label"
"""Why a score is missing where the model that is used does not give it at all."""


class Label(StrEnum):
    """What a model may score. The `attacked_` labels mean something only beside a high identity attack; not every model has them."""

    TOXICITY = "toxicity"
    INSULT = "insult"
    THREAT = "threat"
    OBSCENE = "obscene"
    IDENTITY_ATTACK = "identity_attack"
    SEXUAL = "sexual"
    ATTACKED_RACE = "attacked_race"
    ATTACKED_RELIGION = "attacked_religion"
    ATTACKED_SEX = "attacked_sex"
    ATTACKED_SEXUAL_ORIENTATION = "attacked_sexual_orientation"
    ATTACKED_GENDER_IDENTITY = "attacked_gender_identity"
    ATTACKED_DISABILITY = "attacked_disability"
    ATTACKED_AGE = "attacked_age"


class Aim(StrEnum):
    """Whom words are aimed at."""

    PERSON = "person"
    MEMBER = "member"
    OFFICE_HOLDER = "office_holder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The model's score for a label is at least this high, in what was said (or quoted, or shared)."""

    label: Label
    at_least: float = field(metadata={"low": 0.0, "high": 1.0})
    role: Role = Role.SAID

    def measure(self, reading: Reading) -> Measure:
        """Highest score over the segments of the role; unread text never clears."""
        highest, missing = None, ""
        for n in reading.of_role(self.role):
            scored = reading.scores[n]
            value = scored.values.get(self.label)
            missing = missing or scored.missing or (NO_LABEL if value is None else "")
            if value is not None and (highest is None or value > highest):
                highest = value
        if highest is not None and highest >= self.at_least:
            evidence = Evidence(signal="score", role=self.role, label=self.label, value=highest)
            return Measure(value=True, evidence=(evidence,))
        return Measure(value=None, missing=missing) if missing else NO


@dataclass(frozen=True, slots=True, kw_only=True)
class BankWords:
    """A word or phrase of a bank stands in what was said (or quoted, or shared)."""

    single: ClassVar[str] = "bank"
    bank: str = field(metadata={"bank": "words"})
    role: Role = Role.SAID

    def measure(self, reading: Reading) -> Measure:
        """All places, as they were really written."""
        masked = reading.banks.masked(self.bank)
        places = tuple(
            Words(text=reading.segments[n].text[f.start : f.end], start=f.start, end=f.end, masked=masked)
            for n in reading.of_role(self.role)
            for f in reading.found[n]
            if f.bank == self.bank
        )
        if not places:
            return NO
        return Measure(value=True, evidence=(Evidence(signal="words", role=self.role, words=places, detail=self.bank),))


@dataclass(frozen=True, slots=True, kw_only=True)
class AimedAt:
    """The words are aimed at a person (you, a mentioned, answered or named member), a member, or office holders alone.

    A mention or a reply alone does not aim: "@dana this budget is a disgrace" speaks of the budget. It aims where the words
    speak to or of that person, or are so few that nothing else is spoken of.
    """

    single: ClassVar[str] = "at"
    at: Aim

    def measure(self, reading: Reading) -> Measure:
        """Who it is aimed at, with the words that show it."""
        you, addressed = reading.you, bool(reading.targets)
        aimed = bool(you) or (addressed and (len(reading.said_words) <= SHORT_WORDS_MAX or self._spoken_of(reading)))
        if not aimed:
            return NO
        if self.at is not Aim.PERSON and not addressed:
            return NO
        if self.at is Aim.OFFICE_HOLDER and not set(reading.targets) <= reading.context.office_holders:
            return NO
        shown = tuple(Words(text=word, start=-1, end=-1) for word in dict.fromkeys(you))
        aimed_at = Evidence(signal="aimed_at", words=shown, people=reading.targets, detail=self.at)
        return Measure(value=True, evidence=(aimed_at, *self._by_given_names(reading)))

    @staticmethod
    def _spoken_of(reading: Reading) -> bool:
        """Say whether a mentioned or named member is what the sentence is about."""
        said = reading.said
        for mention in MENTION.finditer(said):
            after = words(said[mention.end() : mention.end() + 30])[:1]
            before = words(said[: mention.start()])
            if after and (after[0][0] in THIRD_PERSON_VERBS or said[mention.end() : mention.end() + 2] == "'s"):
                return True
            if before and said[: mention.start()].rstrip()[-1:] not in ".!?,:;":
                return True
        said_words = reading.said_words
        return any(said_words[after : after + 1] and said_words[after] in THIRD_PERSON_VERBS for _, after in reading.named)

    @staticmethod
    def _by_given_names(reading: Reading) -> Iterator[Evidence]:
        """The words by which those are meant who gave them as names: as they were written, slurs masked."""
        context = reading.context
        names = {name: context.people[name] for name, _ in reading.named if name in context.given}
        for name, account in names.items():
            if account != reading.message.author:
                written = context.given[name]
                masked = any(
                    reading.banks.masked(one.bank) and fold(reading.segments[n].text[one.start : one.end]).text in name
                    for n in reading.of_role(Role.SAID)
                    for one in reading.found[n]
                )
                shown = (Words(text=written, start=-1, end=-1, masked=masked),)
                yield Evidence(signal=GIVEN_NAME, words=shown, people=(account,), detail="a name that the member has given")


class Passing(StrEnum):
    """Ways of passing something on."""

    ANYTHING = "anything"
    TEXT = "text"
    LINK = "link"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassesOn:
    """The message passes something on: a forward or other text, a link, a quotation."""

    single: ClassVar[str] = "what"
    what: Passing

    def measure(self, reading: Reading) -> Measure:
        """What is passed on."""
        shares = reading.message.shares
        present = {
            Passing.TEXT: any(share.text for share in shares),
            Passing.LINK: any(share.link for share in shares),
            Passing.QUOTE: any(segment.role is Role.QUOTED for segment in reading.segments),
        }
        if not (any(present.values()) if self.what is Passing.ANYTHING else present[self.what]):
            return NO
        return Measure(value=True, evidence=(Evidence(signal="passes_on", role=Role.SHARED, detail=self.what),))


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFrom:
    """A link leads to a domain or to an account that stands in a bank."""

    single: ClassVar[str] = "bank"
    bank: str = field(metadata={"bank": "domains accounts"})

    def measure(self, reading: Reading) -> Measure:
        """Which domain or account."""
        entries = reading.banks.entries(self.bank)
        sources = [source for share in reading.message.shares for source in (share.domain, share.account) if source in entries]
        if not sources:
            return NO
        shown = tuple(Words(text=source, start=-1, end=-1) for source in dict.fromkeys(sources))
        return Measure(value=True, evidence=(Evidence(signal="shared_from", role=Role.SHARED, words=shown, detail=self.bank),))


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsSaid:
    """The author's own words are at most this many: a bare forward or quotation, without comment."""

    single: ClassVar[str] = "at_most"
    at_most: int = field(metadata={"low": 0, "high": 200})

    def measure(self, reading: Reading) -> Measure:
        """Count words without mentions and without what is quoted."""
        count = len(reading.said_words)
        if count > self.at_most:
            return NO
        return Measure(value=True, evidence=(Evidence(signal="words_said", value=float(count)),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """The author says the same or almost the same words again in the room, this time included, within the time (10 minutes at most)."""

    at_least: int = field(metadata={"low": 2, "high": 100})
    within: timedelta

    def measure(self, reading: Reading) -> Measure:
        """Count messages whose folded text is alike; a word or two are never a repetition worth counting."""
        text = reading.said.strip()
        if len(text) < REPEAT_CHARS_MIN:
            return NO
        count = 1 + sum(seconds <= self.within.total_seconds() and alike(said, text) for seconds, said in reading.own_recent)
        if count < self.at_least:
            return NO
        return Measure(value=True, evidence=(Evidence(signal="repeats", value=float(count)),))


def alike(one: str, other: str) -> bool:
    """Say whether two folded texts are the same, or nearly: of their words (five at least) four in five stand in both."""
    if one == other:
        return True
    mine, theirs = ({word for word, _, _ in words(text)} for text in (one, other))
    return min(len(mine), len(theirs)) >= ALIKE_WORDS_MIN and len(mine & theirs) >= ALIKE_SHARE_MIN * len(mine | theirs)


ALIKE_WORDS_MIN, ALIKE_SHARE_MIN = 5, 0.8
REPEAT_CHARS_MIN = 8
"""Shorter texts ("ok", "thanks") are repeated by everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """The author sends many messages within the time (60 seconds to 10 minutes), with nobody else speaking where `alone`."""

    at_least: int = field(metadata={"low": 3, "high": 1000})
    within: timedelta
    alone: bool = False

    def measure(self, reading: Reading) -> Measure:
        """Count the author's messages, this one included; `alone`: only those since somebody else last spoke."""
        sent = reading.message.sent_at
        count = 1
        for recent in reversed(reading.context.recent):
            if (sent - recent.sent_at) > self.within or (self.alone and recent.author != reading.message.author):
                break
            count += recent.author == reading.message.author
        if count < self.at_least:
            return NO
        return Measure(value=True, evidence=(Evidence(signal="flood", value=float(count)),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Is:
    """What the account did: said, edited, shared, reacted, joined or blocked."""

    single: ClassVar[str] = "kind"
    kind: Kind

    def measure(self, reading: Reading) -> Measure:
        """Compare the kind of the message."""
        return Measure(value=reading.message.kind is self.kind)


class Signal(Protocol):
    """Anything that can be measured on a reading."""

    def measure(self, reading: Reading) -> Measure:
        """Answer True, False or None."""


SIGNALS: Mapping[str, type[Signal]] = {
    "score": Score,
    "words": BankWords,
    "aimed_at": AimedAt,
    "passes_on": PassesOn,
    "shared_from": SharedFrom,
    "words_said": WordsSaid,
    "repeats": Repeats,
    "flood": Flood,
    "is": Is,
}
