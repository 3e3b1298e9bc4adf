"""What Discord offers while somebody types a command: their cases, open cases, servers, clauses.

Knows: choices and their limits. Must not know: how a command is answered, the record.
Rules: who may see nothing is offered nothing; a choice that cannot be offered stops no command; a choice shows names and no mentions.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from discord import app_commands

from bot.core.cases import NotAllowedError
from bot.core.naming import rendered
from bot.platforms.discord.reception import Interaction, Reception, note

Choices = list[app_commands.Choice[Any]]
Complete = Callable[[Interaction, str], Coroutine[Any, Any, Choices]]
CHOICES_MAX, CHOICE_CHARS_MAX = 25, 100


def own_cases(reception: Reception) -> Complete:
    """The cases that whoever types can appeal."""

    async def find(interaction: Interaction, server: str) -> list[tuple[Any, str]]:
        visit = await reception.visit(interaction, server)
        return list(await visit.community.desk.own_numbers(visit.asker))

    return _offered(find)


def open_cases(reception: Reception) -> Complete:
    """The open cases that a moderator may decide."""

    async def find(interaction: Interaction, server: str) -> list[tuple[Any, str]]:
        visit = await reception.visit(interaction, server)
        return list(await visit.community.desk.open_numbers(visit.asker))

    return _offered(find)


def servers(reception: Reception) -> Complete:
    """The servers that Steward shares with whoever types."""

    async def find(interaction: Interaction, _: str) -> list[tuple[Any, str]]:
        return [(str(one.id), one.name) for one in await reception.shared_with(interaction.user)]

    return _offered(find)


def clauses(reception: Reception) -> Complete:
    """The clauses of the code of conduct."""

    async def find(interaction: Interaction, server: str) -> list[tuple[Any, str]]:
        visit = await reception.visit(interaction, server)
        return [(one.number, f"{one.number}. {one.title}") for one in visit.community.parts.policy.clauses]

    return _offered(find)


def _offered(find: Callable[[Interaction, str], Awaitable[list[tuple[Any, str]]]]) -> Complete:
    """Offer what is found, values and names, as far as it holds what is typed. Who may see nothing is offered nothing."""

    async def complete(interaction: Interaction, current: str) -> Choices:
        try:
            found = await find(interaction, str(getattr(interaction.namespace, "server", None) or ""))
        except NotAllowedError:
            return []
        except Exception as error:  # noqa: BLE001 - a choice that cannot be offered is no reason to stop
            note(interaction, error, "no choices were offered")
            return []
        names = [(value, rendered(text, person=_name(interaction, "@"), place=_name(interaction, "#"))) for value, text in found]
        typed = str(current).strip().casefold()
        return [app_commands.Choice(name=_cut(name), value=value) for value, name in names if typed in name.casefold()][:CHOICES_MAX]

    return complete


def _name(interaction: Interaction, sign: str) -> Callable[[str], str]:
    """The name of a person or room in a choice, which shows no mentions."""

    def named(one: str) -> str:
        guild = interaction.guild
        known = None if guild is None or not one.isdecimal() else (guild.get_member if sign == "@" else guild.get_channel)(int(one))
        return f"{sign}{getattr(known, 'display_name', None) or getattr(known, 'name', None) or one}"

    return named


def _cut(name: str) -> str:
    return name if len(name) <= CHOICE_CHARS_MAX else f"{name[: CHOICE_CHARS_MAX - 1]}…"
