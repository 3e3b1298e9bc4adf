"""The rows of stage two: the written lines, several times, and a sample of the public sets beside them.

Knows how much of what. Must not know models. Rules: seeded; held-out categories are never in it unless asked for; a
group that is merely named is changed for another in a share of the rows, so that no group's name means anything alone.
"""

import dataclasses
import random
from collections import defaultdict

from training.augment import regrouped
from training.labels import Labelled
from training.places import HEADS
from training.written import Line, held_out_categories, read_lines

WRITTEN_COPIES = 3
WRITTEN_WEIGHT = 2.0
REGROUPED_SHARE = 0.25

# Rows of each set that stage two sees again, so that it forgets nothing.
REPLAY = {
    "cad": 2_600,
    "civil_spans": 2_000,
    "dynhate": 2_000,
    "hatemojibuild": 900,
    "kennedy_mhs": 1_500,
    "hatexplain": 1_500,
    "davidson": 400,
    "edos": 300,
    "convabuse": 800,
    "fox_news": 150,
    "jigsaw_half": 700,
    "jigsaw_neg": 400,
    "jigsaw_sample6": 400,
    "irc": 2_500,
}
STAGE_THREE_PUBLIC = 52_000
_THREAT = HEADS.index("threat")


def from_line(line: Line) -> Labelled:
    """Return a written line as a training row; what two readers would label differently is masked."""
    return Labelled(
        source=f"written/{line.category}",
        text=line.text,
        targets=tuple(float(value or 0) for value in line.labels),
        weights=tuple(0.0 if value is None else WRITTEN_WEIGHT for value in line.labels),
    )


def stage_three(public: list[Labelled], *, held_out: bool, seed: int) -> list[Labelled]:
    """Return the rows of stage three: more of the public sets than stage two sees, and all written lines four times."""
    chance = random.Random(seed)
    absent = held_out_categories() if held_out else frozenset()
    lines = [from_line(line) for line in read_lines() if line.category not in absent]
    rows = [row for row in public if row.weights[_THREAT] and row.targets[_THREAT] >= 0.5]
    rows += chance.sample(public, min(STAGE_THREE_PUBLIC, len(public)))
    rows += lines * 4
    return [
        dataclasses.replace(row, text=regrouped(row.text, chance)) if chance.random() < REGROUPED_SHARE else row
        for row in rows
    ]


def stage_two(public: list[Labelled], *, held_out: bool, seed: int) -> list[Labelled]:
    """Return the rows of stage two."""
    chance = random.Random(seed)
    absent = held_out_categories() if held_out else frozenset()
    lines = [from_line(line) for line in read_lines() if line.category not in absent]
    by_source: dict[str, list[Labelled]] = defaultdict(list)
    for row in public:
        by_source[row.source].append(row)
    rows = [row for row in public if row.weights[_THREAT] and row.targets[_THREAT] >= 0.5]
    for source, count in REPLAY.items():
        rows.extend(chance.sample(by_source[source], min(count, len(by_source[source]))))
    rows.extend(lines * WRITTEN_COPIES)
    return [
        dataclasses.replace(row, text=regrouped(row.text, chance)) if chance.random() < REGROUPED_SHARE else row
        for row in rows
    ]
