"""The dev sets: which column answers for which head, and the texts of which nothing deserves an action.

Knows the dev folder. Must not know models. Rule: for development and choice only; none of it goes into training, and a
set that is not there is left out and said so.
"""

import json
import random
from dataclasses import dataclass
from pathlib import Path

from training.places import SEED
from training.prepare import read_set, text_key

# set -> head -> the column that is 1 where the head should be high
QUESTIONS: dict[str, dict[str, str]] = {
    "civil_spans": {name: name for name in ("insult", "obscene", "identity_attack", "threat")} | {"toxicity": "toxic"},
    "dynhate": {"identity_attack": "hate"},
    "hatemojibuild": {"identity_attack": "identity_attack", "threat": "threat"},
    "kennedy_mhs": {"identity_attack": "hate"},
    "cad": {"toxicity": "toxic", "identity_attack": "identity_attack", "insult": "insult"},
    "hatexplain": {"toxicity": "toxic", "identity_attack": "hate"},
    "convabuse": {"toxicity": "toxic", "sexual": "sexual"},
    "olid_test": {"toxicity": "toxic"},
    "stance_hof": {"toxicity": "toxic"},
    "toxicr": {"toxicity": "toxic"},
    "conda": {"toxicity": "toxic"},
    "davidson": {"identity_attack": "hate", "obscene": "offensive"},
    "edos": {"threat": "threat"},
}
CHAT_MESSAGES = 4_000
BASELINE: dict[tuple[str, str], tuple[float, float]] = {
    ("civil_spans", "toxicity"): (0.671, 0.587),
    ("civil_spans", "insult"): (0.736, 0.659),
    ("civil_spans", "obscene"): (0.850, 0.587),
    ("civil_spans", "identity_attack"): (0.799, 0.539),
    ("civil_spans", "threat"): (0.880, 0.498),
    ("dynhate", "identity_attack"): (0.902, 0.815),
    ("hatemojibuild", "identity_attack"): (0.627, 0.588),
    ("kennedy_mhs", "identity_attack"): (0.823, 0.734),
    ("cad", "toxicity"): (0.805, 0.694),
    ("cad", "identity_attack"): (0.833, 0.708),
    ("cad", "insult"): (0.808, 0.625),
    ("hatexplain", "toxicity"): (0.838, 0.742),
    ("hatexplain", "identity_attack"): (0.845, 0.676),
    ("convabuse", "toxicity"): (0.957, 0.847),
    ("olid_test", "toxicity"): (0.853, 0.685),
    ("stance_hof", "toxicity"): (0.816, 0.684),
    ("toxicr", "toxicity"): (0.689, 0.506),
    ("conda", "toxicity"): (0.692, 0.654),
}
"""What one earlier run reached, by set and head: AUC, macro F1 at 0.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevSet:
    """Texts and, for each head that the set answers for, the answers (1, 0, None = unknown)."""

    name: str
    texts: list[str]
    answers: dict[str, list[int | None]]


def read_dev(folder: Path, texts_max: int | None) -> list[DevSet]:
    """Return every dev set with answers that the folder holds, or a seeded sample of each."""
    found = []
    for name, questions in QUESTIONS.items():
        path = folder / f"{name}.jsonl.gz"
        if not path.exists():
            print(f"{path} is not there: left out")
            continue
        rows = list(read_set(path))
        if texts_max is not None and len(rows) > texts_max:
            rows = random.Random(SEED).sample(rows, texts_max)
        answers = {head: [row[column] for row in rows] for head, column in questions.items()}
        found.append(DevSet(name=name, texts=[row["text"] for row in rows], answers=answers))
    return found


def read_civil(folder: Path, train: Path) -> dict[str, list[str]]:
    """Return texts of which nothing deserves an action: politicians' sentences, real chat that training did not see."""
    found: dict[str, list[str]] = {}
    speeches = folder / "politics_civil.jsonl.gz"
    if speeches.exists():
        found["politics_civil"] = [row["text"] for row in read_set(speeches)]
    chat = folder.parent / "transcripts" / "ubuntu-irc.jsonl"
    if chat.exists():
        with chat.open(encoding="utf-8") as lines:
            texts = [json.loads(line)["text"] for line in lines]
        seen = train / "irc.jsonl.gz"  # the only set of such chat; what training left out of it is left out here too
        trained = {text_key(row["text"]) for row in read_set(seen)} if seen.exists() else frozenset()
        unseen = [text for text in texts if text_key(text) not in trained]
        found["chat"] = random.Random(SEED).sample(unseen, min(CHAT_MESSAGES, len(unseen)))
    return found
