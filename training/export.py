"""Makes what ships: ONNX, int8, calibrated, with its tokenizer and its card.

Knows the order of things: graph, scores, calibration, figures, card. Must not train. Rules: under 25 MB; the card names the
SHA-256 of the weights.

    python -m training.export --stage final [--to bot/toxicity]

The exits are fitted to a calibration (training/exits.py): export with --calibrate-only, fit them, export --again.
"""

import argparse
import dataclasses
import datetime
import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from training import graph
from training.calibration import EXIT_MISSED, THRESHOLD, Affine, calibrated, choose, choose_exit
from training.evaluate import SAMPLE, Material, table
from training.model import BASE, EXITS, load
from training.model_card import write_model_card
from training.places import OUTPUTS, SHIPPED, TOKENS_MAX, sha256_of, stage_folder, work_folder
from training.scoring import Scores, Windows, as_read, read, score

BYTES_MAX = 25_000_000


def card_of(model: Path, stage: str, affines: list[Affine], shares: dict[int, dict[str, float]], figures: dict[str, Any]) -> dict[str, Any]:
    """Return what card.json says of the weights; `shares` says how much of each civil set has left by each exit, 0 to 1."""
    return {
        "heads": list(OUTPUTS),
        "tokens_max": TOKENS_MAX,
        "by_sentence": True,
        "by_denial": True,
        "base": BASE,
        "sha256": sha256_of(model),
        "trained_at": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "stage": stage,
        "quantisation": "dynamic int8, weights per channel",
        "exits": [
            {"after_layers": after, "percent_of": {name: round(100 * share, 1) for name, share in by_then.items()}}
            for after, by_then in shares.items()
        ],
        "calibration": {
            head: {name: round(value, 4) for name, value in dataclasses.asdict(affine).items()}
            for head, affine in zip(OUTPUTS, affines, strict=True)
        },
        "figures": figures,
    }


def measured(made: onnx.ModelProto, file: Path, texts: Windows) -> Scores:
    """Write a graph and return what it gives for each window, [windows, outputs of the graph]."""
    onnx.save(made, str(file))
    return score(file, texts)


def publish(folder: Path, target: Path) -> None:
    """Copy what an export left in its folder to where it ships, and write the model card there."""
    target.mkdir(parents=True, exist_ok=True)
    for name in ("model.onnx", "tokenizer.json", "card.json"):
        shutil.copyfile(folder / name, target / name)
    write_model_card(target)


def main() -> int:
    """Export, calibrate, measure and write; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", default="final", help="one, two, three, or the name of a folder under work/")
    parser.add_argument("--to", type=Path, default=SHIPPED)
    parser.add_argument("--calibrate-only", action="store_true", help="leave all in work/: for exits that are fitted to the calibration")
    parser.add_argument("--quick", action="store_true", help=f"calibrate on at most {SAMPLE} texts of each dev set")
    parser.add_argument("--again", action="store_true", help="take the last layer's scores of the last export of this stage (other exits)")
    options = parser.parse_args()
    source = stage_folder(options.stage)
    folder = work_folder(f"export-{source.name}")
    small, kept, model = folder / "model.onnx", folder / "raw.npy", load(source, ready=True)
    material = Material(texts_max=SAMPLE if options.quick else None)
    whole = read(source / "tokenizer.json", material.texts())
    started = time.monotonic()
    if not (options.again and kept.exists()):
        np.save(kept, measured(graph.log_odds(model), folder / "raw.onnx", whole))
    raw = np.load(kept)
    early = {after: measured(graph.exit_log_odds(model, after), folder / f"exit-{after}.onnx", whole) for after in EXITS}
    print(f"{len(raw):,} windows scored in {time.monotonic() - started:.0f} s")
    # A scale above zero keeps the order: the highest of a text's windows is so before and after the calibration.
    dev, civil, written, *_ = material.split(whole.highest(raw))
    held = [place for place, line in enumerate(material.lines) if line.category in material.held]
    affines = choose(material.sets, dev, civil, ([material.lines[place] for place in held], written[held]))
    affines += [Affine(scale=1.0, shift=0.0)] * (len(OUTPUTS) - len(affines))  # who is attacked is only read where somebody is
    last = calibrated(affines, raw)
    exits = {after: choose_exit(said, last, EXIT_MISSED[after]) for after, said in early.items()}
    given, shares = np.zeros(len(raw), dtype=bool), {}
    for after, chosen in exits.items():
        given |= chosen.taken(early[after])
        shares[after] = {name: float(1 - part.mean()) for name, part in material.split(whole.highest(1.0 - given[:, None]))[1].items()}
    onnx.save(graph.shipped(model, affines, exits), str(small))
    assert small.stat().st_size < BYTES_MAX, f"{small} has {small.stat().st_size:,} bytes"
    figures = material.figures(as_read(small, whole), THRESHOLD)  # of the file itself: its kernels round
    shutil.copyfile(source / "tokenizer.json", folder / "tokenizer.json")
    card = card_of(small, source.name, affines, shares, figures)
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    if not options.calibrate_only:
        publish(folder, options.to)
    print(table(figures))
    print(f"{small.stat().st_size / 1e6:.2f} MB, sha256 {card['sha256']}, exits {card['exits']}, calibration {card['calibration']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
