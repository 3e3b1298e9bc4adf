"""What members read on Discord beside notices and answers is plain English: commands, forms, buttons.

Knows: the commands as they are offered, the forms. Must not know: what is answered (tests/shell measures that).
Rules: what is offered to moderators and admins alone is left out; each form is measured as a whole, and all commands with their options
together, because each is only a few words long (tests/readability.py says how).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.platforms.discord.at_work import Bot
from tests.readability import too_hard

import discord  # isort: skip - at_work skips where it is not there
from discord import app_commands  # isort: skip

from bot.platforms.discord.buttons import ANSWERS, AppealButton, ForgetButton
from bot.platforms.discord.commands import CONFIRM, UNWANTED
from bot.platforms.discord.forms import appeal_form, member_form, message_form
from bot.platforms.discord.reception import WENT_WRONG

SHOWN = ("title", "label", "description", "placeholder", "content")


def words_in(payload: Mapping[str, Any]) -> Iterator[str]:
    """Whatever is shown of a form or of something to press, from the outside in."""
    for name, value in payload.items():
        if name in SHOWN and isinstance(value, str):
            yield value
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):
                yield from words_in(one)


def commands_of(tree: app_commands.CommandTree[discord.Client]) -> Iterator[tuple[str, str]]:
    """What stands beside each command that members are offered, and beside its options."""
    for command in tree.get_commands():
        if command.default_permissions is not None:
            continue
        if isinstance(command, app_commands.ContextMenu):
            yield f"menu {command.name}", command.name
        elif isinstance(command, app_commands.Command):
            yield f"/{command.name}", command.description
            yield from ((f"/{command.name} {one.name}", one.description) for one in command.parameters)


async def test_the_commands_of_members_are_plain_english(bot: Bot) -> None:
    texts = dict(commands_of(bot.client.tree))
    assert {"/report", "/appeal why", "menu Report message"} <= set(texts)
    assert not {"/cases", "/uphold", "/steward"} & set(texts), "moderators' commands are left out"
    hard = too_hard(texts | {f"/nocontact {how}": text for how, text in UNWANTED.items()})
    assert not hard, "\n\n".join(["too hard to read:", *hard])


async def test_forms_and_buttons_of_members_are_plain_english() -> None:
    forms = {
        "appeal": appeal_form("1", 12),
        "report a message": message_form("1", "2", [("1", "Our branch"), ("2", "Their branch")]),
        "report a member": member_form("1"),
    }
    texts = {name: "\n".join(words_in(form.to_dict())) for name, form in forms.items()}
    assert "The member is never told who reported." in texts["report a member"]
    buttons = [one.item.label or "" for one in (AppealButton("1", 12), ForgetButton("1"))] + [label for label, _ in ANSWERS.values()]
    hard = too_hard(texts | {"buttons": "\n".join(buttons), "forgetme": CONFIRM, "something went wrong": WENT_WRONG})
    assert not hard, "\n\n".join(["too hard to read:", *hard])
