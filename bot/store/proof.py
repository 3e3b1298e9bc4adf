"""Whether the record says what the audit trail says: how each case stands, and what became of each action.

Knows: the trail's kinds of entries, the states that follow from them. Must not know: how the trail is chained, who asks.
Rules: what the trail does not tell (a decision whose values were erased) is not compared, and never taken for wrong.
"""

from collections.abc import Iterable

from sqlalchemy import select

from bot.core.cases import AFTER, Decision
from bot.core.model import CaseState
from bot.store.audit import AuditPart
from bot.store.outbox import AUDIT_KINDS
from bot.store.part import where
from bot.store.records import ActionState, AuditEntry
from bot.store.tables import actions, cases

COMMITTED = "committed"
FORGOTTEN = "case_forgotten"
"""The entry of a case that was deleted with all that hung on it: its time was over, or its author asked for it."""
STATE_OF = {kind: state for state, kind in AUDIT_KINDS.items()} | {COMMITTED: ActionState.PENDING}
_CASES = select(cases.c.number, cases.c.state).where(where(cases)).order_by(cases.c.number)
_ACTIONS = select(actions.c.key, actions.c.case, actions.c.kind, actions.c.state).where(where(actions)).order_by(actions.c.id)


class Told:
    """What the trail tells, entry by entry."""

    def __init__(self) -> None:
        self.cases: dict[int, CaseState | None] = {}
        """How each case stands; None where what was decided has been erased."""
        self.actions: dict[str, ActionState] = {}
        self._of_case: dict[int, set[str]] = {}

    def take(self, entries: Iterable[AuditEntry]) -> None:
        """Follow some entries, oldest first."""
        for entry in entries:
            if entry.action_key and entry.kind in STATE_OF:
                self.actions[entry.action_key] = STATE_OF[entry.kind]
                self._of_case.setdefault(entry.case, set()).add(entry.action_key)
            elif entry.kind == FORGOTTEN:
                self.cases.pop(entry.case, None)
                for key in self._of_case.pop(entry.case, ()):
                    self.actions.pop(key, None)
            elif entry.kind == "opened":
                self.cases.setdefault(entry.case, CaseState.OPEN)
            elif entry.kind == "decided":
                self.cases[entry.case] = AFTER[Decision(entry.values["decision"])] if entry.values else None
            elif entry.kind == "lapsed" and self.cases.get(entry.case) is CaseState.OPEN:
                self.cases[entry.case] = CaseState.LAPSED


class ProofPart(AuditPart):
    """Comparing the record with the trail."""

    async def compare_with_audit(self) -> tuple[str, ...]:
        """Each case and action that stands otherwise than the trail tells, in words; the chain itself is for `audit_verify`."""
        told, after = Told(), 0
        while page := await self.audit_entries(after=after):
            told.take(page)
            after = page[-1].sequence
        standing = {int(row["number"]): str(row["state"]) for row in await self._all(_CASES)}
        rows = await self._all(_ACTIONS)
        wrong = [
            f"case {number} is {standing.get(number, 'not there')}, the trail says {state or 'that it was decided'}"
            for number, state in sorted(told.cases.items())
            if (number not in standing if state is None else standing.get(number) != state.value)
        ]
        wrong += [f"case {number} is there, the trail does not know it" for number in standing if number not in told.cases]
        for row in rows:
            state = told.actions.pop(row["key"], None)
            if state is None or row["state"] != state.value:
                what = f"{row['kind']} of case {row['case']}" if row["case"] else f"{row['kind']} {row['key']}"
                wrong.append(f"{what} is {row['state']}, the trail says {state or 'nothing of it'}")
        return (*wrong, *(f"the action {key} is not there, the trail says {state}" for key, state in told.actions.items()))
