"""Detoxify as a scorer: the real package and its float32 models, on single-threaded workers.

Knows: torch, an opened checkpoint. Must not know: where checkpoints come from, rules, messages, the store.
Rules: those of reading.py. Labels that a model lacks are absent, so that rules which need them stay unjudged. A text that
fits one window has the scores of `Detoxify.predict`; a longer one is read window by window, where `predict` reads only its
beginning.
"""

import hashlib
import os
from typing import Any

import torch

from bot.toxicity.checkpoints import open_checkpoint
from bot.toxicity.reading import TextScorer

SCORE_SECONDS_MAX = 30.0
"""Six times what the embedded model has: one window of 512 tokens takes about a second on a small machine."""


class DetoxifyScorer(TextScorer):
    """Scores texts with a release of Detoxify, or with a checkpoint in its format."""

    def __init__(self, name: str, *, workers: int | None = None, seconds_max: float = SCORE_SECONDS_MAX) -> None:
        """`name` is original, unbiased, multilingual (or another release), or the path of a checkpoint. Raises ScorerError.

        Torch computes with one thread from now on, in the whole process: the workers share the processors.
        """
        opened = open_checkpoint(name)
        torch.set_num_threads(1)
        self._model, self._columns = opened.model, torch.tensor(opened.columns)
        super().__init__(
            tokenizer=opened.tokenizer,
            labels=opened.labels,
            length=opened.tokens_max,
            marks=opened.marks,
            digest=hashlib.sha256(f"{opened.digest} {opened.tokenizer.to_str()}".encode()).hexdigest()[:16],
            workers=workers or os.cpu_count() or 1,
            seconds_max=seconds_max,
        )

    def _run(self, ids: list[int]) -> Any:
        with torch.inference_mode():
            row = torch.tensor([ids])
            logits = self._model(input_ids=row, attention_mask=torch.ones_like(row))[0]
            return torch.sigmoid(logits)[0, self._columns].numpy()
