"""What Slack delivers once: on record before it is acknowledged, worked on from there, remembered after.

Knows: which events are kept, in which order they are worked on. Must not know: what they mean, how they are judged.
Rules: only what may have to be judged is kept, and of it the event alone; one worker, in order of arrival; what its room is not ready
for waits and is offered again; after a start everything that is not done comes first; no log line holds what was written.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import structlog

from bot.communities import Community
from bot.platforms.slack.translate import CHANGED, ROOM_KINDS, SPEECH, TOMBSTONE, Json

log = structlog.get_logger()

WAITING_MAX = 20_000
"""Events in memory: more wait in the record alone, and are read from there."""
AGAIN_SECONDS = 5.0
"""How often what waits for its room is offered again."""
KEPT_TYPES = frozenset({"message", "reaction_added", "reaction_removed", "member_joined_channel"})
MEMBERS_ROOMS = ("C", "G")
"""What the ids of channels begin with; direct messages begin with D."""
Work = Callable[[Json, str], Awaitable[bool]]
"""Works on one event under its id. False where it has to be offered again later."""


def is_kept(event: Json) -> bool:
    """Say whether an event may hold something to be judged: what members said, changed, reacted with, that they joined."""
    kind = event.get("type")
    if kind != "message":
        return kind in KEPT_TYPES
    channel_kind = event.get("channel_type")
    if channel_kind not in ROOM_KINDS and (channel_kind or not str(event.get("channel") or "").startswith(MEMBERS_ROOMS)):
        return False
    subtype = str(event.get("subtype") or "")
    if subtype == CHANGED:
        changed = event.get("message") or {}
        return changed.get("subtype") != TOMBSTONE and not changed.get("bot_id")
    return subtype in SPEECH and not event.get("bot_id")


class Inbox:
    """The events of one workspace."""

    def __init__(self, community: Callable[[], Community], work: Work) -> None:
        """`community` gives the community whose record it is."""
        self._community, self._work = community, work
        self._waiting: deque[tuple[str, Json]] = deque()
        self._parked: deque[tuple[str, Json]] = deque()
        self._new = asyncio.Event()
        self._more = False

    async def keep(self, payload: Mapping[str, Any]) -> None:
        """Put an event on record and in line; one that came before is nothing new. Raises where it cannot be recorded now."""
        event, event_id = payload.get("event"), payload.get("event_id")
        if not isinstance(event, Mapping) or not event_id or not is_kept(event):
            return
        if await self._community().keep(str(event_id), dict(event)):
            self._put(str(event_id), event)

    def _put(self, event_id: str, event: Json) -> None:
        if len(self._waiting) + len(self._parked) >= WAITING_MAX:
            self._more = True
            return
        self._waiting.append((event_id, event))
        self._new.set()

    def park(self, event_id: str, event: Json) -> None:
        """It waits for its room, and is offered again."""
        self._parked.append((event_id, event))

    def offer_again(self) -> None:
        """What waited for its room goes first in line again."""
        self._waiting.extendleft(reversed(self._parked))
        self._parked.clear()
        self._new.set()

    async def recall(self) -> int:
        """After a start: what stands on record and is not done goes in line. Gives how many."""
        rows = await self._community().kept(WAITING_MAX)
        known = {event_id for event_id, _ in (*self._waiting, *self._parked)}
        fresh = [(row.event_id, row.payload) for row in rows if row.event_id not in known]
        self._waiting.extendleft(reversed(fresh))
        self._new.set()
        return len(fresh)

    async def run(self) -> None:
        """Work until cancelled."""
        offered_at = time.monotonic()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_SECONDS):
                    await self._new.wait()
            self._new.clear()
            if time.monotonic() - offered_at >= AGAIN_SECONDS:
                offered_at = time.monotonic()
                self.offer_again()
            while self._waiting:
                event_id, event = self._waiting.popleft()
                if not await self._worked(event_id, event):
                    self.park(event_id, event)
            if self._more and not self._parked:
                self._more = False
                await self._recalled()

    async def _recalled(self) -> None:
        try:
            await self.recall()
        except Exception as error:  # noqa: BLE001 - the record cannot be read now: later
            log.error("the inbox waits", error=type(error).__name__)
            self._more = True

    async def _worked(self, event_id: str, event: Json) -> bool:
        try:
            try:
                return await self._work(event, event_id)
            except (KeyError, TypeError, ValueError, AttributeError) as error:  # one that nobody can read never stops the others
                log.error("an event could not be read", kind=str(event.get("type")), error=type(error).__name__)
                await self._community().let_go([event_id])
                return True
        except Exception as error:  # noqa: BLE001 - the record cannot be written now, or Slack is away: it stays and is tried again
            log.error("an event waits", kind=str(event.get("type")), error=type(error).__name__)
            return False
