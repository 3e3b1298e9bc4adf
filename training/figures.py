"""Figures: ranking and right decisions on dev sets, false alarms on civil texts, sides and pairs of written lines.

Knows scores and answers. Must not know models or files. Rule: every figure says how many texts it rests on.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.dev_sets import DevSet
from training.places import HEADS
from training.scoring import Scores
from training.written import Line

ACTING = tuple(place for place, head in enumerate(HEADS) if head != "obscene")  # swearing alone is no breach


def auc(scores: NDArray[np.float64], answers: NDArray[np.int64]) -> float:
    """Return the chance that a yes scores above a no, ties counted half."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    yes = int(answers.sum())
    no = len(answers) - yes
    if not yes or not no:
        return float("nan")
    return float((ranks[answers == 1].sum() - yes * (yes + 1) / 2) / (yes * no))


def macro_f1(scores: NDArray[np.float64], answers: NDArray[np.int64], threshold: float) -> float:
    """Return the mean of the F1 of yes and the F1 of no at a threshold."""
    said = scores >= threshold
    parts = []
    for side in (True, False):
        right = int(((said == side) & (answers == side)).sum())
        wrong = int(((said == side) & (answers != side)).sum())
        missed = int(((said != side) & (answers == side)).sum())
        parts.append(2 * right / max(1, 2 * right + wrong + missed))
    return float(np.mean(parts))


def known(scores: Scores, answers: Sequence[int | None], head: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return one head's scores and answers where the answer is known."""
    places = [place for place, answer in enumerate(answers) if answer is not None]
    return scores[places, HEADS.index(head)], np.array([answers[place] for place in places], dtype=np.int64)


def of_dev(sets: Iterable[DevSet], scores: dict[str, Scores], threshold: float) -> dict[str, Any]:
    """Return, by set and head, AUC, macro F1 at 0.5 and at the threshold, and recall and false alarms there."""
    found: dict[str, Any] = {}
    for dev in sets:
        for head, answers in dev.answers.items():
            values, truth = known(scores[dev.name], answers, head)
            found.setdefault(dev.name, {})[head] = {
                "texts": len(truth),
                "yes": int(truth.sum()),
                "auc": round(auc(values, truth), 4),
                "macro_f1_at_0.5": round(macro_f1(values, truth, 0.5), 4),
                f"macro_f1_at_{threshold:g}": round(macro_f1(values, truth, threshold), 4),
                f"recall_at_{threshold:g}": round(float((values[truth == 1] >= threshold).mean()), 4),
                f"false_alarms_at_{threshold:g}": round(float((values[truth == 0] >= threshold).mean()), 4),
            }
    return found


def of_civil(scores: dict[str, Scores]) -> dict[str, Any]:
    """Return, by civil text set and head, the percentage above 0.5 and above 0.8."""
    return {
        name: {"texts": len(values)}
        | {
            head: {f"percent_above_{limit:g}": round(100 * float((values[:, place] >= limit).mean()), 3)
                   for limit in (0.5, 0.8)}
            for place, head in enumerate(HEADS)
        }
        for name, values in scores.items()
    }  # fmt: skip


def worst(scores: Scores) -> NDArray[np.float64]:
    """Return each text's highest score over the heads that a rule may act on (all but obscene)."""
    result: NDArray[np.float64] = scores[:, list(ACTING)].max(axis=1)
    return result


def pairs_in_order(lines: Sequence[Line], values: NDArray[np.float64]) -> tuple[float, int]:
    """Return the share of (fine, breach) couples of one pair where the breach scores higher, and their number."""
    groups: dict[str, dict[str, list[float]]] = defaultdict(lambda: {"fine": [], "breach": []})
    for line, value in zip(lines, values, strict=True):
        if line.side is not None:
            groups[line.pair][line.side].append(float(value))
    right = [b > f for group in groups.values() for f in group["fine"] for b in group["breach"]]
    return (float(np.mean(right)) if right else float("nan")), len(right)


def _side_figures(lines: Sequence[Line], scores: Scores, threshold: float) -> dict[str, Any]:
    sided = [place for place, line in enumerate(lines) if line.side is not None]
    lines, values = [lines[place] for place in sided], worst(scores[sided])
    breach = np.array([line.side == "breach" for line in lines])
    order, couples = pairs_in_order(lines, values)
    found: dict[str, Any] = {"lines": len(lines), "pairs_in_order": round(order, 4), "couples": couples}
    for limit in (0.5, threshold):
        found[f"right_side_at_{limit:g}"] = round(float(((values >= limit) == breach).mean()), 4)
        if breach.any():
            found[f"breach_caught_at_{limit:g}"] = round(float((values[breach] >= limit).mean()), 4)
        if (~breach).any():
            found[f"fine_above_{limit:g}"] = round(float((values[~breach] >= limit).mean()), 4)
    return found


def _head_figures(lines: Sequence[Line], scores: Scores, threshold: float) -> dict[str, Any]:
    """Each head by its own label: AUC, recall and false alarms at the threshold, recall at 1 % false alarms."""
    found: dict[str, Any] = {}
    for place, head in enumerate(HEADS):
        values, truth = known(scores, [line.labels[place] for line in lines], head)
        if not truth.any() or truth.all():
            continue
        yes, no = values[truth == 1], values[truth == 0]
        limit = float(np.quantile(no, 0.99, method="higher"))
        found[head] = {
            "yes": len(yes),
            "no": len(no),
            "auc": round(auc(values, truth), 4),
            f"recall_at_{threshold:g}": round(float((yes >= threshold).mean()), 4),
            f"false_alarms_at_{threshold:g}": round(float((no >= threshold).mean()), 4),
            "recall_at_1_percent_false_alarms": round(float((yes > limit).mean()), 4),
        }
    return found


def of_company(lines: Sequence[Line], alone: Scores, among: Scores, threshold: float) -> dict[str, Any]:
    """Return the figures of the same lines by themselves and among harmless ones: what is foul stays so in company, and what is fine too."""
    return {"alone": _side_figures(lines, alone, threshold), "among": _side_figures(lines, among, threshold)}


def of_written(lines: Sequence[Line], scores: Scores, held: frozenset[str], threshold: float) -> dict[str, Any]:
    """Return the figures of held-out and trained written lines, as a whole, by head and by category."""
    found: dict[str, Any] = {}
    for name, wanted in (("held_out", True), ("trained", False)):
        places = [place for place, line in enumerate(lines) if (line.category in held) is wanted]
        if not places:
            continue
        part = [lines[place] for place in places]
        found[name] = _side_figures(part, scores[places], threshold)
        found[name]["heads"] = _head_figures(part, scores[places], threshold)
        found[name]["categories"] = {
            category: _side_figures(
                [lines[place] for place in places if lines[place].category == category],
                scores[[place for place in places if lines[place].category == category]],
                threshold,
            )
            for category in sorted({line.category for line in part})
        }
    return found
