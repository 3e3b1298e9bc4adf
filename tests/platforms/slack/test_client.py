"""The connection to Slack: refreshed, cut, away for a while, in a workspace that lacks something.

Knows: how a connection is disturbed. Must not know: how a breach is found.
Rules: whatever happens to the connection, what was said is judged once.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.platforms.slack.connected import Steward, officers, steward

from bot.core.model import ActionKind  # isort: skip - connected skips where the libraries are not there
from tests.servers.slack import Member, SlackServer  # isort: skip


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(pace=0.001, ack_seconds=2.0) as server:
        yield server
        assert server.problems() == []


@pytest.fixture
def ann(slack: SlackServer) -> Member:
    return slack.add_member("ann")


async def until_judged(at_work: Steward, member: Member, *ids: str) -> None:
    async with asyncio.timeout(20):
        while sorted(await at_work.judged(member)) != sorted(ids):
            await asyncio.sleep(0.05)
    await at_work.settled()
    assert sorted(await at_work.judged(member)) == sorted(ids)


async def test_a_socket_that_slack_refreshes_loses_nothing(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        said = [await at_work.says(ann, slack.general, "you donkey")]
        slack.ask_to_reconnect("refresh_requested")
        said += [ann.says(slack.general, f"you donkey, number {number}") for number in range(3)]
        await until_judged(at_work, ann, *(one.ts for one in said))


async def test_slack_away_for_a_while_is_waited_for(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        await at_work.says(ann, slack.general, "hello")
        await slack.shut()
        said = ann.says(slack.general, "you donkey")
        await asyncio.sleep(1.5)
        await slack.reopen()
        await slack.connected()
        await until_judged(at_work, ann, said.ts)


async def test_a_room_in_which_nothing_was_heard_yet_is_read_back_too(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    old = ann.says(slack.general, "you donkey, before Steward came")
    async with steward(slack, tmp_path):
        pass
    said = [ann.says(slack.general, "you donkey"), ann.replies(old, "you donkey, in a thread")]
    async with steward(slack, tmp_path) as at_work:
        await until_judged(at_work, ann, *(one.ts for one in said))


async def test_slack_away_at_the_start_is_waited_for(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    await slack.shut()
    async with steward(slack, tmp_path, wait=False) as at_work:
        await asyncio.sleep(0.5)
        assert at_work.platform.capabilities.can(ActionKind.HIDE), "what is not known yet is not given to people"
        await slack.reopen()
        await slack.connected(seconds=15)
        said = ann.says(slack.general, "you donkey")
        await until_judged(at_work, ann, said.ts)


async def test_messages_in_a_flood_are_judged_once_each(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        slack.duplicate_next(40)
        said = [ann.says(slack.general, "you donkey" if number % 10 == 0 else "hello") for number in range(40)]
        await until_judged(at_work, ann, *(one.ts for one in said[::10]))


async def test_what_is_said_all_the_time_does_not_keep_others_waiting(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    never = asyncio.Event()
    async with steward(slack, tmp_path, held={"slow": never}) as at_work:
        ann.says(slack.general, "a slow one")
        await slack.settled()
        for number in range(20):
            ann.says(slack.general, f"number {number}")
        await slack.settled()
        assert len(await at_work.community.kept()) == 21, "on record until the one before them is judged"
        never.set()
        await at_work.settled()


async def test_a_user_group_that_cannot_be_read_leaves_owners_and_admins(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    slack.fail_next("usergroups.list", 200, times=10, body=b'{"ok": false, "error": "missing_scope", "needed": "usergroups:read"}')
    slack.expected += ["usergroups"]
    async with steward(slack, tmp_path, moderator_role="@mods") as at_work:
        assert slack.owner.id in at_work.community.parts.moderators
        assert ann.id not in at_work.community.parts.moderators


async def test_a_channel_steward_is_invited_to_is_read_from_then_on(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    room = slack.add_channel("late", ann, with_bot=False)
    async with steward(slack, tmp_path) as at_work:
        ann.says(room, "you donkey, before")
        ann.invites(slack.bot, room)
        said = await at_work.says(ann, room, "you donkey, after")
        await until_judged(at_work, ann, said.ts)


async def test_the_moderators_channel_may_be_named_by_its_id(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    room = officers(slack)
    async with steward(slack, tmp_path) as at_work:
        await at_work.communities.set_up("slack", at_work.team, escalation_channel=f"<#{room.id}|officers>")
        await at_work.says(ann, slack.general, "you donkey")
        assert slack.said_by_bot(room)
