"""What every part of a transaction has: the connection, the community, one now.

Knows: SQLAlchemy's connection. Must not know: tables.
Rules: statements are built once, when a module is loaded, and SQLAlchemy compiles each once; what a row is looked up by is a
parameter named `given_…`, because a parameter with a column's own name is a value to write.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, CursorResult, Executable, Join, Table, and_, bindparam, func
from sqlalchemy.ext.asyncio import AsyncConnection

Row = Mapping[Any, Any]


def given(name: str, *, many: bool = False) -> BindParameter[Any]:
    """The parameter that a row is looked up by; `many`: a list, for `in_`."""
    return bindparam(f"given_{name}", expanding=many)


def where(table: Table, *names: str) -> ColumnElement[bool]:
    """This community's rows that have the given values."""
    return and_(*(table.c[name] == given(name) for name in ("community", *names)))


def each_given(name: str, table: Table, columns: Sequence[str], *also: ColumnElement[bool]) -> Join:
    """Rows of the table for each of a list of tuples of the columns' values: one JSON parameter, see `as_list`.

    Outer joined, so that SQLite looks each up by the index; a tuple without a row gives a row of nulls. With `(a, b) IN (…)`, or
    an inner join (a condition in `where` makes it one: put it into `also`), it reads everything the community has instead.
    """
    wanted = func.json_each(given(name)).table_valued("value", name="wanted")
    values = [func.json_extract(wanted.c.value, f"$[{place}]") for place in range(len(columns))]
    same = [table.c[column] == value for column, value in zip(columns, values, strict=True)]
    return wanted.join(table, and_(table.c.community == given("community"), *same, *also), isouter=True)


def as_list(tuples: Iterable[Sequence[str]]) -> str:
    """What `each_given` takes."""
    return json.dumps(sorted(set(map(tuple, tuples))))


class Part:
    """A piece of a transaction. `now` is the clock's time at its beginning, the same for everything in it."""

    def __init__(self, connection: AsyncConnection, community: str, now: datetime) -> None:
        self.connection = connection
        self.community = community
        self.now = now

    async def _find(self, statement: Executable, **sought: object) -> CursorResult[Any]:
        """Select, or delete, by the given values."""
        result = await self.connection.execute(statement, self._given(sought))
        assert isinstance(result, CursorResult)
        return result

    async def _one(self, statement: Executable, **sought: object) -> Row | None:
        """The first row, if there is one."""
        row: Row | None = (await self._find(statement, **sought)).mappings().first()
        return row

    async def _all(self, statement: Executable, **sought: object) -> Sequence[Row]:
        """All rows."""
        rows: Sequence[Row] = (await self._find(statement, **sought)).mappings().all()
        return rows

    async def _change(self, statement: Executable, to: Row, **sought: object) -> int:
        """Update rows; gives how many."""
        result = await self.connection.execute(statement, {**to, **self._given(sought)})
        assert isinstance(result, CursorResult)
        return result.rowcount

    async def _add(self, statement: Executable, **row: object) -> CursorResult[Any]:
        """Insert a row."""
        result = await self.connection.execute(statement, {"community": self.community, **row})
        assert isinstance(result, CursorResult)
        return result

    async def _add_many(self, statement: Executable, rows: Iterable[Row]) -> int:
        """Insert rows in one call to the database; gives how many were new."""
        full = [{"community": self.community, **row} for row in rows]
        if not full:
            return 0
        result = await self.connection.execute(statement, full)
        assert isinstance(result, CursorResult)
        return result.rowcount

    def _given(self, sought: Mapping[str, object]) -> dict[str, object]:
        return {"given_community": self.community, **{f"given_{name}": value for name, value in sought.items()}}
