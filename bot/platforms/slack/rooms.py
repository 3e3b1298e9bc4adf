"""The rooms of a workspace: which are read, and what was said there before.

Knows: channels, threads, pages of history and of replies. Must not know: what messages mean, cases, actions.
Rules: what is given stands in order of time, parents and replies together, so that a room's cursor means what it says: everything
before it is judged. Slack's history holds no replies, so the threads are read too: those under messages of the last weeks that have a
newer reply, and those that were active in the last 14 days. What may be younger than the reading itself is left for the next round.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.communities import Communities
from bot.core.model import Message
from bot.platforms.slack.asking import GONE_CODES, SlackCodeError, asked
from bot.platforms.slack.translate import NAME, TOMBSTONE, Json, Place, is_ts, message_of, reaction_of, time_of
from bot.ports import PlatformRefusedError, PlatformUnavailableError

log = structlog.get_logger()

PAGE = 200
"""Messages asked for at once; Slack gives fewer to apps that are sold, and says so by a cursor."""
STRICT_PAGE = 15
"""What apps that are sold get at once, one page a minute: for them less is read back."""
THREADS_WITHIN = timedelta(days=14)
"""Threads that were active within this time are read after a gap, and messages of this time looked at for replies."""
PARENTS_WITHIN = timedelta(days=60)
"""The same for messages at the first reading after a start, when nothing is known of threads: an older one is not looked at."""
HORIZON = timedelta(seconds=2)
"""What was sent later than this before a reading began may stand in one page and miss in another."""
ROUND_PAUSE_SECONDS = 1.0
YIELD = 100
READ_MAX, THREADS_MAX = 20_000, 2_000
"""Messages remembered as read, threads remembered in a room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel in which Steward is."""

    id: str
    name: str
    is_private: bool
    is_general: bool


@dataclass(slots=True, kw_only=True)
class Round:
    """One reading of a room: what was found after the cursor, by id; threads to read; parents looked at; up to when it is whole."""

    whole_until: str
    found: dict[str, Json] = field(default_factory=dict)
    threads: dict[str, str] = field(default_factory=dict)
    looked_at: set[str] = field(default_factory=set)


def ts_of(at: datetime) -> str:
    """A time as Slack writes it."""
    return f"{int(at.timestamp())}.{at.microsecond:06d}"


def just_before(ts: str) -> str:
    """The last id that can stand before another one."""
    return ts_of(time_of(ts) - timedelta(microseconds=1))


class Rooms:
    """The rooms of one workspace."""

    def __init__(self, client: Callable[[], AsyncWebClient], communities: Communities, place: Callable[[], Place]) -> None:
        """`client` gives the client that may be asked again; `place` the workspace and its community."""
        self._client, self._communities, self._place = client, communities, place
        self._channels: dict[str, Channel] = {}
        self._first_heard: dict[str, str] = {}
        self._threads: dict[str, OrderedDict[str, str]] = {}
        self._read: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._looked_back: set[str] = set()
        self._told: set[str] = set()

    # Which rooms there are

    async def refresh(self) -> None:
        """Read in which channels Steward is. Raises PlatformUnavailableError or PlatformRefusedError."""
        found: dict[str, Channel] = {}
        cursor = ""
        while True:
            with asked():
                answer = await self._client().users_conversations(
                    types="public_channel,private_channel", exclude_archived=True, limit=PAGE, cursor=cursor or None
                )
            for one in answer["channels"] or []:
                found[str(one["id"])] = _channel(one)
            cursor = _next(answer)
            if not cursor:
                break
        self._channels = found

    def ids(self) -> tuple[str, ...]:
        """The channels in which Steward is and in which members are heard."""
        own = self.escalation_channel(self._place().server)
        return tuple(one for one in self._channels if one != own)

    async def channel(self, room: str) -> Channel | None:
        """A channel by its id, asked for where it is not known; None where Steward does not see it. Raises PlatformUnavailableError."""
        if room not in self._channels and is_channel(room):
            try:
                with asked():
                    self._channels[room] = _channel((await self._client().conversations_info(channel=room))["channel"] or {})
            except PlatformRefusedError:
                return None
        return self._channels.get(room)

    def escalation_channel(self, server: str) -> str:
        """The id of the moderators' channel, by its id, its name, or how it is mentioned; "" where there is none of that name."""
        named = self._communities.setup(NAME, server).escalation_channel
        wanted = named.strip().removeprefix("<#").removesuffix(">").split("|")[0].removeprefix("#").casefold()
        if not wanted:
            return ""
        return next((one.id for one in self._channels.values() if wanted in (one.id.casefold(), one.name.casefold())), "")

    def is_moderators_own(self, server: str, room: str) -> bool:
        """Say whether a room is the moderators' channel: what is quoted there is not said to anybody."""
        return bool(room) and room == self.escalation_channel(server)

    # What was heard

    def heard(self, message: Message) -> None:
        """Remember where reading begins in a room of which nothing is on record, and that a thread is active."""
        if not is_ts(message.id):
            return
        self._first_heard.setdefault(message.room, message.id)
        if message.thread:
            self._active(message.room, message.thread, message.id)

    def _active(self, room: str, thread: str, latest: str) -> None:
        threads = self._threads.setdefault(room, OrderedDict())
        threads[thread] = max(latest, threads.pop(thread, ""))
        if len(threads) > THREADS_MAX:
            threads.popitem(last=False)

    def was_read(self, room: str, message: str) -> bool:
        """Say whether catching up gave this message already."""
        return (room, message) in self._read

    # History

    async def history(self, room: str, after: str) -> AsyncIterator[Sequence[Message]]:
        """The messages of a room after an id, oldest first, parents and replies together. Raises PlatformUnavailableError.

        Where nothing was judged yet it begins with the first message that was heard since the start.
        """
        first = self._first_heard.get(room, "")
        since = after if is_ts(after) else just_before(first) if first else ""
        place = self._place()
        if not since or not is_channel(room) or self.is_moderators_own(place.server, room):
            return
        seen_until = ""
        while True:
            try:
                reading = await self._round(room, since, seen_until)
            except PlatformRefusedError as error:  # for good: said once, the room goes on with what comes
                self._say_once(room, str(error))
                return
            newest = max(reading.found, default="")
            whole = sorted(ts for ts in reading.found if ts <= reading.whole_until)
            for start in range(0, len(whole), YIELD):
                page = whole[start : start + YIELD]
                for ts in page:
                    self._note_read(room, ts)
                yield [one for one in (message_of(reading.found[ts], place, room=room) for ts in page) if one is not None]
            if newest <= reading.whole_until:
                return
            since, seen_until = whole[-1] if whole else since, newest
            await asyncio.sleep(ROUND_PAUSE_SECONDS)

    async def _round(self, room: str, since: str, seen_until: str) -> Round:
        """Read everything after an id: parents, and the threads that have something newer. `seen_until`: what was there before it began."""
        deep = room not in self._looked_back
        reading = await self._parents(room, since, seen_until, PARENTS_WITHIN if deep else THREADS_WITHIN)
        for thread, latest in self._threads.get(room, {}).items():
            is_active = bool(latest) and datetime.now(UTC) - time_of(latest) <= THREADS_WITHIN
            if is_active and thread not in reading.looked_at:
                reading.threads.setdefault(thread, latest)
        for thread in list(reading.threads):
            await self._replies(room, thread, since, reading)
        self._looked_back.add(room)
        return reading

    async def _parents(self, room: str, since: str, seen_until: str, back: timedelta) -> Round:
        """Read the parents after an id, and look at older ones for newer replies."""
        oldest = ts_of(time_of(since) - back)
        reading, cursor = Round(whole_until=""), ""
        while True:
            with asked():
                answer = await self._client().conversations_history(channel=room, oldest=oldest, limit=PAGE, cursor=cursor or None)
            reading.whole_until = reading.whole_until or max(_began(answer), seen_until)
            messages, cursor = answer["messages"] or [], _next(answer)
            for data in messages:
                self._parent(room, since, data, reading)
            if not cursor:
                return reading
            if back > THREADS_WITHIN and len(messages) <= STRICT_PAGE:
                return await self._parents(room, since, seen_until, THREADS_WITHIN)

    def _parent(self, room: str, since: str, data: Json, reading: Round) -> None:
        ts, latest = str(data["ts"]), str(data.get("latest_reply") or "")
        reading.looked_at.add(ts)
        if latest:
            self._active(room, ts, latest)
        if latest > since:
            reading.threads[ts] = latest
        if ts > since:
            reading.found[ts] = data

    async def _replies(self, room: str, thread: str, since: str, reading: Round) -> None:
        """Read the replies of a thread after an id; its parent stands on every page and is left out."""
        cursor, latest = "", ""
        while True:
            try:
                with asked(*GONE_CODES):
                    answer = await self._client().conversations_replies(
                        channel=room, ts=thread, oldest=since, limit=PAGE, cursor=cursor or None
                    )
            except SlackCodeError:
                self._threads.get(room, OrderedDict()).pop(thread, "")
                return
            for data in answer["messages"] or []:
                ts = str(data["ts"])
                if ts > since and ts != thread:
                    reading.found.setdefault(ts, data)
                    latest = max(latest, ts)
            cursor = _next(answer)
            if not cursor:
                break
        if latest:
            self._active(room, thread, latest)

    def _note_read(self, room: str, message: str) -> None:
        self._read[room, message] = None
        if len(self._read) > READ_MAX:
            self._read.popitem(last=False)

    async def read(self, room: str, message_id: str) -> Message | None:
        """One message as it is now; None where it is gone, or never was one of Slack's. Raises PlatformUnavailableError."""
        data = await self.find(room, message_id)
        return message_of(data, self._place(), room=room) if data else None

    async def find(self, room: str, message_id: str) -> Json | None:
        """What Slack has of one message; None where it is gone.

        Raises PlatformUnavailableError, also where Steward does not see the room: then nobody knows whether it is gone.
        """
        if not is_channel(room) or not is_ts(message_id):
            return None
        try:
            with asked(*GONE_CODES):
                answer = await self._client().conversations_replies(
                    channel=room, ts=message_id, oldest=message_id, latest=message_id, inclusive=True, limit=STRICT_PAGE
                )
        except SlackCodeError:
            return None
        except PlatformRefusedError as error:
            raise PlatformUnavailableError(str(error)) from None  # whether it is gone is not known
        found = next((one for one in answer["messages"] or [] if one.get("ts") == message_id), None)
        return found if found and found.get("subtype") != TOMBSTONE else None

    async def reactions(self, room: str, message_id: str, wanted: Callable[[str], bool]) -> Sequence[Message] | None:
        """The members' reactions under a message whose name is wanted, as they stand now; None where the message is gone.

        Raises PlatformUnavailableError or PlatformRefusedError.
        """
        if not is_channel(room) or not is_ts(message_id):
            return None
        try:
            with asked(*GONE_CODES):
                answer = await self._client().reactions_get(channel=room, timestamp=message_id, full=True)
        except SlackCodeError:
            return None
        data: Json = answer["message"] or {}
        if data.get("subtype") == TOMBSTONE:
            return None
        item = {"type": "message", "channel": room, "ts": message_id}
        under = {"item": item, "item_user": data.get("user"), "event_ts": ts_of(datetime.now(UTC))}
        reactions = [
            reaction_of({**under, "user": user, "reaction": one["name"]}, self._place())
            for one in data.get("reactions") or ()
            for user in one.get("users") or ()
        ]
        return [one for one in reactions if one is not None and wanted(one.text)]

    def _say_once(self, room: str, reason: str) -> None:
        if room not in self._told:
            self._told.add(room)
            log.warning("a room's history cannot be read", room=room, reason=reason)


def is_channel(room: str) -> bool:
    """Say whether an id is one of a channel."""
    return room[:1] in ("C", "G") and room.isalnum()


def _channel(one: Mapping[str, Any]) -> Channel:
    return Channel(
        id=str(one["id"]),
        name=str(one.get("name") or ""),
        is_private=bool(one.get("is_private") or one.get("is_group")),
        is_general=bool(one.get("is_general")),
    )


def _next(answer: AsyncSlackResponse) -> str:
    """The cursor of the next page; "" at the end."""
    return str((answer.get("response_metadata") or {}).get("next_cursor") or "")


def _began(answer: AsyncSlackResponse) -> str:
    """Up to when a reading that began with this answer is whole, by Slack's own clock."""
    headers = answer.headers or {}
    date = next((str(value) for name, value in headers.items() if name.lower() == "date"), "")
    try:
        at = parsedate_to_datetime(date)
    except ValueError:
        at = datetime.now(UTC)
    return ts_of((at if at.tzinfo else at.replace(tzinfo=UTC)) - HORIZON)
