"""Whose a private detail is, and that it is shown nowhere in full."""

from datetime import UTC, datetime

import pytest

from bot.core.judge import judge, segments_of
from bot.core.model import Context, Facts, Message, Scored, Shared, Status
from bot.core.notices import because, card, notice, shown_words
from bot.core.respond import Circumstances, respond
from bot.details import details_in
from bot.folders import load_policy, load_sentences

POLICY, SENTENCES = load_policy("labour-social-media"), load_sentences()
NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)


def said(text: str, **more: object) -> Message:
    return Message(community="main", platform="test", room="hall", id="1", author="sam", text=text, sent_at=NOW, **more)  # type: ignore[arg-type]


def context_of(message: Message, people: dict[str, str] | None = None) -> Context:
    segments = segments_of(message, Context())
    facts = tuple(Facts(details=details_in(segment.text)) for segment in segments)
    scores = tuple(
        Scored(values=dict.fromkeys(("toxicity", "insult", "threat", "obscene", "identity_attack", "sexual"), 0.0)) for _ in segments
    )
    return Context(scores=scores, facts=facts, people=people or {})


def rules_of(message: Message, people: dict[str, str] | None = None) -> set[str]:
    return {finding.rule for finding in judge(message, context_of(message, people), POLICY).findings}


@pytest.mark.parametrize(
    "text",
    [
        "Dana lives at 14 Mill Lane",
        "dana lives at 14 mill lane",
        "you live at 14 Mill Lane, don't you",
        "His sort code is 20-00-00 and his account 55779911",
        "I found her NI number, it is AB 12 34 56 C",
    ],
)
def test_another_persons_details_are_found(text: str) -> None:
    assert "private-details" in rules_of(said(text), {"dana": "dana"})


def test_a_members_name_in_lower_case_says_whose_a_detail_is() -> None:
    text = "Here is dana's bank account, sort code 20-00-00, account 55779911"
    assert "private-details" in rules_of(said(text), {"dana": "dana"})


@pytest.mark.parametrize(
    "text",
    [
        "I live at 14 Mill Lane",
        "Dana asked me where I live: 14 Mill Lane",
        "Dana says meet at 14 Mill Lane",
        "my sort code is 20-00-00 and the account 55779911",
    ],
)
def test_ones_own_details_and_places_to_meet_are_not(text: str) -> None:
    assert rules_of(said(text), {"dana": "dana"}) == set()


def test_without_facts_the_rule_is_unjudged_and_never_fine() -> None:
    message = said("Dana lives at 14 Mill Lane")
    context = context_of(message)
    blind = Context(scores=context.scores)
    assert "private-details" in {one.rule for one in judge(message, blind, POLICY).unjudged}


SECRETS = ("14 Mill Lane", "Mill", "20-00-00", "55779911")


@pytest.mark.parametrize("share", [False, True])
def test_notice_and_card_never_repeat_the_detail(share: bool) -> None:
    text = "Dana lives at 14 Mill Lane and her account is 20-00-00, 55779911"
    message = said("look", shares=(Shared(text=text),)) if share else said(text)
    verdict = judge(message, context_of(message), POLICY)
    response = respond(verdict, Circumstances(mode=Status.ENFORCE, number=7), POLICY, NOW)
    assert response is not None
    texts = [
        notice(response, verdict, POLICY, SENTENCES, room="hall"),
        card(response, verdict, POLICY, SENTENCES),
        shown_words(verdict.segments, response.findings, POLICY),
        *map(because, response.findings),
    ]
    assert not any(secret in one for secret in SECRETS for one in texts)


def test_here_is_not_he() -> None:
    assert "private-details" not in rules_of(said("here is the branch's bank account, sort code 20-00-00, account 55779911"))
