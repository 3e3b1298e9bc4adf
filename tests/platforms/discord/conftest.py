"""A Discord server of our own with a guild, a member and a moderator, and Steward's commands connected to it.

Knows: how the library is pointed at a server. Must not know: what a test wants to show.
Rules: a fixture makes what most tests need; the helpers are in at_work.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.platforms.discord.at_work import MODERATORS, Bot, running

import discord  # isort: skip - at_work skips where it is not there
import yarl  # isort: skip

from tests.servers.discord import DiscordServer, Guild, Member, Permission
from tests.servers.discord.permissions import STEWARD


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    """Start a server, and point the library at it."""
    async with DiscordServer() as made:
        monkeypatch.setattr(discord.http.Route, "BASE", made.api_url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(made.gateway_url))
        yield made


@pytest.fixture
def guild(server: DiscordServer) -> Guild:
    """Make a guild in which the bot may do what it needs, with a moderators' role."""
    made = server.add_guild(bot_permissions=STEWARD | Permission.MANAGE_GUILD)
    server.add_role(made, MODERATORS, Permission.MODERATE_MEMBERS)
    return made


@pytest.fixture
def ann(server: DiscordServer, guild: Guild) -> Member:
    """Let a member join."""
    return server.add_member(guild, "ann")


@pytest.fixture
def morgan(server: DiscordServer, guild: Guild) -> Member:
    """Let a moderator join."""
    return server.add_member(guild, "morgan", guild.role(MODERATORS))


@pytest.fixture
async def bot(server: DiscordServer, guild: Guild, ann: Member, morgan: Member, tmp_path: Path) -> AsyncIterator[Bot]:
    """Connect Steward's commands."""
    async with running(server, tmp_path) as made:
        await made.community(guild)
        yield made
