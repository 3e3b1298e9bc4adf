"""What `make evaluate` measures is what the bot says: the same windows, the same scores."""

import asyncio

import numpy as np

from bot.toxicity.embedded import HERE, MODEL, TOKENS, EmbeddedScorer
from training.scoring import as_read, read, score

CIVIL = "the minutes of the last branch meeting are in the folder by the door, and the treasurer has the keys. " * 9
LATE = CIVIL + "you are a worthless idiot and everybody here hates you"


def test_texts_have_the_scores_that_the_bot_gives_them_however_long_they_are() -> None:
    texts = [
        "see you on saturday",
        LATE,
        "",
        "you are a worthless idiot",
        CIVIL,
        "The hall is full. you are an idiot. Sit down.",
        "You are not an idiot",
    ]
    whole = read(HERE / TOKENS, texts)
    measured = as_read(HERE / MODEL, whole)
    scorer = EmbeddedScorer()
    given = np.array([list(scorer.score_now(text).values.values()) for text in texts])
    asyncio.run(scorer.close())
    assert np.array_equal(measured[:, : given.shape[1]], given)
    insult = 1
    assert measured[1, insult] > measured[4, insult] + 0.3
    assert measured[6, insult] < whole.highest(score(HERE / MODEL, whole))[6, insult] - 0.3
