"""What may be something stands behind what is: both are on record, and moderators read of the graver one alone."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.core.model import Evidence, Finding, Message, Role, Segment, Status, Verdict
from bot.core.notices import card, told
from bot.core.respond import Circumstances, respond
from bot.folders import load_policy, load_sentences

POLICY, SENTENCES = load_policy("labour-social-media"), load_sentences()
NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)


def finding(rule: str, value: float) -> Finding:
    one = POLICY.rule(rule)
    evidence = (Evidence(signal="score", role=Role.SAID, label="threat", value=value),)
    return Finding(rule=rule, clauses=one.clauses, severity=one.severity, status=one.status, concern=one.concern, evidence=evidence)


PERHAPS, SURELY = finding("possible-threat", 0.81), finding("threat", 0.95)


def card_of(*findings: Finding) -> str:
    said = "I will break your legs on Saturday"
    message = Message(community="main", platform="test", room="hall", id="1", author="sam", text=said, sent_at=NOW)
    verdict = Verdict(message=message, segments=(Segment(role=Role.SAID, text=said, start=0),), findings=findings)
    response = respond(verdict, Circumstances(mode=Status.ENFORCE, number=1), POLICY, NOW)
    assert response is not None
    assert response.findings == findings, "all of them are on record"
    return card(response, verdict, POLICY, SENTENCES)


def test_a_card_names_what_is_sure_once_and_gives_its_reasons_alone() -> None:
    shown = card_of(PERHAPS, SURELY)
    assert POLICY.rule("threat").title in shown
    assert POLICY.rule("possible-threat").title not in shown
    assert "threat 0.95" in shown
    assert "0.81" not in shown


def test_what_may_be_one_is_named_where_nothing_is_sure() -> None:
    assert POLICY.rule("possible-threat").title in card_of(PERHAPS)


def test_a_rule_on_trial_hides_no_other() -> None:
    on_trial = replace(SURELY, status=Status.SHADOW)
    assert told([PERHAPS, on_trial], POLICY) == [PERHAPS, on_trial]


def test_a_finding_of_a_rule_that_the_policy_has_no_more_is_still_told() -> None:
    gone = replace(PERHAPS, rule="gone")
    assert told([gone, SURELY], POLICY) == [gone, SURELY]
