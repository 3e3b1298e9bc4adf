"""Chooses, for each head, the scale and shift of its log-odds, so that 0.8 means "hardly ever wrong" and 0.5 "likely".

Knows scores and answers. Must not know models. Rules: monotone (the scale is above zero), so that ranking never
changes; the false-alarm limits come first, the best decisions at 0.5 second.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.dev_sets import BASELINE, DevSet
from training.figures import known, macro_f1
from training.places import HEADS
from training.scoring import Scores, logits, sigmoid
from training.written import Line

THRESHOLD = 0.8
SPEECH_ABOVE_MAX = 0.003  # of politics_civil, per head
CHAT_ABOVE_MAX = 0.001  # of real civil chat, per head
FINE_ABOVE_MAX = 0.005  # of the fine written lines of held-out categories that stand in a pair with a breach, per head
SPEECH_LIKELY_MAX = 0.03  # of politics_civil above 0.5, per head
SCALE_MIN, SCALE_MAX = 0.3, 2.5  # steeper, and one typing slip would turn a score over
SCALE_BELOW = 2.5  # and below 0.5, so that fine texts lie near 0 whichever group they name, and not about in the middle
EXIT_DOUBT = 0.09  # a head that gives a text so much doubts it
# Of the texts that a head doubts, per head, so many may be let go at the exit after so many layers: more where it knows more.
EXIT_MISSED = {0: 0.001, 2: 0.003}
_FIT_LEAST = 100  # texts let go; an exit that lets fewer go is closed
SCALE_ABOVE = 1.2  # above 0.8 at least so steep, so that what is sure and what is nearly sure stand apart
_JUST_ABOVE = 1e-5  # in log-odds: more than float32 rounds off
SHORT_COUNTS, SHORT_MARGIN = 3.0, 0.003
"""How much it counts where decisions at 0.5 are worse than those of the run to beat, and how much better they should be: rounding and exits take a little."""
SEEN = ("dynhate",)  # of which the run to beat had been trained on most (README.md)
NOT_PURSUED = ("toxicr", "conda", "civil_spans")  # call policy fury and profanity toxic


@dataclass(frozen=True, slots=True, kw_only=True)
class Affine:
    """score = sigmoid(scale * logit + shift + gain * max(0, logit - knee) - drop * max(0, middle - logit)).

    Between 0.5 (at the middle) and 0.8 (at the knee) as flat as both have to be; outside steeper, so that what is surely fine comes
    near 0 and what is surely a breach near 1.
    """

    scale: float
    shift: float
    knee: float = 0.0
    gain: float = 0.0
    middle: float = 0.0
    drop: float = 0.0

    def apply(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the scores of raw log-odds."""
        above, below = np.maximum(0.0, raw - self.knee), np.maximum(0.0, self.middle - raw)
        return sigmoid(raw * self.scale + self.shift + above * self.gain - below * self.drop)


def calibrated(affines: Sequence[Affine], raw: Scores) -> Scores:
    """Return the scores [texts, affines], 0 to 1, of log-odds [texts, at least as many outputs]."""
    return np.stack([affine.apply(raw[:, place]) for place, affine in enumerate(affines)], axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """An early exit: a text whose doubt, in log-odds, stays under `limit` has score = sigmoid(scale * logit + shift)."""

    scale: NDArray[np.float64]
    shift: NDArray[np.float64]
    limit: float

    def taken(self, raw: Scores) -> NDArray[np.bool_]:
        """Return, for each text, whether it is let go, of its log-odds [texts, outputs + 1] at the exit."""
        kept: NDArray[np.bool_] = raw[:, -1] < self.limit
        return kept


def choose_exit(raw: Scores, last: Scores, missed: float) -> Exit:
    """Return the limit of doubt under which hardly any text is let go that the last layer would have doubted.

    `raw` holds an exit's log-odds, doubt last [texts, outputs + 1], `last` the calibrated scores of the last layer, for the same texts. Of the
    texts that a head doubts (EXIT_DOUBT or more), at most a share of `missed` may be let go. The exit's scores are fitted to the last layer's on
    those let go.
    """
    doubted = [raw[last[:, place] >= EXIT_DOUBT, -1] for place in range(len(HEADS))]
    limit = min((float(np.quantile(one, missed)) for one in doubted if len(one)), default=-np.inf)
    given = raw[:, -1] < limit
    if given.sum() < _FIT_LEAST:
        return Exit(scale=np.ones(last.shape[1]), shift=np.zeros(last.shape[1]), limit=-np.inf)
    fits = np.array([np.polyfit(raw[given, place], logits(last[given, place]), 1) for place in range(last.shape[1])])
    return Exit(scale=np.maximum(fits[:, 0], 0.01), shift=fits[:, 1], limit=limit)


def limit_for(values: NDArray[np.float64], share: float) -> float:
    """Return about the lowest value that at most `share` of the values reach: a little more, so that no rounding brings another over it."""
    allowed = math.floor(len(values) * share)
    ordered = np.sort(values)[::-1]
    return float(ordered[allowed] + _JUST_ABOVE) if allowed < len(ordered) else float(ordered[-1])


def _middle(head: str, sets: Sequence[DevSet], raw: dict[str, Scores], written: tuple[list[Line], Scores]) -> float:
    """Return the logit at which the decisions on dev sets and held-out written lines are best, on average.

    The lines count twice, but once for toxicity: what is on the wrong side there is told by another head as well, and the sets ask for more.
    What a set falls short of the run to beat counts besides.
    """
    place = HEADS.index(head)
    asked = [
        (*known(raw[dev.name], dev.answers[head], head), 0.0 if dev.name in SEEN else BASELINE.get((dev.name, head), (0.0, 0.0))[1])
        for dev in sets
        if head in dev.answers and dev.name not in NOT_PURSUED
    ]
    lines, scores = written
    if lines:
        asked.extend([(*known(scores, [line.labels[place] for line in lines], head), 0.0)] * (1 if head == "toxicity" else 2))
    asked = [one for one in asked if one[1].sum() >= 10]
    if not asked:
        return 0.0

    def worth(values: NDArray[np.float64], truth: NDArray[np.float64], to_beat: float, step: float) -> float:
        found = macro_f1(values, truth, step)
        return found - SHORT_COUNTS * max(0.0, to_beat + SHORT_MARGIN - found)

    steps = np.arange(-4.0, 4.0, 0.1)
    means = [np.mean([worth(*one, step) for one in asked]) for step in steps]
    return float(steps[int(np.argmax(means))])


def choose(
    sets: Sequence[DevSet],
    raw: dict[str, Scores],
    civil: dict[str, Scores],
    written: tuple[list[Line], Scores],
) -> list[Affine]:
    """Return one affine a head. All scores are logits; `written` holds the lines of held-out categories."""
    lines, scores = written
    breached = {line.pair for line in lines if line.side == "breach"}
    # Plainly fine lines, however many, would make room for wrong scores of those that share a breach's words.
    fine = [place for place, line in enumerate(lines) if line.side == "fine" and line.pair in breached]
    shares = {"politics_civil": SPEECH_ABOVE_MAX, "chat": CHAT_ABOVE_MAX}
    target = math.log(THRESHOLD / (1 - THRESHOLD))
    chosen = []
    for place, head in enumerate(HEADS):
        limits = [limit_for(civil[name][:, place], share) for name, share in shares.items() if name in civil]
        if fine and head != "obscene":
            limits.append(limit_for(scores[fine, place], FINE_ABOVE_MAX))
        high = max(limits) if limits else target
        middle = _middle(head, sets, raw, written)
        if "politics_civil" in civil:
            middle = max(middle, limit_for(civil["politics_civil"][:, place], SPEECH_LIKELY_MAX))
        middle = min(middle, high - target / SCALE_MAX)
        scale = min(SCALE_MAX, max(SCALE_MIN, target / (high - middle)))
        shift = target - scale * high
        chosen.append(
            Affine(
                scale=scale,
                shift=shift,
                knee=high,
                gain=max(0.0, SCALE_ABOVE - scale),
                middle=-shift / scale,
                drop=max(0.0, SCALE_BELOW - scale),
            )
        )
    return chosen
