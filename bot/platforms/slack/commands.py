"""What Slack offers: commands, shortcuts, buttons and forms, the App Home, and direct messages to the bot.

Knows: their names, what each asks of the desk. Must not know: how a command is answered, the record.
Rules: whatever comes is acknowledged first and worked on after; each is one call to the desk, or, where it is about how the workspace is
run, to managing.py; it is the desk that says who is a moderator.
"""

import re
import shlex
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.commands import HOWS
from bot.communities import Communities
from bot.core.cases import Decision, NotAllowedError
from bot.platforms.slack import home, managing
from bot.platforms.slack.blocks import AGREED, APPEAL, CASE, CONTACT, FORGET, LINK, Block, What, button, buttons
from bot.platforms.slack.forms import (
    ABOUT,
    PREFIX,
    WHY,
    Sent,
    appeal_form,
    change_form,
    message_form,
    mistakes,
    sent,
    something_form,
)
from bot.platforms.slack.forms import CASE as WHICH_CASE
from bot.platforms.slack.reception import WENT_WRONG, Json, Reception, Reply, Visit, note, nothing
from bot.platforms.slack.showing import typed

log = structlog.get_logger()

REPORT_MESSAGE, REPORT_SOMETHING = "steward_report_message", "steward_report_something"
"""The shortcuts of the manifest."""
NUMBER_DIGITS_MAX = 9
ALIGNED = re.compile(" {2,}")
MENTIONED = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
CONFIRM = (
    "This asks the moderators to delete what Steward keeps about you. They have to look first, because the cases of others may rest on "
    "it. Read what is kept with /mydata."
)
DATA = "This is everything that is kept about you. I send it to you in direct messages."
OWN_MESSAGE = "this is my own message: use /appeal, or /report if something is wrong with it"
NAME_ONE = "name one member: type @ and choose them from the list"
LATE = "That took too long, so Slack did not open the form. Please try again."

Run = Callable[[Reception, Json, str], Awaitable[None]]


def attach(
    app: AsyncApp, client: AsyncWebClient, communities: Communities, *, after_setup: Callable[[str], Awaitable[None]] = nothing
) -> Reception:
    """Give an app its commands, shortcuts, buttons and forms. Events are handed over by `heard`.

    `client` has the bot's token. `after_setup` is called with the workspace's id whenever somebody changed how it is run.
    """
    reception = Reception(client, communities, after_setup=after_setup)
    app.command(re.compile(rf"^/({'|'.join(RUN)})$"))(_listener(reception, _command))
    app.shortcut(REPORT_MESSAGE)(_listener(reception, _report_message))
    app.shortcut(REPORT_SOMETHING)(_listener(reception, _report_something))
    app.action(re.compile("^steward:"))(_listener(reception, _pressed))

    @app.view(re.compile(f"^{PREFIX}:"))
    async def form_sent(ack: AsyncAck, body: dict[str, Any]) -> None:
        form = sent(body["view"])
        wrong = mistakes(form) if form else {}
        if wrong:
            await ack(response_action="errors", errors=wrong)
            return
        await ack()
        if form and form.kind in FORMS and reception.is_first(body):
            await reception.answer(body, lambda: FORMS[form.kind](reception, body, form), url=form.url)

    return reception


def _listener(reception: Reception, work: Callable[[Reception, Json], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """What the library calls: acknowledge first; what comes twice is done once; whatever goes wrong, who asked hears of it."""

    async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        if not reception.is_first(body):
            return
        try:
            await work(reception, body)
        except Exception as error:  # noqa: BLE001 - the library would log its text, which may quote somebody
            note(body, error, "a command failed")
            await reception.answer(body, _says(WENT_WRONG))

    return listener


# Events


async def heard(reception: Reception, event: Json, server: str) -> bool:
    """Take an event that is for the bot itself: an opened Home, a direct message. False where it is none."""
    if event.get("type") == "app_home_opened":
        if event.get("tab", "home") == "home":
            await home.publish(reception, server, str(event["user"]))
        return True
    if event.get("type") == "message" and event.get("channel_type") == "im":
        if not event.get("subtype") and not event.get("bot_id") and event.get("user"):
            await _written(reception, event, server)
        return True
    return False


async def _written(reception: Reception, event: Json, server: str) -> None:
    """Somebody wrote to the bot: a command without its stroke is answered like one, all else with what there is."""
    body = {"type": "message", "user_id": str(event["user"]), "team_id": server}
    words = str(event.get("text") or "").strip().removeprefix("/").split(maxsplit=1)
    name = words[0].lower().rstrip(":,.") if words else ""
    if name in RUN:
        await RUN[name](reception, body, words[1] if len(words) > 1 else "")
        return

    async def work() -> str:
        visit = await reception.visit(body)
        return f"I am a program: nobody reads this but me. You can write to me:\n{await _help(visit)}"

    await reception.answer(body, work)


async def _help(visit: Visit) -> str:
    """What somebody can ask, one a line."""
    return ALIGNED.sub(": ", await visit.community.desk.ask("/help", visit.asker))


# Commands


async def _command(reception: Reception, body: Json) -> None:
    await RUN[str(body["command"]).removeprefix("/")](reception, body, str(body.get("text") or "").strip())


def _can_open(body: Json) -> bool:
    """Whether a form can be opened: not for what was written in a direct message."""
    return bool(body.get("trigger_id"))


def _line(name: str, text: str) -> str:
    """A command line that the desk takes apart as it was typed: quotation marks and line breaks stay."""
    one_text, after_number = name == "report", name in ("appeal", "uphold", "dismiss", "answer")
    words = [text] if one_text and text else text.split(maxsplit=1) if after_number else text.split()
    return shlex.join([f"/{name}", *words])


def _asks(name: str) -> Run:
    """A command that the desk answers as a line."""

    async def run(reception: Reception, body: Json, text: str) -> None:
        async def work() -> str:
            visit = await reception.visit(body)
            return await visit.community.desk.ask(_line(name, typed(text)), visit.asker)

        await reception.answer(body, work)

    return run


async def _report(reception: Reception, body: Json, text: str) -> None:
    """In words, about somebody where the first word names them; without words a form opens."""
    if not text and _can_open(body):
        await _open(reception, body, something_form(url=str(body.get("response_url") or "")))
        return
    named = MENTIONED.match(text)

    async def work() -> str:
        visit = await reception.visit(body)
        if named:
            return await visit.community.desk.report_member(visit.asker, named[1], typed(text[named.end() :]))
        return await visit.community.desk.ask(_line("report", typed(text)), visit.asker)

    await reception.answer(body, work)


async def _appeal(reception: Reception, body: Json, text: str) -> None:
    """With a number at once; without one a form opens."""
    if text or not _can_open(body):
        await _asks("appeal")(reception, body, text)
    else:
        await _open_appeal(reception, body)


async def _open_appeal(reception: Reception, body: Json) -> None:
    visit = await reception.visit(body)
    numbers = await visit.community.desk.own_numbers(visit.asker)
    if numbers:
        await _open(reception, body, appeal_form(numbers, url=str(body.get("response_url") or "")))
    else:
        await reception.answer(body, _says("There is nothing on your record that you could appeal."))


async def _nocontact(reception: Reception, body: Json, text: str) -> None:
    """About somebody, and what to do: the same words as everywhere; without any a list."""
    named, words = MENTIONED.findall(text), MENTIONED.sub(" ", text).lower().split()

    async def work() -> str:
        if len(named) > 1 or len(words) > 1 or not set(words) <= set(HOWS):
            raise NotAllowedError(NAME_ONE)
        visit = await reception.visit(body)
        return await visit.community.desk.unwanted_contact(visit.asker, "".join(named), "".join(words))

    await reception.answer(body, work)


async def _member(reception: Reception, body: Json, text: str) -> None:
    async def work() -> str:
        visit = await reception.visit(body)
        return await visit.community.desk.member(visit.asker, _named(text))

    await reception.answer(body, work)


def _named(text: str) -> str:
    """The account that a text names. Raises NotAllowedError."""
    found = MENTIONED.fullmatch(text.strip())
    if found is None:
        raise NotAllowedError(NAME_ONE)
    return found[1]


async def _mydata(reception: Reception, body: Json, text: str = "") -> None:
    del text

    async def work() -> Reply:
        visit = await reception.visit(body)
        return Reply(text=DATA, file=await visit.community.desk.mydata(visit.asker))

    await reception.answer(body, work)


async def _forgetme(reception: Reception, body: Json, text: str) -> None:
    del text

    async def work() -> Reply:
        return Reply(text=CONFIRM, blocks=[buttons(button("Yes, ask for it", FORGET, style="danger"))])

    await reception.answer(body, work)


async def _change(reception: Reception, body: Json, text: str) -> None:
    """With everything in the line at once; with a number alone a form opens."""
    words = text.split()
    is_number = len(words) == 1 and words[0].isdecimal() and len(words[0]) <= NUMBER_DIGITS_MAX
    if is_number and _can_open(body) and await _may_decide(reception, body):
        await _open(reception, body, change_form(int(words[0]), url=str(body.get("response_url") or "")))
    else:
        await _asks("change")(reception, body, text)


async def _open(reception: Reception, body: Json, form: Block) -> None:
    """Open a form; where Slack does not take it any more, say so."""
    if not await reception.open(body, form):
        await reception.answer(body, _says(LATE))


def _says(text: str) -> Callable[[], Awaitable[str]]:
    async def work() -> str:
        return text

    return work


async def _steward(reception: Reception, body: Json, text: str) -> None:
    """How Steward runs here: for owners and admins of the workspace."""
    words = typed(text).lower().split()
    if words == ["setup"]:
        await _open_setup(reception, body)
        return

    async def work() -> str:
        if words and words[0] == "help":
            visit = await reception.visit(body)
            return await _help(visit)
        return await managing.run(reception, body, words)

    await reception.answer(body, work)


async def _open_setup(reception: Reception, body: Json) -> None:
    try:
        await managing.admins_only(reception, body)
    except NotAllowedError as error:
        await reception.answer(body, _refuses(str(error)))
        return
    await _open(reception, body, await managing.setup_to_fill(reception, body))


def _refuses(why: str) -> Callable[[], Awaitable[str]]:
    async def work() -> str:
        raise NotAllowedError(why)

    return work


RUN: Mapping[str, Run] = {
    "report": _report,
    "appeal": _appeal,
    "nocontact": _nocontact,
    "callme": _asks("callme"),
    "agreed": _asks("agreed"),
    "mystanding": _asks("mystanding"),
    "mydata": _mydata,
    "forgetme": _forgetme,
    "code": _asks("code"),
    "link": _asks("link"),
    "unlink": _asks("unlink"),
    "cases": _asks("cases"),
    "case": _asks("case"),
    "member": _member,
    "uphold": _asks("uphold"),
    "change": _change,
    "dismiss": _asks("dismiss"),
    "answer": _asks("answer"),
    "steward": _steward,
}
"""The commands, by name; the manifest has the same."""


# Shortcuts and buttons


async def _report_message(reception: Reception, body: Json) -> None:
    message, channel = body["message"], str(body["channel"]["id"])
    if message.get("app_id") and message.get("app_id") == body.get("api_app_id"):
        await reception.answer(body, _refuses(OWN_MESSAGE))
        return
    reception.keep_evidence(channel, message)
    await _open(reception, body, message_form(channel, str(message["ts"]), url=str(body.get("response_url") or "")))


async def _report_something(reception: Reception, body: Json) -> None:
    await _open(reception, body, something_form())


async def _pressed(reception: Reception, body: Json) -> None:
    """Do what a button says: its id says what, its value which case."""
    pressed = (body.get("actions") or [{}])[0]
    action, value = str(pressed.get("action_id", "")), str(pressed.get("value") or "")
    url = str(body.get("response_url") or "")
    number = int(value) if value.isdecimal() and len(value) <= NUMBER_DIGITS_MAX else 0
    if action.startswith(f"{CASE}:"):
        await _case_pressed(reception, body, action.removeprefix(f"{CASE}:"), number)
    elif action == APPEAL:
        await _open(reception, body, appeal_form([(number, "")], url=url))
    elif action.startswith(f"{CONTACT}:"):
        await reception.answer(body, lambda: _no_contact(reception, body, value, action.removeprefix(f"{CONTACT}:")))
    elif action.startswith(f"{AGREED}:"):
        line = f"/agreed {number} {action.removeprefix(f'{AGREED}:')}"
        await _answered(reception, body, "Your answer", lambda: _says_agreed(reception, body, line))
    elif action == home.REPORT:
        await _open(reception, body, something_form(url=url))
    elif action == home.APPEAL:
        await _open_appeal(reception, body)
    elif action == home.DATA:
        await _mydata(reception, body)
    elif action == FORGET:
        await _answered(reception, body, "Your request", lambda: _forget(reception, body))
    elif action != LINK:
        log.warning("a button that is none of ours", action=action)


async def _answered(reception: Reception, body: Json, title: str, work: Callable[[], Awaitable[str]]) -> None:
    """Answer beside what was pressed; on the Home tab there is no such place, and a form opens."""
    if body.get("response_url"):
        await reception.answer(body, work)
    else:
        await reception.answer_in_form(body, title, work)


async def _no_contact(reception: Reception, body: Json, other: str, how: str) -> str:
    visit = await reception.visit(body)
    return await visit.community.desk.unwanted_contact(visit.asker, other, how)


async def _says_agreed(reception: Reception, body: Json, line: str) -> str:
    visit = await reception.visit(body)
    return await visit.community.desk.ask(line, visit.asker)


async def _forget(reception: Reception, body: Json) -> str:
    visit = await reception.visit(body)
    return await visit.community.desk.forgetme(visit.asker)


async def _case_pressed(reception: Reception, body: Json, what: str, number: int) -> None:
    if what == What.CHANGE and await _may_decide(reception, body):
        await _open(reception, body, change_form(number, url=str(body.get("response_url") or "")))
        return

    async def work() -> str:
        visit = await reception.visit(body)
        desk, asker = visit.community.desk, visit.asker
        if what == What.SHOW:
            return await desk.ask(f"/case {number}", asker)
        if what == What.DONE:
            return await desk.done_by_hand(asker, number)
        if what not in (What.UPHOLD, What.DISMISS):
            raise NotAllowedError("only moderators decide cases")
        return await desk.rule(asker, number, Decision(what))

    await _answered(reception, body, f"Case {number}", work)


async def _may_decide(reception: Reception, body: Json) -> bool:
    """Whether to open a form; whether they may send it is asked again."""
    visit = await reception.visit(body)
    return visit.asker.account in visit.community.parts.moderators


# Forms that come back


async def _change_sent(reception: Reception, body: Json, form: Sent) -> str:
    visit = await reception.visit(body)
    number = int(form.about[0])
    why, severity, hours = form.answers.get(WHY, ""), form.severity(), form.hours() or 0  # as the form says: empty for no mute
    return await visit.community.desk.rule(visit.asker, number, Decision.CHANGE, reason=why, severity=severity, mute_hours=hours)


async def _appeal_sent(reception: Reception, body: Json, form: Sent) -> str:
    visit = await reception.visit(body)
    number = int(form.about[0] if form.about else form.answers[WHICH_CASE])
    return await visit.community.desk.appeal_case(visit.asker, number, form.answers.get(WHY, ""))


async def _message_sent(reception: Reception, body: Json, form: Sent) -> str:
    visit = await reception.visit(body)
    message = await reception.reported(visit, *form.about)
    return await visit.community.desk.report_message(visit.asker, message, form.answers.get(WHY, ""))


async def _something_sent(reception: Reception, body: Json, form: Sent) -> str:
    visit = await reception.visit(body)
    what, who = form.answers.get(WHY, ""), form.answers.get(ABOUT, "")
    if who:
        return await visit.community.desk.report_member(visit.asker, who, what)
    return await visit.community.desk.ask(_line("report", what), visit.asker)


FORMS: Mapping[str, Callable[[Reception, Json, Sent], Awaitable[str]]] = {
    "change": _change_sent,
    "appeal": _appeal_sent,
    "message": _message_sent,
    "something": _something_sent,
    "setup": managing.setup_sent,
}
