"""What moderators type to decide a case, what the member reads of it, and what an appeal can never do."""

import pytest

from bot.core.cases import NotAllowedError
from bot.core.model import CaseState, Severity
from bot.orders import Order, changed, numbered
from tests.shell.branch import INSULTING, Branch


def nothing(_: str) -> None:
    return None


@pytest.mark.parametrize(
    ("typed", "order"),
    [
        ("minor", Order(Severity.MINOR, None, "")),
        ("medium 24h", Order(Severity.MEDIUM, 24, "")),
        ("24h medium", Order(Severity.MEDIUM, 24, "")),
        ("24 hours and no longer", Order(None, 24, "and no longer")),
        ("2 days", Order(None, 48, "")),
        ("1d", Order(None, 24, "")),
        ("medium 0h", Order(Severity.MEDIUM, 0, "")),
        ("minor he was muted for 24h by the app", Order(Severity.MINOR, None, "he was muted for 24h by the app")),
        ("minor it was not 1h", Order(Severity.MINOR, None, "it was not 1h")),
        ("minor this was serious not grave", Order(Severity.MINOR, None, "this was serious not grave")),
    ],
)
def test_what_stands_first_is_the_order_and_the_rest_is_the_reason(typed: str, order: Order) -> None:
    assert changed(1, typed.split(), nothing) == order


@pytest.mark.parametrize("typed", ["medium 2", "medium 1.5h", "24", f"{'9' * 5000}h", "2 2h"])
def test_hours_that_may_be_meant_in_two_ways_are_asked_for(typed: str) -> None:
    with pytest.raises(NotAllowedError, match="Write whole hours or days: /change 1 24h REASON"):
        changed(1, typed.split(), nothing)


@pytest.mark.parametrize("typed", ["9999h", "29d", "673 hours"])
def test_a_mute_that_is_too_long_is_not_cut_in_silence(typed: str) -> None:
    with pytest.raises(NotAllowedError, match="28 days at most"):
        changed(1, typed.split(), nothing)


@pytest.mark.parametrize("typed", ["3", "#3", "3:", "case 3", "Case 3,"])
def test_a_number_is_read_as_people_write_it(typed: str) -> None:
    assert numbered([*typed.split(), "it", "was"]) == (3, ["it", "was"])


async def test_several_cases_are_not_decided_by_one_command(branch: Branch) -> None:
    await branch.say(INSULTING)
    assert "One case at a time" in await branch.ask("/uphold 1 2 3")
    assert (await branch.detail()).case.state is CaseState.OPEN


async def test_a_change_says_what_it_changed_to_member_and_moderators(branch: Branch) -> None:
    await branch.say(INSULTING)
    answered = await branch.ask("/change 1 grave it was worse than that")
    assert "It was rated medium. It is rated grave now, and counts as 3 strikes." in answered
    letter = branch.chat.texts("alex")[-1]
    assert "It was rated medium. It is rated grave now, and counts as 3 strikes." in letter
    assert "it was worse than that" in letter
    assert "It was rated grave. It is rated minor now, and counts for nothing." in await branch.ask("/change 1 minor", "robin")
    shown = await branch.ask("/case 1")
    assert "decided: change to grave" in shown
    assert "decided: change to minor" in shown


@pytest.mark.parametrize(
    ("line", "still"),
    [
        ("/change 1 grave", True),
        ("/change 1 medium it is worse than that", True),
        ("/change 1 minor", False),
        ("/change 1 medium 0h", False),
    ],
)
async def test_a_mute_goes_on_unless_the_case_becomes_milder_or_none_is_said(branch: Branch, line: str, *, still: bool) -> None:
    await branch.say(INSULTING)
    await branch.ask("/change 1 medium 48h")
    assert "muted until" in branch.chat.news()[-1]
    await branch.ask(line, "robin")
    assert ((await branch.detail()).case.muted_until is not None) is still


@pytest.mark.parametrize("harder", ["/change 1 grave", "/change 1 24h", "/change 1 minor 1h"])
async def test_an_appeal_never_makes_it_harder(branch: Branch, harder: str) -> None:
    await branch.say(INSULTING)
    await branch.ask("/appeal 1 it was a joke", "alex")
    assert "never makes it harder" in await branch.ask(harder)
    assert (await branch.detail()).case.state is CaseState.OPEN
    assert "is changed" in await branch.ask("/change 1 minor")


async def test_a_shorter_mute_answers_an_appeal_and_a_longer_one_does_not(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.ask("/change 1 medium 48h")
    await branch.ask("/appeal 1 too long", "alex")
    assert "never makes it harder" in await branch.ask("/change 1 medium 72h", "robin")
    assert "is changed" in await branch.ask("/change 1 medium 2h", "robin")


async def test_what_is_decided_after_an_appeal_can_be_appealed_again_even_where_nobody_is_left(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.ask("/uphold 1", "morgan")
    await branch.ask("/appeal 1 it was a joke", "alex")
    await branch.ask("/uphold 1 it was not", "robin")
    await branch.ask("/appeal 1 it was", "alex")
    await branch.ask("/uphold 1 it was not", "casey")
    assert "every moderator who may look at it has done so" in await branch.ask("/appeal 1 please", "alex")
    await branch.later(minutes=1)
    assert "is changed" in await branch.ask("/change 1 grave 24h", "robin")
    answered = await branch.ask("/appeal 1 that is worse", "alex")
    assert "No moderator here may decide it" in answered
    await branch.later(hours=73)
    assert "The penalty is lifted" in branch.chat.texts("alex")[-1]


async def test_an_appeal_that_was_turned_down_says_so(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.ask("/appeal 1 it was a joke", "alex")
    await branch.ask("/uphold 1 it was not", "robin")
    letter = branch.chat.texts("alex")[-1]
    assert "it stays as it was" in letter
    assert "agreed" not in letter


async def test_who_appealed_reads_by_when_it_is_answered(branch: Branch) -> None:
    await branch.say(INSULTING)
    assert "You appealed" not in await branch.ask("/mystanding", "alex")
    await branch.ask("/appeal 1 it was a joke", "alex")
    assert "You appealed; an answer is due by " in await branch.ask("/mystanding", "alex")
    await branch.later(hours=73)
    assert "the penalty is lifted until somebody does" in await branch.ask("/mystanding", "alex")
    await branch.ask("/uphold 1 it was not", "robin")
    assert "You appealed" not in await branch.ask("/mystanding", "alex")


async def test_who_appeals_without_a_word_is_asked_why_and_each_addition_stands_by_itself(branch: Branch) -> None:
    await branch.say(INSULTING)
    assert "type /appeal 1 and your reason" in await branch.ask("/appeal 1", "alex")
    assert "your reason" not in await branch.ask("/appeal 1 it was a joke", "alex")
    await branch.ask("/appeal 1 ask dana", "alex")
    assert "Appeal (open): “it was a joke” · “ask dana”" in await branch.ask("/case 1")


async def test_a_moderator_who_is_part_of_a_members_cases_reads_that_some_are_not_shown(branch: Branch) -> None:
    await branch.say(f"@robin {INSULTING}", mentions=("robin",))
    assert "Some cases are not shown to you" in await branch.ask("/member alex", "robin")
    assert "Some cases are not shown to you" not in await branch.ask("/member alex", "morgan")


async def test_a_command_that_is_misspelt_is_named(branch: Branch) -> None:
    assert "Did you mean /appeal?" in await branch.ask("/apeal 1", "alex")
    assert "Did you mean" not in await branch.ask("/xyz", "alex")
