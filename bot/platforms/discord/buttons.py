"""Buttons on Discord: a moderator's under a case's card, a member's under a notice; and what is done with the forms they open.

Knows: the ids of buttons and forms, what each asks of the desk. Must not know: how a card looks, how a decision is made.
Rules: a button's id holds all that it needs, so one from before a restart works; the card is edited by the outbox, never from here;
whether somebody may do a thing is the desk's to say, and a form is not opened for who may not send it.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any, Self, cast

import discord

from bot.commands import AGREED
from bot.core.cases import Decision, NotAllowedError
from bot.platforms.discord.forms import SERVER, WHY, Sent, appeal_form, decision_form, sent
from bot.platforms.discord.reception import Interaction, Reception, Reply, reception_of
from bot.platforms.discord.translate import NAME

Button = discord.ui.Button[discord.ui.View]
NUMBER, ID = "[0-9]{1,9}", "[0-9]{1,20}"


class What(StrEnum):
    """What a moderator can do with a case by a button; the first three are its decisions."""

    UPHOLD = "uphold"
    CHANGE = "change"
    DISMISS = "dismiss"
    SHOW = "show"


STYLES = {
    What.UPHOLD: discord.ButtonStyle.primary,
    What.CHANGE: discord.ButtonStyle.secondary,
    What.DISMISS: discord.ButtonStyle.secondary,
    What.SHOW: discord.ButtonStyle.secondary,
}


ANSWERS = {
    "tell": ("Yes, tell them", discord.ButtonStyle.primary),
    "quietly": ("Only keep it as evidence", discord.ButtonStyle.secondary),
}
"""What can be answered to the question whether somebody's contact is unwelcome: the desk's word for it, and the button."""


class CaseButton(discord.ui.DynamicItem[Button], template=rf"steward:case:(?P<number>{NUMBER}):(?P<what>{'|'.join(What)})"):
    """A button under a case's card."""

    def __init__(self, number: int, what: What) -> None:
        super().__init__(Button(label=what.capitalize(), style=STYLES[what], custom_id=f"steward:case:{number}:{what}"))
        self.number, self.what = number, what

    @classmethod
    async def from_custom_id(cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /) -> Self:
        """Make it again from what was pressed."""
        del interaction, item
        return cls(int(match["number"]), What(match["what"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the case, or ask what a decision needs."""
        reception = reception_of(interaction)
        if self.what is What.SHOW:
            await reception.answer(interaction, lambda: _show(reception, interaction, self.number))
        elif _may_decide(reception, interaction):
            await reception.open(interaction, decision_form(self.number, Decision(self.what)))
        else:
            await reception.answer(interaction, _refused)


class AppealButton(discord.ui.DynamicItem[Button], template=rf"steward:appeal:(?P<server>{ID}):(?P<number>{NUMBER})"):
    """The button under a notice. It names the server, because it is pressed in direct messages."""

    def __init__(self, server: str, number: int) -> None:
        super().__init__(Button(label="Appeal", style=discord.ButtonStyle.primary, custom_id=f"steward:appeal:{server}:{number}"))
        self.server, self.number = server, number

    @classmethod
    async def from_custom_id(cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /) -> Self:
        """Make it again from what was pressed."""
        del interaction, item
        return cls(match["server"], int(match["number"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Ask why."""
        await reception_of(interaction).open(interaction, appeal_form(self.server, self.number))


class ForgetButton(discord.ui.DynamicItem[Button], template=rf"steward:forget:(?P<server>{ID})"):
    """The button that confirms /forgetme."""

    def __init__(self, server: str) -> None:
        super().__init__(Button(label="Yes, ask for it", style=discord.ButtonStyle.danger, custom_id=f"steward:forget:{server}"))
        self.server = server

    @classmethod
    async def from_custom_id(cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /) -> Self:
        """Make it again from what was pressed."""
        del interaction, item
        return cls(match["server"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Ask the desk to forget who pressed."""
        reception = reception_of(interaction)

        async def forget() -> str:
            visit = await reception.visit(interaction, self.server)
            return await visit.community.desk.forgetme(visit.asker)

        await reception.answer(interaction, forget)


class ContactButton(
    discord.ui.DynamicItem[Button],
    template=rf"steward:nocontact:(?P<server>{ID}):(?P<reader>{ID}):(?P<other>{ID}):(?P<how>{'|'.join(ANSWERS)})",
):
    """The buttons under a letter that asks whether its reader wants no contact from somebody; nobody else can answer it."""

    def __init__(self, server: str, reader: str, other: str, how: str) -> None:
        label, style = ANSWERS[how]
        super().__init__(Button(label=label, style=style, custom_id=f"steward:nocontact:{server}:{reader}:{other}:{how}"))
        self.server, self.reader, self.other, self.how = server, reader, other, how

    @classmethod
    async def from_custom_id(cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /) -> Self:
        """Make it again from what was pressed."""
        del interaction, item
        return cls(match["server"], match["reader"], match["other"], match["how"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Make the request."""
        reception = reception_of(interaction)

        async def ask() -> str:
            if str(interaction.user.id) != self.reader:
                raise NotAllowedError("this question is for somebody else")
            visit = await reception.visit(interaction, self.server)
            return await visit.community.desk.unwanted_contact(visit.asker, self.other, self.how)

        await reception.answer(interaction, ask)


class AgreedButton(
    discord.ui.DynamicItem[Button], template=rf"steward:agreed:(?P<server>{ID}):(?P<number>{NUMBER}):(?P<said>{'|'.join(AGREED)})"
):
    """The buttons under a question whether somebody agreed. Who may answer is the desk's to say: it knows whom it asked."""

    def __init__(self, server: str, number: int, said: str, label: str = "") -> None:
        super().__init__(
            Button(label=label or said, style=discord.ButtonStyle.secondary, custom_id=f"steward:agreed:{server}:{number}:{said}")
        )
        self.server, self.number, self.said = server, number, said

    @classmethod
    async def from_custom_id(cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /) -> Self:
        """Make it again from what was pressed."""
        del interaction, item
        return cls(match["server"], int(match["number"]), match["said"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Record what was said."""
        reception = reception_of(interaction)

        async def say() -> str:
            visit = await reception.visit(interaction, self.server)
            return await visit.community.desk.agreed_case(visit.asker, self.number, agreed=AGREED[self.said])

        await reception.answer(interaction, say)


BUTTONS = (CaseButton, AppealButton, ForgetButton, ContactButton, AgreedButton)
"""All buttons, for the client to know them again."""


def _may_decide(reception: Reception, interaction: Interaction) -> bool:
    """Whether to open a form: a community that is not at work yet says so when the form comes back."""
    community = reception.communities.known(NAME, str(interaction.guild_id or ""))
    return community is None or str(interaction.user.id) in community.parts.moderators


async def _refused() -> str:
    raise NotAllowedError("only moderators decide cases")


async def _show(reception: Reception, interaction: Interaction, number: int) -> str:
    visit = await reception.visit(interaction)
    return await visit.community.desk.ask(f"/case {number}", visit.asker)


# Forms that come back


async def form_sent(reception: Reception, interaction: Interaction) -> None:
    """Work on a form of ours; whatever else comes is left alone."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return
    form = sent(cast("Mapping[str, Any]", interaction.data))
    if form is not None and form.kind in FORMS:
        await reception.answer(interaction, lambda: FORMS[form.kind](reception, interaction, form))


async def _decide(reception: Reception, interaction: Interaction, form: Sent) -> Reply | str:
    number, decision = form.about
    severity, hours = form.severity(), form.hours()
    if decision == Decision.CHANGE and severity is None and hours is None:
        raise NotAllowedError("say how grave it is, or for how many hours to mute")
    visit = await reception.visit(interaction)
    mute = hours or 0  # as the form says: empty for no mute
    return await visit.community.desk.rule(
        visit.asker, int(number), Decision(decision), reason=form.answers.get(WHY, ""), severity=severity, mute_hours=mute
    )


async def _appeal(reception: Reception, interaction: Interaction, form: Sent) -> Reply | str:
    server, number = form.about
    visit = await reception.visit(interaction, server)
    return await visit.community.desk.appeal_case(visit.asker, int(number), form.answers.get(WHY, ""))


async def _message(reception: Reception, interaction: Interaction, form: Sent) -> Reply | str:
    room, message_id = form.about
    visit = await reception.visit(interaction, form.answers.get(SERVER, ""))
    message = await reception.reported(interaction, visit, room, message_id)
    return await visit.community.desk.report_message(visit.asker, message, form.answers.get(WHY, ""))


async def _member(reception: Reception, interaction: Interaction, form: Sent) -> Reply | str:
    (account,) = form.about
    visit = await reception.visit(interaction)
    return await visit.community.desk.report_member(visit.asker, account, form.answers.get(WHY, ""))


FORMS: Mapping[str, Callable[[Reception, Interaction, Sent], Awaitable[Reply | str]]] = {
    "decide": _decide,
    "appeal": _appeal,
    "message": _message,
    "member": _member,
}
