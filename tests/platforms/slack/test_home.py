"""The App Home as members and moderators see it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.platforms.slack.home import CASES_MAX, Page, home_view
from tests.platforms.slack.at_work import Bot
from tests.servers.slack import Member, View
from tests.servers.slack.blocks import view_problems
from tests.servers.slack.world import elements_of, words_of


async def home_of(bot: Bot, member: Member) -> View:
    """What somebody sees who opens the Home tab now."""
    before = len(bot.server.calls("views.publish"))
    member.opens_home()
    await bot.server.called("views.publish", before + 1)
    await bot.server.holds(lambda: member.home is not None)
    assert member.home is not None
    return member.home


def labels(view: View) -> list[str]:
    return [str(one["text"]["text"]) for one in view.elements]


async def test_a_member_sees_standing_data_and_the_code_and_nothing_of_the_moderators(bot: Bot, ann: Member) -> None:
    await bot.breach(bot.server.add_member("alex"))
    home = await home_of(bot, ann)
    assert "There is nothing on your record." in home.words
    for clause in (await bot.community()).parts.policy.clauses:
        assert clause.title in home.words
    assert labels(home) == ["Report something", "Send me my data", "Ask to delete it"]
    assert "Case 1" not in home.words


async def test_a_home_is_made_anew_whenever_it_is_opened(bot: Bot, ann: Member) -> None:
    await home_of(bot, ann)
    await bot.breach(ann)
    home = await home_of(bot, ann)
    assert "Case 1:" in home.words
    form = (await ann.presses(home, "Appeal a case").answer()).opened
    ann.submits(form, {"why": "a joke"})
    assert "We have your appeal on case 1" in await bot.told(ann)


async def test_a_member_reports_and_asks_for_data_and_deletion_from_home(bot: Bot, ann: Member) -> None:
    home = await home_of(bot, ann)
    form = (await ann.presses(home, "Report something").answer()).opened
    ann.submits(form, {"why": "they tear our posters down"})
    assert "Your report is number 1" in await bot.told(ann)
    ann.presses(home, "Send me my data")
    await bot.server.holds(lambda: any("they tear our posters down" in one for one in ann.dm_texts))
    asked = await ann.presses(home, "Ask to delete it").answer()
    assert "Your request is number 2" in asked.opened.words


async def test_a_members_own_requests_for_no_contact_stand_on_their_home(bot: Bot, ann: Member, morgan: Member) -> None:
    assert "made no such request" in (await home_of(bot, ann)).words
    await bot.asked(ann.runs(f"/nocontact <@{morgan.id}|morgan> quietly"))
    assert f"{morgan.mention}: until" in (await home_of(bot, ann)).words
    assert ann.mention not in (await home_of(bot, morgan)).words


async def test_moderators_see_open_cases_and_read_them_in_a_form(bot: Bot, ann: Member, morgan: Member) -> None:
    assert "No case waits for you." in (await home_of(bot, morgan)).words
    await bot.breach(ann)
    home = await home_of(bot, morgan)
    assert "Case 1 · medium" in home.words
    shown = await morgan.presses(home, "Show").answer()
    assert shown.opened.body["title"]["text"] == "Case 1"
    assert "donkey" in shown.opened.words
    assert ann.mention in shown.opened.words


async def test_a_case_that_is_about_the_moderator_is_not_on_their_home(bot: Bot, morgan: Member) -> None:
    await bot.breach(morgan, "you will be sorry")
    assert "No case waits for you." in (await home_of(bot, morgan)).words


async def test_the_messages_tab_needs_no_home(bot: Bot, ann: Member) -> None:
    ann.opens_home("messages")
    await bot.server.settled()
    await home_of(bot, bot.server.owner)
    assert ann.home is None


async def test_a_home_that_slack_does_not_take_stops_nothing(bot: Bot, ann: Member) -> None:
    bot.server.fail_next("views.publish", ConnectionResetError, times=3)
    ann.opens_home()
    await bot.server.called("views.publish", 3)
    assert "There is nothing on your record." in (await home_of(bot, ann)).words


def test_the_longest_home_is_one_that_slack_takes() -> None:
    waiting = [(number, f"Case {number} · grave · {'<&>' * 300}") for number in range(1, 60)]
    view = home_view(
        Page(standing="<&> " * 9_000, code="clause & more\n" * 9_000, requests="<&> " * 9_000, appealable=True, waiting=waiting)
    )
    assert view_problems(view) == []
    assert sum(one["text"]["text"] == "Show" for one in elements_of(view["blocks"])) == CASES_MAX
    assert any("there is more" in text for text in words_of(view["blocks"]))


def test_an_empty_home_is_one_that_slack_takes() -> None:
    assert view_problems(home_view(Page(standing="", code="", waiting=()))) == []


PICTURES = os.environ.get("STEWARD_TEST_PICTURES", "")


@pytest.mark.skipif(not PICTURES or not shutil.which("chromium"), reason="STEWARD_TEST_PICTURES names no folder, or there is no chromium")
async def test_pictures_of_a_card_a_notice_and_a_home(bot: Bot, ann: Member, morgan: Member) -> None:
    from bot.core.model import ActionKind
    from bot.platforms.slack.blocks import card, notice, task
    from tests.platforms.slack.looking import page

    await bot.breach(ann, "you will be sorry")
    pieces = [
        card(bot.card(), group="S0MODS", permalink="https://branch.slack.com/archives/C1/p1")["blocks"],
        task(next(one for one in bot.chat.performed if one.kind is ActionKind.MUTE), why="the admin token is missing")["blocks"],
        notice(bot.letter(ann))["blocks"],
        home_view_of(await home_of(bot, morgan)),
        home_view_of(await home_of(bot, ann)),
    ]
    names = {one.id: one.name for one in bot.server.world.users.values()} | {one.id: one.name for one in bot.server.world.channels.values()}
    file = Path(PICTURES) / "slack.html"
    file.write_text(page(pieces, names), encoding="utf-8")
    picture = file.with_suffix(".png")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1500,2300", f"--screenshot={picture}"]
    subprocess.run(["chromium", *flags, file.as_uri()], check=True, capture_output=True, timeout=120)
    assert picture.stat().st_size > 20_000


def home_view_of(view: View) -> list[dict[str, object]]:
    return view.blocks
