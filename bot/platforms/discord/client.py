"""The library's client as Steward uses it: little is kept, everything that arrives is handed on as it came.

Knows: discord.py and how it is pointed at a server. Must not know: messages' meaning, cases, what is done with what arrives.
Rules: what arrives is handed over in order and at once, as text, before the library makes objects of it; nothing is awaited on the
way of the next message; nobody is mentioned by what is sent unless the sender says so.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import discord
import yarl

HEARTBEAT_SECONDS_MAX = 20.0
"""A gateway that says nothing for so long is given up: the library's own 60 seconds are a minute of nobody watching."""
BEAT_EVERY_SECONDS = 8.0
"""Discord asks for a heartbeat every 41 seconds; a quiet server would seem silent after 20, so Steward asks for signs more often."""
BEAT = '{"op":1,"d":null,"s":null,"t":null}'
"""What Discord sends when it wants a heartbeat at once: given to the library, it sends one."""
RATE_LIMIT_SECONDS_MAX = 30.0
"""Longer waits are left to the outbox, which remembers them over a restart (the library takes no less)."""
IDENTIFY_PAUSE_SECONDS = 5.0
"""Discord takes one new session in five seconds."""
Heard = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ears:
    """Who hears of every payload, and of other members or roles on a server. `prepare` is awaited after the login."""

    heard: Heard
    prepare: Callable[[discord.Client], Awaitable[None]]
    members_changed: Callable[[discord.Guild], None]


def intents() -> discord.Intents:
    """What Steward hears: servers, messages with their text, reactions, moderation, members, AutoMod's actions, direct messages."""
    return discord.Intents(
        guilds=True,
        members=True,
        moderation=True,
        guild_messages=True,
        guild_reactions=True,
        dm_messages=True,
        message_content=True,
        auto_moderation_execution=True,
    )


def point_at(api_url: str = "", gateway_url: str = "") -> None:
    """Speak to another server than Discord's, for the whole process; an empty address leaves what is."""
    if api_url:
        discord.http.Route.BASE = api_url.rstrip("/")
    if gateway_url:
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)


def options() -> dict[str, Any]:
    """How a client is made: no cache of messages, nobody mentioned, long waits told instead of slept through."""
    return {
        "intents": intents(),
        "max_messages": None,
        "heartbeat_timeout": HEARTBEAT_SECONDS_MAX,
        "max_ratelimit_timeout": RATE_LIMIT_SECONDS_MAX,
        "allowed_mentions": discord.AllowedMentions.none(),
        "enable_debug_events": True,
    }


class _Hooks(discord.Client):
    """What both kinds of client do."""

    ears: Ears
    identify_seconds: float = IDENTIFY_PAUSE_SECONDS

    async def setup_hook(self) -> None:
        """After the login, before the gateway: commands and buttons."""
        await self.ears.prepare(self)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait before a new session that is not the first."""
        del shard_id
        if not initial:
            await asyncio.sleep(self.identify_seconds)

    async def on_socket_raw_receive(self, payload: str | bytes) -> None:
        """Hand over what arrived."""
        if payload != BEAT:
            self.ears.heard(payload if isinstance(payload, str) else payload.decode("utf-8", "replace"))

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A server with all its members is known."""
        self.ears.members_changed(guild)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Steward was invited."""
        self.ears.members_changed(guild)

    async def on_guild_update(self, _: discord.Guild, after: discord.Guild) -> None:
        """The owner may be another."""
        self.ears.members_changed(after)

    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        """Somebody got or lost a role."""
        if before.roles != after.roles:
            self.ears.members_changed(after.guild)

    async def on_member_remove(self, member: discord.Member) -> None:
        """Somebody left."""
        self.ears.members_changed(member.guild)

    async def on_guild_role_update(self, _: discord.Role, after: discord.Role) -> None:
        """A role may do something else, or has another name."""
        self.ears.members_changed(after.guild)

    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """A role is gone."""
        self.ears.members_changed(role.guild)


class OneClient(_Hooks):
    """One connection, for nearly everybody."""

    def __init__(self, ears: Ears, *, identify_seconds: float = IDENTIFY_PAUSE_SECONDS, **more: Any) -> None:
        self.ears, self.identify_seconds = ears, identify_seconds
        super().__init__(**{**options(), **more})

    async def beat(self) -> None:
        """Ask the gateway for a sign of life every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(BEAT_EVERY_SECONDS)
            if self.ws is not None and self.ws.open:
                with suppress(discord.ConnectionClosed, OSError):  # the library notices it itself
                    await self.ws.received_message(BEAT)


class ManyClients(_Hooks, discord.AutoShardedClient):
    """Several connections, where Discord asks for them: from about 1,000 servers on, of which one always says something."""

    def __init__(self, ears: Ears, *, shard_count: int, identify_seconds: float = IDENTIFY_PAUSE_SECONDS, **more: Any) -> None:
        self.ears, self.identify_seconds = ears, identify_seconds
        super().__init__(shard_count=shard_count, **{**options(), **more})


async def shards_wanted(token: str) -> int:
    """How many connections Discord recommends. Raises what the library raises: a wrong token, nobody there."""
    async with discord.Client(intents=discord.Intents(guilds=True)) as asking:
        await asking.login(token)
        shards, _, _ = await asking.http.get_bot_gateway()
        return shards
