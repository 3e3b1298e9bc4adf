"""Makes what ships: ONNX, int8, calibrated, with its tokenizer and its card.

Knows the order of things: graph, scores, calibration, figures, card. Must not train. Rules: under 25 MB; the card names the
SHA-256 of the weights.

    python -m training.export --stage final [--to bot/toxicity]
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

from training.calibration import THRESHOLD, Affine, Exit, choose, choose_exit
from training.evaluate import SAMPLE, Material, table
from training.graph import ALWAYS, NEVER, set_constants, write
from training.model import BASE, EXITS, load
from training.model_card import write_model_card
from training.places import OUTPUTS, SHIPPED, TOKENS_MAX, WORK, sha256_of, work_folder
from training.scoring import Scores, logits, read, score

BYTES_MAX = 25_000_000


def card_of(
    model: Path, stage: str, affines: list[Affine], exit_after: int, shares: dict[str, float], figures: dict[str, Any]
) -> dict[str, Any]:
    """Return what card.json says of the weights; `shares` says how much of each civil set leaves at the exit, 0 to 1."""
    return {
        "heads": list(OUTPUTS),
        "tokens_max": TOKENS_MAX,
        "base": BASE,
        "sha256": sha256_of(model),
        "trained_at": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "stage": stage,
        "quantisation": "dynamic int8, weights per channel",
        "exit": {"after_layers": exit_after, "percent_of": {name: round(100 * share, 1) for name, share in shares.items()}},
        "calibration": {
            head: {name: round(value, 4) for name, value in dataclasses.asdict(affine).items()}
            for head, affine in zip(OUTPUTS, affines, strict=True)
        },
        "figures": figures,
    }


def constants(affines: list[Affine], early: Exit) -> dict[str, Scores]:
    """Return what the graph holds of a calibration and of its exit."""
    names = [entry.name for entry in dataclasses.fields(Affine)]
    parts = {f"calibration_{name}": np.array([getattr(one, name) for one in affines]) for name in names}
    return parts | {"exit_scale": early.scale, "exit_shift": early.shift, "exit_limit": early.limit}


def main() -> int:
    """Export, calibrate, measure and write; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", default="final", help="one, two, or the name of a folder under work/")
    parser.add_argument("--to", type=Path, default=SHIPPED)
    parser.add_argument("--quick", action="store_true", help=f"calibrate on at most {SAMPLE} texts of each dev set")
    parser.add_argument("--again", action="store_true", help="calibrate again on the scores of the last export of this stage")
    parser.add_argument("--exit-after", type=int, choices=EXITS, default=EXITS[-1], help="layers before the early exit")
    parser.add_argument("--reduce-range", action="store_true", help="7-bit weights, for processors without VNNI")
    options = parser.parse_args()
    source = WORK / (f"stage-{options.stage}" if options.stage in ("one", "two") else options.stage)
    folder = work_folder(f"export-{source.name}")
    small = folder / "model.onnx"
    write(load(source, ready=True), small, exit_after=options.exit_after, reduce_range=options.reduce_range)
    assert small.stat().st_size < BYTES_MAX, f"{small} has {small.stat().st_size:,} bytes"
    material = Material(texts_max=SAMPLE if options.quick else None)
    whole = read(source / "tokenizer.json", material.texts())
    started = time.monotonic()
    neutral = [Affine(scale=1.0, shift=0.0)] * len(OUTPUTS)
    zero, one = np.zeros(len(OUTPUTS)), np.ones(len(OUTPUTS))
    raws = []
    for name, limit in (("raw.npy", NEVER), (f"exit-{options.exit_after}.npy", ALWAYS)):
        kept = folder / name
        if not (options.again and kept.exists()):
            set_constants(small, constants(neutral, Exit(scale=one, shift=zero, limit=limit * one)))
            np.save(kept, logits(score(small, whole)))
        raws.append(np.load(kept))
    raw, raw_early = raws
    print(f"{len(raw):,} windows scored in {time.monotonic() - started:.0f} s")
    # A scale above zero keeps the order: the highest of a text's windows is so before and after the calibration.
    dev, civil, written, *_ = material.split(whole.highest(raw))
    held = [place for place, line in enumerate(material.lines) if line.category in material.held]
    affines = choose(material.sets, dev, civil, ([material.lines[place] for place in held], written[held]))
    affines += neutral[len(affines) :]  # who is attacked is only read where somebody is
    last = np.stack([affine.apply(raw[:, place]) for place, affine in enumerate(affines)], axis=1)
    early = choose_exit(raw_early, last)
    given = early.taken(raw_early)
    shares = {name: float(1 - part.mean()) for name, part in material.split(whole.highest(1.0 - given[:, None]))[1].items()}
    set_constants(small, constants(affines, early))
    figures = material.figures(whole.highest(score(small, whole)), THRESHOLD)  # of the file itself: its kernels round
    shutil.copyfile(source / "tokenizer.json", folder / "tokenizer.json")
    card = card_of(small, source.name, affines, options.exit_after, shares, figures)
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    options.to.mkdir(parents=True, exist_ok=True)
    for name in ("model.onnx", "tokenizer.json", "card.json"):
        shutil.copyfile(folder / name, options.to / name)
    write_model_card(options.to)
    print(table(figures))
    print(f"{small.stat().st_size / 1e6:.2f} MB, sha256 {card['sha256']}, exit {card['exit']}, calibration {card['calibration']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
