"""A rule that needs a label which the model lacks is unjudged, not fine; the others are judged."""

import pytest

pytest.importorskip("detoxify", reason="the extra steward-bot[detoxify] is not installed: make test-detoxify")

from bot.core.judge import judge, texts_to_score
from bot.core.model import Context, Verdict
from bot.toxicity.detoxify import DetoxifyScorer
from tests.core.policies import message, policy, rule
from tests.detoxify.making import Made

ADVANCE = rule("advance", "{score: {label: sexual, at_least: 0.80}}")
ANY = rule("any", "{score: {label: insult, at_least: 0.0}}")
POLICY = policy({"advance": ADVANCE, "any": ANY})


def verdict(made: Made) -> Verdict:
    """What the production judge makes of a message with a model's real scores."""
    scorer = DetoxifyScorer(str(made.file), workers=1)
    said = message("good evening member")
    scores = tuple(scorer.score_now(one.text, one.pointed_out) for one in texts_to_score(said, Context(), POLICY))
    return judge(said, Context(scores=scores), POLICY)


def test_rules_whose_labels_the_model_has_are_judged(bert: Made, roberta: Made) -> None:
    for made in (bert, roberta):
        assert [finding.rule for finding in verdict(made).findings] == ["any"]
    assert verdict(roberta).unjudged == ()


def test_rule_whose_label_the_model_lacks_is_unjudged_and_not_fine(bert: Made) -> None:
    assert [one.rule for one in verdict(bert).unjudged] == ["advance"]
