"""The likeliest words behind words that are disguised all over: a noisy channel.

Knows: how likely words are behind each other, how they are disguised (guesses). Must not know: texts, policies, scores.
Rules: what is read depends on the words alone; every step is linear in their number.

The source is a model of pairs of words (vocabulary, pairs), the channel one of disguises (guesses), and the cheapest way through both is
followed from left to right (Viterbi), as in Kernighan, Church and Gale, "A spelling correction program based on a noisy channel model",
1990. Whoever disguises a text does it in one way: once the words are read with every way as likely as it is anywhere, they are read
again for each way that seems to be usual, and what costs least is what the text says. The next cheapest ways through are found backwards
from its end, by the costs that are known already (Soong and Huang, "A tree-trellis based fast search for finding the N best sentence
hypotheses", 1991).
"""

from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import count, islice, pairwise
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


class Heard(NamedTuple):
    """One way to read the runs of words of a text, and how much more it costs than the cheapest one, in nats."""

    steps: list[list[Step]]
    behind: float


class _Edge(NamedTuple):
    """A step to a word from the last word before it, and what it costs."""

    cost: float
    step: Step
    before: str


class _Lattice(NamedTuple):
    """The ways through a run that are followed: for each place what the cheapest way to each last word costs, and the steps to it."""

    costs: list[dict[str, float]]
    edges: list[dict[str, list[_Edge]]]

    @property
    def cost(self) -> float:
        """What the cheapest way through costs."""
        return next(iter(self.costs[-1].values()))


def decoded(runs: Sequence[Run], words: Vocabulary, most: int = 1) -> list[Heard]:
    """What the runs of words of one text may say, at most so many ways to read them, the likeliest first."""
    read = [_followed(run, Way.NONE, words) for run in runs]
    for usual in usual_ways(step.way for lattice in read for step in _cheapest(lattice, 1)[0][1]):
        again = [_followed(run, usual, words) for run in runs]
        read = min(read, again, key=lambda one: sum(lattice.cost for lattice in one))
    heard: list[tuple[float, list[list[Step]]]] = [(0.0, [])]
    for lattice in read:
        further = [(before + cost, [*steps, more]) for before, steps in heard for cost, more in _cheapest(lattice, most)]
        heard = sorted(further, key=lambda one: one[0])[:most]
    return [Heard(steps, cost - heard[0][0]) for cost, steps in heard]


def _followed(run: Run, usual: Way, words: Vocabulary) -> _Lattice:
    """The ways through the words where one way to disguise them is usual."""
    costs: list[dict[str, float]] = [{"": 0.0}]
    edges: list[dict[str, list[_Edge]]] = [{}]
    for end in range(1, len(run.written) + 1):
        found: dict[str, list[_Edge]] = {}
        lowest: dict[str, float] = {}
        for start, price, said, way in _ways(run, end, usual, words):
            inner = price + sum(words.after(one, other) for one, other in pairwise(said))
            step = Step(start, end, " ".join(said), way)
            last = said[-1]
            for before, known in costs[start].items():
                edge = _Edge(inner + words.after(before, said[0]), step, before)
                found.setdefault(last, []).append(edge)
                if last not in lowest or known + edge.cost < lowest[last]:
                    lowest[last] = known + edge.cost
        kept = sorted(lowest, key=lambda word: (lowest[word], word))[:PATHS_MAX]
        costs.append({word: lowest[word] for word in kept})
        edges.append({word: found[word] for word in kept})
    return _Lattice(costs, edges)


def _cheapest(lattice: _Lattice, most: int) -> list[tuple[float, list[Step]]]:
    """The cheapest ways through a run, at most so many: what each costs, and its steps."""
    return list(islice(_backwards(lattice), most))


class _Begun(NamedTuple):
    """A way through that is known from a place to the end: what the cheapest whole way with it costs, its first step, the rest of it."""

    cost: float
    number: int
    place: int
    word: str
    behind: float
    steps: "tuple[Step, _Begun] | None"


def _backwards(lattice: _Lattice) -> Iterator[tuple[float, list[Step]]]:
    """The ways through, the cheapest first: best first search from the end, as what lies before a word is known exactly."""
    number = count()
    end = len(lattice.costs) - 1
    begun = [_Begun(cost, next(number), end, word, 0.0, None) for word, cost in lattice.costs[end].items()]
    heapify(begun)
    while begun:
        one = heappop(begun)
        if not one.place:
            yield one.cost, list(_steps(one))
            continue
        for edge in lattice.edges[one.place][one.word]:
            start, behind = edge.step.start, one.behind + edge.cost
            cost = lattice.costs[start][edge.before] + behind
            heappush(begun, _Begun(cost, next(number), start, edge.before, behind, (edge.step, one)))


def _steps(one: _Begun) -> Iterator[Step]:
    """The steps of a way, from its first."""
    while one.steps:
        step, one = one.steps
        yield step


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
