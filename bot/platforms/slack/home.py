"""The App Home on Slack: a member's standing, their data, the code of conduct in plain words; for moderators what waits for them.

Knows: what a page shows and in which order. Must not know: how an answer is made, who decides.
Rules: it is made anew whenever somebody opens it; it shows what the commands answer, in the same words; a page is never longer than
Slack takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.platforms.slack.blocks import FORGET, Block, What, button, buttons, case_button, header, section, sections, small
from bot.platforms.slack.reception import ERRORS, Reception, Visit, note
from bot.platforms.slack.showing import cut, shown

PRESS = "steward:home"
REPORT, APPEAL, DATA = f"{PRESS}:report", f"{PRESS}:appeal", f"{PRESS}:data"
STANDING_SECTIONS_MAX, REQUESTS_SECTIONS_MAX, CODE_SECTIONS_MAX, CASES_MAX = 3, 2, 12, 20
"""So that a page stays far under Slack's 100 blocks."""
ABOUT = (
    "I read the channels I was invited to and hold them against the code of conduct below. A program can be wrong: whatever I do is "
    "explained to you, and you can ask a person to look at it again. I pass no message on to anybody else."
)
FORGET_SURE = (
    "Have your data deleted?",
    "This asks the moderators. They have to look first, because the cases of others may rest on it. Nothing is deleted yet.",
)
IN_OTHER_CHAT = "Do you use our other chat too? Type /link there or here, and both accounts have one record."


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What stands on somebody's Home, as texts with marks. `requests`: theirs for no contact.

    `waiting`: open cases (number, a few words), None for who is no moderator.
    """

    standing: str
    code: str
    requests: str = ""
    appealable: bool = False
    waiting: Sequence[tuple[int, str]] | None = None


async def page_of(visit: Visit) -> Page:
    """What somebody's Home shows now."""
    desk, asker = visit.community.desk, visit.asker
    moderates = asker.account in visit.community.parts.moderators
    return Page(
        standing=await desk.ask("/mystanding", asker),
        code=await desk.ask("/code", asker),
        requests=await desk.unwanted_contact(asker),
        appealable=bool(await desk.own_numbers(asker)),
        waiting=await desk.open_numbers(asker) if moderates else None,
    )


def home_view(page: Page) -> Block:
    """The page as Slack takes it."""
    appeal = [button("Appeal a case", APPEAL)] if page.appealable else []
    return {
        "type": "home",
        "callback_id": PRESS,
        "blocks": [
            *([] if page.waiting is None else _for_moderators(page.waiting)),
            header("My standing"),
            *sections(shown(page.standing), STANDING_SECTIONS_MAX),
            buttons(button("Report something", REPORT, style="primary"), *appeal),
            header("People I want no contact from"),
            *sections(shown(page.requests), REQUESTS_SECTIONS_MAX),
            header("My data"),
            section("Everything that is kept about you, in a direct message. Most of it goes by itself when its time is over."),
            buttons(button("Send me my data", DATA), button("Ask to delete it", FORGET, style="danger", sure=FORGET_SURE)),
            small(IN_OTHER_CHAT),
            header("Our code of conduct, in plain words"),
            *sections(shown(page.code), CODE_SECTIONS_MAX),
            {"type": "divider"},
            small(ABOUT),
        ],
    }


def _for_moderators(waiting: Sequence[tuple[int, str]]) -> list[Block]:
    """Open cases, each with a button, and what else there is."""
    made = [header("Open cases")]
    for number, text in waiting[:CASES_MAX]:
        made.append(section(cut(shown(text), 500)) | {"accessory": case_button(number, What.SHOW)})
    if not waiting:
        made.append(section("No case waits for you."))
    more = f"And {len(waiting) - CASES_MAX} more. " if len(waiting) > CASES_MAX else ""
    made.append(small(f"{more}Reports and things to do by hand: type /cases."))
    return [*made, {"type": "divider"}]


async def publish(reception: Reception, server: str, account: str) -> None:
    """Make somebody's Home anew."""
    visit = await reception.visit_of(server, account)
    view = home_view(await page_of(visit))
    try:
        await reception.client.views_publish(user_id=account, view=view)
    except ERRORS as error:
        note({"type": "app_home_opened"}, error, "a Home tab was not made")
