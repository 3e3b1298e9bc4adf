"""Rate limits: tiers per method and minute, and limits of a test's own.

Knows: Slack's tiers, Retry-After. Must not know: what a call does.
Rules: nothing is limited unless a test says so, so that tests are quick; a limit counts per method (per channel for
chat.postMessage) in a sliding minute, whose length a test may shorten.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

PER_MINUTE = {0: 300, 1: 1, 2: 20, 3: 50, 4: 100}
"""Calls a minute by tier; 0 stands for the special limits, which are generous."""
POSTS_PER_SECOND = 1
POST_BURST = 4


@dataclass(slots=True)
class Limits:
    """The limits of one server."""

    minute_seconds: float = 60.0
    keeps_tiers: bool = False
    chosen: dict[str, int] = field(default_factory=dict)
    _calls: dict[str, list[datetime]] = field(default_factory=dict)

    def set(self, method: str, per_minute: int) -> None:
        """Give a method a limit of its own."""
        self.chosen[method] = per_minute

    def check(self, method: str, tier: int, key: str, now: datetime) -> int | None:
        """Count a call; give the seconds to wait where it is too much, at least 1."""
        limit = self.chosen.get(method)
        seconds = self.minute_seconds
        if limit is None:
            if not self.keeps_tiers:
                return None
            limit = PER_MINUTE[tier]
            if method == "chat.postMessage":
                limit, seconds = POST_BURST, POST_BURST / POSTS_PER_SECOND
        place = f"{method} {key if method == 'chat.postMessage' else ''}"
        since = now - timedelta(seconds=seconds)
        recent = self._calls[place] = [at for at in self._calls.get(place, []) if at > since]
        if len(recent) >= limit:
            return max(1, math.ceil((recent[0] - since).total_seconds()))
        recent.append(now)
        return None
