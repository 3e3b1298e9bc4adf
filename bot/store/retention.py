"""What is deleted because its time is over: cases with all that hangs on them, reports, what was not judged, values of the trail.

Knows: which tables hang on a case, what somebody still waits for. Must not know: how long anything is kept (a policy's `retention`).
Rules: an open case, an appeal that waits, an action on its way and a live mute keep a case; so many cases at a time, so that nobody
waits for the record; the trail says which cases went, so that the record can be compared with it afterwards.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, or_, select, update

from bot.core.cases import APPEALED, ReportState
from bot.core.model import CaseState
from bot.store.part import given, where
from bot.store.proof import FORGOTTEN, ProofPart
from bot.store.records import ActionState, SanctionState
from bot.store.tables import (
    actions,
    appeals,
    audit,
    audit_values,
    case_messages,
    cases,
    consents,
    earlier,
    findings,
    hateful,
    likes,
    notices,
    reports,
    reviews,
    sanctions,
    strikes,
    unjudged,
    unjudged_counts,
)

CASES_AT_ONCE = 100
"""Cases that are deleted in one transaction; the next ones go in the next round."""
HANG_ON_A_CASE: tuple[Table, ...] = (
    *(consents, likes, hateful, earlier, appeals, reviews, reports, notices, actions, sanctions, strikes, findings, case_messages),
)
_ON_THEIR_WAY = (ActionState.PENDING.value, ActionState.PERFORMING.value)


def _has(table: Table, column: str, values: Iterable[str]) -> ColumnElement[bool]:
    """The case at hand has a row in a table whose column is one of the values."""
    same = and_(table.c.community == cases.c.community, table.c.case == cases.c.number)
    return exists().where(same, table.c[column].in_([str(value) for value in values]))


_OLD_CASES = (
    select(cases.c.number)
    .where(
        where(cases),
        cases.c.state != CaseState.OPEN.value,
        func.max(cases.c.last_at, func.coalesce(cases.c.decided_at, cases.c.last_at)) < given("before"),
        ~_has(appeals, "state", APPEALED),
        ~_has(actions, "state", _ON_THEIR_WAY),
        ~_has(sanctions, "state", (SanctionState.LIVE,)),
    )
    .order_by(cases.c.number)
    .limit(given("limit"))
)
_FORGET = [delete(table).where(table.c.community == given("community"), table.c.case == given("case")) for table in HANG_ON_A_CASE]
_FORGET_CASE = delete(cases).where(where(cases, "number"))
_OPEN_CASE = exists().where(
    cases.c.community == reports.c.community, cases.c.number == reports.c.case, cases.c.state == CaseState.OPEN.value
)
_FORGET_REPORTS = delete(reports).where(
    where(reports),
    reports.c.reported_at < given("before"),
    or_(reports.c.state == ReportState.ANSWERED.value, and_(reports.c.state == ReportState.IN_CASE.value, ~_OPEN_CASE)),
)
_BLANK_LETTERS = (
    update(actions)
    .where(
        where(actions),
        actions.c.case.is_(None),
        actions.c.committed_at < given("before"),
        actions.c.state.not_in(_ON_THEIR_WAY),
        or_(actions.c.text != "", actions.c.news != "", actions.c.detail != "", actions.c.target != ""),
    )
    .values(text="", news="", detail="", error="", target="")
)
"""Letters outside any case: that one was sent stays, for the trail; to whom and what it said goes."""
_FORGET_UNJUDGED = delete(unjudged).where(where(unjudged), unjudged.c.first_at < given("before"))
_FORGET_COUNTS = delete(unjudged_counts).where(where(unjudged_counts), unjudged_counts.c.day < given("day"))
_OLD_ENTRIES = select(audit.c.sequence).where(where(audit), audit.c.at < given("before"))
_FORGET_VALUES = delete(audit_values).where(audit_values.c.community == given("community"), audit_values.c.sequence.in_(_OLD_ENTRIES))


class RetentionPart(ProofPart):
    """Deleting what is old."""

    async def forget_cases(self, before: datetime, limit: int = CASES_AT_ONCE) -> tuple[int, ...]:
        """Delete cases that nobody waits for and nothing happened in since `before`, and letters as old; gives the cases' numbers."""
        numbers = tuple(int(row["number"]) for row in await self._all(_OLD_CASES, before=before, limit=limit))
        for number in numbers:
            for statement in _FORGET:
                await self._find(statement, case=number)
            await self._find(_FORGET_CASE, number=number)
            await self.audit(FORGOTTEN, case=number)
        await self._find(_BLANK_LETTERS, before=before)
        return numbers

    async def forget_reports(self, before: datetime) -> int:
        """Delete older reports that were answered, or whose case was decided; gives how many."""
        return (await self._find(_FORGET_REPORTS, before=before)).rowcount

    async def forget_unjudged(self, before: datetime) -> int:
        """Delete older notes of what was not judged, and their counts by day; gives how many."""
        notes: Any = await self._find(_FORGET_UNJUDGED, before=before)
        counts = await self._find(_FORGET_COUNTS, day=before.astimezone(self.now.tzinfo).date().isoformat())
        return int(notes.rowcount) + counts.rowcount

    async def forget_audit_values(self, before: datetime) -> int:
        """Erase the personal values of older entries of the trail, and say so in it; its chain still holds. Gives how many there were."""
        erased = (await self._find(_FORGET_VALUES, before=before)).rowcount
        if erased:
            await self.audit("old_values_erased")
        return erased
