"""Steward's commands at work on a Discord server of our own, through the real client library.

Knows: how communities are put together, what members and moderators do. Must not know: what a test wants to show.
Rules: our own classes are never replaced; the scorer is a table (it stands for a model) and the chat a list (it stands for what the
outbox performs), so that the tests that use this are about what people ask.
"""

import asyncio
import contextlib
import warnings
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    pytest.importorskip("discord", reason="discord.py is not installed")
import discord

from bot.clocks import SystemClock
from bot.communities import Communities, Community, Defaults
from bot.core.model import CALLS, TOLD, Action
from bot.core.model import Message as Said
from bot.core.policy import Policy
from bot.folders import load_sentences
from bot.platforms.discord.client import intents
from bot.platforms.discord.commands import Tree, attach, offer
from bot.store.store import Store
from tests.servers.discord import Channel, DiscordServer, Guild, Interaction, Member
from tests.servers.discord.probe import OPENAPI
from tests.shell.branch import Chat, TableScorer, _empty_database, compiled

MODERATORS = "Moderators"


class Client(discord.Client):
    """The library's client with Steward's commands and nothing else."""

    def __init__(self, communities: Communities) -> None:
        super().__init__(intents=intents(), max_messages=None, guild_ready_timeout=0.05)
        self.set_up: list[str] = []
        self.tree: Tree = attach(self, communities, after_setup=self._after_setup)

    async def _after_setup(self, server: str) -> None:
        self.set_up.append(server)

    async def setup_hook(self) -> None:
        await offer(self.tree)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait the usual five seconds."""


class Bot:
    """Steward's commands at work on a server."""

    def __init__(self, server: DiscordServer, communities: Communities, chat: Chat) -> None:
        self.server, self.communities, self.chat = server, communities, chat
        self.client = Client(communities)

    async def community(self, guild: Guild) -> Community:
        """The guild's community, with those who hold the moderators' role."""
        found = await self.communities.of("discord", guild.id, name=guild.name)
        roles = {one.id for one in guild.roles.values() if one.name == MODERATORS}
        moderators = [one.id for one in guild.members.values() if roles & set(one.roles)]
        self.communities.moderate("discord", guild.id, moderators)
        return found

    async def breach(self, author: Member, text: str = "you donkey", *, channel: Channel | None = None) -> int:
        """Let a member write something, judge it, perform what follows; gives the newest case's number."""
        guild = author.guild
        channel = channel or guild.channel("general")
        message = self.server.say(channel, author, text)
        community = await self.community(guild)
        fields: dict[str, Any] = {"platform": "discord", "server": guild.id, "room": channel.id, "id": message.id, "author": author.id}
        await community.service.accept(Said(community=community.name, text=text, sent_at=datetime.now(UTC), **fields))
        await community.settle()
        async with community.parts.transaction() as transaction:
            return max(one.number for one in await transaction.cases_of("discord", author.id, 100))

    def card(self) -> Action:
        """The newest action that calls the moderators."""
        return next(one for one in reversed(self.chat.performed) if one.kind in CALLS)

    def letter(self, member: Member) -> Action:
        """The newest notice to a member."""
        return next(one for one in reversed(self.chat.performed) if one.kind in TOLD and one.target == member.id)

    async def asked(self, one: Interaction) -> str:
        """What somebody was answered; that it was private and taken in time is looked at too."""
        assert await one.acknowledged() is not None
        answer = await one.answer()
        assert answer.is_private
        return answer.text


@contextlib.asynccontextmanager
async def running(server: DiscordServer, folder: Path) -> AsyncIterator[Bot]:
    """Start on the database in a folder, and stop again."""
    database = folder / "steward.db"
    if not database.exists():
        database.write_bytes(await _empty_database())
    store = await Store.open(f"sqlite+aiosqlite:///{database}")
    chat = Chat()
    chat.name = "discord"

    async def prove(policy: Policy, community: str) -> None:
        """The tests of policies prove it."""

    def load(name: str) -> tuple[Policy, Mapping[str, str]]:
        if name not in ("", "small"):
            raise FileNotFoundError(f"there is no policy {name}")
        return compiled()

    communities = Communities(
        store=store, scorer=TableScorer(), clock=SystemClock(), sentences=load_sentences(), platforms={chat.name: chat},
        defaults=Defaults(community="branch", mode="enforce"), load_policy=load, prove=prove, code_errors=(FileNotFoundError,),
    )  # fmt: skip
    async with communities:
        bot = Bot(server, communities, chat)
        task = asyncio.create_task(bot.client.start(server.token))
        try:
            await server.holds(lambda: bot.client.is_ready() or task.done(), 10)
            if task.done():
                await task
            yield bot
        finally:
            await bot.client.close()
            with contextlib.suppress(BaseException):
                await asyncio.wait_for(task, 2)
            for community in communities.all():
                await community.settle()  # nothing is cut off in the middle of a transaction
            await asyncio.sleep(0.05)
    await store.close()


def invalid(server: DiscordServer) -> list[str]:
    """What of the transcript is not as Discord describes it; nothing where the description is not there."""
    return server.checked_against(OPENAPI)
