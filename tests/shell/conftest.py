"""A branch, or a record alone, for each test that asks for one; all are closed in the end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.store import Store
from tests.shell.branch import Branch
from tests.shell.record import url


@pytest.fixture
async def fresh(tmp_path: Path) -> AsyncIterator[Branch]:
    """A branch that the test opens itself."""
    branch = Branch(tmp_path)
    yield branch
    await branch.close()


@pytest.fixture
async def branch(fresh: Branch) -> Branch:
    """A branch that enforces the small policy and judges."""
    return await fresh.open()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A record without a branch, with nothing in it."""
    opened = await Store.open(url(tmp_path / "var" / "steward.db"))
    yield opened
    await opened.close()
