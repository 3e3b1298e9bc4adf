"""Where somebody may need help nothing is held against them; what endangers others is still answered."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model import ActionKind, Concern, Finding, Message, Role, Segment, Severity, Status, Verdict
from bot.core.notices import card, notice
from bot.core.respond import Circumstances, Response, respond
from bot.folders import load_policy, load_sentences

POLICY, SENTENCES = load_policy("labour-social-media"), load_sentences()
NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
SAID = "I want to kill myself"


def finding(rule: str) -> Finding:
    one = POLICY.rule(rule)
    return Finding(rule=rule, clauses=one.clauses, severity=one.severity, status=one.status, concern=one.concern)


def verdict(*rules: str) -> Verdict:
    message = Message(community="main", platform="test", room="hall", id="1", author="sam", text=SAID, sent_at=NOW)
    segments = (Segment(role=Role.SAID, text=SAID, start=0),)
    return Verdict(message=message, segments=segments, findings=tuple(map(finding, rules)))


def response(*rules: str, moderator: bool = False, late: timedelta | None = None) -> Response:
    circumstances = Circumstances(mode=Status.ENFORCE, number=1, moderator=moderator, late=late)
    answered = respond(verdict(*rules), circumstances, POLICY, NOW)
    assert answered is not None
    return answered


@pytest.mark.parametrize(("moderator", "late"), [(False, None), (True, None), (False, timedelta(hours=3))])
def test_a_call_for_help_has_a_private_note_and_a_card_and_nothing_else(moderator: bool, late: timedelta | None) -> None:
    given = response("self-harm", moderator=moderator, late=late)
    assert {action.kind for action in given.actions} == {ActionKind.NUDGE, ActionKind.ESCALATE}
    assert given.strike is None


def test_other_findings_beside_it_are_held_back() -> None:
    given = response("self-harm", "personal-attack")
    assert {action.kind for action in given.actions} == {ActionKind.NUDGE, ActionKind.ESCALATE}
    assert given.strike is None


def test_a_threat_beside_it_is_still_answered() -> None:
    assert {ActionKind.HIDE, ActionKind.URGENT} <= {action.kind for action in response("self-harm", "threat").actions}


def test_the_note_names_help_and_no_clause_and_the_card_repeats_no_word() -> None:
    said, given = verdict("self-harm"), response("self-harm")
    note = notice(given, said, POLICY, SENTENCES, room="hall")
    assert "116 123" in note
    assert "999" in note
    assert "clause" not in note
    assert "warning" not in note.replace("no warning", "")
    shown = card(given, said, POLICY, SENTENCES)
    assert "kill" not in shown
    assert SENTENCES["card_welfare"] in shown


def test_a_private_note_is_only_for_what_is_minor() -> None:
    assert all(rule.severity is Severity.MINOR for rule in POLICY.rules if rule.note)


def test_the_phrase_that_shows_that_steward_is_awake_is_answered_in_private_and_accuses_nobody() -> None:
    said, given = verdict("trigger-phrase"), response("trigger-phrase")
    assert {action.kind for action in given.actions} == {ActionKind.NUDGE}, "a private note calls a person only where one has to look"
    note = notice(given, said, POLICY, SENTENCES, room="hall")
    assert "Nothing is wrong with your message" in note
    assert "go against" not in note


def test_a_child_concerned_names_whom_to_tell() -> None:
    said, given = verdict("advance-to-a-child"), response("advance-to-a-child")
    assert given.call is ActionKind.URGENT
    assert POLICY.rule("advance-to-a-child").concern is Concern.CHILD
    assert "safeguarding contact" in card(given, said, POLICY, SENTENCES)
