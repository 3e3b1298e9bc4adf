"""The record: open it, and change it in transactions.

Knows: how the parts of a transaction come together. Must not know: what is judged, said or performed.
Rules: `async with store.transaction() as tx:` is all or nothing, leaving it by an exception leaves nothing behind; one
transaction at a time, the others wait their turn, so nothing slow (a model, a network) happens inside one, and none inside
another; a transaction speaks for one community and has one now.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.core.model import ActionKind
from bot.store import about, cases, outbox, people
from bot.store.cases import CasesPart
from bot.store.consents import OF_CASE_CONSENTS, ConsentsPart, consent
from bot.store.engine import StoreError, advice, checkpoint, open_engine
from bot.store.forgetting import ForgettingPart
from bot.store.likes import LikesPart
from bot.store.people import PeoplePart
from bot.store.policies import PoliciesPart
from bot.store.records import ActionState, CaseDetail, Hashes
from bot.store.rooms import RoomsPart
from bot.store.setups import SetupsPart
from bot.store.tables import communities

__all__ = ["Store", "StoreError", "Transaction"]

THREAD_SECONDS = 0.1
_ADD_COMMUNITY = insert(communities).on_conflict_do_nothing()
_DATA_OF = {one.words: select(one.table).where(one.theirs) for one in about.shown()}


def nothing(_point: str) -> None:
    """Where nobody wants to know how far the opening is."""


class Transaction(RoomsPart, CasesPart, PeoplePart, LikesPart, ConsentsPart, PoliciesPart, SetupsPart, ForgettingPart):
    """Everything that can be done in one transaction. Its methods stand by noun in the parts it is made of."""

    async def case_detail(self, number: int) -> CaseDetail | None:
        """Everything needed to show a case and to replay it."""
        row = await self._one(cases.CASE, number=number)
        if row is None:
            return None
        late, struck = row["late_seconds"], await self._one(cases.OF_CASE_STRIKE, case=number)
        return CaseDetail(
            case=cases.view(row),
            **{name: row[name] for name in ("collects", "mode", "decision", "decided_at", "reason")},
            hashes=Hashes(policy=row["policy_hash"], model=row["model_hash"], code=row["code_hash"]),
            late=timedelta(seconds=late) if late is not None else None,
            messages=tuple(cases.case_message(each) for each in await self._all(cases.OF_CASE_MESSAGES, case=number)),
            findings=tuple(cases.case_finding(each) for each in await self._all(cases.OF_CASE_FINDINGS, case=number)),
            earlier=tuple(cases.earlier_row(each) for each in await self._all(cases.OF_CASE_EARLIER, case=number)),
            strike=cases.strike(struck) if struck else None,
            sanctions=tuple(cases.sanction(each) for each in await self._all(cases.OF_CASE_SANCTIONS, case=number)),
            actions=tuple(outbox.outbox_row(each) for each in await self._all(outbox.OF_CASE, case=number)),
            notices=tuple(outbox.notice(each) for each in await self._all(outbox.NOTICES_OF_CASE, case=number)),
            reports=tuple(people.report(each) for each in await self._all(people.OF_CASE_REPORTS, case=number)),
            reviews=tuple(people.review(each) for each in await self._all(people.OF_CASE_REVIEWS, case=number)),
            appeals=tuple(people.appeal(each) for each in await self._all(people.OF_CASE_APPEALS, case=number)),
            consents=tuple(consent(each) for each in await self._all(OF_CASE_CONSENTS, case=number)),
            history=await self.history(number),
        )

    async def mute_of(self, accounts: Iterable[tuple[str, str]]) -> tuple[datetime | None, bool]:
        """When the longest mute of some (platform, account) ends, None where there is none; and whether it was carried out."""
        live = [one for each in accounts for one in await self.live_sanctions(*each) if one.kind == ActionKind.MUTE]
        if not live:
            return None, False
        last = max(live, key=lambda one: one.until)
        rows = [outbox.outbox_row(each) for each in await self._all(outbox.OF_CASE, case=last.case)]
        so = (ActionState.DONE, ActionState.SIMULATED)
        return last.until, any(row.action.kind is ActionKind.MUTE and row.state in so for row in rows)

    async def data_of(self, platform: str, account: str) -> dict[str, Any]:
        """Everything that is kept about an account, by kind, as plain values. Reports about it are left out: they are sealed."""
        found: dict[str, Any] = {}
        for name, statement in _DATA_OF.items():
            rows = await self._all(statement, platform=platform, account=account)
            found[name] = [{key: value for key, value in row.items() if key not in ("community", "context", "whole")} for row in rows]
        return found


class Store:
    """The record of all communities in one database."""

    def __init__(self, engine: AsyncEngine, place: str) -> None:
        self._engine = engine
        self._place = place
        self._communities: set[str] = set()
        self._cut_off = False

    @classmethod
    async def open(cls, url: str, *, on_point: Callable[[str], None] = nothing, create: bool = True) -> "Store":
        """Open the database, `sqlite+aiosqlite:///folder/steward.db`, creating what is missing. Raises StoreError.

        `on_point("migrating")` is called inside the migration's transaction after the first table: what is killed there
        leaves nothing behind. `create=False`: whoever only looks must not make an empty record where they mistyped its place.
        """
        engine = await open_engine(url, on_point, create=create)
        return cls(engine, engine.url.database or ":memory:")

    @asynccontextmanager
    async def transaction(self, community: str, now: datetime) -> AsyncIterator[Transaction]:
        """Begin, and commit at the end or roll back. Raises StoreError where the database cannot be written just now.

        `now` is the clock's time and the same for everything in it.
        """
        try:
            async with self._engine.begin() as connection:
                if community not in self._communities:
                    await connection.execute(_ADD_COMMUNITY, {"community": community, "first_seen_at": now})
                yield Transaction(connection, community, now)
        except asyncio.CancelledError:
            self._cut_off = True
            raise
        except (IntegrityError, ProgrammingError, InterfaceError, DataError):
            raise
        except (DBAPIError, PoolTimeoutError) as error:
            raise StoreError(advice(self._place, error)) from error
        self._communities.add(community)

    async def checkpoint(self) -> bool:
        """Empty the write-ahead log into the file: after an erasure this removes the last bytes. False while another reads."""
        return await checkpoint(self._engine)

    async def close(self) -> None:
        """Let go of the file. After a transaction that was cut off its connection's thread still has a last word to say."""
        await self._engine.dispose()
        if self._cut_off:
            await asyncio.sleep(THREAD_SECONDS)
