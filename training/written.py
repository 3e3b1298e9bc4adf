"""The lines of our own: reads and checks them, and holds a fifth of their categories out.

Knows the form of written/*.jsonl. Must not know models. Rules: every wrong line is named, all at once; a category that
was held out once stays held out, and one that was trained on is never held out later; a held-out category is held out whole,
whoever wrote it.

    python -m training.written        checks all lines, and brings written/HELD_OUT.json up to date
"""

import json
import random
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from training.places import HEADS, SEED, WRITTEN

HELD_OUT = WRITTEN / "HELD_OUT.json"
HELD_OUT_SHARE = 0.2
_SIDES = ("fine", "breach", None)  # None: two readers saw it differently


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One written line; `labels` in the order of HEADS; a side or label is None where two readers differ."""

    category: str
    writer: str
    text: str
    pair: str
    side: str | None
    register: str
    labels: tuple[int | None, ...]
    attacked: tuple[str, ...] = ()


class WrongLinesError(Exception):
    """Some written lines do not have the form that written/README.md asks for; one place and reason a line."""


def _reason(record: Any) -> str | None:
    if not isinstance(record, dict):
        return "not an object"
    lacking = {"text", "pair", "side", "register", "labels"} - record.keys()
    if lacking:
        return f"lacks {', '.join(sorted(lacking))}"
    if record["side"] not in _SIDES:
        return f"side is {record['side']!r}"
    if set(record["labels"]) != set(HEADS):
        return f"labels are {sorted(record['labels'])}"
    if any(value not in (0, 1, None) for value in record["labels"].values()):
        return "a label is neither 0, 1 nor null"
    if not str(record["text"]).strip():
        return "the text is empty"
    return None


def read_lines() -> list[Line]:
    """Return all written lines. Raises WrongLinesError, with every wrong line in it."""
    lines: list[Line] = []
    wrong: list[str] = []
    for path in sorted(WRITTEN.glob("*.jsonl")):
        category, _, writer = path.stem.rpartition(".")
        for number, content in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if not content.strip():
                continue
            try:
                record = json.loads(content)
            except json.JSONDecodeError as problem:
                wrong.append(f"{path.name}:{number}: {problem}")
                continue
            reason = _reason(record)
            if reason:
                wrong.append(f"{path.name}:{number}: {reason}")
                continue
            labels = tuple(record["labels"][head] for head in HEADS)
            lines.append(
                Line(
                    category=category,
                    writer=writer,
                    text=record["text"],
                    pair=f"{path.stem}/{record['pair']}",
                    side=record["side"],
                    register=record["register"],
                    labels=labels,
                    attacked=tuple(record.get("attacked") or ()),
                )
            )
    if wrong:
        raise WrongLinesError("\n".join(wrong))
    return lines


def held_out_categories() -> frozenset[str]:
    """Return the categories that no model is trained on."""
    return _set_down("categories")


def trained_categories() -> frozenset[str]:
    """Return the categories that a model may have been trained on: none of them can be held out any more."""
    return _set_down("trained")


def _set_down(name: str) -> frozenset[str]:
    return frozenset(json.loads(HELD_OUT.read_text(encoding="utf-8"))[name]) if HELD_OUT.exists() else frozenset()


def extended(categories: Iterable[str], held: frozenset[str], trained: frozenset[str]) -> frozenset[str]:
    """Return `held` with a seeded fifth of the new categories, one of threats and one of advances at least, if there are any."""
    new = sorted(set(categories) - held - trained)
    chance = random.Random(SEED)
    chance.shuffle(new)
    wanted = round(len(new) * HELD_OUT_SHARE)
    first = [next((name for name in new if kind in name), None) for kind in ("threat", "advance")]
    order = [name for name in first if name] + [name for name in new if name not in first]
    return held | frozenset(order[:wanted])


def main() -> int:
    """Check the lines and write HELD_OUT.json; return the exit code."""
    try:
        lines = read_lines()
    except WrongLinesError as problem:
        print(problem, file=sys.stderr)
        return 2
    counts = Counter((line.category, line.side) for line in lines)
    categories = {line.category for line in lines}
    held = extended(categories, held_out_categories(), trained_categories())
    note = (
        "No model is trained on `categories`. Once here, always here. python -m training.written holds a fifth of new categories out and"
        " sets the others down as `trained`: run it when all lines of a round are there, before training."
    )
    content = {"note": note, "categories": sorted(held), "trained": sorted(categories - held)}
    HELD_OUT.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    for category in sorted({line.category for line in lines}):
        mark = " (held out)" if category in held else ""
        print(f"{counts[category, 'fine']:4} fine {counts[category, 'breach']:4} breach  {category}{mark}")
    print(f"{len(lines):,} lines")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
