"""What the sentences of a message say beside the whole."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.toxicity.embedded import EmbeddedScorer
from bot.toxicity.sentences import COUNTED, SENTENCES_MAX, SURE, sentences, together
from tests.shell.models import with_card

HARMLESS = "The hall is booked for Saturday."
scores = st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4)


def test_a_text_of_one_sentence_has_none_to_read_by_itself() -> None:
    for text in ("", "see you at the stall", "See you at the stall.", "  what?!  ", "version 2.5 is out"):
        assert sentences(text) == []


def test_sentences_end_at_marks_and_lines_and_there_are_never_too_many() -> None:
    assert sentences("You came. Thanks!\nwho has the key? me") == ["You came.", "Thanks!", "who has the key?", "me"]
    many = sentences("One more. " * 30)
    assert len(many) == SENTENCES_MAX
    assert " ".join(many).count("One more.") == 30


@given(scores, st.lists(scores, min_size=1, max_size=4))
def test_a_sentence_never_lowers_a_score_and_never_says_more_than_itself(whole: list[float], alone: list[list[float]]) -> None:
    said = together(np.array(whole, dtype=np.float32), np.array(alone, dtype=np.float32))
    assert (said >= np.array(whole, dtype=np.float32)).all()
    assert (said <= np.maximum(np.array(whole), np.max(alone, axis=0)) + 2e-6).all()


def test_only_a_sentence_that_is_sure_by_itself_counts() -> None:
    whole = np.full(4, 0.5, dtype=np.float32)
    assert together(whole, np.full((2, 4), SURE - 0.01, dtype=np.float32)).tolist() == whole.tolist()
    assert (together(whole, np.full((2, 4), SURE + 0.01, dtype=np.float32)) > whole).all()


@pytest.fixture(scope="module")
def by_sentence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedScorer]:
    with with_card(tmp_path_factory.mktemp("by_sentence")) as scorer:
        yield scorer


@pytest.fixture
def whole_alone(tmp_path: Path) -> Iterator[EmbeddedScorer]:
    with with_card(tmp_path, by_sentence=False) as scorer:
        yield scorer


def test_a_breach_among_harmless_sentences_says_more_than_the_whole_does(by_sentence: EmbeddedScorer, whole_alone: EmbeddedScorer) -> None:
    more = []
    for breach, head in (
        ("you are a worthless idiot", "insult"),
        ("i will find you and hurt you", "threat"),
        ("send me a photo of you in the bath", "sexual"),
    ):
        text = f"{HARMLESS} {breach}. {HARMLESS}"
        with_it, without = by_sentence.score_now(text).values, whole_alone.score_now(text).values
        assert all(with_it[label] >= without[label] for label in COUNTED)
        assert {label: with_it[label] for label in with_it if label not in COUNTED} == {
            label: without[label] for label in without if label not in COUNTED
        }
        assert by_sentence.score_now(breach).values[head] > without[head]
        more.append(with_it[head] > without[head])
    assert any(more)


def test_one_sentence_and_what_is_surely_fine_score_as_before(by_sentence: EmbeddedScorer, whole_alone: EmbeddedScorer) -> None:
    for text in ("you are a worthless idiot", HARMLESS, f"{HARMLESS} Who has the key? I will bring the cake."):
        assert by_sentence.score_now(text) == whole_alone.score_now(text)
