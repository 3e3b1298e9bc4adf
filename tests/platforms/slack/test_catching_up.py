"""Reading back what was said while nobody watched, where something else goes wrong meanwhile.

Knows: how Slack and the record are disturbed. Must not know: how a breach is found.
Rules: what is behind does not stay behind; what a mute promises holds for what is read back too.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.platforms.slack.connected import steward

from tests.servers.faults import EVERY  # isort: skip - connected skips where the libraries are not there
from tests.servers.slack import Member, SlackServer  # isort: skip

LOCKED_SECONDS = 7.0
"""Longer than a transaction waits for another process."""


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(pace=0.01, ack_seconds=2.0) as server:
        yield server
        assert server.problems() == []


@pytest.fixture
def ann(slack: SlackServer) -> Member:
    return slack.add_member("ann")


async def test_what_a_muted_member_said_meanwhile_is_removed_though_steward_stops_while_it_tries(
    slack: SlackServer, ann: Member, tmp_path: Path
) -> None:
    token = slack.add_admin_token()
    async with steward(slack, tmp_path, admin_token=token) as at_work:
        await at_work.says(ann, slack.general, "you will be sorry")
    unheard = ann.says(slack.general, "while nobody watched")
    slack.fail_next("chat.delete", 503, EVERY)
    tried = len(slack.calls("chat.delete"))
    async with steward(slack, tmp_path, admin_token=token, wait=False):
        await slack.called("chat.delete", tried + 2, seconds=10)
    assert not unheard.deleted
    slack.clear_faults()
    async with steward(slack, tmp_path, admin_token=token) as at_work:
        assert unheard.deleted
        assert await at_work.audited("removed_while_muted") == 1


async def test_a_locked_database_does_not_leave_rooms_behind(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    token = slack.add_admin_token()
    async with steward(slack, tmp_path, admin_token=token) as at_work:
        await at_work.says(ann, slack.general, "hello")
        slack.refuse_handshakes(10_000)
        slack.drop_socket()
        await slack.holds(lambda: not slack.sockets.open)
        said = ann.says(slack.general, "you donkey")
        with closing(sqlite3.connect(tmp_path / "steward.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            slack.clear_faults()
            await slack.connected()
            await asyncio.sleep(LOCKED_SECONDS)
            other.execute("ROLLBACK")
        await at_work.caught_up()
        assert await at_work.judged(ann) == [said.ts]
