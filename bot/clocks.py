"""Where now comes from: the real clock, and that of a replay.

Knows: time. Must not know: anything else.
Rules: aware, UTC; a replay's clock only goes forward.
"""

from datetime import UTC, datetime


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)

    def saw(self, sent_at: datetime) -> None:
        """The machine's clock does not care."""


class ReplayClock:
    """A clock that stands where the transcript is."""

    def __init__(self, begin: datetime) -> None:
        self._now = begin

    def now(self) -> datetime:
        """The latest time that was seen."""
        return self._now

    def saw(self, sent_at: datetime) -> None:
        """Go there, never back."""
        self._now = max(self._now, sent_at)
