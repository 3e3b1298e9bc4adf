"""Reports in words: they reach the moderators at once, who reported stays sealed, and one member's do not bury another's."""

from bot.commands import Asker
from bot.core.naming import plain
from tests.shell.branch import Branch


async def report(branch: Branch, text: str, *, by: str, about: str = "", room: str = "room") -> str:
    """Report in words, about a member where told, and perform what follows."""
    asker = Asker(account=by, platform="test", room=room, server="hall")
    if about:
        answer = await branch.desk.report_member(asker, about, text)
    else:
        answer = await branch.desk.ask(f"/report {text}", asker)
    await branch.perform()
    return plain(answer)


def told(branch: Branch) -> list[str]:
    """What stands in the moderators' channel."""
    return [text for _, text, _ in branch.chat.told]


async def test_report_in_words_is_told_to_the_moderators_at_once(branch: Branch) -> None:
    await report(branch, "somebody was nasty at eight", by="whistler")
    ((server, text, _),) = branch.chat.told
    assert server == "hall"
    assert "Report 1: a member reported something, from room." in text
    assert "“somebody was nasty at eight”" in text
    assert "turn: Officers." in text
    assert "“reporter 1”" in text
    assert "whistler" not in text


async def test_report_about_a_member_names_them_and_masks_slurs(branch: Branch) -> None:
    await report(branch, "called me a frobnitz", by="whistler", about="alex", room="")
    (text,) = told(branch)
    assert "reported something about alex." in text
    assert "a f*******" in text
    assert "frobnitz" not in text


async def test_report_about_a_moderator_is_told_without_name_and_words(branch: Branch) -> None:
    await report(branch, "she was rude", by="whistler", about="morgan")
    (text,) = told(branch)
    assert "about a moderator" in text
    assert "rude" not in text
    assert "morgan" not in text
    assert "she was rude" in await branch.ask("/cases", "robin")
    assert "she was rude" not in await branch.ask("/cases", "morgan")


async def test_report_about_the_other_account_of_a_moderator_is_told_without_words(branch: Branch) -> None:
    async with branch.parts.transaction() as transaction:
        for account in (("test", "mo2"), ("other", "morgan")):
            await transaction.link_account("m", *account)
    await report(branch, "she was rude", by="whistler", about="mo2")
    assert "rude" not in told(branch)[0]


async def test_report_that_could_not_be_told_is_told_after_a_new_start(fresh: Branch) -> None:
    branch = await fresh.open()
    await branch.desk.ask("/report it burns", Asker(account="whistler", platform="test", server="hall"))
    await branch.close()
    branch = await branch.open()
    await branch.perform()
    assert "“it burns”" in told(branch)[0]
