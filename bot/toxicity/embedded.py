"""The embedded scorer: six-layer MiniLM, int8 ONNX, on single-threaded workers off the event loop.

Knows: onnxruntime, tokenizers, the files beside this one. Must not know: rules, messages, the store.
Rules: never raises while scoring (what went wrong is `missing`); one window per run; as many workers as processors.
"""

import asyncio
import hashlib
import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from bot.core.model import Scored
from bot.toxicity.windows import windows

HERE = Path(__file__).parent
SCORE_SECONDS_MAX = 5.0
"""A text that takes longer, waiting included, is unjudged: a member's message must not hold up everybody else's."""
WORKERS_SPARE = 1
"""One worker more than processors: while one waits for its turn with the interpreter, another one computes."""
TEXT_CHARS_MAX = 100_000
"""Longer texts are cut before they are tokenised; the rest counts as not read."""
TIME_OUT, FAILURE, TOO_LONG = "time_out", "failure", "too_long"


class ScorerError(Exception):
    """The scorer cannot start; the text says in one line what to do."""


class EmbeddedScorer:
    """Scores texts with the model of a folder: model.onnx, tokenizer.json, card.json."""

    def __init__(self, folder: Path = HERE, *, workers: int | None = None, seconds_max: float = SCORE_SECONDS_MAX) -> None:
        """Load the model. Raises ScorerError where a file is missing or broken."""
        model, tokens, card_file = folder / "model.onnx", folder / "tokenizer.json", folder / "card.json"
        for file in (model, tokens, card_file):
            if not file.is_file():
                message = f"the model file {file} is missing: install Steward again, or name another folder in STEWARD_MODEL"
                raise ScorerError(message)
        try:
            card = json.loads(card_file.read_text(encoding="utf-8"))
            weights = model.read_bytes()
            self._tokenizer: Any = Tokenizer.from_file(str(tokens))
            self._session: Any = _session(weights)
            self.labels: tuple[str, ...] = tuple(card["heads"])
            self._length = int(card["tokens_max"])
        except Exception as error:  # the two libraries raise bare Exceptions; the operator needs one line
            message = f"the model in {folder} cannot be read ({type(error).__name__}): install Steward again"
            raise ScorerError(message) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._start, self._end = (self._tokenizer.token_to_id(mark) for mark in ("[CLS]", "[SEP]"))
        self.digest = hashlib.sha256(weights + tokens.read_bytes()).hexdigest()[:16]
        self._seconds_max = seconds_max
        self._workers = ThreadPoolExecutor(workers or (os.cpu_count() or 1) + WORKERS_SPARE, thread_name_prefix="scorer")

    async def score(self, text: str, pointed_out: Sequence[int] = ()) -> Scored:
        """Score one text. `pointed_out`: character positions that must be read however long the text is."""
        deadline = time.monotonic() + self._seconds_max
        running = self._workers.submit(self._score, text, pointed_out, deadline)
        try:
            async with asyncio.timeout(self._seconds_max + 1):
                return await asyncio.wrap_future(running)
        except TimeoutError:
            return Scored(missing=TIME_OUT)

    def score_now(self, text: str, pointed_out: Sequence[int] = ()) -> Scored:
        """Score one text on this thread, without a time limit."""
        return self._score(text, pointed_out, float("inf"))

    async def close(self) -> None:
        """Let the workers go."""
        self._workers.shutdown(wait=False, cancel_futures=True)

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
            row = np.array([[self._start, *ids[start:end], self._end]], dtype=np.int64)
            (scores,) = self._session.run(None, {"input_ids": row, "attention_mask": np.ones_like(row)})
            highest = np.maximum(highest, scores[0])
        return Scored(values=dict(zip(self.labels, highest.tolist(), strict=True)), missing=missing)


def _session(weights: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(weights, sess_options=options, providers=["CPUExecutionProvider"])
