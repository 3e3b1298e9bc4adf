"""The embedded scorer: an int8 ONNX model on single-threaded workers; the one that ships is a six-layer MiniLM.

Knows: onnxruntime, tokenizers, the files beside this one. Must not know: rules, messages, the store, torch.
Rules: those of reading.py; as many workers as processors; the same scores on every processor. A folder with another model has
the same three files; its card says what the outputs mean and what a window begins and ends with.
"""

import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from bot.toxicity.reading import MARKS, SCORE_SECONDS_MAX, ScorerError, TextScorer

__all__ = ["CARD", "HERE", "MODEL", "TOKENS", "EmbeddedScorer", "ScorerError", "session_options"]

HERE = Path(__file__).parent
MODEL, TOKENS, CARD = "model.onnx", "tokenizer.json", "card.json"
SUMS, SUMS_LENGTH = "sums.onnx", 64
"""One product of int8 numbers that shows how this processor adds them (training/sums.py), and the length of its row."""
AT_ONCE_CHARS_MAX = 300
"""Texts this short take one window: 0.5 ms as a rule, 10 where eight sentences are read too; a thread and back costs 0.15 more."""


class EmbeddedScorer(TextScorer):
    """Scores texts with the model of a folder: model.onnx, tokenizer.json, card.json."""

    at_once_chars_max = AT_ONCE_CHARS_MAX

    def __init__(self, folder: Path = HERE, *, workers: int | None = None, seconds_max: float = SCORE_SECONDS_MAX) -> None:
        """Load the model. Raises ScorerError where a file is missing or broken."""
        model, tokens, card_file = folder / MODEL, folder / TOKENS, folder / CARD
        for file in (model, tokens, card_file):
            if not file.is_file():
                message = f"the model file {file} is missing: install Steward again, or name another folder in STEWARD_MODEL"
                raise ScorerError(message)
        try:
            card = json.loads(card_file.read_text(encoding="utf-8"))
            weights = model.read_bytes()
            self._session: Any = _session(weights)
            self._masked = "attention_mask" in {one.name for one in self._session.get_inputs()}
            super().__init__(
                tokenizer=Tokenizer.from_file(str(tokens)),
                labels=card["heads"],
                length=int(card["tokens_max"]),
                marks=card.get("marks", MARKS),
                digest=hashlib.sha256(weights + tokens.read_bytes()).hexdigest()[:16],
                workers=workers or os.cpu_count() or 1,
                seconds_max=seconds_max,
                by_sentence=bool(card.get("by_sentence")),
                by_denial=bool(card.get("by_denial")),
            )
        except ScorerError as error:
            raise ScorerError(f"the model in {folder} cannot be used: {error}") from error
        except Exception as error:  # the two libraries raise bare Exceptions; the operator needs one line
            message = f"the model in {folder} cannot be read ({type(error).__name__}): install Steward again"
            raise ScorerError(message) from error

    def _run(self, ids: list[int]) -> Any:
        row = np.array([ids], dtype=np.int64)
        given = {"input_ids": row, "attention_mask": np.ones_like(row)} if self._masked else {"input_ids": row}
        return self._session.run(None, given)[0][0]


def _session(weights: bytes) -> Any:
    return onnxruntime.InferenceSession(weights, sess_options=session_options(), providers=["CPUExecutionProvider"])


def session_options() -> Any:
    """How the model is run: on one thread, without chatter, and with sums that are exact on every processor."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if _sums_are_cut_off():
        options.add_session_config_entry("session.x64quantprecision", "1")
    return options


@cache
def _sums_are_cut_off() -> bool:
    """Say whether int8 products are added in int16 here, as on x86-64 without VNNI: then a score would depend on the machine.

    The exact way costs a fifth more time there, and nearly twice the time where it is not needed: so the processor is asked.
    """
    session: Any = onnxruntime.InferenceSession((HERE / SUMS).read_bytes(), providers=["CPUExecutionProvider"])
    row = np.full((1, SUMS_LENGTH), np.iinfo(np.uint8).max, np.uint8)
    sums = session.run(None, {"row": row})[0]
    return bool((sums != SUMS_LENGTH * int(np.iinfo(np.uint8).max) * int(np.iinfo(np.int8).max)).any())
