"""A branch for each test that asks for one; all are closed in the end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.shell.branch import Branch


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
