"""Runs an exported model over texts, as the bot does: a long text in windows, one a run, single-threaded workers.

Knows model.onnx and tokenizer.json. Must not know labels. Rules: never more than one text a run, because dynamic
int8 scales over all of a run and the same text would score differently in company; what a text scores is the highest of its windows,
what its sentences add where it is one window of several, and less what it denies.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bot.toxicity.denials import ASKED_FROM, LOWERED, denials
from bot.toxicity.embedded import session_options
from bot.toxicity.reading import MARKS, TextScorer
from bot.toxicity.sentences import COUNTED, DOUBT, sentences, together
from bot.toxicity.windows import windows
from training.places import HEADS, OUTPUTS, TOKENS_MAX

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Windows:
    """Texts as the model reads them: the token ids of each window, marks included, where the windows of each text begin, the token ids of
    the sentences of each text of one window that has several, and those texts of one window that deny something."""

    ids: list[list[int]]
    starts: NDArray[np.int64]
    sentences: dict[int, list[list[int]]] = field(default_factory=dict)
    denying: dict[int, str] = field(default_factory=dict)
    reader: Tokenizer | None = None

    def highest(self, scores: Scores) -> Scores:
        """Return the highest score of each text's windows [texts, heads], of the scores of all windows [windows, heads]."""
        result: Scores = np.maximum.reduceat(scores, self.starts, axis=0)
        return result


def read(tokenizer: Path, texts: Sequence[str]) -> Windows:
    """Return the windows of texts (bot/toxicity/reading.py)."""
    reader = Tokenizer.from_file(str(tokenizer))
    reader.no_truncation()
    first, last = reader.encode("").ids
    ids: list[list[int]] = []
    starts = []
    parts: dict[int, list[list[int]]] = {}
    denying: dict[int, str] = {}
    for place, encoding in enumerate(reader.encode_batch_fast(list(texts), add_special_tokens=False)):
        starts.append(len(ids))
        chosen = windows(len(encoding.ids), length=TOKENS_MAX - 2)
        ids += [[first, *encoding.ids[start:end], last] for start, end in chosen.ranges]
        if len(chosen.ranges) == 1 and denials(texts[place]):
            denying[place] = texts[place]
        if len(chosen.ranges) == 1 and (several := sentences(texts[place])):
            read_alone = reader.encode_batch_fast(several, add_special_tokens=False)
            parts[place] = [[first, *sentence.ids, last] for sentence in read_alone]
    return Windows(ids, np.array(starts), parts, denying, reader)


def score(model: Path, read: Windows) -> Scores:
    """Return the model's output for each window, [windows, heads]."""
    session = onnxruntime.InferenceSession(str(model), session_options(), providers=["CPUExecutionProvider"])
    inputs = [one.name for one in session.get_inputs()]

    def one(window: list[int]) -> NDArray[np.float32]:
        ids = np.array([window], dtype=np.int64)
        row: NDArray[np.float32] = session.run(None, {name: ids if name == "input_ids" else np.ones_like(ids) for name in inputs})[0][0]
        return row

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as workers:
        return np.array(list(workers.map(one, read.ids)), dtype=np.float64)


class _AsBot(TextScorer):
    """Reads single texts with a graph as the bot does."""

    def __init__(self, model: Path, reader: Tokenizer, *, by_sentence: bool) -> None:
        self._session = onnxruntime.InferenceSession(str(model), session_options(), providers=["CPUExecutionProvider"])
        super().__init__(
            tokenizer=reader,
            labels=OUTPUTS,
            length=TOKENS_MAX,
            marks=MARKS,
            digest="",
            workers=1,
            seconds_max=inf,
            by_sentence=by_sentence,
            by_denial=True,
        )

    def _run(self, ids: list[int]) -> NDArray[np.float32]:
        row: NDArray[np.float32] = self._session.run(None, {"input_ids": np.array([ids], dtype=np.int64)})[0][0]
        return row


def as_read(model: Path, read: Windows, *, by_sentence: bool = True, by_denial: bool = True) -> Scores:
    """Return the scores of each text [texts, outputs] as the bot has them (bot/toxicity/reading.py), of a model that ships; its card says whether
    sentences are read by themselves too, and whether it is asked about what is denied."""
    whole = read.highest(score(model, read))
    counted = [HEADS.index(head) for head in COUNTED]
    places = [place for place in read.sentences if by_sentence and (whole[place, counted] >= DOUBT).any()]
    if places:
        starts = np.cumsum([0, *(len(read.sentences[place]) for place in places)])
        alone = score(model, Windows([ids for place in places for ids in read.sentences[place]], starts[:-1]))
        for number, place in enumerate(places):
            whole[place, counted] = together(whole[place, counted], alone[starts[number] : starts[number + 1]][:, counted])
    lowered = [HEADS.index(head) for head in LOWERED]
    asked = {place: text for place, text in read.denying.items() if by_denial and (whole[place, lowered] >= ASKED_FROM).any()}
    if asked and read.reader is not None:
        bot = _AsBot(model, read.reader, by_sentence=by_sentence)
        for place, text in asked.items():
            values = bot.score_now(text).values
            whole[place] = [values[output] for output in OUTPUTS]
    return whole


def logits(probabilities: Scores) -> Scores:
    """Return the log-odds, kept finite."""
    kept = np.clip(probabilities, 1e-7, 1 - 1e-7)
    result: Scores = np.log(kept / (1 - kept))
    return result


def sigmoid(values: Scores) -> Scores:
    """Return the logistic function of each value."""
    result: Scores = 1 / (1 + np.exp(-values))
    return result
