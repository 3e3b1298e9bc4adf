"""The record stands as the audit trail tells, whatever happened; what was changed beside the trail is named."""

import pytest
from sqlalchemy import text

from tests.shell.branch import INSULTING, THREATENING, Branch


async def wrong(branch: Branch) -> tuple[str, ...]:
    async with branch.parts.transaction() as transaction:
        return await transaction.compare_with_audit()


async def lively(branch: Branch) -> None:
    """Cases that are open, upheld, dismissed after an appeal, lapsed; actions done and waiting."""
    for author in ("alex", "bo", "dana", "eve"):
        await branch.say(INSULTING if author != "dana" else THREATENING, author=author)
        await branch.perform()
    await branch.ask("/uphold 1 quite so")
    await branch.ask("/appeal 1 no", "alex")
    await branch.ask("/dismiss 1 after all", "robin")
    await branch.ask("/change 2 minor")
    await branch.ask("/appeal 3 no", "dana")
    await branch.later(days=20)
    await branch.perform()


async def test_whatever_happens_the_record_stands_as_the_trail_tells(branch: Branch) -> None:
    await lively(branch)
    states = {state for (state,) in branch.rows("SELECT state FROM cases")}
    assert states >= {"dismissed", "changed", "lapsed"}
    assert await wrong(branch) == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE cases SET state='dismissed' WHERE number=2", "case 2 is dismissed, the trail says changed"),
        ("UPDATE cases SET state='open' WHERE number=1", "case 1 is open, the trail says dismissed"),
        ("DELETE FROM actions WHERE id=1", "is not there, the trail says done"),
        ("UPDATE actions SET state='dropped' WHERE id=1", "is dropped, the trail says done"),
    ],
)
async def test_what_was_changed_beside_the_trail_is_named(branch: Branch, change: str, says: str) -> None:
    await lively(branch)
    async with branch.parts.transaction() as transaction:
        changed = await transaction.connection.execute(text(change))
    if not changed.rowcount:
        pytest.fail("nothing was changed")
    (line,) = await wrong(branch)
    assert says in line


async def test_a_decision_whose_details_were_erased_is_not_taken_for_wrong(branch: Branch) -> None:
    await lively(branch)
    async with branch.parts.transaction() as transaction:
        entries = await transaction.audit_entries()
        await transaction.audit_erase([one.sequence for one in entries if one.kind == "decided"])
    assert await wrong(branch) == ()
