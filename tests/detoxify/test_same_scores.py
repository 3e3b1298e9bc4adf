"""The real `detoxify` package and Steward's two ways to use its models give the same scores.

`Detoxify.predict` and DetoxifyScorer compute the same thing in the same float32, so they agree within 1e-6. The converted model
is int8: on these small models with random weights a score lies within 0.05 of the checkpoint's, and 0.01 on average.
"""

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("detoxify", reason="the extra steward-bot[detoxify] is not installed: make test-detoxify")

import torch
from detoxify import Detoxify

from bot.toxicity.checkpoints import LABELS
from bot.toxicity.converting import convert
from bot.toxicity.detoxify import DetoxifyScorer
from bot.toxicity.embedded import EmbeddedScorer
from tests.detoxify import making
from tests.detoxify.making import WORDS, Made

TEXTS = (
    "",
    "you are a stupid idiot",
    "You are a Stupid IDIOT!!",
    "good evening",
    "the budget is a disgrace",
    "see you at the stall on saturday",
    "vote for you? thank you all, good evening member",
    "ünïcödé and 漢字 and 🎉",
    "[SEP] </s> [CLS]",
    "a. " * 14,
)
SAME = 1e-6
APART_MAX, APART_MEAN = 0.05, 0.01


@cache
def real(made: Made) -> Any:
    """The package's own way to open a checkpoint without internet: it names its folder."""
    return Detoxify(checkpoint=str(made.file), huggingface_config_path=str(made.folder))


@cache
def ours(made: Made) -> DetoxifyScorer:
    return DetoxifyScorer(str(made.file), workers=2, seconds_max=600)


def predicted(made: Made, text: str) -> dict[str, float]:
    """What the package says, by our labels."""
    scores = real(made).predict(text)
    return {label: scores[name] for label, names in LABELS.items() for name in names if name in scores}


@pytest.fixture(scope="session")
def converted(checkpoint: Made, tmp_path_factory: pytest.TempPathFactory) -> EmbeddedScorer:
    folder = tmp_path_factory.mktemp("converted") / "model"
    convert(str(checkpoint.file), folder)
    return EmbeddedScorer(folder, workers=1)


@pytest.mark.parametrize("text", TEXTS)
def test_scorer_says_what_the_package_says(checkpoint: Made, text: str) -> None:
    scored = ours(checkpoint).score_now(text)
    assert scored.missing == ""
    assert scored.values == pytest.approx(predicted(checkpoint, text), abs=SAME)


def test_scores_spread_so_that_agreeing_means_something(checkpoint: Made) -> None:
    for label in ours(checkpoint).labels:
        values = [ours(checkpoint).score_now(text).values[label] for text in TEXTS]
        assert max(values) - min(values) > 2 * APART_MAX, label


def test_converted_model_stays_within_the_stated_distance(checkpoint: Made, converted: EmbeddedScorer) -> None:
    assert converted.labels == ours(checkpoint).labels
    distances = []
    for text in TEXTS:
        right, got = predicted(checkpoint, text), converted.score_now(text)
        assert got.missing == ""
        distances += [abs(right[label] - got.values[label]) for label in converted.labels]
    assert max(distances) <= APART_MAX
    assert sum(distances) / len(distances) <= APART_MEAN


def test_labels_that_a_model_lacks_are_absent(bert: Made, roberta: Made) -> None:
    assert "sexual" not in ours(bert).labels
    assert "sexual" not in ours(bert).score_now("good evening").values
    assert set(ours(roberta).labels) == set(LABELS)
    assert ours(roberta).score_now("good evening").values.keys() == set(LABELS)


def test_checkpoint_that_names_a_model_on_the_hub_is_opened_from_its_own_folder(bert: Made, tmp_path: Path) -> None:
    """The releases name bert-base-uncased and the like; nothing may be fetched for a file."""
    made = making.bert(tmp_path, named="bert-base-uncased")
    assert DetoxifyScorer(str(made.file)).score_now("you idiot") == ours(bert).score_now("you idiot")


def test_company_changes_nothing(checkpoint: Made) -> None:
    async def together() -> list[Any]:
        return await asyncio.gather(*(ours(checkpoint).score(text) for text in TEXTS * 2))

    alone = [ours(checkpoint).score_now(text) for text in TEXTS]
    assert asyncio.run(together()) == alone * 2


def test_text_of_several_windows_is_read_to_its_end(xlm_roberta: Made) -> None:
    """`predict` reads the first 64 tokens of this model; we read them all and keep the highest scores."""
    scorer = ours(xlm_roberta)
    low, *_, high = sorted(WORDS, key=lambda word: scorer.score_now(f"{word} " * 40).values["insult"])
    beginning, end = f"{low} " * 100, f"{high} " * 50
    assert real(xlm_roberta).predict(beginning) == real(xlm_roberta).predict(beginning + end)
    assert scorer.score_now(beginning + end).missing == ""
    assert scorer.score_now(beginning + end).values["insult"] > scorer.score_now(beginning).values["insult"]


def test_what_is_pointed_out_in_a_very_long_text_is_read(tmp_path: Path) -> None:
    made = making.bert(tmp_path, positions=32)
    scorer = DetoxifyScorer(str(made.file), workers=1)
    low, *_, high = sorted(WORDS, key=lambda word: scorer.score_now(f"{word} " * 40).values["insult"])
    filler, phrase = f"{low} " * 800, f"{high} " * 30
    text = f"{filler}{phrase}{filler}"
    unread, read = scorer.score_now(text), scorer.score_now(text, [len(filler) + len(phrase) // 2])
    assert unread.missing == read.missing == "too_long"
    assert read.values["insult"] > unread.values["insult"]


async def test_text_past_its_time_is_not_fine_but_missing(bert: Made) -> None:
    scorer = DetoxifyScorer(str(bert.file), workers=1, seconds_max=0)
    assert (await scorer.score("good evening")).missing == "time_out"
    await scorer.close()


def test_what_breaks_the_model_is_unjudged_and_raises_nothing(tmp_path: Path) -> None:
    """A token that the model has no row for: the model raises, the scorer does not."""
    made = making.bert(tmp_path)
    scorer = DetoxifyScorer(str(made.file), workers=1)
    scorer._model.bert.embeddings.word_embeddings = torch.nn.Embedding(5, 64)
    assert scorer.score_now("good evening").missing == "failure"


def test_odd_texts_are_scored(checkpoint: Made) -> None:
    for text in ("\ud800", "a\x00b", "\u200b\u202e", "x" * 100_001):
        assert ours(checkpoint).score_now(text).values.keys() == set(ours(checkpoint).labels)


def test_digest_is_that_of_weights_and_tokenizer(bert: Made, tmp_path: Path) -> None:
    again = DetoxifyScorer(str(bert.file)).digest
    assert again == ours(bert).digest
    other = bert_with_another_tokenizer(bert, tmp_path)
    assert DetoxifyScorer(str(other.file)).digest != again


def bert_with_another_tokenizer(made: Made, folder: Path) -> Made:
    copied = folder / "copied"
    copied.mkdir()
    for file in made.folder.iterdir():
        (copied / file.name).write_bytes(file.read_bytes())
    settings = copied / "tokenizer_config.json"
    changed = {**json.loads(settings.read_text(encoding="utf-8")), "do_lower_case": False}
    settings.write_text(json.dumps(changed), encoding="utf-8")
    return Made(copied / made.file.name, copied)
