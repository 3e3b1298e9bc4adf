"""What arrives from the gateway, in order: sorted out, made into messages, handed to the community's service.

Knows: the names of Discord's events, which community a server belongs to. Must not know: how messages are judged, how actions are
performed.
Rules: one thing after the other, in order of arrival; nothing here waits for Discord; what cannot be read is logged by its kind alone
and passed; after a fresh session everything is behind until it is caught up; what is more than the memory holds is read again later.
"""

import asyncio
import json
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import discord
import structlog

from bot.communities import Communities, Community
from bot.core.model import Message
from bot.core.notices import span, when
from bot.platforms.discord.automod import Collapse
from bot.platforms.discord.rooms import Rooms, first_sights, is_room, numeric
from bot.platforms.discord.translate import (
    NAME,
    THREADS,
    Json,
    Known,
    Place,
    blocked_of,
    changed_of,
    emoji_path,
    is_speech,
    join_of,
    known_of,
    message_of,
    names_of,
    reaction_of,
    thread_name_of,
)
from bot.ports import Platform, PlatformRefusedError, PlatformUnavailableError

log = structlog.get_logger()

WAITING_MAX = 20_000
"""Payloads that wait to be sorted out: more, and rooms are read again from Discord."""
READ_AGAIN = frozenset({"MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_REACTION_ADD", "GUILD_MEMBER_ADD"})
"""What may be dropped when there is more: messages stand in the history; edits and reactions of such a moment are lost."""
KNOWN_MAX = 10_000
"""Messages of which is remembered what was judged, to tell edits from previews."""
AGAIN_SECONDS = 60.0
"""After this a community that could not be started is tried again."""
GAP_MIN = timedelta(seconds=90)
"""A shorter time without a connection is not told to the moderators: nothing of it is lost but edits and reactions."""


def now() -> datetime:
    """The time of arrival, for what carries none of its own."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A server whose rooms are to be read again. `first`: since the start. Not `late`: only the memory was full."""

    server: str
    first: bool = False
    late: bool = True


class Arrivals:
    """Sorts out what one client after the other hears."""

    def __init__(
        self,
        client: Callable[[], discord.Client],
        communities: Communities,
        rooms: Rooms,
        platform: Platform,
        members_known: Callable[[discord.Guild], None],
    ) -> None:
        """`client` gives the client that is connected now, or raises PlatformUnavailableError.

        `members_known` hears of each server whose members are all known, before anything is read that was missed.
        """
        self._client, self._communities, self._rooms, self._platform = client, communities, rooms, platform
        self._members_known = members_known
        self._waiting: deque[tuple[str, Json]] = deque()
        self._new = asyncio.Event()
        self._lost = False
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._blocked = Collapse()
        self._heard_at: datetime | None = None
        self._gaps: dict[str, tuple[datetime, datetime]] = {}
        self._behind: asyncio.Queue[tuple[str, Behind]] = asyncio.Queue()
        self._handlers: dict[str, Callable[[Json], Awaitable[None]]] = {
            "READY": self._ready,
            "GUILD_CREATE": self._guild,
            "GUILD_MEMBERS_CHUNK": self._members,
            "GUILD_MEMBER_ADD": self._joined,
            "MESSAGE_CREATE": self._said,
            "MESSAGE_UPDATE": self._changed,
            "MESSAGE_REACTION_ADD": self._reacted,
            "MESSAGE_REACTION_REMOVE": self._taken_back,
            "MESSAGE_REACTION_REMOVE_EMOJI": self._taken_back,
            "MESSAGE_REACTION_REMOVE_ALL": self._taken_back,
            "AUTO_MODERATION_ACTION_EXECUTION": self._automod,
            "THREAD_CREATE": self._thread,
            "CHANNEL_CREATE": self._room,
        }

    @property
    def heard_at(self) -> datetime | None:
        """When the gateway last said anything; None before it did."""
        return self._heard_at

    def heard(self, text: str) -> None:
        """Take what the gateway said, as it came. Returns at once."""
        before, self._heard_at = self._heard_at, now()
        try:
            payload = json.loads(text)
            name, data = payload.get("t"), payload.get("d")
        except (ValueError, AttributeError):
            log.warning("the gateway said something that cannot be read", characters=len(text))
            return
        if name not in self._handlers or not isinstance(data, dict):
            return
        if name == "READY":
            data = {**data, "_heard_before": before}
        if name in READ_AGAIN and (self._lost or len(self._waiting) >= WAITING_MAX):
            self._lost = True  # nothing more of it until rooms are behind: what came later would move their cursors past the gap
            return
        self._waiting.append((name, data))
        self._new.set()

    async def run(self) -> None:
        """Sort out what arrives, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._catch_up_all(tasks), name="catching up on Discord")
            while True:
                await self._new.wait()
                self._new.clear()
                while self._waiting:
                    name, data = self._waiting.popleft()
                    try:
                        await self._handlers[name](data)
                    except Exception as error:  # noqa: BLE001 - one payload that nobody can read never stops the others
                        log.error("a payload could not be read", kind=name, error=type(error).__name__)
                    if len(self._waiting) % 64 == 63:  # noqa: PLR2004 - so that a flood leaves time for answers
                        await asyncio.sleep(0)
                if self._lost:
                    self._read_again()
                    self._lost = False

    # Servers and sessions

    async def _ready(self, data: Json) -> None:
        """A fresh session: what was said since the last one is read from history."""
        before = data["_heard_before"]
        for one in data["guilds"]:
            community = self._communities.known(NAME, str(one["id"]))
            if community is not None:
                community.service.fresh_session(NAME)
                if before is not None:
                    self._gaps[str(one["id"])] = (before, now())

    async def _guild(self, data: Json) -> None:
        """A server is there: its community is started at first sight, and what was missed is read."""
        server = str(data["id"])
        if data.get("unavailable"):
            return
        first = self._communities.known(NAME, server) is None
        try:
            community = await self._communities.of(NAME, server, name=str(data.get("name") or ""))
        except Exception as error:  # noqa: BLE001 - a broken policy of one server must not stop the others
            log.error("a server is not moderated yet", server=server, error=str(error), again_in_seconds=AGAIN_SECONDS)
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._again, data)
            return
        for one in data.get("members") or ():
            self._learn(community, one)
        await community.service.see(NAME, first_sights(data, self._communities.setup(NAME, server).first_seen_at))
        self._behind.put_nowait((community.name, Behind(server=server, first=first)))

    def _again(self, data: Json) -> None:
        self._waiting.append(("GUILD_CREATE", data))
        self._new.set()

    async def _members(self, data: Json) -> None:
        community = self._community(data)
        for one in data.get("members") or ():
            self._learn(community, one)

    def _read_again(self) -> None:
        """More arrived than could be kept: every room is read again from Discord."""
        log.warning("too much arrived at once: rooms are read again")
        for server in self._rooms.servers():
            community = self._communities.known(NAME, server)
            if community is not None:
                community.service.fresh_session(NAME)
                self._behind.put_nowait((community.name, Behind(server=server, late=False)))

    async def _catch_up_all(self, tasks: asyncio.TaskGroup) -> None:
        """One task for each community that reads what was missed, once its servers are known."""
        queues: dict[str, asyncio.Queue[Behind]] = {}
        while True:
            name, behind = await self._behind.get()
            if name not in queues:
                queues[name] = asyncio.Queue()
                tasks.create_task(self._catch_up_each(queues[name]), name=f"catching up on {name}")
            queues[name].put_nowait(behind)

    async def _catch_up_each(self, servers: asyncio.Queue[Behind]) -> None:
        while True:
            behind = await servers.get()
            server = behind.server
            community = self._communities.known(NAME, server)
            assert community is not None, "it is caught up because it is at work"
            try:
                await self._know_members(server)
                count = await community.service.catch_up(self._platform, late=behind.late)
                log.info("caught up", server=server, messages=count)
                await self._say_gap(server, community, first=behind.first)
            except (PlatformUnavailableError, PlatformRefusedError) as error:
                log.warning("not caught up yet", server=server, reason=str(error))
            except Exception as error:  # noqa: BLE001 - what is behind stays behind and is read at the next session
                log.error("catching up failed", server=server, error=type(error).__name__)

    async def _know_members(self, server: str) -> None:
        """Ask for a server's members: who moderates is judged by review alone."""
        guild = self._client().get_guild(int(server))
        if guild is None:
            return
        if not guild.chunked:
            try:
                await guild.chunk()
            except (TimeoutError, OSError, discord.ClientException, discord.ConnectionClosed) as error:
                log.warning("the members of a server are not known", server=server, error=type(error).__name__)
        self._members_known(guild)

    async def _say_gap(self, server: str, community: Community, *, first: bool) -> None:
        """Tell the moderators for how long nobody watched."""
        if first:
            await self._communities.say_gap(NAME, server)
            return
        since, until = self._gaps.pop(server, (now(), now()))
        if until - since < GAP_MIN:
            return
        text = community.parts.sentences["blind_window"].format(since=when(since), length=span(until - since))
        await self._platform.tell_moderators(server, text, f"{community.name}/gap/{since:%Y%m%dT%H%M%S}")

    # What is said and done

    def _community(self, data: Json) -> Community | None:
        return self._communities.known(NAME, str(data["guild_id"])) if data.get("guild_id") else None

    def _place(self, data: Json, room: str) -> tuple[Community, Place] | None:
        """Whose message it is; None for direct messages, unknown servers, the moderators' own channel, and what is no room."""
        community, number = self._community(data), numeric(room)
        if community is None or number is None:
            return None
        server, kind = str(data["guild_id"]), data.get("channel_type")
        if (isinstance(kind, int) and not is_room(kind)) or self._rooms.is_moderators_own(server, room):
            return None
        return community, Place(community=community.name, server=server, thread=self._rooms.thread(number, kind))

    def _learn(self, community: Community | None, data: Json) -> None:
        if community is not None:
            for account, name in names_of(data):
                community.service.learn(account, name)

    def _remember(self, data: Json, place: Place) -> Known | None:
        """Keep what is to be known of a message when it changes; gives what was known before."""
        before = self._known.pop(str(data["id"]), None)
        known = known_of(data, place)
        if known is not None:
            self._known[str(data["id"])] = known
            if len(self._known) > KNOWN_MAX:
                self._known.popitem(last=False)
        return before

    async def _said(self, data: Json) -> None:
        if not is_speech(data):
            return
        found = self._place(data, str(data["channel_id"]))
        if found is None:
            return
        community, place = found
        message = message_of(data, place)
        assert message is not None, "it is speech"
        self._remember(data, place)
        self._learn(community, data)
        self._rooms.first_heard.setdefault(message.room, int(message.id))
        await community.service.accept(message)

    async def _changed(self, data: Json) -> None:
        if "author" not in data or not is_speech(data):
            return
        found = self._place(data, str(data["channel_id"]))
        if found is None:
            return
        community, place = found
        before = self._known.get(str(data["id"]))
        message = changed_of(data, place, before, now())
        if "content" in data:
            self._remember(data, place)
        await self._accept(community, message)

    async def _reacted(self, data: Json) -> None:
        found = self._place(data, str(data["channel_id"]))
        if found is not None:
            community, place = found
            message = reaction_of(data, place, now())
            if message is not None:
                self._rooms.reacted(message.id, str(data["message_id"]), emoji_path(data["emoji"]))
            await self._accept(community, message)

    async def _taken_back(self, data: Json) -> None:
        """One reaction, all of one emoji or all were taken away: what stands there now is asked of Discord."""
        community = self._community(data)
        if community is not None:
            await community.service.reactions_changed(NAME, str(data["channel_id"]), str(data["message_id"]))

    async def _joined(self, data: Json) -> None:
        community = self._community(data)
        if community is not None:
            self._learn(community, data)
            await self._accept(community, join_of(data, Place(community=community.name, server=str(data["guild_id"]))))

    async def _automod(self, data: Json) -> None:
        if data.get("message_id") or not data.get("channel_id"):
            return
        found = self._place(data, str(data["channel_id"]))
        if found is None:
            return
        message_id = self._blocked.first(data, now())
        if message_id is not None:
            await self._accept(found[0], blocked_of(data, found[1], message_id, now()))

    async def _thread(self, data: Json) -> None:
        if not data.get("newly_created") or data.get("type") not in THREADS:
            return
        found = self._place({**data, "channel_type": data["type"]}, str(data["id"]))
        if found is None or self._rooms.is_own(str(data.get("owner_id"))):
            return
        message = thread_name_of(data, found[1])
        if message is not None:
            before = str(int(message.id) - 1)
            await found[0].service.see(NAME, {message.room: (before, before)})
        await self._accept(found[0], message)

    async def _room(self, data: Json) -> None:
        """A new channel: on record from now on, so that its first message is read after a crash too."""
        community = self._community(data)
        if community is not None and is_room(int(data["type"])):
            await community.service.see(NAME, {str(data["id"]): (str(data["id"]), str(data["id"]))})

    async def _accept(self, community: Community, message: Message | None) -> None:
        if message is not None:
            await community.service.accept(message)
