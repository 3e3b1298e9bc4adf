"""Reports in words: they reach the moderators at once, who reported stays sealed, and one member's do not bury another's."""

import pytest

from bot.commands import Asker
from bot.core.model import ActionKind
from bot.core.naming import plain
from bot.ports import PlatformRefusedError
from bot.reporting import REPORTS_ABOUT_MAX, REPORTS_OPEN_MAX
from tests.shell.branch import Branch


async def report(branch: Branch, text: str, *, by: str, about: str = "", room: str = "room") -> str:
    """Report in words, about a member where told, and perform what follows."""
    asker = Asker(account=by, platform="test", room=room, server="hall")
    if about:
        answer = await branch.desk.report_member(asker, about, text)
    else:
        answer = await branch.desk.ask(f"/report {text}", asker)
    await branch.perform()
    return plain(answer)


def told(branch: Branch) -> list[str]:
    """What stands in the moderators' channel."""
    return [text for _, text, _ in branch.chat.told]


async def test_report_in_words_is_told_to_the_moderators_at_once(branch: Branch) -> None:
    await report(branch, "somebody was nasty at eight", by="whistler")
    ((server, text, _),) = branch.chat.told
    assert server == "hall"
    assert "Report 1: a member reported something, from room." in text
    assert "“somebody was nasty at eight”" in text
    assert "turn: Officers." in text
    assert "“reporter 1”" in text
    assert "whistler" not in text


async def test_report_about_a_member_names_them_and_masks_slurs(branch: Branch) -> None:
    await report(branch, "called me a frobnitz", by="whistler", about="alex", room="")
    (text,) = told(branch)
    assert "reported something about alex." in text
    assert "a f*******" in text
    assert "frobnitz" not in text


async def test_report_about_a_moderator_is_told_without_name_and_words(branch: Branch) -> None:
    await report(branch, "she was rude", by="whistler", about="morgan")
    (text,) = told(branch)
    assert "about a moderator" in text
    assert "rude" not in text
    assert "morgan" not in text
    assert "she was rude" in await branch.ask("/cases", "robin")
    assert "she was rude" not in await branch.ask("/cases", "morgan")


async def test_report_about_the_other_account_of_a_moderator_is_told_without_words(branch: Branch) -> None:
    async with branch.parts.transaction() as transaction:
        for account in (("test", "mo2"), ("other", "morgan")):
            await transaction.link_account("m", *account)
    await report(branch, "she was rude", by="whistler", about="mo2")
    assert "rude" not in told(branch)[0]


async def test_report_that_could_not_be_told_is_told_after_a_new_start(fresh: Branch) -> None:
    branch = await fresh.open()
    await branch.desk.ask("/report it burns", Asker(account="whistler", platform="test", server="hall"))
    await branch.close()
    branch = await branch.open()
    await branch.perform()
    assert "“it burns”" in told(branch)[0]


# One member's reports do not bury another's.


async def test_sixty_reports_of_one_member_are_five_and_the_other_stands_first(branch: Branch) -> None:
    for number in range(60):
        answer = await report(branch, f"spam {number % 8}", by="loud")
    assert "You have 5 open reports, so I added your words to number 5" in answer
    assert "Officers: Ask an officer." in answer
    await report(branch, "he follows me home", by="quiet")
    assert branch.rows("SELECT count(*) FROM reports") == [(REPORTS_OPEN_MAX + 1,)]
    listed = (await branch.ask("/cases", "robin")).splitlines()
    assert "he follows me home" in listed[0]
    assert all(f"spam {number}" in listed[1] for number in (4, 5, 6, 7))
    assert listed[1] == "Report 5 · in room · 0 seconds old · “spam 4 / spam 5 / spam 6 / spam 7 / spam 0 / spam 1 / spam 2 / spam 3”"
    assert len(told(branch)) == REPORTS_OPEN_MAX + 1


async def test_words_added_an_hour_later_are_told_to_the_moderators(branch: Branch) -> None:
    for number in range(REPORTS_OPEN_MAX):
        await report(branch, f"spam {number}", by="loud")
    await branch.later(hours=1)
    await report(branch, "now he threatens me", by="loud")
    assert "“now he threatens me”" in told(branch)[-1]
    assert "Report 5:" in told(branch)[-1]


async def test_report_about_somebody_else_is_never_added_to_one_about_another(branch: Branch) -> None:
    for number in range(REPORTS_OPEN_MAX):
        await report(branch, f"spam {number}", by="loud", about="alex")
    assert "number 6" in await report(branch, "she was rude", by="loud", about="morgan")
    assert "she was rude" not in await branch.ask("/cases", "morgan")
    for number in range(REPORTS_ABOUT_MAX - REPORTS_OPEN_MAX - 1):
        await report(branch, "rude", by="loud", about=f"member{number}")
    asker = Asker(account="loud", platform="test", room="room")
    with pytest.raises(Exception, match="10 open reports"):
        await branch.desk.report_member(asker, "one-more", "rude")


async def test_report_that_is_full_says_so_and_loses_nothing_silently(branch: Branch) -> None:
    for number in range(REPORTS_OPEN_MAX):
        await report(branch, f"{number} " + "x" * 1_500, by="loud")
    assert "as long as it can be" in await report(branch, "y" * 600, by="loud")


async def test_two_accounts_of_one_member_have_five_open_reports_together(branch: Branch) -> None:
    async with branch.parts.transaction() as transaction:
        for account in ("loud", "loud2"):
            await transaction.link_account("m", "test", account)
    for number in range(2 * REPORTS_OPEN_MAX):
        await report(branch, f"spam {number}", by=("loud", "loud2")[number % 2])
    assert branch.rows("SELECT count(*) FROM reports") == [(REPORTS_OPEN_MAX,)]


# Answers.


async def test_answer_closes_a_report_and_its_sealed_reporter_reads_it(branch: Branch) -> None:
    await report(branch, "it was loud", by="whistler", about="alex")
    assert await branch.ask("/answer 1 We talked to them.", "robin") == "Report 1 is closed. Whoever made it gets your words in private."
    (letter,) = branch.chat.texts("whistler")
    assert "We talked to them." in letter
    assert "it was loud" not in await branch.ask("/cases", "robin")
    assert told(branch)[-1] == "Report 1 is closed: robin answered it."
    assert "no open report 1" in await branch.ask("/answer 1 again", "robin")
    assert len(branch.chat.texts("whistler")) == 1


@pytest.mark.parametrize("moderator", ["morgan", "casey"])
async def test_moderator_who_reported_or_is_reported_cannot_answer_nor_learn_of_it(branch: Branch, moderator: str) -> None:
    await report(branch, "she was rude", by="casey", about="morgan")
    assert await branch.ask("/answer 1 nonsense", moderator) == (await branch.ask("/answer 99 nonsense", moderator)).replace("99", "1")
    assert "closed" in await branch.ask("/answer 1 we talked", "robin")


@pytest.mark.parametrize("line", ["/answer", "/answer x words", "/answer 0 words", "/answer 99999999999 words"])
async def test_answer_without_a_report_is_one_line(branch: Branch, line: str) -> None:
    await report(branch, "it was loud", by="whistler")
    assert "\n" not in await branch.ask(line, "robin")
    assert branch.rows("SELECT state FROM reports") == [("open",)]


async def test_members_cannot_answer_reports(branch: Branch) -> None:
    await report(branch, "it was loud", by="whistler")
    assert "is for moderators" in await branch.ask("/answer 1 words", "alex")
    with pytest.raises(Exception, match="only moderators"):
        await branch.desk.answer_number(Asker(account="alex", platform="test"), 1, "words")


async def test_answer_that_does_not_arrive_does_not_name_who_reported(branch: Branch) -> None:
    await report(branch, "it was loud", by="whistler")
    branch.chat.failures[ActionKind.NOTIFY] = [PlatformRefusedError("takes no direct messages")]
    await branch.ask("/answer 1 We talked to them.", "robin")
    listed = await branch.ask("/cases", "robin")
    assert "The answer to report 1 did not arrive" in listed
    assert "whistler" not in listed
    asker = Asker(account="whistler", platform="test")
    assert "We talked to them." in await branch.desk.mydata(asker)


# What a list shows of a report.


async def test_list_says_whom_a_report_is_about_where_and_how_old_it_is(branch: Branch) -> None:
    await report(branch, "shouts frobnitz", by="whistler", about="alex")
    await branch.later(hours=3)
    assert await branch.ask("/cases") == "Report 1 · about alex · in room · 3 hours old · “shouts f*******”"


async def test_three_requests_to_be_forgotten_are_one_and_say_whose_it_is(branch: Branch) -> None:
    for _ in range(3):
        assert "Your request is number 1" in await branch.ask("/forgetme", "dana")
    assert await branch.ask("/cases") == "Report 1 · dana asks to be forgotten · 0 seconds old"
    assert len(told(branch)) == 1
    assert "Report 1: dana asks" in told(branch)[0]
    assert "closed" in await branch.ask("/answer 1 It is done.")
    assert "Your request is number 2" in await branch.ask("/forgetme", "dana")


async def test_answer_without_words_shows_the_whole_report(branch: Branch) -> None:
    await report(branch, "a frobnitz " + "and so on " * 150 + "the end", by="whistler", about="alex")
    shown = await branch.ask("/answer 1", "robin")
    assert shown.startswith("Report 1 · about alex · in room · 0 seconds old\n“a f*******")
    assert "the end”" in shown
    assert "whistler" not in shown


async def test_a_report_that_mentions_one_moderator_is_read_and_answered_by_the_others(branch: Branch) -> None:
    await branch.ask("/report @robin is rude to people", "sam")
    assert not any("rude to people" in text for text in branch.chat.texts(""))
    assert "rude to people" not in await branch.ask("/cases", "robin")
    assert "no open report 1 that you can answer" in await branch.ask("/answer 1 nonsense", "robin")
    assert "rude to people" in await branch.ask("/cases", "morgan")


async def test_a_report_that_calls_on_two_moderators_is_about_neither(branch: Branch) -> None:
    await branch.ask("/report @robin @morgan kit is rude", "sam")
    assert "kit is rude" in await branch.ask("/cases", "robin")
