"""Asks whether the written lines give their side away by their words: a bag-of-words model should do badly on them.

Knows words and sides. Must not know models that ship. Rule: each category is judged by a model that saw all others.

    python -m training.bag_of_words
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.figures import auc
from training.written import Line, read_lines

_WORD = re.compile(r"[\w']+|[^\w\s]")
_SMOOTHING = 0.5


def words_of(line: Line) -> set[str]:
    """Return the words and signs of a line."""
    return set(_WORD.findall(line.text.lower()))


def _log_odds_of(word: str, totals: Counter[str], counts: dict[str, Counter[str]]) -> float:
    rate = {side: (counts[side][word] + _SMOOTHING) / (totals[side] + 2 * _SMOOTHING) for side in ("fine", "breach")}
    return math.log(rate["breach"] / rate["fine"])


def log_odds(totals: Counter[str], counts: dict[str, Counter[str]]) -> dict[str, float]:
    """Return each word's log-odds of a breach (naive Bayes over presence), of the lines of each side and the words in them."""
    return {word: _log_odds_of(word, totals, counts) for word in counts["fine"].keys() | counts["breach"].keys()}


def _counted(lines: Sequence[Line]) -> tuple[Counter[str], dict[str, Counter[str]]]:
    totals = Counter(line.side for line in lines if line.side is not None)
    counts = {side: Counter(word for line in lines if line.side == side for word in words_of(line)) for side in ("fine", "breach")}
    return totals, counts


def values_of(lines: Sequence[Line]) -> NDArray[np.float64]:
    """Return, for each line, what a model that saw all other categories makes of its words: above 0 a breach."""
    totals, counts = _counted(lines)
    values = np.zeros(len(lines))
    for category in sorted({line.category for line in lines}):
        places = [place for place, line in enumerate(lines) if line.category == category]
        own_totals, own_counts = _counted([lines[place] for place in places])
        others = totals - own_totals
        words = {place: words_of(lines[place]) for place in places}
        seen = {
            side: Counter({word: counts[side][word] - own_counts[side][word] for word in set().union(*words.values())}) for side in counts
        }
        odds = {word: _log_odds_of(word, others, seen) for word in seen["fine"] if seen["fine"][word] or seen["breach"][word]}
        for place in places:
            values[place] = sum(odds.get(word, 0.0) for word in words[place])
    return values


def misled(lines: Sequence[Line]) -> NDArray[np.bool_]:
    """Return which lines have a side that their words speak against: there a model has to read."""
    side = np.array([{"breach": 1.0, "fine": -1.0, None: 0.0}[line.side] for line in lines])
    wrong: NDArray[np.bool_] = values_of(lines) * side < 0
    return wrong


def main() -> int:
    """Print the AUC by category and overall; return the exit code."""
    lines = [line for line in read_lines() if line.side is not None]
    values = values_of(lines)
    for category in sorted({line.category for line in lines}):
        places = [place for place, line in enumerate(lines) if line.category == category]
        truth = np.array([int(lines[place].side == "breach") for place in places])
        print(f"{auc(values[places], truth):.2f}  {category}")
    truth = np.array([int(line.side == "breach") for line in lines])
    right = float(((values > 0) == truth).mean())
    print(f"all: AUC {auc(values, truth):.3f}, {100 * right:.1f} % on the right side (50 % is a guess)")
    odds = log_odds(*_counted(lines))
    seen = Counter(word for line in lines for word in words_of(line))
    for name, sign in (("breach", -1), ("fine", 1)):
        ordered = sorted((word for word in odds if seen[word] >= 25), key=lambda word: sign * odds[word])[:15]
        print(f"most {name}: {', '.join(ordered)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
