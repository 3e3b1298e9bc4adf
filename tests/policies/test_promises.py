"""What every notice promises, for every rule of the shipped policy: it accuses nobody, says how to appeal, repeats no slur.

Knows: the texts (notices.py beside this), the policy's own examples. Must not know: how a text is delivered: that a notice goes by direct
message or into a private thread and never into the room is tested beside the platforms.
Rules: examples are judged with every score at the same height, high and middling, so that many rules find them and no model decides what
is tested here.
"""

from collections.abc import Iterator

import pytest

from bot.core.model import ActionKind, Concern, Finding, Scored, Status
from bot.core.notices import card, notice
from bot.core.policy import Example
from bot.core.respond import Circumstances, respond
from bot.details import details_in
from bot.examples import judge_example
from tests.policies.notices import POLICY, SENTENCES, decisions, letters, notices, routes

LABELS = ("toxicity", "insult", "threat", "identity_attack", "sexual")
PENALTIES = {name: text for name, text in notices() if not any(POLICY.note(rule.id) and name.startswith(rule.id) for rule in POLICY.rules)}
ACCUSES = ("went against", "you broke", "you abused", "guilty", "offence", "offender", "shame on", "must not", "unacceptable")


@pytest.mark.parametrize("promise", [SENTENCES["about"], SENTENCES["by_program"], "/appeal 12", "may go against clause"])
def test_every_penalty_notice_keeps(promise: str) -> None:
    assert len(PENALTIES) > len(POLICY.rules)
    assert [name for name, text in PENALTIES.items() if promise not in text] == []


def test_no_notice_of_the_program_says_that_somebody_did_wrong() -> None:
    ours = {name: text.partition("\nClause ")[0] + text.rpartition("“")[2] for name, text in PENALTIES.items()}
    assert [name for name, text in ours.items() if any(word in text.lower() for word in ACCUSES)] == []


def test_after_a_decision_the_notice_says_that_a_person_decided() -> None:
    texts = dict(decisions())
    assert [name for name, text in texts.items() if "moderator" not in "".join(text.splitlines()[:2]).lower()] == []
    assert [name for name, text in texts.items() if "may go against" in text or SENTENCES["by_program"] in text] == []
    assert [name for name, text in texts.items() if SENTENCES["about"] not in text] == []
    last = {name for name in texts if name.endswith("the last word on an appeal")}
    assert [name for name, text in texts.items() if name not in last and " dismissed" not in name and "/appeal 12" not in text] == []
    assert [name for name in last if "/appeal" in texts[name]] == []
    assert last


def test_whoever_was_hit_by_a_threat_a_slur_or_a_private_detail_reads_of_every_route() -> None:
    told = [text for name, text in letters() if name.startswith("target_")]
    assert len(told) == 2
    assert all(route in text for text in told for route in routes())
    assert all("None of this is your fault" in text for text in told)


def examples() -> Iterator[tuple[str, Example]]:
    """All examples of all rules."""
    for rule in POLICY.rules:
        for group in (rule.examples.violations, rule.examples.allowed, rule.examples.another_rule, rule.examples.known_misses):
            yield from ((rule.id, one) for one in group)


def shown_of(example: Example, score: float) -> tuple[tuple[Finding, ...], list[str]]:
    """What is found with every score at a height, and all that is said about it to the member and to the moderators."""
    verdict = judge_example(example, POLICY, lambda _: Scored(values=dict.fromkeys(LABELS, score))).verdict
    response = respond(verdict, Circumstances(mode=Status.ENFORCE, number=12), POLICY, verdict.message.sent_at)
    if response is None:
        return (), []
    told = response.answer or any(one.kind is ActionKind.HIDE for one in response.actions)
    own = [notice(response, verdict, POLICY, SENTENCES, room="general")] if told else []
    return verdict.findings, [card(response, verdict, POLICY, SENTENCES), *own]


@pytest.mark.parametrize("score", [1.0, 0.6])
def test_no_notice_and_no_card_repeats_a_slur(score: float) -> None:
    slurred = [(rule, one) for rule, one in examples() if any(found.bank == "slurs" for found in POLICY.index.find(_all_of(one)))]
    shown = [(rule, one.say, text) for rule, one in slurred for text in shown_of(one, score)[1]]
    assert shown, "there are slurs to mask"
    assert [(rule, say) for rule, say, text in shown if any(found.bank == "slurs" for found in POLICY.index.find(text))] == []


def _all_of(example: Example) -> str:
    return " ".join([example.say, *(share.text for share in example.shares)])


def test_no_notice_and_no_card_repeats_a_private_detail() -> None:
    seen = [(rule, one.say, *shown_of(one, 0.6)) for rule, one in examples() if details_in(one.say)]
    private = [(rule, say, texts) for rule, say, found, texts in seen if any(one.concern is Concern.PRIVATE_INFORMATION for one in found)]
    assert private, "there are details to leave out"
    own = {POLICY.note(rule.id) for rule in POLICY.rules}
    read = [(rule, say, text) for rule, say, texts in private for text in texts if not any(note and note.strip() in text for note in own)]
    assert read
    assert [(rule, say) for rule, say, text in read if details_in(text)] == []
