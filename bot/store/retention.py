"""What is deleted because its time is over: cases with all that hangs on them, reports, letters, and the rest.

Knows: which tables hang on a case, what somebody still waits for. Must not know: how long anything is kept (a policy's `retention`).
Rules: an open case, an appeal that waits, an action on its way and a live mute keep a case; so many cases at a time, so that nobody
waits for the record; a report goes with the letter that answers it, because without its report a letter says who reported; the trail
says which cases went, so that the record can be compared with it afterwards.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, or_, select, update

from bot.core.cases import APPEALED, ReportState
from bot.core.model import CARDS, CaseState
from bot.store.about import HANG_ON_A_CASE
from bot.store.outbox import OutboxPart
from bot.store.part import Row, given, where
from bot.store.proof import FORGOTTEN, ProofPart
from bot.store.records import ActionState, ReportKind, SanctionState
from bot.store.tables import actions, appeals, audit, audit_values, cases, reports, sanctions, unjudged, unjudged_counts

CASES_AT_ONCE = 100
"""Cases that are deleted in one transaction; the next ones go in the next round."""
ON_THEIR_WAY = (ActionState.PENDING, ActionState.PERFORMING)
LEFT_TO_PEOPLE = (ActionState.MANUAL, ActionState.MAYBE_DONE)
NOT_NEEDED = "nobody needs it any more"
"""Why a letter is dropped that was left to people."""


def has(table: Table, column: str, values: Iterable[str]) -> ColumnElement[bool]:
    """The case at hand has a row in a table whose column is one of the values."""
    same = and_(table.c.community == cases.c.community, table.c.case == cases.c.number)
    return exists().where(same, table.c[column].in_([str(value) for value in values]))


def _lately(table: Table, column: str) -> ColumnElement[bool]:
    """The case at hand has a row in a table that is not older than `before`."""
    same = and_(table.c.community == cases.c.community, table.c.case == cases.c.number)
    return exists().where(same, table.c[column] >= given("before"))


NOBODY_WAITS = and_(
    cases.c.state != CaseState.OPEN.value,
    ~has(appeals, "state", APPEALED),
    ~has(actions, "state", ON_THEIR_WAY),
    ~has(sanctions, "state", (SanctionState.LIVE,)),
)
_LAST = func.max(cases.c.last_at, cases.c.opened_at, func.coalesce(cases.c.decided_at, cases.c.last_at))
_LONG_AGO = _LAST < given("before")  # noqa: SIM300 - the other way round the moment would not be written as the column's type
_OLD = and_(_LONG_AGO, ~_lately(reports, "reported_at"), ~_lately(appeals, "appealed_at"))
_OLD_CASES = select(cases.c.number).where(where(cases), _OLD, NOBODY_WAITS).order_by(cases.c.number).limit(given("limit"))
_WAITED_FOR = select(cases.c.number).where(where(cases), ~NOBODY_WAITS)
_FORGET = [delete(table).where(table.c.community == given("community"), table.c.case == given("case")) for table in HANG_ON_A_CASE]
_FORGET_CASE = delete(cases).where(where(cases, "number"))
_ANSWER_ON_ITS_WAY = exists().where(actions.c.key == reports.c.letter, actions.c.state.in_([state.value for state in ON_THEIR_WAY]))
SETTLED = and_(
    or_(
        reports.c.state == ReportState.ANSWERED.value,
        and_(reports.c.state == ReportState.IN_CASE.value, reports.c.case.not_in(given("waited", many=True))),
    ),
    reports.c.kind != ReportKind.FORGET_REST.value,
    ~_ANSWER_ON_ITS_WAY,
)
"""A report that nobody waits for: neither it, nor its case, nor the answer to it. `waited`: the cases that somebody waits for."""
REPORTS = select(reports.c.id, reports.c.letter, reports.c.case).where(SETTLED)
_OLD_REPORTS = REPORTS.where(where(reports), reports.c.reported_at < given("before"))
_FORGET_REPORT = delete(reports).where(where(reports, "id"))
IS_OVER = actions.c.state.in_([state.value for state in (ActionState.DONE, ActionState.DROPPED, ActionState.SIMULATED)])
_BLANK_CARDS = (
    update(actions).where(where(actions, "case"), actions.c.kind.in_([kind.value for kind in CARDS]), IS_OVER).values(text="", news="")
)
"""The cards of a case as they were shown, with the words of who reported: each is made anew from the record."""
BLANK = {"text": "", "news": "", "detail": "", "error": "", "target": ""}
"""That a letter was sent stays, for the trail; to whom and what it said goes."""
_BLANK_LETTER = update(actions).where(where(actions, "key")).values(BLANK)
_OLD_LETTER = and_(where(actions), actions.c.case.is_(None), actions.c.committed_at < given("before"))
_OLD_LEFT = select(actions.c.key).where(_OLD_LETTER, actions.c.state.in_([state.value for state in LEFT_TO_PEOPLE]))
_BLANK_LETTERS = (
    update(actions)
    .where(
        _OLD_LETTER,
        actions.c.state.not_in([state.value for state in ON_THEIR_WAY]),
        or_(actions.c.text != "", actions.c.news != "", actions.c.detail != "", actions.c.target != ""),
    )
    .values(BLANK)
)
_FORGET_UNJUDGED = delete(unjudged).where(where(unjudged), unjudged.c.first_at < given("before"))
_FORGET_COUNTS = delete(unjudged_counts).where(where(unjudged_counts), unjudged_counts.c.day < given("day"))
_OLD_ENTRIES = select(audit.c.sequence).where(where(audit), audit.c.at < given("before"))
_FORGET_VALUES = delete(audit_values).where(audit_values.c.community == given("community"), audit_values.c.sequence.in_(_OLD_ENTRIES))


class RetentionPart(OutboxPart, ProofPart):
    """Deleting what is old."""

    async def forget_cases(self, before: datetime, limit: int = CASES_AT_ONCE) -> tuple[int, ...]:
        """Delete cases that nobody waits for and nothing happened in since `before`, and letters as old; gives the cases' numbers."""
        numbers = tuple(int(row["number"]) for row in await self._all(_OLD_CASES, before=before, limit=limit))
        for number in numbers:
            await self._forget_case(number)
        await self._drop(row["key"] for row in await self._all(_OLD_LEFT, before=before))
        await self._find(_BLANK_LETTERS, before=before)
        return numbers

    async def _forget_case(self, number: int) -> None:
        for statement in _FORGET:
            await self._find(statement, case=number)
        await self._find(_FORGET_CASE, number=number)
        await self.audit(FORGOTTEN, case=number)

    async def _drop(self, keys: Iterable[str]) -> None:
        """Letters that were left to people are so no longer; one that was sent stays as it is."""
        for key in keys:
            await self.mark(key, ActionState.DROPPED, detail=NOT_NEEDED)

    async def forget_reports(self, before: datetime) -> int:
        """Delete older reports that were answered, or whose case nobody waits for; gives how many."""
        waited = [int(row["number"]) for row in await self._all(_WAITED_FOR)]
        return await self._forget_reports(await self._all(_OLD_REPORTS, before=before, waited=waited))

    async def _forget_reports(self, found: Sequence[Row]) -> int:
        """Delete reports, each with the letter that answers it and the cards that show it; gives how many."""
        for row in found:
            if row["letter"]:
                await self._drop([row["letter"]])
                await self._find(_BLANK_LETTER, key=row["letter"])
            if row["case"]:
                await self._find(_BLANK_CARDS, case=row["case"])
            await self._find(_FORGET_REPORT, id=row["id"])
        return len(found)

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
