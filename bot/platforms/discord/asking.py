"""Asking Discord for something: what its refusals mean, and when to stop asking.

Knows: the library's errors, Discord's codes, the limit at which an address is banned. Must not know: what is asked, and why.
Rules: what may be tried again is PlatformUnavailableError, what a person has to do is PlatformRefusedError; after a 403 the same
is not asked again for a while; no error carries a token or a member's text.
"""

import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import discord

from bot.ports import PlatformRefusedError, PlatformUnavailableError

REFUSED_SECONDS = 300.0
"""How long the same is not asked again after a 403: permissions are mended by people, and people need minutes."""
INVALID_MAX = 2_000
"""Answers 401, 403 and 429 within INVALID_SECONDS after which nothing is asked: at 10,000 Discord bans the address."""
INVALID_SECONDS = 600.0
INVALID = frozenset({401, 403, 429})
UNKNOWN_CHANNEL, UNKNOWN_MEMBER, UNKNOWN_MESSAGE, UNKNOWN_USER = 10003, 10007, 10008, 10013
DIRECT_REFUSED, DIRECT_TOO_FAST, THREAD_IS_THERE = 50007, 40003, 160004
GONE = frozenset({UNKNOWN_CHANNEL, UNKNOWN_MESSAGE})
Key = tuple[str, ...]


class Breaker:
    """Remembers what Discord refused, so that it is not asked for again at once."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._refused: dict[Key, tuple[float, str]] = {}
        self._invalid: deque[float] = deque(maxlen=INVALID_MAX)

    def check(self, key: Key) -> None:
        """Raise PlatformRefusedError where this was refused just now, PlatformUnavailableError where too much was."""
        now = self._seconds()
        self._refused = {each: one for each, one in self._refused.items() if one[0] > now}
        if key in self._refused:
            raise PlatformRefusedError(self._refused[key][1])
        if len(self._invalid) == INVALID_MAX and now - self._invalid[0] < INVALID_SECONDS:
            wait = INVALID_SECONDS - (now - self._invalid[0])
            raise PlatformUnavailableError("Discord refused too much in ten minutes, so nothing is asked for a while", retry_seconds=wait)

    def refused(self, key: Key, reason: str) -> None:
        """Do not ask for this again for a while."""
        self._refused[key] = (self._seconds() + REFUSED_SECONDS, reason)

    def count(self, status: int) -> None:
        """Note an answer that brings the ban nearer."""
        if status in INVALID:
            self._invalid.append(self._seconds())


@asynccontextmanager
async def asked(breaker: Breaker, *key: str) -> AsyncIterator[None]:
    """Ask for something inside of this: the library's errors become those of bot.ports. `key`: kind of action and room."""
    breaker.check(key)
    try:
        yield
    except discord.RateLimited as error:
        raise PlatformUnavailableError("Discord asks to wait", retry_seconds=error.retry_after) from None
    except discord.HTTPException as error:
        raise meaning(error, breaker, key) from None
    except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        raise PlatformUnavailableError(f"Discord could not be reached ({type(error).__name__})", maybe_done=True) from None
    except RuntimeError as error:
        if "closed" not in str(error):
            raise
        # the client was replaced meanwhile, and its session with it
        raise PlatformUnavailableError(f"not connected to Discord ({type(error).__name__})", maybe_done=True) from error


def meaning(error: discord.HTTPException, breaker: Breaker, key: Key) -> Exception:
    """What an answer other than success means for an action."""
    breaker.count(error.status)
    said = f"{error.status} {error.code}".removesuffix(" 0")
    if error.status == 429:  # noqa: PLR2004 - too many requests
        return PlatformUnavailableError(f"Discord asks to wait ({said})", retry_seconds=_retry_after(error))
    if error.status >= 500:  # noqa: PLR2004 - Discord's own trouble
        return PlatformUnavailableError(f"Discord is in trouble ({said})", maybe_done=True)
    if error.status == 401:  # noqa: PLR2004 - unauthorized
        return PlatformUnavailableError("Discord does not take the token any more (401)")
    if error.status == 403:  # noqa: PLR2004 - forbidden
        reason = f"Discord does not allow it ({said}): check Steward's permissions there with `steward doctor --discord`"
        breaker.refused(key, reason)
        return PlatformRefusedError(reason)
    return PlatformRefusedError(f"Discord does not take it ({said})")


def _retry_after(error: discord.HTTPException) -> float | None:
    try:
        return float(error.response.headers["Retry-After"])
    except (KeyError, ValueError, AttributeError):
        return None
