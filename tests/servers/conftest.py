"""A Discord server with one guild and one member, a Slack with one member, and the real clients that are connected to them.

Knows: how the real libraries are pointed at servers of our own. Must not know: what is tested.
Rules: libraries are imported when a fixture is used, so that tests of other servers do without them.
"""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import aiohttp

    from tests.servers.discord import DiscordServer, Guild, Member
    from tests.servers.discord.probe import Probe
    from tests.servers.slack import Member as SlackMember
    from tests.servers.slack import SlackServer
    from tests.servers.slack.probe import Probe as BoltProbe


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


# Slack


@pytest.fixture
async def slack() -> "AsyncIterator[SlackServer]":
    """Start a Slack whose waits are short, and in the end hold all that was called against the descriptions."""
    from tests.servers.slack import SlackServer

    async with SlackServer(pace=0.001, ack_seconds=2.0) as made:
        yield made
        assert not made.problems()


@pytest.fixture
def dana(slack: "SlackServer") -> "SlackMember":
    """Let a member join the workspace."""
    return slack.add_member("dana")


@pytest.fixture
async def bolt(slack: "SlackServer", dana: "SlackMember") -> "AsyncIterator[BoltProbe]":
    """Connect the real libraries by Socket Mode."""
    from tests.servers.slack.probe import running

    async with running(slack) as made:
        yield made
