"""What arrives from Slack, sorted out: to be judged, to be removed, to be let in or taken out again, or for the bot itself.

Knows: which event is what, the community of the workspace, its rooms and mutes. Must not know: how messages are judged, the
connection, how actions are performed.
Rules: nothing here waits for Slack where what comes next would wait with it; an event is done on record when its message is judged, or
when there is nothing to judge in it; what is the moderators' own is not judged.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import structlog

from bot.communities import Community
from bot.core.model import Kind, Message
from bot.platforms.slack.inbox import Inbox
from bot.platforms.slack.mutes import Mutes
from bot.platforms.slack.people import People
from bot.platforms.slack.rooms import Rooms
from bot.platforms.slack.translate import NAME, Json, Place, event_message, join_of, time_of
from bot.ports import PlatformRefusedError, PlatformUnavailableError

log = structlog.get_logger()


class Arrivals:
    """The events of one workspace, worked on one after the other."""

    def __init__(
        self, *, community: Callable[[], Community], place: Callable[[], Place], rooms: Rooms, people: People, mutes: Mutes
    ) -> None:
        self._community, self._place = community, place
        self._rooms, self._people, self._mutes = rooms, people, mutes
        self._tasks: set[asyncio.Task[None]] = set()
        self.inbox = Inbox(community, self.work)

    async def work(self, event: Json, event_id: str) -> bool:
        """Work on one event. False where its room is not ready for it: it is offered again."""
        if event["type"] == "member_joined_channel":
            self._people.came(str(event.get("user") or ""), time_of(str(event["event_ts"])))
            self._beside(self._joined(event, event_id))
            return True
        if event["type"] == "reaction_removed":
            item = event.get("item") or {}
            if item.get("type") == "message":
                await self._community().service.reactions_changed(NAME, str(item["channel"]), str(item["ts"]))
            await self._community().let_go([event_id])
            return True
        message = event_message(event, self._place())
        if message is None or not self._is_judged(message):
            await self._community().let_go([event_id])
            return True
        self._rooms.heard(message)
        if message.kind is not Kind.REACTED:  # a reaction is no writing: many at once are no raid
            message = replace(message, joined_at=self._people.came_at(message.author))
        if await self._mutes.takes(message, lambda: self._removed(message, event, event_id)):
            return True
        return await self._community().service.accept(message, kept=event_id)

    async def close(self) -> None:
        """End what goes on beside; it stays on record."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _is_judged(self, message: Message) -> bool:
        """Whether a message is one to judge: by a person, not in the moderators' channel, and not read by catching up already."""
        if self._people.is_program(message.author) or self._rooms.is_moderators_own(message.server, message.room):
            return False
        is_first = message.kind in (Kind.SAID, Kind.SHARED) and (bool(message.text) or not message.shares)
        return not (is_first and self._rooms.was_read(message.room, message.id))

    async def _removed(self, message: Message, event: Json, event_id: str) -> None:
        """A muted member's message was deleted, or could not be: it is judged all the same."""
        await self._judge(message, event, event_id)

    async def _judge(self, message: Message | None, event: Json, event_id: str) -> None:
        """Hand over what was worked on beside; where its room or the record is not ready for it, it is offered again."""
        try:
            if message is None:
                await self._community().let_go([event_id])
                return
            taken = await self._community().service.accept(message, kept=event_id)
        except Exception as error:  # noqa: BLE001 - the record cannot be written now
            log.error("an event waits", kind=str(event.get("type")), error=type(error).__name__)
            taken = False
        if not taken:
            self.inbox.park(event_id, event)

    async def _joined(self, event: Json, event_id: str) -> None:
        """Somebody came into a channel: out again where a mute says so; and the name by which they go is read."""
        place, account = self._place(), str(event.get("user") or "")
        try:
            await self._mutes.joined(str(event.get("channel") or ""), account)
            name = await self._people.meet(place.server, account)
            if self._people.is_program(account):
                await self._rooms.refresh()  # Steward itself, as far as is known: there is one channel more
        except (PlatformUnavailableError, PlatformRefusedError) as error:
            log.warning("somebody who joined could not be looked at", reason=str(error))
            name = self._people.name_of(account)
        except Exception as error:  # noqa: BLE001 - whatever it is, others go on; the event stays and is tried again
            log.error("an event waits", kind="member_joined_channel", error=type(error).__name__)
            self.inbox.park(event_id, event)
            return
        message = None if self._people.is_program(account) else join_of(event, place, name)
        await self._judge(message, event, event_id)
