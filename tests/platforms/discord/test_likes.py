"""Likes of hateful content on Discord: the note in direct messages, the look at what stands a day later, after a restart too."""

import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.policy import Policy
from tests.core.policies import BANKS
from tests.platforms.discord.running import WAIT_SECONDS, Branch, branch_on_discord
from tests.servers.discord import Member, Message, Permission
from tests.servers.discord.permissions import STEWARD
from tests.shell.branch import compiled
from tests.shell.test_likes import LIKING, RULES, SUPPORTIVE

DAY = 25 * 60 * 60 * 1_000_000
HATEFUL = "vermin, all of them"


def likes(_: str) -> tuple[Policy, Mapping[str, str]]:
    """The small policy that looks at likes."""
    return compiled(text=LIKING, rules=RULES, banks={**BANKS, "banks/supportive-reactions.yaml": SUPPORTIVE})


@pytest.fixture
async def branch(tmp_path: Path) -> AsyncIterator[Branch]:
    """A guild whose policy looks at likes, once Steward is started."""
    async with branch_on_discord(tmp_path) as made:
        made.policy = likes
        made.scorer.table["vermin"] = {"identity_attack": 0.95}
        yield made


@pytest.fixture
def bob(branch: Branch) -> Member:
    return branch.server.add_member(branch.guild, "bob")


async def hateful(branch: Branch) -> Message:
    """Let ann say something hateful; it stands, and is a case."""
    said = branch.server.say(branch.general, branch.ann, HATEFUL)
    await branch.server.holds(lambda: bool(branch.cards()), WAIT_SECONDS)
    await branch.settled()
    return said


async def written(branch: Branch, member: Member, number: int = 1) -> list[str]:
    """What somebody was written, once there are so many letters."""
    await branch.server.holds(lambda: len(branch.letters(member)) >= number, WAIT_SECONDS)
    await branch.settled()
    return branch.letters(member)


def a_day_passes(branch: Branch) -> None:
    """As if everybody who was told had been told a day earlier."""
    with closing(sqlite3.connect(branch.database)) as database:
        database.execute("UPDATE likes SET told_at = told_at - ?", (DAY,))
        database.commit()


async def test_a_like_is_a_note_with_a_link_and_after_a_restart_a_nudge(branch: Branch, bob: Member) -> None:
    async with branch.running():
        said = await hateful(branch)
        branch.server.react(said, bob, "👍")
        (note,) = await written(branch, bob)
        assert "It may have been a slip" in note
        assert "vermin" not in note
        sent = branch.server.performed_messages(branch.server.direct_channel(bob))[-1]
        (link,) = sent.buttons
        assert link["url"] == f"https://discord.com/channels/{branch.guild.id}/{branch.general.id}/{said.id}"
    a_day_passes(branch)
    async with branch.running():
        _, nudge = await written(branch, bob, 2)
        assert "A friendly word about your reaction" in nudge
        assert "/appeal 2" in nudge
        assert not branch.wrong()


async def test_a_reaction_taken_back_ends_it_and_put_back_the_one_note_counts(branch: Branch, bob: Member) -> None:
    async with branch.running():
        said = await hateful(branch)
        branch.server.react(said, bob, "👍")
        await written(branch, bob)
        branch.server.unreact(said, bob, "👍")
        await branch.server.holds(lambda: branch.rows("SELECT state FROM likes") == [("ended",)])
        branch.server.react(said, bob, "👍")
        await branch.server.holds(lambda: branch.rows("SELECT state FROM likes") == [("noted",)])
        assert len(branch.letters(bob)) == 1
        branch.server.unreact(said, bob, "👍")
        await branch.server.holds(lambda: branch.rows("SELECT state FROM likes") == [("ended",)])
    a_day_passes(branch)
    async with branch.running():
        await branch.settled()
        assert len(branch.letters(bob)) == 1
        assert not branch.wrong()


async def test_taken_back_while_steward_was_away_it_is_no_nudge(branch: Branch, bob: Member) -> None:
    async with branch.running():
        said = await hateful(branch)
        branch.server.react(said, bob, "🔥")
        await written(branch, bob)
    branch.server.unreact(said, bob, "🔥")
    a_day_passes(branch)
    async with branch.running():
        await branch.server.holds(lambda: branch.rows("SELECT state FROM likes") == [("ended",)])
        assert len(branch.letters(bob)) == 1


async def test_anger_moderators_and_programs_are_left_alone(branch: Branch, bob: Member) -> None:
    async with branch.running():
        said = await hateful(branch)
        for who, emoji in ((bob, "😡"), (bob, "❓"), (branch.morgan, "👍"), (branch.ann, "👍")):
            branch.server.react(said, who, emoji)
        branch.server.state.react(said, branch.server.state.bot, "👍")
        await branch.settled()
        assert branch.rows("SELECT count(*) FROM likes") == [(0,)]


async def test_more_than_a_page_of_likes_is_read(branch: Branch) -> None:
    crowd = [branch.server.add_member(branch.guild, f"member{number}") for number in range(101)]
    async with branch.running():
        said = await hateful(branch)
        for one in crowd:
            said.reactions.setdefault("👍", []).append(one.id)
        branch.server.react(said, branch.morgan, "👍")
        await branch.server.holds(lambda: branch.rows("SELECT count(*) FROM likes") == [(101,)], 30)
        assert not branch.wrong()


async def test_a_note_that_nothing_brings_means_no_nudge(branch: Branch, bob: Member) -> None:
    bob.account.takes_direct_messages = False
    branch.server.set_permissions(branch.guild.role("Steward"), branch.guild, STEWARD & ~Permission.CREATE_PRIVATE_THREADS)
    async with branch.running():
        said = await hateful(branch)
        branch.server.react(said, bob, "👍")
        await branch.server.holds(lambda: branch.rows('SELECT state FROM actions WHERE "case" IS NULL') == [("manual",)])
        assert branch.rows("SELECT told_at, state FROM likes") == [(None, "noted")]
