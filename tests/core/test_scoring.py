"""Tests of bot/core/scoring.py: what a segment's scores are where it may be meant in several ways."""

from collections.abc import Sequence
from dataclasses import replace
from math import exp, log

import pytest

from bot.core.model import Scored
from bot.core.phrases import Meanings
from bot.core.scoring import BLURRED, ToScore, to_score
from bot.core.text import AsFolded, Folded, Meant, fold


class TwoWays:
    """Reads a text as it stands, or, e times less likely, backwards, or as it stands once more."""

    def read(self, text: str, folded: Folded | None = None) -> Folded:
        return fold(text) if folded is None else folded

    def ways(self, text: str) -> list[Meant]:
        return [Meant(fold(text), blurred="?" in text), Meant(fold(text[::-1]), 1.0), Meant(fold(text), 2.0)]


def odds(score: float) -> float:
    return log(score / (1 - score))


def insult(score: float) -> Scored:
    return Scored(values={"insult": score})


def test_a_text_that_is_meant_in_one_way_has_the_scores_of_that_way() -> None:
    one = to_score("You DONKEY", AsFolded(), Meanings({"donkey": "animal"}))
    assert one.texts == ("you animal",)
    said = insult(0.7)
    assert one.scored([said]) is said


def test_each_way_counts_as_far_as_it_is_likely() -> None:
    one = to_score("abc", TwoWays(), Meanings({}))
    assert one.texts == ("abc", "cba"), "said twice it is one way"
    assert not one.blurred
    assert to_score("abc?", TwoWays(), Meanings({})).blurred
    scored = one.scored([insult(0.2), insult(0.9)])
    mean = (odds(0.2) + exp(-1) * odds(0.9)) / (1 + exp(-1))
    assert odds(scored.values["insult"]) == pytest.approx(mean)
    assert odds(replace(one, blurred=True).scored([insult(0.2), insult(0.9)]).values["insult"]) == pytest.approx(mean + BLURRED)


def test_what_is_missing_of_the_likeliest_way_is_missing() -> None:
    one = ToScore("abc", otherwise=(("cba", 1.0),))
    missing = Scored(missing="time_out")
    assert one.scored([missing, insult(0.9)]) is missing


def test_another_way_that_could_not_be_scored_does_not_count() -> None:
    one = ToScore("abc", otherwise=(("cba", 1.0),))
    said = insult(0.3)
    assert one.scored([said, Scored(missing="failure")]) is said


def test_the_scorer_is_asked_about_every_way() -> None:
    asked: list[tuple[str, tuple[int, ...]]] = []

    def score(text: str, pointed_out: Sequence[int] = ()) -> Scored:
        asked.append((text, tuple(pointed_out)))
        return insult(0.5)

    ToScore("abc", (1, 2), otherwise=(("cba", 1.0),)).scored_by(score)
    assert asked == [("abc", (1, 2)), ("cba", ())]
