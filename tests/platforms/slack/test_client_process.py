"""Steward as a real process on Slack: killed between the record and what follows, and started again.

Knows: how the process is started, what is on record. Must not know: how a breach is found.
Rules: the real model, the real policy, the harmless sentence that always is a finding; each breach in exactly one case.
"""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("slack_bolt", reason="slack-bolt is not installed")

from tests.servers.slack import SlackServer

TRIGGER = "steward please check this lantern"
STARTED_SECONDS_MAX = 90.0


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(pace=0.01, ack_seconds=2.0) as server:
        yield server
        assert server.problems() == []


async def start(slack: SlackServer, folder: Path, crash_at: str = "") -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        env={
            "PATH": os.environ["PATH"],
            "STEWARD_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/steward.db",
            "STEWARD_SLACK_BOT_TOKEN": slack.bot_token,
            "STEWARD_SLACK_APP_TOKEN": slack.app_token,
            "STEWARD_SLACK_API_URL": slack.api_url,
            "STEWARD_ESCALATION_CHANNEL": "officers",
            "STEWARD_MODE": "shadow",
            "STEWARD_CRASH_AT": crash_at,
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


def in_cases(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "steward.db")) as database:
        return [message for (message,) in database.execute("SELECT message FROM case_messages")]


@pytest.mark.parametrize("crash_at", ["received:1", "before_commit:1", "after_commit:1"])
async def test_a_kill_between_record_and_judge_loses_nothing_and_repeats_nothing(slack: SlackServer, tmp_path: Path, crash_at: str) -> None:
    ann = slack.add_member("ann")
    slack.add_channel("officers", private=True)
    process = await start(slack, tmp_path, crash_at)
    await slack.connected(seconds=STARTED_SECONDS_MAX)
    said = ann.says(slack.general, TRIGGER)
    assert await asyncio.wait_for(process.wait(), 30) == -signal.SIGKILL
    slack.drop_socket()
    process = await start(slack, tmp_path)
    try:
        await slack.connected(seconds=STARTED_SECONDS_MAX)
        await slack.holds(lambda: in_cases(tmp_path) == [said.ts], seconds=20)
        await asyncio.sleep(0.5)
        assert in_cases(tmp_path) == [said.ts]
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 20) == 0
