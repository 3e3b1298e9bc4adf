"""Fits the early exits, behind an encoder and heads that stay as they are: what the heads will say, and whether one of them will doubt a text.

Knows rows, states and a calibration. Must not know limits. Rules: the calibration is that of the stage's last export, as only it says what
doubt is; states and scores are those of the int8 graph that ships, as an exit gets to read no others; a tenth of the rows is respelled, as for the heads; seeded.

    python -m training.exits --stage final

Whether a text is doubted is one question with one output. Six outputs under six limits, each of them nearly always sure, are seldom all
sure of the same text: with as many doubted texts let go, one output lets more civil ones go (README.md).
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training import graph, mixture
from training.batches import encode, read_rows
from training.calibration import EXIT_DOUBT, Affine, calibrated
from training.export import measured
from training.heads import fit, rows_for_heads
from training.model import EXITS, Exit, load
from training.places import HEADS, OUTPUTS, SEED, WORK
from training.scoring import Scores, Windows, sigmoid

ANEW, ON = (12, 1e-3), (4, 3e-4)
"""Passes and rate: of an exit that no stage has taught, and of one that goes on from what the stages taught it (it ranks better what it lets go)."""
RESPELLED_SHARE = 0.1


def doubted(logits: Scores, affines: list[Affine]) -> NDArray[np.bool_]:
    """Return whether any head gives a text EXIT_DOUBT or more [rows], of log-odds [rows, outputs]."""
    found: NDArray[np.bool_] = (calibrated(affines[: len(HEADS)], logits) >= EXIT_DOUBT).any(axis=1)
    return found


def fit_exit(name: str, states: torch.Tensor, said: torch.Tensor, doubt: torch.Tensor, taught: Exit | None) -> Exit:
    """Return an exit that was fitted to what the heads say [rows, outputs], 0 to 1, and to doubt [rows], of states [rows, size]."""
    made, (epochs, rate) = taught or Exit(states.shape[1]), ON if taught else ANEW
    middle, spread = (states.new_zeros(()), states.new_ones(())) if taught else (states.mean(dim=0), states.std(dim=0) + 1e-3)
    targets = torch.cat([said, doubt[:, None].to(said.dtype)], dim=1)

    def away(places: torch.Tensor) -> torch.Tensor:
        logits = made((states[places] - middle) / spread)
        each = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets[places], reduction="none")
        return each[:, :-1].mean() + each[:, -1].mean()

    fit(name, list(made.parameters()), away, len(states), rate=rate, epochs=epochs)
    with torch.no_grad():
        made.dense.weight /= spread  # what made the states alike goes into the first product
        made.dense.bias -= (made.dense.weight * middle).sum(dim=1)
    return made


def main() -> int:
    """Fit the exits of one run in its folder; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", required=True, help="the folder under work/ whose heads are fitted and which was exported once")
    options = parser.parse_args()
    folder, card = WORK / options.stage, WORK / f"export-{options.stage}" / "card.json"
    if not card.exists():
        parser.error(f"what doubt is follows from the calibration: run training.export --stage {options.stage} --calibrate-only first")
    calibration = json.loads(card.read_text(encoding="utf-8"))["calibration"]
    affines = [Affine(**calibration[output]) for output in OUTPUTS]
    model, tokenizer = load(folder, ready=True).eval(), Tokenizer.from_file(str(folder / "tokenizer.json"))
    rows = rows_for_heads(read_rows(WORK / "public.jsonl"), mixture.written(held_out=True))
    encoded = encode(rows, tokenizer, respelled_share=RESPELLED_SHARE, seed=SEED, gains=(1.0,) * len(rows[0].targets))
    texts = Windows([row.ids for row in encoded], np.arange(len(encoded)))
    with tempfile.TemporaryDirectory() as place:
        logits = measured(graph.log_odds(model), Path(place) / "last.onnx", texts)
        early = [measured(graph.exit_states(model, after), Path(place) / f"{after}.onnx", texts) for after in EXITS]
    doubt = torch.from_numpy(doubted(logits, affines))
    said = torch.from_numpy(sigmoid(logits)).float()
    print(f"{len(rows):,} rows, {doubt.float().mean():.0%} of them doubted", flush=True)
    torch.manual_seed(SEED)
    known = torch.load(folder / "model.pt", weights_only=True)
    for after, states in zip(EXITS, early, strict=True):
        taught = model.exits[str(after)] if f"exits.{after}.out.weight" in known else None
        model.exits[str(after)] = fit_exit(f"exit after {after} layers", torch.from_numpy(states).float(), said, doubt, taught)
    torch.save(model.state_dict(), folder / "model.pt")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
