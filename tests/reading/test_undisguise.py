"""What the model reads: disguised words as they are meant, everything else as it stands."""

import pytest

from bot.core.judge import without_markup
from bot.core.model import Role, Segment
from bot.reading.wordlist import load_disguises
from bot.toxicity.embedded import EmbeddedScorer

DISGUISES = load_disguises()


def read_by_the_model(text: str) -> str:
    return DISGUISES.read(without_markup(Segment(role=Role.SAID, text=text))).text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("you 1d10t", "you idiot"),
        ("you b17ch", "you bitch"),
        ("f u c k you", "fuck you"),
        ("f.u.c.k you", "fuck you"),
        ("d i r t y s c u m", "dirty scum"),
        ("you are an idioot", "you are an idiot"),
        ("kiss my a$$", "kiss my ass"),
    ],
)
def test_a_disguise_is_taken_off(written: str, read: str) -> None:
    assert read_by_the_model(written) == read


@pytest.mark.parametrize(
    "text",
    [
        "the committee will need a good bookkeeper",
        "covid19 on the m25 at 10am, 4x4 or not",
        "we are 5g ready in n1 and b4 the vote of 2024",
        "@member c.l.p. and t.u.c. and n.e.c.",
        "mae'r cyfarfod nos iau am saith",
        "it costs $5m or £3.50!",
        "",
    ],
)
def test_ordinary_text_is_read_as_it_stands(text: str) -> None:
    assert read_by_the_model(text) == text


def test_a_disguised_insult_scores_as_the_plain_one() -> None:
    scorer = EmbeddedScorer(workers=1)
    assert scorer.score_now(read_by_the_model("you are a p4th3t1c 1d10t")) == scorer.score_now("you are a pathetic idiot")
