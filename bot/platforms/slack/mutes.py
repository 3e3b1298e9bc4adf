"""Mutes on Slack, which has none: what is done instead, for as long as they last.

Knows: deleting with an admin's token, taking members out of private channels and letting them in again. Must not know: why a mute was
decided, how cards look.
Rules: with an admin's token each new message of the member is deleted until the mute is over, the first one explained, later ones told
together; else in a private channel the member is taken out until then; else it is a request, and people do the rest. A mute is a state
of ours on record: it holds over restarts. What cannot be done is never said to be done; each removal is in the audit trail.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.communities import Community
from bot.core.model import Action, ActionKind, Kind, Message
from bot.core.naming import place as room_mark
from bot.core.notices import when
from bot.platforms.slack.asking import SlackCodeError, asked
from bot.platforms.slack.blocks import Post, sections
from bot.platforms.slack.letters import Letters
from bot.platforms.slack.reach import Reach
from bot.platforms.slack.rooms import Rooms
from bot.platforms.slack.showing import shown
from bot.platforms.slack.translate import NAME, is_ts
from bot.ports import Performed, PlatformRefusedError, PlatformUnavailableError

log = structlog.get_logger()

TOGETHER_SECONDS = 600.0
"""After the first removal is explained, later ones are told together this often."""
TRIES_MAX = 8
PAUSE_SECONDS_MIN, PAUSE_SECONDS_MAX = 1.0, 60.0
TAKEN_OUT, KEPT_OUT = "taken out of", "kept out of"
"""How the record says that a mute is a removal from a channel, with the channel behind it; and that they were not in it just then."""
NO_MUTE = "Slack has no mute: ask the member to stop until {until}, or take them out of the channel for that time"
EXPLAINED = (
    "Your message in {room} was removed, because you are muted until {until} (case {case}). Until then each new message of yours is "
    "removed. You can still appeal and report: write to me here."
)
MORE_REMOVED = "{count} more of your messages were removed, because you are muted until {until} (case {case})."


class Step(StrEnum):
    """What a mute is here: the steps of the ladder."""

    DELETES = "deletes"
    TAKES_OUT = "takes_out"
    ASKS = "asks"


@dataclass(slots=True)
class Removed:
    """What was removed of a member during one mute, and not yet told."""

    told: bool = False
    untold: int = 0
    case: int = 0
    until: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A message to be deleted, under which mute, and what follows once that was tried."""

    message: Message
    mute: Action
    then: Callable[[], Awaitable[None]]


class Mutes:
    """The mutes of one workspace."""

    def __init__(
        self,
        *,
        reach: Callable[[], Reach],
        bot: Callable[[], AsyncWebClient],
        admin: Callable[[], AsyncWebClient | None],
        rooms: Rooms,
        letters: Letters,
        community: Callable[[], Community],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._reach, self._bot, self._admin = reach, bot, admin
        self._rooms, self._letters, self._community, self._now = rooms, letters, community, now
        self._removals: asyncio.Queue[Removal] = asyncio.Queue()
        self._removed: dict[tuple[str, int], Removed] = {}

    async def step(self, room: str) -> Step:
        """What a mute for something in a room is. Raises PlatformUnavailableError."""
        reach = self._reach()
        if reach.deletes:
            return Step.DELETES
        channel = await self._rooms.channel(room) if reach.kicks else None
        return Step.TAKES_OUT if channel is not None and channel.is_private and not channel.is_general else Step.ASKS

    # Beginning and ending

    async def begin(self, action: Action) -> Performed:
        """Carry out a mute. Raises PlatformRefusedError where it is for people to do, PlatformUnavailableError."""
        if action.until is not None and action.until <= self._now():
            return Performed(detail="its time was over already")
        step = await self.step(action.room)
        if step is Step.DELETES:
            return Performed(detail="each new message of the member is deleted until then")
        if step is Step.TAKES_OUT:
            return await self._take_out(action)
        raise PlatformRefusedError(NO_MUTE.format(until=when(action.until) if action.until else "a moderator says otherwise"))

    async def _take_out(self, action: Action) -> Performed:
        try:
            with asked("not_in_channel"):
                await self._bot().conversations_kick(channel=action.room, user=action.target)
        except SlackCodeError:
            reference, detail = f"{KEPT_OUT} {action.room}", "they are not in the channel; in other channels it is a request"
            return Performed(reference=reference, detail=detail)
        detail = "taken out of the channel until then; in other channels it is a request"
        return Performed(reference=f"{TAKEN_OUT} {action.room}", detail=detail)

    async def end(self, action: Action) -> Performed:
        """End a mute: whoever was taken out of a channel is invited back. Raises as `begin`."""
        await self._tell_together(action.target)
        room = await self._taken_out_of(action)
        if not room:
            return Performed(detail="nothing is removed any more")
        try:
            with asked("already_in_channel"):
                await self._bot().conversations_invite(channel=room, users=action.target)
        except SlackCodeError:
            return Performed(reference=room, detail="they are in the channel again already")
        return Performed(reference=room, detail="invited back into the channel")

    async def _taken_out_of(self, action: Action) -> str:
        """The channel out of which the mute of the same case took the member; "" where it did not."""
        detail = await self._community().detail_of(action.case)
        rows = [row for row in detail.actions if row.action.kind is ActionKind.MUTE] if detail else []
        found = [row.reference.removeprefix(f"{TAKEN_OUT} ") for row in rows if row.reference.startswith(TAKEN_OUT)]
        return found[-1] if found else ""

    # While a mute lasts

    async def takes(self, message: Message, then: Callable[[], Awaitable[None]]) -> bool:
        """Whether a message is deleted because of a mute; then it is in line for that, and `then` is awaited afterwards."""
        if not self._reach().deletes or not is_ts(message.id) or message.kind not in (Kind.SAID, Kind.SHARED):
            return False
        mute = await self._community().mute_of(NAME, message.author)
        if mute is None or message.sent_at < mute.committed_at:
            return False
        self._removals.put_nowait(Removal(message=message, mute=mute.action, then=then))
        return True

    async def joined(self, room: str, account: str) -> None:
        """Somebody came into a channel: out again, where a mute took them out of it. Raises PlatformUnavailableError."""
        if self._reach().deletes or not self._reach().kicks:
            return
        mute = await self._community().mute_of(NAME, account)
        if mute is None or mute.reference not in (f"{TAKEN_OUT} {room}", f"{KEPT_OUT} {room}"):
            return
        try:
            await self._take_out(mute.action)
        except PlatformRefusedError as error:
            log.warning("a muted member came back into a channel", room=room, case=mute.action.case, reason=str(error))
            return
        await self._community().note("taken_out_again", mute.action.case, {"account": account, "room": room})

    async def run(self) -> None:
        """Remove what is in line, and tell of it, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell_all(), name="telling of removals on Slack")
            while True:
                removal = await self._removals.get()
                try:
                    await self._remove(removal)
                except Exception as error:  # noqa: BLE001 - one message that cannot be removed never stops the others
                    log.error("a message of a muted member was not removed", case=removal.mute.case, error=type(error).__name__)
                await removal.then()

    async def _remove(self, removal: Removal) -> None:
        message, mute = removal.message, removal.mute
        if not await self._delete_in_time(message):
            return
        values = {"account": message.author, "room": message.room, "message": message.id}
        await self._community().note("removed_while_muted", mute.case, values)
        state = self._removed.setdefault((message.author, mute.case), Removed(case=mute.case, until=mute.until or self._now()))
        if state.told:
            state.untold += 1
            return
        state.told = True
        text = EXPLAINED.format(room=room_mark(message.room), until=when(state.until), case=mute.case)
        await self._tell(message.author, text, f"removed/{message.room}/{message.id}")

    async def _delete_in_time(self, message: Message) -> bool:
        """Delete, trying again while Slack is away; False where it was gone already or cannot be deleted."""
        pause = PAUSE_SECONDS_MIN
        for _ in range(TRIES_MAX):
            try:
                return await self.delete(message.room, message.id)
            except PlatformUnavailableError as error:
                await asyncio.sleep(min(error.retry_seconds or pause, PAUSE_SECONDS_MAX))
                pause *= 2
            except PlatformRefusedError as error:
                log.warning("a message of a muted member cannot be removed", room=message.room, reason=str(error))
                return False
        log.warning("a message of a muted member was not removed: Slack is away", room=message.room)
        return False

    async def delete(self, room: str, message: str) -> bool:
        """Delete a message with the admin's token; False where it is gone already. Raises as `asked`."""
        admin = self._admin()
        if admin is None or not self._reach().deletes:
            raise PlatformRefusedError("Slack lets only an owner or admin delete it")
        try:
            with asked("message_not_found"):
                await admin.chat_delete(channel=room, ts=message)
        except SlackCodeError:
            return False
        return True

    async def _tell_all(self) -> None:
        while True:
            await asyncio.sleep(TOGETHER_SECONDS)
            for account in {account for account, _ in self._removed}:
                await self._tell_together(account)

    async def _tell_together(self, account: str) -> None:
        """Say how many more were removed since it was last said; what is over is forgotten."""
        for key, state in list(self._removed.items()):
            if key[0] != account:
                continue
            if state.untold:
                text = MORE_REMOVED.format(count=state.untold, until=when(state.until), case=state.case)
                state.untold = 0
                await self._tell(account, text, f"removed/{account}/{self._now():%Y%m%dT%H%M%S%f}")
            if state.until <= self._now():
                self._removed.pop(key, None)

    async def _tell(self, account: str, text: str, key: str) -> None:
        try:
            words = shown(text)
            await self._letters.direct(account, Post(text=words, blocks=sections(words)), key)
        except (PlatformUnavailableError, PlatformRefusedError) as error:
            log.warning("a muted member was not told that a message was removed", reason=str(error))
