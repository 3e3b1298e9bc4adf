"""What a finding on Discord rests on: the words of older messages, read when it is made; what is gone is said to be."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.model import Contact
from tests.platforms.discord.running import BAD, Branch, branch_on_discord
from tests.servers.discord import Message, Permission
from tests.servers.discord.permissions import STEWARD


@pytest.fixture
async def branch(tmp_path: Path) -> AsyncIterator[Branch]:
    async with branch_on_discord(tmp_path) as made:
        yield made
        assert made.wrong() == []


async def hostile_for_days(branch: Branch, *said: Message) -> None:
    """Put on record that Ann was hostile to Morgan with these messages, one on each of the last days."""
    rows = [
        Contact(
            author=branch.ann.id, target=branch.morgan.id, room=branch.general.id, message=one.id,
            sent_at=datetime.now(UTC) - timedelta(days=days), hostility=2, direct=True,
        )
        for days, one in enumerate(reversed(said), start=1)
    ]  # fmt: skip
    async with branch.community.parts.transaction() as transaction:
        await transaction.add_contacts("discord", rows)


async def shown(branch: Branch, state: str, count: int) -> str:
    """The card, once so many earlier messages are in that state."""
    await branch.server.holds(lambda: branch.rows(f"SELECT count(*) FROM earlier WHERE state = '{state}'") == [(count,)])
    await branch.settled()
    (card,) = (one for one in branch.cards() if one.embeds)
    return str(card.embeds)


async def test_words_of_earlier_messages_are_on_the_card_and_what_is_gone_is_said(branch: Branch) -> None:
    kept = branch.server.say(branch.general, branch.ann, "you again, first")
    gone = branch.server.say(branch.general, branch.ann, "you again, second")
    async with branch.running():
        await hostile_for_days(branch, kept, gone)
        branch.server.delete(gone)
        branch.server.say(branch.general, branch.ann, f"{branch.morgan.mention} {BAD}")
        await branch.hidden(holding=1)
        await branch.done()
        await branch.community.service.casebook.look_after()
        card = await shown(branch, "read", 1)
        assert "you again, first" in card
        assert "no longer available" in card
        assert "you again, second" not in card


async def test_room_that_may_not_be_read_stops_nothing(branch: Branch) -> None:
    said = [branch.server.say(branch.general, branch.ann, f"you again {number}") for number in range(2)]
    async with branch.running():
        await hostile_for_days(branch, *said)
        branch.server.set_permissions(branch.guild.role("Steward"), branch.guild, STEWARD & ~Permission.READ_MESSAGE_HISTORY)
        branch.server.set_overwrite(branch.general, branch.guild.role("@everyone"), deny=Permission.READ_MESSAGE_HISTORY)
        branch.server.say(branch.general, branch.ann, f"{branch.morgan.mention} {BAD}")
        await branch.hidden(holding=2)
        await branch.done()
        await branch.community.service.casebook.look_after()
        assert branch.rows("SELECT state FROM earlier") == [("waiting",)] * 2
        assert branch.server.requests("GET", f"/channels/{branch.general.id}/messages/{said[0].id}"), "it was asked"
