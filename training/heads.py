"""Fits the heads that ship and the wide part beside them, behind an encoder that stays as it is.

Knows rows and states. Must not know how a head ships. Rules: the public rows weigh more for the heads than in the last stage, as little
can be forgotten here; the early exits are fitted afterwards (training/exits.py), to what these say once it is calibrated; seeded.

    python -m training.heads --stage mean --out final
"""

import argparse
import random
from collections.abc import Callable, Sequence

import torch
from tokenizers import Tokenizer

from training import mixture
from training.batches import NOTHING, Encoded, encode, in_domains, padded, read_rows
from training.labels import Labelled
from training.model import Classifier, Heads, load
from training.places import HEADS, SEED, WORK, work_folder
from training.train import GATE_WEIGHT, bfloat16, gate_loss, loss_of
from training.wide import fit_wide, matrix

PUBLIC_MOST = 56_000
SWAPS_MOST = 14_000
PUBLIC_GAIN = 3.0
EPOCHS = 8
DROPPED_STATES, DROPPED_INNER = 0.15, 0.5
DECAY = 0.01
_ROWS_FORWARD = 64
_ROWS_STEP = 512


def rows_for_heads(public: list[Labelled], written: list[Labelled]) -> list[Labelled]:
    """Return the nearest public rows, the written lines, half of them among harmless ones once more, and some sentences of swaps/."""
    chance = random.Random(SEED)
    known = mixture.nearest(public, chance)
    swaps = mixture.swaps(chance)
    return [
        *chance.sample(known, min(PUBLIC_MOST, len(known))),
        *written,
        *mixture.joined(written, chance),
        *chance.sample(swaps, min(SWAPS_MOST, len(swaps))),
    ]


def rows_for_wide(public: list[Labelled], written: list[Labelled]) -> list[Labelled]:
    """Return all public rows, the written lines, and the sentences of swaps/: what no word alone should decide is in it too."""
    return [*(row for row in public if any(row.weights)), *written, *mixture.swaps(random.Random(SEED))]


def states_of(model: Classifier, rows: Sequence[Encoded]) -> torch.Tensor:
    """Return what the heads read [rows, layers * hidden], in the order of the rows."""
    order = sorted(range(len(rows)), key=lambda place: len(rows[place].ids))
    last = torch.zeros(len(rows), model.heads.dense.in_features)
    with torch.no_grad(), bfloat16():
        for start in range(0, len(order), _ROWS_FORWARD):
            places = order[start : start + _ROWS_FORWARD]
            batch = padded([rows[place] for place in places])
            last[places] = model.states(batch.ids, batch.mask).last.float()
            if start // _ROWS_FORWARD % 100 == 0:
                print(f"{start:,} of {len(order):,} rows read", flush=True)
    return last


def fit(
    name: str,
    parameters: Sequence[torch.nn.Parameter],
    loss: Callable[[torch.Tensor], torch.Tensor],
    count: int,
    *,
    rate: float,
    epochs: int,
) -> None:
    """Minimise `loss` of the places of `count` rows with AdamW, its rate falling to zero."""
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=DECAY)
    for epoch in range(epochs):
        optimiser.param_groups[0]["lr"] = rate * (1 - epoch / epochs)
        parts = []
        for places in torch.randperm(count).split(_ROWS_STEP):
            value = loss(places)
            value.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            parts.append(value.item())
        print(f"{name}, pass {epoch + 1} of {epochs}: loss {sum(parts) / len(parts):.4f}", flush=True)


def fit_heads(hidden: int, states: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor, domains: torch.Tensor) -> Heads:
    """Return heads that were fitted, with dropout, to targets and weights [rows, TEACHES, outputs] and the domains [rows, TEACHES] of states
    [rows, layers * hidden]."""
    heads = Heads(hidden)
    middle, spread = states.mean(dim=0), states.std(dim=0) + 1e-3

    def away(places: torch.Tensor) -> torch.Tensor:
        said = heads.say((states[places] - middle) / spread, dropped=(DROPPED_STATES, DROPPED_INNER))
        return loss_of(said.apart, targets[places], weights[places]) + GATE_WEIGHT * gate_loss(said.ours, domains[places])

    fit("heads", list(heads.parameters()), away, len(states), rate=1e-3, epochs=EPOCHS)
    with torch.no_grad():
        heads.dense.weight /= spread  # what made the states alike goes into the first product
        heads.dense.bias -= heads.dense.weight @ middle
    return heads


def main() -> int:
    """Fit the heads of one run; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", required=True, help="the folder under work/ whose encoder stays")
    parser.add_argument("--out", required=True, help="the folder under work/ for the result")
    parser.add_argument("--most", type=int, help="fit the heads to so many rows, drawn by the seed (reading them takes most of the time)")
    options = parser.parse_args()
    source, folder = WORK / options.stage, work_folder(options.out)
    model, tokenizer = load(source).eval(), (source / "tokenizer.json").read_text(encoding="utf-8")
    public_rows, written = read_rows(WORK / "public.jsonl"), mixture.written(held_out=True)
    rows = rows_for_heads(public_rows, written)
    if options.most and options.most < len(rows):
        rows = random.Random(SEED).sample(rows, options.most)
    encoded = encode(rows, Tokenizer.from_str(tokenizer), respelled_share=0.1, seed=SEED, gains=(1.0,) * len(rows[0].targets))
    last = states_of(model, encoded)
    targets, weights = torch.tensor([row.targets for row in encoded]), torch.tensor([row.weights for row in encoded])
    domains, taught = torch.tensor([row.domains for row in encoded]), torch.tensor([row.taught or NOTHING for row in encoded])
    targets, weights = in_domains(targets, weights, domains, taught.view(len(encoded), -1, len(HEADS)))
    weights[torch.tensor([row.is_public for row in rows])] *= PUBLIC_GAIN
    torch.manual_seed(SEED)
    model.heads = fit_heads(model.config.hidden_size, last, targets, weights, domains)
    words = model.config.vocab_size
    all_rows = rows_for_wide(public_rows, written)
    all_encoded = encode(all_rows, Tokenizer.from_str(tokenizer), respelled_share=0.0, seed=SEED, gains=(1.0,) * len(rows[0].targets))
    outputs = [(row.targets[: len(HEADS)], row.weights[: len(HEADS)]) for row in all_encoded]
    model.wide = fit_wide(
        matrix([row.ids for row in all_encoded], words),
        torch.tensor([targets for targets, _ in outputs]),
        torch.tensor([weights for _, weights in outputs]),
        words,
    )
    torch.save(model.state_dict(), folder / "model.pt")
    (folder / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
