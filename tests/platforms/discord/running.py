"""The adapter at work for tests: a Discord on loopback, the real library, a real database, a small policy.

Knows: how the parts are put together. Must not know: what a single test wants to show.
Rules: our own classes are never replaced; the scorer is a table (it stands for a model); what was opened is closed.
"""

import asyncio
import contextlib
import sqlite3
import warnings
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.clocks import SystemClock
from bot.communities import Communities, Community, Defaults
from bot.core.policy import Policy
from bot.folders import load_sentences
from bot.ports import Platform
from bot.store.records import CaseDetail
from bot.store.store import Store
from tests.shell.branch import TableScorer, _empty_database, compiled

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    pytest.importorskip("discord", reason="discord.py is not installed")
import discord

from bot.platforms.discord.platform import Discord
from tests.core.policies import POLICY, rule
from tests.servers.discord import Channel, DiscordServer, Guild, Member, Permission
from tests.servers.discord.permissions import STEWARD
from tests.servers.discord.probe import OPENAPI

RUDE = rule("rude", "{score: {label: insult, at_least: 0.8}}", severity="serious", status="enforce")
THREAT = rule("threat", "{score: {label: threat, at_least: 0.8}}", severity="grave", status="enforce", concern="threat", clause="2")
PASSED_ON = rule("passed-on", "{score: {label: insult, at_least: 0.8, role: shared}}", severity="serious", status="enforce")
BAD, THREATENING, FINE = "you donkey", "you will be sorry", "good morning"
"""Texts that the small policy hides and warns for, hides and mutes for, and leaves."""
WAIT_SECONDS = 10.0
SETTLE_SECONDS = 2.0


def policy(_: str) -> tuple[Policy, Mapping[str, str]]:
    """The small policy: rude is serious, a threat is grave."""
    return compiled(text=POLICY.replace("count: 3,", "count: 100,"), rules={"rude": RUDE, "threat": THREAT, "passed-on": PASSED_ON})


async def proven(_: Policy, __: str) -> None:
    """The small policy has no examples worth proving."""


class Branch:
    """One guild of the server, and the adapter that looks after it."""

    def __init__(self, server: DiscordServer, folder: Path) -> None:
        self.server, self.database = server, folder / "steward.db"
        self.guild = server.add_guild(bot_permissions=STEWARD | Permission.MANAGE_GUILD)
        self.general = self.guild.channel("general")
        self.officers = server.add_channel(self.guild, "officers")
        self.role = server.add_role(self.guild, "Moderators")
        self.morgan = server.add_member(self.guild, "morgan", self.role)
        self.ann = server.add_member(self.guild, "ann")
        self.scorer = TableScorer()
        self.scorer.table |= {"donkey": {"insult": 0.9}, "sorry": {"threat": 0.95}}
        self.listening: asyncio.Task[None] | None = None
        self.policy = policy

    @contextlib.asynccontextmanager
    async def running(self, *, connected: bool = True, **options: Any) -> AsyncIterator["Branch"]:
        """Start everything on the same database as before, as a process does, and stop it again."""
        if not self.database.exists():
            self.database.write_bytes(await _empty_database())
        async with contextlib.AsyncExitStack() as stack:
            store = await Store.open(f"sqlite+aiosqlite:///{self.database}")
            stack.push_async_callback(store.close)
            await stack.enter_async_context(self._at_work(store, connected=connected, **options))
            yield self

    @contextlib.asynccontextmanager
    async def _at_work(self, store: Store, *, connected: bool, **options: Any) -> AsyncIterator[None]:
        platforms: dict[str, Platform] = {}
        defaults = Defaults(mode="enforce", escalation_channel="officers", moderator_role="Moderators")
        async with Communities(
            store=store,
            scorer=self.scorer,
            clock=SystemClock(),
            sentences=load_sentences(),
            platforms=platforms,
            defaults=defaults,
            load_policy=self.policy,
            prove=proven,
        ) as self.communities:
            wanted = {"pause_seconds_min": 0.05, "identify_seconds": 0.05, "guild_ready_timeout": 0.05, **options}
            token = SecretStr(self.server.token)
            self.adapter = Discord(
                self.communities, token=token, api_url=self.server.api_url, gateway_url=self.server.gateway_url, **wanted
            )
            platforms[self.adapter.name] = self.adapter
            self.listening = asyncio.create_task(self.adapter.listen())
            try:
                if connected:
                    await self.live()
                yield
            finally:
                with contextlib.suppress(TimeoutError):  # a test of what cannot be performed leaves something open
                    async with asyncio.timeout(SETTLE_SECONDS):
                        for community in self.communities.all():
                            await community.settle()
                    await asyncio.sleep(0.05)  # the outbox ends its round: cut off, it leaves a connection to the database open
                self.listening.cancel()
                await asyncio.wait([self.listening])

    async def live(self, guild: Guild | None = None) -> Community:
        """Wait until a guild is looked after and nothing is behind."""
        server = (guild or self.guild).id

        def is_live() -> bool:
            assert self.listening is not None, "it was started"
            if self.listening.done():
                self.listening.result()
            community = self.communities.known("discord", server)
            known = self.moderators_known(server)
            return community is not None and known and not community.service.rooms_count("discord")[1]

        await self.server.holds(is_live, WAIT_SECONDS)
        community = self.communities.known("discord", server)
        assert community is not None
        return community

    def moderators_known(self, server: str) -> bool:
        """Say whether the members of a guild are known to the library."""
        try:
            guild = self.adapter.client().get_guild(int(server))
        except Exception:  # noqa: BLE001 - not connected yet
            return False
        return guild is not None and guild.chunked

    @property
    def community(self) -> Community:
        community = self.communities.known("discord", self.guild.id)
        assert community is not None, "it is at work"
        return community

    async def settled(self) -> None:
        """Wait until what was heard is judged and what is due is performed."""
        await self.community.settle()

    async def hidden(self, *channels: Channel, holding: int = 0) -> None:
        """Wait until no more than so many members' messages stand in the channels."""

        def are_gone() -> bool:
            members = (one for each in channels or (self.general,) for one in each.messages.values() if not one.author.bot)
            return sum(1 for _ in members) <= holding

        await self.server.holds(are_gone, WAIT_SECONDS)

    async def case(self, number: int = 1) -> CaseDetail:
        async with self.community.parts.transaction() as transaction:
            detail = await transaction.case_detail(number)
        assert detail is not None, f"there is a case {number}"
        return detail

    async def done(self, number: int = 1, *, left: int = 0) -> dict[str, str]:
        """The actions of a case and their states, once no more than so many are open."""
        found: dict[str, str] = {}

        async def are_done() -> bool:
            detail = await self.case(number)
            found.clear()
            found.update({f"{row.action.step} {row.action.kind}": str(row.state) for row in detail.actions})
            return sum(state in {"pending", "performing"} for state in found.values()) <= left

        async with asyncio.timeout(WAIT_SECONDS):
            while not await are_done():
                await asyncio.sleep(0.01)
        return found

    def cards(self) -> list[Any]:
        return self.server.performed_messages(self.officers)

    def letters(self, member: Member) -> list[str]:
        return [one.content for one in self.server.performed_messages(self.server.direct_channel(member))]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(query).fetchall()

    def wrong(self) -> list[str]:
        """What of the exchange is not as the OpenAPI document says."""
        return self.server.checked_against(OPENAPI)


@contextlib.asynccontextmanager
async def branch_on_discord(folder: Path) -> AsyncIterator[Branch]:
    """A server with one guild; the library is pointed back at the end."""
    base, gateway = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    async with DiscordServer() as server:
        try:
            yield Branch(server, folder)
        finally:
            discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = base, gateway
