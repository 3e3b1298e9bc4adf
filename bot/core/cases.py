"""The life of a case, a report and an appeal: one table of states and allowed transitions each.

Knows: states and which may follow which, who may not decide. Must not know: how anything is stored, shown or performed.
Rules: whatever is not in a table is refused; a case that a person decided is changed by persons alone.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from bot.core.model import TOLD, Action, ActionKind, CaseState, CaseView


class Decision(StrEnum):
    """What a moderator, or an appeal, does with a case."""

    UPHOLD = "uphold"
    CHANGE = "change"
    DISMISS = "dismiss"


class ReportState(StrEnum):
    """A report waits, is in a case, or was answered without one."""

    OPEN = "open"
    IN_CASE = "in_case"
    ANSWERED = "answered"


class AppealState(StrEnum):
    """An appeal waits; past the policy's hours the penalty is suspended; in the end it lapses as not decided."""

    OPEN = "open"
    SUSPENDED = "suspended"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    LAPSED = "lapsed"


APPEALED = (AppealState.OPEN, AppealState.SUSPENDED)
"""An appeal in one of these waits for a decision."""

CASE: Mapping[CaseState, frozenset[CaseState]] = {
    CaseState.OPEN: frozenset({CaseState.UPHELD, CaseState.CHANGED, CaseState.DISMISSED, CaseState.LAPSED}),
    CaseState.UPHELD: frozenset({CaseState.UPHELD, CaseState.CHANGED, CaseState.DISMISSED}),
    CaseState.CHANGED: frozenset({CaseState.UPHELD, CaseState.CHANGED, CaseState.DISMISSED}),
    CaseState.LAPSED: frozenset({CaseState.UPHELD, CaseState.CHANGED, CaseState.DISMISSED}),
    CaseState.DISMISSED: frozenset(),
}
REPORT: Mapping[ReportState, frozenset[ReportState]] = {
    ReportState.OPEN: frozenset({ReportState.IN_CASE, ReportState.ANSWERED}),
    ReportState.IN_CASE: frozenset({ReportState.ANSWERED}),
    ReportState.ANSWERED: frozenset(),
}
APPEAL: Mapping[AppealState, frozenset[AppealState]] = {
    AppealState.OPEN: frozenset({AppealState.SUSPENDED, AppealState.ACCEPTED, AppealState.REJECTED, AppealState.LAPSED}),
    AppealState.SUSPENDED: frozenset({AppealState.ACCEPTED, AppealState.REJECTED, AppealState.LAPSED}),
    AppealState.ACCEPTED: frozenset(),
    AppealState.REJECTED: frozenset(),
    AppealState.LAPSED: frozenset(),
}
AFTER: Mapping[Decision, CaseState] = {
    Decision.UPHOLD: CaseState.UPHELD,
    Decision.CHANGE: CaseState.CHANGED,
    Decision.DISMISS: CaseState.DISMISSED,
}
NAMED_MAX = 3
"""A finding that names more people than this is about nobody in particular: it recuses none of them."""


S = TypeVar("S", CaseState, ReportState, AppealState)


PENALTIES = frozenset({ActionKind.NUDGE, ActionKind.WARN, ActionKind.HIDE, ActionKind.MUTE})


class NotAllowedError(Exception):
    """The step is not in the table, or the person may not take it; the text says why, in one line for that person."""


def move(table: Mapping[S, frozenset[S]], now: S, then: S) -> S:
    """Go from one state to another. Raises NotAllowedError where the table does not have it."""
    if then not in table[now]:
        message = f"this is already {now.value}" + ("" if now is then else f": it cannot become {then.value}")
        raise NotAllowedError(message)
    return then


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Who is part of a case: its author, the people its findings name, those who reported it, those who decided it."""

    author: str
    named: tuple[str, ...] = ()
    reporters: tuple[str, ...] = ()
    deciders: tuple[str, ...] = ()


def parties_of(case: CaseView, reporters: Collection[str] = (), deciders: Collection[str] = ()) -> Parties:
    """The parties of a case as it is recorded; `deciders` besides the latest."""
    return Parties(author=case.author, named=case.names, reporters=tuple(reporters), deciders=(*deciders, case.decided_by))


def recused(moderator: str, parties: Parties, *, appeal: bool = False, nobody_else: bool = False) -> str:
    """Say why a moderator may neither see nor decide a case; "" where they may (DESIGN.md section 5, points 2 and 3).

    `nobody_else`: all moderators are part of the case (`all_are_part`). Then to be named or to have reported it keeps nobody away,
    because a case must not be left to nobody; whom it is about still neither sees nor decides it.
    """
    if moderator == parties.author:
        return "the case is about you"
    if moderator in parties.reporters and not nobody_else:
        return "you reported it"
    if moderator in parties.named and len(parties.named) <= NAMED_MAX and not nobody_else:
        return "the finding names you"
    if appeal and moderator in parties.deciders:
        return "you decided the case, so another moderator decides the appeal"
    return ""


def all_are_part(moderators: Iterable[Collection[str]], parties: Parties) -> bool:
    """Say whether every moderator is part of a case, so that nobody else is left to decide it.

    Each moderator is the accounts of one person. Who decided a case before does not count: an appeal that nobody may decide
    suspends the penalty and lapses in the member's favour.
    """
    return all(any(recused(account, parties) for account in accounts) for accounts in moderators)


def somebody_left(moderators: Iterable[Collection[str]], parties: Parties) -> bool:
    """Say whether a moderator is left who may decide an appeal: neither part of the case nor one who decided it before.

    Each moderator is the accounts of one person. Where nobody is left an answered appeal is the last word; a first appeal is always
    taken, and lapses in the member's favour where nobody may decide it.
    """
    return any(not any(recused(account, parties, appeal=True) for account in accounts) for accounts in moderators)


def changes_nothing(before: CaseView, after: CaseView) -> bool:
    """Say whether a decision leaves a case as a person has decided it before."""
    kept = (before.severity, before.muted_until, set(before.hidden)) == (after.severity, after.muted_until, set(after.hidden))
    return before.state is after.state and before.state in (CaseState.UPHELD, CaseState.CHANGED) and kept


def harder(before: CaseView, after: CaseView, now: datetime) -> bool:
    """Say whether a decision leaves a member worse off than they were: a graver case, or a mute where none ran or a longer one."""
    running = before.muted_until if before.muted_until and before.muted_until > now else None
    longer = after.muted_until is not None and after.muted_until != before.muted_until and (running is None or after.muted_until > running)
    return after.severity > before.severity or longer


def overruled(action: Action, case: CaseView) -> bool:
    """Say whether what was decided since makes an action wrong: a dismissed case, or a mute that no longer holds."""
    if case.state is CaseState.DISMISSED and (action.kind in PENALTIES or (action.kind in TOLD and action.step < case.steps)):
        return True
    return action.kind is ActionKind.MUTE and action.until != case.muted_until
