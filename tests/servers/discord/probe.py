"""The real client library with a few commands, buttons and a form: what our Discord server is tried with.

Knows: discord.py. Must not know: Steward, the server's inside.
Rules: it judges nothing, it writes down what it was told; importing this needs discord.py.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import discord
from discord import app_commands
from tests.servers.discord.server import DiscordServer
from tests.servers.discord.world import Guild

OPENAPI = Path(__file__).parents[4] / "shared" / "specs" / "discord" / "openapi.json"


class Form(discord.ui.Modal, title="Appeal"):
    """One question."""

    why: Any = discord.ui.Label(text="Why", component=discord.ui.TextInput(style=discord.TextStyle.paragraph, max_length=200))

    async def on_submit(self, interaction: Any) -> None:
        await interaction.response.send_message(f"heard: {self.why.component.value}", ephemeral=True)


class Buttons(discord.ui.View):
    """A card's buttons, which outlive a restart."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Uphold", custom_id="case:7:uphold")
    async def uphold(self, interaction: Any, _: Any) -> None:
        await interaction.response.edit_message(content="upheld", view=None)

    @discord.ui.button(label="Appeal", custom_id="case:7:appeal")
    async def appeal(self, interaction: Any, _: Any) -> None:
        await interaction.response.send_modal(Form())


class Probe(discord.Client):
    """The real client, which writes down what it was told."""

    def __init__(self, intents: Any, **more: Any) -> None:
        super().__init__(intents=intents, guild_ready_timeout=0.05, **more)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[tuple[str, Any]] = []
        self.readies = self.resumes = 0
        self.task: asyncio.Task[None] | None = None
        add_commands(self.tree)

    async def setup_hook(self) -> None:
        self.add_view(Buttons())
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait the usual five seconds."""

    async def on_ready(self) -> None:
        self.readies += 1

    async def on_resumed(self) -> None:
        self.resumes += 1

    async def on_message(self, message: Any) -> None:
        self.heard.append(("message", message))

    async def on_raw_message_edit(self, payload: Any) -> None:
        self.heard.append(("edit", payload))

    async def on_raw_message_delete(self, payload: Any) -> None:
        self.heard.append(("delete", payload))

    async def on_raw_reaction_add(self, payload: Any) -> None:
        self.heard.append(("reaction", payload))

    async def on_member_join(self, member: Any) -> None:
        self.heard.append(("join", member))

    async def on_automod_action(self, execution: Any) -> None:
        self.heard.append(("automod", execution))

    async def on_audit_log_entry_create(self, entry: Any) -> None:
        self.heard.append(("audit", entry))

    def of(self, kind: str) -> list[Any]:
        return [one for name, one in self.heard if name == kind]


def add_commands(tree: Any) -> None:
    @tree.command(name="report", description="Say that something is wrong")
    async def report(interaction: Any, text: str, about: discord.Member | None = None) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send(f"noted: {text} {about.name if about else ''}", ephemeral=True)

    @tree.command(name="case", description="Show a case")
    async def case(interaction: Any, number: int) -> None:
        await interaction.response.send_message(f"case {number}", ephemeral=True)

    @case.autocomplete("number")
    async def numbers(interaction: Any, current: Any) -> list[Any]:
        return [app_commands.Choice(name=f"case {one}", value=one) for one in (1, 12) if str(one).startswith(str(current))]

    @tree.command(name="slow", description="Answers too late")
    async def slow(interaction: Any) -> None:
        await asyncio.sleep(0)

    @tree.command(name="card", description="Answers in steps")
    async def card(interaction: Any) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.edit_original_response(content="first", view=Buttons())
        private = await interaction.followup.send("second", ephemeral=True, view=Buttons(), wait=True)
        await private.edit(content="third")
        gone = await interaction.followup.send("gone", wait=True)
        await gone.delete()

    @tree.context_menu(name="Report message")
    async def report_message(interaction: Any, message: discord.Message) -> None:
        await interaction.response.send_message(f"reported: {message.content}", ephemeral=True)

    @tree.context_menu(name="Report member")
    async def report_member(interaction: Any, member: discord.Member) -> None:
        await interaction.response.send_message(f"reported: {member.name}", ephemeral=True)

    group = app_commands.Group(name="steward", description="Run Steward", default_permissions=discord.Permissions(manage_guild=True))

    @group.command(name="mode", description="Set the mode")
    @app_commands.choices(mode=[app_commands.Choice(name="shadow", value="shadow")])
    async def mode(interaction: Any, mode: app_commands.Choice[str]) -> None:
        await interaction.response.send_message(f"mode {mode.value}")

    tree.add_command(group)


def intents(**more: bool) -> Any:
    wanted = {"guilds": True, "guild_messages": True, "message_content": True, "members": True, "guild_reactions": True, "moderation": True}
    return discord.Intents(**{**wanted, "auto_moderation_execution": True, "dm_messages": True, **more})


@contextlib.asynccontextmanager
async def running(server: DiscordServer, **more: Any) -> AsyncIterator[Probe]:
    client = Probe(more.pop("intents", None) or intents(), **more)
    client.task = task = asyncio.create_task(client.start(server.token))
    try:
        await server.holds(lambda: client.readies > 0 or task.done(), 10)
        if task.done():
            await task
        yield client
    finally:
        await client.close()
        with contextlib.suppress(BaseException):
            await asyncio.wait_for(task, 2)


def room(client: Probe, guild: Guild, name: str = "general") -> Any:
    return client.get_channel(int(guild.channel(name).id))


def valid(server: DiscordServer) -> Iterator[str]:
    """What was sent against Discord's own description; skips the test, saying so, where that is not there."""
    if not OPENAPI.is_file():
        pytest.skip("../shared/specs/discord/openapi.json is not there")
    yield from server.checked_against(OPENAPI)
