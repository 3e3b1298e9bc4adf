"""What members and moderators can ask: everything of their own, nothing of others, nothing where they are a party."""

import re

import pytest

from bot.commands import COMMANDS, Asker
from bot.core.cases import Decision
from bot.core.model import ActionKind, CaseState, Status
from bot.core.naming import plain
from bot.core.respond import Ruling
from tests.core.policies import POLICY
from tests.shell.branch import INSULTING, MINOR, THREATENING, Branch, compiled

FOR_MODERATORS = ["cases", "case", "member", "uphold", "change", "dismiss", "answer"]
ABOUT_A_CASE = ["/case 1", "/uphold 1", "/dismiss 1", "/change 1 minor", "/change 1 24h"]


async def state(branch: Branch) -> CaseState:
    return (await branch.detail()).case.state


# Who may ask what.


def test_these_commands_are_for_moderators() -> None:
    assert [name for name, command in COMMANDS.items() if command.moderators] == FOR_MODERATORS


@pytest.mark.parametrize("line", ["/cases", *ABOUT_A_CASE, "/CASES", "cases", "//case 1"])
async def test_members_cannot_use_moderators_commands(branch: Branch, line: str) -> None:
    await branch.say(INSULTING)
    for account in ("alex", "bo", ""):
        answer = await branch.ask(line, account)
        assert "is for moderators. You can use" in answer
        assert INSULTING not in answer
        assert answer.endswith(
            "You can use /help, /code, /report, /appeal, /mystanding, /nocontact, /callme, /agreed, /mydata, /forgetme, /link, /unlink."
        )
    assert await state(branch) is CaseState.OPEN


async def test_help_shows_each_what_they_can_use(branch: Branch) -> None:
    for_members, for_moderators = await branch.ask("/help", "alex"), await branch.ask("/help", "morgan")
    for name, command in COMMANDS.items():
        assert command.usage in for_moderators
        assert (command.usage in for_members) == (name not in FOR_MODERATORS)


@pytest.mark.parametrize("line", ["", "/", "   ", "/help me", "/HELP"])
async def test_nothing_asked_is_help(branch: Branch, line: str) -> None:
    assert "/mystanding" in await branch.ask(line, "alex")


@pytest.mark.parametrize("number", ["", " x", " -1", " 0", " 1.5", " 99", " 9999999999999999999999", " \u0661x", " ²", ' "'])
async def test_number_that_is_none_gets_one_line(branch: Branch, number: str) -> None:
    await branch.say(INSULTING)
    for name in ("case", "uphold", "dismiss", "change", "appeal"):
        answer = await branch.ask(f"/{name}{number}")
        assert answer
        assert "\n" not in answer
    assert await state(branch) is CaseState.OPEN


@pytest.mark.parametrize(
    "line",
    [
        "/change 1",
        "/change 1 purple",
        "/change 1 h",
        "/change 1 ²h",
    ],
)
async def test_change_to_nothing_known_says_how(branch: Branch, line: str) -> None:
    await branch.say(INSULTING)
    assert "/change 1 minor" in await branch.ask(line)
    assert await state(branch) is CaseState.OPEN


@pytest.mark.parametrize(
    ("line", "severity", "reason"),
    [("/change 1 nudge", "minor", ""), ("/change 1 Warning he has said sorry", "medium", "he has said sorry")],
)
async def test_change_takes_what_a_card_calls_the_answer(branch: Branch, line: str, severity: str, reason: str) -> None:
    await branch.say(INSULTING)
    await branch.ask("/change 1 grave")
    await branch.ask(line, "robin")
    detail = await branch.detail()
    assert str(detail.case.severity) == severity
    assert detail.reason == reason


async def test_words_of_a_reason_are_no_severity(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.ask("/change 1 2h a warning was not enough")
    assert (await branch.detail()).reason == "a warning was not enough"


@pytest.mark.parametrize("text", ["\ud800 odd", "nul \x00 here", "it's \"quoted", "x" * 50_000])
async def test_odd_texts_are_taken(branch: Branch, text: str) -> None:
    await branch.say(INSULTING)
    assert "report" in await branch.ask(f"/report {text}", "bo")
    assert "appeal" in await branch.ask(f"/appeal 1 {text}", "alex")
    assert await branch.ask(f"/uphold 1 {text}", "robin")
    shown = await branch.ask("/case 1")
    assert len(shown) < 10_000


async def test_reason_of_a_change_is_cut_like_every_other(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.ask("/change 1 grave " + "x" * 50_000)
    assert len((await branch.detail()).reason) <= 2_000


# Own cases, and nobody else's.


async def test_member_appeals_their_own_case_and_nobody_elses(branch: Branch) -> None:
    await branch.say(INSULTING)
    assert await branch.ask("/appeal 1 sorry", "bo") == "You have no case 1."
    assert await branch.ask("/appeal 2 sorry", "bo") == "You have no case 2."
    assert "We have your appeal on case 1" in await branch.ask("/appeal 1 sorry", "alex")
    assert await branch.ask("/appeal 1 sorry", "alex") == "We have your appeal on case 1 already."
    assert len((await branch.detail()).appeals) == 1


async def test_reason_that_comes_after_an_empty_appeal_is_added_to_it(branch: Branch) -> None:
    await branch.say(INSULTING)
    assert "We have your appeal on case 1." in await branch.ask("/appeal 1", "alex")
    assert "type /appeal 1 and your reason" in await branch.ask("/appeal 1", "alex")
    assert "I added your words" in await branch.ask("/appeal 1 it was a joke", "alex")
    assert "I added your words" in await branch.ask("/appeal 1 between friends", "alex")
    (appeal,) = (await branch.detail()).appeals
    assert appeal.text == "it was a joke\nbetween friends"
    assert "it was a joke between friends" in branch.chat.performed[-1].text, "the card shows it"
    assert [news for news in branch.chat.news() if "added to the appeal" in news] == [
        "The member added to the appeal of case 1 why they think that it is wrong."
    ]


async def test_appeal_that_is_full_stays_as_it_was_and_says_so(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.ask("/appeal 1 " + "x" * 1_500, "alex")
    assert "as long as it can be" in await branch.ask("/appeal 1 " + "y" * 600, "alex")
    assert "y" not in (await branch.detail()).appeals[0].text


async def test_notice_says_to_appeal_with_a_reason(branch: Branch) -> None:
    await branch.say(INSULTING)
    assert "Type /appeal 1 and why." in branch.chat.texts("alex")[0]


async def test_linked_account_appeals_and_a_stranger_on_another_platform_does_not(branch: Branch) -> None:
    await branch.say(INSULTING)
    other = "test-alex-again"
    assert "You have no case 1" in await branch.ask("/appeal 1", other)
    async with branch.parts.transaction() as transaction:
        for account in ("alex", other):
            await transaction.link_account("a", "test", account)
    assert "We have your appeal" in await branch.ask("/appeal 1", other)


async def test_appeal_after_half_a_year_is_too_late(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.later(days=180)
    assert "We have your appeal" in await branch.ask("/appeal 1", "alex")
    await branch.say(INSULTING, author="bo")
    await branch.later(days=181)
    assert "is over: it was 180 days" in await branch.ask("/appeal 2", "bo")


async def test_dismissed_case_cannot_be_appealed(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.ask("/dismiss 1")
    assert "nothing of it stays on your record" in await branch.ask("/appeal 1", "alex")


async def test_case_recorded_in_shadow_cannot_be_found_out_by_an_appeal(fresh: Branch) -> None:
    branch = await fresh.open(mode=Status.SHADOW)
    await branch.say(INSULTING)
    assert await branch.ask("/appeal 1", "alex") == "You have no case 1."


async def test_standing_shows_own_cases_strikes_and_mute_and_nobody_elses(branch: Branch) -> None:
    await branch.say(THREATENING)
    await branch.say(MINOR, author="bo")
    own = await branch.ask("/mystanding", "alex")
    for part in ("Case 1:", "waiting for a moderator", "count now: 3.0", "You are muted until"):
        assert part in own
    assert "Case 2" not in own
    assert "Case 2:" in await branch.ask("/mystanding", "bo")
    assert await branch.ask("/mystanding", "cy") == "There is nothing on your record."


async def test_standing_does_not_show_what_nobody_was_told_of(fresh: Branch) -> None:
    branch = await fresh.open(mode=Status.SHADOW)
    await branch.say(INSULTING)
    assert await branch.ask("/mystanding", "alex") == "There is nothing on your record."


async def test_standing_does_not_show_a_lapsed_case_that_nobody_was_told_of(fresh: Branch) -> None:
    branch = await fresh.open(mode=Status.SHADOW)
    await branch.say(INSULTING)
    await branch.later(days=20)
    assert await branch.ask("/mystanding", "alex") == "There is nothing on your record."


# Recusal.


async def party(branch: Branch, part: str) -> None:
    """Make morgan part of case 1, and case 2 somebody else's."""
    await branch.say(INSULTING, author="morgan" if part == "author" else "alex", mentions=("morgan",) if part == "named" else ())
    if part == "reporter":
        await branch.report(reporter="morgan", case=1)
    await branch.say(MINOR, author="bo")


@pytest.mark.parametrize("part", ["author", "named", "reporter"])
@pytest.mark.parametrize("line", ABOUT_A_CASE)
async def test_moderator_who_is_part_of_a_case_neither_sees_nor_decides_it(branch: Branch, part: str, line: str) -> None:
    await party(branch, part)
    before = await branch.detail()
    answer = await branch.ask(line, "morgan")
    assert answer.startswith("You cannot")
    assert INSULTING not in answer
    assert await branch.detail() == before
    assert not (await branch.ask(line, "robin")).startswith("You cannot")


@pytest.mark.parametrize("part", ["author", "named", "reporter"])
async def test_list_of_cases_leaves_out_those_that_the_moderator_is_part_of(branch: Branch, part: str) -> None:
    await party(branch, part)
    assert "Case 1 " not in await branch.ask("/cases", "morgan")
    assert "Case 2 " in await branch.ask("/cases", "morgan")
    assert "Case 1 " in await branch.ask("/cases", "robin")


async def test_list_of_cases_says_in_words_why_something_was_not_judged(branch: Branch) -> None:
    branch.scorer.missing |= {"endless": "too_long", "squeamish": "failure"}
    await branch.say("an endless one")
    await branch.say("squeamish")
    shown = await branch.ask("/cases", "morgan")
    assert "because the message is longer than what is read: 1" in shown
    assert "_" not in shown


async def test_list_of_cases_shows_the_gravest_words_of_a_case_and_not_the_latest(branch: Branch) -> None:
    await branch.say(THREATENING, mentions=("dana",))
    await branch.say(INSULTING, mentions=("dana",))
    line = next(one for one in (await branch.ask("/cases", "morgan")).splitlines() if one.startswith("Case 1 "))
    assert THREATENING in line
    assert INSULTING not in line


@pytest.mark.parametrize("part", ["author", "named", "reporter"])
async def test_things_to_do_by_hand_of_ones_own_case_are_left_out_too(branch: Branch, part: str) -> None:
    branch.chat.repeats.clear()
    await party(branch, part)
    shown = await branch.ask("/cases", "robin")
    assert re.search(r"^Case 1 · \w+: show the case to the moderators: do it by hand", shown, re.MULTILINE)
    assert "Case 1" not in await branch.ask("/cases", "morgan")


async def test_being_one_of_many_who_are_mentioned_recuses_nobody(branch: Branch) -> None:
    await branch.say(INSULTING, mentions=("morgan", "dana", "eli", "flo"))
    assert not (await branch.ask("/case 1", "morgan")).startswith("You cannot")


EVERY_MODERATOR = ("morgan", "robin", "casey")


async def test_threat_that_names_exactly_all_moderators_is_left_to_them_and_says_whom_to_ask(branch: Branch) -> None:
    await branch.say(THREATENING, mentions=EVERY_MODERATOR)
    card = next(plain(one.text) for one in branch.chat.performed if one.kind is ActionKind.URGENT)
    assert card.split("\n")[1].startswith("Every moderator is part of this case")
    for moderator in EVERY_MODERATOR:
        assert "Case 1 " in await branch.ask("/cases", moderator)
        assert not (await branch.ask("/case 1", moderator)).startswith("You cannot")
    assert "is upheld" in await branch.ask("/uphold 1 a threat", "robin")


async def test_threat_that_names_all_moderators_but_one_is_left_to_that_one(branch: Branch) -> None:
    await branch.say(THREATENING, mentions=EVERY_MODERATOR[:2])
    assert all("Every moderator" not in plain(one.text) for one in branch.chat.performed)
    assert (await branch.ask("/case 1", "morgan")).startswith("You cannot")
    assert "is upheld" in await branch.ask("/uphold 1", "casey")


async def test_moderator_whom_a_case_is_about_decides_it_never_even_if_the_others_are_named(branch: Branch) -> None:
    await branch.say(THREATENING, author="casey", mentions=("morgan", "robin"))
    assert "about you" in await branch.ask("/uphold 1", "casey")
    assert "is upheld" in await branch.ask("/uphold 1", "morgan")


async def test_last_moderator_is_no_other_person_for_being_named_by_another_account(branch: Branch) -> None:
    code = (await branch.desk.ask("/link", Asker(account="7001", platform="discord"))).split("/link ")[1].split()[0]
    await branch.ask(f"/link {code}", "casey")
    await branch.say(THREATENING, mentions=("morgan", "robin", "7001"))
    assert "Case 1 " in await branch.ask("/cases", "casey")
    assert "is dismissed" in await branch.ask("/dismiss 1", "casey")


async def test_who_decided_a_case_cannot_decide_its_appeal(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.ask("/uphold 1", "morgan")
    await branch.ask("/appeal 1", "alex")
    assert "another moderator decides the appeal" in await branch.ask("/dismiss 1", "morgan")
    assert "dismissed" in await branch.ask("/dismiss 1", "robin")


@pytest.mark.parametrize("line", ["/uphold 1 yes", "/change 1 serious no"])
@pytest.mark.parametrize("moderator", ["morgan", "robin"])
async def test_decision_that_changes_nothing_is_refused_and_told_nobody(branch: Branch, line: str, moderator: str) -> None:
    await branch.say(INSULTING)
    await branch.ask(line, "morgan")
    told = len(branch.chat.texts("alex"))
    answer = await branch.ask(line, moderator)
    assert "already, by morgan: nothing would change" in answer
    assert len(branch.chat.texts("alex")) == told
    assert len((await branch.detail()).reviews) == 1


async def test_answer_to_an_appeal_says_so_and_offers_another_only_while_a_moderator_is_left(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.ask("/uphold 1", "morgan")
    for moderator, offered in (("robin", "Do you think this is wrong?"), ("casey", "Do you still think this is wrong?")):
        assert f"{offered} Type /appeal 1 and why" in branch.chat.texts("alex")[-1]
        assert "We have your appeal" in await branch.ask("/appeal 1 please", "alex")
        assert "is upheld" in await branch.ask("/uphold 1", moderator)
        assert branch.chat.texts("alex")[-1].startswith("This is the answer to your appeal on case 1.\n")
    assert "no further appeal in this chat" in branch.chat.texts("alex")[-1]
    assert "/appeal" not in branch.chat.texts("alex")[-1]
    assert "every moderator who may look at it has done so" in await branch.ask("/appeal 1 again", "alex")


async def test_appeal_to_a_decided_case_stands_in_the_list_of_cases(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.ask("/uphold 1", "morgan")
    await branch.ask("/appeal 1 please look again", "alex")
    assert "APPEAL" in await branch.ask("/cases", "robin")


async def test_who_is_no_moderator_cannot_decide_by_any_way(branch: Branch) -> None:
    await branch.say(INSULTING, author="bo")
    with pytest.raises(Exception, match="only moderators decide cases"):
        await branch.service.casebook.rule_on(1, Ruling(decision=Decision.DISMISS, by="alex"))


# Reports.


async def test_report_is_received_with_the_routes_and_seen_by_moderators_without_its_reporter(branch: Branch) -> None:
    answer = await branch.ask("/report somebody was nasty at eight", "dana")
    assert "Your report is number 1" in answer
    assert "Ask an officer." in answer
    assert "somebody was nasty at eight" in await branch.ask("/cases", "robin")


async def test_reporter_is_never_shown_to_anybody(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.report(reporter="whistler", case=1)
    await branch.ask("/report and this too", "whistler")
    await branch.ask("/appeal 1", "alex")
    lines = ["/cases", "/case 1", "/help", "/mystanding", "/uphold 1 yes", "/case 1", "/dismiss 1"]
    shown = [await branch.ask(line, account) for line in lines for account in ("robin", "alex", "bo")]
    assert any("Reported by a member" in text for text in shown)
    assert not any("whistler" in text for text in shown + [action.text for action in branch.chat.performed])


async def test_report_does_nothing_by_itself(branch: Branch) -> None:
    for number in range(5):
        await branch.ask("/report alex is a nuisance", f"member{number}")
    assert branch.chat.asked == []
    assert branch.rows("SELECT count(*) FROM cases") == [(0,)]


async def test_reporter_does_not_see_their_report_as_a_moderator(branch: Branch) -> None:
    await branch.ask("/report it was loud", "morgan")
    assert "it was loud" not in await branch.ask("/cases", "morgan")
    assert "it was loud" in await branch.ask("/cases", "robin")


async def test_moderator_does_not_see_a_report_about_themselves(branch: Branch) -> None:
    await branch.report(reporter="dana", author="morgan", text="it was the tone")
    assert "it was the tone" in await branch.ask("/cases", "robin")
    assert "it was the tone" not in await branch.ask("/cases", "morgan")


async def test_empty_report_asks_for_more(branch: Branch) -> None:
    assert "Say what is wrong" in await branch.ask("/report", "dana")
    assert branch.rows("SELECT count(*) FROM reports") == [(0,)]


# Cases.


async def test_cases_are_listed_the_gravest_first(branch: Branch) -> None:
    await branch.say(MINOR, author="bo")
    await branch.say(THREATENING, author="cy")
    await branch.say(INSULTING, author="dana")
    listed = await branch.ask("/cases")
    assert [line.split(" · ")[0] for line in listed.splitlines()] == ["Case 2", "Case 3", "Case 1"]


async def test_empty_list_says_so(branch: Branch) -> None:
    assert await branch.ask("/cases") == "No open cases, no reports, nothing to do by hand."


async def test_long_list_says_how_many_more(branch: Branch) -> None:
    for number in range(23):
        await branch.say(MINOR, author=f"member{number}")
    listed = await branch.ask("/cases")
    assert listed.splitlines()[20] == "… and 3 more: /cases 2"


async def test_second_page_shows_the_rest(branch: Branch) -> None:
    for number in range(23):
        await branch.say(MINOR, author=f"member{number}")
    first, second = await branch.ask("/cases"), await branch.ask("/cases 2")
    assert [line.split(" · ")[0] for line in first.splitlines()[:2]] == ["Case 23", "Case 22"]
    assert [line.split(" · ")[0] for line in second.splitlines()] == ["Case 3", "Case 2", "Case 1"]
    assert await branch.ask("/cases 3") == "There is no page 3."
    assert await branch.ask("/cases 0") == await branch.ask("/cases all") == "Write /cases, or /cases 2 for the next page."


async def test_appeals_stand_first_with_how_long_they_have_left(branch: Branch) -> None:
    await branch.say(MINOR, author="bo")
    await branch.say(THREATENING, author="cy")
    await branch.ask("/appeal 1 no", "bo")
    await branch.later(hours=2)
    first, second = (await branch.ask("/cases")).splitlines()
    assert first.startswith("Case 1 · ")
    assert "APPEAL, 2 days left · 2 hours old" in first
    assert second.startswith("Case 2 · ")
    await branch.later(hours=71)
    assert "APPEAL, too late: the penalty is lifted" in await branch.ask("/cases")


async def test_line_of_a_case_says_how_old_it_is_what_was_done_and_some_masked_words(branch: Branch) -> None:
    await branch.say(f"{THREATENING} you frobnitz, and more of it, and so on, and so on, and so on")
    await branch.later(minutes=5)
    (line,) = (await branch.ask("/cases")).splitlines()
    assert " · 5 minutes old · hidden, muted until 20:00 on 3 March 2026 (UTC) · “you will be sorry you f*******, and more" in line
    assert line.endswith("…”")


async def test_decision_without_a_reason_reads_well_and_cannot_be_made_twice(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.ask("/dismiss 1", "robin")
    assert "State: dismissed: it does not count, by robin" in (await branch.ask("/case 1")).splitlines()
    assert await branch.ask("/dismiss 1", "morgan") == "This is already dismissed."


async def test_case_shows_words_reasons_actions_and_decision(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.ask("/change 1 serious 24h Not for the first time", "robin")
    shown = await branch.ask("/case 1")
    for part in (INSULTING, "insult 0.90", "Done: warned", "by robin: Not for the first time", "changed by a moderator"):
        assert part in shown
    detail = await branch.detail()
    assert (str(detail.case.severity), detail.decision, detail.reason) == ("serious", "change", "Not for the first time")


async def test_late_case_says_that_there_is_no_penalty(branch: Branch) -> None:
    branch.chat.said.append(branch.message(INSULTING))
    async with branch.parts.transaction() as transaction:
        await transaction.set_cursor("test", "room", "0", "0")
    await branch.service.start()
    await branch.service.catch_up(branch.chat, late=True)
    await branch.drained()
    assert "late: no penalty" in await branch.ask("/case 1")


async def test_code_is_shown_whole_or_by_clause(fresh: Branch) -> None:
    branch = await fresh.open(compiled(text=POLICY))
    whole = await branch.ask("/code", "alex")
    assert "1. Respect. Leave people be." in whole
    assert "2. Safety." in whole
    assert "https://example.org" in whole
    assert "1. Respect" not in await branch.ask("/code 2", "alex")
    assert await branch.ask("/code 99", "alex") == "There is no clause 99."
