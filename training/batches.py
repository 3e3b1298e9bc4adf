"""Rows as token ids, and batches of rows of like length.

Knows token ids, targets and weights. Must not know the model. Rules: the order of batches follows from the seed and
the epoch alone, so that a run can be taken up at any step.
"""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

from training.augment import respelled
from training.labels import Labelled, attacked_targets

_POOL_BATCHES = 50  # rows are sorted by length inside pools of so many batches, so that batches stay mixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """One row for the model: token ids, targets, weights (0 = masked)."""

    ids: list[int]
    targets: tuple[float, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows of one step: ids and mask [rows, tokens], targets and weights [rows, outputs]."""

    ids: torch.Tensor
    mask: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor


def read_rows(path: Path) -> list[Labelled]:
    """Read what prepare wrote."""
    rows = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            rows.append(
                Labelled(
                    source=record["source"],
                    text=record["text"],
                    targets=tuple(record["targets"]),
                    weights=tuple(record["weights"]),
                    attacked=tuple(record["attacked"]) if record["attacked"] is not None else None,
                )
            )
    return rows


def encode(
    rows: Iterable[Labelled],
    tokenizer: Tokenizer,
    *,
    respelled_share: float,
    seed: int,
    gains: tuple[float, ...],
) -> list[Encoded]:
    """Encode rows, respelling a share; `gains` multiplies the weight of the yes rows of each head."""
    chance = random.Random(seed)
    made, texts = [], []
    for row in rows:
        texts.append(respelled(row.text, chance) if chance.random() < respelled_share else row.text)
        weights = tuple(
            weight * (gain if target >= 0.5 else 1.0)
            for weight, target, gain in zip(row.weights, row.targets, gains, strict=True)
        )
        whom, whom_weights = attacked_targets(row)
        made.append((row.targets + whom, weights + whom_weights))
    encodings = tokenizer.encode_batch_fast(texts)
    return [
        Encoded(ids=encoding.ids, targets=targets, weights=weights)
        for encoding, (targets, weights) in zip(encodings, made, strict=True)
    ]


def batches(rows: list[Encoded], *, size: int, seed: int) -> Iterator[Batch]:
    """Yield every row once, in seeded order, in batches of like length."""
    chance = random.Random(seed)
    order = list(range(len(rows)))
    chance.shuffle(order)
    groups: list[list[int]] = []
    for start in range(0, len(order), size * _POOL_BATCHES):
        pool = sorted(order[start : start + size * _POOL_BATCHES], key=lambda place: len(rows[place].ids))
        groups.extend(pool[first : first + size] for first in range(0, len(pool), size))
    chance.shuffle(groups)
    for group in groups:
        yield padded([rows[place] for place in group])


def padded(rows: list[Encoded]) -> Batch:
    """Return rows as one batch, filled up to the longest."""
    width = max(len(row.ids) for row in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    for place, row in enumerate(rows):
        ids[place, : len(row.ids)] = torch.tensor(row.ids)
        mask[place, : len(row.ids)] = 1
    return Batch(
        ids=ids,
        mask=mask,
        targets=torch.tensor([row.targets for row in rows]),
        weights=torch.tensor([row.weights for row in rows]),
    )
