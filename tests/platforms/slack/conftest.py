"""A Slack of our own with a member and a moderator, and Steward's commands connected to it.

Knows: how a workspace is made. Must not know: what a test wants to show.
Rules: a fixture makes what most tests need, and looks at the end whether all that was asked is as Slack describes it; the helpers are
in at_work.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.platforms.slack.at_work import Bot, manifest, running

from tests.servers.slack import Channel, Member, SlackServer  # isort: skip - at_work skips where the libraries are not there


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    """Start a server whose app was made from our manifest."""
    made = manifest()
    async with SlackServer(bot_scopes=frozenset(made["oauth_config"]["scopes"]["bot"])) as server:
        server.interactions.commands = {one["command"] for one in made["features"]["slash_commands"]}
        yield server
        assert server.problems() == []


@pytest.fixture
def ann(slack: SlackServer) -> Member:
    """Let a member join."""
    return slack.add_member("ann")


@pytest.fixture
def morgan(slack: SlackServer) -> Member:
    """Let a moderator join."""
    return slack.add_member("morgan")


@pytest.fixture
def officers(slack: SlackServer, morgan: Member) -> Channel:
    """Make the moderators' private channel."""
    return slack.add_channel("officers", morgan, private=True)


@pytest.fixture
async def bot(slack: SlackServer, ann: Member, morgan: Member, tmp_path: Path) -> AsyncIterator[Bot]:
    """Connect Steward's commands."""
    async with running(slack, tmp_path) as made:
        await made.community(morgan)
        yield made
