"""What a text denies is not held against it; what it attacks with a "not" is."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.toxicity.denials import CHARS_MAX, LOWERED, MILD, OUTRIGHT_FROM, OUTRIGHT_LESS, WHO_LESS, believed, denials, without
from bot.toxicity.embedded import EmbeddedScorer
from tests.shell.models import with_card

DENIED = {
    "You are not an idiot, Pat": ("you are an idiot", "You are not bad, Pat"),
    "Immigrants are not vermin": ("immigrants are vermin", "Immigrants are not bad"),
    "gary delete that. travellers arent vermin": ("travellers are vermin", "gary delete that. travellers arent bad"),
    "ur not thick, the form is": ("u are thick", "ur not bad, the form is"),
    "she's no coward": ("she is coward", "she's no bad"),
    "Nobody called you a liar.": ("you are a liar", "Nobody called you bad."),
    "I never said that Pat was a liar": ("pat was a liar", "I never said that Pat was bad"),
    "@member nobody called you a liar": ("@member you are a liar", "@member nobody called you bad"),
    "I don't think you're an idiot": ("you are an idiot", "I don't think you're bad"),
    "don't call him scum, the motion is what is wrong": ("he are scum", "don't call him bad, the motion is what is wrong"),
    "It is wrong to say that trans people are evil": ("trans people are evil", "It is wrong to say that trans people are bad"),
    "Nobody here thinks you are a fool. We think the motion is.": (
        "you are a fool",
        "Nobody here thinks you are bad. We think the motion is.",
    ),
}


@pytest.mark.parametrize("text", DENIED)
def test_plain_denials_are_heard_and_who_is_spoken_of_stays(text: str) -> None:
    (one,) = denials(text)
    assert (one.outright, without(text, [one])) == DENIED[text]


@pytest.mark.parametrize(
    "text",
    [
        "they are not human",
        "Muslims are not welcome in this country",
        "No Catholic should be allowed near a classroom.",
        "Muslims do not deserve to live",
        "You're not just an idiot, you're a nasty one",
        "You're not even a decent fool",
        "you are not as thick as you look",
        "You are not the idiot here",
        "Don't tell me you're not a liar",
        "it's not a lie that you're a coward",
        "aren't you an idiot",
        "are they not vermin?",
        "why are they not locked up",
        "people who are not scum",
        "you're not a moron 🙄",
        "You are not a liar until you open your mouth",
        "I wouldn't lay a finger on you, I've got people for that",
        "nobody will find you",
        # An attack beside a harmless word, a report, a sneer, and what they are instead.
        "you're wrong and you are an idiot",
        "rubbish women are stupid",
        "lies Jews are rats",
        "you are not a teacher fat stupid cow",
        "They are not refugees filthy rats",
        "Prove you are not an idiot",
        "The doctor says you are not a moron. Get a second opinion.",
        "Some days you are not an idiot",
        "you don't think you are an idiot",
        "I never thought you were a coward",
        "who would not call you a moron",
        "You are not an idiot. You are far worse.",
        "You are not a moron. Just kidding.",
        "Muslims are not animals they are monsters",
        "Immigrants are not vermin, they are cockroaches",
        "Immigrants are not vermin but we should burn the hotel",
        "You're not an idiot, are you",
        "Muslims are never clean",
        "x" * (CHARS_MAX + 1) + " you are not an idiot",
    ],
)
def test_in_doubt_nothing_bad_is_denied(text: str) -> None:
    assert denials(text) == []


def test_who_is_spoken_of_stays_in_the_text() -> None:
    (one,) = denials("nobody said that filthy cow is late")
    assert (one.outright, without("nobody said that filthy cow is late", [one])) == (
        "filthy cow is late",
        "nobody said that filthy cow is bad",
    )


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from("you are not n't never no nobody said call called an idiot , . İ".split()), max_size=60).map(" ".join)
)
def test_any_text_is_read_and_what_is_denied_lies_in_it(text: str) -> None:
    found = denials(text)
    ends = [0, *(one.end for one in found)]
    for one, end in zip(found, ends, strict=False):
        assert end <= one.start < one.end <= len(text)
    assert len(without(text, found)) == len(text) + sum(len(MILD) - (one.end - one.start) for one in found)


def test_a_denial_counts_where_the_same_said_outright_is_as_much_of_an_attack() -> None:
    whole = np.array([0.9, 0.5, 0.8])
    outright = np.array([[0.95, OUTRIGHT_FROM - 0.01, 0.8 - OUTRIGHT_LESS - 0.01]])
    who = np.array([[0.1, 0.1, 0.1]])
    assert believed(whole, outright, who).tolist() == [[True, False, False]]
    beside = np.vstack([outright, [OUTRIGHT_FROM, 0.1, 0.1]])
    assert believed(whole, beside, np.vstack([who, who])).tolist() == [[True, False, False], [True, False, False]]
    assert believed(whole, outright, who + WHO_LESS).tolist() == [[False, False, False]], "of whom it is denied is said with abuse"


@pytest.fixture(scope="module")
def hears(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedScorer]:
    with with_card(tmp_path_factory.mktemp("hears")) as scorer:
        yield scorer


@pytest.fixture(scope="module")
def deaf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedScorer]:
    with with_card(tmp_path_factory.mktemp("deaf"), by_denial=False) as scorer:
        yield scorer


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("You are not an idiot, Pat", "insult"),
        ("nobody called you an idiot", "insult"),
        ("@member nobody called you a liar", "insult"),
        ("I don't think you are stupid", "insult"),
        ("Immigrants are not vermin", "identity_attack"),
        ("she isn't an idiot", "insult"),
    ],
)
def test_what_is_denied_is_not_held_against_a_text(text: str, head: str, hears: EmbeddedScorer, deaf: EmbeddedScorer) -> None:
    assert deaf.score_now(text).values[head] >= 0.5 > hears.score_now(text).values[head]


def test_of_one_person_no_slur_is_denied(hears: EmbeddedScorer, deaf: EmbeddedScorer) -> None:
    for text in ("you are not a spastic", "Pat isn't a spastic", "nobody called Pat a spastic", "nobody said Pat was spastic"):
        (one,) = denials(text)
        assert one.lowers == ("toxicity", "insult"), text
    (many,) = denials("Immigrants are not vermin")
    assert many.lowers == LOWERED
    head = "identity_attack"
    assert hears.score_now("you are not a spastic").values[head] == deaf.score_now("you are not a spastic").values[head] > 0.5


@pytest.mark.parametrize(
    "text",
    [
        "You are an idiot, Pat",
        "pakis are not vermin",
        "You are not an idiot, you are a worthless lying coward",
        "You're not just an idiot, you're a nasty one",
        "Muslims are not welcome in this country",
        "I won't lay a finger on you, Rhian. My cousins aren't in the party, though.",
        "thanks, you are not late at all",
    ],
)
def test_all_else_scores_as_before_but_for_what_is_lowered(text: str, hears: EmbeddedScorer, deaf: EmbeddedScorer) -> None:
    with_it, without_it = hears.score_now(text).values, deaf.score_now(text).values
    for label, value in without_it.items():
        assert with_it[label] <= value
        assert with_it[label] == value or (label in LOWERED and "you are a worthless" in text and with_it[label] >= 0.5)
