"""The real model: a text's scores depend on the text and the weights alone."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from bot.core.model import Scored
from bot.toxicity.embedded import CARD, HERE, MODEL, SUMS, SUMS_LENGTH, TOKENS, EmbeddedScorer, session_options

COMPANY = [
    "see you at the stall on Saturday",
    "",
    "you are a worthless idiot",
    "line " * 60,
    "\ud800",
    "a\x00b",
    "the budget is a disgrace",
    "The hall is booked. You are a worthless idiot. See you at seven.",
]
ON_EVERY_PROCESSOR = {
    "Neck yourself, Gareth.": (0.806, 0.066, 0.775),
    "tick tock Graham": (0.422, 0.076, 0.620),
    "see you at 223": (0.433, 0.0, 0.693),
}
texts = st.one_of(st.sampled_from(COMPANY), st.text(max_size=120))


@pytest.fixture(scope="module")
def scorers() -> Iterator[dict[int, EmbeddedScorer]]:
    made = {workers: EmbeddedScorer(workers=workers, seconds_max=600) for workers in (1, 3)}
    yield made
    for scorer in made.values():
        asyncio.run(scorer.close())


@settings(max_examples=25, deadline=None)
@given(text=texts, before=st.lists(texts, max_size=3), after=st.lists(texts, max_size=3), workers=st.sampled_from([1, 3]))
def test_text_scored_in_any_company_has_exactly_the_scores_it_has_alone(
    scorers: dict[int, EmbeddedScorer], text: str, before: list[str], after: list[str], workers: int
) -> None:
    async def together() -> list[Scored]:
        return await asyncio.gather(*(scorers[workers].score(one) for one in (*before, text, *after)))

    alone = scorers[1].score_now(text)
    assert alone.missing == ""
    assert asyncio.run(together())[len(before)] == alone


class Watched(EmbeddedScorer):
    """Remembers on which thread each window was computed."""

    threads: ClassVar[list[str]] = []

    def _run(self, ids: list[int]) -> Any:
        self.threads.append(threading.current_thread().name)
        return super()._run(ids)


@pytest.mark.parametrize(("text", "scores"), ON_EVERY_PROCESSOR.items())
def test_scores_are_the_same_on_every_processor(scorers: dict[int, EmbeddedScorer], text: str, scores: tuple[float, float, float]) -> None:
    """Where int8 sums are cut off each of these texts has another one by 0.3 and more."""
    values = scorers[1].score_now(text).values
    assert (values["toxicity"], values["insult"], values["threat"]) == pytest.approx(scores, abs=0.02)


def test_sums_are_exact_on_this_processor() -> None:
    session = onnxruntime.InferenceSession((HERE / SUMS).read_bytes(), session_options(), providers=["CPUExecutionProvider"])
    sums = session.run(None, {"row": np.full((1, SUMS_LENGTH), 255, np.uint8)})[0]
    assert (sums == SUMS_LENGTH * 255 * 127).all()


async def test_short_text_alone_is_scored_at_once_and_texts_in_company_or_long_ones_on_workers() -> None:
    scorer = Watched(workers=2)
    await scorer.score("good evening")
    assert scorer.threads == [threading.current_thread().name]
    scorer.threads.clear()
    await asyncio.gather(*map(scorer.score, COMPANY))
    await scorer.score("line " * 80)
    assert len(scorer.threads) > len(COMPANY)
    assert all(name.startswith("scorer") for name in scorer.threads)
    await scorer.close()


class Slow(EmbeddedScorer):
    """Takes its time, so that texts wait, and counts the windows that it computes."""

    runs = 0

    def _run(self, ids: list[int]) -> Any:
        self.runs += 1
        time.sleep(0.02)
        return super()._run(ids)


async def test_who_gives_up_waiting_takes_nobodys_scores_along() -> None:
    scorer = Slow(workers=1)
    tasks = [asyncio.create_task(scorer.score(text)) for text in COMPANY]
    await asyncio.sleep(0.01)
    tasks[1].cancel()
    tasks[-1].cancel()
    scored = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(one, asyncio.CancelledError) for one in scored] == [place in (1, len(COMPANY) - 1) for place in range(len(COMPANY))]
    assert scorer.runs < len(COMPANY), "what nobody waits for is not computed"
    assert scored[2] == scorer.score_now(COMPANY[2])
    assert (await scorer.score("line " * 80)).missing == ""  # the worker still works
    await scorer.close()


async def test_closing_lets_go_who_still_waits() -> None:
    scorer = Slow(workers=1)
    tasks = [asyncio.create_task(scorer.score(text)) for text in COMPANY * 3]
    await asyncio.sleep(0.05)
    await scorer.close()
    scored = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    assert isinstance(scored[-1], asyncio.CancelledError)
    assert isinstance(scored[1], Scored), "what a worker had taken it finished"


def test_abuse_scores_higher_than_a_greeting(scorers: dict[int, EmbeddedScorer]) -> None:
    abuse = scorers[1].score_now("you are a worthless stupid idiot").values
    greeting = scorers[1].score_now("good evening everybody").values
    assert abuse["insult"] > 0.5 > greeting["insult"]
    assert all(0 <= value <= 1 for value in (*abuse.values(), *greeting.values()))


async def test_text_past_its_time_is_not_fine_but_missing() -> None:
    scorer = EmbeddedScorer(workers=1, seconds_max=0)
    assert (await scorer.score("good evening")).missing == "time_out"
    await scorer.close()


def test_text_that_is_too_long_says_so_and_what_is_pointed_out_is_read_all_the_same(scorers: dict[int, EmbeddedScorer]) -> None:
    filler = "the minutes of the meeting were taken as read . " * 160
    text = f"{filler}you are a worthless stupid idiot . {filler}"
    unread, read = scorers[1].score_now(text), scorers[1].score_now(text, [len(filler) + 4])
    assert unread.missing == read.missing == "too_long"
    assert read.values["insult"] > unread.values["insult"]


def layers_computed(text: str, folder: Path) -> int:
    """Of the shipped model, as the runtime itself counts them: each layer has one attention."""
    options = session_options()
    options.enable_profiling = True
    options.profile_file_prefix = str(folder / "profile")
    session = onnxruntime.InferenceSession(str(HERE / MODEL), options, providers=["CPUExecutionProvider"])
    ids = Tokenizer.from_file(str(HERE / TOKENS)).encode(text).ids
    session.run(None, {"input_ids": np.array([ids], dtype=np.int64)})
    events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    return sum(event.get("args", {}).get("op_name") == "QAttention" for event in events)


CIVIL = [
    "see you at the stall on Saturday",
    "thanks, the minutes are in the folder",
    "which room is the meeting in?",
    "the printer is out of toner again",
    "I can bring the leaflets round at six",
    "ok, will do",
    "does anyone have the password for the wifi?",
    "The motion was carried by 14 votes to 9.",
    "we need two more people for the count",
    "good evening everybody",
]


def test_most_plainly_civil_texts_are_let_go_early_and_have_low_scores(scorers: dict[int, EmbeddedScorer], tmp_path: Path) -> None:
    card = json.loads((HERE / CARD).read_text(encoding="utf-8"))
    layers = [layers_computed(text, tmp_path) for text in CIVIL]
    exits = {one["after_layers"] for one in card["exits"]}
    assert set(layers) <= exits | {6}
    assert sum(count in exits for count in layers) >= len(CIVIL) / 2
    assert all(
        value < 0.2 for text in CIVIL for label, value in scorers[1].score_now(text).values.items() if not label.startswith("attacked")
    )


@pytest.mark.parametrize(
    "text", ["you are a worthless stupid idiot", "i know where you live and i will hurt you", "send me a picture of your body"]
)
def test_text_in_doubt_goes_through_every_layer(text: str, tmp_path: Path) -> None:
    assert layers_computed(text, tmp_path) == 6
