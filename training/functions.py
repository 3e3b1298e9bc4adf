"""Functional tests: short sentences, each for one thing that a model of hatred gets wrong (HateCheck, Röttger et al. 2021), in our own words.

Knows the sentences of functions.txt and the groups to put into them. Must not know models. Rules: nothing of it is trained on; a function is
one sentence pattern's meaning, not a sample of chat, so that its share right says where to look and no more.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.figures import macro_f1
from training.places import HEADS, TRAINING
from training.scoring import Scores

FUNCTIONS = TRAINING / "functions.txt"
# {p}, {s}, {x}, {x1}
GROUPS = (
    ("women", "a woman", "bitches", "bitch"),
    ("trans people", "a trans person", "trannies", "tranny"),
    ("gay people", "a gay man", "faggots", "faggot"),
    ("Black people", "a Black man", "niggers", "nigger"),
    ("disabled people", "a disabled person", "spastics", "spastic"),
    ("Muslims", "a Muslim", "ragheads", "raghead"),
    ("immigrants", "an immigrant", "wogs", "wog"),
)
THRESHOLD = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One sentence, and what one head should say of it."""

    function: str
    head: str
    yes: bool
    text: str


def cases() -> list[Case]:
    """Return every sentence with every group."""
    found, function, head, yes = [], "", "", False
    for line in FUNCTIONS.read_text(encoding="utf-8").splitlines():
        if line.startswith("=="):
            function, head, answer = (part.strip() for part in line.removeprefix("==").split("|"))
            yes = answer == "1"
        elif line and not line.startswith("#"):
            texts = {_filled(line, group) for group in GROUPS} if "{" in line else {line}
            found += [Case(function=function, head=head, yes=yes, text=text) for text in sorted(texts)]
    return found


def _filled(sentence: str, group: tuple[str, ...]) -> str:
    text = sentence.format(**dict(zip(("p", "s", "x", "x1"), group, strict=True)))
    careful = sentence[:1].isupper() or sentence[-1] in ".?!"
    return text[:1].upper() + text[1:] if careful else text


def of_functions(rows: Sequence[Case], scores: Scores) -> dict[str, Any]:
    """Return, by function, the share on the right side of THRESHOLD, and by head the macro F1 over all of its functions."""
    right: dict[str, list[bool]] = defaultdict(list)
    values: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for case, said in zip(rows, scores[:, [HEADS.index(case.head) for case in rows]].diagonal(), strict=True):
        right[case.function].append((said >= THRESHOLD) == case.yes)
        values[case.head].append((float(said), case.yes))
    return {
        "cases": len(rows),
        "macro_f1": {
            head: round(macro_f1(np.array([said for said, _ in part]), np.array([int(yes) for _, yes in part]), THRESHOLD), 4)
            for head, part in values.items()
        },
        "right": {function: round(float(np.mean(part)), 3) for function, part in right.items()},
    }
