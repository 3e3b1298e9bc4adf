"""What a platform's doctor found, as lines for a terminal.

Knows: how one thing can stand. Must not know: any platform.
Rules: everything wrong is listed, each with what to do; no token stands in any line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How one thing stands."""

    GOOD = "ok"
    HINT = "hint"
    CARE = "careful"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at: what, how it stands, what was found, and which switch to press where."""

    what: str
    state: State
    found: str
    press: str = ""


def run_doctor_text(checks: Sequence[Check]) -> str:
    """All checks for a terminal, what is wrong with what to do about it."""
    lines = []
    for one in checks:
        lines.append(f"{one.state:>8}  {one.what}: {one.found}")
        lines += [f"{'':>10}→ {step}" for step in one.press.split("\n") if step]
    wrong, care = (sum(one.state is state for one in checks) for state in (State.WRONG, State.CARE))
    lines.append("")
    lines.append("All is well." if not wrong and not care else f"{wrong} wrong, {care} to be careful about.")
    return "\n".join(lines)


def exit_code(checks: Sequence[Check]) -> int:
    """1 where something is wrong, else 0."""
    return int(any(one.state is State.WRONG for one in checks))
