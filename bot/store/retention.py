"""What is deleted because its time is over, or because a member asked for it: cases with all that hangs on them, reports, and the rest.

Knows: which tables hang on a case, what somebody still waits for. Must not know: how long anything is kept (a policy's `retention`).
Rules: an open case, an appeal that waits, an action on its way and a live mute keep a case; so many cases at a time, so that nobody
waits for the record; the trail says which cases went, so that the record can be compared with it afterwards.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, or_, select, update

from bot.core.cases import APPEALED, ReportState
from bot.core.model import ActionKind, CaseState
from bot.store.about import HANG_ON_A_CASE, deleted_by_itself
from bot.store.part import given, where
from bot.store.proof import FORGOTTEN, ProofPart
from bot.store.records import ActionState, SanctionState
from bot.store.tables import (
    accounts,
    actions,
    appeals,
    audit,
    audit_values,
    cases,
    consents,
    earlier,
    likes,
    members,
    notices,
    reports,
    sanctions,
    unjudged,
    unjudged_counts,
)

CASES_AT_ONCE = 100
"""Cases that are deleted in one transaction; the next ones go in the next round."""
_ON_THEIR_WAY = (ActionState.PENDING.value, ActionState.PERFORMING.value)


def _has(table: Table, column: str, values: Iterable[str]) -> ColumnElement[bool]:
    """The case at hand has a row in a table whose column is one of the values."""
    same = and_(table.c.community == cases.c.community, table.c.case == cases.c.number)
    return exists().where(same, table.c[column].in_([str(value) for value in values]))


_NOBODY_WAITS = and_(
    cases.c.state != CaseState.OPEN.value,
    ~_has(appeals, "state", APPEALED),
    ~_has(actions, "state", _ON_THEIR_WAY),
    ~_has(sanctions, "state", (SanctionState.LIVE,)),
)
_LAST = func.max(cases.c.last_at, func.coalesce(cases.c.decided_at, cases.c.last_at))
_OLD = _LAST < given("before")  # noqa: SIM300 - the other way round the moment would not be written as the column's type
_OLD_CASES = select(cases.c.number).where(where(cases), _OLD, _NOBODY_WAITS).order_by(cases.c.number).limit(given("limit"))
_CASES_OF = select(cases.c.number, _NOBODY_WAITS.label("free")).where(where(cases, "platform", "author")).order_by(cases.c.number)
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
_OF_ACCOUNT = [one.deletion() for one in deleted_by_itself()]
_REPORTS_BY = delete(reports).where(
    where(reports, "platform", "reporter"), reports.c.state != ReportState.OPEN.value, or_(reports.c.case.is_(None), ~_OPEN_CASE)
)
_KEPT = given("kept", many=True)
_BESIDE_KEPT = [
    *(delete(table).where(where(table, "platform", "account"), table.c.case.not_in(_KEPT)) for table in (likes, consents, notices)),
    update(actions)
    .where(where(actions, "platform"), actions.c.target == given("account"), actions.c.state.not_in(_ON_THEIR_WAY))
    .where(or_(actions.c.case.is_(None), actions.c.case.not_in(_KEPT)))
    .values(text="", news="", detail="", error="", target=""),
]
"""What this account was asked and told; in its own cases that are kept nothing is touched, as somebody still waits for them."""
_BLANK_OF_OTHERS = [
    update(earlier).where(where(earlier, "platform"), earlier.c.author == given("account")).values(text="", author=""),
]
"""In cases of others: older words of theirs that a finding rests on."""
_ON_ITS_WAY = actions.c.state.in_(_ON_THEIR_WAY)
_REPORTED = select(reports.c.case).where(where(reports, "platform", "reporter"), reports.c.case.is_not(None))
_BLANK_NEWS = update(actions).where(where(actions), actions.c.case.in_(_REPORTED), ~_ON_ITS_WAY, actions.c.news != "").values(news="")
_BLANK_TOLD = (
    update(actions)
    .where(where(actions), actions.c.case.is_(None), actions.c.kind == ActionKind.TELL.value, ~_ON_ITS_WAY, actions.c.text != "")
    .values(text="")
)
"""What moderators were told of reports: it stands in their channel, and nobody reads it here again."""
_LEFT_ALONE = delete(members).where(
    where(members), ~exists().where(accounts.c.community == members.c.community, accounts.c.member == members.c.member)
)
_ENTRIES_OF = select(audit.c.sequence).where(where(audit), audit.c.case.in_(given("cases", many=True)), audit.c.digest != "")
_ASKED = (
    select(audit_values.c.sequence, audit_values.c["values"])
    .join(audit, and_(audit.c.community == audit_values.c.community, audit.c.sequence == audit_values.c.sequence))
    .where(where(audit), audit.c.kind == "forget_me")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was deleted about an account: the cases, how many other rows; and the cases that somebody still waits for."""

    cases: tuple[int, ...] = ()
    rows: int = 0
    kept: tuple[int, ...] = ()

    def __add__(self, other: "Forgotten") -> "Forgotten":
        """Both together."""
        return Forgotten(cases=self.cases + other.cases, rows=self.rows + other.rows, kept=self.kept + other.kept)


class RetentionPart(ProofPart):
    """Deleting what is old, and what a member asks to have deleted."""

    async def forget_cases(self, before: datetime, limit: int = CASES_AT_ONCE) -> tuple[int, ...]:
        """Delete cases that nobody waits for and nothing happened in since `before`, and letters as old; gives the cases' numbers."""
        numbers = tuple(int(row["number"]) for row in await self._all(_OLD_CASES, before=before, limit=limit))
        for number in numbers:
            await self._forget_case(number)
        await self._find(_BLANK_LETTERS, before=before)
        return numbers

    async def forget_account(self, platform: str, account: str) -> Forgotten:
        """Delete all that is kept about an account, and the values of the trail that its cases left, but cases that somebody waits for.

        In cases of others stays that they are about this account: somebody else answers for those.
        """
        found = await self._all(_CASES_OF, platform=platform, author=account)
        free = tuple(int(row["number"]) for row in found if row["free"])
        for number in free:
            await self._forget_case(number)
        kept = tuple(int(row["number"]) for row in found if not row["free"])
        rows = 0
        for statement in _BESIDE_KEPT:
            rows += (await self._find(statement, platform=platform, account=account, kept=list(kept))).rowcount
        for statement in (*_OF_ACCOUNT, *_BLANK_OF_OTHERS):
            rows += (await self._find(statement, platform=platform, account=account)).rowcount
        for statement in (_BLANK_NEWS, _REPORTS_BY):
            rows += (await self._find(statement, platform=platform, reporter=account)).rowcount
        await self._find(_BLANK_TOLD)
        await self._find(_LEFT_ALONE)
        entries = [int(row["sequence"]) for row in await self._all(_ENTRIES_OF, cases=list(free))]
        entries += [int(row["sequence"]) for row in await self._all(_ASKED) if json.loads(row["values"]).get("by") == account]
        rows += await self.audit_erase(entries)
        return Forgotten(cases=free, rows=rows, kept=kept)

    async def _forget_case(self, number: int) -> None:
        for statement in _FORGET:
            await self._find(statement, case=number)
        await self._find(_FORGET_CASE, number=number)
        await self.audit(FORGOTTEN, case=number)

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
