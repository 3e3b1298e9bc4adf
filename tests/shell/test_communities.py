"""Several communities in one process: which server belongs to which, what is set up, what a broken policy does."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clocks import ReplayClock
from bot.communities import Communities, Defaults
from bot.core.cases import NotAllowedError
from bot.core.model import Message, Status
from bot.core.policy import Policy
from bot.folders import load_sentences
from bot.store.store import Store
from tests.core.policies import NOW
from tests.shell.branch import INSULTING, Chat, TableScorer, compiled


class BrokenPolicyError(Exception):
    """What loading raises here."""


def policy_named(name: str) -> tuple[Policy, Mapping[str, str]]:
    if name == "broken":
        raise BrokenPolicyError("rules/x.yaml:3:1: no such signal")
    return compiled()


async def proven(policy: Policy, community: str) -> None:
    del policy
    if community == "unproven":
        raise BrokenPolicyError("the policy fails its own examples")


class Towns:
    """A database, a chat, a clock; `open` is a start of the process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.chat, self.clock = folder, Chat(), ReplayClock(NOW)

    @asynccontextmanager
    async def open(self, **defaults: str) -> AsyncIterator[Communities]:
        store = await Store.open(f"sqlite+aiosqlite:///{self.folder}/steward.db")
        communities = Communities(
            store=store,
            scorer=TableScorer(),
            clock=self.clock,
            sentences=load_sentences(),
            platforms={"test": self.chat},
            defaults=Defaults(**{"policy": "small", **defaults}),  # type: ignore[arg-type]
            load_policy=policy_named,
            prove=proven,
            code_errors=(BrokenPolicyError,),
        )
        try:
            async with communities:
                yield communities
        finally:
            await store.close()


@pytest.fixture
def towns(tmp_path: Path) -> Towns:
    return Towns(tmp_path)


def insult(server: str, number: str = "1") -> Message:
    return Message(
        community="", platform="test", server=server, room=f"room of {server}", id=number, author="alex", text=INSULTING, sent_at=NOW
    )


async def say(communities: Communities, server: str, number: str = "1") -> None:
    from dataclasses import replace

    community = await communities.of("test", server)
    await community.service.accept(replace(insult(server, number), community=community.name))
    await community.settle()


async def test_first_server_is_the_default_community_and_another_its_own(towns: Towns) -> None:
    async with towns.open() as communities:
        assert (await communities.of("test", "north")).name == "main"
        assert (await communities.of("test", "south")).name == "test-south"
        assert (await communities.of("test", "north")) is communities.known("test", "north")
    async with towns.open() as communities:  # the other way round after a new start: it stands in the record
        assert (await communities.of("test", "south")).name == "test-south"
        assert (await communities.of("test", "north")).name == "main"


async def test_each_community_has_its_own_record_mode_and_case_numbers(towns: Towns) -> None:
    async with towns.open(mode="enforce") as communities:
        await say(communities, "north")
        await communities.set_up("test", "south", mode="shadow")
        await say(communities, "south")
        north, south = communities.known("test", "north"), communities.known("test", "south")
        assert north
        assert south
        for community in (north, south):
            async with community.parts.transaction() as transaction:
                detail = await transaction.case_detail(1)
            assert detail
            assert detail.mode == str(community.parts.mode)
    assert {action.community for action in towns.chat.performed} == {"main"}


async def test_setup_stays_after_a_start_and_leaves_what_is_not_named(towns: Towns) -> None:
    async with towns.open(moderator_role="Stewards") as communities:
        assert communities.setup("test", "north").moderator_role == "Stewards"
        said = await communities.set_up("test", "north", mode="enforce", escalation_channel="mods")
        assert "Mode: enforce" in said
        assert "mods" in said
    async with towns.open() as communities:
        community = await communities.of("test", "north")
        assert community.parts.mode is Status.ENFORCE
        assert communities.setup("test", "north").escalation_channel == "mods"
        await communities.set_up("test", "north", moderator_role="Stewards")
        assert communities.setup("test", "north").escalation_channel == "mods"
        assert community.parts.mode is Status.ENFORCE


async def test_broken_policy_keeps_the_old_one_and_the_moderators_are_told(towns: Towns) -> None:
    async with towns.open() as communities:
        community = await communities.of("test", "north")
        before = community.parts.policy
        with pytest.raises(NotAllowedError, match="no such signal"):
            await communities.set_up("test", "north", policy="broken")
        assert community.parts.policy is before
        async with community.parts.transaction() as transaction:
            await transaction.put_community(mode="", policy="broken")
        await communities.reload_all()
        assert community.parts.policy is before
        assert any("no such signal" in text for _, text, _ in towns.chat.told)


async def test_mode_enforce_needs_a_proven_policy(towns: Towns) -> None:
    async with towns.open(community="unproven") as communities:
        with pytest.raises(NotAllowedError, match="fails its own examples"):
            await communities.set_up("test", "north", mode="enforce")
        community = communities.known("test", "north")
        assert community
        assert community.parts.mode is Status.SHADOW
        with pytest.raises(NotAllowedError, match="shadow, enforce"):
            await communities.set_up("test", "north", mode="of war")


async def test_time_away_is_told_once_and_a_short_one_is_not(towns: Towns) -> None:
    async with towns.open() as communities:
        await communities.of("test", "north")
        await communities.say_gap("test", "north")
    towns.clock.saw(NOW + timedelta(seconds=60))
    async with towns.open() as communities:
        await communities.of("test", "north")
        await communities.say_gap("test", "north")
    assert towns.chat.told == []
    towns.clock.saw(NOW + timedelta(hours=3))
    async with towns.open() as communities:
        await communities.of("test", "north")
        await communities.say_gap("test", "north")
    ((server, text, _),) = towns.chat.told
    assert server == "north"
    assert "away for 2 hours" in text
    assert "cannot be read back" in text


async def test_moderators_of_a_role_are_moderators_until_the_role_is_gone(towns: Towns) -> None:
    async with towns.open() as communities:
        community = await communities.of("test", "north")
        communities.moderate("test", "north", {"morgan"})
        assert "morgan" in community.parts.moderators
        communities.moderate("test", "north", set())
        assert "morgan" not in community.parts.moderators


async def test_community_that_fails_ends_the_whole(towns: Towns) -> None:
    async with towns.open() as communities:
        community = await communities.of("test", "north")

        def fail(*_: object) -> None:
            raise RuntimeError("broken on purpose")

        community.service._on_outcome = fail
        await community.service.accept(insult("north"))
        with pytest.raises(ExceptionGroup):
            await asyncio.wait_for(asyncio.shield(communities.ended), 5)
