"""What goes wrong on purpose, and what was exchanged: the same for every wire-level server of these tests.

Knows: how to plan a failure for calls by method and path, and how a call is kept for later checks.
Must not know: Discord or Slack.
Rules: a planned failure is used up by the calls it answers; `*` stands for one part of a path, `**` for any number.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

EVERY = 1_000_000_000
"""`times` for a failure that stays until `clear`."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One planned failure. `performed`: the call does its work and the answer alone is lost."""

    method: str
    path: str
    failure: int | type[Exception]
    times: int
    code: int = 0
    message: str = ""
    performed: bool = False
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


class Faults:
    """The failures that are still to come, oldest first, and the delay of every answer."""

    def __init__(self) -> None:
        self.planned: list[Fault] = []
        self.latency_seconds = 0.0

    def fail_next(self, fault: Fault) -> None:
        """Plan a failure."""
        self.planned.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        """Use up one planned failure for this call, if there is one."""
        for fault in self.planned:
            if fault.times > 0 and same_call(fault.method, fault.path, method, path):
                fault.times -= 1
                self.planned = [one for one in self.planned if one.times > 0]
                return fault
        return None

    def clear(self) -> None:
        """Forget what was planned."""
        self.planned.clear()
        self.latency_seconds = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer, as they were. `template` is the documented path, "" where there is none."""

    at: datetime
    method: str
    path: str
    template: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    status: int
    answer: Any
    answer_headers: dict[str, str]
    fault: Fault | None = None
    token: str = ""

    @property
    def reason(self) -> str:
        """The reason for the audit log, still encoded."""
        return self.headers.get("X-Audit-Log-Reason", "")


def chosen(exchanges: Sequence[Exchange], method: str, path: str) -> list[Exchange]:
    """Give the exchanges of that method and path pattern, in order."""
    return [one for one in exchanges if same_call(method, path, one.method, one.path)]


def same_call(method_pattern: str, path_pattern: str, method: str, path: str) -> bool:
    """Say whether a call is one that the patterns speak of."""
    return method_pattern in {"*", method} and _compiled(path_pattern).fullmatch(path) is not None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*)", pattern)
    return re.compile("".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts))
