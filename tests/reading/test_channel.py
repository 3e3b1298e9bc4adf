"""Tests of bot/reading/channel.py: the next likeliest ways to read a text are the next cheapest ones, and the first is what it says."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reading import channel
from bot.reading.channel import Run, decoded
from bot.reading.guesses import Way
from bot.reading.vocabulary import Vocabulary
from bot.reading.wordlist import load_disguises, load_pairs, load_words

WORDS = Vocabulary(load_words(), (), (), load_pairs)
DISGUISES = load_disguises()
MANGLED = st.lists(
    st.sampled_from(["yo", "ar", "th", "bis", "shelte", "wrie", "patheic", "lir", "a", "cowrd", "the", "is", "hre"]), min_size=1, max_size=5
)


def every_way(run: Run, end: int) -> Iterator[tuple[float, tuple[str, ...]]]:
    """All ways to read the words up to a place, one by one: what each costs, and its words."""
    if not end:
        yield 0.0, ()
    for start, price, said, _ in channel._ways(run, end, Way.NONE, WORDS) if end else ():
        for cost, before in every_way(run, start):
            follow = pairwise([*(before[-1:] or ("",)), *said])
            yield cost + price + sum(WORDS.after(one, other) for one, other in follow), (*before, *said)


@given(MANGLED)
@settings(max_examples=40, deadline=None)
def test_the_ways_are_the_cheapest_ones_in_order(written: list[str]) -> None:
    run = Run(written, [False] * len(written))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(channel, "PATHS_MAX", 10_000)
        patch.setattr(channel, "usual_ways", lambda _: [])
        heard = decoded([run], WORDS, 8)
    costs = sorted(cost for cost, _ in every_way(run, len(written)))[:8]
    assert [one.behind for one in heard] == pytest.approx([cost - costs[0] for cost in costs], abs=1e-6)


@given(st.lists(MANGLED, min_size=1, max_size=3))
@settings(max_examples=40, deadline=None)
def test_the_first_of_many_ways_is_the_only_one_when_one_is_asked_for(texts: list[list[str]]) -> None:
    runs = [Run(written, [False] * len(written)) for written in texts]
    many, one = decoded(runs, WORDS, 6), decoded(runs, WORDS)
    assert many[0].steps == one[0].steps
    assert many[0].behind == 0.0
    assert [way.behind for way in many] == sorted(way.behind for way in many)


@given(
    st.lists(st.sampled_from(["yo ar a patheic lir", "wrie to the counil abot the bis shelte", "hello.", "see you at seven"])).map(" ".join)
)
@settings(deadline=None)
def test_the_first_way_to_mean_a_text_is_what_it_says(text: str) -> None:
    ways = DISGUISES.ways(text)
    assert ways[0].folded == DISGUISES.read(text)
    assert ways[0].behind == 0.0


def test_a_text_that_is_not_disguised_all_over_is_meant_in_one_way() -> None:
    assert len(DISGUISES.ways("please write to the council about the bus shelter")) == 1
    assert len(DISGUISES.ways("you are an 1d10t")) == 1


def test_a_word_between_two_others_is_read_as_either() -> None:
    said = [way.folded.text for way in DISGUISES.ways("plese wrie to thr counil abot the bis shelte")]
    assert "please write to the council about the bios shelter" in said
    assert "please write to the council about the bits shelter" in said


def test_only_a_text_that_is_disguised_all_over_is_blurred() -> None:
    assert all(way.blurred for way in DISGUISES.ways("plese wrie to thr counil abot the bis shelte"))
    assert not any(way.blurred for text in ("hello", "you cnt see it from here") for way in DISGUISES.ways(text))
