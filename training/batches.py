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
from training.labels import ALL, DOMAINS, TEACHES, Labelled, attacked_targets, domain_weights, unlabelled
from training.places import HEADS

TAUGHT_WEIGHTS = torch.tensor([{"debate": 0.35, "written": 0.25, ALL: 0.35}.get(name, 0.15) for name in TEACHES])
"""Of what the teacher says where the row's source is silent, [TEACHES]: more where it counts most in what ships."""
UNTAUGHT = "hatemojibuild"
"""Its emoji are unknown words to the teacher."""
OURS = DOMAINS.index("written")
NOTHING = (-1.0,) * (len(TEACHES) * len(HEADS))
_HIDDEN_FROM = 7  # tokens; of shorter texts none is hidden
_POOL_BATCHES = 50  # rows are sorted by length inside pools of so many batches, so that batches stay mixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """One row for the model: token ids, targets, weights (0 = masked), the bundle it must not be parted from, how much it teaches in each of
    TEACHES, and what the teacher says of it."""

    ids: list[int]
    targets: tuple[float, ...]
    weights: tuple[float, ...]
    bundle: str | None = None
    domains: tuple[float, ...] = (1.0,) * len(TEACHES)
    taught: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows of one step: ids and mask [rows, tokens], targets and weights [rows, outputs], domains [rows, TEACHES], what the teacher says
    [rows, heads] (below zero: nothing); places of rows that belong together."""

    ids: torch.Tensor
    mask: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor
    domains: torch.Tensor
    taught: torch.Tensor
    same: list[list[int]]
    order: list[list[int]]


def read_rows(path: Path) -> list[Labelled]:
    """Read what prepare wrote, and what the teacher said of some of it and of texts that are in no set (taught.jsonl beside it), where there was one."""
    rows, taught = [], {}
    said = path.with_name("taught.jsonl")
    if said.exists():
        with said.open(encoding="utf-8") as lines:
            taught = {record["text"]: tuple(record["taught"]) for record in map(json.loads, lines)}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            said_of_it = taught.pop(record["text"], None)
            rows.append(
                Labelled(
                    source=record["source"],
                    text=record["text"],
                    targets=tuple(record["targets"]),
                    weights=tuple(record["weights"]),
                    attacked=tuple(record["attacked"]) if record["attacked"] is not None else None,
                    taught=said_of_it if record["source"] != UNTAUGHT else None,
                )
            )
    rows += [unlabelled(text, values) for text, values in taught.items()]
    return rows


def gained(row: Labelled, gains: tuple[float, ...]) -> tuple[float, ...]:
    """Return the row's weights by head, those of its yes labels multiplied with the head's gain."""
    return tuple(weight * (gain if target >= 0.5 else 1.0) for weight, target, gain in zip(row.weights, row.targets, gains, strict=True))


def encode(
    rows: Iterable[Labelled],
    tokenizer: Tokenizer,
    *,
    respelled_share: float,
    seed: int,
    gains: tuple[float, ...],
    hidden_share: float = 0.0,
) -> list[Encoded]:
    """Encode rows, respelling a share; `gains` multiplies the weight of the yes rows of each head.

    `hidden_share` of the tokens of public rows, which have been seen often, stand as [MASK]: no row can be known by heart.
    """
    chance = random.Random(seed)
    made, texts, known = [], [], []
    for row in rows:
        known.append(row.is_public)
        texts.append(respelled(row.text, chance) if chance.random() < respelled_share else row.text)
        weights = gained(row, gains)
        whom, whom_weights = attacked_targets(row)
        made.append((row.targets + whom, weights + whom_weights, row))
    mask = tokenizer.token_to_id("[MASK]")

    def with_hidden(ids: list[int]) -> list[int]:
        return [ids[0], *(mask if chance.random() < hidden_share else token for token in ids[1:-1]), ids[-1]]

    encodings = tokenizer.encode_batch_fast(texts)
    return [
        Encoded(
            ids=with_hidden(encoding.ids) if hidden_share and public and len(encoding.ids) >= _HIDDEN_FROM else encoding.ids,
            targets=targets,
            weights=weights,
            bundle=row.bundle,
            domains=domain_weights(row.source),
            taught=row.taught,
        )
        for encoding, (targets, weights, row), public in zip(encodings, made, known, strict=True)
    ]


def _units(rows: list[Encoded]) -> list[list[int]]:
    """Return the places of rows, those of one bundle together."""
    bundles: dict[str, list[int]] = {}
    units: list[list[int]] = []
    for place, row in enumerate(rows):
        if row.bundle is None:
            units.append([place])
        elif row.bundle in bundles:
            bundles[row.bundle].append(place)
        else:
            units.append(bundles.setdefault(row.bundle, [place]))
    return units


def batches(rows: list[Encoded], *, size: int, seed: int) -> Iterator[Batch]:
    """Yield every row once, in seeded order, in batches of like length; a bundle stays whole, so some batches are a little larger."""
    chance = random.Random(seed)
    units = _units(rows)
    chance.shuffle(units)
    groups: list[list[int]] = []
    for start in range(0, len(units), size * _POOL_BATCHES):
        pool = sorted(units[start : start + size * _POOL_BATCHES], key=lambda unit: max(len(rows[place].ids) for place in unit))
        group: list[int] = []
        for unit in pool:
            group = [*group, *unit]
            if len(group) >= size:
                groups.append(group)
                group = []
        if group:
            groups.append(group)
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
    together: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if row.bundle is not None:
            together.setdefault(row.bundle, []).append(place)
    return Batch(
        same=[places for name, places in together.items() if name.startswith("same/") and len(places) > 1],
        order=[places for name, places in together.items() if name.startswith("order/") and len(places) > 1],
        ids=ids,
        mask=mask,
        targets=torch.tensor([row.targets for row in rows]),
        weights=torch.tensor([row.weights for row in rows]),
        domains=torch.tensor([row.domains for row in rows]),
        taught=torch.tensor([row.taught or NOTHING for row in rows]).view(len(rows), len(TEACHES), len(HEADS)),
    )


def in_domains(
    targets: torch.Tensor, weights: torch.Tensor, domains: torch.Tensor, taught: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return targets and weights [rows, TEACHES, outputs] of those of rows [rows, outputs], their domains and what the teacher says
    [rows, TEACHES, heads].

    What a row's source says counts in its domains, half of it where the teacher speaks too (its labels are one reader's more often than not).
    Elsewhere the teacher's word counts alone, with TAUGHT_WEIGHTS.
    """
    whole = targets[:, None].expand(-1, domains.shape[1], -1).clone()
    shares = weights[:, None] * domains[:, :, None]
    heads = taught.shape[2]
    own, share = whole[:, :, :heads], shares[:, :, :heads]
    said = taught >= 0
    whole[:, :, :heads] = torch.where(said, torch.where(share > 0, (own + taught) / 2, taught), own)
    shares[:, :, :heads] = torch.where(said, torch.maximum(share, TAUGHT_WEIGHTS[:, None]), share)
    return whole, shares
