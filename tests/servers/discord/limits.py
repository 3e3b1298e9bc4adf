"""Rate limits: buckets with headers, and 429 in each of Discord's scopes.

Knows: the documented headers and bodies. Must not know: what a call does.
Rules: every answer carries its bucket's headers; a 429 carries Via and JSON, unless a test plays the proxy that bans an
address; 401, 403 and 429 (not of scope shared) count towards that ban.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.servers.discord.faults import same_call

BAN_WINDOW = timedelta(minutes=10)


@dataclass(slots=True)
class Bucket:
    """How many calls are left until when."""

    limit: int
    seconds: float
    left: int
    resets_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """A 429: its scope, when to come again, and whether it comes from the proxy in front (no Via, no JSON)."""

    scope: str
    seconds: float
    from_proxy: bool = False
    code: int = 0

    def body(self) -> bytes:
        """What is read."""
        if self.from_proxy:
            return b"<html><title>Access denied</title>error code: 1015</html>"
        said = "The resource is being rate limited." if self.scope == "shared" else "You are being rate limited."
        whole = {"message": said, "retry_after": round(self.seconds, 3), "global": self.scope == "global", "code": self.code}
        return json.dumps(whole).encode()

    def headers(self) -> dict[str, str]:
        """What stands above it."""
        if self.from_proxy:
            return {"Retry-After": str(int(self.seconds) + 1)}
        found = {"Retry-After": str(int(self.seconds) + 1), "X-RateLimit-Scope": self.scope, "Via": "1.1 test"}
        return found | ({"X-RateLimit-Global": "true"} if self.scope == "global" else {})


@dataclass(slots=True, kw_only=True)
class _Planned:
    method: str
    path: str
    limited: Limited
    times: int


@dataclass(slots=True)
class Limits:
    """The buckets of one server. Generous unless a test says otherwise, so that tests are quick."""

    default: tuple[int, float] = (1000, 1.0)
    chosen: list[tuple[str, str, int, float]] = field(default_factory=list)
    global_per_second: int = 0
    invalid_max: int = 10_000
    invalid: list[datetime] = field(default_factory=list)
    _buckets: dict[tuple[str, str, str], Bucket] = field(default_factory=dict)
    _planned: list[_Planned] = field(default_factory=list)
    _recent: list[datetime] = field(default_factory=list)

    def set(self, method: str, path: str, limit: int, seconds: float) -> None:
        """Give the calls of that method and path pattern a limit of their own."""
        self.chosen.insert(0, (method, path, limit, seconds))
        self._buckets.clear()

    def limit_next(self, method: str, path: str, limited: Limited, times: int = 1) -> None:
        """Answer the next such calls with 429."""
        self._planned.append(_Planned(method=method, path=path, limited=limited, times=times))

    def check(self, method: str, path: str, key: tuple[str, str], now: datetime) -> tuple[Limited | None, dict[str, str]]:
        """Count a call: the 429 it gets, if any, and the bucket's headers."""
        if self.count_invalid(now) >= self.invalid_max:
            return Limited(scope="user", seconds=600, from_proxy=True), {}
        for planned in self._planned:
            if planned.times > 0 and same_call(planned.method, planned.path, method, path):
                planned.times -= 1
                return planned.limited, {}
        if self.global_per_second:
            self._recent = [one for one in self._recent if now - one < timedelta(seconds=1)]
            if len(self._recent) >= self.global_per_second:
                return Limited(scope="global", seconds=1 - (now - self._recent[0]).total_seconds()), {}
            self._recent.append(now)
        bucket = self._bucket(method, path, key, now)
        if bucket.left <= 0:
            wait = (bucket.resets_at - now).total_seconds()
            return Limited(scope="user", seconds=wait), _headers(bucket, method, key[0], now)
        bucket.left -= 1
        return None, _headers(bucket, method, key[0], now)

    def note(self, status: int, scope: str, now: datetime) -> None:
        """Count an answer that brings the ban nearer."""
        if status in {401, 403} or (status == 429 and scope != "shared"):
            self.invalid.append(now)

    def count_invalid(self, now: datetime) -> int:
        """How many 401, 403 and 429 there were in ten minutes."""
        while self.invalid and now - self.invalid[0] > BAN_WINDOW:
            self.invalid.pop(0)
        return len(self.invalid)

    def _bucket(self, method: str, path: str, key: tuple[str, str], now: datetime) -> Bucket:
        place = (method, *key)
        bucket = self._buckets.get(place)
        if bucket is None or bucket.resets_at <= now:
            limit, seconds = next(((n, s) for m, p, n, s in self.chosen if same_call(m, p, method, path)), self.default)
            bucket = self._buckets[place] = Bucket(limit, seconds, limit, now + timedelta(seconds=seconds))
        return bucket


def _headers(bucket: Bucket, method: str, template: str, now: datetime) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(bucket.limit),
        "X-RateLimit-Remaining": str(bucket.left),
        "X-RateLimit-Reset": f"{bucket.resets_at.timestamp():.3f}",
        "X-RateLimit-Reset-After": f"{max(0.0, (bucket.resets_at - now).total_seconds()):.3f}",
        "X-RateLimit-Bucket": hashlib.sha256(f"{method} {template}".encode()).hexdigest()[:32],
    }
