"""Runs an exported model over texts, as the bot does: one message a run, single-threaded workers.

Knows model.onnx and tokenizer.json. Must not know labels. Rule: never more than one message a run, because dynamic
int8 scales over all of a run and the same text would score differently in company.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

Scores = NDArray[np.float64]


def score(model: Path, tokenizer: Path, texts: Sequence[str]) -> Scores:
    """Return the model's output for each text, [texts, heads]."""
    reader = Tokenizer.from_file(str(tokenizer))
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    settings.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), settings, providers=["CPUExecutionProvider"])

    def one(text: str) -> NDArray[np.float32]:
        ids = np.array([reader.encode(text).ids], dtype=np.int64)
        given = {one.name: ids if one.name == "input_ids" else np.ones_like(ids) for one in session.get_inputs()}
        row: NDArray[np.float32] = session.run(None, given)[0][0]
        return row

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as workers:
        return np.array(list(workers.map(one, texts)), dtype=np.float64)


def logits(probabilities: Scores) -> Scores:
    """Return the log-odds, kept finite."""
    kept = np.clip(probabilities, 1e-7, 1 - 1e-7)
    result: Scores = np.log(kept / (1 - kept))
    return result


def sigmoid(values: Scores) -> Scores:
    """Return the logistic function of each value."""
    result: Scores = 1 / (1 + np.exp(-values))
    return result
