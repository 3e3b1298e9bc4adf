"""What the tests of the record write down: a message, a contact row, a case and an action of one branch.

Knows: the core's data and the store. Must not know: services, platforms.
Rules: everything is of one moment, and each thing takes what a test wants otherwise.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.model import Action, ActionKind, CaseView, Contact, Message, Status
from bot.store.records import Hashes
from bot.store.store import Transaction

NOW = datetime(2026, 3, 1, 12, 0, 0, 123457, tzinfo=UTC)
HASHES = Hashes(policy="p", model="m", code="c")


def url(place: Path) -> str:
    return f"sqlite+aiosqlite:///{place}"


def message(number: int = 1, **changed: object) -> Message:
    fields: dict[str, object] = {"community": "north", "platform": "console", "room": "r", "id": str(number), "author": "alex"}
    return Message(**{**fields, "text": f"line {number}", "sent_at": NOW, **changed})  # type: ignore[arg-type]


def contact(author: str, target: str, number: int, **changed: object) -> Contact:
    fields: dict[str, object] = {"author": author, "target": target, "room": "r", "message": str(number)}
    return Contact(**{**fields, "sent_at": NOW + timedelta(seconds=number), **changed})  # type: ignore[arg-type]


async def open_case(tx: Transaction, **changed: object) -> CaseView:
    number = await tx.next_case_number()
    fields: dict[str, object] = {"number": number, "author": "alex", "room": "r", "thread": "", "platform": "console"}
    case = CaseView(**{**fields, "opened_at": NOW, "last_at": NOW, "steps": 1, **changed})  # type: ignore[arg-type]
    await tx.add_case(case, mode=Status.ENFORCE, hashes=HASHES)
    return case


def action(case: int, kind: ActionKind = ActionKind.WARN, step: int = 1, **changed: object) -> Action:
    return Action(community="north", case=case, step=step, kind=kind, platform="console", target="alex", **changed)  # type: ignore[arg-type]
