"""Forms on Slack: the questions that a button, a command or a shortcut opens, and what was answered.

Knows: modals, their inputs and limits, what a form carries with it. Must not know: how an answer is given, the network.
Rules: pure; a form carries all that is needed to work on it, so one that was opened before a restart is worked on after it; it asks as
little as possible; what is missing or misspelt is said beside its field.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.cases import NotAllowedError
from bot.core.model import Severity
from bot.orders import MUTE_HOURS_MAX
from bot.platforms.slack.blocks import Block, label, sections

PREFIX = "steward:form"
SHOWN = "steward:shown"
WHY, SEVERITY, HOURS, ABOUT, CASE = "why", "severity", "hours", "about", "case"
MODE, POLICY, CARDS, GROUP = "mode", "policy", "cards", "group"
TEXT_CHARS_MAX = 2_000
TITLE_CHARS_MAX, OPTION_CHARS_MAX, OPTIONS_MAX, HINT_CHARS_MAX = 24, 75, 100, 150
ANSWER_SECTIONS_MAX = 20
"""Sections of an answer that is shown as a form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A form that came back: what it was about, where to answer, and the answers by field."""

    kind: str
    about: tuple[str, ...]
    url: str
    answers: Mapping[str, str]

    def hours(self) -> int | None:
        """For how many hours to mute. Raises NotAllowedError for what is no number, or is too much."""
        text = self.answers.get(HOURS, "").strip().removesuffix("h").strip()
        if not text:
            return None
        if not text.isdecimal() or not 1 <= int(text[:9]) <= MUTE_HOURS_MAX:
            raise NotAllowedError(f"write the hours as a number from 1 to {MUTE_HOURS_MAX}")
        return int(text)

    def severity(self) -> Severity | None:
        """How grave the moderator finds it, where they said so."""
        return Severity.__members__.get(self.answers.get(SEVERITY, "").upper())


def sent(view: Mapping[str, Any]) -> Sent | None:
    """Read a form that came back; None where it is none of ours."""
    kind = str(view.get("callback_id", ""))
    if not kind.startswith(f"{PREFIX}:"):
        return None
    try:
        carried = json.loads(view.get("private_metadata") or "{}")
        about, url = tuple(map(str, carried.get("about", ()))), str(carried.get("url", ""))
    except (ValueError, AttributeError, TypeError):
        return None
    fields = (view.get("state") or {}).get("values") or {}
    answers = {name: _answer(one) for field in fields.values() for name, one in field.items()}
    return Sent(kind=kind.removeprefix(f"{PREFIX}:"), about=about, url=url, answers=answers)


def _answer(one: Mapping[str, Any]) -> str:
    chosen = one.get("selected_option") or {}
    found = one.get("value") or chosen.get("value") or one.get("selected_user") or one.get("selected_conversation")
    return str(found or "")


def mistakes(form: Sent) -> dict[str, str]:
    """What is wrong with a form, by field, as it can be seen without looking anything up."""
    if form.kind != "change":
        return {}
    try:
        hours = form.hours()
    except NotAllowedError as error:
        return {HOURS: _sentence(error)}
    return {} if hours or form.severity() is not None else {SEVERITY: "Say how grave it is, or for how many hours to mute."}


def _sentence(error: NotAllowedError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _form(title: str, kind: str, *fields: Block, about: Sequence[object] = (), url: str = "", submit: str = "Send") -> Block:
    return {
        "type": "modal",
        "callback_id": f"{PREFIX}:{kind}",
        "title": label(title, TITLE_CHARS_MAX),
        "submit": label(submit, TITLE_CHARS_MAX),
        "close": label("Cancel", TITLE_CHARS_MAX),
        "private_metadata": json.dumps({"about": list(map(str, about)), "url": url}),
        "blocks": list(fields),
    }


def _field(name: str, question: str, element: Block, *, required: bool = False, hint: str = "") -> Block:
    """A question. Field and element have the same name, so that an answer is found by it."""
    made: Block = {"type": "input", "block_id": name, "label": label(question), "optional": not required}
    made["element"] = {"action_id": name, **element}
    return made | ({"hint": label(hint, HINT_CHARS_MAX)} if hint else {})


def _lines(first: str = "") -> Block:
    """Room for some lines."""
    return {"type": "plain_text_input", "multiline": True, "max_length": TEXT_CHARS_MAX} | ({"initial_value": first} if first else {})


def _line(first: str = "", most: int = 200) -> Block:
    return {"type": "plain_text_input", "max_length": most} | ({"initial_value": first} if first else {})


def _choice(options: Sequence[tuple[str, str]], first: str = "") -> Block:
    """A menu of (value, what is shown)."""
    made = [{"text": label(text, OPTION_CHARS_MAX), "value": value} for value, text in options[:OPTIONS_MAX]]
    chosen = next((one for one in made if one["value"] == first), None)
    return {"type": "static_select", "options": made} | ({"initial_option": chosen} if chosen else {})


def change_form(number: int, *, url: str = "") -> Block:
    """What a moderator is asked who changes a case."""
    return _form(
        f"Change case {number}",
        "change",
        _field(SEVERITY, "How grave is it?", _choice([(str(one), str(one)) for one in Severity])),
        _field(HOURS, "Mute for how many hours?", _line(most=4), hint="Leave it empty for no mute."),
        _field(WHY, "Why?", _lines(), hint="The member reads this."),
        about=[number],
        url=url,
        submit="Change",
    )


def appeal_form(numbers: Sequence[tuple[int, str]], *, url: str = "") -> Block:
    """What a member is asked who appeals; `numbers`: the cases to choose from (number, what is shown), one where it is known."""
    options = [(str(number), text) for number, text in numbers]
    one = len(options) == 1
    which = _field(CASE, "Which case?", _choice(options, options[0][0] if one else ""), required=True)
    why = _field(WHY, "Why should we look again?", _lines(), hint="Another moderator reads this.")
    title = f"Appeal case {options[0][0]}" if one else "Appeal"
    return _form(title, "appeal", *([] if one else [which]), why, about=[options[0][0]] if one else [], url=url, submit="Appeal")


def message_form(channel: str, ts: str, *, url: str = "") -> Block:
    """What a member is asked who reports a message."""
    why = _field(WHY, "What is wrong?", _lines(), hint="The member is never told who reported.")
    return _form("Report this message", "message", why, about=[channel, ts], url=url, submit="Report")


def something_form(*, url: str = "") -> Block:
    """What a member is asked who reports something."""
    what = _field(WHY, "What happened, and when?", _lines(), required=True, hint="The member is never told who reported.")
    who = _field(ABOUT, "Is it about a member?", {"type": "users_select"}, hint="Leave it empty if it is not.")
    return _form("Report something", "something", what, who, url=url, submit="Report")


def setup_form(*, mode: str, policy: str, cards: str, group: str, url: str = "") -> Block:
    """What an admin is asked who sets Steward up; the arguments are what is so now."""
    rooms: Block = {"type": "conversations_select", "filter": {"include": ["private", "public"], "exclude_bot_users": True}}
    rooms |= {"initial_conversation": cards} if cards else {}
    modes = [("shadow", "shadow: only record"), ("enforce", "enforce: act")]
    return _form(
        "Set Steward up",
        "setup",
        _field(MODE, "Mode", _choice(modes, mode), required=True),
        _field(CARDS, "Where do cards go?", rooms, hint="The moderators' private channel."),
        _field(GROUP, "Who moderates?", _line(group), hint="The handle of a user group, such as @moderators. Empty: owners and admins."),
        _field(POLICY, "Policy", _line(policy), hint="A policy's name, or a folder on Steward's machine. Empty: as it is."),
        url=url,
        submit="Save",
    )


def answer_view(title: str, text: str, *more: Block) -> Block:
    """An answer to read, where there is no room to write it into. `text` is shown text."""
    return {
        "type": "modal",
        "callback_id": SHOWN,
        "title": label(title, TITLE_CHARS_MAX),
        "close": label("Close", TITLE_CHARS_MAX),
        "blocks": [*sections(text, ANSWER_SECTIONS_MAX), *more],
    }
