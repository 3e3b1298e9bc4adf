"""Answers: the weaker status counts, the ladder, episodes, caps, limits, lateness, and decisions of people."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.cases import Decision, NotAllowedError, all_are_part, parties_of, recused
from bot.core.judge import judge
from bot.core.model import ActionKind, CaseState, CaseView, Concern, Message, Severity, Status, Strike, StrikeState, Verdict
from bot.core.respond import Circumstances, Response, Ruling, decide, respond
from tests.core.policies import CLOWNS, INSULT, NOW, REVIEWED, THREAT, message, policy, scored

POLICY = policy({"insult": INSULT, "threat": THREAT, "clowns": CLOWNS, "reviewed": REVIEWED})
CALM = Circumstances(mode=Status.ENFORCE, number=7)


def verdict(text: str = "you liar", *, minutes: float = 0, number: int = 1, **scores: float) -> Verdict:
    return judge(message(text, minutes=minutes, number=number), scored(**scores), POLICY)


def answered(given_verdict: Verdict, circumstances: Circumstances = CALM) -> Response:
    response = respond(given_verdict, circumstances, POLICY, given_verdict.message.sent_at)
    assert response is not None
    return response


def kinds(response: Response) -> list[ActionKind]:
    return [action.kind for action in response.actions]


def strike(*, days: float, severity: Severity = Severity.MEDIUM, state: StrikeState = StrikeState.PROVISIONAL) -> Strike:
    return Strike(case=1, severity=severity, given_at=NOW - timedelta(days=days), state=state)


INSULTED = verdict(insult=0.9)
THREATENED = verdict(threat=0.9)


def test_no_finding_no_response() -> None:
    assert respond(verdict("good evening"), CALM, POLICY, NOW) is None


def test_a_first_insult_is_a_warning_and_a_card() -> None:
    response = answered(INSULTED)
    assert kinds(response) == [ActionKind.ESCALATE, ActionKind.WARN]
    assert response.opens
    assert response.strike == Strike(case=7, severity=Severity.MEDIUM, given_at=NOW)


def test_a_threat_is_urgent_hidden_and_muted() -> None:
    response = answered(THREATENED)
    assert kinds(response) == [ActionKind.URGENT, ActionKind.HIDE, ActionKind.MUTE, ActionKind.NOTIFY]
    assert response.case.muted_until == NOW + timedelta(hours=24)


@pytest.mark.parametrize(("mode", "expected"), [(Status.SHADOW, []), (Status.ENFORCE, [ActionKind.ESCALATE, ActionKind.WARN])])
def test_the_weaker_of_the_rule_and_the_community_counts(mode: Status, expected: list[ActionKind]) -> None:
    assert kinds(answered(INSULTED, replace(CALM, mode=mode))) == expected


def test_a_rule_in_review_only_calls_the_moderators() -> None:
    response = answered(verdict("what a frobnitz"))
    assert kinds(response) == [ActionKind.ESCALATE]
    assert response.strike is None


def test_what_is_found_late_gets_a_card_and_no_penalty() -> None:
    response = answered(THREATENED, replace(CALM, late=timedelta(hours=2)))
    assert kinds(response) == [ActionKind.URGENT]
    assert response.strike is None


def test_a_moderators_own_words_go_to_review_but_a_threat_is_hidden_whoever_wrote_it() -> None:
    moderator = replace(CALM, moderator=True)
    assert kinds(answered(INSULTED, moderator)) == [ActionKind.ESCALATE]
    assert kinds(answered(THREATENED, moderator))[:2] == [ActionKind.URGENT, ActionKind.HIDE]
    assert ActionKind.MUTE not in kinds(answered(THREATENED, moderator))


def test_strikes_climb_the_ladder_and_fade() -> None:
    recent = replace(CALM, strikes=(strike(days=1),))
    assert answered(INSULTED, recent).answer is ActionKind.MUTE
    old = replace(CALM, strikes=(strike(days=120),))
    assert answered(INSULTED, old).answer is ActionKind.WARN
    gone = replace(CALM, strikes=tuple(strike(days=181) for _ in range(5)))
    assert answered(INSULTED, gone).answer is ActionKind.WARN


@pytest.mark.parametrize("state", [StrikeState.LAPSED, StrikeState.REMOVED])
def test_lapsed_and_removed_strikes_do_not_count(state: StrikeState) -> None:
    circumstances = replace(CALM, strikes=tuple(strike(days=1, state=state) for _ in range(5)))
    assert answered(INSULTED, circumstances).answer is ActionKind.WARN


def test_provisional_strikes_alone_mute_for_an_hour_at_most() -> None:
    many = replace(CALM, strikes=tuple(strike(days=n) for n in range(1, 6)))
    assert answered(INSULTED, many).case.muted_until == NOW + timedelta(hours=1)


def test_an_upheld_strike_allows_a_day() -> None:
    many = replace(CALM, strikes=(strike(days=1), strike(days=2, state=StrikeState.UPHELD)))
    assert answered(INSULTED, many).case.muted_until == NOW + timedelta(hours=24)


def episode(first: Response, *, noticed: datetime | None = None) -> Circumstances:
    return replace(CALM, episode=replace(first.case, notice_first_at=NOW, notice_tried_at=noticed), struck=first.strike, number=8)


def test_breaches_before_the_first_notice_are_one_step() -> None:
    second = answered(verdict(minutes=2, number=2, insult=0.9), episode(answered(INSULTED)))
    assert not second.opens
    assert second.case.number == 7
    assert second.answer is None
    assert second.case.steps == 2


def test_a_breach_after_the_notice_climbs_in_the_same_case() -> None:
    second = answered(verdict(minutes=5, number=2, insult=0.9), episode(answered(INSULTED), noticed=NOW + timedelta(minutes=1)))
    assert second.case.number == 7
    assert second.answer is ActionKind.MUTE
    assert second.strike is not None
    assert second.strike.case == 7


def test_a_graver_breach_is_answered_even_before_the_notice() -> None:
    second = answered(verdict(minutes=1, number=2, threat=0.9), episode(answered(INSULTED)))
    assert ActionKind.HIDE in kinds(second)
    assert second.answer is ActionKind.MUTE


def suspected() -> Circumstances:
    """An episode that holds what may be a grave breach and that people have yet to decide."""
    grave = policy({"insult": INSULT, "threat": THREAT, "reviewed": REVIEWED.replace("severity: serious", "severity: grave")})
    said = judge(message("what a frobnitz"), scored(), grave)
    first = respond(said, CALM, grave, said.message.sent_at)
    assert first is not None
    assert (first.case.severity, first.answer) == (Severity.GRAVE, None)
    return replace(CALM, episode=first.case, number=8)


def test_what_people_have_yet_to_decide_makes_no_later_breach_graver() -> None:
    for minutes in (2, 30):
        second = answered(verdict(minutes=minutes, number=2, insult=0.9), suspected())
        assert second.case.number == 7
        assert second.answer is ActionKind.WARN, minutes
        assert second.strike == Strike(case=7, severity=Severity.MEDIUM, given_at=NOW)
        assert second.case.severity is Severity.GRAVE, "the card still says so"


def test_what_people_have_yet_to_decide_makes_no_breach_after_a_warning_graver() -> None:
    upheld = strike(days=3, severity=Severity.MINOR, state=StrikeState.UPHELD)  # weighs nothing, and allows a mute of a day
    warned = episode(answered(INSULTED), noticed=NOW + timedelta(minutes=1))
    assert warned.episode is not None
    for card in (Severity.MEDIUM, Severity.GRAVE):
        waiting = replace(warned, episode=replace(warned.episode, severity=card), strikes=(upheld,))
        second = answered(verdict(minutes=5, number=2, insult=0.9), waiting)
        assert second.strike == Strike(case=7, severity=Severity.MEDIUM, given_at=NOW), card
        assert second.case.muted_until == NOW + timedelta(minutes=5, hours=1), card
        assert second.case.severity is card


def test_a_graver_breach_is_answered_where_what_is_graver_still_is_undecided() -> None:
    warned = episode(answered(INSULTED))
    assert warned.episode is not None
    second = answered(verdict(minutes=1, number=2, threat=0.9), replace(warned, episode=replace(warned.episode, severity=Severity.GRAVE)))
    assert second.answer is ActionKind.MUTE


def test_breaches_without_a_strike_are_one_step_too() -> None:
    light = replace(POLICY, severities={**POLICY.severities, Severity.MEDIUM: replace(POLICY.severities[Severity.MEDIUM], strike=0)})
    first = respond(INSULTED, CALM, light, NOW)
    assert first is not None
    assert (first.answer, first.strike) == (ActionKind.WARN, None)
    again = verdict(minutes=2, number=2, insult=0.9)
    second = respond(again, episode(first), light, again.message.sent_at)
    assert second is not None
    assert second.answer is None


def test_what_people_have_yet_to_decide_spares_nobody_a_mute_for_a_threat() -> None:
    second = answered(verdict(minutes=2, number=2, threat=0.9), suspected())
    assert second.answer is ActionKind.MUTE


def test_an_unnoticed_notice_is_waited_for_ten_minutes_and_no_longer() -> None:
    second = answered(verdict(minutes=11, number=2, insult=0.9), episode(answered(INSULTED)))
    assert second.answer is ActionKind.MUTE


def test_a_decided_case_is_not_reopened_by_the_program() -> None:
    upheld = replace(answered(INSULTED).case, state=CaseState.UPHELD)
    assert answered(verdict(minutes=1, number=2, insult=0.9), replace(CALM, episode=upheld, number=8)).case.number == 8


def test_past_a_limit_one_case_collects_and_nothing_happens_to_the_member() -> None:
    full = replace(CALM, used={ActionKind.WARN: 3})
    response = answered(INSULTED, full)
    assert response.collects
    assert kinds(response) == [ActionKind.ESCALATE]
    assert response.past_limit == (ActionKind.WARN,)
    again = answered(verdict(minutes=1, number=2, insult=0.9), replace(full, collecting=response.case))
    assert again.case.number == 7
    assert kinds(again) == []


def test_urgent_has_no_limit() -> None:
    full = replace(CALM, used=dict.fromkeys((ActionKind.MUTE, ActionKind.WARN, ActionKind.HIDE, ActionKind.ESCALATE), 1000))
    assert ActionKind.URGENT in kinds(answered(THREATENED, full))


@given(st.integers(1, 12))
def test_twice_the_limit_performs_exactly_the_limit(limit: int) -> None:
    used = {ActionKind.WARN: 0, ActionKind.ESCALATE: 0}
    capped = replace(POLICY, limits={ActionKind.WARN: replace(POLICY.limits[ActionKind.WARN], count=limit)})
    for number in range(2 * limit):
        said = judge(message("you liar", author=f"member{number}", number=number), scored(insult=0.9), POLICY)
        response = respond(said, replace(CALM, used=used, number=number), capped, NOW)
        assert response is not None
        for action in response.actions:
            used[action.kind] = used.get(action.kind, 0) + 1
    assert used[ActionKind.WARN] == limit


def test_what_a_platform_cannot_do_is_named() -> None:
    response = answered(THREATENED, replace(CALM, capabilities=frozenset({ActionKind.URGENT, ActionKind.NOTIFY})))
    assert response.manual == (ActionKind.HIDE, ActionKind.MUTE)


@given(st.lists(st.sampled_from(["insult", "threat", "clowns"]), min_size=1, max_size=3, unique=True))
def test_answers_combine_to_the_strongest_whatever_the_order(rules: list[str]) -> None:
    both = verdict("you clown", insult=0.9, threat=0.9)
    findings = {finding.rule: finding for finding in both.findings}
    forward = replace(both, findings=tuple(findings[rule] for rule in rules))
    backward = replace(both, findings=tuple(findings[rule] for rule in reversed(rules)))
    first, second = answered(forward), answered(backward)
    assert (kinds(first), first.answer, first.strike) == (kinds(second), second.answer, second.strike)


def a_case(**more: object) -> CaseView:
    base = CaseView(number=3, author="alex", room="room", thread="", opened_at=NOW, last_at=NOW, steps=1, notice_first_at=NOW)
    return replace(base, **more)  # type: ignore[arg-type]


def ruling(decision: Decision, **more: object) -> Ruling:
    return Ruling(decision=decision, by="morgan", **more)  # type: ignore[arg-type]


def decided(case: CaseView, given_ruling: Ruling) -> Response:
    return decide("main", case, given_ruling, CALM, POLICY, NOW + timedelta(minutes=5))


def test_dismissing_undoes_the_mute_and_the_hiding_and_tells_the_member() -> None:
    case = a_case(severity=Severity.GRAVE, muted_until=NOW + timedelta(hours=1), hidden=("1",))
    response = decided(case, ruling(Decision.DISMISS))
    assert kinds(response) == [ActionKind.UNMUTE, ActionKind.UNHIDE, ActionKind.NOTIFY]
    assert response.strike is not None
    assert response.strike.state is StrikeState.REMOVED


def test_dismissing_what_nobody_was_told_of_tells_nobody() -> None:
    assert kinds(decided(a_case(notice_first_at=None, severity=Severity.MEDIUM), ruling(Decision.DISMISS))) == []


def test_upholding_makes_the_strike_count_fully() -> None:
    response = decided(a_case(severity=Severity.MEDIUM), ruling(Decision.UPHOLD))
    assert response.strike is not None
    assert response.strike.state is StrikeState.UPHELD
    assert kinds(response) == [ActionKind.NOTIFY]


def test_changing_can_mute_for_longer_than_the_program_may() -> None:
    response = decided(a_case(), ruling(Decision.CHANGE, severity=Severity.SERIOUS, mute=timedelta(days=7)))
    assert kinds(response) == [ActionKind.MUTE, ActionKind.NOTIFY]
    assert response.case.muted_until == NOW + timedelta(days=7, minutes=5)


def test_a_dismissed_case_stays_dismissed() -> None:
    with pytest.raises(NotAllowedError):
        decided(a_case(state=CaseState.DISMISSED), ruling(Decision.UPHOLD))


@pytest.mark.parametrize(
    ("moderator", "appeal", "may"),
    [("alex", False, False), ("dana", False, False), ("gwen", False, False), ("robin", False, True), ("morgan", True, False)],
)
def test_who_is_part_of_a_case_does_not_decide_it(moderator: str, appeal: bool, may: bool) -> None:
    parties = parties_of(a_case(names=("dana",), decided_by="morgan"), ["gwen"])
    assert (recused(moderator, parties, appeal=appeal) == "") is may


def test_being_one_of_many_mentioned_recuses_nobody() -> None:
    parties = parties_of(a_case(names=("dana", "gwen", "robin", "morgan")))
    assert not recused("morgan", parties)


def test_a_case_in_which_every_moderator_is_part_is_left_to_those_who_are_only_named_or_reported_it() -> None:
    parties = parties_of(a_case(author="casey", names=("morgan", "robin")), ["robin"])
    assert all_are_part([{"morgan"}, {"robin"}, {"casey"}], parties)
    assert not all_are_part([{"morgan"}, {"robin"}, {"eli"}], parties)
    assert [recused(one, parties, nobody_else=True) for one in ("morgan", "robin", "casey")] == ["", "", "the case is about you"]


def test_a_person_with_two_accounts_is_part_of_a_case_by_either() -> None:
    parties = parties_of(a_case(names=("morgan", "U1")))
    assert all_are_part([{"morgan"}, {"7001", "U1"}], parties)


def test_who_decided_a_case_is_kept_from_its_appeal_also_where_nobody_else_is_left() -> None:
    parties = parties_of(a_case(names=("morgan",), decided_by="morgan"))
    assert recused("morgan", parties, appeal=True, nobody_else=True)


def test_the_concern_of_a_finding_comes_from_its_rule() -> None:
    said: Message = THREATENED.message
    assert said.text == "you liar"
    assert THREATENED.findings[0].concern is Concern.THREAT
