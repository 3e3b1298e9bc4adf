"""Measures a model as it is shipped (int8, one message a run, a long one in windows) on the dev sets, on civil texts and on the written lines.

Knows where everything lies. Must not change anything but work/figures.json. Rule: what is measured is the file that
ships, not the training run.

    python -m training.evaluate [--model bot/toxicity] [--threshold 0.8]
"""

import argparse
import json
import random
from pathlib import Path
from typing import Any

import numpy as np

from training import frames, functions
from training.augment import in_company
from training.calibration import THRESHOLD
from training.dev_sets import BASELINE, DevSet, read_civil, read_dev
from training.figures import of_civil, of_company, of_dev, of_written
from training.places import PUBLIC_DEV, PUBLIC_TRAIN, SEED, SHIPPED, work_folder
from training.scoring import Scores, as_read, read
from training.written import Line, held_out_categories, read_lines

SAMPLE = 1_200  # texts of a dev set in a quick run
COMPANY = 2_000  # held-out lines that are measured among harmless ones too


class Material:
    """All texts that a model is measured on, read once."""

    def __init__(self, dev: Path = PUBLIC_DEV, *, texts_max: int | None = None) -> None:
        """Read the dev sets (a sample of each, where asked for), the civil texts and the written lines."""
        self.sets: list[DevSet] = read_dev(dev, texts_max)
        self.civil: dict[str, list[str]] = read_civil(dev, PUBLIC_TRAIN)
        self.lines: list[Line] = read_lines()
        self.held: frozenset[str] = held_out_categories()
        self.frames = frames.sentences()
        self.functions = functions.cases()
        chance = random.Random(SEED)
        sided = [place for place, line in enumerate(self.lines) if line.side and line.category in self.held]
        harmless = [line.text for line in self.lines if line.side == "fine" and not any(line.labels)]
        self.accompanied = chance.sample(sided, min(COMPANY, len(sided)))
        self.company = [in_company(self.lines[place].text, harmless, chance) for place in self.accompanied]

    def texts(self) -> list[str]:
        """Return every text, in the order that `split` expects."""
        groups = [dev.texts for dev in self.sets] + list(self.civil.values()) + [[line.text for line in self.lines]]
        groups += [[sentence for _, _, sentence in self.frames], [case.text for case in self.functions], self.company]
        return [text for group in groups for text in group]

    def split(self, scores: Scores) -> tuple[dict[str, Scores], dict[str, Scores], Scores, Scores, Scores, Scores]:
        """Return the scores of all texts by dev set, by civil set, of the written lines, of the frames, of the functional tests, and of lines
        among harmless ones."""
        place = 0
        parts: dict[str, Scores] = {}
        for name, count in [(dev.name, len(dev.texts)) for dev in self.sets] + [(name, len(texts)) for name, texts in self.civil.items()]:
            parts[name] = scores[place : place + count]
            place += count
        civil = {name: parts.pop(name) for name in self.civil}
        lines, framed, tested = (int(place + count) for count in np.cumsum([len(self.lines), len(self.frames), len(self.functions)]))
        return parts, civil, scores[place:lines], scores[lines:framed], scores[framed:tested], scores[tested:]

    def figures(self, scores: Scores, threshold: float) -> dict[str, Any]:
        """Return all figures for the scores of all texts."""
        dev, civil, lines, framed, tested, among = self.split(scores)
        return {
            "threshold": threshold,
            "dev": of_dev(self.sets, dev, threshold),
            "civil": of_civil(civil),
            "written": of_written(self.lines, lines, self.held, threshold),
            "frames": frames.widest_gaps(self.frames, framed),
            "functions": functions.of_functions(self.functions, tested),
            "company": of_company([self.lines[place] for place in self.accompanied], lines[self.accompanied], among, threshold),
        }


def table(figures: dict[str, Any]) -> str:
    """Return the figures for people to read."""
    limit = f"{figures['threshold']:g}"
    out = [f"{'dev set':14} {'head':16} {'AUC':>6} {'base':>6} {'F1.5':>6} {'base':>6} {'rec@' + limit:>8} {'fa@' + limit:>8}"]
    for name, heads in figures["dev"].items():
        for head, values in heads.items():
            area, decision = BASELINE.get((name, head), (float("nan"), float("nan")))
            out.append(
                f"{name:14} {head:16} {values['auc']:6.3f} {area:6.3f} {values['macro_f1_at_0.5']:6.3f} {decision:6.3f}"
                f" {values[f'recall_at_{limit}']:8.3f} {values[f'false_alarms_at_{limit}']:8.4f}"
            )
    for name, heads in figures["civil"].items():
        shares = ", ".join(
            f"{head} {values['percent_above_0.5']:.2f}/{values['percent_above_0.8']:.2f}"
            for head, values in heads.items()
            if head != "texts"
        )
        out.append(f"{name} ({heads['texts']}), % above 0.5/0.8: {shares}")
    for name, part in figures["written"].items():
        whole = {key: value for key, value in part.items() if key not in ("heads", "categories")}
        out.append(f"written, {name}: {whole}")
        out.extend(f"   {head}: {values}" for head, values in part["heads"].items())
        out.extend(
            f"   {category:28} {values['lines']:4} lines, pairs {values['pairs_in_order']:.2f},"
            f" right {values['right_side_at_0.5']:.2f} at 0.5, {values[f'right_side_at_{limit}']:.2f} at {limit},"
            f" caught {values.get(f'breach_caught_at_{limit}', float('nan')):.2f},"
            f" fine above {values.get(f'fine_above_{limit}', float('nan')):.2f}"
            for category, values in part["categories"].items()
        )
    out.extend(f"held-out lines, {name}: {values}" for name, values in figures["company"].items())
    out.extend(f"frames, {head}: {values}" for head, values in figures["frames"].items())
    tested = figures["functions"]
    out.append(f"functional tests ({tested['cases']}), macro F1: {tested['macro_f1']}")
    out.extend(f"   {function:30} {right:.2f} right" for function, right in tested["right"].items())
    return "\n".join(out)


def main() -> int:
    """Measure, print and keep the figures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--threshold", type=float, default=THRESHOLD)
    parser.add_argument("--quick", action="store_true", help=f"at most {SAMPLE} texts of each dev set")
    options = parser.parse_args()
    material = Material(texts_max=SAMPLE if options.quick else None)
    whole = read(options.model / "tokenizer.json", material.texts())
    card = json.loads((options.model / "card.json").read_text(encoding="utf-8"))
    said = as_read(options.model / "model.onnx", whole, by_sentence=card.get("by_sentence", False), by_denial=card.get("by_denial", False))
    figures = material.figures(said, options.threshold)
    (work_folder() / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(table(figures))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
