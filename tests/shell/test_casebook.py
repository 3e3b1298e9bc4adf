"""What an answer, a decision and time alone leave on record."""

from datetime import timedelta

import pytest

from bot.core.cases import AppealState, Decision, NotAllowedError
from bot.core.model import ActionKind, CaseState, Severity, StrikeState
from bot.core.naming import plain
from bot.core.respond import Ruling
from bot.ports import PlatformUnavailableError
from bot.store.records import ActionState, NoticeState, SanctionState
from tests.core.policies import NOW, POLICY, REVIEWED, rule
from tests.shell.branch import FOR_REVIEW, INSULTING, MINOR, RULES, THREATENING, Branch, compiled

SERIOUS = rule("nasty", "{words: nasty}", severity="serious", status="enforce")
HIDING = {**RULES, "reviewed": SERIOUS.replace("id: nasty", "id: reviewed")}
"""The small policy, in which "frobnitz" is hidden and warned."""


async def decided(branch: Branch, decision: Decision, *, by: str = "morgan", number: int = 1, **more: object) -> None:
    await branch.service.casebook.rule_on(number, Ruling(decision=decision, by=by, **more))  # type: ignore[arg-type]
    await branch.perform()


# An answer.


async def test_case_holds_all_that_its_verdict_was_reached_with(branch: Branch) -> None:
    await branch.say("good evening")
    await branch.say(INSULTING, author="bo")
    detail = await branch.detail()
    (one,) = detail.messages
    assert (one.message.id, one.message.text, one.scores[0].values["insult"]) == ("2", INSULTING, 0.9)
    assert [recent.text for recent in one.context.recent] == ["good evening"]
    assert [found.finding.rule for found in detail.findings] == ["insult"]
    assert (detail.mode, detail.hashes.policy, detail.hashes.model) == ("enforce", branch.parts.policy.digest, "table")
    async with branch.parts.transaction() as transaction:
        assert await transaction.policy_source(detail.hashes.policy)
        assert await transaction.audit_verify() is None


async def test_notice_says_clause_words_who_decided_and_how_to_appeal_and_never_the_authors_to_others(branch: Branch) -> None:
    await branch.say(INSULTING, mentions=("dana",))
    (text,) = branch.chat.texts("alex")
    for part in ("clause 1", INSULTING, "A program decided this", "/appeal 1", "72 hours"):
        assert part in text
    (notice,) = (await branch.detail()).notices
    assert (plain(notice.text), notice.state) == (text, NoticeState.DIRECT)


async def test_breaches_within_the_hour_are_one_case_and_one_strike(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.later(minutes=59)
    await branch.say(f"{INSULTING} and more")
    await branch.later(minutes=61)
    await branch.say(f"{INSULTING} once more")
    assert branch.rows('SELECT "case", message FROM case_messages ORDER BY message') == [(1, "1"), (1, "2"), (2, "3")]
    assert branch.rows("SELECT count(*) FROM strikes") == [(2,)]


async def test_breach_after_the_notice_is_a_further_step_on_the_ladder(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.later(minutes=1)
    await branch.say(f"{INSULTING} and more")
    assert branch.chat.kinds("alex") == ["escalate", "warn", "escalate", "mute", "notify"]


async def test_card_for_people_to_decide_makes_no_later_breach_graver(fresh: Branch) -> None:
    reviewed = REVIEWED.replace("severity: serious", "severity: grave")
    branch = await fresh.open(compiled(rules={**RULES, "reviewed": reviewed}))
    await branch.say(INSULTING)
    await branch.later(minutes=1)
    await branch.say(FOR_REVIEW)
    assert branch.chat.kinds("alex") == ["escalate", "warn", "urgent"]
    await branch.say(f"{INSULTING} and more")
    detail = await branch.detail()
    assert len(detail.messages) == 3
    assert detail.strike
    assert (detail.strike.severity, detail.case.severity) == (Severity.MEDIUM, Severity.GRAVE)


async def test_card_says_what_is_done_about_the_message_that_it_is_about(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.later(minutes=1)
    await branch.say(f"{INSULTING} and more")
    first, second = (plain(action.text) for action in branch.chat.performed if action.kind is ActionKind.ESCALATE)
    assert "Done by the program: warned" in first
    assert "Done by the program: warned, muted (not yet)" in second


async def test_card_says_in_words_what_a_platform_leaves_to_people(branch: Branch) -> None:
    branch.chat.repeats = {kind: repeat for kind, repeat in branch.chat.repeats.items() if kind not in (ActionKind.HIDE, ActionKind.MUTE)}
    await branch.say(INSULTING)
    await branch.later(minutes=1)
    await branch.say(THREATENING)
    (card,) = (plain(action.text) for action in branch.chat.performed if action.kind is ActionKind.URGENT)
    assert "Done by the program: warned, message hidden (by hand), muted (by hand)" in card
    assert "By hand, because this chat cannot do it: hide the message, mute the member." in card
    await branch.say(THREATENING, author="bo")
    bos = next(plain(action.text) for action in branch.chat.performed if action.kind is ActionKind.URGENT and action.target == "bo")
    assert "Done by the program: nothing" in bos
    assert "By hand, because this chat cannot do it: hide the message, mute the member." in bos


async def test_who_decides_reads_what_happens_next_by_itself(branch: Branch) -> None:
    await branch.say(INSULTING)
    assert await branch.ask("/uphold 1 it was one") == "Case 1 is upheld by a moderator. Steward does the rest now: tell the member."


async def test_who_decides_against_another_moderator_is_told_so(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.ask("/uphold 1 it was one", account="robin")
    said = plain(await branch.ask("/dismiss 1 it was not", account="morgan"))
    assert "robin had decided it before: upheld by a moderator. Yours is the decision that counts now." in said


async def test_ladder_goes_up_with_strikes_and_down_as_they_fade(branch: Branch) -> None:
    async def answer() -> ActionKind | None:
        outcome = await branch.say(INSULTING)
        assert outcome.response
        return outcome.response.answer

    assert await answer() is ActionKind.WARN
    await branch.later(hours=3)
    assert await answer() is ActionKind.MUTE
    await decided(branch, Decision.UPHOLD, number=1)
    await decided(branch, Decision.UPHOLD, number=2)
    await branch.later(days=59)
    assert await answer() is ActionKind.MUTE, "two strikes of half a weight and a new one"
    await branch.later(days=181)
    assert await answer() is ActionKind.WARN, "nothing of that counts any more"


async def test_provisional_strikes_alone_never_mute_for_more_than_an_hour(branch: Branch) -> None:
    for _ in range(5):
        await branch.say(INSULTING)
        await branch.later(hours=3)
    mutes = [action for action in branch.chat.performed if action.kind is ActionKind.MUTE]
    assert len(mutes) >= 3
    sanctions = branch.rows('SELECT (s.until - c.opened_at) / 1000000 FROM sanctions s JOIN cases c ON c.number = s."case"')
    assert {seconds for (seconds,) in sanctions} == {3600}


async def test_upheld_strike_makes_the_next_mute_longer(branch: Branch) -> None:
    for _ in range(2):
        await branch.say(INSULTING)
        await branch.later(hours=3)
    await decided(branch, Decision.UPHOLD, number=1)
    said_at = branch.clock.now()
    await branch.say(INSULTING)
    assert (await branch.detail(3)).case.muted_until == said_at + timedelta(hours=24)


async def test_undecided_strikes_lapse_and_do_not_count(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.later(days=15)
    detail = await branch.detail()
    assert detail.case.state is CaseState.LAPSED
    assert detail.strike
    assert detail.strike.state is StrikeState.LAPSED
    assert "lapsed" in [entry.kind for entry in detail.history]
    outcome = await branch.say(INSULTING)
    assert outcome.response
    assert outcome.response.answer is ActionKind.WARN


async def test_case_does_not_lapse_before_its_time_and_not_twice(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.later(days=14)
    assert (await branch.detail()).case.state is CaseState.OPEN
    await branch.later(seconds=1)
    await branch.later(days=1)
    assert [entry.kind for entry in (await branch.detail()).history].count("lapsed") == 1


async def test_decided_case_never_lapses(branch: Branch) -> None:
    await branch.say(INSULTING)
    await decided(branch, Decision.UPHOLD)
    await branch.later(days=30)
    detail = await branch.detail()
    assert detail.case.state is CaseState.UPHELD
    assert detail.strike
    assert detail.strike.state is StrikeState.UPHELD


async def test_breach_without_a_strike_never_climbs_the_ladder(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.later(minutes=2)
    await branch.say(f"honestly, {MINOR} this one is")
    assert branch.chat.kinds("alex") == ["escalate", "warn", "nudge"]


# Mutes.


async def test_mute_ends_by_itself_once_and_the_member_is_told(branch: Branch) -> None:
    await branch.say(THREATENING)
    await branch.later(hours=24)
    await branch.later(hours=1)
    assert branch.chat.kinds("alex").count("unmute") == 1
    assert branch.chat.texts("alex")[-1] == "Your mute is over. You can write again."
    detail = await branch.detail()
    assert (detail.sanctions[0].state, detail.case.muted_until) == (SanctionState.ENDED, None)


async def test_shorter_mute_that_ends_during_a_longer_one_unmutes_nobody(branch: Branch) -> None:
    for _ in range(2):
        await branch.say(INSULTING, room="hall")
        await branch.later(hours=2)
    await branch.say(INSULTING, room="hall")
    await branch.say(THREATENING, room="garden")
    before = branch.chat.kinds().count("unmute")
    await branch.later(hours=2)
    assert branch.chat.kinds().count("unmute") == before
    await branch.later(hours=24)
    assert branch.chat.kinds().count("unmute") == before + 1


# A decision.


async def test_dismissing_undoes_what_was_done_and_says_so(branch: Branch) -> None:
    await branch.say(THREATENING)
    await decided(branch, Decision.DISMISS, reason="It was a joke.")
    detail = await branch.detail()
    assert detail.case.state is CaseState.DISMISSED
    assert detail.sanctions[0].state is SanctionState.LIFTED
    assert detail.strike
    assert detail.strike.state is StrikeState.REMOVED
    assert branch.chat.kinds("alex")[-3:] == ["unmute", "unhide", "notify"]
    told = branch.chat.texts("alex")[-1]
    for part in ("nothing stays on your record", "You are no longer muted", "It was a joke."):
        assert part in told
    outcome = await branch.say(INSULTING, room="elsewhere")
    assert outcome.response
    assert outcome.response.answer is ActionKind.WARN


async def test_dismissed_case_cannot_be_decided_again(branch: Branch) -> None:
    await branch.say(INSULTING)
    await decided(branch, Decision.DISMISS)
    with pytest.raises(NotAllowedError, match="already dismissed"):
        await decided(branch, Decision.UPHOLD, by="robin")
    assert len((await branch.detail()).reviews) == 1


async def test_dismissing_shows_every_hidden_message_again(fresh: Branch) -> None:
    branch = await fresh.open(compiled(rules=HIDING))
    await branch.say("frobnitz", number=1)
    await branch.say("frobnitz again", number=2)
    hidden = {action.message for action in branch.chat.performed if action.kind is ActionKind.HIDE}
    assert hidden == {"1", "2"}
    await decided(branch, Decision.DISMISS)
    shown = {message for action in branch.chat.performed if action.kind is ActionKind.UNHIDE for message in action.message.split()}
    assert shown == hidden


async def test_changing_lifts_the_mute_and_keeps_a_strike_of_the_new_severity(branch: Branch) -> None:
    await branch.say(THREATENING)
    await decided(branch, Decision.CHANGE, severity=Severity.MEDIUM)
    detail = await branch.detail()
    assert detail.strike
    assert (detail.strike.severity, detail.strike.state) == (Severity.MEDIUM, StrikeState.UPHELD)
    assert detail.sanctions[0].state is SanctionState.LIFTED
    assert branch.chat.kinds("alex")[-2:] == ["unmute", "notify"]


async def test_moderators_mute_lasts_as_long_as_they_say(branch: Branch) -> None:
    await branch.say(INSULTING)
    await decided(branch, Decision.CHANGE, mute=timedelta(hours=48))
    assert (await branch.detail()).case.muted_until == NOW + timedelta(hours=48)
    assert branch.chat.performed[-2].until == NOW + timedelta(hours=48)
    await branch.later(hours=47)
    assert "unmute" not in branch.chat.kinds()
    await branch.later(hours=1)
    assert branch.chat.kinds("alex")[-2:] == ["unmute", "notify"]


async def test_changing_to_a_severity_without_a_strike_takes_the_strike_away(branch: Branch) -> None:
    await branch.say(INSULTING)
    await decided(branch, Decision.CHANGE, severity=Severity.MINOR)
    detail = await branch.detail()
    assert detail.strike is None or detail.strike.state is StrikeState.REMOVED or detail.strike.severity is Severity.MINOR


async def test_unknown_case_cannot_be_decided(branch: Branch) -> None:
    with pytest.raises(NotAllowedError, match="there is no case 7"):
        await decided(branch, Decision.UPHOLD, number=7)


async def test_decision_that_is_refused_leaves_nothing(branch: Branch) -> None:
    await branch.say(INSULTING, author="morgan")
    before = await branch.detail()
    with pytest.raises(NotAllowedError):
        await decided(branch, Decision.DISMISS)
    assert await branch.detail() == before


# Decided meanwhile.


async def test_penalties_that_wait_are_dropped_when_the_case_was_dismissed_meanwhile(branch: Branch) -> None:
    message = branch.message(THREATENING)
    await branch.accept(message)
    await decided(branch, Decision.DISMISS)
    states = await branch.states()
    assert states["1 hide"] is ActionState.DROPPED
    assert states["1 mute"] is ActionState.DROPPED
    assert "mute" not in branch.chat.kinds()


async def test_notice_of_a_mute_that_was_dropped_is_not_sent(branch: Branch) -> None:
    await branch.accept(branch.message(THREATENING))
    await decided(branch, Decision.DISMISS)
    assert not any("You are muted" in text for text in branch.chat.texts("alex"))


async def test_mute_that_waits_is_dropped_when_a_moderator_changed_it_meanwhile(branch: Branch) -> None:
    branch.chat.failures[ActionKind.MUTE] = [PlatformUnavailableError("busy", retry_seconds=60)]
    await branch.say(THREATENING)
    await decided(branch, Decision.CHANGE, severity=Severity.MINOR)
    await branch.later(minutes=2)
    assert "mute" not in branch.chat.kinds()


# Appeals.


async def test_appeal_past_its_hours_lifts_the_mute_and_the_strike_stops_counting(branch: Branch) -> None:
    await branch.say(INSULTING)
    await decided(branch, Decision.CHANGE, mute=timedelta(days=20))
    await branch.ask("/appeal 1 I meant the animal", "alex")
    await branch.later(hours=71)
    assert "unmute" not in branch.chat.kinds()
    await branch.later(hours=1)
    await branch.later(hours=1)
    detail = await branch.detail()
    assert detail.appeals[0].state is AppealState.SUSPENDED
    assert detail.strike
    assert detail.strike.state is StrikeState.LAPSED
    assert detail.sanctions[0].state is SanctionState.LIFTED
    assert branch.chat.kinds("alex").count("unmute") == 1
    assert "Nobody has looked at your appeal on case 1 in time" in branch.chat.texts("alex")[-1]


async def test_appeal_that_nobody_ever_decides_lapses_and_the_member_is_told(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.ask("/appeal 1", "alex")
    await branch.later(hours=72)
    await branch.later(days=15)
    await branch.later(days=1)
    detail = await branch.detail()
    assert (detail.appeals[0].state, detail.case.state) == (AppealState.LAPSED, CaseState.LAPSED)
    assert [text for text in branch.chat.texts("alex") if "has lapsed as not decided" in text] == [branch.chat.texts("alex")[-1]]


@pytest.mark.parametrize(
    ("decision", "state", "strike"),
    [
        (Decision.UPHOLD, AppealState.REJECTED, StrikeState.UPHELD),
        (Decision.DISMISS, AppealState.ACCEPTED, StrikeState.REMOVED),
        (Decision.CHANGE, AppealState.ACCEPTED, StrikeState.UPHELD),
    ],
)
async def test_another_moderator_answers_an_appeal_even_late(
    branch: Branch, decision: Decision, state: AppealState, strike: StrikeState
) -> None:
    await branch.say(INSULTING)
    await decided(branch, Decision.UPHOLD)
    await branch.ask("/appeal 1", "alex")
    await branch.later(hours=80)
    with pytest.raises(NotAllowedError, match="another moderator decides the appeal"):
        await decided(branch, decision)
    await decided(branch, decision, by="robin")
    detail = await branch.detail()
    assert (detail.appeals[0].state, detail.appeals[0].decided_by) == (state, "robin")
    assert detail.strike
    assert detail.strike.state is strike


async def test_nobody_who_decided_the_case_before_decides_its_second_appeal(branch: Branch) -> None:
    await branch.say(INSULTING)
    await decided(branch, Decision.UPHOLD)
    await branch.ask("/appeal 1", "alex")
    await decided(branch, Decision.UPHOLD, by="robin")
    await branch.ask("/appeal 1 please", "alex")
    with pytest.raises(NotAllowedError):
        await decided(branch, Decision.UPHOLD)


# Limits.


async def test_past_its_limit_nothing_happens_to_the_member_and_one_case_collects_the_rest(branch: Branch) -> None:
    for number in range(3):
        await branch.say(INSULTING, author=f"member{number}")
    for number in range(3):
        await branch.later(minutes=1)
        await branch.say(f"{INSULTING} {number}")
    assert branch.chat.kinds("alex") == ["escalate"]
    (collected,) = branch.rows("SELECT number, steps FROM cases WHERE author = 'alex'")
    assert collected[1] == 3
    assert branch.rows("SELECT count(*) FROM strikes WHERE author = 'alex'") == [(0,)]


async def test_urgent_calls_have_no_limit(fresh: Branch) -> None:
    branch = await fresh.open(compiled(text=POLICY.replace("escalate: {count: 100, per: 1h}", "escalate: {count: 1, per: 1h}")))
    for number in range(6):
        await branch.say(THREATENING, author=f"member{number}")
    assert branch.chat.kinds().count("urgent") == 6
    assert branch.chat.kinds().count("mute") == 3


async def test_limit_is_free_again_after_its_time(branch: Branch) -> None:
    for number in range(4):
        await branch.say(INSULTING, author=f"member{number}")
    await branch.later(minutes=61)
    await branch.say(INSULTING)
    assert branch.chat.kinds("member3") == ["escalate"]
    assert branch.chat.kinds("alex") == ["escalate", "warn"]


async def test_nudge_leaves_no_strike(branch: Branch) -> None:
    await branch.say(MINOR)
    assert branch.chat.kinds("alex") == ["nudge"]
    assert branch.rows("SELECT count(*) FROM strikes") == [(0,)]


async def test_contact_rows_are_deleted_when_their_time_is_over(branch: Branch) -> None:
    await branch.say("@dana shall we meet at seven?", mentions=("dana",))
    await branch.service.casebook.look_after()
    assert branch.rows("SELECT author, target FROM contacts") == [("alex", "dana")]
    await branch.later(days=91)
    assert branch.rows("SELECT author, target FROM contacts") == []
