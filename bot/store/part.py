"""What every part of a transaction has: the connection, the community, one now.

Knows: SQLAlchemy's connection. Must not know: tables.
Rules: statements are built once, when a module is loaded; SQLAlchemy then compiles each once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, Executable
from sqlalchemy.ext.asyncio import AsyncConnection


class Part:
    """A piece of a transaction. `now` is the clock's time at its beginning, the same for everything in it."""

    def __init__(self, connection: AsyncConnection, community: str, now: datetime) -> None:
        self.connection = connection
        self.community = community
        self.now = now

    async def _run(self, statement: Executable, **values: object) -> CursorResult[Any]:
        """Execute for this community."""
        result = await self.connection.execute(statement, {"community": self.community, **values})
        assert isinstance(result, CursorResult)
        return result

    async def _run_many(self, statement: Executable, rows: Sequence[Mapping[str, object]]) -> int:
        """Execute once for each row, in one call to the database; gives the number of rows changed."""
        if not rows:
            return 0
        result = await self.connection.execute(statement, [{"community": self.community, **row} for row in rows])
        assert isinstance(result, CursorResult)
        return result.rowcount

    async def _one(self, statement: Executable, **values: object) -> Mapping[str, Any] | None:
        """The first row, if there is one."""
        row: Mapping[str, Any] | None = (await self._run(statement, **values)).mappings().first()
        return row

    async def _all(self, statement: Executable, **values: object) -> Sequence[Mapping[str, Any]]:
        """All rows."""
        rows: Sequence[Mapping[str, Any]] = (await self._run(statement, **values)).mappings().all()
        return rows
