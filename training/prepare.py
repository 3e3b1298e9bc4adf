"""Reads the public sets, maps their labels, drops duplicates and everything that stands in a dev set.

Knows the sets and where each is published. Must not know models. Rules: all missing sets are named at once, with their
place of publication, and the exit code is 2; the output is seeded and lies in the git-ignored work folder.

    python -m training.prepare [--train ../shared/train] [--dev ../shared/dev]
"""

import argparse
import gzip
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.labels import MAPPINGS, Labelled, labelled
from training.places import HEADS, PUBLIC_DEV, PUBLIC_TRAIN, SEED, work_folder

PUBLISHED = {
    "civil_spans": "Civil Comments with toxic spans (CC0): https://huggingface.co/datasets/google/civil_comments",
    "jigsaw_half": "Jigsaw Toxic Comment Classification, test, balanced (CC0 / CC-BY-SA 3.0): "
    "https://www.kaggle.com/c/jigsaw-toxic-comment-classification-challenge",
    "jigsaw_neg": "the same challenge, train, civil comments (CC0 / CC-BY-SA 3.0)",
    "jigsaw_sample6": "the same challenge, train, a sample with all six labels (CC0 / CC-BY-SA 3.0)",
    "cad": "Contextual Abuse Dataset (CC-BY-4.0): https://zenodo.org/records/4881008",
    "dynhate": "Dynamically Generated Hate Speech (CC-BY-4.0): https://github.com/bvidgen/Dynamically-Generated-Hate-Speech-Dataset",
    "hatemojibuild": "HatemojiBuild (CC-BY-4.0): https://github.com/HannahKirk/Hatemoji",
    "kennedy_mhs": "Measuring Hate Speech (CC-BY-4.0): https://huggingface.co/datasets/ucberkeley-dlab/measuring-hate-speech",
    "hatexplain": "HateXplain (MIT): https://github.com/hate-alert/HateXplain",
    "davidson": "Hate speech and offensive language (MIT): https://github.com/t-davidson/hate-speech-and-offensive-language",
    "edos": "Explainable Detection of Online Sexism (CC0): https://github.com/rewire-online/edos",
    "convabuse": "ConvAbuse (CC-BY-4.0): https://github.com/amandacurry/convabuse",
    "fox_news": "Fox News user comments (MIT): https://github.com/sjtuprog/fox-news-comments",
    "irc": "IRC disentanglement (CC-BY-4.0): https://github.com/jkkummerfeld/irc-disentanglement",
}

# Rows of one kind beyond these teach nothing new and cost minutes: casual profanity, civil chat.
DAVIDSON_OFFENSIVE_MAX = 5_000
IRC_MAX = 18_000

_FOLDED = re.compile(r"[\s!-/:-@\[-`{-~]+")  # white space and ASCII punctuation: emoji tell pairs apart


def text_key(text: str) -> str:
    """Return what two copies of one text share: lower case, words and emoji only."""
    return _FOLDED.sub(" ", text.lower()).strip() or text


def read_set(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def missing_sets(folder: Path) -> list[str]:
    """Return one line for each set that the folder lacks: the file expected, and where it is published."""
    return [
        f"{folder / name}.jsonl.gz is missing: {place}" for name, place in PUBLISHED.items() if not (folder / f"{name}.jsonl.gz").is_file()
    ]


def _thinned(source: str, rows: list[dict[str, Any]], chance: random.Random) -> list[dict[str, Any]]:
    chance.shuffle(rows)
    if source == "irc":
        return rows[:IRC_MAX]
    if source == "davidson":
        offensive = [row for row in rows if row["class_"] == "offensive"]
        return [row for row in rows if row["class_"] != "offensive"] + offensive[:DAVIDSON_OFFENSIVE_MAX]
    return rows


def collect(train: Path, dev: Path) -> tuple[list[Labelled], Counter[str]]:
    """Return the training rows in seeded order, and counts by set of what was kept and dropped."""
    chance = random.Random(SEED)
    seen = {text_key(row["text"]) for path in sorted(dev.glob("*.jsonl.gz")) for row in read_set(path)}
    in_dev = frozenset(seen)
    counts: Counter[str] = Counter()
    kept: list[Labelled] = []
    for source in MAPPINGS:
        for row in _thinned(source, list(read_set(train / f"{source}.jsonl.gz")), chance):
            key = text_key(row["text"])
            if key in seen:
                counts[f"{source}: {'stands in a dev set' if key in in_dev else 'duplicate'}"] += 1
                continue
            seen.add(key)
            made = labelled(source, row)
            if made is None:
                counts[f"{source}: says nothing"] += 1
                continue
            counts[f"{source}: kept"] += 1
            kept.append(made)
    chance.shuffle(kept)
    return kept, counts


def main() -> int:
    """Write work/public.jsonl; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, default=PUBLIC_TRAIN)
    parser.add_argument("--dev", type=Path, default=PUBLIC_DEV)
    options = parser.parse_args()
    lacking = missing_sets(options.train)
    if lacking:
        print("\n".join(lacking), file=sys.stderr)
        return 2
    rows, counts = collect(options.train, options.dev)
    target = work_folder() / "public.jsonl"
    with target.open("w", encoding="utf-8") as out:
        for row in rows:
            record = {"source": row.source, "text": row.text, "targets": row.targets, "weights": row.weights, "attacked": row.attacked}
            out.write(json.dumps(record) + "\n")
    for name, count in sorted(counts.items()):
        print(f"{count:7,}  {name}")
    for position, head in enumerate(HEADS):
        known = [row.targets[position] for row in rows if row.weights[position]]
        print(f"{head}: {len(known):,} known, {sum(value >= 0.5 for value in known):,} yes")
    print(f"{len(rows):,} rows in {target}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
