"""Reports in words on Discord: a notice in the moderators' channel, and who reported stays sealed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.platforms.discord.running import Branch, branch_on_discord


@pytest.fixture
async def branch(tmp_path: Path) -> AsyncIterator[Branch]:
    """A guild that Steward looks after once it is started."""
    async with branch_on_discord(tmp_path) as made:
        yield made


async def test_a_report_about_a_member_is_told_in_the_moderators_channel(branch: Branch) -> None:
    bob = branch.server.add_member(branch.guild, "bob")
    async with branch.running():
        form = await branch.server.interact(branch.ann, "Report member", target=bob).answer()
        answer = await branch.server.submit(branch.ann, form, {"why": "he shouts at *us*"}).answer()
        assert answer.is_private
        assert "Your report is number 1" in answer.text
        await branch.server.holds(lambda: len(branch.cards()) == 1)
        told = branch.cards()[0].content
        assert f"reported something about {bob.mention}" in told
        assert "he shouts at" in told
        assert branch.ann.id not in told
        assert branch.wrong() == []
