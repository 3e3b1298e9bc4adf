"""Changes of a text that keep the way back to what was written.

Knows: ranges and what stands in their place. Must not know: words, disguises.
"""

import re
from collections.abc import Sequence

from bot.core.text import Folded

Edit = tuple[int, int, str]
"""Where something begins and ends, and what it says."""
CHUNK = re.compile(r"\S+")
"""A run of signs without blanks."""


def rewritten(folded: Folded, edits: Sequence[Edit]) -> Folded:
    """A folded text with ranges replaced, in order; each new text is led back to its whole range."""
    if not edits:
        return folded
    texts: list[str] = []
    origin: list[int] = []
    done = 0
    for start, end, new in edits:
        texts += folded.text[done:start], new
        origin += folded.origin[done:start]
        places = folded.origin[start:end]
        last = len(new) - 1
        origin += (places[-1] if n == last else places[min(n * len(places) // len(new), len(places) - 1)] for n in range(len(new)))
        done = end
    return Folded("".join(texts) + folded.text[done:], (*origin, *folded.origin[done:]))
