"""The rooms of a server: which are read, what may be done in them, and what was said there before.

Knows: channels, threads, permissions, roles, pages of history. Must not know: what messages mean, cases, actions.
Rules: only what members write on a server is read, never direct messages nor the moderators' own channel; where history may not be
read Discord answers an empty list, so the permission is looked at first, and its lack is logged once.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import discord
import structlog

from bot.communities import Communities
from bot.core.model import Image, Message
from bot.platforms.discord.asking import Breaker, asked
from bot.platforms.discord.translate import NAME, ROOMS, THREADS, Json, Place, emoji_name, emoji_path, message_of, reaction_of
from bot.ports import PlatformRefusedError

log = structlog.get_logger()

PAGE = 100
"""As many as Discord gives at once."""
REACTIONS_PAGE = 100
"""Members asked for at once who put the same reaction under a message: the most that Discord gives."""
REACTIONS_MAX = 10_000
"""Reactions that can still be taken away; an older one is left to people."""
Channel = discord.abc.GuildChannel | discord.Thread


def numeric(room: str) -> int | None:
    """A room's or message's id as a number; None for what is none of Discord's (a list of members, a reaction)."""
    return int(room) if room.isascii() and room.isdigit() else None


def is_room(kind: int) -> bool:
    """Say whether members write in a channel of that kind."""
    return kind in ROOMS


def thread_of(channel: object, room: str, kind: int | None = None) -> str:
    """The thread that a room is: its own id, "" where it is none."""
    return room if isinstance(channel, discord.Thread) or kind in THREADS else ""


def escalation_channel(guild: discord.Guild, named: str) -> discord.TextChannel | None:
    """The moderators' channel, by its id, its name, or how it is mentioned; None where there is none of that name."""
    wanted = named.strip().removeprefix("<#").removesuffix(">").removeprefix("#").casefold()
    if not wanted:
        return None
    return next((one for one in guild.text_channels if wanted in (str(one.id), one.name.casefold())), None)


def moderator_role(guild: discord.Guild, named: str) -> discord.Role | None:
    """The moderators' role, by its id, its name, or how it is mentioned."""
    wanted = named.strip().removeprefix("<@&").removesuffix(">").removeprefix("@").casefold()
    if not wanted:
        return None
    return next((one for one in guild.roles if wanted in (str(one.id), one.name.casefold()) and not one.is_default()), None)


def moderators(guild: discord.Guild, named: str) -> frozenset[str]:
    """The accounts that hold the moderators' role; where there is none, those who may time members out. No bots."""
    role = moderator_role(guild, named)
    if role is not None:
        return frozenset(str(one.id) for one in role.members if not one.bot)
    return frozenset(str(one.id) for one in guild.members if not one.bot and one.guild_permissions.moderate_members)


def lacks(channel: Channel, *needed: str) -> str:
    """The first permission of those that Steward lacks in a channel, in Discord's words; "" where it has them all or that is not known."""
    me = channel.guild.me
    if me is None:
        return ""
    try:
        held = channel.permissions_for(me)
    except discord.ClientException:  # a thread whose channel is not known
        return ""
    missing = next((one for one in needed if not getattr(held, one)), "")
    return missing.replace("_", " ").title()


def first_sights(guild: Mapping[str, Any], first_seen_at: datetime | None) -> dict[str, tuple[str, str]]:
    """Room -> where reading begins if nothing of it is on record, and its newest message; of a GUILD_CREATE.

    It begins at the newest message, so that nothing is judged that was said before Steward came; a room that was made since is read
    from its beginning.
    """
    found = {}
    for one in (*(guild.get("channels") or ()), *(guild.get("threads") or ())):
        room, newest = str(one["id"]), str(one.get("last_message_id") or "0")
        if is_room(int(one["type"])):
            is_new = first_seen_at is not None and discord.utils.snowflake_time(int(room)) > first_seen_at
            found[room] = ("0" if is_new else newest, newest)
    return found


class Rooms:
    """The rooms of all servers, as far as the client knows them."""

    def __init__(
        self,
        client: Callable[[], discord.Client],
        memory: Callable[[], discord.Client | None],
        communities: Communities,
        breaker: Breaker,
    ) -> None:
        """`client` gives the client that is connected now, or raises PlatformUnavailableError; `memory` the latest one, if any."""
        self._client, self._memory, self._communities, self._breaker = client, memory, communities, breaker
        self._told: set[str] = set()
        self.reactions: OrderedDict[str, tuple[str, str]] = OrderedDict()
        """A reaction's id -> the message under which it stands, and its emoji."""
        self.first_heard: dict[str, int] = {}
        """Room -> the first message that this process heard in it: where reading begins if nothing of it is on record."""

    def reacted(self, reaction: str, message: str, emoji: str) -> None:
        """Remember under which message a reaction stands, so that it can be taken away."""
        self.reactions[reaction] = (message, emoji)
        if len(self.reactions) > REACTIONS_MAX:
            self.reactions.popitem(last=False)

    def is_moderators_own(self, server: str, room: str) -> bool:
        """Say whether a room is the moderators' channel, or a thread in it: what is quoted there is not said to anybody."""
        memory, number = self._memory(), numeric(room)
        guild = memory.get_guild(int(server)) if memory else None
        if guild is None or number is None:
            return False
        channel = escalation_channel(guild, self._communities.setup(NAME, server).escalation_channel)
        here = guild.get_channel_or_thread(number)
        return channel is not None and (number == channel.id or (isinstance(here, discord.Thread) and here.parent_id == channel.id))

    def thread(self, room: int, kind: object = None) -> str:
        """The thread that a room is, "" where it is none; `kind` is what the payload says of it."""
        memory = self._memory()
        channel = memory.get_channel(room) if memory else None
        return thread_of(channel, str(room), kind if isinstance(kind, int) else None)

    def servers(self) -> tuple[str, ...]:
        """The servers that Steward is on."""
        memory = self._memory()
        return tuple(str(one.id) for one in memory.guilds) if memory else ()

    def is_own(self, account: str) -> bool:
        """Say whether an account is Steward's own."""
        memory = self._memory()
        return memory is not None and memory.user is not None and account == str(memory.user.id)

    async def history(self, room: str, after: str) -> AsyncIterator[Sequence[Message]]:
        """The messages of a room after an id, oldest first, in pages. Raises PlatformUnavailableError.

        Where nothing was judged yet it begins with the first message that was heard since the start.
        """
        number = numeric(room)
        since = numeric(after) if after else self.first_heard.get(room, 0) - 1
        if number is None or since is None or since < 0:
            return
        channel = await self._find(number)
        place = self._place(channel) if channel is not None else None
        if channel is None or place is None or self._unreadable(channel) or self.is_moderators_own(place.server, room):
            return
        while True:
            try:
                async with asked(self._breaker, "history", room):
                    page = await self._client().http.logs_from(number, PAGE, after=since)
            except PlatformRefusedError as error:  # for good: said once, the room goes on with what comes
                self._say_once(room, str(error))
                return
            page = sorted(page, key=lambda one: int(one["id"]))  # Discord gives the newest first
            yield [self._dated(message) for message in (message_of(one, place) for one in page) if message is not None]
            if len(page) < PAGE:
                return
            since = int(page[-1]["id"])

    async def read(self, room: str, message_id: str) -> Message | None:
        """One message as it is now; None where it is gone, or never was one of Discord's."""
        number, wanted = numeric(room), numeric(message_id)
        if number is None or wanted is None:
            return None
        channel = await self._find(number)
        place = self._place(channel) if channel is not None else None
        if place is None:
            return None
        async with asked(self._breaker, "read", room):
            try:
                message = message_of(await self._client().http.get_message(number, wanted), place)
            except discord.NotFound:
                return None
        return self._dated(message) if message else None

    async def image(self, message: Message, image: Image) -> bytes:
        """The bytes of an attachment, from Discord's own store of files: no token goes there. A forwarded one has the same address."""
        if not image.link:
            raise PlatformRefusedError("Discord does not say where the image lies")
        async with asked(self._breaker, "image", message.room, image.id):
            return await self._client().http.get_from_cdn(image.link)

    async def reactions_under(self, room: str, message_id: str, wanted: Callable[[str], bool]) -> Sequence[Message] | None:
        """The members' reactions under a message whose emoji is wanted, as they stand now; None where the message is gone."""
        number, under = numeric(room), numeric(message_id)
        channel = await self._find(number) if number is not None else None
        place = self._place(channel) if channel is not None else None
        if number is None or under is None or place is None:
            return None
        found: list[Message] = []
        async with asked(self._breaker, "reactions", room):
            try:
                data = await self._client().http.get_message(number, under)
                for one in data.get("reactions") or ():
                    if wanted(emoji_name(one["emoji"])):
                        found += await self._reacted_so(data, one["emoji"], place)
            except discord.NotFound:
                return None
        return found

    async def _reacted_so(self, data: Json, emoji: Json, place: Place) -> list[Message]:
        """Who put one emoji under a message, in pages. Raises what the library raises."""
        found: list[Message] = []
        last: int | None = None
        while True:
            page = await self._client().http.get_reaction_users(
                int(data["channel_id"]), int(data["id"]), emoji_path(emoji), REACTIONS_PAGE, after=last
            )
            for user in page:
                about = {"message_id": data["id"], "channel_id": data["channel_id"], "user_id": user["id"], "emoji": emoji}
                author = data["author"]["id"]
                reaction = reaction_of({**about, "member": {"user": user}, "message_author_id": author}, place, datetime.now(UTC))
                if reaction is not None:
                    self.reacted(reaction.id, str(data["id"]), emoji_path(emoji))
                    found.append(reaction)
            if len(page) < REACTIONS_PAGE:
                return found
            last = int(page[-1]["id"])

    def _dated(self, message: Message) -> Message:
        """A message of the history, with when its author came to the server: the history does not say it, the memory does."""
        memory, account = self._memory(), numeric(message.author)
        guild = memory.get_guild(int(message.server)) if memory and account is not None else None
        member = guild.get_member(account) if guild and account is not None else None
        return replace(message, joined_at=member.joined_at) if member and member.joined_at else message

    async def _find(self, number: int) -> Channel | None:
        """A channel or thread, from memory, else from Discord (an archived thread is in no memory); None where it is gone."""
        channel: object = self._client().get_channel(number)
        if channel is None:
            try:
                async with asked(self._breaker, "channel", str(number)):
                    channel = await self._client().fetch_channel(number)
            except PlatformRefusedError as error:  # gone, or hidden from Steward now
                self._say_once(str(number), str(error))
                return None
        return channel if isinstance(channel, (discord.abc.GuildChannel, discord.Thread)) else None

    def _place(self, channel: Channel) -> Place | None:
        community = self._communities.known(NAME, str(channel.guild.id))
        if community is None:
            return None
        return Place(community=community.name, server=str(channel.guild.id), thread=thread_of(channel, str(channel.id)))

    def _unreadable(self, channel: Channel) -> bool:
        lacking = lacks(channel, "view_channel", "read_message_history")
        if lacking:
            self._say_once(str(channel.id), f'Steward lacks "{lacking}"')
        return bool(lacking)

    def _say_once(self, room: str, reason: str) -> None:
        if room not in self._told:
            self._told.add(room)
            log.warning("a room's history cannot be read", room=room, reason=reason)
