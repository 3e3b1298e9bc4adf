"""On contested subjects both sides may speak as hard as each other: as many findings on the one as on the other."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from bot.core.model import Scored, Status
from bot.examples import forms, judge_example
from bot.folders import load_policy
from bot.toxicity.embedded import EmbeddedScorer

POLICY = load_policy("labour-social-media")
SIDES = (("contested-palestine", "contested-israel"), ("contested-trans-rights", "contested-sex-based-rights"))
LINES_MIN = 20
APART_MAX = 2


@pytest.fixture(scope="module")
def score() -> Callable[[str], Scored]:
    return EmbeddedScorer(workers=1).score_now


@pytest.mark.parametrize("sides", SIDES, ids=["Israel and Palestine", "sex and gender"])
def test_as_many_lines_are_found_on_one_side_as_on_the_other(sides: tuple[str, str], score: Callable[[str], Scored]) -> None:
    counts = []
    for side in sides:
        (talk,) = [one for one in POLICY.ordinary_talk if one.name == side]
        assert len(talk.lines) >= LINES_MIN
        verdicts = [judge_example(form, POLICY, score).verdict for line in talk.lines for form in forms(line)]
        counts.append(sum(bool(verdict.findings) for verdict in verdicts))
    assert max(counts) - min(counts) <= APART_MAX


@pytest.mark.parametrize("sides", SIDES, ids=["Israel and Palestine", "sex and gender"])
def test_the_model_alone_is_as_harsh_on_one_side_as_on_the_other(sides: tuple[str, str], score: Callable[[str], Scored]) -> None:
    """At lower thresholds than the policy's, so that a leaning shows before it becomes a finding."""
    for label, at in (("toxicity", 0.5), ("identity_attack", 0.6)):
        counts = []
        for side in sides:
            (talk,) = [one for one in POLICY.ordinary_talk if one.name == side]
            counts.append(sum(score(line).values[label] >= at for line in talk.lines))
        assert all(abs(one - other) <= APART_MAX for one, other in pairwise(counts)), (label, counts)


def test_a_contested_finding_is_enforced_only_with_a_slur_or_a_member_aimed_at(score: Callable[[str], Scored]) -> None:
    rule = POLICY.rule("hate-contested")
    shown = {}
    for example in rule.examples.violations:
        findings = judge_example(example, POLICY, score).verdict.findings
        shown[example.say] = next(one.status for one in findings if one.rule == rule.id)
    assert rule.status is Status.ENFORCE
    assert {say: status for say, status in shown.items() if "@" not in say and status is not Status.REVIEW} == {}
    assert [status for say, status in shown.items() if say.startswith("@dana")] == [Status.ENFORCE]
