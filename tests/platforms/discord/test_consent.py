"""Whether somebody agreed to their details in a room, asked and answered on Discord: by buttons, by command, after a restart."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.platforms.discord.running import WAIT_SECONDS, Branch, branch_on_discord
from tests.platforms.discord.test_buttons import asked, labels, letter
from tests.servers.discord import Member, Message
from tests.shell.test_consent import NUMBER, asking

DAY = 25 * 60 * 60 * 1_000_000


@pytest.fixture
async def branch(tmp_path: Path) -> AsyncIterator[Branch]:
    """A guild whose policy asks whether somebody agreed, once Steward is started."""
    async with branch_on_discord(tmp_path) as made:
        made.policy = lambda _: asking()
        yield made


@pytest.fixture
def bob(branch: Branch) -> Member:
    return branch.server.add_member(branch.guild, "bob")


async def shared(branch: Branch, bob: Member) -> tuple[Message, Message, Message]:
    """Let ann write bob's number; gives that, what ann is asked, and what bob is told."""
    said = branch.server.say(branch.general, branch.ann, f"{bob.mention} is on {NUMBER}, give him a ring")
    await branch.server.holds(lambda: bool(branch.letters(branch.ann) and branch.letters(bob)), WAIT_SECONDS)
    return said, await letter(branch, branch.ann), await letter(branch, bob)


def answers(branch: Branch) -> dict[str, str]:
    return dict(branch.rows("SELECT account, answer FROM consents"))


async def test_the_author_says_by_a_button_that_they_agreed(branch: Branch, bob: Member) -> None:
    async with branch.running():
        said, question, _ = await shared(branch, bob)
        assert labels(question) == ["Yes, they agreed", "No, or I am not sure"]
        assert NUMBER not in question.content
    async with branch.running():
        assert "they agreed" in await asked(branch.server.press(branch.ann.account, question, "Yes, they agreed"))
        await branch.settled()
        assert answers(branch)[branch.ann.id] == "yes"
        (card,) = branch.cards()
        await branch.server.holds(lambda: "they agreed" in str(card.embeds))
        assert NUMBER not in str(card.embeds)
        assert said.id in branch.general.messages
        assert not branch.wrong()


async def test_the_owner_objects_by_a_button_and_the_message_is_gone(branch: Branch, bob: Member) -> None:
    async with branch.running():
        said, _, told = await shared(branch, bob)
        assert labels(told)[:2] == ["I did not agree", "I agreed"]
        assert "may be yours" in told.content
        assert NUMBER not in told.content
        assert "the moderators are told" in await asked(branch.server.press(bob.account, told, "I did not agree"))
        await branch.server.holds(lambda: said.id not in branch.general.messages)
        await branch.settled()
        assert "did not agree to it" in branch.letters(branch.ann)[-1]
        assert "they did not agree" in str(branch.cards()[0].embeds)
        assert not branch.wrong()


async def test_a_button_that_was_put_to_another_is_no_answer(branch: Branch, bob: Member) -> None:
    async with branch.running():
        said, question, _ = await shared(branch, bob)
        cara = branch.server.add_member(branch.guild, "cara")
        assert await asked(branch.server.press(cara.account, question, "Yes, they agreed")) == "Nobody asked you about case 1."
        assert set(answers(branch).values()) == {""}
        assert said.id in branch.general.messages


async def test_silence_over_a_restart_goes_to_the_moderators(branch: Branch, bob: Member) -> None:
    async with branch.running():
        await shared(branch, bob)
        await branch.settled()
    with closing(sqlite3.connect(branch.database)) as database:
        database.execute("UPDATE consents SET answer_by = answer_by - ?", (DAY,))
        database.commit()
    async with branch.running():
        await branch.server.holds(lambda: answers(branch)[branch.ann.id] == "none")
        await branch.server.holds(lambda: "no answer in time" in str(branch.cards()[0].embeds))


async def test_it_is_answered_by_command_in_direct_messages(branch: Branch, bob: Member) -> None:
    async with branch.running():
        await shared(branch, bob)
        one = branch.server.interact(branch.ann.account, "agreed", {"case": 1, "answer": "no"})
        assert "Please take the message out" in await asked(one)
        assert answers(branch)[branch.ann.id] == "no"
