"""What fills or breaks a room, and what new accounts do: mentions by the dozen, capitals, the same words, raids.

Knows: a reading and the last ten minutes of its room. Must not know: rules, severities, statuses, actions.
Rules: those of the package. How young an account is says nothing by itself; the same words are never said to be the same person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from bot.core.model import Evidence, Recent
from bot.core.signals.basic import NO, Measure, Reading, Signal, alike
from bot.core.text import fold

SHOUTED_LETTERS_MIN, SHOUTED_SHARE_MIN = 30, 0.8
"""A wall of capitals has so many letters, and so many of them are capitals."""
FIRST_MESSAGES = 10
"""Only among its first messages does it matter how young an account is."""
NEW_WITHIN = timedelta(days=30)
MINUTES_10 = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class MassMentions:
    """The message mentions so many members or more."""

    single: ClassVar[str] = "at_least"
    at_least: int = field(metadata={"low": 2, "high": 100})

    def measure(self, reading: Reading) -> Measure:
        """Count members, each once."""
        count = len(set(reading.message.mentions))
        return Measure(value=True, evidence=(Evidence(signal="mass_mentions", value=float(count)),)) if count >= self.at_least else NO


@dataclass(frozen=True, slots=True, kw_only=True)
class Shouting:
    """The author sends walls of capitals (30 letters and more), this one included, within the time (10 minutes at most)."""

    at_least: int = field(metadata={"low": 1, "high": 100})
    within: timedelta = field(metadata={"low": timedelta(seconds=1), "high": MINUTES_10})

    def measure(self, reading: Reading) -> Measure:
        """Count walls of capitals."""
        if not _shouted(reading.message.text):
            return NO
        lately = _lately(reading, self.within)
        count = 1 + sum(one.author == reading.message.author and _shouted(one.text) for one in lately)
        return Measure(value=True, evidence=(Evidence(signal="shouting", value=float(count)),)) if count >= self.at_least else NO


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """The account is younger than this, and the message is among its first ten. By itself this is never a breach."""

    younger_than: timedelta = field(metadata={"low": timedelta(hours=1), "high": NEW_WITHIN})

    def measure(self, reading: Reading) -> Measure:
        """Compare the account's age; where it is not known, the account is not new."""
        message, count = reading.message, reading.context.account_messages
        if message.came_at is None or count is None or count >= FIRST_MESSAGES or message.sent_at - message.came_at >= self.younger_than:
            return NO
        return Measure(value=True, evidence=(Evidence(signal="new_account", value=float(count + 1)),))


@dataclass(frozen=True, slots=True, kw_only=True)
class SameWords:
    """So many new accounts say almost the same words to one member within the time (10 minutes at most).

    It is found once. The same words, never the same person: people copy slogans from each other.
    """

    at_least: int = field(metadata={"low": 2, "high": 100})
    within: timedelta = field(metadata={"low": timedelta(seconds=1), "high": MINUTES_10})

    def measure(self, reading: Reading) -> Measure:
        """Count accounts whose message to the same member is alike."""
        message, said = reading.message, reading.said.strip()
        if not _new(message.came_at, message.sent_at):
            return NO
        same: dict[str, Recent] = {}
        for one in _lately(reading, self.within):
            to_same = set(one.addressed) & set(message.addressed)
            if to_same and one.author != message.author and _new(one.came_at, one.sent_at) and alike(fold(one.text).text.strip(), said):
                same[one.author] = one
        if len(same) + 1 < self.at_least or any(one.id in reading.context.found for one in same.values()):
            return NO
        ids = tuple(one.id for one in same.values())
        return Measure(value=True, evidence=(Evidence(signal="same_words", value=len(same) + 1.0, people=message.addressed, messages=ids),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Raid:
    """So many accounts that came within the last hour write in one room within the time (10 minutes at most). It is found once."""

    at_least: int = field(metadata={"low": 3, "high": 1000})
    within: timedelta = field(metadata={"low": timedelta(seconds=1), "high": MINUTES_10})

    def measure(self, reading: Reading) -> Measure:
        """Count accounts that have just come."""
        message = reading.message
        if not _new(message.came_at, message.sent_at, timedelta(hours=1)):
            return NO
        came = [one for one in _lately(reading, self.within) if _new(one.came_at, one.sent_at, timedelta(hours=1))]
        accounts = {message.author, *(one.author for one in came)}
        if len(accounts) < self.at_least or any(one.id in reading.context.found for one in came):
            return NO
        evidence = Evidence(signal="raid", value=float(len(accounts)), messages=tuple(one.id for one in came))
        return Measure(value=True, evidence=(evidence,))


def _lately(reading: Reading, within: timedelta) -> list[Recent]:
    """The room's messages of that time."""
    return [one for one in reading.context.recent if reading.message.sent_at - one.sent_at <= within]


def _new(came_at: datetime | None, at: datetime, within: timedelta = NEW_WITHIN) -> bool:
    return came_at is not None and at - came_at < within


def _shouted(text: str) -> bool:
    letters = [one for one in text if one.isalpha()]
    return len(letters) >= SHOUTED_LETTERS_MIN and sum(map(str.isupper, letters)) >= SHOUTED_SHARE_MIN * len(letters)


SIGNALS: Mapping[str, type[Signal]] = {
    "mass_mentions": MassMentions,
    "shouting": Shouting,
    "new_account": NewAccount,
    "same_words": SameWords,
    "raid": Raid,
}
