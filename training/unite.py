"""Unites runs in one: from the mean of their weights, taught what they say together of public texts, and the written lines.

Knows runs, rows and the losses of `train`. Must not know what the sets' labels mean. Rules: of a public row no label counts, as the runs know those
rows by heart: what counts is what they say of it with some of its words hidden, and of texts that nobody wrote (distillation of an ensemble,
Hinton et al. 2015; the mean of two runs is a better judge than either); the written lines keep their labels; seeded.

    python -m training.unite --runs shipped apart --start mean --out united

The heads of each run, and of the mean, have to be fitted (`training.heads`). The early exits are the first run's, and learn along.
"""

import argparse
import dataclasses
import random
from collections.abc import Sequence
from functools import partial

import torch
from tokenizers import Tokenizer

from training import mixture
from training.augment import spliced
from training.batches import Batch, encode, in_domains, read_rows
from training.labels import Labelled, unlabelled
from training.model import Classifier, States, load
from training.places import HEADS, OUTPUTS, SEED, WORK, work_folder
from training.train import (
    EXIT_WEIGHT,
    GATE_WEIGHT,
    Recipe,
    bfloat16,
    drop_within,
    exit_loss,
    gate_loss,
    loss_of,
    order_loss,
    run,
    same_loss,
)

RECIPE = Recipe(
    epochs=1,
    rate=5e-5,
    rate_end_share=0.0,
    respelled_share=0.2,
    hidden_share=0.15,
    same_weight=1.0,
    batch_rows=32,
    gains=(1, 1, 2, 1, 1, 2),
)
PUBLIC = {
    "cad": 13_402,
    "convabuse": 1_640,
    "kennedy_mhs": 4_500,
    "hatexplain": 4_000,
    "dynhate": 3_500,
    "hatemojibuild": 1_500,
    "civil_spans": 3_500,
    "jigsaw_half": 2_000,
    "jigsaw_sample6": 600,
    "davidson": 700,
    "edos": 600,
    "fox_news": 700,
    "irc": 2_000,
}
SPLICED = {"cad": 5_000, "civil_spans": 1_500, "kennedy_mhs": 1_000, "fox_news": 300}
TOGETHER_WEIGHT = 1.0
APART_SHARE = 0.15
"""How much each domain's meaning by itself counts beside what ships of them."""
ATTACKED_SHARE = 0.3
CLEAR = 6.0
"""Log-odds beyond which a run's word is taken as this much: how sure it is of what it knows by heart is no one's concern."""


def rows_of(
    public: list[Labelled], twice: Sequence[str], chance: random.Random, *, public_share: float = 1.0, others_share: float = 1.0
) -> list[Labelled]:
    """Return public rows and texts made of their sentences, without labels, half of the written lines as they stand and half varied, those
    of categories that begin with one of `twice` in both ways, and sentences of `swaps/`; of the public ones a share, and one of the
    other lines and sentences."""
    chosen = mixture.sample(public, {source: round(count * public_share) for source, count in PUBLIC.items()}, chance)
    for source, count in SPLICED.items():
        texts = [row.text for row in public if row.source == source]
        chosen += [unlabelled(text) for _ in range(round(count * public_share)) if (text := spliced(texts, chance))]
    lines = mixture.written(held_out=True)
    both = tuple(f"written/{name}" for name in twice)

    def is_new(row: Labelled) -> bool:
        return bool(both) and row.source.startswith(both)

    bundles = sorted({row.bundle or "" for row in lines})
    kept = chance.sample(bundles, round(len(bundles) * others_share))
    standing, moved = set(kept[: len(kept) // 2]), set(kept[len(kept) // 2 :])
    plain = [row for row in lines if row.bundle in standing or is_new(row)]
    other = [row for row in lines if row.bundle in moved or is_new(row)]
    return [
        *(unlabelled(row.text) for row in chosen),
        *mixture.copies(plain, mixture.among(mixture.varied(other, chance), chance)),
        *_share_of(mixture.swaps(chance, mixture.SWAPS_PER_SENTENCE_LATER, bundled=True), others_share, chance),
    ]


def _share_of(rows: list[Labelled], share: float, chance: random.Random) -> list[Labelled]:
    """Return the rows of a share of the bundles."""
    bundles = sorted({row.bundle or "" for row in rows})
    kept = set(chance.sample(bundles, round(len(bundles) * share)))
    return [row for row in rows if row.bundle in kept]


def together(runs: Sequence[Classifier], ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean of the runs' log-odds [rows, TEACHES, outputs]."""
    with torch.no_grad(), bfloat16():
        said = [run.heads.say(run.states(ids, mask).last.float()).apart.clamp(-CLEAR, CLEAR) for run in runs]
    return torch.stack(said).mean(dim=0)


def apart_loss(said: torch.Tensor, wanted: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """Return how far log-odds [rows, TEACHES, outputs] are from those wanted: of what ships (`shares` [TEACHES, outputs]), and of each domain."""
    weights = torch.tensor([1.0] * len(HEADS) + [ATTACKED_SHARE] * (len(OUTPUTS) - len(HEADS)))
    ships = torch.nn.functional.smooth_l1_loss((said * shares).sum(dim=1), (wanted * shares).sum(dim=1), reduction="none")
    each = torch.nn.functional.smooth_l1_loss(said, wanted, reduction="none").mean(dim=1)
    return ((ships + APART_SHARE * each) * weights).mean()


def united_loss(model: Classifier, read: States, batch: Batch, runs: Sequence[Classifier]) -> torch.Tensor:
    """Return the loss of one batch, whose rows without labels are those that the runs speak of."""
    last = read.last.float()
    said = model.heads.say(last)  # dropout would reach what is held together: half of such a loss was the dropout's
    logits = model.heads.whole(said)
    silent = ~(batch.weights > 0).any(dim=1)
    loss = EXIT_WEIGHT * exit_loss(model.early(read), logits)
    if silent.any():
        width = int(batch.mask[silent].sum(dim=1).max())
        wanted = together(runs, batch.ids[silent, :width], batch.mask[silent, :width])
        loss = loss + TOGETHER_WEIGHT * silent.float().mean() * apart_loss(said.apart[silent], wanted, model.heads.shares[0])
    if not silent.all():
        learnt = model.heads.say(last[~silent], dropped=RECIPE.dropped)
        targets, weights = in_domains(batch.targets[~silent], batch.weights[~silent], batch.domains[~silent], batch.taught[~silent])
        share = (~silent).float().mean()
        loss = loss + share * (loss_of(learnt.apart, targets, weights) + GATE_WEIGHT * gate_loss(learnt.ours, batch.domains[~silent]))
        loss = loss + RECIPE.same_weight * same_loss(logits, batch) + RECIPE.order_weight * order_loss(logits, batch)
    return loss


def main() -> int:
    """Unite runs; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", nargs="+", required=True, metavar="RUN", help="folders under work/ whose heads are fitted")
    parser.add_argument("--start", required=True, help="the folder under work/ of their mean, its heads fitted")
    parser.add_argument("--out", required=True, help="the folder under work/ for the result")
    parser.add_argument(
        "--twice", nargs="*", default=(), metavar="NAME", help="categories (their first letters) that no run has seen: read twice"
    )
    parser.add_argument("--public-share", type=float, default=1.0, metavar="SHARE", help="of the public rows")
    parser.add_argument(
        "--others-share", type=float, default=1.0, metavar="SHARE", help="of the lines of other categories than --twice, and of swaps/"
    )
    parser.add_argument("--dropped-within", type=float, default=0.0, metavar="SHARE", help="of attention and of each layer's results")
    parser.add_argument("--seed", type=int, default=SEED, help="another order, other rows and spellings: for another go")
    parser.add_argument("--steps-max", type=int, help="stop there; the learning rate reaches zero there")
    options = parser.parse_args()
    folder = work_folder(options.out)
    torch.manual_seed(options.seed)
    runs = [load(WORK / name, ready=True).eval() for name in options.runs]
    model = load(WORK / options.start, ready=True)
    model.exits.load_state_dict(runs[0].exits.state_dict())
    drop_within(model, options.dropped_within)
    tokenizer = (WORK / options.start / "tokenizer.json").read_text(encoding="utf-8")
    (folder / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    shares = {"public_share": options.public_share, "others_share": options.others_share}
    rows = rows_of(read_rows(WORK / "public.jsonl"), options.twice, random.Random(options.seed), **shares)
    reader = Tokenizer.from_str(tokenizer)
    labelled, silent = [row for row in rows if any(row.weights)], [row for row in rows if not any(row.weights)]
    encoded = [
        one
        for part, respelled in ((labelled, RECIPE.respelled_share), (silent, 0.0))
        for one in encode(part, reader, respelled_share=respelled, seed=options.seed, gains=RECIPE.gains, hidden_share=RECIPE.hidden_share)
    ]
    print(f"{len(encoded):,} rows, {len(silent):,} of them without labels", flush=True)
    run(
        model,
        [encoded],
        dataclasses.replace(RECIPE, seed=options.seed, steps_max=options.steps_max),
        folder,
        partial(united_loss, runs=runs),
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
