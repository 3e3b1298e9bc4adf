"""`steward doctor`: each platform's own examination, with what was set up on record.

Knows: settings, what is recorded of servers, which doctor to ask. Must not know: what a doctor looks at.
Rules: a token is shown nowhere; the platforms' libraries are loaded only when they are asked for.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from pydantic import SecretStr

from bot.cli.wiring import typed
from bot.platforms.checks import exit_code, run_doctor_text
from bot.settings import Settings
from bot.store.records import ServerSetup
from bot.store.store import Store

Say = Callable[[str], object]


async def _setups(settings: Settings) -> Callable[[str, str], ServerSetup]:
    """How each server is run: what was set up, the environment's defaults in its gaps."""
    store = await Store.open(settings.database_url)
    try:
        async with store.transaction(settings.community, datetime.now(UTC)) as transaction:
            recorded = {(one.platform, one.server): one for one in await transaction.server_setups()}
    finally:
        await store.close()

    def setup_of(platform: str, server: str) -> ServerSetup:
        setup = recorded.get((platform, server)) or ServerSetup(platform=platform, server=server, community=settings.community)
        channel, role = setup.escalation_channel or settings.escalation_channel, setup.moderator_role or settings.moderator_role
        return replace(setup, escalation_channel=channel, moderator_role=role)

    return setup_of


async def examine_discord(settings: Settings, say: Say) -> int:
    """Look at the Discord bot; gives the exit code."""
    from bot.platforms.discord import doctor  # noqa: PLC0415 - see the rules
    from bot.platforms.discord.client import point_at  # noqa: PLC0415

    if not settings.discord_token:
        say(doctor.first_steps(typed()))
        return 2
    point_at(settings.discord_api_url, settings.discord_gateway_url)
    setup_of = await _setups(settings)
    checks = await doctor.examine(settings.discord_token.get_secret_value(), setup_of=lambda server: setup_of("discord", server))
    say(run_doctor_text(checks))
    return exit_code(checks)


async def examine_slack(settings: Settings, say: Say) -> int:
    """Look at the Slack app; gives the exit code."""
    from bot.platforms.slack import doctor  # noqa: PLC0415 - see the rules

    if not settings.slack_bot_token:
        say(doctor.first_steps(typed()))
        return 2
    tokens = doctor.Tokens(
        bot=_secret(settings.slack_bot_token),
        app=_secret(settings.slack_app_token),
        admin=_secret(settings.slack_admin_token),
        signing_secret=_secret(settings.slack_signing_secret),
    )
    setup_of = await _setups(settings)
    checks = await doctor.examine(tokens, api_url=settings.slack_api_url, setup_of=lambda server: setup_of("slack", server))
    say(run_doctor_text(checks))
    return exit_code(checks)


def _secret(one: SecretStr | None) -> str:
    return one.get_secret_value() if one else ""
