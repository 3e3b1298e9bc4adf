"""What `steward doctor --discord` finds on servers of every kind."""

import warnings
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    pytest.importorskip("discord", reason="discord.py is not installed")
import discord

from bot.communities import ServerSetup
from bot.platforms.checks import Check, State, exit_code, run_doctor_text
from bot.platforms.discord.doctor import examine, first_steps, invite
from tests.platforms.discord.at_work import MODERATORS, invalid
from tests.servers.discord import DiscordServer, Guild, Intent, Permission, Role
from tests.servers.discord.permissions import NONE, STEWARD

PUBLIC_THREADS = Permission.CREATE_PUBLIC_THREADS


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    """Start a server, and point the doctor at it."""
    async with DiscordServer() as made:
        monkeypatch.setattr(discord.http.Route, "BASE", made.api_url)
        yield made


@pytest.fixture
def guild(server: DiscordServer) -> Guild:
    """Make a guild in which all is as it should be: a private channel for cards, a moderators' role, the bot above it."""
    made = server.add_guild(bot_permissions=STEWARD | Permission.MANAGE_GUILD | PUBLIC_THREADS)
    server.add_role(made, MODERATORS, Permission.MODERATE_MEMBERS)
    cards = server.add_channel(made, "cards")
    server.set_overwrite(cards, made.roles[made.id], deny=Permission.VIEW_CHANNEL)
    server.set_overwrite(cards, own_role(made), allow=Permission.VIEW_CHANNEL)
    return made


def own_role(guild: Guild) -> Role:
    """The role that Discord made for the bot."""
    return next(one for one in guild.roles.values() if one.managed_by)


def setup_of(server: str) -> ServerSetup:
    return ServerSetup(platform="discord", server=server, community="main", escalation_channel="#Cards", moderator_role=MODERATORS)


async def examined(server: DiscordServer, token: str = "") -> list[Check]:
    return await examine(token or server.token, setup_of=setup_of)


def found(checks: Sequence[Check], state: State, what: str = "") -> str:
    """All that was found of one state, as one text."""
    return "\n".join(f"{one.what}: {one.found} → {one.press}" for one in checks if one.state is state and what in one.what)


async def test_a_server_that_is_ready_is_well(server: DiscordServer, guild: Guild) -> None:
    checks = await examined(server)
    assert (found(checks, State.WRONG), found(checks, State.CARE), exit_code(checks)) == ("", "", 0)
    assert "looked after: #general, #cards" in found(checks, State.GOOD, "rooms")
    assert "#cards is private" in found(checks, State.GOOD)
    assert run_doctor_text(checks).endswith("All is well.")
    assert server.token not in run_doctor_text(checks)
    assert not invalid(server)


async def test_a_wrong_token_is_named_and_not_shown(server: DiscordServer, guild: Guild) -> None:
    checks = await examined(server, "not.the.token")
    assert [one.what for one in checks] == ["Token"]
    assert "Reset Token" in checks[0].press
    assert exit_code(checks) == 1
    assert "not.the.token" not in run_doctor_text(checks)


@pytest.mark.parametrize("missing", [Intent.MESSAGE_CONTENT, Intent.GUILD_MEMBERS])
async def test_a_switch_that_is_off_is_named(server: DiscordServer, guild: Guild, missing: Intent) -> None:
    server.gateway.allowed &= ~missing
    name = {Intent.MESSAGE_CONTENT: "Message Content Intent", Intent.GUILD_MEMBERS: "Server Members Intent"}[missing]
    wrong = found(await examined(server), State.WRONG)
    assert wrong.startswith(f"{name}: off")
    assert f'switch on "{name}"' in wrong


async def test_no_server_yet_gives_the_link(server: DiscordServer) -> None:
    checks = await examined(server)
    assert server.bot.id in found(checks, State.CARE, "Servers")
    assert "https://discord.com/oauth2/authorize" in run_doctor_text(checks)


def test_the_link_asks_for_what_is_needed_and_nothing_dangerous() -> None:
    query = parse_qs(urlsplit(invite("42")).query)
    asked = Permission(int(query["permissions"][0]))
    assert asked == STEWARD | PUBLIC_THREADS
    assert not asked & (Permission.ADMINISTRATOR | Permission.KICK_MEMBERS | Permission.BAN_MEMBERS | Permission.MANAGE_GUILD)
    assert (query["client_id"], query["scope"]) == (["42"], ["bot applications.commands"])
    assert int(parse_qs(urlsplit(invite("42", automod=True)).query)["permissions"][0]) == int(asked | Permission.MANAGE_GUILD)


async def test_missing_permissions_are_named_with_their_rooms(server: DiscordServer, guild: Guild) -> None:
    own = own_role(guild)
    server.set_permissions(own, guild, Permission(own.permissions) & ~(Permission.MODERATE_MEMBERS | Permission.MANAGE_GUILD))
    server.set_overwrite(guild.channel("general"), own, deny=Permission.MANAGE_MESSAGES)
    server.set_overwrite(server.add_channel(guild, "board"), guild.roles[guild.id], deny=Permission.VIEW_CHANNEL)
    checks = await examined(server)
    wrong = found(checks, State.WRONG)
    assert "missing on the whole server: Timeout Members" in wrong
    assert f"Roles > {own.name} > Permissions: allow Timeout Members" in wrong
    assert "missing in #general: Manage Messages" in wrong
    assert "does not see #board" in found(checks, State.CARE)
    assert "what Discord's AutoMod blocks" in found(checks, State.HINT)


async def test_more_than_is_needed_is_named(server: DiscordServer, guild: Guild) -> None:
    own = own_role(guild)
    server.set_permissions(own, guild, Permission(own.permissions) | Permission.BAN_MEMBERS)
    assert "take away Ban Members" in found(await examined(server), State.CARE)
    server.set_permissions(own, guild, Permission.ADMINISTRATOR)
    assert "take away Administrator" in found(await examined(server), State.CARE)


async def test_roles_out_of_reach_are_named(server: DiscordServer, guild: Guild) -> None:
    server.add_role(guild, "Officers", position=11)
    server.add_role(guild, "Founders", Permission.ADMINISTRATOR, position=2)
    checks = await examined(server)
    assert "cannot mute members with the roles Officers" in found(checks, State.CARE, "order of roles")
    assert "administrators: members with the roles Founders" in found(checks, State.HINT)


async def test_the_moderators_channel_is_looked_at(server: DiscordServer, guild: Guild) -> None:
    cards, own, everybody = guild.channel("cards"), own_role(guild), guild.roles[guild.id]
    server.set_overwrite(cards, own, allow=Permission.VIEW_CHANNEL, deny=Permission.EMBED_LINKS)
    assert "missing in #cards: Embed Links" in found(await examined(server), State.WRONG, "channel")
    server.set_overwrite(cards, own)
    assert "missing in #cards: View Channels" in found(await examined(server), State.WRONG, "channel")
    server.set_overwrite(cards, everybody)
    assert "everybody can read #cards" in found(await examined(server), State.WRONG, "channel")
    cards.name = "other"
    assert "there is no channel #Cards" in found(await examined(server), State.WRONG, "channel")
    assert "none is named" in found(await examine(server.token), State.CARE, "channel")


async def test_the_moderators_role_is_looked_at(server: DiscordServer, guild: Guild) -> None:
    role = guild.role(MODERATORS)
    server.set_permissions(role, guild, NONE)
    assert "Integrations > Steward" in found(await examined(server), State.CARE, "role")
    role.name = "other"
    assert f"there is no role {MODERATORS}" in found(await examined(server), State.WRONG, "role")
    assert "none is named" in found(await examine(server.token), State.HINT, "role")


async def test_slow_mode_without_its_bypass_is_named(server: DiscordServer, guild: Guild) -> None:
    own = own_role(guild)
    server.set_permissions(own, guild, Permission(own.permissions) & ~Permission.BYPASS_SLOWMODE)
    assert found(await examined(server), State.CARE) == ""
    server.add_channel(guild, "debate", slow_mode_seconds=30)
    assert "in #debate" in found(await examined(server), State.CARE, "slow mode")


@pytest.mark.parametrize(("off", "state"), [(1, State.GOOD), (-30, State.CARE), (300, State.WRONG)])
async def test_a_wrong_clock_is_named(server: DiscordServer, guild: Guild, off: int, state: State) -> None:
    checks = await examine(server.token, setup_of=setup_of, now=lambda: datetime.now(UTC) + timedelta(seconds=off))
    assert [one.state for one in checks if one.what == "Clock"] == [state]


async def test_discord_away_is_one_line(server: DiscordServer, guild: Guild) -> None:
    server.fail_next("GET", "/users/@me", 503)
    assert "it answered 503" in found(await examined(server), State.WRONG)
    server.fail_next("GET", f"/guilds/{guild.id}/channels", 403, code=50001)
    assert "Discord answered 403" in found(await examined(server), State.WRONG, guild.name)
    await server.shut()
    checks = await examined(server)
    assert ("internet connection" in found(checks, State.WRONG), exit_code(checks)) == (True, 1)


def test_the_first_steps_name_every_switch() -> None:
    text = first_steps()
    for words in ("New Application", "Reset Token", "Message Content Intent", "Server Members Intent", "STEWARD_DISCORD_TOKEN"):
        assert words in text
