"""Asks whether the written lines give their side away by their words: a bag-of-words model should do badly on them.

Knows words and sides. Must not know models that ship. Rule: each category is judged by a model that saw all others.

    python -m training.bag_of_words
"""

import re
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from training.figures import auc
from training.written import Line, read_lines

_WORD = re.compile(r"[\w']+|[^\w\s]")
_SMOOTHING = 0.5


def words_of(line: Line) -> set[str]:
    """Return the words and signs of a line."""
    return set(_WORD.findall(line.text.lower()))


def log_odds(lines: list[Line]) -> dict[str, float]:
    """Return each word's log-odds of a breach (naive Bayes over presence)."""
    totals = Counter(line.side for line in lines)
    counts = {side: Counter(word for line in lines if line.side == side for word in words_of(line)) for side in totals}
    rates = {
        side: {word: (counts[side][word] + _SMOOTHING) / (totals[side] + 2 * _SMOOTHING) for word in
               counts["fine"].keys() | counts["breach"].keys()}
        for side in totals
    }  # fmt: skip
    return {word: float(np.log(rates["breach"][word] / rates["fine"][word])) for word in rates["fine"]}


def main() -> int:
    """Print the AUC by category and overall; return the exit code."""
    lines = [line for line in read_lines() if line.side is not None]
    values: NDArray[np.float64] = np.zeros(len(lines))
    for category in sorted({line.category for line in lines}):
        odds = log_odds([line for line in lines if line.category != category])
        places = [place for place, line in enumerate(lines) if line.category == category]
        for place in places:
            values[place] = sum(odds.get(word, 0.0) for word in words_of(lines[place]))
        truth = np.array([int(lines[place].side == "breach") for place in places])
        print(f"{auc(values[places], truth):.2f}  {category}")
    truth = np.array([int(line.side == "breach") for line in lines])
    right = float(((values > 0) == truth).mean())
    print(f"all: AUC {auc(values, truth):.3f}, {100 * right:.1f} % on the right side (50 % is a guess)")
    odds = log_odds(lines)
    seen = Counter(word for line in lines for word in words_of(line))
    for name, sign in (("breach", -1), ("fine", 1)):
        ordered = sorted((word for word in odds if seen[word] >= 25), key=lambda word: sign * odds[word])[:15]
        print(f"most {name}: {', '.join(ordered)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
