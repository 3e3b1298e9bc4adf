"""Which windows of a long text are read.

Knows: numbers of tokens. Must not know: the model, the words.
Rules: windows overlap by half, so that no phrase of half a window is ever cut; the first and the last ones are read, and
every one in which something was pointed out; the caller says that the rest was not read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

ENDS_MAX = 8
"""Windows read at the start and at the end of a text, each."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Half-open token ranges to read, in order, and whether they cover the whole text."""

    ranges: tuple[tuple[int, int], ...]
    whole: bool


def windows(tokens: int, *, length: int, pointed_out: Sequence[int] = ()) -> Windows:
    """Choose windows of `length` tokens over a text of `tokens`; `pointed_out` are token positions that must be read."""
    if tokens <= length:
        return Windows(((0, tokens),), whole=True)
    step = length // 2
    starts = [*range(0, tokens - length, step), tokens - length]
    if len(starts) <= 2 * ENDS_MAX:
        return Windows(tuple((start, start + length) for start in starts), whole=True)
    chosen = set(starts[:ENDS_MAX]) | set(starts[-ENDS_MAX:])
    for position in pointed_out:
        chosen.update(start for start in _around(starts, step, position) if start <= position < start + length)
    whole = len(chosen) == len(starts)
    return Windows(tuple((start, start + length) for start in sorted(chosen)), whole=whole)


def _around(starts: Sequence[int], step: int, position: int) -> Sequence[int]:
    """The few windows that can hold a position."""
    last = min(position // step, len(starts) - 1)
    return [*starts[max(0, last - 2) : last + 1], starts[-1]]
