"""What is deleted because a member asked for it: what is kept about all of their accounts, but for what somebody still waits for.

Knows: what stands about an account, what of it others wait for. Must not know: who asked, what they are told.
Rules: a case that somebody waits for loses nothing, whoever's it is; what others' cases say of the member stays, because others answer
for it; links go last, as by them the rest is found again; in the trail the values go of what the member did, never of what they decided
about others as a moderator.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, exists, func, or_, select, update

from bot.core.model import ActionKind
from bot.core.naming import person
from bot.store.about import ABOUT, deleted_by_itself
from bot.store.part import Row, given, where
from bot.store.records import EarlierState, ReportKind
from bot.store.retention import BLANK, IS_OVER, LEFT_TO_PEOPLE, NOBODY_WAITS, REPORTS, RetentionPart, has
from bot.store.tables import accounts, actions, audit, audit_values, cases, consents, earlier, likes, members, notices, reports

_NOTHING_LEFT = and_(NOBODY_WAITS, ~has(actions, "state", LEFT_TO_PEOPLE))
"""Nobody waits for the case, and nothing of it is left for people to do."""
_WAITED_FOR = select(cases.c.number).where(where(cases), ~_NOTHING_LEFT)
_CASES_OF = select(cases.c.number).where(where(cases, "platform", "author")).order_by(cases.c.number)
_KEPT, _WAITED = given("kept", many=True), given("waited", many=True)
_TO_THEM = and_(where(actions, "platform"), actions.c.target == given("account"))
_LEFT_LETTERS = select(actions.c.key).where(
    _TO_THEM, actions.c.case.is_(None), actions.c.state.in_([state.value for state in LEFT_TO_PEOPLE])
)
_OF_ACCOUNT = [delete(one.table).where(one.theirs) for one in deleted_by_itself() if one.table is not accounts]
_BESIDE_KEPT = [
    *(delete(table).where(where(table, "platform", "account"), table.c.case.not_in(_KEPT)) for table in (likes, notices)),
    update(actions).where(_TO_THEM, IS_OVER, or_(actions.c.case.is_(None), actions.c.case.not_in(_KEPT))).values(BLANK),
    update(earlier)
    .where(where(earlier, "platform"), earlier.c.author == given("account"), earlier.c.case.not_in(_KEPT))
    .values(text="", author="", state=EarlierState.GONE.value),
]
"""What this account was told and liked, and its older words in the cases of others; in its own cases that are kept nothing is touched."""
_FORGET_CONSENTS = delete(consents).where(where(consents, "platform", "account"), consents.c.case.not_in(_WAITED))
_CONSENTS_LEFT = select(func.count()).select_from(consents).where(where(consents, "platform", "account"), consents.c.case.not_in(_KEPT))
_REPORTS_BY = REPORTS.where(where(reports, "platform", "reporter"), reports.c.id != given("request"))
_REPORTS_LEFT = (
    select(func.count()).select_from(reports).where(where(reports, "platform", "reporter"), reports.c.kind == ReportKind.WRONG.value)
)
_BLANK_TOLD = (
    update(actions)
    .where(where(actions), actions.c.case.is_(None), actions.c.kind == ActionKind.TELL.value, IS_OVER, actions.c.text != "")
    .values(text="")
)
"""What moderators were told of reports: it stands in their channel, and nobody reads it here again."""
_LETTERS_NAMING = (
    update(actions)
    .where(where(actions, "platform"), actions.c.case.is_(None), IS_OVER, func.instr(actions.c.text, given("named")) > 0)
    .values(text="")
)
"""What others were told that names them: a no-contact request, help after an attack. It was sent, and nobody reads it here again."""
_UNLINK = delete(accounts).where(where(accounts, "platform", "account"))
_LEFT_ALONE = delete(members).where(
    where(members), ~exists().where(accounts.c.community == members.c.community, accounts.c.member == members.c.member)
)

_SAME_ENTRY = and_(audit.c.community == audit_values.c.community, audit.c.sequence == audit_values.c.sequence)
_ITS_CASE = and_(cases.c.community == audit.c.community, cases.c.number == audit.c.case)
_NAMING = (
    select(audit.c.sequence, audit.c.kind, audit.c.case, audit_values.c["values"], cases.c.platform, cases.c.number.label("there"))
    .select_from(audit_values.join(audit, _SAME_ENTRY).outerjoin(cases, _ITS_CASE))
    .where(where(audit), func.instr(audit_values.c["values"], given("named")) > 0)
    .order_by(audit.c.sequence)
)
"""The entries that still have values with a name in them, and the case that each is about, as far as it is there."""
_WITH_VALUES = audit_values.join(audit, _SAME_ENTRY)
_ENTRIES_OF = select(audit.c.sequence).select_from(_WITH_VALUES).where(where(audit), audit.c.case.in_(given("cases", many=True)))
_PLATFORMS_OF = [select(one.table.c.platform).distinct().where(where(one.table), one.column == given("account")) for one in ABOUT]
WHO = ("author", "account", "requester", "target")
"""Under these names stands in the trail whom an entry is of, ..."""
BY_MEMBERS = ("report_in_case", "consent", "forget_me")
"""... and in these under `by`, where elsewhere a moderator stands."""
OPENING = ("opened", "added")
LIKES = ("like_noted", "like_ended", "like_found")
"""Entries about the case of somebody else, in which nobody waits for what a member liked."""

Account = tuple[str, str]
"""Platform and account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was deleted about a member: the cases, how many other rows; and what somebody still waits for.

    `kept`: their cases. `waiting`: how many reports of theirs, and answers of theirs in the cases of others.
    """

    cases: tuple[int, ...] = ()
    rows: int = 0
    kept: tuple[int, ...] = ()
    waiting: int = 0

    @property
    def whole(self) -> bool:
        """Say whether nothing is left that has to go later."""
        return not (self.kept or self.waiting)


class ForgettingPart(RetentionPart):
    """Deleting what a member asks to have deleted."""

    async def forget_member(self, own: Collection[Account], *, request: int) -> Forgotten:
        """Delete what is kept about all accounts of a member but what somebody waits for, and but the request itself.

        What was left can be deleted by the same call later: as long as anything is, their accounts stay linked.
        """
        waited = {int(row["number"]) for row in await self._all(_WAITED_FOR)}
        found = [int(row["number"]) for platform, account in own for row in await self._all(_CASES_OF, platform=platform, author=account)]
        free, kept = [one for one in found if one not in waited], [one for one in found if one in waited]
        entries = await self._entries_of(own, free, waited=waited, kept=kept)
        for number in free:
            await self._forget_case(number)
        rows = waiting = 0
        for platform, account in own:
            rows += await self._forget_beside(platform, account, request=request, waited=waited, kept=kept)
            waiting += await self._left_of(platform, account, kept=kept)
        await self._find(_BLANK_TOLD)
        gone = Forgotten(cases=tuple(sorted(free)), kept=tuple(sorted(kept)), waiting=waiting)
        if gone.whole:
            rows += sum([(await self._find(_UNLINK, platform=platform, account=account)).rowcount for platform, account in own])
            await self._find(_LEFT_ALONE)
        rows += await self.audit_erase(entries)
        return Forgotten(cases=gone.cases, rows=rows, kept=gone.kept, waiting=waiting)

    async def _forget_beside(self, platform: str, account: str, *, request: int, waited: Iterable[int], kept: Iterable[int]) -> int:
        """Delete what stands about an account outside its cases; gives how many rows."""
        await self._drop(row["key"] for row in await self._all(_LEFT_LETTERS, platform=platform, account=account))
        own: dict[str, object] = {"platform": platform, "account": account}
        rows = sum([(await self._find(statement, **own)).rowcount for statement in _OF_ACCOUNT])
        rows += sum([(await self._find(statement, **own, kept=list(kept))).rowcount for statement in _BESIDE_KEPT])
        rows += (await self._find(_FORGET_CONSENTS, **own, waited=list(waited))).rowcount
        rows += (await self._find(_LETTERS_NAMING, platform=platform, named=person(account))).rowcount
        settled = await self._all(_REPORTS_BY, platform=platform, reporter=account, request=request, waited=list(waited))
        return rows + await self._forget_reports(settled)

    async def _left_of(self, platform: str, account: str, *, kept: Iterable[int]) -> int:
        """How many reports and answers of an account had to stay."""
        asked = await self._find(_CONSENTS_LEFT, platform=platform, account=account, kept=list(kept))
        reported = await self._find(_REPORTS_LEFT, platform=platform, reporter=account)
        return int(asked.scalar_one()) + int(reported.scalar_one())

    async def _entries_of(self, own: Collection[Account], free: Iterable[int], *, waited: set[int], kept: Collection[int]) -> list[int]:
        """The entries of the trail whose values go: of the cases that go or went before, and of what the accounts did elsewhere."""
        of_cases, sequences = set(free), set[int]()
        for platform, account in own:
            here_alone = await self._nobody_elses(account, own)
            for row in await self._all(_NAMING, named=json.dumps(account)):
                if not _is_of(row, platform, account, unsaid=here_alone):
                    continue
                if row["kind"] in OPENING and row["there"] is None:
                    of_cases.add(row["case"])
                if row["case"] not in (kept if row["kind"] in LIKES else waited):
                    sequences.add(row["sequence"])
        sequences |= {int(row["sequence"]) for row in await self._all(_ENTRIES_OF, cases=sorted(of_cases))}
        return sorted(sequences)

    async def _nobody_elses(self, account: str, own: Collection[Account]) -> bool:
        """Say whether the record knows an id on no other platform than the member's own: then an entry without one is theirs."""
        found = [row["platform"] for statement in _PLATFORMS_OF for row in await self._all(statement, account=account)]
        return all((platform, account) in own for platform in found)


def _is_of(row: Row, platform: str, account: str, *, unsaid: bool) -> bool:
    """Say whether an entry is of what an account did, or of what happened to it; `unsaid`: what counts where it names no platform."""
    values: dict[str, Any] = json.loads(row["values"])
    if [platform, account] in values.get("accounts", ()):
        return True
    names = (*WHO, "by") if row["kind"] in BY_MEMBERS else WHO
    if account not in [values.get(name) for name in names]:
        return False
    where_said = values.get("platform") or row["platform"]
    return bool(where_said == platform) if where_said else unsaid
