"""How Steward runs on a Discord server: the group /steward, for those who manage the server.

Knows: its commands and options, whom Discord offers them to, what a channel for cards needs. Must not know: cases, the record, how a
community is changed.
Rules: Discord itself keeps out who may not manage the server; whatever is changed is answered with how it stands then, and with what is
wrong with the channel for the cards.
"""

from typing import Literal

import discord
from discord import app_commands

from bot.core.naming import place
from bot.platforms.discord.forms import TEXT_CHARS_MAX
from bot.platforms.discord.reception import Interaction, Reception
from bot.platforms.discord.translate import NAME

Text = app_commands.Range[str, 1, TEXT_CHARS_MAX]
on_servers = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
managers = discord.Permissions(manage_guild=True)


def steward(reception: Reception) -> app_commands.Group:
    """The group /steward, offered to those who may manage the server; Discord itself keeps everybody else out."""
    group = app_commands.Group(
        name="steward", description="How Steward runs here", allowed_contexts=on_servers, default_permissions=managers
    )
    communities = reception.communities

    @group.command(name="setup", description="Set Steward up on this server, or change how it runs")
    @app_commands.describe(
        mode="shadow: only record. enforce: act",
        policy="The name of a policy, or a folder on Steward's machine",
        escalation_channel="The moderators' private channel, for the cards",
        moderator_role="The role that your moderators have",
    )
    async def setup(
        interaction: Interaction,
        mode: Literal["shadow", "enforce"] | None = None,
        policy: Text | None = None,
        escalation_channel: discord.TextChannel | None = None,
        moderator_role: discord.Role | None = None,
    ) -> None:
        async def work() -> str:
            visit = await reception.visit(interaction)
            await communities.set_up(
                NAME,
                visit.server,
                mode=mode,
                policy=policy,
                escalation_channel=str(escalation_channel.id) if escalation_channel else None,
                moderator_role=str(moderator_role.id) if moderator_role else None,
            )
            await reception.after_setup(visit.server)
            said = await communities.status(NAME, visit.server)  # as it is now: who moderates may have changed just then
            return "\n".join([said, *_cares(escalation_channel)])

        await reception.answer(interaction, work)

    @group.command(name="status", description="How Steward stands here")
    async def status(interaction: Interaction) -> None:
        async def work() -> str:
            return await communities.status(NAME, (await reception.visit(interaction)).server)

        await reception.answer(interaction, work)

    @group.command(name="mode", description="Only record, or act")
    @app_commands.describe(mode="shadow: only record. enforce: act")
    async def mode(interaction: Interaction, mode: Literal["shadow", "enforce"]) -> None:
        async def work() -> str:
            return await communities.set_up(NAME, (await reception.visit(interaction)).server, mode=mode)

        await reception.answer(interaction, work)

    @group.command(name="policy", description="Read the policy's files again")
    async def policy(interaction: Interaction) -> None:
        async def work() -> str:
            return await communities.reload(NAME, (await reception.visit(interaction)).server)

        await reception.answer(interaction, work)

    return group


def _cares(channel: discord.TextChannel | None) -> list[str]:
    """What is wrong with the channel for the cards, if anything, and what to press."""
    if channel is None:
        return []
    mine, everybody = channel.permissions_for(channel.guild.me), channel.permissions_for(channel.guild.default_role)
    here, found = place(str(channel.id)), []
    if everybody.view_channel:
        found.append(
            f"Careful: everybody can read {here}, and cards quote what members wrote. Edit Channel > Permissions > Private Channel."
        )
    wanted = {"View Channel": mine.view_channel, "Send Messages": mine.send_messages, "Embed Links": mine.embed_links}
    missing = [name for name, is_there in wanted.items() if not is_there]
    if missing:
        found.append(f"I cannot post in {here} yet. Edit Channel > Permissions, add my role and allow: {', '.join(missing)}.")
    return found
