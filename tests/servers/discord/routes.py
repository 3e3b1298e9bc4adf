"""A table of routes: documented path → function.

Knows: how a path is taken apart and what a handler is given. Must not know: what handlers do, sockets.
Rules: a route is written exactly as the OpenAPI description writes its path, so that every exchange can be looked up there.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.servers.discord import permissions
from tests.servers.discord.errors import RefusedError, missing_access, missing_permissions, too_long, unknown, wrong
from tests.servers.discord.interactions import Interactions
from tests.servers.discord.permissions import Permission
from tests.servers.discord.state import State
from tests.servers.discord.world import Channel, Guild, Json, Member, Message


@dataclass(frozen=True, slots=True)
class Answer:
    """A status other than 200, with its body."""

    status: int
    body: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, taken apart, and the state it speaks to."""

    state: State
    interactions: Interactions
    params: dict[str, str]
    query: dict[str, str]
    body: Any
    reason: str
    file_count: int = 0

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Read a number from the query, within its limits."""
        try:
            value = int(self.query.get(name, default))
        except ValueError:
            raise wrong(name, "Value is not int.", "NUMBER_TYPE_COERCE") from None
        if not least <= value <= most:
            raise wrong(name, f"int value should be between {least} and {most}.", "NUMBER_TYPE_RANGE")
        return value

    @property
    def fields(self) -> Json:
        """The body, which has to be an object."""
        if not isinstance(self.body, dict):
            raise wrong("_", "Only dictionaries may be used in a DictType", "DICT_TYPE_CONVERT")
        return self.body

    def guild(self) -> tuple[Guild, Member]:
        """Find the guild of the path, and the bot in it."""
        guild = self.state.world.guilds.get(self.params["guild_id"])
        if guild is None:
            raise unknown("Guild")
        me = guild.members.get(self.state.bot.id)
        if me is None:
            raise missing_access()
        return guild, me

    def guild_needing(self, needed: Permission) -> tuple[Guild, Member]:
        """Find the guild, if the bot may do that in it."""
        guild, me = self.guild()
        if needed not in permissions.in_guild(me, guild, self.state.clock.now()):
            raise missing_permissions()
        return guild, me

    def channel(self, needed: Permission = permissions.NONE) -> Channel:
        """Find the channel of the path, if the bot sees it and may do that in it."""
        channel = self.state.world.channels.get(self.params["channel_id"])
        if channel is None:
            raise unknown("Channel")
        if not self.state.bot_sees(channel):
            raise missing_access()
        if needed and needed not in self.held(channel):
            raise missing_permissions()
        return channel

    def held(self, channel: Channel) -> Permission:
        """Give what the bot may do in a channel; sending in a thread is a permission of its own."""
        if channel.guild is None:
            return permissions.IN_DIRECT_MESSAGES
        held = permissions.in_channel(channel.guild.members[self.state.bot.id], channel, self.state.clock.now())
        if channel.is_thread:
            send = Permission.SEND_MESSAGES_IN_THREADS in held
            held = held | Permission.SEND_MESSAGES if send else held & ~Permission.SEND_MESSAGES
        return held

    def message(self, channel: Channel) -> Message:
        """Find the message of the path."""
        found = channel.messages.get(self.params["message_id"])
        if found is None:
            raise unknown("Message")
        return found

    def checked_reason(self) -> str:
        """Give the reason for the audit log, at most 512 characters."""
        if len(self.reason) > 512:
            raise too_long("reason", 512)
        return self.reason


Handler = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """A documented path with its function."""

    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler


class Routes:
    """All routes, the most exact first."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def __call__(self, method: str, template: str) -> Callable[[Handler], Handler]:
        """Enter a function under a documented path."""
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))

        def entered(handler: Handler) -> Handler:
            self.all.append(Route(method, template, pattern, handler))
            self.all.sort(key=lambda one: one.template.count("{"))
            return handler

        return entered

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Find the route of a call; raises RefusedError with 404, or 405 where another method is known."""
        others = False
        for one in self.all:
            found = one.pattern.fullmatch(path)
            if found is not None:
                if one.method == method:
                    return one, found.groupdict()
                others = True
        if others:
            raise RefusedError(405, 0, "405: Method Not Allowed")
        raise RefusedError(404, 0, "404: Not Found")


route = Routes()
