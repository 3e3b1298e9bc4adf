"""What people type behind a command, in parts: the number of a case, a severity, hours, a reason.

Knows: how members and moderators write numbers and times. Must not know: cases, policies, who asks.
Rules: what comes first is the order, the rest is the reason, word for word; what may be meant in two ways is asked for again.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.core.cases import NotAllowedError
from bot.core.model import Severity

NUMBER_DIGITS_MAX = 9
"""No branch has a billion cases."""
MUTE_HOURS_MAX = 28 * 24
"""The longest mute that a moderator can give: more is for the party's own procedure."""
_NUMBER = re.compile(rf"#?([0-9]{{1,{NUMBER_DIGITS_MAX}}})[:.,;)]?")
_LENGTH = re.compile(r"([0-9]{1,6})(?:(h|hr|hrs|hour|hours)|(d|day|days))", re.IGNORECASE)
_BARE = re.compile(r"[0-9]+(?:[.,][0-9]+)?(?:h|hr|hrs|hours?|d|days?)?", re.IGNORECASE)
_UNIT = re.compile(r"h|hrs?|hours?|d|days?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Order:
    """To which severity a case is changed, for how many hours its author is muted (0: no longer), None where neither is said; and why."""

    severity: Severity | None
    hours: int | None
    reason: str


def numbered(words: list[str], what: str = "case") -> tuple[int, list[str]]:
    """The number that comes first ("3", "#3", "case 3", "3:"), and the words behind it. Raises NotAllowedError for none."""
    rest = words[1:] if words and words[0].lower() == what else words
    found = _NUMBER.fullmatch(rest[0]) if rest else None
    if found is None:
        raise NotAllowedError(f"say which {what}, by its number")
    return int(found[1]), rest[1:]


def reason_of(words: list[str]) -> str:
    """Why somebody decides. Raises NotAllowedError where only numbers stand there: they may be meant as cases."""
    if words and all(_NUMBER.fullmatch(word) for word in words):
        raise NotAllowedError("one case at a time: after its number comes the reason, in words")
    return " ".join(words)


def changed(number: int, words: list[str], called: Callable[[str], Severity | None]) -> Order:
    """What a case is changed to: a severity and hours stand first, in either order. Raises NotAllowedError with what to type.

    `called`: the severity that a word of the cards stands for ("warned"), None for any other word.
    """
    severity: Severity | None = None
    hours: int | None = None
    rest = list(words)
    while rest:
        word = rest[0]
        named = Severity[word.upper()] if word.upper() in Severity.__members__ else called(word)
        if named is not None and severity is None:
            severity, rest = named, rest[1:]
        elif _BARE.fullmatch(word) and hours is None:
            hours, rest = _hours(number, rest)
        else:
            break
    if severity is None and hours is None:
        raise NotAllowedError(f"say to what: /change {number} minor, /change {number} medium 24h REASON")
    return Order(severity, hours, " ".join(rest))


def _hours(number: int, words: list[str]) -> tuple[int, list[str]]:
    """The hours that come first, and the words behind them."""
    apart = len(words) > 1 and _UNIT.fullmatch(words[1]) and words[0].isdecimal()
    found = _LENGTH.fullmatch("".join(words[:2]) if apart else words[0])
    if found is None:
        said = words[0] if len(words[0]) <= NUMBER_DIGITS_MAX else "that"
        raise NotAllowedError(f"is {said} how long the mute lasts? Write whole hours or days: /change {number} 24h REASON")
    hours = int(found[1]) * (24 if found[3] else 1)
    if hours > MUTE_HOURS_MAX:
        raise NotAllowedError(f"a mute lasts {MUTE_HOURS_MAX // 24} days at most: /change {number} {MUTE_HOURS_MAX}h REASON")
    return hours, words[2 if apart else 1 :]
