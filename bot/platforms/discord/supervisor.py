"""Keeps the connection to Discord: whatever ends it, a new one is made, unless only a person can mend it.

Knows: how the library ends. Must not know: what is done over the connection.
Rules: a new client each time, after a pause that grows and is never the same twice; what a person has to mend stops it with one line
that says which switch to press; the token stands in none of them; who cancels it need not ask twice.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import discord
import structlog

from bot.ports import PlatformSetupError

log = structlog.get_logger()

PAUSE_SECONDS_MIN, PAUSE_SECONDS_MAX = 1.0, 60.0
WELL_AFTER_SECONDS = 60.0
"""A connection that held so long was well: the next pause begins small again."""
TOKEN_REFUSED, INTENTS_INVALID, INTENTS_REFUSED = 4004, 4013, 4014

BOT_PAGE = 'Open https://discord.com/developers/applications, choose your application, page "Bot"'
TOKEN_LINE = f'Discord does not take the token in STEWARD_DISCORD_TOKEN. {BOT_PAGE}, press "Reset Token", and put the new token into .env'
SWITCHES_LINE = (
    f'Discord does not let Steward read messages or members yet. {BOT_PAGE}, and under "Privileged Gateway Intents" switch on '
    '"Server Members Intent" and "Message Content Intent", then press "Save Changes"'
)


class DiscordSetupError(PlatformSetupError):
    """What only the operator can mend, in one line that says how."""


def setup_error(error: BaseException) -> DiscordSetupError | None:
    """The operator's line for an error that trying again does not mend; None where it may."""
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return DiscordSetupError(SWITCHES_LINE)
    if isinstance(error, discord.LoginFailure):
        return DiscordSetupError(TOKEN_LINE)
    if isinstance(error, discord.ConnectionClosed) and error.code in (TOKEN_REFUSED, INTENTS_INVALID, INTENTS_REFUSED):
        return DiscordSetupError(TOKEN_LINE if error.code == TOKEN_REFUSED else SWITCHES_LINE)
    if isinstance(error, discord.HTTPException) and error.status == 401:  # noqa: PLR2004 - unauthorized
        return DiscordSetupError(TOKEN_LINE)
    return None


LOOK = "where this goes on, run `steward doctor`"
"""What helps whoever reads the log."""


CANCEL_SECONDS = 1.0
"""So long a connection that was cancelled has time to end before it is asked again."""


async def _until_over(connect: Callable[[], Awaitable[None]]) -> None:
    """Run one connection in a task of its own, and cancel it until it has ended.

    Before Python 3.12 asyncio.wait_for, with which the library connects, may swallow a cancellation that comes in the moment in which what
    it waits for is done: the connection then went on, and who had cancelled it waited for ever.
    """
    connection = asyncio.ensure_future(connect())
    try:
        await asyncio.wait([connection])
    finally:
        while not connection.done():
            connection.cancel()
            await asyncio.wait([connection], timeout=CANCEL_SECONDS)
    connection.result()


async def keep_connected(
    connect: Callable[[], Awaitable[None]], *, pause_seconds_min: float = PAUSE_SECONDS_MIN, pause_seconds_max: float = PAUSE_SECONDS_MAX
) -> None:
    """Connect again and again until cancelled. `connect` returns or raises when a connection is over.

    Raises DiscordSetupError where only a person can mend it.
    """
    pause = pause_seconds_min
    while True:
        began = time.monotonic()
        reason = "the connection ended"
        try:
            await _until_over(connect)
        except Exception as error:  # noqa: BLE001 - see the next line
            # A refused handshake, the API away, one malformed event: the library ends with whatever it stumbled over.
            stop = setup_error(error)
            if stop is not None:
                raise stop from None
            reason = type(error).__name__
        if time.monotonic() - began >= WELL_AFTER_SECONDS:
            pause = pause_seconds_min
        wait = random.uniform(pause / 2, pause)  # noqa: S311 - so that many bots do not come back at once; no secret
        hint = {"hint": LOOK} if pause == pause_seconds_min else {}  # once: the pause grows with each further try
        log.warning("connection to Discord ended", reason=reason, again_in_seconds=round(wait, 1), **hint)
        await asyncio.sleep(wait)
        pause = min(pause * 2, pause_seconds_max)
