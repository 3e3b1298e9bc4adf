"""Contact over time: what a request covers, what pauses it, when many against one are a pile-on."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core.judge import judge
from bot.core.model import Contact, Kind, NoContact
from bot.core.signals import pile_on
from tests.core.policies import NOW, message, policy, rule, scored

CONTACT = policy({"contact": rule("contact", "{refused_contact: {at_least: 2}}", status="enforce")})
REQUEST = NoContact(
    requester="dana", other="alex", requested_at=NOW - timedelta(days=9), told_at=NOW - timedelta(days=8), until=NOW + timedelta(days=80)
)


def contact(author: str, target: str, number: int, days: float, **more: object) -> Contact:
    fields: dict[str, object] = {"direct": True, **more}
    sent = NOW - timedelta(days=days)
    return Contact(author=author, target=target, room="room", message=str(number), sent_at=sent, **fields)  # type: ignore[arg-type]


def found(*rows: Contact, request: NoContact = REQUEST, holders: frozenset[str] = frozenset(), **more: Any) -> bool:
    fields: dict[str, Any] = {"mentions": ("dana",), "number": 99, **more}
    context = replace(scored(), contacts=rows, requests=(request,), office_holders=holders)
    return bool(judge(message("hello @dana", **fields), context, CONTACT).findings)


def test_second_contact_after_the_other_was_told_is_unwelcome() -> None:
    assert found(contact("alex", "dana", 1, 2))
    assert not found()


@pytest.mark.parametrize("more", [{"mentions": ("dana", "a", "b", "c")}, {"mentions": ()}])
def test_one_of_many_and_a_bare_name_are_no_contact(more: dict[str, Any]) -> None:
    assert not found(contact("alex", "dana", 1, 2), **more)


def test_reaction_and_reply_are_contact() -> None:
    for kind in (Kind.REACTED, Kind.SAID):
        assert found(contact("alex", "dana", 1, 2), mentions=(), reply_author="dana", kind=kind)


def test_request_that_nobody_was_told_of_or_that_has_lapsed_does_not_bind() -> None:
    row = contact("alex", "dana", 1, 2)
    assert not found(row, request=replace(REQUEST, told_at=None))
    assert not found(row, request=replace(REQUEST, until=NOW))


def test_request_pauses_for_three_days_after_the_one_who_asked_turned_to_the_other() -> None:
    rows = (contact("alex", "dana", 1, 7), contact("dana", "alex", 2, 2))
    assert not found(*rows)
    assert found(rows[0], replace(rows[1], sent_at=NOW - timedelta(days=4)))
    assert found(rows[0], replace(rows[1], objects=True)), "saying once more that it is unwelcome is no pause"


def test_public_role_of_an_office_holder_is_never_covered() -> None:
    assert not found(contact("alex", "dana", 1, 2), contact("alex", "dana", 2, 1), holders=frozenset({"dana"}))


def hostile(author: str, days: float, number: int = 0) -> Contact:
    return contact(author, "dana", number, days, hostility=2)


def test_five_members_within_hours_are_a_pile_on_and_four_are_not() -> None:
    rows = [hostile(author, 0.1) for author in "abcde"]
    assert pile_on(rows, NOW) == tuple(rows)
    assert pile_on(rows[1:], NOW) == ()
    assert pile_on([replace(row, hostility=1) for row in rows], NOW) == ()


def test_three_members_on_three_days_each_are_a_pile_on_over_weeks() -> None:
    rows = [hostile(author, days) for days in (20, 12, 5) for author in "abc"]
    assert len(pile_on(rows, NOW)) == 9
    assert pile_on(rows[:-1], NOW) == ()
    assert pile_on([hostile("a", days) for days in (20, 15, 12, 5, 3)], NOW) == ()
