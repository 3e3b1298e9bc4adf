"""Opening the database: one file, one connection, one writer at a time.

Knows: SQLite's settings, how to migrate. Must not know: tables.
Rules: every transaction begins with BEGIN IMMEDIATE, so that what it read is still so when it writes; what is committed is on
the disk (synchronous=FULL), what is deleted is overwritten (secure_delete); migrations are one transaction; an operator's
mistake is a StoreError of one line that says what to do.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

DRIVER = "sqlite+aiosqlite"
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_MILLISECONDS_MAX = 5_000
"""How long a transaction waits for another process (the command line beside the service), then it is an error."""
WAIT_SECONDS_MAX = 60
"""How long a transaction waits for its turn in this process. A transaction inside another would wait for itself: never nest."""
PRAGMAS = (
    f"PRAGMA busy_timeout={BUSY_MILLISECONDS_MAX}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "PRAGMA foreign_keys=ON",
)


class StoreError(Exception):
    """The operator has to do something; the text is one line that says what."""


async def open_engine(url: str, on_point: Callable[[str], None], *, create: bool = True) -> AsyncEngine:
    """Open the database, create its folder and bring its tables up to date. Raises StoreError.

    `on_point("migrating")` is called inside the migration's transaction, after the first table.
    """
    address = _address(url)
    place = address.database or ":memory:"
    if not create and _is_missing(place):
        message = f"there is no database at {place}: STEWARD_DATABASE_URL says where it is"
        raise StoreError(message)
    if place != ":memory:":
        try:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"cannot create the folder of the database {place}: {error.strerror}; choose another place or allow writing there"
            raise StoreError(message) from error
        _try_out(place)
    engine = _engine(address)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_migrate, place, on_point)
    except (DBAPIError, sqlite3.Error) as error:
        await engine.dispose()
        raise StoreError(advice(place, error)) from error
    except BaseException:
        await engine.dispose()
        raise
    return engine


def _is_missing(place: str) -> bool:
    """Whether there is nothing at all, or a file with nothing in it."""
    return not os.path.lexists(place) or (Path(place).is_file() and not Path(place).stat().st_size)


def _try_out(place: str) -> None:
    """Read the file once, here and now: where aiosqlite cannot open a file it leaves a thread behind. Raises StoreError."""
    try:
        with closing(sqlite3.connect(place, timeout=BUSY_MILLISECONDS_MAX / 1_000)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.Error as error:
        raise StoreError(advice(place, error)) from error


async def checkpoint(engine: AsyncEngine) -> bool:
    """Move everything from the write-ahead log into the file and empty the log; False where a reader prevents it.

    After an erasure this is what removes the last bytes. It works only outside a transaction.
    """
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None, "an open connection has a driver"
        async with driver.execute("PRAGMA wal_checkpoint(TRUNCATE)") as cursor:
            row = await cursor.fetchone()
    return row is not None and row[0] == 0


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        message = f"the database address is not one: write {DRIVER}:///folder/steward.db"
        raise StoreError(message) from error
    if address.drivername != DRIVER:
        message = f"the database address begins with {address.drivername!r}: write {DRIVER}:///folder/steward.db"
        raise StoreError(message)
    return address


class ClosedMeansClosed(sqlite3.Connection):
    """A connection that gives up its transaction when it is closed.

    SQLite keeps a closed connection alive, write lock and all, while one of its statements is unfinished, and the cursor of a task that
    was cut off lives on in its traceback: without this nobody could write until the garbage was collected.
    """

    def close(self) -> None:
        """Roll back, then close."""
        with suppress(sqlite3.ProgrammingError):  # closed already
            self.rollback()
        super().close()


def _engine(address: URL) -> AsyncEngine:
    """One connection for the whole process: transactions take turns without asking SQLite again and again."""
    engine = create_async_engine(
        address,
        connect_args={"factory": ClosedMeansClosed},
        poolclass=AsyncAdaptedQueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=WAIT_SECONDS_MAX,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        try:
            cursor = connection.cursor()
            for pragma in PRAGMAS:
                cursor.execute(pragma)
            cursor.close()
        except BaseException:
            connection.close()
            raise

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _migrate(connection: Connection, place: str, on_point: Callable[[str], None]) -> None:
    """Inside the caller's transaction: from whatever the file holds to the newest tables."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    present = MigrationContext.configure(connection).get_current_heads()
    if not set(present) <= known:
        message = f"the database {place} was written by a newer Steward (schema {present[0]}): start that one, or restore a backup"
        raise StoreError(message)
    if not present and inspect(connection).get_table_names():
        message = f"the database {place} belongs to another program: choose another place"
        raise StoreError(message)
    if set(present) != set(scripts.get_heads()):
        config.attributes["connection"] = connection
        config.attributes["on_point"] = on_point
        command.upgrade(config, "head")


def advice(place: str, error: Exception) -> str:
    """What the operator can do about an error of SQLite's, in one line."""
    reason = str(getattr(error, "orig", None) or error)
    if "not a database" in reason or "malformed" in reason or "encrypted" in reason:
        return f"{place} is not a database, or is damaged ({reason}): choose another place, or restore a backup"
    if "full" in reason:
        return f"no room left on the disk for the database {place}: make room"
    if "QueuePool" in reason:
        return f"the database {place} was kept busy for {WAIT_SECONDS_MAX} seconds by this process: start it again"
    if "locked" in reason:
        return f"the database {place} is in use by another process: stop that one first"
    if "readonly" in reason or "unable to open" in reason:
        return f"cannot open the database {place} for writing ({reason}): choose another place or allow writing there"
    return f"the database {place} cannot be used ({reason}): restore a backup, or choose another place"
