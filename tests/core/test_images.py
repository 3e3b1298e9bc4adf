"""What the judge makes of images: known ones by their hash, those behind a spoiler by who posts them; an unseen one is never fine."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.compiler.policy import compile_policy
from bot.core.judge import judge
from bot.core.model import Context, Image, Message, Seen, Shared, Status, Verdict
from bot.core.notices import card, notice
from bot.core.policy import Policy
from bot.core.respond import Circumstances, respond
from bot.core.signals.images import distance
from bot.folders import load_sentences
from tests.core.policies import BANKS, NOW, POLICY, message, rule

KNOWN = "db6b24943b2b594884b563624ad90ebfa5b4036ff59423b3cc8c5b6ba4b57982"
FOUNDED = "reason: an image that was sent to many, proposed_by: alex, seconded_by: dana, review_by: 2027-03-31"
BANK = f'name: images\nkind: images\nentries: [{{entry: "{KNOWN}", {FOUNDED}}}]\n'
RULES = {
    "known": rule("known", "{shared_image: {bank: images, distance_at_most: 48}}", severity="serious", status="enforce"),
    "hidden": rule("hidden", "{all: [{new_account: {younger_than: 7d}}, {image: spoiler}]}", status="review"),
    "any": rule("any", "{image: anyhow}"),
}


def source(*names: str, known: str = KNOWN) -> dict[str, str]:
    """The files of the small policy with a bank of one image, and these rules (all of them unless told)."""
    files = {f"rules/{name}.yaml": RULES[name] for name in names or RULES}
    return {"policy.yaml": POLICY, **BANKS, "banks/images.yaml": BANK.replace(KNOWN, known), **files}


def compiled(*names: str) -> Policy:
    return compile_policy(source(*names))


def apart(bits: int) -> str:
    """A hash that differs from the known one in its lowest bits."""
    return f"{int(KNOWN, 16) ^ ((1 << bits) - 1):064x}"


def judged(said: Message, *seen: Seen, policy: Policy | None = None, **more: object) -> Verdict:
    context = Context(facts=(), images=seen or None, **more)  # type: ignore[arg-type]
    return judge(said, context, policy or compiled())


def shared(*images: Image, **more: Any) -> Message:
    return message("", images=images, **more)


def rules_of(verdict: Verdict) -> set[str]:
    return {finding.rule for finding in verdict.findings}


@pytest.mark.parametrize(("bits", "found"), [(0, True), (12, True), (48, True), (49, False), (128, False)])
def test_an_image_is_known_up_to_so_many_bits(bits: int, found: bool) -> None:
    verdict = judged(shared(Image(id="1")), Seen(hash=apart(bits)))
    assert ("known" in rules_of(verdict)) is found
    assert verdict.unjudged == ()


def test_one_known_image_among_others_is_enough() -> None:
    images = (Image(id="1"), Image(id="2"), Image(id="3"))
    seen = (Seen(hash=apart(120)), Seen(missing="image_too_large"), Seen(hash=apart(3)))
    verdict = judged(shared(*images), *seen)
    assert "known" in rules_of(verdict)
    (evidence,) = next(one for one in verdict.findings if one.rule == "known").evidence
    assert (evidence.value, evidence.detail) == (3.0, "an image that was sent to many")


@pytest.mark.parametrize("missing", ["images_not_installed", "image_too_large", "failure", "time_out"])
def test_an_image_that_nobody_could_read_leaves_the_rule_unjudged(missing: str) -> None:
    verdict = judged(shared(Image(id="1"), Image(id="2")), Seen(hash=apart(120)), Seen(missing=missing))
    assert [(one.rule, one.reason) for one in verdict.unjudged] == [("known", missing)]


def test_images_at_which_nobody_looked_are_never_fine() -> None:
    assert [(one.rule, one.reason) for one in judged(shared(Image(id="1"))).unjudged] == [("known", "failure")]
    assert [(one.rule, one.reason) for one in judged(shared(Image(id="1")), Seen()).unjudged] == [("known", "failure")]


def test_without_an_image_nothing_is_unjudged() -> None:
    assert judged(shared()).unjudged == ()


def test_without_a_rule_for_known_images_nothing_is_asked_and_nothing_unjudged() -> None:
    policy = compiled("hidden", "any")
    assert not policy.asks_for_images()
    assert judged(shared(Image(id="1")), policy=policy).unjudged == ()


def test_a_rule_that_is_off_asks_for_no_images() -> None:
    policy = compiled()
    assert policy.asks_for_images()
    off = tuple(replace(one, status=Status.OFF) for one in policy.rules)
    assert not replace(policy, rules=off).asks_for_images()


@pytest.mark.parametrize(
    ("days", "spoiler", "messages", "found"),
    [(2, True, 0, True), (2, True, 9, True), (2, True, 10, False), (2, False, 0, False), (8, True, 0, False)],
)
def test_a_spoiler_among_the_first_messages_of_a_new_account_goes_to_review(days: int, spoiler: bool, messages: int, found: bool) -> None:
    said = shared(Image(id="1", spoiler=spoiler), joined_at=NOW - timedelta(days=days))
    verdict = judged(said, Seen(hash=apart(120)), account_messages=messages)
    assert ("hidden" in rules_of(verdict)) is found


def test_a_card_says_what_it_was_and_holds_neither_the_image_nor_where_it_lies() -> None:
    policy, sentences = compiled(), load_sentences()
    link = "https://cdn.example.org/secret/picture.png"
    said = shared(Image(id="77", spoiler=True, link=link), joined_at=NOW - timedelta(days=1))
    verdict = judged(said, Seen(hash=apart(3)), policy=policy, account_messages=0)
    response = respond(verdict, Circumstances(mode=Status.ENFORCE, number=1), policy, NOW)
    assert response
    shown = card(response, verdict, policy, sentences)
    told = notice(response, verdict, policy, sentences, room="room")
    assert "an image behind a spoiler" in shown
    assert "a known image (an image that was sent to many), 3 of 256 bits differ" in shown
    assert "(an image, not shown here)" in shown
    assert all(secret not in f"{shown}{told}{verdict!r}" for secret in (link, "cdn.example.org"))
    assert KNOWN not in shown + told


def test_another_image_is_another_version_and_another_address_is_not() -> None:
    one = message("look", images=(Image(id="1", link="https://a.example.org"),))
    assert one.version != message("look", images=(Image(id="2"),)).version
    assert one == message("look", images=(Image(id="1", link="https://b.example.org"),))
    assert message("look", shares=(Shared(text="a"),)).version == message("look", shares=(Shared(text="a"),), images=()).version


HASHES = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")


@given(HASHES, HASHES, HASHES)
def test_distance_is_one(one: str, other: str, third: str) -> None:
    assert distance("0f", "f0") == 8
    assert distance(one, one) == 0
    assert distance(one, other) == distance(other, one)
    assert distance(one, third) <= distance(one, other) + distance(other, third)
