"""What Steward posts on Slack: the case's card for the moderators, the notice for the member, what is left to do by hand.

Knows: Block Kit and its limits, the ids of buttons. Must not know: the network, the record, who decides.
Rules: pure, from an action to what is sent; whatever members wrote is escaped; nobody is called but the moderators, by an urgent card;
a card offers the buttons whose commands its text offers; a button's value holds all that it needs, so one from before a restart works.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypedDict

from bot.commands import agreed_labels, asks_about, asks_agreed
from bot.core.model import Action, ActionKind
from bot.core.naming import person, place, unmarked
from bot.platforms.slack.showing import TEXT_CHARS_MAX, cut, escaped, pages, shown

Block = dict[str, Any]

HEADER_CHARS_MAX, BUTTON_CHARS_MAX = 150, 75
MESSAGE_BLOCKS_MAX = 50
FIELDS_MAX, FIELD_CHARS_MAX = 30, 1_200
"""Headed lines of a card, and how long one may be: a card is to be read, all of it stands behind "Show"."""
BODY_CHARS_MAX = 9_000
"""What a card holds under its title: Slack refuses messages whose blocks are too long together, above some 13,000 characters."""
FALLBACK_CHARS_MAX = 3_500
"""The plain text of a card, for notifications and screen readers; Slack takes 4,000 when a message is changed."""
NOTICE_SECTIONS_MAX = 4
LABEL_CHARS_MAX = 45
"""What stands before a colon is shown as a heading up to this length."""
SPLIT = " · "
CUT_SHORT = "… there is more, but no room for it here."
URGENT, OPEN, DECIDED = "🚨", "🟠", "✅"
BY_HAND = "By hand"
"""How the line of a card begins that names what people have to do (notices.en.yaml)."""


class What(StrEnum):
    """What a moderator can do with a case by a button; the first three are its decisions."""

    UPHOLD = "uphold"
    CHANGE = "change"
    DISMISS = "dismiss"
    SHOW = "show"
    DONE = "done"


CASE, APPEAL, FORGET, LINK, CONTACT = "steward:case", "steward:appeal", "steward:forget", "steward:link", "steward:nocontact"
AGREED = "steward:agreed"
"""What the ids of buttons begin with; a case's, and those about contact, go on with what they do."""
ANSWERS = {"tell": ("Yes, tell them", "primary"), "quietly": ("Only keep it as evidence", "")}
"""What can be answered to the question whether somebody's contact is unwelcome: the desk's word for it, the button and its style."""
LABELS = {
    What.UPHOLD: "Uphold",
    What.CHANGE: "Change…",
    What.DISMISS: "Dismiss",
    What.SHOW: "Show",
    What.DONE: "I did it by hand",
}
SURE = {
    What.UPHOLD: ("Uphold case {case}?", "You agree with what was done. The member is told. To add a reason: /uphold {case} and why."),
    What.DISMISS: ("Dismiss case {case}?", "Everything is taken back, and the member is told. To add a reason: /dismiss {case} and why."),
    What.DONE: ("Done by hand?", "Steward looks again where it can, and writes down that you did it."),
}
"""What is asked before a button works: title and text."""


class Post(TypedDict):
    """What chat.postMessage and chat.update take: blocks, and their words for notifications."""

    text: str
    blocks: list[Block]


def words(text: str) -> Block:
    """A piece of shown text. Slack takes it as it is and makes no links of it."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def label(text: str, most: int = BUTTON_CHARS_MAX) -> Block:
    """A piece of plain text."""
    return {"type": "plain_text", "text": cut(text, most), "emoji": False}


def section(text: str) -> Block:
    """A shown text of one section."""
    return {"type": "section", "text": words(cut(text, TEXT_CHARS_MAX))}


def sections(text: str, most: int = MESSAGE_BLOCKS_MAX) -> list[Block]:
    """A shown text in as many sections as it needs; what does not fit into `most` is left out, and said so."""
    pieces = pages(text)
    if len(pieces) > most:
        pieces = [*pieces[: most - 1], CUT_SHORT]
    return [section(one) for one in pieces]


def header(text: str) -> Block:
    """A title."""
    return {"type": "header", "text": label(text, HEADER_CHARS_MAX)}


def small(text: str) -> Block:
    """A line in small print."""
    return {"type": "context", "elements": [words(cut(text, 2_000))]}


def button(text: str, action: str, value: str = "", *, style: str = "", sure: tuple[str, str] | None = None, url: str = "") -> Block:
    """Something to press; `sure`: what is asked before, title and text."""
    made: Block = {"type": "button", "text": label(text), "action_id": action}
    made |= {key: each for key, each in (("value", value), ("style", style), ("url", url)) if each}
    if sure:
        title, question = sure
        made["confirm"] = {"title": label(title, 100), "text": label(question, 300), "confirm": label("Yes", 30), "deny": label("No", 30)}
    return made


def buttons(*those: Block) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": list(those)}


def case_button(number: int, what: What) -> Block:
    """A button for a case."""
    sure = SURE.get(what)
    asked = (sure[0].format(case=number), sure[1].format(case=number)) if sure else None
    style = "primary" if what is What.UPHOLD else ""
    return button(LABELS[what], f"{CASE}:{what}", str(number), style=style, sure=asked)


def to_message(permalink: str) -> Block:
    """A button that leads to a message."""
    return button("Go to the message", LINK, url=permalink)


def card(action: Action, *, group: str = "", permalink: str = "") -> Post:
    """The case's card. `group`: the id of the moderators' user group that an urgent card calls, "" for all in the channel.

    The action's text is the whole card: its first line the head, a line "something: more" a headed one, the last line what can be
    decided. `permalink` leads to the message, where it is known.
    """
    head, *lines = [line for line in action.text.split("\n") if line.strip()] or [f"Case {action.case}"]
    offered = lines.pop() if lines and f"/case {action.case}" in lines[-1] else ""
    by_hand = any(line.startswith(BY_HAND) for line in lines)
    choices = [what for what in (What.UPHOLD, What.CHANGE, What.DISMISS) if f"/{what} {action.case}" in offered]
    choices += [What.SHOW, *([What.DONE] if by_hand else [])]
    title, who = _head(head)
    urgent = action.kind is ActionKind.URGENT
    sign = URGENT if urgent else OPEN if offered else DECIDED
    calls = [f"<!subteam^{group}>" if group else "<!channel>"] if urgent and not action.card else []
    first = " ".join([*calls, who]).strip()
    row = buttons(*(case_button(action.case, what) for what in choices), *([to_message(permalink)] if permalink else []))
    body = [*([section(first)] if first else []), *_body(lines, f"/case {action.case}")]
    foot = [small(shown(offered))] if offered else []
    fallback = cut("\n".join([*calls, shown(action.text.strip()) or title]), FALLBACK_CHARS_MAX)
    return Post(text=fallback, blocks=[header(f"{sign} {title}"), *body, *foot, row])


def _head(line: str) -> tuple[str, str]:
    """Title and first line: a title shows no mentions, so the part that names people and rooms moves below."""
    parts = line.split(SPLIT)
    title = SPLIT.join(part for part in parts if unmarked(part) == part)
    return title, shown(SPLIT.join(part for part in parts if unmarked(part) != part))


def _body(lines: Sequence[str], more: str) -> list[Block]:
    """The lines of a card, with their headings; what does not fit is behind `more`."""
    made: list[Block] = []
    left = BODY_CHARS_MAX
    for line in lines:
        name, colon, rest = line.partition(": ")
        is_headed = bool(colon and rest.strip()) and len(name) <= LABEL_CHARS_MAX and unmarked(name) == name
        text = f"*{escaped(name)}*\n{cut(shown(rest), FIELD_CHARS_MAX)}" if is_headed else cut(shown(line), FIELD_CHARS_MAX)
        left -= len(text)
        if left < 0 or len(made) == FIELDS_MAX:
            return [*made, section(f"There is more: {more}")]
        made.append(section(text))
    return made


def notice(action: Action, *, permalink: str = "") -> Post:
    """What a member reads: the text, and buttons to appeal or to answer where the text says how to; outside a case none to appeal.

    `permalink` leads to the message of which a letter outside a case speaks.
    """
    text, other = shown(action.text), asks_about(action)
    row = [appeal_button(action.case)] if action.case and f"/appeal {action.case}" in action.text else []
    row += [button(said, f"{CONTACT}:{how}", other, style=style) for how, (said, style) in ANSWERS.items() if other]
    asked = asks_agreed(action)
    row += [button(said, f"{AGREED}:{how}", str(asked)) for how, said in agreed_labels(action).items() if asked]
    row += [to_message(permalink)] if permalink else []
    return Post(text=cut(text, FALLBACK_CHARS_MAX), blocks=[*sections(text, NOTICE_SECTIONS_MAX), *([buttons(*row)] if row else [])])


def appeal_button(number: int) -> Block:
    """The button under a notice."""
    return button("Appeal", APPEAL, str(number), style="primary")


STEPS = {
    ActionKind.HIDE: "Open the message, press ⋮ (More actions) and Delete message. Only an owner or admin of the workspace can do this.",
    ActionKind.UNHIDE: "A deleted message cannot come back here. If the member wants it, they can post it again: tell them so.",
    ActionKind.MUTE: "Slack has no mute. Ask the member to stop writing until {until}, or take them out of the channel for that time.",
    ActionKind.UNMUTE: "Tell the member that they can write again. If you took them out of a channel, invite them back.",
}
"""What a person presses, by what could not be done."""
TELL = "Give the member this message yourself:"


def task(action: Action, *, permalink: str = "", why: str = "") -> Post:
    """Something that only a person can do: what, for whom, what to press, and a button to say that it is done."""
    until = f"{action.until:%H:%M on %-d %B (UTC)}" if action.until else "a moderator says otherwise"
    steps = STEPS[action.kind].format(until=until) if action.kind in STEPS else TELL
    whom = shown(f"For {person(action.target)}" + (f" in {place(action.room)}" if action.room else ""))
    told = [] if action.kind in STEPS or not action.text else sections(shown(action.text), 3)
    lines = [section(f"{whom}.{f' Steward cannot do it: {escaped(why)}.' if why else ''}\n{steps}"), *told]
    row = buttons(case_button(action.case, What.DONE), *([to_message(permalink)] if permalink else []))
    title = f"By hand: {action.kind} · case {action.case}"
    return Post(text=cut(f"{title}\n{whom}\n{steps}", FALLBACK_CHARS_MAX), blocks=[header(title), *lines, row])
