"""Fits the heads and the early exits again, behind an encoder that stays as it is.

Knows rows and states. Must not know how a head ships. Rules: after weights were averaged the mean of two heads is no head of the mean:
each head learns again from the labels, each exit from what the last layer says; the public rows weigh more than in stage two, as
there are only 385 numbers a head to forget them with; seeded.

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
from training.labels import Labelled
from training.model import EXITS, Classifier, load
from training.places import SEED, WORK, work_folder
from training.train import loss_of

PUBLIC_MOST = 36_000
SWAPS_MOST = 5_000
PUBLIC_GAIN = 3.0
_ROWS_FORWARD = 64
_ROWS_STEP = 512


def rows_for_heads(public: Path) -> list[Labelled]:
    """Return the public rows of stage two (a part), each written line once as it stands, and some sentences of swaps/."""
    chance = random.Random(SEED)
    rows = mixture.stage_two(read_rows(public), held_out=True, seed=SEED)
    written = [row for row in rows if row.source.startswith("written/") and (row.bundle or "").endswith("#0")]
    swaps = [row for row in rows if row.source.startswith("swaps/")]
    known = [row for row in rows if not row.source.startswith(("written/", "swaps/"))]
    return [
        *chance.sample(known, min(PUBLIC_MOST, len(known))),
        *written,
        *chance.sample(swaps, min(SWAPS_MOST, len(swaps))),
    ]


def states_of(model: Classifier, rows: Sequence[Encoded]) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Return what the heads read [rows, hidden], and what each exit reads [rows, 2 hidden]; in the order of the rows."""
    order = sorted(range(len(rows)), key=lambda place: len(rows[place].ids))
    hidden = model.config.hidden_size
    last = torch.zeros(len(rows), hidden)
    early = [torch.zeros(len(rows), 2 * hidden) for _ in EXITS]
    with torch.no_grad():
        for start in range(0, len(order), _ROWS_FORWARD):
            places = order[start : start + _ROWS_FORWARD]
            batch = padded([rows[place] for place in places])
            pooled, read = model.states(batch.ids, batch.mask)
            last[places] = pooled
            for kept, both in zip(early, read, strict=True):
                kept[places] = torch.cat(both, dim=-1)
            if start // _ROWS_FORWARD % 100 == 0:
                print(f"{start:,} of {len(order):,} rows read", flush=True)
    return last, early


def fit(
    name: str, parameters: Sequence[torch.nn.Parameter], loss: Callable[[torch.Tensor], torch.Tensor], count: int, *, rate: float, epochs: int
) -> None:
    """Minimise `loss` of the places of `count` rows with Adam, its rate falling to zero."""
    optimiser = torch.optim.Adam(parameters, lr=rate)
    torch.manual_seed(SEED)
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


def main() -> int:
    """Fit heads and exits of one run; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", required=True, help="the folder under work/ whose encoder stays")
    parser.add_argument("--out", required=True, help="the folder under work/ for the result")
    options = parser.parse_args()
    source, folder = WORK / options.stage, work_folder(options.out)
    model, tokenizer = load(source).eval(), (source / "tokenizer.json").read_text(encoding="utf-8")
    rows = rows_for_heads(WORK / "public.jsonl")
    encoded = encode(rows, Tokenizer.from_str(tokenizer), respelled_share=0.1, seed=SEED, gains=(1.0,) * len(rows[0].targets))
    last, early = states_of(model, encoded)
    targets, weights = torch.tensor([row.targets for row in encoded]), torch.tensor([row.weights for row in encoded])
    public = torch.tensor([not row.source.startswith(("written/", "swaps/")) for row in rows])
    weights = torch.where(public[:, None], weights * PUBLIC_GAIN, weights)
    heads = model.classifier
    fit(
        "heads",
        list(heads.parameters()),
        lambda places: loss_of(heads(last[places]), targets[places], weights[places]),
        len(rows),
        rate=2e-3,
        epochs=10,
    )
    with torch.no_grad():
        said = torch.sigmoid(heads(last))
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
