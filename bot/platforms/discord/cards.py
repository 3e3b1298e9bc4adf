"""What Steward posts on Discord: the case's card for the moderators, the notice for the member.

Knows: how Discord shows text, embeds and buttons, and their limits. Must not know: the network, the record, who decides.
Rules: pure, from an action to what is sent; what members wrote is escaped, so that it can neither format, link nor mention; nobody
is mentioned by it but the moderators' role of an urgent card; a card offers the buttons whose commands its text offers.
"""

from collections.abc import Callable
from typing import TypedDict

import discord

from bot.commands import agreed_labels, asks_about, asks_agreed
from bot.core.model import Action, ActionKind
from bot.core.naming import unmarked
from bot.platforms.discord.buttons import ANSWERS, AgreedButton, AppealButton, CaseButton, ContactButton, What
from bot.platforms.discord.showing import CONTENT_CHARS_MAX, cut, escaped, shown

TITLE_CHARS_MAX, FIELD_CHARS_MAX = 256, 1_024
"""Discord's limits for an embed's title and for one of its fields."""
BODY_CHARS_MAX, FIELDS_MAX = 4_000, 20
"""What a card holds at most under its title; Discord takes 6,000 characters and 25 fields in all."""
LABEL_CHARS_MAX = 45
"""What stands before a colon is shown as a heading up to this length."""
SPLIT = " · "
TO_MESSAGE = "Go to the message"
CHANNELS = "https://discord.com/channels"
URGENT_COLOUR, OPEN_COLOUR, DECIDED_COLOUR = discord.Colour(0xD93A3A), discord.Colour(0xE0A030), discord.Colour(0x5B8A72)


class Look(TypedDict):
    """What a channel's `send` and a message's `edit` take."""

    content: str | None
    embed: discord.Embed
    view: discord.ui.View
    allowed_mentions: discord.AllowedMentions


class Letter(TypedDict):
    """What a direct message's `send` takes: a text, and a button where there is something to press."""

    content: str
    view: discord.ui.View
    allowed_mentions: discord.AllowedMentions


def card(action: Action, *, role: str = "") -> Look:
    """The case's card. `role` is the id of the moderators' role that an urgent card calls, "" for none.

    The action's text is the whole card: its first line the head, a line "something: more" a field, the last line what can be decided.
    """
    head, *lines = [line for line in action.text.split("\n") if line.strip()] or [f"Case {action.case}"]
    offered = lines.pop() if lines and f"/case {action.case}" in lines[-1] else ""
    buttons = [what for what in What if what is What.SHOW or f"/{what} {action.case}" in offered]
    title, who = _head(head)
    urgent = action.kind is ActionKind.URGENT
    colour = URGENT_COLOUR if urgent else OPEN_COLOUR if len(buttons) > 1 else DECIDED_COLOUR
    embed = discord.Embed(title=cut(title, TITLE_CHARS_MAX), colour=colour, url=_place_of(action))
    _fill(embed, who, lines, f"/case {action.case}")
    if offered:
        embed.set_footer(text=offered)
    calls = urgent and role.isdecimal() and not action.card
    mentions = discord.AllowedMentions.none()
    if calls:
        mentions.roles = [discord.Object(int(role))]
    view = discord.ui.View(timeout=None)
    for what in buttons:
        view.add_item(CaseButton(action.case, what))
    return Look(content=f"<@&{role}>" if calls else None, embed=embed, view=view, allowed_mentions=mentions)


def _place_of(action: Action) -> str | None:
    """Where the title leads: to the message, else to its room; None for what is on no server."""
    parts = [action.server, action.room, *([action.message] if action.message.isdecimal() else [])]
    return "/".join([CHANNELS, *parts]) if all(part.isdecimal() for part in parts) else None


def _head(line: str) -> tuple[str, str]:
    """Title and first line: a title shows no mentions, so the part that names people and rooms moves below."""
    parts = line.split(SPLIT)
    title = SPLIT.join(part for part in parts if unmarked(part) == part)
    return escaped(title), shown(SPLIT.join(part for part in parts if unmarked(part) != part))


def _fill(embed: discord.Embed, first: str, lines: list[str], more: str) -> None:
    """Put the lines of a card into the embed, as fields where they have a heading; what does not fit is behind `more`."""
    plain, left = [first] if first else [], BODY_CHARS_MAX - len(first)
    for line in lines:
        label, colon, rest = line.partition(": ")
        is_field = bool(colon and rest.strip()) and len(label) <= LABEL_CHARS_MAX and unmarked(label) == label
        text = cut(shown(rest if is_field else line), FIELD_CHARS_MAX)
        left -= len(label) + len(text)
        if left < 0 or len(embed.fields) == FIELDS_MAX:
            plain.append(f"There is more: {more}")
            break
        if is_field:
            embed.add_field(name=escaped(label), value=text, inline=False)
        else:
            plain.append(text)
    embed.description = "\n".join(plain) or None


def notice(action: Action, *, name_of: Callable[[str], str] | None = None) -> Letter:
    """What a member reads: the text, and buttons to appeal or to answer where the text says how to; outside a case none to appeal.

    There a button leads to the message of which the letter speaks, where it speaks of one.
    `name_of` where people are to be named and not mentioned: in a private thread, into which a mention may bring them.
    """
    view, other = discord.ui.View(timeout=None), asks_about(action)
    if action.case and f"/appeal {action.case}" in action.text and action.server.isdecimal():
        view.add_item(AppealButton(action.server, action.case))
    if all(one.isdecimal() for one in (other, action.server, action.target)):
        for how in ANSWERS:
            view.add_item(ContactButton(action.server, action.target, other, how))
    if asks_agreed(action) and action.server.isdecimal():
        for said, label in agreed_labels(action).items():
            view.add_item(AgreedButton(action.server, asks_agreed(action), said, label))
    if not action.case and all(one.isdecimal() for one in (action.server, action.room, action.message)):
        address = f"{CHANNELS}/{action.server}/{action.room}/{action.message}"
        view.add_item(discord.ui.Button(label=TO_MESSAGE, style=discord.ButtonStyle.link, url=address))
    return Letter(content=cut(shown(action.text, name_of), CONTENT_CHARS_MAX), view=view, allowed_mentions=discord.AllowedMentions.none())
