"""A no-contact request is no way to write once more to somebody whom its maker attacked: then it goes on record alone."""

import pytest

from tests.shell.branch import INSULTING, THREATENING, Branch


async def asked(branch: Branch, *, about: str = "dana") -> str:
    """Alex asks for no contact."""
    return await branch.ask(f"/nocontact {about}", "alex")


async def test_request_of_somebody_muted_is_put_on_record_and_not_passed_on(branch: Branch) -> None:
    await branch.say(THREATENING)
    assert "I do not pass it on" in await asked(branch)
    assert branch.chat.texts("dana") == []
    assert branch.rows("SELECT author, letter, told_at FROM no_contact") == [("dana", "", None)]


@pytest.mark.parametrize("decision", ["", "/uphold 1", "/change 1 minor"])
async def test_request_to_whom_an_open_or_upheld_case_is_about_is_not_passed_on(branch: Branch, decision: str) -> None:
    await branch.say(INSULTING, mentions=("dana",))
    if decision:
        await branch.ask(decision)
    assert "I do not pass it on" in await asked(branch)
    assert branch.chat.texts("dana") == []
    assert "I will tell" in await asked(branch, about="eli")


async def test_request_after_the_case_was_dismissed_is_passed_on(branch: Branch) -> None:
    await branch.say(INSULTING, mentions=("dana",))
    assert "I do not pass it on" in await asked(branch)
    await branch.ask("/dismiss 1")
    assert "I will tell" in await asked(branch)
    assert len(branch.chat.texts("dana")) == 1


async def test_linked_account_is_no_way_around(branch: Branch) -> None:
    await branch.say(INSULTING, mentions=("dana",))
    async with branch.parts.transaction() as transaction:
        for account in ("alex", "alex2"):
            await transaction.link_account("m", "test", account)
    assert "I do not pass it on" in await branch.ask("/nocontact dana", "alex2")
