"""Discord as Steward's platform: one bot, one connection, any number of servers.

Knows: the parts of this folder, and how they hang together. Must not know: how any of them works, rules, the record.
Rules: there is one client at a time and a new one after each end; while there is none, everything is "not now"; the token is in
nothing that is logged or shown.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import structlog
from pydantic import SecretStr

from bot.communities import Communities
from bot.core.model import Action, Image, Message
from bot.platforms.discord.actions import CAPABILITIES, Actions
from bot.platforms.discord.arrivals import Arrivals
from bot.platforms.discord.asking import Breaker
from bot.platforms.discord.client import IDENTIFY_PAUSE_SECONDS, Ears, ManyClients, OneClient, point_at, shards_wanted
from bot.platforms.discord.commands import attach, offer
from bot.platforms.discord.rooms import Rooms, moderators
from bot.platforms.discord.supervisor import PAUSE_SECONDS_MIN, keep_connected
from bot.platforms.discord.translate import NAME
from bot.ports import Accept, Capabilities, Performed, PlatformUnavailableError

log = structlog.get_logger()

SILENCE_MAX = timedelta(seconds=90)
"""The library's own pauses between attempts grow to 17 minutes: after this long without a word it is started anew."""


class Discord:
    """The platform. Satisfies bot.ports.Platform."""

    name = NAME

    def __init__(
        self,
        communities: Communities,
        *,
        token: SecretStr,
        api_url: str = "",
        gateway_url: str = "",
        pause_seconds_min: float = PAUSE_SECONDS_MIN,
        identify_seconds: float = IDENTIFY_PAUSE_SECONDS,
        **options: Any,
    ) -> None:
        """`api_url`, `gateway_url`: another server than Discord's, for the whole process. `options` are the library's."""
        point_at(api_url, gateway_url)
        self._communities, self._token = communities, token
        self._pause_seconds_min, self._identify_seconds, self._options = pause_seconds_min, identify_seconds, options
        self._connected: discord.Client | None = None
        self._latest: discord.Client | None = None
        breaker = Breaker()
        self._rooms = Rooms(self.client, self._memory, communities, breaker)
        self._actions = Actions(self.client, communities, self._rooms, breaker)
        self._arrivals = Arrivals(self.client, communities, self._rooms, self, self._members_changed)

    @property
    def capabilities(self) -> Capabilities:
        """What Discord can do; what it cannot do on one server is a refusal of the action."""
        return CAPABILITIES

    def client(self) -> discord.Client:
        """The client that is connected now. Raises PlatformUnavailableError while there is none."""
        if self._connected is None or self._connected.is_closed():
            raise PlatformUnavailableError("not connected to Discord")
        return self._connected

    def _memory(self) -> discord.Client | None:
        """The latest client, connected or not: what it knew of rooms and roles is still the best there is."""
        return self._latest

    async def listen(self, accept: Accept | None = None) -> None:
        """Keep the connection and hand every message to its server's community, until cancelled.

        Raises DiscordSetupError where only the operator can mend it. `accept` is not used: a message goes to its own community.
        """
        del accept
        async with asyncio.TaskGroup() as tasks:
            sorting = tasks.create_task(self._arrivals.run(), name="arrivals from Discord")
            try:
                await keep_connected(self._connect, pause_seconds_min=self._pause_seconds_min)
            finally:
                sorting.cancel()

    async def _connect(self) -> None:
        """One client from its start to its end."""
        token = self._token.get_secret_value()
        shards = await shards_wanted(token)
        ears = Ears(heard=self._arrivals.heard, prepare=self._prepare, members_changed=self._members_changed)
        more = {"identify_seconds": self._identify_seconds, **self._options}
        client = ManyClients(ears, shard_count=shards, **more) if shards > 1 else OneClient(ears, **more)
        beside = [asyncio.create_task(self._watch(client), name="watching the connection to Discord")]
        if isinstance(client, OneClient):
            beside.append(asyncio.create_task(client.beat(), name="heartbeats to Discord"))
        try:
            async with client:
                await client.start(token)
        finally:
            self._connected = None
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _prepare(self, client: discord.Client) -> None:
        """After the login: what can be asked is offered, and what is to be done can be done."""
        self._connected = self._latest = client
        await offer(attach(client, self._communities, after_setup=self._set_up))

    async def _watch(self, client: discord.Client) -> None:
        """Close a client that has heard nothing for too long, so that a new one is made."""
        began = datetime.now(UTC)
        while True:
            await asyncio.sleep(SILENCE_MAX.total_seconds() / 10)
            heard = max(self._arrivals.heard_at or began, began)
            if datetime.now(UTC) - heard > SILENCE_MAX:
                log.warning("nothing was heard of Discord", for_seconds=round((datetime.now(UTC) - heard).total_seconds()))
                await client.close()
                return

    def _members_changed(self, guild: discord.Guild) -> None:
        """Say who moderates a server now."""
        server = str(guild.id)
        self._communities.moderate(NAME, server, moderators(guild, self._communities.setup(NAME, server).moderator_role))
        community = self._communities.known(NAME, server)
        for member in guild.members if community else ():
            if community and not member.bot:
                community.service.learn(str(member.id), member.display_name)

    async def _set_up(self, server: str) -> None:
        guild = self.client().get_guild(int(server))
        if guild is not None:
            self._members_changed(guild)

    def history(self, room: str, after: str) -> AsyncIterator[Sequence[Message]]:
        """The messages of a room after an id, oldest first, in pages. Raises PlatformUnavailableError."""
        return self._rooms.history(room, after)

    async def read(self, room: str, message_id: str) -> Message | None:
        """One message as it is now; None where it is gone. Raises PlatformUnavailableError or PlatformRefusedError."""
        return await self._rooms.read(room, message_id)

    async def image(self, message: Message, image: Image) -> bytes:
        """The bytes of an image. Raises PlatformUnavailableError or PlatformRefusedError."""
        return await self._rooms.image(message, image)

    async def reactions(self, room: str, message_id: str, wanted: Callable[[str], bool]) -> Sequence[Message] | None:
        """The members' reactions under a message as they stand now. Raises PlatformUnavailableError or PlatformRefusedError."""
        return await self._rooms.reactions_under(room, message_id, wanted)

    async def perform(self, action: Action) -> Performed:
        """Do it. Raises PlatformUnavailableError or PlatformRefusedError."""
        return await self._actions.perform(action)

    async def tell_moderators(self, server: str, text: str, key: str) -> None:
        """Say something in the moderators' channel of a server. Raises PlatformUnavailableError or PlatformRefusedError."""
        await self._actions.tell_moderators(server, text, key)
