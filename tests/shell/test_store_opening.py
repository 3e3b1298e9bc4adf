"""Opening the record: settings, migrations that are all or nothing, operators' mistakes."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import BigInteger, create_engine

from bot.store.store import Store, StoreError
from bot.store.tables import metadata
from tests.shell.record import NOW, url


async def test_database_keeps_what_is_committed_and_overwrites_what_is_deleted(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        asked = {}
        for pragma in ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "busy_timeout"):
            asked[pragma] = (await tx.connection.exec_driver_sql(f"PRAGMA {pragma}")).scalar_one()
    assert asked == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "busy_timeout": 5000}


async def test_transaction_has_the_write_lock_from_its_beginning(store: Store, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "var" / "steward.db", timeout=0, isolation_level=None)) as other:
        async with store.transaction("south", NOW):
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")


KILLED = """
import asyncio, os, signal, sys
from bot.store.store import Store
def end(point):
    if point == "migrating":
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(Store.open(sys.argv[1], on_point=end))
"""


async def test_killed_migration_rolls_back_and_the_next_start_succeeds(tmp_path: Path) -> None:
    place = tmp_path / "steward.db"
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", KILLED, url(place)], cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=False)
    assert ended.returncode == -signal.SIGKILL
    with closing(sqlite3.connect(place)) as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == []
    store = await Store.open(url(place))
    async with store.transaction("north", NOW) as tx:
        assert await tx.rooms() == ()
    await store.close()


async def test_migration_makes_the_tables_that_the_program_uses(tmp_path: Path) -> None:
    place = tmp_path / "steward.db"
    await (await Store.open(url(place))).close()
    engine = create_engine(f"sqlite:///{place}")

    def same_type(_context: Any, _inspected: Any, _column: Any, stored: Any, wanted: Any) -> bool:
        return isinstance(stored, BigInteger) and not isinstance(getattr(wanted, "impl", wanted), BigInteger)

    with engine.connect() as connection:
        options = {"compare_type": same_type}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    engine.dispose()
    with closing(sqlite3.connect(place)) as raw:
        keys = {
            row[0]: [column[1] for column in raw.execute(f"PRAGMA table_info({row[0]})") if column[5]]
            for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'")
        }
        partial = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'audit_performed_once'").fetchone()[0]
    assert {name: sorted(columns) for name, columns in keys.items()} == {
        name: sorted(column.name for column in table.primary_key.columns) for name, table in metadata.tables.items()
    }
    assert "UNIQUE" in partial
    assert "kind = 'performed'" in partial
    assert all("community" in table.columns for table in metadata.tables.values())


async def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    place = tmp_path / "steward.db"
    first = await Store.open(url(place))
    async with first.transaction("north", NOW) as tx:
        await tx.set_cursor("console", "r", "5", "7")
    await first.close()
    second = await Store.open(url(place), on_point=pytest.fail)
    async with second.transaction("north", NOW) as tx:
        assert [(room.room, room.cursor, room.newest_seen) for room in await tx.rooms()] == [("r", "5", "7")]
    await second.close()


def _file_as_folder(folder: Path) -> str:
    (folder / "file").write_text("x")
    return url(folder / "file" / "steward.db")


def _folder_as_file(folder: Path) -> str:
    (folder / "steward.db").mkdir()
    return url(folder / "steward.db")


def _not_a_database(folder: Path) -> str:
    (folder / "steward.db").write_bytes(b"minutes of the meeting, " * 100)
    return url(folder / "steward.db")


def _another_program(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "steward.db")) as raw:
        raw.execute("CREATE TABLE members (name TEXT)")
    return url(folder / "steward.db")


def _newer(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "steward.db")) as raw:
        raw.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        raw.execute("INSERT INTO alembic_version VALUES ('9999')")
        raw.commit()
    return url(folder / "steward.db")


def _other_driver(_folder: Path) -> str:
    return "postgresql://there/steward"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_file_as_folder, "cannot create the folder"),
        (_folder_as_file, "cannot open"),
        (_not_a_database, "is not a database"),
        (_another_program, "belongs to another program"),
        (_newer, "newer Steward (schema 9999)"),
        (_other_driver, "write sqlite+aiosqlite:///"),
    ],
)
async def test_operators_mistake_is_one_line_that_says_what_to_do(tmp_path: Path, make: Callable[[Path], str], says: str) -> None:
    with pytest.raises(StoreError) as refused:
        await Store.open(make(tmp_path))
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_folder_that_may_not_be_written_is_an_operators_mistake(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="allow writing"):
        await Store.open(url(tmp_path / "steward.db"))
