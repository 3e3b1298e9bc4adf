"""What is older than the policy keeps it, and what a member asks for, is deleted down to the bytes, but for what somebody waits for."""

from datetime import timedelta

import pytest

from bot.core.cases import NotAllowedError
from bot.reporting import forgotten
from bot.store.about import ABOUT, HANG_ON_A_CASE, NOT_THEIRS
from bot.store.retention import Forgotten
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


async def test_every_column_that_names_an_account_is_shown_and_deleted_or_the_reason_stands() -> None:
    naming = {"author", "account", "target", "reporter"}
    columns = {column for table in metadata.tables.values() for column in table.columns if column.name in naming}
    listed = {one.column for one in ABOUT}
    assert {str(column) for column in columns - listed} == {str(column) for column in NOT_THEIRS}, "a new one goes into store/about.py"


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


async def test_an_old_case_is_deleted_after_a_new_start_too(branch: Branch) -> None:
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
    kept = "SELECT (SELECT count(*) FROM unjudged) + (SELECT count(*) FROM unjudged_counts)"
    assert branch.rows(kept) == [(2,)]
    await branch.later(days=29)
    assert branch.rows(kept) == [(2,)]
    await branch.later(days=3)
    assert branch.rows(kept) == [(0,)]


# What a member asks to have deleted.

MEMBER = "quentin-of-the-test"


async def forget(branch: Branch, number: int) -> Forgotten:
    async with branch.parts.transaction() as transaction:
        gone = await forgotten(transaction, number, branch.parts.sentences)
    assert await branch.store.checkpoint()
    return gone


async def lived(branch: Branch) -> int:
    """A member who is in as many tables as we can put them; gives the number of their request to be forgotten."""
    await branch.say(f"{INSULTING} {WORDS[0]}", author=MEMBER)
    await branch.say("@dana hello again", author=MEMBER, mentions=("dana",))
    await branch.say(f"what about it {WORDS[1]}", author="dana", mentions=(MEMBER,))
    await branch.ask("/uphold 1 because of the words")
    await branch.ask(f"/appeal 1 {WORDS[2]}", MEMBER)
    await branch.ask("/dismiss 1 a joke", "robin")
    await branch.ask("/report dana was rude to me and I want it said", MEMBER)
    await branch.ask("/answer 1 we talked to them")
    await branch.ask("/callme add Quentinho", MEMBER)
    await branch.ask("/nocontact dana", MEMBER)
    await branch.ask("/link", MEMBER)
    await branch.ask("/forgetme", MEMBER)
    (number,) = branch.rows("SELECT id FROM reports WHERE kind = 'forget'")[0]
    return int(number)


def tables_with(branch: Branch, words: str) -> set[str]:
    return {name for name in metadata.tables for row in branch.rows(f"SELECT * FROM {name}") if words in str(row)}


async def test_a_member_is_forgotten_down_to_the_bytes(branch: Branch) -> None:
    number = await lived(branch)
    assert {"cases", "contacts", "no_contact", "link_codes", "reports", "notices"} <= tables_with(branch, MEMBER)
    gone = await forget(branch, number)
    assert gone.cases == (1,)
    assert gone.kept == ()
    assert tables_with(branch, MEMBER) == {"reports", "actions", "audit_values"}, "the request, and the letter that answers it"
    assert branch.rows(f"SELECT id FROM reports WHERE reporter = '{MEMBER}'") == [(number,)]
    left = branch.bytes_on_disk()
    assert [word for word in (WORDS[0], WORDS[2], "Quentinho", "rude to me") if word.encode() in left] == []
    assert await proved(branch) == (None, ())
    await branch.perform()
    assert "case 1 of yours, and all else about you" in branch.chat.texts(MEMBER)[-1]
    await branch.later(**WEEKS)
    assert tables_with(branch, MEMBER) <= {"audit_values"}, "and after the time of reports that is gone too"


async def test_a_case_that_somebody_waits_for_stays_and_the_member_is_told(branch: Branch) -> None:
    await branch.say(INSULTING, author=MEMBER)
    await branch.ask("/forgetme", MEMBER)
    assert "steward data forget 1" in branch.chat.told[-1][1] or any("steward data forget 1" in one.text for one in branch.chat.performed)
    gone = await forget(branch, 1)
    assert (gone.cases, gone.kept) == ((), (1,))
    await branch.perform()
    assert "Kept until nobody waits for it any more: case 1." in branch.chat.texts(MEMBER)[-1]
    kept = await branch.detail(1)
    assert kept.case.author == MEMBER
    assert all(one.text and one.account == MEMBER for one in kept.notices), "what the member was told of it stays with it"
    assert [one.action.target for one in kept.actions if one.action.kind == "warn"] == [MEMBER]
    with pytest.raises(NotAllowedError, match="no open request 1"):
        await forget(branch, 1)


async def test_nobody_elses_record_is_touched(branch: Branch) -> None:
    await branch.say(INSULTING, author="dana")
    await branch.ask("/uphold 1 because of the words")
    before = branch.rows("SELECT * FROM case_messages")
    number = await lived_beside(branch)
    await forget(branch, number)
    assert branch.rows("SELECT * FROM case_messages") == before
    assert branch.rows("SELECT count(*) FROM strikes") == [(1,)]
    assert await proved(branch) == (None, ())


async def lived_beside(branch: Branch) -> int:
    await branch.say(INSULTING, author=MEMBER)
    await branch.ask("/uphold 2 because of the words")
    await branch.ask("/forgetme", MEMBER)
    return int(branch.rows("SELECT id FROM reports WHERE kind = 'forget'")[0][0])


async def test_whoever_asked_is_not_told_that_nobody_knows_who_did(branch: Branch) -> None:
    await branch.ask("/forgetme", MEMBER)
    await branch.ask("/answer 1 your case is open still")
    answer = branch.chat.texts(MEMBER)[-1]
    assert "your case is open still" in answer
    assert "do not know" not in answer


async def test_a_report_that_is_no_request_is_not_taken_for_one(branch: Branch) -> None:
    await branch.report(reporter="dana")
    with pytest.raises(NotAllowedError, match="no open request 1"):
        await forget(branch, 1)
