"""The library's clients as Steward uses them: Web API, Socket Mode, signed HTTP.

Knows: slack_sdk and slack-bolt, how they are pointed at a server, what they do not do by themselves. Must not know: messages'
meaning, cases, actions.
Rules: what arrives is on record before it is acknowledged, and what nobody handles is acknowledged all the same; who asks is known
from the start, so that nothing is asked when an event comes; a socket that is gone is given up with its address; the library's own
log lines hold payloads, addresses and tickets, and are not written.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.slack.asking import TOKEN_CODES, code_of
from bot.platforms.slack.reach import Reach
from bot.ports import PlatformSetupError

log = structlog.get_logger()

Keep = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Puts an event's payload on record; raises where that is not possible now."""
CALL_SECONDS_MAX = 20
PING_SECONDS = 5.0
"""How often a socket is asked for a sign of life; the library waits as long between two attempts to connect."""
AWAY_SECONDS_MAX = 15.0
"""After this long without a socket its address is thrown away: the library asks the same one for ever."""
REBUILD_SECONDS = 120.0
"""After this long without a socket everything is made anew."""
WATCH_SECONDS = 1.0
RATE_LIMIT_TRIES, SERVER_ERROR_TRIES = 5, 2
HTTP_PATH = "/slack/events"
BODY_BYTES_MAX = 4 * 1024 * 1024
SOCKET_CODES = TOKEN_CODES | {"missing_scope", "not_allowed", "forbidden_team"}
NO_SOCKETS = (
    "Slack does not take the token in STEWARD_SLACK_APP_TOKEN. Open https://api.slack.com/apps, choose your app, page "
    '"Basic Information", make an App-Level Token with the scope connections:write, and put it (it begins with xapp-) into .env'
)
NOT_TAKEN = (
    "Slack does not take the token in STEWARD_SLACK_BOT_TOKEN. Open https://api.slack.com/apps, choose your app, page "
    '"OAuth & Permissions", press "Reinstall to Workspace", and put the Bot User OAuth Token (it begins with xoxb-) into .env'
)


class SlackSetupError(PlatformSetupError):
    """What only the operator can mend, in one line that says how."""


class NoSocketError(Exception):
    """There was no socket for too long."""


def quiet() -> logging.Logger:
    """A logger for the library that writes nothing."""
    made = logging.getLogger("steward.slack")
    made.setLevel(logging.CRITICAL + 1)
    made.propagate = False
    return made


def patient() -> list[AsyncRetryHandler]:
    """For what may be asked twice: waits when Slack asks to, tries again after Slack's own trouble and after a cut connection."""
    return [
        AsyncRateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_TRIES),
        AsyncServerErrorRetryHandler(max_retry_count=SERVER_ERROR_TRIES),
        AsyncConnectionErrorRetryHandler(max_retry_count=SERVER_ERROR_TRIES),
    ]


def web_client(token: str | None, api_url: str = "", *, asks_again: bool = True) -> AsyncWebClient:
    """A client of the Web API. `asks_again`: see `patient`; without it each call is made once, and the outbox tries again."""
    return AsyncWebClient(
        token=token,
        base_url=api_url or AsyncWebClient.BASE_URL,
        timeout=CALL_SECONDS_MAX,
        logger=quiet(),
        retry_handlers=patient() if asks_again else [],
    )


def make_app(reach: Reach, token: str, api_url: str = "", signing_secret: str = "") -> AsyncApp:
    """The app that takes commands, buttons and forms. Who asks is known already: nothing is asked when an event comes."""
    known = AuthorizeResult(
        enterprise_id=None,
        team_id=reach.team,
        bot_user_id=reach.bot_user,
        bot_id=reach.bot,
        bot_token=token,
        bot_scopes=sorted(reach.scopes),
    )

    async def authorize() -> AuthorizeResult:
        return known

    app = AsyncApp(
        name="steward",
        logger=quiet(),
        client=web_client(None, api_url),
        authorize=authorize,
        signing_secret=signing_secret,
        request_verification_enabled=bool(signing_secret),
    )

    @app.error
    async def failed(error: Exception) -> None:
        log.error("answering failed", error=type(error).__name__)

    return app


def _nothing() -> None:
    """Nobody wants to know."""


class Socket(SocketModeClient):
    """The library's socket, which remembers why Slack gave it no address."""

    refused: str = ""

    async def issue_new_wss_url(self) -> str:
        """A fresh address. Raises SlackApiError."""
        try:
            found = await super().issue_new_wss_url()
        except SlackApiError as error:
            self.refused = code_of(error)
            raise
        self.refused = ""
        return found


class DurableSocket:
    """Socket Mode: each event is on record before it is acknowledged."""

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        *,
        api_url: str,
        keep: Keep,
        connected: Callable[[], None],
        alive: Callable[[], None] = _nothing,
        ping_seconds: float = PING_SECONDS,
        away_seconds_max: float = AWAY_SECONDS_MAX,
    ) -> None:
        """`connected` is called whenever Slack says hello on a new socket, `alive` every second in which there is one."""
        self._app, self._keep, self._connected, self._alive = app, keep, connected, alive
        self._away_seconds_max = away_seconds_max
        self.client = Socket(
            app_token=app_token, logger=quiet(), web_client=web_client(None, api_url, asks_again=False), ping_interval=ping_seconds
        )
        self.client.message_listeners.append(self._heard)
        self.client.socket_mode_request_listeners.append(self._requested)

    async def run(self) -> None:
        """Stay connected until cancelled. Raises SlackSetupError, or NoSocketError after a long time without a socket."""
        connecting = asyncio.create_task(self.client.connect(), name="connecting to Slack")  # type: ignore[no-untyped-call]
        try:
            await self._watch()
        finally:
            connecting.cancel()
            with suppress(Exception):
                await asyncio.gather(connecting, return_exceptions=True)
                async with asyncio.timeout(CALL_SECONDS_MAX):
                    await self.client.close()  # type: ignore[no-untyped-call]

    async def _watch(self) -> None:
        away_since, thrown = time.monotonic(), 0
        while True:
            await asyncio.sleep(min(WATCH_SECONDS, self._away_seconds_max / 4))
            if self.client.refused in SOCKET_CODES:
                raise SlackSetupError(f"{NO_SOCKETS} ({self.client.refused})")
            if await self.client.is_connected():
                away_since, thrown = time.monotonic(), 0
                self._alive()
                continue
            away = time.monotonic() - away_since
            if away > self._away_seconds_max * (thrown + 1):
                log.warning("no connection to Slack", for_seconds=round(away), reason=self.client.refused or "the socket does not open")
                self.client.wss_uri = None
                thrown += 1
            if away > max(REBUILD_SECONDS, self._away_seconds_max * 4):
                raise NoSocketError

    async def _heard(self, _: object, message: Mapping[str, Any], __: str | None = None) -> None:
        if message.get("type") == "hello":
            self._connected()

    async def _requested(self, _: object, request: SocketModeRequest) -> None:
        """On record, then handled, then acknowledged. What cannot be recorded is not acknowledged: Slack sends it again."""
        began = time.time()
        if request.type == "events_api":
            try:
                await self._keep(request.payload)
            except Exception as error:  # noqa: BLE001 - whatever it is, Slack keeps the event and sends it again
                log.error("an event could not be recorded, so it was not acknowledged", error=type(error).__name__)
                return
        response = await run_async_bolt_app(self._app, request)
        if response.status != 200:  # noqa: PLR2004 - nobody handles it: without an answer Slack would send it three times more
            response = BoltResponse(status=200, body="")
        await send_async_response(self.client, request, response, began)


class Door:
    """Signed HTTP: an address to which Slack sends, for those who cannot keep a socket."""

    def __init__(self, app: AsyncApp, signing_secret: str, *, keep: Keep) -> None:
        self._app, self._keep = app, keep
        self._verifier = SignatureVerifier(signing_secret)

    async def run(self, host: str, port: int, opened: Callable[[int], None]) -> None:
        """Listen until cancelled; `opened` is told the port. Raises OSError where the port cannot be had."""
        server = web.Application(client_max_size=BODY_BYTES_MAX)
        server.router.add_post(HTTP_PATH, self._requested)
        runner = web.AppRunner(server, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            opened(runner.addresses[0][1])
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    async def _requested(self, request: web.Request) -> web.Response:
        body = await request.text()
        if not self._verifier.is_valid_request(body, dict(request.headers)):
            return web.Response(status=401)
        payload = _event(body)
        if payload is not None:
            try:
                await self._keep(payload)
            except Exception as error:  # noqa: BLE001 - whatever it is, Slack keeps the event and sends it again
                log.error("an event could not be recorded, so it was not acknowledged", error=type(error).__name__)
                return web.Response(status=503)
        asked = AsyncBoltRequest(body=body, query=request.query_string, headers=dict(request.headers))
        response = await self._app.async_dispatch(asked)
        if response.status == 404:  # noqa: PLR2004 - nobody handles it: without an answer Slack would send it three times more
            response = BoltResponse(status=200, body="")
        return await to_aiohttp_response(response)


def _event(body: str) -> Mapping[str, Any] | None:
    """The payload of an event; None for commands, buttons and forms, which come as forms."""
    try:
        read = json.loads(body)
    except ValueError:
        return None
    return read if isinstance(read, dict) and read.get("type") == "event_callback" else None
