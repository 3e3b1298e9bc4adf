"""How every scorer reads a text: windows of tokens, one a run, on worker threads off the event loop; a short text alone at once.

Knows: tokens, windows, threads, time. Must not know: what computes the scores, rules, messages, the store.
Rules: never raises while scoring (what went wrong is `missing`); one window, or one sentence, per run, also where many texts wait and a
worker takes a few of them at once; a window begins and ends with the model's two marks, whatever they are called.
"""

import asyncio
import contextlib
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from bot.core.model import Scored
from bot.toxicity.denials import ASKED_FROM, LOWERED, believed, denials, without
from bot.toxicity.sentences import COUNTED, DOUBT, sentences, together
from bot.toxicity.windows import windows

SCORE_SECONDS_MAX = 5.0
"""A text that takes longer, waiting included, is unjudged: a member's message must not hold up everybody else's."""
TEXT_CHARS_MAX = 100_000
"""Longer texts are cut before they are tokenised; the rest counts as not read."""
TIME_OUT, FAILURE, TOO_LONG = "time_out", "failure", "too_long"
MARKS = ("[CLS]", "[SEP]")
"""What a window begins and ends with, unless a model says otherwise."""
TAKEN_MAX = 8
"""Texts that a worker takes in one go, at most: waking the event loop for each one costs a tenth of the time."""
HELD_SECONDS_MAX = 0.01
"""Scores that are there wait no longer than this for those of the next text."""


class ScorerError(Exception):
    """The scorer cannot start; the text says in one line what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """A text that waits for a worker, and where its scores are awaited."""

    text: str
    pointed_out: Sequence[int]
    deadline: float
    scores: asyncio.Future[Scored]


def _hand_back(done: Sequence[tuple[_Waiting, Scored]]) -> None:
    """On a worker: wake each event loop once."""
    for loop in {one.scores.get_loop() for one, _ in done}:
        mine = [pair for pair in done if pair[0].scores.get_loop() is loop]
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits there
            loop.call_soon_threadsafe(_set, mine)


def _set(done: Sequence[tuple[_Waiting, Scored]]) -> None:
    """On an event loop: whoever gave up in the meantime is not there any more."""
    for one, scored in done:
        if not one.scores.done():
            one.scores.set_result(scored)


class TextScorer(ABC):
    """Scores texts window by window. A subclass loads a model and computes the scores of one window."""

    at_once_chars_max = 0
    """A text this short is scored without a thread when no other one waits: for a model whose run costs less than handing it over."""

    def __init__(
        self,
        *,
        tokenizer: Any,
        labels: Sequence[str],
        length: int,
        marks: Sequence[str],
        digest: str,
        workers: int,
        seconds_max: float,
        by_sentence: bool = False,
        by_denial: bool = False,
    ) -> None:
        """`tokenizer` is a tokenizers.Tokenizer; `length` counts the tokens of a window, its two marks included.

        `by_sentence`: whether the sentences of a text of one window are read by themselves too (sentences.py).
        `by_denial`: whether the model is asked about what such a text denies (denials.py).
        Raises ScorerError where the tokenizer does not know the marks.
        """
        self.labels: tuple[str, ...] = tuple(labels)
        self.digest = digest
        self._tokenizer = tokenizer
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._start, self._end = (tokenizer.token_to_id(mark) for mark in marks)
        if self._start is None or self._end is None:
            raise ScorerError(f"the tokenizer does not know the marks {' and '.join(marks)}: it belongs to another model")
        self._length = length
        self._counted = [place for place, label in enumerate(self.labels) if label in COUNTED] if by_sentence else []
        self._deniable = [place for place, label in enumerate(self.labels) if label in LOWERED] if by_denial else []
        self._seconds_max = seconds_max
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="scorer")
        self._workers_max = workers
        self._asked = 0
        self._lock = threading.Lock()
        self._queue: deque[_Waiting] = deque()  # what follows is shared with the workers, under the lock
        self._working = 0

    @abstractmethod
    def _run(self, ids: list[int]) -> Any:
        """The scores of one window: an array of float32, one for each label, in the order of `labels`."""

    async def score(self, text: str, pointed_out: Sequence[int] = ()) -> Scored:
        """Score one text. `pointed_out`: character positions that must be read however long the text is."""
        deadline = time.monotonic() + self._seconds_max
        self._asked += 1
        try:
            if self._asked == 1 and len(text) <= self.at_once_chars_max:
                await asyncio.sleep(0)  # whoever else has a text by now has come
                if self._asked == 1:
                    return self._score(text, pointed_out, deadline)
            one = _Waiting(text, pointed_out, deadline, asyncio.get_running_loop().create_future())
            self._enqueue(one)
            async with asyncio.timeout(self._seconds_max + 1):
                return await one.scores
        except TimeoutError:
            return Scored(missing=TIME_OUT)
        finally:
            self._asked -= 1

    def score_now(self, text: str, pointed_out: Sequence[int] = ()) -> Scored:
        """Score one text on this thread, without a time limit."""
        return self._score(text, pointed_out, float("inf"))

    async def close(self) -> None:
        """Let the workers go; who still waits is let go too."""
        with self._lock:
            left = list(self._queue)
            self._queue.clear()
        for one in left:
            one.scores.cancel()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _enqueue(self, one: _Waiting) -> None:
        with self._lock:
            self._queue.append(one)
            needed = self._working < self._workers_max
            self._working += needed
        if needed:
            self._workers.submit(self._work)

    def _work(self) -> None:
        """On a worker: score what waits, until nothing does."""
        while taken := self._take():
            done, since = [], time.monotonic()
            for one in taken:
                if not one.scores.done():  # whoever gave up costs nothing
                    done.append((one, self._score(one.text, one.pointed_out, one.deadline)))
                if one is taken[-1] or time.monotonic() - since > HELD_SECONDS_MAX:
                    _hand_back(done)
                    done, since = [], time.monotonic()

    def _take(self) -> list[_Waiting]:
        """Some of what waits, so that every worker has its share; where nothing does, this worker counts as free."""
        with self._lock:
            share = -(-len(self._queue) // self._workers_max)
            taken = [self._queue.popleft() for _ in range(min(share, TAKEN_MAX))]
            self._working -= not taken
            return taken

    def _score(self, text: str, pointed_out: Sequence[int], deadline: float) -> Scored:
        try:
            return self._read(text, pointed_out, deadline)
        except Exception:  # noqa: BLE001 - a scorer never stops the service: a text that breaks it is unjudged and goes to review
            return Scored(missing=FAILURE)

    def _read(self, text: str, pointed_out: Sequence[int], deadline: float) -> Scored:
        kept = text[:TEXT_CHARS_MAX].encode("utf-8", "replace").decode("utf-8").replace("\x00", " ")
        encoding = self._tokenizer.encode(kept, add_special_tokens=False)
        ids = encoding.ids
        positions = [token for token in map(encoding.char_to_token, pointed_out) if token is not None] if pointed_out else []
        chosen = windows(len(ids), length=self._length - 2, pointed_out=positions)
        highest = np.zeros(len(self.labels), dtype=np.float32)
        missing = "" if chosen.whole and len(text) <= TEXT_CHARS_MAX else TOO_LONG
        for start, end in chosen.ranges:
            if time.monotonic() > deadline:
                missing = TIME_OUT
                break
            highest = np.maximum(highest, self._run([self._start, *ids[start:end], self._end]))
        if not missing and len(chosen.ranges) == 1:
            highest = self._without_denied(kept, self._with_sentences(kept, highest))
        return Scored(values=dict(zip(self.labels, highest.tolist(), strict=True)), missing=missing)

    def _with_sentences(self, text: str, whole: Any) -> Any:
        """What the whole says, and its sentences beside it where it has several. They are short: no time limit is asked for."""
        parts = sentences(text) if any(whole[place] >= DOUBT for place in self._counted) else []
        if parts:
            alone = np.array([self._alone(sentence) for sentence in parts])
            whole[self._counted] = together(whole[self._counted], alone[:, self._counted])
        return whole

    def _without_denied(self, text: str, whole: Any) -> Any:
        """What a text says, without what it denies. As short as sentences: no time limit."""
        denied = denials(text) if any(whole[place] >= ASKED_FROM for place in self._deniable) else []
        if not denied:
            return whole
        places = self._deniable
        outright = np.array([self._alone(one.outright)[places] for one in denied])
        who = np.array([self._alone(one.who)[places] for one in denied])
        follow = np.array([[self.labels[place] in one.lowers for place in places] for one in denied])
        attack = believed(whole[places], outright, who) & follow
        rest = without(text, [one for one, lowers in zip(denied, attack.any(axis=1), strict=True) if lowers])
        if rest != text:
            lowered = [place for place, lowers in zip(places, attack.any(axis=0), strict=True) if lowers]
            whole[lowered] = np.minimum(whole, self._with_sentences(rest, self._alone(rest)))[lowered]
        return whole

    def _alone(self, text: str) -> Any:
        """The scores of a short text: one window."""
        return np.array(self._run([self._start, *self._tokenizer.encode(text, add_special_tokens=False).ids, self._end]))
