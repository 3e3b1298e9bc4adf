"""What is older than the policy keeps it is deleted down to the bytes, but for what somebody waits for."""

from datetime import timedelta

from bot.commands import Asker
from bot.core.model import ActionKind
from bot.ports import PlatformRefusedError, PlatformUnavailableError
from bot.store.about import ABOUT, HANG_ON_A_CASE, NOT_THEIRS
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


async def test_report_goes_with_the_answer_that_never_arrived_and_who_reported_is_never_named(branch: Branch) -> None:
    await branch.ask(f"/report dana was rude {WORDS[0]}", "whistler")
    await branch.later(weeks=2)
    branch.chat.failures[ActionKind.NOTIFY] = [PlatformRefusedError("takes no direct messages")]
    await branch.ask(f"/answer 1 we talked {WORDS[1]}")
    for weeks in (0, 103, 3):
        await branch.later(weeks=weeks)
        assert "whistler" not in await branch.ask("/cases")
    assert await branch.ask("/cases") == "No open cases, no reports, nothing to do by hand."
    assert [word for word in WORDS if word.encode() in branch.bytes_on_disk()] == []
    assert await proved(branch) == (None, ())


async def test_report_stays_while_the_answer_to_it_is_on_its_way(branch: Branch) -> None:
    await branch.ask("/report dana was rude", "whistler")
    branch.chat.failures[ActionKind.NOTIFY] = [PlatformUnavailableError("away", retry_seconds=600)]
    await branch.ask("/answer 1 we talked to them")
    before = branch.clock.now() + timedelta(days=1)
    async with branch.parts.transaction() as transaction:
        assert await transaction.forget_reports(before) == 0
    await branch.later(minutes=20)
    async with branch.parts.transaction() as transaction:
        assert await transaction.forget_reports(before) == 1


async def test_letter_that_was_left_to_people_is_nobodys_task_once_it_is_blank(branch: Branch) -> None:
    branch.chat.failures[ActionKind.NOTIFY] = [PlatformRefusedError("takes no direct messages")]
    await branch.ask("/nocontact alex", "dana")
    assert "For alex: do it by hand" in await branch.ask("/cases")
    await branch.later(**WEEKS)
    assert await branch.ask("/cases") == "No open cases, no reports, nothing to do by hand."
    assert await proved(branch) == (None, ())


async def test_report_of_a_moderator_stays_while_its_case_is_under_appeal(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.report(reporter="robin", case=1)
    await branch.ask("/uphold 1")
    await branch.ask("/appeal 1 it was a joke", "alex")
    async with branch.parts.transaction() as transaction:
        assert await transaction.forget_reports(branch.clock.now() + timedelta(days=1)) == 0
    assert "you reported it" in await branch.ask("/dismiss 1 no", "robin")


async def test_words_of_a_report_that_is_deleted_go_from_the_cards_of_its_case(branch: Branch) -> None:
    said = await branch.say("hello there", author="dana")
    await branch.desk.report_message(Asker(account="zoe", platform="test", room="room"), said.verdict.message, f"{WORDS[0]} was awful")
    await branch.ask("/uphold 1 yes")
    async with branch.parts.transaction() as transaction:
        assert await transaction.forget_reports(branch.clock.now() + timedelta(days=1)) == 1
    assert branch.rows(f"SELECT count(*) FROM actions WHERE text LIKE '%{WORDS[0]}%'") == [(0,)]
    assert "hello there" in await branch.ask("/case 1")


async def test_report_about_an_old_message_waits_as_long_as_any_other(branch: Branch) -> None:
    old = branch.message(INSULTING, author="dana", ago=timedelta(weeks=110))
    branch.chat.said.append(old)
    await branch.desk.report_message(Asker(account="zoe", platform="test", room="room"), old, "please look")
    await branch.perform()
    await branch.later(hours=2)
    assert "2 hours old" in await branch.ask("/cases")
    await branch.later(weeks=1)
    assert branch.rows("SELECT state FROM cases") == [("open",)]
    await branch.ask("/change 1 medium yes")
    assert branch.rows("SELECT given_at < (SELECT opened_at FROM cases) FROM strikes") == [(1,)], "it is no breach of today"
    assert "We have your appeal" in await branch.ask("/appeal 1 that was long ago", "dana")
    await branch.ask("/uphold 1 yes", "robin")
    await branch.later(weeks=100)
    assert branch.rows("SELECT count(*) FROM cases") == [(1,)]
    await branch.later(weeks=5)
    assert branch.rows("SELECT count(*) FROM cases") == [(0,)]


async def test_report_or_appeal_of_late_keeps_an_old_case(branch: Branch) -> None:
    for author in ("alex", "dana", "bo"):
        await branch.say(INSULTING, author=author)
    for number in (1, 2, 3):
        await branch.ask(f"/uphold {number}")
    branch.clock.saw(branch.clock.now() + timedelta(days=170))
    await branch.ask("/appeal 1 it was a joke", "alex")
    await branch.ask("/uphold 1", "robin")
    await branch.report(reporter="zoe", case=2)
    before = branch.clock.now() - timedelta(days=1)
    async with branch.parts.transaction() as transaction:
        assert await transaction.forget_cases(before) == (3,)


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
