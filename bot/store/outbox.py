"""The outbox and the notices: what is committed to be done, and what became of it.

Knows: actions, their states, notices. Must not know: how anything is performed, or whether it should be.
Rules: one row per action key, whoever asks and however often; whatever transition is not in the table does not happen; every
transition has its audit entry in the same transaction, and an action exactly one `performed`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.core.model import Action, ActionKind
from bot.store.audit import PERFORMED, AuditPart
from bot.store.part import Row, given, where
from bot.store.records import ActionState, Notice, NoticeState, OutboxRow
from bot.store.tables import actions, cases, notices

ACTION: Mapping[ActionState, frozenset[ActionState]] = {
    ActionState.PENDING: frozenset(
        {
            ActionState.PENDING,
            ActionState.PERFORMING,
            ActionState.MANUAL,
            ActionState.DROPPED,
            ActionState.SIMULATED,
        }
    ),
    ActionState.PERFORMING: frozenset(
        {
            ActionState.PENDING,
            ActionState.DONE,
            ActionState.MAYBE_DONE,
            ActionState.MANUAL,
            ActionState.DROPPED,
            ActionState.SIMULATED,
        }
    ),
    ActionState.MAYBE_DONE: frozenset({ActionState.DONE, ActionState.MANUAL, ActionState.DROPPED}),
    ActionState.MANUAL: frozenset({ActionState.DONE, ActionState.DROPPED}),
    ActionState.DONE: frozenset(),
    ActionState.DROPPED: frozenset(),
    ActionState.SIMULATED: frozenset(),
}
"""Which state may follow which. Pending again is a retry later; performing again after a crash goes through pending."""
AUDIT_KINDS: Mapping[ActionState, str] = {
    ActionState.PENDING: "postponed",
    ActionState.PERFORMING: "performing",
    ActionState.DONE: PERFORMED,
    ActionState.MAYBE_DONE: "maybe_done",
    ActionState.MANUAL: "manual_task",
    ActionState.DROPPED: "dropped",
    ActionState.SIMULATED: "simulated",
}
BEFORE: Mapping[ActionState, tuple[ActionState, ...]] = {
    after: tuple(before for before, then in ACTION.items() if after in then) for after in ActionState
}
LETTERS = "letter"
DUE_MAX = 100
"""Actions that the outbox takes at a time."""

_FIELDS = ("case", "step", "platform", "server", "room", "target", "message", "until", "text", "news")
_ADD = insert(actions).on_conflict_do_nothing()
_THIS = where(actions, "key")
_ACTION = select(actions).where(_THIS)
_DUE = (
    select(actions)
    .where(where(actions), actions.c.state == "pending", actions.c.due_at <= given("now"))
    .order_by(actions.c.due_at, actions.c.id)
    .limit(given("limit"))
)
_NEXT_DUE = select(func.min(actions.c.due_at).label("due_at")).where(where(actions), actions.c.state == "pending")
_IN_STATE = select(actions).where(where(actions, "state")).order_by(actions.c.id).limit(given("limit"))
OF_CASE = select(actions).where(where(actions, "case")).order_by(actions.c.id)
_CARD = (
    select(actions.c.reference)
    .where(where(actions, "case", "platform"), actions.c.kind.in_(("escalate", "urgent")), actions.c.reference != "")
    .order_by(actions.c.id)
    .limit(1)
)
_COUNT = select(func.count(actions.c.id)).where(
    where(actions, "kind"), actions.c.committed_at > given("since"), actions.c.state != "dropped"
)
_COUNT_OF = _COUNT.where(actions.c.platform == given("platform"), actions.c.target == given("target"))
_MARK = update(actions).where(where(actions, "key"), actions.c.state.in_(given("before", many=True)))
_ADD_NOTICE = insert(notices).on_conflict_do_nothing()
_THIS_NOTICE = where(notices, "case", "step", "account")
_MARK_NOTICE = update(notices).where(_THIS_NOTICE, notices.c.delivered_at.is_(None))
NOTICES_OF_CASE = select(notices).where(where(notices, "case")).order_by(notices.c.step, notices.c.account)
_FIRST_NOTICE = update(cases).where(where(cases, "number"), cases.c.notice_first_at.is_(None))
_FIRST_TRY = update(cases).where(where(cases, "number"), cases.c.notice_tried_at.is_(None))


class OutboxPart(AuditPart):
    """Actions and notices."""

    async def add_actions(self, wanted: Iterable[Action], *, due_at: datetime | None = None) -> tuple[str, ...]:
        """Commit actions, due now unless told; gives the keys that are new. One that is there already stays as it is."""
        added = []
        for action in wanted:
            assert action.community == self.community, "an action belongs to the transaction's community"
            row = {name: getattr(action, name) for name in _FIELDS}
            result = await self._add(
                _ADD,
                **{**row, "case": action.case or None},
                key=action.key,
                kind=action.kind.value,
                state=ActionState.PENDING.value,
                attempts=0,
                committed_at=self.now,
                due_at=due_at or self.now,
            )
            if result.rowcount:
                added.append(action.key)
                await self.audit("committed", case=action.case, step=action.step, action_key=action.key)
        return tuple(added)

    async def next_letter(self) -> int:
        """The step of an action that belongs to no case: a number that none has had."""
        return await self._bump(LETTERS)

    async def add_letter(
        self,
        text: str,
        *,
        platform: str,
        kind: ActionKind = ActionKind.NOTIFY,
        server: str = "",
        room: str = "",
        target: str = "",
        message: str = "",
    ) -> str:
        """Commit what somebody is told outside any case: a member privately, or (`tell`) the moderators; gives the action's key."""
        letter = Action(
            community=self.community,
            case=0,
            step=await self.next_letter(),
            kind=kind,
            platform=platform,
            server=server,
            room=room,
            target=target,
            message=message,
            text=text,
        )
        await self.add_actions([letter])
        return letter.key

    async def action(self, key: str) -> OutboxRow | None:
        """One action."""
        row = await self._one(_ACTION, key=key)
        return outbox_row(row) if row else None

    async def card_of(self, case: int, platform: str) -> str:
        """Where the case's card stands on a platform; "" while there is none."""
        row = await self._one(_CARD, case=case, platform=platform)
        return str(row["reference"]) if row else ""

    async def count_actions(self, kind: ActionKind, since: datetime, *, platform: str = "", target: str = "") -> int:
        """How many actions of a kind were committed after that moment, dropped ones aside; all, or those on one account."""
        if target:
            return int((await self._find(_COUNT_OF, kind=kind.value, since=since, platform=platform, target=target)).scalar_one())
        return int((await self._find(_COUNT, kind=kind.value, since=since)).scalar_one())

    async def due_actions(self, now: datetime, limit: int = DUE_MAX) -> tuple[OutboxRow, ...]:
        """What is pending and due, the longest due first, then in the order of commitment."""
        return tuple(outbox_row(row) for row in await self._all(_DUE, now=now, limit=limit))

    async def next_due(self) -> datetime | None:
        """When the next pending action is due; None when there is none."""
        row = await self._one(_NEXT_DUE)
        due: datetime | None = row["due_at"] if row else None
        return due

    async def actions_in(self, state: ActionState, limit: int = DUE_MAX) -> tuple[OutboxRow, ...]:
        """Actions in a state, oldest first: after a start those `performing` were cut off, `manual` waits for a person."""
        return tuple(outbox_row(row) for row in await self._all(_IN_STATE, state=state.value, limit=limit))

    async def mark(
        self,
        key: str,
        state: ActionState,
        *,
        due_at: datetime | None = None,
        reference: str = "",
        detail: str = "",
        error: str = "",
    ) -> bool:
        """Move an action to a state and write the audit entry of that transition.

        False, and nothing changes, where the action is not there or its state does not allow it: somebody else was first.
        `performing` counts an attempt; `pending` needs `due_at`, the next attempt; `done` notes when and the reference.
        """
        assert (due_at is not None) == (state is ActionState.PENDING), "a postponed action says until when"
        row = await self._one(_ACTION, key=key)
        if row is None:
            return False
        to: dict[str, Any] = {"state": state.value}
        if state is ActionState.PERFORMING:
            to["attempts"] = row["attempts"] + 1
        if state is ActionState.DONE:
            to["performed_at"] = self.now
        told = {"due_at": due_at, "reference": reference, "detail": detail, "error": error}
        to.update({name: value for name, value in told.items() if value})
        if not await self._change(_MARK, to, key=key, before=[before.value for before in BEFORE[state]]):
            return False
        values = {name: value for name, value in (("reference", reference), ("detail", detail), ("error", error)) if value}
        await self.audit(AUDIT_KINDS[state], case=row["case"] or 0, step=row["step"], action_key=key, values=values or None)
        return True

    async def add_notice(self, case: int, step: int, *, platform: str, account: str, text: str) -> bool:
        """Commit what a member will read; False if it was there. The first of a case is noted in the case."""
        added = await self._add(
            _ADD_NOTICE,
            case=case,
            step=step,
            platform=platform,
            account=account,
            text=text,
            state=NoticeState.WAITING.value,
            committed_at=self.now,
        )
        await self._change(_FIRST_NOTICE, {"notice_first_at": self.now}, number=case)
        return added.rowcount == 1

    async def notice_tried(self, case: int, step: int, account: str) -> None:
        """It was tried and has not arrived; the first try of a case is noted in the case."""
        await self._change(_MARK_NOTICE, {"tried_at": self.now}, case=case, step=step, account=account)
        await self._change(_FIRST_TRY, {"notice_tried_at": self.now}, number=case)

    async def notice_delivered(self, case: int, step: int, account: str, state: NoticeState) -> None:
        """It arrived that way, or (`manual`) cannot arrive without a person. What has arrived is not changed again."""
        arrived = state in (NoticeState.DIRECT, NoticeState.THREAD, NoticeState.BY_PERSON)
        to: dict[str, Any] = {"state": state.value, "tried_at": self.now, "delivered_at": self.now if arrived else None}
        if await self._change(_MARK_NOTICE, to, case=case, step=step, account=account):
            await self.audit(f"notice_{state.value}", case=case, step=step)
        await self._change(_FIRST_TRY, {"notice_tried_at": self.now}, number=case)


def outbox_row(row: Row) -> OutboxRow:
    """A row of the table as a record."""
    fields = {**{name: row[name] for name in _FIELDS}, "case": row["case"] or 0}
    action = Action(community=row["community"], kind=ActionKind(row["kind"]), **fields)
    shown = ("attempts", "committed_at", "due_at", "performed_at", "reference", "detail", "error")
    return OutboxRow(action=action, state=ActionState(row["state"]), **{name: row[name] for name in shown})


def notice(row: Row) -> Notice:
    """A row of the table as a record."""
    shown = {name: value for name, value in row.items() if name not in ("community", "state")}
    return Notice(**shown, state=NoticeState(row["state"]))
