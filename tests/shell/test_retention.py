"""What is older than the policy keeps it is deleted, down to the bytes, and nothing that somebody still waits for."""

from datetime import timedelta

from bot.core.model import Scored
from bot.store.retention import HANG_ON_A_CASE
from bot.store.tables import audit, metadata
from tests.shell.branch import INSULTING, MINOR, Branch

WEEKS = {"weeks": 105}  # the small policy keeps cases and reports for 104 weeks, the trail for 312, what was not judged for 30 days
WORDS = ("Wintergarten", "Sommerlaube", "Herbstwiese")


async def proved(branch: Branch) -> tuple[object, tuple[str, ...]]:
    """What is wrong with the chain, and with the record against the trail."""
    async with branch.parts.transaction() as transaction:
        return await transaction.audit_verify(), await transaction.compare_with_audit()


async def test_everything_that_hangs_on_a_case_is_known() -> None:
    hanging = {table.name for table in metadata.tables.values() if "case" in table.columns}
    assert hanging - {audit.name} == {table.name for table in HANG_ON_A_CASE}, "a new table with a case goes into HANG_ON_A_CASE"


async def test_a_decided_case_goes_with_all_that_hangs_on_it_down_to_the_bytes(branch: Branch) -> None:
    await branch.say(f"{INSULTING} {WORDS[0]}")
    await branch.report(reporter="dana", case=1, text=WORDS[1])
    await branch.ask(f"/uphold 1 because {WORDS[2]}")
    await branch.ask("/appeal 1 I was joking", "alex")
    await branch.ask("/dismiss 1 a joke", "robin")
    assert all(word.encode() in branch.bytes_on_disk() for word in WORDS)
    await branch.later(weeks=100)
    assert branch.rows("SELECT count(*) FROM cases") == [(1,)], "before its time it stays"
    await branch.later(weeks=5)
    for table in HANG_ON_A_CASE:
        assert branch.rows(f'SELECT count(*) FROM {table.name} WHERE "case" = 1') == [(0,)], table.name
    assert branch.rows("SELECT count(*) FROM cases") == [(0,)]
    assert [word for word in WORDS[:2] if word.encode() in branch.bytes_on_disk()] == []
    assert await proved(branch) == (None, ())
    assert "nothing on your record" in await branch.ask("/mystanding", "alex")


async def test_reasons_in_the_trail_stay_for_as_long_as_the_trail(branch: Branch) -> None:
    await branch.say(INSULTING, author="quentin")
    await branch.ask(f"/uphold 1 because {WORDS[2]}")
    await branch.later(**WEEKS)
    kept = branch.rows("SELECT count(*) FROM audit_values WHERE \"values\" LIKE '%quentin%'")
    assert kept != [(0,)], "six years, not two"
    await branch.later(weeks=208)
    assert branch.rows("SELECT count(*) FROM audit_values WHERE \"values\" LIKE '%quentin%'") == [(0,)]
    assert branch.rows("SELECT kind FROM audit ORDER BY sequence DESC LIMIT 1") == [("old_values_erased",)]
    assert b"quentin" not in branch.bytes_on_disk()
    assert await proved(branch) == (None, ())


async def test_what_somebody_waits_for_is_kept_however_old(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.say(MINOR, author="dana")
    await branch.ask("/uphold 1")
    await branch.ask("/uphold 2")
    branch.clock.saw(branch.clock.now() + timedelta(days=170))
    await branch.ask("/appeal 1 it was a joke", "alex")
    async with branch.parts.transaction() as transaction:
        before = branch.clock.now() + timedelta(days=1)
        assert await transaction.forget_cases(before) == (2,), "an appeal waits in the other one"
        assert await transaction.forget_cases(before) == ()
    assert "appeal" in (await branch.ask("/cases")).lower()
    assert await proved(branch) == (None, ())


async def test_numbers_of_cases_are_not_given_twice(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.ask("/uphold 1")
    await branch.later(**WEEKS)
    await branch.say(INSULTING, author="dana")
    assert branch.rows("SELECT number FROM cases") == [(2,)]
    assert await proved(branch) == (None, ())


async def test_an_old_case_is_deleted_where_the_policy_changed_meanwhile_too(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.later(weeks=3)  # it lapsed
    await branch.close()
    await branch.open()
    await branch.later(**WEEKS)
    assert branch.rows("SELECT count(*) FROM cases") == [(0,)]


async def test_reports_go_when_they_were_answered_and_stay_while_they_wait(branch: Branch) -> None:
    await branch.report(reporter="dana", text=WORDS[0])
    await branch.report(reporter="robin", text=WORDS[1])
    await branch.ask("/answer 1 we looked at it")
    await branch.later(**WEEKS)
    assert branch.rows("SELECT text FROM reports") == [(WORDS[1],)]
    assert WORDS[0].encode() not in branch.bytes_on_disk()
    assert b"we looked at it" not in branch.bytes_on_disk(), "the letter to the reporter is blank"
    assert await proved(branch) == (None, ())


async def test_notes_of_what_was_not_judged_go_after_a_month(branch: Branch) -> None:
    branch.scorer.missing = {"garbled": "failure", "Cymraeg": "too_long"}
    await branch.say("garbled")
    await branch.say("Cymraeg")
    assert Scored(missing="failure") == branch.scorer.score_now("garbled")
    kept = "SELECT (SELECT count(*) FROM unjudged) + (SELECT count(*) FROM unjudged_counts)"
    assert branch.rows(kept) == [(2,)]
    await branch.later(days=29)
    assert branch.rows(kept) == [(2,)]
    await branch.later(days=3)
    assert branch.rows(kept) == [(0,)]
