"""Trains: stage one on the public sets and the written lines as they stand, stage two on them twice more and the lines four times, words respelt
and hidden, stage three on less of them and the lines twice.

Knows the recipe. Must not know how labels are mapped or how a model is shipped. Rules: masked binary cross-entropy (a
missing label is no label); everything follows from the seed; a run that was killed goes on at its last checkpoint.
Without dropout in the encoder but for a run apart; products in bfloat16 where the processor has it (on two cores with AMX half of the time of
float32).

    python -m training.train --stage one
    python -m training.train --stage two --start stage-one
    python -m training.train --stage three --start stage-two

and, to be united with another run (training/unite.py), one that sees each public row once and nothing else:

    python -m training.train --stage apart
"""

import argparse
import dataclasses
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from training import mixture
from training.batches import OURS, Batch, Encoded, batches, encode, in_domains, read_rows
from training.model import Classifier, States, fresh, load
from training.places import HEADS, OUTPUTS, SEED, WORK, stage_folder, work_folder

CHECKPOINT_SECONDS = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a run does, in full."""

    epochs: int
    rate: float
    rate_end_share: float
    respelled_share: float
    warm_up_share: float = 0.05
    gains: tuple[float, ...] = (1, 1, 2, 1, 1, 2)
    hidden_share: float = 0.0
    dropped: tuple[float, float] = (0.1, 0.3)  # by the heads, of states and of units
    dropped_within: float = 0.0  # by the encoder, of attention and of each layer's results
    same_weight: float = 0.0
    order_weight: float = 0.3
    batch_rows: int = 48
    seed: int = SEED
    decay: float = 0.01
    steps_max: int | None = None


# Yes rows of threat and sexual are one in 170 and one in 480: without a gain their heads never pass 0.5.
RECIPES = {
    "one": Recipe(epochs=1, rate=1e-4, rate_end_share=0.2, respelled_share=0.0),
    "two": Recipe(epochs=2, rate=1e-4, rate_end_share=0.2, respelled_share=0.15, hidden_share=0.1, same_weight=1.5),
    "three": Recipe(epochs=1, rate=3e-5, rate_end_share=0.0, respelled_share=0.25, hidden_share=0.12, same_weight=1.5),
    "apart": Recipe(epochs=1, rate=5e-5, rate_end_share=0.0, respelled_share=0.0, dropped_within=0.1, order_weight=0.0, batch_rows=32),
}
ROWS = {"one": mixture.stage_one, "two": mixture.stage_two, "three": mixture.stage_three, "apart": mixture.public_once}
EXIT_WEIGHT = 0.5
GATE_WEIGHT = 0.05
HEADS_GAIN = 4.0
ORDER_MARGIN = 3.0  # in log-odds: how far apart the two sides of a contrast pair should come to lie


_FAST = {"avx512_bf16", "amx_bf16"}


def bfloat16() -> torch.autocast:
    """Return the context in which products are taken in bfloat16 where the processor is faster with it (AMX: eight times), else in float32."""
    known = torch.cpu.get_capabilities()
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=any(known.get(name) for name in _FAST))


def loss_of(logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return the binary cross-entropy over what is labelled, in proportion to the weights."""
    each = torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), targets, reduction="none")
    return (each * weights).sum() / weights.sum().clamp(min=1.0)


def same_loss(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Return the mean variance of the heads' log-odds over sentences that differ in a group's name alone (logit pairing)."""
    if not batch.same:
        return logits.new_zeros(())
    return torch.stack([logits[places, : len(HEADS)].var(dim=0, unbiased=False).mean() for places in batch.same]).mean()


def order_loss(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Return how far contrast pairs are from standing in order, by each head on which the two sides differ."""
    parts = []
    for places in batch.order:
        part, known = logits[places], batch.weights[places] > 0
        targets = batch.targets[places]
        for head in range(len(HEADS)):
            yes, no = (known[:, head] & (targets[:, head] >= 0.5)), (known[:, head] & (targets[:, head] < 0.5))
            if yes.any() and no.any():
                gap = part[yes, head][:, None] - part[no, head][None, :]
                parts.append(torch.nn.functional.softplus(ORDER_MARGIN - gap).mean())
    return torch.stack(parts).mean() if parts else logits.new_zeros(())


def gate_loss(ours: torch.Tensor, domains: torch.Tensor) -> torch.Tensor:
    """Return how far the gate's log-odds [rows] are from knowing our own lines, of domains [rows, TEACHES]."""
    return torch.nn.functional.binary_cross_entropy_with_logits(ours, (domains[:, OURS] >= 1.0).to(ours.dtype))


def exit_loss(early: list[torch.Tensor], last: torch.Tensor) -> torch.Tensor:
    """Return how far each exit is from what the last layer says of all outputs, labelled or not."""
    said = torch.sigmoid(last.detach())
    return torch.stack([torch.nn.functional.binary_cross_entropy_with_logits(one[:, : len(OUTPUTS)], said) for one in early]).mean()


def optimiser_of(model: Classifier, recipe: Recipe) -> torch.optim.AdamW:
    """Return AdamW, without decay for biases and norms; the heads and exits learn HEADS_GAIN times as fast as the encoder."""
    groups: list[dict[str, Any]] = []
    for outer in (False, True):
        for decayed in (False, True):
            parameters = [
                parameter
                for name, parameter in model.named_parameters()
                if name.startswith(("heads.", "exits.")) == outer
                and ("bias" not in name and "LayerNorm" not in name) == decayed
                and not name.startswith("wide.")
            ]
            groups.append({"params": parameters, "weight_decay": recipe.decay if decayed else 0.0, "gain": HEADS_GAIN if outer else 1.0})
    return torch.optim.AdamW(groups, lr=recipe.rate, fused=True)


def rate_at(step: int, steps: int, recipe: Recipe) -> float:
    """Return the learning rate: linear up over the warm-up, linear down to its share at the end."""
    warm = max(1, round(steps * recipe.warm_up_share))
    if step < warm:
        return recipe.rate * (step + 1) / warm
    left = (steps - step) / max(1, steps - warm)
    return recipe.rate * (recipe.rate_end_share + (1 - recipe.rate_end_share) * left)


LossFor = Callable[[Classifier, States, Batch], torch.Tensor]


def labels_loss(model: Classifier, read: States, batch: Batch, recipe: Recipe) -> torch.Tensor:
    """Return the loss of a batch by its labels and bundles, and of the exits by what the last layer says."""
    said = model.heads.say(read.last.float(), dropped=recipe.dropped)
    logits = model.heads.whole(said)
    loss = loss_of(said.apart, *in_domains(batch.targets, batch.weights, batch.domains, batch.taught))
    loss = loss + GATE_WEIGHT * gate_loss(said.ours, batch.domains)
    loss = loss + EXIT_WEIGHT * exit_loss(model.early(read), logits)
    if recipe.same_weight:
        loss = loss + recipe.same_weight * same_loss(logits, batch)
    if recipe.order_weight:
        loss = loss + recipe.order_weight * order_loss(logits, batch)
    return loss


def run(model: Classifier, passes: list[list[Encoded]], recipe: Recipe, folder: Path, loss_for: LossFor) -> None:
    """Train on the rows of each pass once, by the loss of each batch; leave model.pt in the folder. Goes on from folder/checkpoint.pt where that is there."""
    optimiser = optimiser_of(model, recipe)
    seeded = [(rows, recipe.seed + number) for number, rows in enumerate(passes)]
    whole = sum(1 for rows, seed in seeded for _ in batches(rows, size=recipe.batch_rows, seed=seed))
    steps = min(whole, recipe.steps_max or whole)
    checkpoint = folder / "checkpoint.pt"
    done = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        done = state["done"]
        print(f"goes on at step {done}")
    model.train()
    started = saved = time.monotonic()
    first, smooth = done, 0.0
    step = 0
    for rows, seed in seeded:
        for batch in batches(rows, size=recipe.batch_rows, seed=seed):
            step += 1
            if step <= done or step > steps:
                continue
            torch.manual_seed(recipe.seed * 1_000_003 + step)  # the same whether or not a run was resumed
            for group in optimiser.param_groups:
                group["lr"] = group["gain"] * rate_at(step - 1, steps, recipe)
            with bfloat16():
                read = model.states(batch.ids, batch.mask)
            loss = loss_for(model, read, batch)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=False)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            smooth = loss.item() if not smooth else 0.98 * smooth + 0.02 * loss.item()
            now = time.monotonic()
            if step % 50 == 0:
                left = (steps - step) * (now - started) / (step - first)
                print(f"{step}/{steps} loss {smooth:.4f} {now - started:.0f} s, {left / 60:.1f} min left", flush=True)
            if now - saved > CHECKPOINT_SECONDS:
                part = folder / "checkpoint.part"
                state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "done": step}
                torch.save(state, part)
                part.replace(checkpoint)
                saved = now
    torch.save(model.state_dict(), folder / "model.pt")
    checkpoint.unlink(missing_ok=True)


def drop_within(model: Classifier, share: float) -> None:
    """Let the encoder drop this share of attention and of each layer's results while it trains."""
    for module in model.bert.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = share


def main() -> int:
    """Train one stage; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", choices=sorted(RECIPES), required=True)
    parser.add_argument("--out", help="the folder under work/ for the result (stage-one, …)")
    parser.add_argument(
        "--start", help="the folder under work/ to start from (stage one: the base; later stages: a run whose heads are fitted)"
    )
    parser.add_argument("--rate", type=float)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int, help="another order, other rows and spellings")
    parser.add_argument("--steps-max", type=int, help="stop there; the learning rate reaches zero there")
    parser.add_argument("--all-written", action="store_true", help="hold no category out (before shipping)")
    options = parser.parse_args()
    changed = {name: value for name in ("rate", "epochs", "seed", "steps_max") if (value := getattr(options, name)) is not None}
    recipe = dataclasses.replace(RECIPES[options.stage], **changed)
    folder = work_folder(options.out or stage_folder(options.stage).name)
    public = read_rows(WORK / "public.jsonl")
    torch.manual_seed(recipe.seed)
    start = WORK / options.start if options.start else None
    held_out = not options.all_written
    if options.stage in ("two", "three") and start is None:
        parser.error(f"stage {options.stage} goes on from another one: name it with --start")
    model, tokenizer = (load(start, ready=True), (start / "tokenizer.json").read_text("utf-8")) if start else fresh()
    drop_within(model, recipe.dropped_within)
    (folder / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    (folder / "recipe.json").write_text(json.dumps(dataclasses.asdict(recipe), indent=2) + "\n", encoding="utf-8")
    reader = Tokenizer.from_str(tokenizer)
    passes = [
        encode(
            ROWS[options.stage](public, held_out=held_out, seed=seed),
            reader,
            respelled_share=recipe.respelled_share,
            seed=seed,
            gains=recipe.gains,
            hidden_share=recipe.hidden_share,
        )
        for seed in range(recipe.seed, recipe.seed + recipe.epochs)
    ]
    print(f"{sum(map(len, passes)):,} rows, {recipe}", flush=True)
    run(model, passes, recipe, folder, partial(labels_loss, recipe=recipe))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
