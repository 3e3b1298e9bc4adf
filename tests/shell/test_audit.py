"""The audit chain: any edit of any column of any row shows, an erasure does not break it."""

import asyncio
import shutil
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from bot.store.records import Broken
from bot.store.store import Store, Transaction

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ENTRIES = 5


def url(place: Path) -> str:
    return f"sqlite+aiosqlite:///{place}"


async def _write(place: Path) -> None:
    store = await Store.open(url(place))
    for number in range(1, ENTRIES + 1):
        async with store.transaction("north", NOW) as tx:
            values = {"who": f"member {number}", "words": "…"} if number != 2 else None
            assert await tx.audit(f"kind {number}", case=number, step=1, action_key=f"key {number}", values=values) == number
    async with store.transaction("south", NOW) as tx:
        await tx.audit("other", values={"who": "x"})
    await store.close()


async def _verify(place: Path) -> list[Broken | None]:
    store = await Store.open(url(place))
    broken: list[Broken | None] = []
    for community in ("north", "south"):
        async with store.transaction(community, NOW) as tx:
            broken.append(await tx.audit_verify())
    await store.close()
    return broken


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("audit") / "steward.db"
    asyncio.run(_write(place))
    return place


def _columns(written: Path) -> list[tuple[str, int, str]]:
    with closing(sqlite3.connect(written)) as raw:
        found: list[tuple[str, int, str]] = []
        for table in ("audit", "audit_values", "counters"):
            names = [column[1] for column in raw.execute(f"PRAGMA table_info({table})")]
            found += [(table, row[0], name) for row in raw.execute(f"SELECT rowid FROM {table}") for name in names]
    return found


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_edit_of_any_column_of_any_row_shows(written: Path, data: st.DataObject) -> None:
    table, row, column = data.draw(st.sampled_from(_columns(written)))
    place = Path(tempfile.mkdtemp(dir=written.parent)) / "steward.db"
    shutil.copyfile(written, place)
    with closing(sqlite3.connect(place)) as raw:
        before = raw.execute(f'SELECT "{column}" FROM {table} WHERE rowid = ?', (row,)).fetchone()[0]
        wanted = st.text(st.characters(codec="utf-8"), max_size=70) | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=8)
        wanted |= st.sampled_from(["north", "south", "west", "case", 0, 1, 2, 3])
        raw.execute("BEGIN")
        try:
            raw.execute(f'UPDATE {table} SET "{column}" = ? WHERE rowid = ?', (data.draw(wanted), row))
        except sqlite3.IntegrityError:
            raw.rollback()
            return
        raw.commit()
        after = raw.execute(f'SELECT "{column}" FROM {table} WHERE rowid = ?', (row,)).fetchone()[0]
    broken = asyncio.run(_verify(place))
    assert any(broken) == (after != before or type(after) is not type(before)), (table, row, column, before, after)


async def test_edit_of_each_column_of_each_row_shows(written: Path, tmp_path: Path) -> None:
    place = tmp_path / "steward.db"
    shutil.copyfile(written, place)
    store = await Store.open(url(place))
    cells = _columns(written)
    async with store.transaction("north", NOW) as tx:
        run = tx.connection.exec_driver_sql
        for number, (table, row, column) in enumerate(cells):
            await run("SAVEPOINT cell")
            await run(f'UPDATE {table} SET "{column}" = ? WHERE rowid = ?', (f"{number + 100}", row))
            other = Transaction(tx.connection, "south", NOW)
            assert await tx.audit_verify() or await other.audit_verify(), (table, row, column)
            await run("ROLLBACK TO cell")
        assert await tx.audit_verify() is None
    await store.close()
    assert len(cells) == (ENTRIES + 1) * 10 + ENTRIES * 4 + 2 * 3


@pytest.mark.parametrize("sequence", range(1, ENTRIES + 1))
async def test_entry_that_is_gone_shows(written: Path, tmp_path: Path, sequence: int) -> None:
    place = tmp_path / "steward.db"
    shutil.copyfile(written, place)
    with closing(sqlite3.connect(place)) as raw:
        for table in ("audit", "audit_values"):
            raw.execute(f"DELETE FROM {table} WHERE community = 'north' AND sequence = ?", (sequence,))
        raw.commit()
    broken, other = await _verify(place)
    assert broken is not None
    assert broken.sequence == sequence
    assert other is None


async def test_chain_that_was_not_touched_is_whole(written: Path) -> None:
    assert await _verify(written) == [None, None]


async def test_values_can_be_erased_and_the_chain_still_holds(written: Path, tmp_path: Path) -> None:
    place = tmp_path / "steward.db"
    shutil.copyfile(written, place)
    store = await Store.open(url(place))
    async with store.transaction("north", NOW) as tx:
        assert await tx.audit_erase([1, 2, 3]) == 2
        assert await tx.audit_verify() is None
        entries = await tx.audit_entries()
    await store.close()
    assert [entry.values is None for entry in entries] == [True, True, True, False, False, False]
    assert entries[0].digest
    assert entries[-1].kind == "values_erased"


async def test_same_values_have_different_digests(tmp_path: Path) -> None:
    store = await Store.open(url(tmp_path / "steward.db"))
    async with store.transaction("north", NOW) as tx:
        for _ in range(2):
            await tx.audit("said", values={"who": "alex"})
        first, second = await tx.audit_entries()
        assert await tx.audit_head() == (2, second.hash)
    await store.close()
    assert first.digest != second.digest
    assert second.previous == first.hash


async def test_action_has_one_performed_entry_at_most(tmp_path: Path) -> None:
    store = await Store.open(url(tmp_path / "steward.db"))
    async with store.transaction("north", NOW) as tx:
        await tx.audit("performing", action_key="k")
        await tx.audit("performing", action_key="k")
        await tx.audit("performed", action_key="k")
    with pytest.raises(IntegrityError):
        async with store.transaction("north", NOW) as tx:
            await tx.audit("performed", action_key="k")
    async with store.transaction("north", NOW) as tx:
        assert len(await tx.audit_entries()) == 3
        assert await tx.audit_verify() is None
    await store.close()


async def test_entry_that_was_rolled_back_leaves_no_gap(tmp_path: Path) -> None:
    store = await Store.open(url(tmp_path / "steward.db"))

    async def fails() -> None:
        async with store.transaction("north", NOW) as tx:
            await tx.audit("lost", values={"who": "x"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fails()
    async with store.transaction("north", NOW) as tx:
        assert await tx.audit("kept") == 1
        assert await tx.audit_verify() is None
    await store.close()


async def test_long_chain_is_checked_page_by_page(tmp_path: Path) -> None:
    store = await Store.open(url(tmp_path / "steward.db"))
    async with store.transaction("north", NOW) as tx:
        for number in range(1_010):
            await tx.audit("kept", case=number)
        assert await tx.audit_verify() is None
        assert len(await tx.audit_entries()) == 1_000
        assert len(await tx.audit_entries(after=1_000)) == 10
    await store.close()


async def test_erased_words_are_gone_from_the_bytes_of_the_files(tmp_path: Path) -> None:
    word = "Wintergarten-Synthetic-Member"
    store = await Store.open(url(tmp_path / "var" / "steward.db"))
    async with store.transaction("north", NOW) as tx:
        await tx.audit("said", values={"who": word})
    async with store.transaction("north", NOW) as tx:
        assert await tx.audit_erase([1]) == 1
    assert await store.checkpoint()
    for file in (tmp_path / "var").iterdir():
        assert word.encode() not in file.read_bytes()
    await store.close()
