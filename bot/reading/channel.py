"""The likeliest words behind words that are disguised all over: a noisy channel.

Knows: how likely words are behind each other, how they are disguised (guesses). Must not know: texts, policies, scores.
Rules: what is read depends on the words alone; every step is linear in their number.

The source is a model of pairs of words (vocabulary, pairs), the channel one of disguises (guesses), and the cheapest way through both is
followed from left to right (Viterbi), as in Kernighan, Church and Gale, "A spelling correction program based on a noisy channel model",
1990. Whoever disguises a text does it in one way: once the words are read with every way as likely as it is anywhere, they are read
again for each way that seems to be usual, and what costs least is what the text says.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from bot.reading.guesses import PRICES, Way, joined_price, usual_ways
from bot.reading.vocabulary import Vocabulary

PIECES_MAX = 4
"""Pieces into which one word may have been cut."""
PATHS_MAX = 6
"""Ways through the words that are followed at a time."""
PAIR = 2
"""Words of which a name may be made, and that may have their blank in another place."""
NAME_PRICE = 2.0
"""What it costs more to read a name as another word."""
PARTED_ELSEWHERE_PRICE = 2.0
"""What two words cost more that have their blank in another place."""


class Run(NamedTuple):
    """Words that follow each other with one blank between them; `known` are those that are taken to be words."""

    written: Sequence[str]
    known: Sequence[bool]


class Step(NamedTuple):
    """What the words from one place to another say."""

    start: int
    end: int
    said: str
    way: Way


class _Path(NamedTuple):
    """The cheapest way to a word: its cost, its last step, and the last word before that step."""

    cost: float
    step: Step
    before: str


def decoded(runs: Sequence[Run], words: Vocabulary) -> list[list[Step]]:
    """What the runs of words of one text say."""
    read = [_followed(run, Way.NONE, words) for run in runs]
    for usual in usual_ways(step.way for _, steps in read for step in steps):
        again = [_followed(run, usual, words) for run in runs]
        read = min(read, again, key=lambda one: sum(cost for cost, _ in one))
    return [steps for _, steps in read]


def _followed(run: Run, usual: Way, words: Vocabulary) -> tuple[float, list[Step]]:
    """The cheapest way through the words where one way to disguise them is usual: its cost and its steps."""
    start = _Path(0.0, Step(0, 0, "", Way.NONE), "")
    best: list[dict[str, _Path]] = [{"": start}]
    for end in range(1, len(run.written) + 1):
        paths: dict[str, _Path] = {}
        for start_of, price, said, way in _ways(run, end, usual, words):
            inner = price + sum(words.after(one, other) for one, other in pairwise(said))
            step = Step(start_of, end, " ".join(said), way)
            for before, path in best[start_of].items():
                cost = path.cost + inner + words.after(before, said[0])
                if said[-1] not in paths or cost < paths[said[-1]].cost:
                    paths[said[-1]] = _Path(cost, step, before)
        kept = sorted(paths, key=lambda word: (paths[word].cost, word))[:PATHS_MAX]
        best.append({word: paths[word] for word in kept})
    last = next(iter(best[-1]))
    total, steps, end = best[-1][last].cost, [], len(run.written)
    while end:
        _, step, last = best[end][last]
        steps.append(step)
        end = step.start
    return total, steps[::-1]


def _ways(run: Run, end: int, usual: Way, words: Vocabulary) -> Iterator[tuple[int, float, tuple[str, ...], Way]]:
    """What the words up to a place may be: where that begins, what its disguise costs, the words, and how they were disguised."""
    written, known = run
    last = written[end - 1]
    name = known[end - 1] and last not in words
    for guess in words.guesses(last):
        bonus = words.bonus(guess.said) if guess.way is not Way.NONE else 0.0
        if bonus and (name or guess.known):
            continue  # neither a name nor a word that there is hides abuse: Penistone, "whit", "are"
        if not name or guess.way is Way.NONE:
            yield end - 1, guess.price(usual) - bonus, guess.said, guess.way
        elif len(guess.said) != PAIR:
            yield end - 1, guess.price(usual) + NAME_PRICE, guess.said, guess.way
    for start in range(max(0, end - PIECES_MAX), end - 1):
        short = not {"a", "i"}.isdisjoint(written[start:end])
        yield from _as_one(start, "".join(written[start:end]), usual, words, known=all(known[start:end]), short=short)
    if end >= PAIR and not all(known[end - PAIR : end]):
        yield from _parted_elsewhere(end - PAIR, written[end - PAIR], last, words)


def _as_one(
    start: int, together: str, usual: Way, words: Vocabulary, *, known: bool, short: bool
) -> Iterator[tuple[int, float, tuple[str, ...], Way]]:
    """Words that are one word with blanks in it."""
    price = joined_price(usual, known=known, short=short) - words.bonus((together,))
    if words.is_common(together):
        yield start, price, (together,), Way.APART
    elif spelt := words.spelt(together):
        yield start, price + PRICES[Way.SPELT], (spelt,), Way.APART


def _parted_elsewhere(start: int, one: str, other: str, words: Vocabulary) -> Iterator[tuple[int, float, tuple[str, ...], Way]]:
    """Two words whose blank stands in another place."""
    together = one + other
    price = PARTED_ELSEWHERE_PRICE + joined_price(Way.NONE, known=False, short=not {"a", "i"}.isdisjoint((one, other)))
    for place in range(1, len(together)):
        left, right = together[:place], together[place:]
        if place != len(one) and words.is_common(left) and words.is_common(right):
            yield start, price - words.bonus((left, right)), (left, right), Way.APART
