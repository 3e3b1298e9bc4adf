"""What is asked of the scorer about a segment, and what its answers come to.

Knows: texts, scores, log-odds. Must not know: models, rules, who scores.
Rules: a text that may be meant in one way alone has the scores of that way; of several ways the mean of their log-odds counts, each as far
as it is likely; what could not be scored of the likeliest way is missing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import exp, log

from bot.core.model import Scored
from bot.core.phrases import Meanings
from bot.core.text import Reader

BLURRED = 0.7
"""Added to the log-odds of a text that is disguised all over and may be meant in several ways: it is never read without a mistake, and
mistakes make words milder (measured: training/README.md)."""
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class ToScore:
    """A segment for the scorer: its text as it is likeliest meant, and the places in it that must be read however long it is.

    `otherwise`: what else it may mean, each with how much likelier the first is, in nats. `blurred`: it is disguised all over.
    """

    text: str
    pointed_out: tuple[int, ...] = ()
    otherwise: tuple[tuple[str, float], ...] = ()
    blurred: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        """What the scorer reads, the likeliest first."""
        return (self.text, *(text for text, _ in self.otherwise))

    def shares(self) -> list[tuple[str, float]]:
        """What the scorer reads, and how likely each is meant: 0 to 1, together 1."""
        ways = [(self.text, 1.0), *((text, exp(-behind)) for text, behind in self.otherwise)]
        whole = sum(share for _, share in ways)
        return [(text, share / whole) for text, share in ways]

    def scored(self, scores: Sequence[Scored]) -> Scored:
        """The scores of the segment, from those of `texts`."""
        first = scores[0]
        ways = [(share, one) for (_, share), one in zip(self.shares(), scores, strict=True) if not one.missing]
        if first.missing or len(ways) == 1:
            return first
        likely = sum(share for share, _ in ways)
        means = {label: sum(share * _log_odds(one.values[label]) for share, one in ways) / likely for label in first.values}
        more = BLURRED if self.blurred else 0.0
        return replace(first, values={label: 1 / (1 + exp(-more - mean)) for label, mean in means.items()})

    def scored_by(self, score: Callable[[str, Sequence[int]], Scored]) -> Scored:
        """The scores of the segment, asked for one after the other."""
        return self.scored([score(self.text, self.pointed_out), *(score(text, ()) for text, _ in self.otherwise)])


def to_score(text: str, disguises: Reader, meanings: Meanings) -> ToScore:
    """What the scorer reads of a text, with disguises taken off and words of two meanings read as the policy says."""
    first, *others = disguises.ways(text)
    ways = {meanings.read(one.folded.text): one.behind for one in reversed([first, *others])}
    said = meanings.read(first.folded.text)
    otherwise = tuple((other, behind) for other, behind in sorted(ways.items(), key=lambda way: way[1]) if other != said)
    return ToScore(said, otherwise=otherwise, blurred=first.blurred)


def _log_odds(score: float) -> float:
    kept = min(max(score, _LEAST), 1 - _LEAST)
    return log(kept / (1 - kept))
