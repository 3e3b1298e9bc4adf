"""Fits the heads that ship, the wide part beside them and the early exits, behind an encoder that stays as it is.

Knows rows and states. Must not know how a head ships. Rules: heads and wide part learn from the labels, each exit from what they then say
together; the public rows weigh more for the heads than in the last stage, as little can be forgotten here; seeded.

    python -m training.heads --stage mean --out final
"""

import argparse
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer

from training import mixture
from training.batches import Encoded, encode, padded, read_rows
from training.labels import DOMAINS, Labelled, domain_weights
from training.model import EXITS, HEADS_UNITS, Classifier, Heads, load
from training.places import HEADS, OUTPUTS, SEED, WORK, work_folder
from training.train import loss_of
from training.wide import fit_wide, matrix

ALL = "all"
"""Outputs that learn from every row alike, beside those of each domain."""
PUBLIC_MOST = 56_000
SWAPS_MOST = 9_000
PUBLIC_GAIN = 3.0
EPOCHS = 8
DROPPED_STATES, DROPPED_INNER = 0.15, 0.5
DECAY = 0.01
DOMAIN_SHARE = {
    "toxicity": {"hate": 0.22, "tweets": 0.13, "comments": 0.46, "assistant": 0.12, "written": 0.07},
    "insult": {"debate": 0.15, "comments": 0.15, "written": 0.2, ALL: 0.5},
    "threat": {"comments": 0.3, "written": 0.7},
    "obscene": {"comments": 0.5, "written": 0.5},
    "identity_attack": {"debate": 0.1, "hate": 0.1, "tweets": 0.05, "written": 0.05, ALL: 0.7},
    "sexual": {"assistant": 0.1, "written": 0.4, ALL: 0.5},
}
"""How much of what each of DOMAINS, and all together, mean by a head counts in what ships; chosen on the dev sets and the held-out lines."""
_ROWS_FORWARD = 64
_ROWS_STEP = 512


def rows_for_heads(public: list[Labelled], written: list[Labelled]) -> list[Labelled]:
    """Return the nearest public rows, the written lines, and some sentences of swaps/."""
    chance = random.Random(SEED)
    known = mixture.nearest(public, chance)
    swaps = mixture.swaps(chance)
    return [
        *chance.sample(known, min(PUBLIC_MOST, len(known))),
        *written,
        *chance.sample(swaps, min(SWAPS_MOST, len(swaps))),
    ]


def rows_for_wide(public: list[Labelled], written: list[Labelled]) -> list[Labelled]:
    """Return all public rows, the written lines, and the sentences of swaps/: what no word alone should decide is in it too."""
    return [*public, *written, *mixture.swaps(random.Random(SEED))]


def states_of(model: Classifier, rows: Sequence[Encoded]) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Return what the heads read [rows, layers * hidden], and what each exit reads [rows, 2 hidden]; in the order of the rows."""
    order = sorted(range(len(rows)), key=lambda place: len(rows[place].ids))
    last = torch.zeros(len(rows), model.heads.dense.in_features)
    early = [torch.zeros(len(rows), 2 * model.config.hidden_size) for _ in EXITS]
    with torch.no_grad():
        for start in range(0, len(order), _ROWS_FORWARD):
            places = order[start : start + _ROWS_FORWARD]
            batch = padded([rows[place] for place in places])
            read = model.states(batch.ids, batch.mask)
            last[places] = read.last
            for kept, both in zip(early, read.early, strict=True):
                kept[places] = torch.cat(both, dim=-1)
            if start // _ROWS_FORWARD % 100 == 0:
                print(f"{start:,} of {len(order):,} rows read", flush=True)
    return last, early


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
    """Return heads that were fitted, with dropout, to targets and weights [rows, outputs] of states [rows, layers * hidden].

    `domains` [rows, domains] says how much each row teaches in each domain. Sets mean different things by one label, so that each domain
    has outputs of its own over shared units while they learn (multi-domain learning; one head a data set, as in MT-DNN, Liu et al. 2019),
    beside outputs that learn from all. What ships is their weighted sum, which is one output again, as they are linear.
    """
    heads, names = Heads(hidden), (*DOMAINS, ALL)
    said = torch.nn.Linear(HEADS_UNITS, len(names) * len(OUTPUTS))
    middle, spread = states.mean(dim=0), states.std(dim=0) + 1e-3
    taught = torch.cat([domains, torch.ones(len(domains), 1)], dim=1)

    def away(places: torch.Tensor) -> torch.Tensor:
        inner = heads.units((states[places] - middle) / spread, dropped=(DROPPED_STATES, DROPPED_INNER))
        logits = said(inner).view(len(places), len(names), len(OUTPUTS))
        return loss_of(logits, targets[places, None].expand_as(logits), weights[places, None] * taught[places, :, None])

    fit("heads", [*heads.dense.parameters(), *said.parameters()], away, len(states), rate=1e-3, epochs=EPOCHS)
    shares = [DOMAIN_SHARE.get(output, {ALL: 1.0}) for output in OUTPUTS]
    share = torch.tensor([[one.get(name, 0.0) for one in shares] for name in names])
    with torch.no_grad():
        heads.out.weight.copy_((said.weight.view(len(names), len(OUTPUTS), -1) * share[:, :, None]).sum(dim=0))
        heads.out.bias.copy_((said.bias.view(len(names), len(OUTPUTS)) * share).sum(dim=0))
        heads.dense.weight /= spread  # what made the states alike goes into the first product
        heads.dense.bias -= heads.dense.weight @ middle
    return heads


def main() -> int:
    """Fit heads and exits of one run; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", required=True, help="the folder under work/ whose encoder stays")
    parser.add_argument("--out", required=True, help="the folder under work/ for the result")
    options = parser.parse_args()
    source, folder = WORK / options.stage, work_folder(options.out)
    model, tokenizer = load(source).eval(), (source / "tokenizer.json").read_text(encoding="utf-8")
    public_rows, written = read_rows(WORK / "public.jsonl"), mixture.written(held_out=True)
    rows = rows_for_heads(public_rows, written)
    encoded = encode(rows, Tokenizer.from_str(tokenizer), respelled_share=0.1, seed=SEED, gains=(1.0,) * len(rows[0].targets))
    last, early = states_of(model, encoded)
    targets, weights = torch.tensor([row.targets for row in encoded]), torch.tensor([row.weights for row in encoded])
    public = torch.tensor([row.is_public for row in rows])
    weights = torch.where(public[:, None], weights * PUBLIC_GAIN, weights)
    torch.manual_seed(SEED)
    domains = torch.tensor([domain_weights(row.source) for row in rows])
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
    with torch.no_grad():
        logits = model.heads(last)
        logits[:, : len(HEADS)] += matrix([row.ids for row in encoded], words) @ model.wide.table.weight + model.wide.bias
        said = torch.sigmoid(logits)
    for states, layers in zip(early, EXITS, strict=True):
        head, half = model.exits[str(layers)], states.shape[1] // 2

        def away(places: torch.Tensor, head: torch.nn.Module = head, states: torch.Tensor = states, half: int = half) -> torch.Tensor:
            logits = head(states[places, :half], states[places, half:])
            return torch.nn.functional.binary_cross_entropy_with_logits(logits, said[places])

        fit(f"exit after {layers} layers", list(head.parameters()), away, len(rows), rate=1e-3, epochs=12)
    torch.save(model.state_dict(), folder / "model.pt")
    (folder / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
