"""Measures what each domain means by each head on the dev sets and the held-out lines, and proposes how much of it should count in what ships.

Knows the model's outputs by domain. Must not change anything: labels.DOMAIN_SHARE and OURS_SHARE are set by hand, from what stands here. Rules:
what is nearest to a branch's chat counts most; a set that would fall behind the run to beat counts more; seeded.

    python -m training.shares --stage final
"""

import argparse
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from training.batches import Encoded
from training.evaluate import BASELINE, Material
from training.figures import auc
from training.heads import states_of
from training.labels import DOMAIN_SHARE, OURS_SHARE, TEACHES
from training.model import GATE_DOUBT, Classifier, load
from training.places import HEADS, SEED, WORK
from training.scoring import Windows, read

SET_MOST = 2_500
LINES, COMPANY = "lines", "company"
COUNTS = {"cad": 3.0, LINES: 3.0, COMPANY: 1.5}
"""How much a set's AUC counts, where it is not once: cad and our lines are nearest to our work."""
SHORT_COUNTS = 6.0
"""How much more what a set lacks to the run to beat, and MARGIN beyond it, counts."""
MARGIN = 0.008
TRIES_WIDE, TRIES_NEAR = 400, 800

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """One set's answers for one head: places of the texts, answers (1, 0), and the AUC of the run to beat, if any."""

    name: str
    places: NDArray[np.int64]
    answers: NDArray[np.int64]
    baseline: float | None


def questions(material: Material) -> tuple[list[str], dict[str, list[Asked]]]:
    """Return texts, and by head what is asked of them: some of each dev set, the held-out lines, and those among harmless ones."""
    chance = np.random.default_rng(SEED)
    texts: list[str] = []
    asked: dict[str, list[Asked]] = {head: [] for head in HEADS}

    def add(name: str, some: list[str], answers: dict[str, list[int | None]]) -> None:
        chosen = chance.permutation(len(some))[:SET_MOST]
        for head, values in answers.items():
            known = [(len(texts) + place, int(value)) for place, at in enumerate(chosen) if (value := values[at]) is not None]
            if 0 < sum(value for _, value in known) < len(known):
                places, truth = (np.array(column) for column in zip(*known, strict=True))
                asked[head].append(Asked(name, places, truth, BASELINE.get((name, head), (None,))[0]))
        texts.extend(some[at] for at in chosen)

    for dev in material.sets:
        add(dev.name, dev.texts, dev.answers)
    held = [line for line in material.lines if line.category in material.held]
    add(LINES, [line.text for line in held], {head: [line.labels[place] for line in held] for place, head in enumerate(HEADS)})
    lines = [material.lines[place] for place in material.accompanied]
    add(COMPANY, material.company, {head: [line.labels[place] for line in lines] for place, head in enumerate(HEADS)})
    return texts, asked


def say(model: Classifier, windows: Windows) -> tuple[Floats, Floats, Floats]:
    """Return the log-odds of each window by domain [windows, TEACHES, heads], of the wide part [windows, heads], and how surely it is of our
    register [windows] (0 to 1)."""
    last = states_of(model, [Encoded(ids=ids, targets=(), weights=()) for ids in windows.ids])
    with torch.no_grad():
        said = model.heads.say(last)
        wide = torch.cat([model.wide(torch.tensor([ids])) for ids in windows.ids])
    ours = torch.sigmoid(said.ours - GATE_DOUBT)
    return said.apart[:, :, : len(HEADS)].double().numpy(), wide.double().numpy(), ours.double().numpy()


def share_of(table: dict[str, dict[str, float]], head: str) -> Floats:
    """Return how much each of TEACHES counts [TEACHES] for a head."""
    return np.array([table.get(head, {}).get(name, 0.0) for name in TEACHES])


def figures(scores: Floats, asked: list[Asked]) -> Floats:
    """Return the AUC of each set [sets] of the scores [texts]."""
    return np.array([auc(scores[one.places], one.answers) for one in asked])


def worth(areas: Floats, asked: list[Asked]) -> float:
    """Return how good the AUC of all sets are together."""
    total = 0.0
    for area, one in zip(areas, asked, strict=True):
        short = min(0.0, area - one.baseline - MARGIN) if one.baseline else 0.0
        total += COUNTS.get(one.name, 1.0) * (area + SHORT_COUNTS * short)
    return total


def propose(apart: Floats, beside: Floats, starts: NDArray[np.int64], asked: list[Asked], now: Floats) -> tuple[Floats, Floats]:
    """Return the best shares [TEACHES] that were found, and their AUC; `apart` [windows, TEACHES] are one head's log-odds, `beside` [windows]
    what is added to them, `now` the shares to begin with."""
    chance = np.random.default_rng(SEED)

    def areas(shares: Floats) -> Floats:
        return figures(np.maximum.reduceat(apart @ shares + beside, starts), asked)

    best, found = now, areas(now)
    for number in range(TRIES_WIDE + TRIES_NEAR):
        if number < TRIES_WIDE:
            shares = chance.dirichlet(np.full(len(TEACHES), 0.5))
        else:
            moved = best + chance.normal(0, 0.06, len(TEACHES)) * (chance.random(len(TEACHES)) < 0.5)  # noqa: PLR2004
            shares = np.clip(moved, 0.0, None)
            shares /= shares.sum()
        there = areas(shares)
        if worth(there, asked) > worth(found, asked):
            best, found = shares, there
    return best, found


def main() -> int:
    """Print the tables; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", required=True, help="a folder under work/ whose heads are fitted")
    options = parser.parse_args()
    folder = WORK / options.stage
    texts, asked = questions(Material())
    windows = read(folder / "tokenizer.json", texts)
    apart, wide, ours = say(load(folder, ready=True).eval(), windows)
    print(f"{len(texts):,} texts; AUC by domain, without the wide part; then as they ship, and as proposed")
    for place, head in enumerate(HEADS):
        here, now, starts = apart[:, :, place], share_of(DOMAIN_SHARE, head), windows.starts
        by_domain = [figures(np.maximum.reduceat(here[:, teach], starts), asked[head]) for teach in range(len(TEACHES))]
        tables = [("elsewhere", now)]
        if head in OURS_SHARE:  # first what counts elsewhere, with what counts in our register as it is; then the other way round
            in_ours = share_of(OURS_SHARE, head)
            elsewhere, beside = here * (1 - ours)[:, None], wide[:, place] + ours * (here @ in_ours)
            tables.append(("in our register", in_ours))
        else:
            elsewhere, beside = here, wide[:, place]
        ships = figures(np.maximum.reduceat(elsewhere @ now + beside, starts), asked[head])
        best, proposed = propose(elsewhere, beside, starts, asked[head], now)
        found = [best]
        if head in OURS_SHARE:
            again, proposed = propose(here * ours[:, None], wide[:, place] + elsewhere @ best, starts, asked[head], in_ours)
            found.append(again)
        print(f"\n{head:26}" + "".join(f"{name:>11}" for name in (*TEACHES, "ships", "proposed")) + f"{'to beat':>11}")
        for number, one in enumerate(asked[head]):
            row = [areas[number] for areas in (*by_domain, ships, proposed)]
            print(f"  {one.name:24}" + "".join(f"{area:11.3f}" for area in row) + (f"{one.baseline:11.3f}" if one.baseline else ""))
        for (name, shares), new in zip(tables, found, strict=True):
            print(f"  {name:24}" + "".join(f"{share:11.2f}" for share in shares))
            print(f"  {'… proposed':24}" + "".join(f"{share:11.2f}" for share in new))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
