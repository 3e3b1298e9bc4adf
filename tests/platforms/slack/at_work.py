"""Steward's commands at work in a Slack of our own, through the real libraries.

Knows: how communities are put together, what members and moderators do. Must not know: what a test wants to show.
Rules: our own classes are never replaced; the scorer is a table (it stands for a model) and the chat a list (it stands for what the
outbox performs), so that the tests that use this are about what people ask.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("slack_bolt", reason="slack-bolt is not installed")

from bot.clocks import SystemClock
from bot.communities import Communities, Community, Defaults
from bot.core.model import CALLS, TOLD, Action
from bot.core.model import Message as Said
from bot.core.policy import Policy
from bot.folders import load_sentences
from bot.platforms.slack.blocks import Post
from bot.platforms.slack.client import DurableSocket, make_app, web_client
from bot.platforms.slack.commands import attach, heard
from bot.platforms.slack.reach import probe
from bot.store.store import Store
from tests.servers.slack import Channel, Interaction, Member, Message, SlackServer
from tests.shell.branch import Chat, TableScorer, _empty_database, compiled

MANIFEST = Path(__file__).parents[3] / "bot" / "platforms" / "slack" / "manifest.yaml"


def manifest() -> dict[str, Any]:
    """What an admin pastes."""
    found: dict[str, Any] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return found


class Bot:
    """Steward's commands at work in a workspace."""

    def __init__(self, server: SlackServer, communities: Communities, chat: Chat, folder: Path) -> None:
        self.server, self.communities, self.chat, self.folder = server, communities, chat, folder
        self.client = web_client(server.bot_token, server.api_url)
        self.set_up: list[str] = []
        self._tasks: set[asyncio.Task[bool]] = set()

    async def start(self) -> DurableSocket:
        """Make the app and a socket for it."""
        app = make_app(await probe(self.client, None), self.server.bot_token, self.server.api_url)
        self.reception = attach(app, self.client, self.communities, after_setup=self._after_setup)
        return DurableSocket(app, self.server.app_token, api_url=self.server.api_url, keep=self._keep, connected=lambda: None)

    async def _keep(self, payload: Mapping[str, Any]) -> None:
        task = asyncio.create_task(heard(self.reception, payload["event"], payload["team_id"]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _after_setup(self, server: str) -> None:
        self.set_up.append(server)

    async def finish(self) -> None:
        """Wait for what is still being worked on: the library's listeners run beside its acknowledgements."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for community in self.communities.all():
            await community.settle()

    @property
    def team(self) -> str:
        return self.server.world.team_id

    async def community(self, *moderators: Member) -> Community:
        """The workspace's community."""
        found = await self.communities.of("slack", self.team)
        if moderators:
            self.communities.moderate("slack", self.team, [one.id for one in moderators])
        return found

    async def breach(self, author: Member, text: str = "you donkey", *, channel: Channel | None = None) -> int:
        """Let a member write something, judge it, perform what follows; gives the newest case's number."""
        channel = channel or self.server.general
        message = author.says(channel, text)
        community = await self.community()
        said = Said(
            community=community.name, platform="slack", server=self.team, room=channel.id, id=message.ts, author=author.id, text=text,
            sent_at=datetime.now(UTC),
        )  # fmt: skip
        self.chat.said.append(said)
        await community.service.accept(said)
        await community.settle()
        async with community.parts.transaction() as transaction:
            return max(one.number for one in await transaction.cases_of("slack", author.id, 100))

    def card(self) -> Action:
        """The newest action that calls the moderators."""
        return next(one for one in reversed(self.chat.performed) if one.kind in CALLS)

    def letter(self, member: Member) -> Action:
        """The newest notice to a member."""
        return next(one for one in reversed(self.chat.performed) if one.kind in TOLD and one.target == member.id)

    async def posts(self, channel: Channel, post: Post) -> Message:
        """Post a card or a notice, as the adapter does."""
        sent = await self.client.chat_postMessage(channel=channel.id, text=post["text"], blocks=post["blocks"])
        return channel.messages[sent["ts"]]

    async def asked(self, one: Interaction) -> str:
        """What somebody was answered; that it was private is looked at too."""
        await one.acknowledged()
        await one.answer()
        assert not one.problem
        assert all(each.ephemeral_to == one.user.id for each in one.messages)
        return one.text

    async def told(self, member: Member, number: int = 1) -> str:
        """What somebody was written directly, once there are so many messages."""
        await self.server.holds(lambda: len(member.dms) >= number)
        return member.dm_texts[number - 1]

    async def reports(self) -> list[tuple[str, str, str]]:
        """Reporter, author and text of each report that waits."""
        community = await self.community()
        async with community.parts.transaction() as transaction:
            return [(one.reporter, one.author, one.text) for one in await transaction.reports()]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "steward.db")) as database:
            return database.execute(query).fetchall()


@contextlib.asynccontextmanager
async def running(server: SlackServer, folder: Path) -> AsyncIterator[Bot]:
    """Start on the database in a folder, and stop again."""
    if not (folder / "steward.db").exists():
        (folder / "steward.db").write_bytes(await _empty_database())
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/steward.db")
    chat = Chat()
    chat.name = "slack"

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
        bot = Bot(server, communities, chat, folder)
        task = asyncio.create_task((await bot.start()).run())
        try:
            await server.connected()
            yield bot
        finally:
            task.cancel()
            await asyncio.wait([task], timeout=5)
            await bot.finish()
    await store.close()
