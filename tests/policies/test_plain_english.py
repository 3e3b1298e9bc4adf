"""What members read of the shipped policy is plain English: every notice, letter and decision, for every rule and clause.

Knows: the texts (notices.py beside this). Must not know: how they are made and delivered. What commands answer is measured in
tests/shell, forms and pages beside their platforms. Cards and news, which only moderators read, are not measured.
Rules: each text is measured whole, as its reader gets it; short ones together; no sentence is too long (tests/readability.py says how).
"""

import pytest

from tests.policies.notices import POLICY, decisions, letters, notices, policy_texts
from tests.readability import GRADE_MAX, grade, too_hard

TEXTS = {"notices": notices, "decisions": decisions, "letters": letters, "policy": policy_texts}


@pytest.mark.parametrize("kind", TEXTS)
def test_whatever_members_read_is_plain_english(kind: str) -> None:
    hard = too_hard(dict(TEXTS[kind]()))
    assert not hard, "\n\n".join(["too hard to read:", *hard])


def test_every_clause_and_every_route_is_plain_english_by_itself() -> None:
    texts = {f"clause {clause.number}": clause.summary for clause in POLICY.clauses} | {route.name: route.text for route in POLICY.routes}
    assert {name: round(grade(text), 1) for name, text in texts.items() if grade(text) > GRADE_MAX} == {}
