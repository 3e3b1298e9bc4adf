"""Turns a checkpoint of Detoxify's into what the embedded scorer reads: model.onnx (int8), tokenizer.json, card.json.

Knows: torch's exporter, onnxruntime's quantiser, an opened checkpoint. Must not know: rules, messages, the store.
Rules: what comes out needs no torch; opset 17; inputs `input_ids` and `attention_mask`, one output `probabilities`, one column
for each label in the card's `heads`; the folder is whole or it is not there; the card says how far the int8 model's scores
lie from those of the checkpoint.
"""

import hashlib
import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx  # noqa: F401 - the quantiser needs it: missing, it is said before anything is computed
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from bot.toxicity.checkpoints import LABELS, Opened, open_checkpoint
from bot.toxicity.embedded import CARD, MODEL, TOKENS, EmbeddedScorer
from bot.toxicity.reading import ScorerError

OPSET = 17
PROBES = (
    "",
    "see you at the stall on Saturday",
    "@member you are a worthless stupid idiot",
    "this budget is a disgrace and I will vote against it",
    "I know where you live and I am going to hurt you",
    "thank you all for coming, it was a lovely evening 🎉",
    "the minutes of the meeting were taken as read and the motion was carried . " * 4,
)
"""Texts that are scored by both models, to say how far apart they are."""


class _Scoring(torch.nn.Module):  # type: ignore[misc]  # torch is not in the environment of the checks
    """A model with its sigmoid, and only the columns that are ours."""

    def __init__(self, model: Any, columns: Sequence[int]) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("columns", torch.tensor(columns))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        logits = self.model(input_ids=input_ids, attention_mask=attention_mask)[0]
        return torch.sigmoid(logits).index_select(1, self.columns)


def convert(checkpoint: str, folder: Path) -> str:
    """Convert a release of Detoxify's or a checkpoint's file into a new folder; gives what to tell the operator.

    Raises ScorerError where the checkpoint cannot be opened or the folder is there already.
    """
    if folder.exists():
        raise ScorerError(f"{folder} is there already: name a folder that is not, so that no model is lost")
    opened = open_checkpoint(checkpoint)
    scoring = _Scoring(opened.model, opened.columns).eval()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".converting-") as name:
        work, made = Path(name), Path(name) / "made"
        made.mkdir()
        _export(scoring, opened, work / "float.onnx")
        _quantise(work / "float.onnx", made / MODEL)
        (made / TOKENS).write_text(opened.tokenizer.to_str(), encoding="utf-8")
        card = _card(opened, made / MODEL)
        _write(card, made)
        apart = _apart(scoring, opened, made)
        _write({**card, "apart_max": round(apart, 4)}, made)
        shutil.move(made, folder)
    megabytes = (folder / MODEL).stat().st_size / 1e6
    lacking = [label for label in LABELS if label not in opened.labels]
    return "\n".join(
        [
            f"{folder}: {megabytes:.1f} MB, int8. On {len(PROBES)} texts its scores are at most {apart:.4f} from the checkpoint's.",
            f"It scores {', '.join(opened.labels)}." + (f" Rules that need {', '.join(lacking)} will not be judged." if lacking else ""),
            f"To use it: STEWARD_MODEL={folder}",
        ]
    )


def _export(scoring: _Scoring, opened: Opened, target: Path) -> None:
    """Write the float32 model."""
    opened.model.config._attn_implementation = "eager"  # noqa: SLF001 - traces to plain MatMul and Softmax
    marks = [opened.tokenizer.token_to_id(mark) for mark in opened.marks]
    # Two rows of several tokens: numbers that the exporter would take for constants, were they 1, stay variables.
    ids = torch.tensor([[marks[0], *([marks[1]] * 7)]] * 2)
    axes = {0: "rows", 1: "tokens"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # each Python number that tracing passes is remarked upon
        torch.onnx.export(
            scoring,
            (ids, torch.ones_like(ids)),
            str(target),
            dynamo=False,
            opset_version=OPSET,
            input_names=["input_ids", "attention_mask"],
            output_names=["probabilities"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "probabilities": {0: "rows"}},
        )


def _quantise(source: Path, target: Path) -> None:
    """Write the int8 model: weights per channel, activations scaled at each run."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)  # it recommends a preparation that changes nothing here
    try:
        quantize_dynamic(str(source), str(target), per_channel=True, weight_type=QuantType.QInt8)
    finally:
        logger.setLevel(level)


def _card(opened: Opened, model: Path) -> dict[str, Any]:
    """What the embedded scorer needs to know of the model, and where it comes from."""
    return {
        "heads": list(opened.labels),
        "marks": list(opened.marks),
        "tokens_max": opened.tokens_max,
        "base": f"Detoxify, {opened.model.config.model_type}",
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "checkpoint_sha256": opened.digest,
        "quantisation": "dynamic int8, weights per channel",
    }


def _write(card: dict[str, Any], folder: Path) -> None:
    (folder / CARD).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def _apart(scoring: _Scoring, opened: Opened, made: Path) -> float:
    """The largest difference between a score of the checkpoint and of what was made of it."""
    scorer = EmbeddedScorer(made, workers=1)
    start, end = (opened.tokenizer.token_to_id(mark) for mark in opened.marks)
    largest = 0.0
    for text in PROBES:
        ids = opened.tokenizer.encode(text, add_special_tokens=False).ids
        if len(ids) > opened.tokens_max - 2:
            continue  # read in several windows, and the checkpoint reads only one
        row = torch.tensor([[start, *ids, end]])
        with torch.inference_mode():
            right = scoring(row, torch.ones_like(row))[0].tolist()
        scored = scorer.score_now(text)
        if scored.missing:
            raise ScorerError("the converted model cannot be run: this kind of checkpoint cannot be converted")
        largest = max(largest, *(abs(one - scored.values[label]) for one, label in zip(right, opened.labels, strict=True)))
    return largest
