"""A Discord server with one guild and one member, and the real client that is connected to it.

Knows: how discord.py is pointed at a server of our own. Must not know: what is tested.
Rules: libraries are imported when a fixture is used, so that tests of other servers do without them.
"""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import aiohttp

    from tests.servers.discord import DiscordServer, Guild, Member
    from tests.servers.discord.probe import Probe


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> "AsyncIterator[DiscordServer]":
    """Start a server, and point the library at it."""
    import discord
    import yarl

    from tests.servers.discord import DiscordServer

    async with DiscordServer() as made:
        monkeypatch.setattr(discord.http.Route, "BASE", made.api_url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(made.gateway_url))
        yield made


@pytest.fixture
def guild(server: "DiscordServer") -> "Guild":
    """Make a guild in which the bot may do what Steward needs, and hears of AutoMod."""
    from tests.servers.discord.permissions import STEWARD, Permission

    return server.add_guild(bot_permissions=STEWARD | Permission.MANAGE_GUILD)


@pytest.fixture
def ann(server: "DiscordServer", guild: "Guild") -> "Member":
    """Let a member join."""
    return server.add_member(guild, "ann")


@pytest.fixture
async def client(server: "DiscordServer", guild: "Guild", ann: "Member") -> "AsyncIterator[Probe]":
    """Connect the real client."""
    from tests.servers.discord.probe import running

    async with running(server) as made:
        yield made


@pytest.fixture
async def raw(server: "DiscordServer") -> "AsyncIterator[aiohttp.ClientSession]":
    """Give a plain HTTP client with the bot's token."""
    import aiohttp

    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {server.token}"}) as session:
        yield session
