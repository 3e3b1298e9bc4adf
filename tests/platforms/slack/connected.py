"""The whole of Steward on Slack, connected to a Slack of our own through the real libraries, on a real database.

Knows: how platform and communities are put together, how to wait until all is done. Must not know: what a test wants to show.
Rules: our own classes are never replaced but the scorer, which is a table; a test looks at what members see and at what is on record.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("slack_bolt", reason="slack-bolt is not installed")

from pydantic import SecretStr

from bot.clocks import SystemClock
from bot.communities import Communities, Community, Defaults
from bot.core.model import ActionKind
from bot.core.policy import Policy
from bot.folders import load_sentences
from bot.platforms.slack.platform import Slack
from bot.ports import Platform
from bot.store.records import ActionState, CaseDetail, OutboxRow
from bot.store.store import Store
from tests.servers.slack import Channel, Member, Message, SlackServer
from tests.shell.branch import TableScorer, _empty_database, compiled

OFFICERS = "officers"
WAIT_SECONDS_MAX = 15.0


class Steward:
    """One start of Steward in a workspace."""

    def __init__(self, server: SlackServer, communities: Communities, platform: Slack, store: Store) -> None:
        self.server, self.communities, self.platform, self.store = server, communities, platform, store
        self.scorer = TableScorer()

    @property
    def team(self) -> str:
        return self.server.world.team_id

    @property
    def community(self) -> Community:
        found = self.communities.known("slack", self.team)
        assert found is not None, "the workspace's community is at work"
        return found

    async def settled(self) -> None:
        """Wait until all that was sent is acknowledged, judged, and what follows performed."""
        await self.server.settled(WAIT_SECONDS_MAX)
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            while await self.community.kept():
                await asyncio.sleep(0.01)
            await self.community.settle()

    async def caught_up(self) -> None:
        """Wait until no room is behind."""
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            while self.community.service.rooms_count("slack")[1]:
                await asyncio.sleep(0.01)
        await self.settled()

    async def says(self, member: Member, channel: Channel, text: str, **more: Any) -> Message:
        """Let a member write, and all that follows happen."""
        made = member.says(channel, text, **more)
        await self.settled()
        return made

    async def cases(self, member: Member) -> list[CaseDetail]:
        """A member's cases, oldest first."""
        async with self.community.parts.transaction() as transaction:
            numbers = sorted(one.number for one in await transaction.cases_of("slack", member.id, 100))
            found = [await transaction.case_detail(number) for number in numbers]
        return [one for one in found if one is not None]

    async def judged(self, member: Member) -> list[str]:
        """The ids of a member's messages that are in a case, one for each time."""
        return [each.message.id for case in await self.cases(member) for each in case.messages]

    async def row(self, member: Member, kind: ActionKind) -> OutboxRow:
        """The latest action of a kind on a member."""
        rows = [row for case in await self.cases(member) for row in case.actions if row.action.kind is kind]
        assert rows, f"there is a {kind}"
        return rows[-1]

    async def state(self, member: Member, kind: ActionKind) -> ActionState:
        return (await self.row(member, kind)).state

    async def audited(self, kind: str) -> int:
        """How many entries of a kind the audit trail holds."""
        async with self.community.parts.transaction() as transaction:
            return sum(entry.kind == kind for entry in await transaction.audit_entries())


def officers(server: SlackServer) -> Channel:
    """The moderators' channel, made where it is not there."""
    found = next((one for one in server.world.channels.values() if one.name == OFFICERS), None)
    return found or server.add_channel(OFFICERS, private=True)


@contextlib.asynccontextmanager
async def steward(
    server: SlackServer,
    folder: Path,
    *,
    admin_token: str = "",
    policy: tuple[Policy, Mapping[str, str]] | None = None,
    moderator_role: str = "",
    http: bool = False,
    wait: bool = True,
    held: Mapping[str, asyncio.Event] | None = None,
) -> AsyncIterator[Steward]:
    """Start on the database in a folder, and stop again. `held`: words of texts that are scored only after an event."""
    officers(server)
    database = folder / "steward.db"
    if not database.exists():
        database.write_bytes(await _empty_database())
    store = await Store.open(f"sqlite+aiosqlite:///{database}")
    platforms: dict[str, Platform] = {}
    made = policy or compiled()

    async def prove(_: Policy, __: str) -> None:
        """The tests of policies prove it."""

    scorer = TableScorer()
    scorer.held.update(held or {})
    communities = Communities(
        store=store,
        scorer=scorer,
        clock=SystemClock(),
        sentences=load_sentences(),
        platforms=platforms,
        defaults=Defaults(community="branch", mode="enforce", escalation_channel=OFFICERS, moderator_role=moderator_role),
        load_policy=lambda _: made,
        prove=prove,
    )
    platform = Slack(
        communities,
        bot_token=SecretStr(server.bot_token),
        app_token=None if http else SecretStr(server.app_token),
        signing_secret=SecretStr(server.signing_secret) if http else None,
        admin_token=SecretStr(admin_token) if admin_token else None,
        api_url=server.api_url,
        host="127.0.0.1",
        port=0,
        ping_seconds=0.2,
        away_seconds_max=0.5,
    )
    platforms[platform.name] = platform
    try:
        async with communities:
            at_work = Steward(server, communities, platform, store)
            at_work.scorer = scorer
            task = asyncio.create_task(platform.listen())
            try:
                if wait:
                    await _connected(at_work, task, http=http)
                yield at_work
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
    finally:
        await store.close()


async def _connected(at_work: Steward, task: asyncio.Task[None], *, http: bool) -> None:
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while not (at_work.platform.opened_port if http else at_work.server.sockets.open):
            if task.done():
                task.result()
            await asyncio.sleep(0.01)
    if http:
        assert await at_work.server.use_http(f"http://127.0.0.1:{at_work.platform.opened_port}/slack/events")
    await at_work.caught_up()
