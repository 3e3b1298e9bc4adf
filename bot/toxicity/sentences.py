"""What the sentences of a text say by themselves, beside what the whole says.

Knows: text, log-odds. Must not know: the model, words, rules.
Rules: a sentence counts for a share alone, as quoting, denying and asking stand in the sentence beside, and only where it is sure by
itself; it never lowers a score; what is surely fine as a whole is not read again, as no sentence could bring it to 0.5.

A breach among harmless sentences is found half as often as by itself: a model says of a text what most of it is.
"""

import re
from typing import Any

import numpy as np

SHARE = 0.3
"""How much of what a sentence says more than the whole, in log-odds, counts (measured: training/README.md)."""
COUNTED = ("insult", "threat", "identity_attack", "sexual")
"""Heads for which sentences count: whom an attack is aimed at, swearing and how heated a text is are said by the whole."""
SENTENCES_MAX = 8
"""Of more sentences the last ones are one."""
SURE = 0.8
"""A sentence that says less by itself does not count: it finds no breach more, and puts fine words over 0.5."""
DOUBT = 0.05
"""A whole that says less of every head is surely fine."""
_END = re.compile(r"(?<=[.!?\u2026])\s+|\s*\n\s*")
_LEAST = 1e-6


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, or nothing where it has no two of them."""
    found = [part for part in _END.split(text.strip(), maxsplit=SENTENCES_MAX - 1) if part]
    return found if len(found) > 1 else []


def together(whole: Any, alone: Any) -> Any:
    """Return the scores of a text, 0 to 1: of those of the whole [heads] and of its sentences [sentences, heads]."""
    highest = np.max(alone, axis=0)
    said, more = _log_odds(whole), _log_odds(highest)
    joined = 1 / (1 + np.exp(-(said + SHARE * (more - said))))
    return np.where((highest >= SURE) & (more > said), np.maximum(joined, whole), whole).astype(np.float32)


def _log_odds(scores: Any) -> Any:
    kept = np.clip(np.asarray(scores, dtype=np.float64), _LEAST, 1 - _LEAST)
    return np.log(kept / (1 - kept))
