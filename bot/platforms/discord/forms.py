"""Forms on Discord: the questions that a button or a menu opens, and what was answered.

Knows: modals, their fields and limits, what a form's id says. Must not know: how an answer is given, the network.
Rules: the id of a form holds all that is needed to work on it, so one that was opened before a restart is worked on after it; a form
asks as little as possible.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from bot.core.cases import Decision, NotAllowedError
from bot.core.model import Severity
from bot.orders import MUTE_HOURS_MAX

PREFIX = "steward:form"
WHY, SEVERITY, HOURS, SERVER = "why", "severity", "hours", "server"
TEXT_CHARS_MAX = 2_000
SERVERS_MAX = 25
"""Choices of one menu."""
OPEN_SECONDS = 15 * 60.0
"""For how long the library remembers a form that nobody sent; ours are worked on without that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A form that came back: what it was about, and the answers by field; a menu's answer is its first choice."""

    kind: str
    about: tuple[str, ...]
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


def sent(data: Mapping[str, Any]) -> Sent | None:
    """Read a form that came back; None where it is none of ours."""
    custom_id = str(data.get("custom_id", ""))
    if not custom_id.startswith(f"{PREFIX}:"):
        return None
    kind, *about = custom_id.removeprefix(f"{PREFIX}:").split(":")
    return Sent(kind=kind, about=tuple(about), answers=dict(_answers(data.get("components") or ())))


def _answers(components: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for one in components:
        if "custom_id" in one:
            values = one.get("values") or ()
            yield str(one["custom_id"]), str(one.get("value") or (values[0] if values else ""))
        yield from _answers([*one.get("components", ()), *([one["component"]] if one.get("component") else ())])


def _form(title: str, kind: str, *about: object) -> discord.ui.Modal:
    return discord.ui.Modal(title=title, custom_id=":".join(map(str, (PREFIX, kind, *about))), timeout=OPEN_SECONDS)


def _why(label: str, *, required: bool, hint: str = "") -> discord.ui.Label[discord.ui.Modal]:
    """A question with room for some lines."""
    asked: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
        custom_id=WHY, style=discord.TextStyle.paragraph, required=required, max_length=TEXT_CHARS_MAX
    )
    return discord.ui.Label(text=label, description=hint or None, component=asked)


def decision_form(number: int, decision: Decision) -> discord.ui.Modal:
    """What a moderator is asked before a case is decided: for a change to what, and a reason, if they want to give one."""
    form = _form(f"{str(decision).capitalize()} case {number}", "decide", number, decision)
    if decision is Decision.CHANGE:
        grades: discord.ui.Select[discord.ui.Modal] = discord.ui.Select(
            custom_id=SEVERITY, required=False, options=[discord.SelectOption(label=str(one), value=str(one)) for one in Severity]
        )
        form.add_item(discord.ui.Label(text="How grave is it?", component=grades))
        hours: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(custom_id=HOURS, required=False, max_length=4)
        form.add_item(discord.ui.Label(text="Mute for how many hours?", description="Leave it empty for no mute.", component=hours))
    return form.add_item(_why("Why?", required=False, hint="The member reads this."))


def appeal_form(server: str, number: int) -> discord.ui.Modal:
    """What a member is asked who appeals."""
    form = _form(f"Appeal case {number}", "appeal", server, number)
    return form.add_item(_why("Why should we look again?", required=False, hint="Another moderator reads this."))


def message_form(room: str, message_id: str, servers: Sequence[tuple[str, str]] = ()) -> discord.ui.Modal:
    """What a member is asked who reports a message; `servers` (id and name) where it is not known whose moderators are meant."""
    form = _form("Report this message", "message", room, message_id)
    if servers:
        form.add_item(_servers(servers))
    return form.add_item(_why("What is wrong?", required=False, hint="The member is never told who reported."))


def _servers(servers: Sequence[tuple[str, str]]) -> discord.ui.Label[discord.ui.Modal]:
    options = [discord.SelectOption(label=name[:100], value=server) for server, name in servers[:SERVERS_MAX]]
    menu: discord.ui.Select[discord.ui.Modal] = discord.ui.Select(custom_id=SERVER, options=options)
    return discord.ui.Label(text="Whose moderators should see it?", component=menu)


def member_form(account: str) -> discord.ui.Modal:
    """What a member is asked who reports another one."""
    return _form("Report this member", "member", account).add_item(
        _why("What happened, and when?", required=True, hint="The member is never told who reported.")
    )
