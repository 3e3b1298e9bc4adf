"""A Slack that runs on this machine: Web API, Socket Mode and signed HTTP on one random loopback port, for the real libraries.

Knows: how a call is received, limited, failed on purpose, answered and recorded; how a test builds and disturbs the world.
Must not know: the rules behind the methods, they are in the api_* modules.
Rules: arguments of query, form and JSON are merged; every call and answer is kept; nothing outside loopback is reached.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from tests.servers.faults import Exchange, Faults, chosen
from tests.servers.slack import api_chat, api_conversations, api_users, api_views
from tests.servers.slack.checking import problems
from tests.servers.slack.delivery import Attempt, Deliveries, Delivery
from tests.servers.slack.disturbances import Disturbances
from tests.servers.slack.errors import RefusedError
from tests.servers.slack.interactions import Interactions, until
from tests.servers.slack.limits import Limits
from tests.servers.slack.manifest import read_manifest
from tests.servers.slack.methods import Call, Method, method
from tests.servers.slack.players import Member
from tests.servers.slack.signed import Signed
from tests.servers.slack.sockets import Sockets
from tests.servers.slack.state import State
from tests.servers.slack.tokens import ADMIN_SCOPES, APP, APP_SCOPES, BOT, BOT_SCOPES, USER, Token
from tests.servers.slack.world import PRIVATE, PUBLIC, Channel, Clock, Json, Message, User, World

HOST = "127.0.0.1"
BODY_MAX = 10 * 1024 * 1024
LOADED = (api_chat, api_conversations, api_users, api_views)
"""The modules whose import enters their methods."""
Answered = tuple[int, Any, dict[str, str]]
"""Status, JSON (or the text "ok"), headers."""
STATUS_ERRORS = {429: "ratelimited", 500: "internal_error", 503: "service_unavailable"}


class SlackServer(Disturbances):
    """The whole server. Use as `async with SlackServer() as slack:`.

    `pace` shortens Slack's waits for a redelivery (1 and 5 minutes; a process that is killed and started again needs some seconds
    of them); `ack_seconds` is how long it waits for an acknowledgement.
    """

    def __init__(
        self, *, pace: float = 1.0, ack_seconds: float = 3.0, bot_token: str = "xoxb-test-bot", app_token: str = "xapp-1-test-app", bot_name: str = "steward",
        bot_scopes: frozenset[str] = BOT_SCOPES, signing_secret: str = "a signing secret for tests", port: int = 0,
    ) -> None:  # fmt: skip
        """Make one, with the app installed in a workspace that has an owner and a general channel."""
        self.clock = Clock(pace)
        self.world = World(self.clock)
        bot = self.world.add_user(bot_name, is_bot=True, bot_id=self.clock.new_id("B"))
        self.state = State(self.world, bot)
        self.sockets = Sockets(self.state.app_id)
        self.signed: Signed | None = None
        self.deliveries = self.state.deliveries = self.sockets.deliveries = Deliveries(self.clock, self)
        self.deliveries.ack_seconds = ack_seconds
        self.interactions = Interactions(self.state)
        self.faults = self.world.files.faults = Faults()
        self.world.files.is_let_in = self._may_read_files
        self.limits = Limits()
        self.exchanges: list[Exchange] = []
        self.crashes: list[str] = []
        self.expected: list[str] = []
        """Parts of problems that a test makes on purpose: not complained about in the end."""
        self.bot_token, self.app_token, self.signing_secret = bot_token, app_token, signing_secret
        self.tokens: dict[str, Token] = {}
        self.revoked: set[str] = set()
        self.add_token(bot_token, BOT, bot, bot_scopes)
        self.add_token(app_token, APP, bot, APP_SCOPES)
        self.owner = self.add_member("olive", is_owner=True, is_primary_owner=True)
        self.general = self.add_channel("general", is_general=True)
        self.port = port
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._stopping = asyncio.Event()

    # Life

    async def __aenter__(self) -> Self:
        """Start."""
        app = web.Application(client_max_size=BODY_MAX)
        app.router.add_get("/link", self.sockets.handle)
        app.router.add_get("/link/", self.sockets.handle)
        app.router.add_post("/actions/{response_id}", self._respond)
        app.router.add_get("/files-pri/{rest:.*}", self.world.files.handle)
        app.router.add_route("*", "/api/{method}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await self.reopen()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, whatever is still connected."""
        self._stopping.set()
        await self.deliveries.stop()
        await self.interactions.stop()
        self._cut()
        assert self._runner is not None, "it was started"
        await self._runner.cleanup()

    async def reopen(self) -> None:
        """Listen, on the same port as before."""
        assert self._runner is not None, "it was started"
        self._site = web.TCPSite(self._runner, HOST, self.port, reuse_address=True)
        await self._site.start()
        if not self.port:
            server: Any = self._site._server
            self.port = server.sockets[0].getsockname()[1]
        self.sockets.url = f"ws://{HOST}:{self.port}/link/"
        self.interactions.response_base = f"http://{HOST}:{self.port}/actions"
        self.world.files.base = f"http://{HOST}:{self.port}"

    async def shut(self) -> None:
        """Be away: connections are cut and new ones refused until `reopen`."""
        assert self._site is not None, "it listens"
        await self._site.stop()
        self._cut()

    def _cut(self) -> None:
        self.sockets.drop()
        if self._runner is not None and self._runner.server is not None:
            for connection in self._runner.server.connections:
                if connection.transport is not None:
                    connection.transport.abort()

    @property
    def api_url(self) -> str:
        """What the client takes as `base_url`."""
        return f"http://{HOST}:{self.port}/api/"

    async def use_http(self, url: str) -> bool:
        """Send everything as signed requests to that address from now on; say whether it answered the challenge."""
        self.signed = Signed(self.clock, url, self.signing_secret)
        self.signed.deliveries = self.deliveries
        return await self.signed.verify()

    async def send(self, delivery: Delivery, attempt: Attempt, retry_reason: str, seconds: float) -> None:
        """Send one envelope on the way in use."""
        way = self.signed or self.sockets
        await way.send(delivery, attempt, retry_reason, seconds)

    # The world

    def install(self, manifest: Mapping[str, Any]) -> None:
        """Install the app from its manifest; raises ValueError with what Slack would refuse."""
        read = read_manifest(manifest)
        self.add_token(self.bot_token, BOT, self.bot, read.bot_scopes)
        self.state.subscribed = set(read.events)
        self.interactions.commands, self.interactions.shortcuts = set(read.commands), read.shortcuts
        self.interactions.is_switched_on = read.is_interactive
        self.state.home_enabled, self.state.messages_tab_enabled = read.home_enabled, read.messages_enabled
        self.sockets.is_switched_on = read.uses_sockets

    @property
    def bot(self) -> User:
        """The app's bot."""
        return self.state.bot

    def add_token(self, text: str, kind: str, user: User, scopes: frozenset[str]) -> Token:
        """Let a token be valid; the bot's also decides which events are heard."""
        made = self.tokens[text] = Token(text=text, kind=kind, user=user, scopes=scopes)
        if kind == BOT and user is self.state.bot:
            self.state.bot_token = made
        return made

    def set_scopes(self, *, without: str = "", also: str = "") -> None:
        """Install the app again with other scopes."""
        old = self.tokens[self.bot_token]
        self.add_token(self.bot_token, BOT, old.user, (old.scopes - set(without.split())) | set(also.split()))

    def add_admin_token(
        self, member: "Member | None" = None, *, text: str = "xoxp-test-admin", scopes: frozenset[str] = ADMIN_SCOPES
    ) -> str:
        """Give a user token, the owner's by default."""
        return self.add_token(text, USER, (member or self.owner).user, scopes).text

    def add_member(self, name: str, *channels: Channel, **more: Any) -> Member:
        """Let somebody join the workspace and its general channel, with no event; `more`: is_admin, is_guest, ..."""
        user = self.world.add_user(name, **more)
        for channel in {*(one for one in self.world.channels.values() if one.is_general), *channels}:
            channel.members.append(user.id)
        return Member(self.state, self.interactions, user)

    def add_bot(self, name: str, *channels: Channel) -> Member:
        """Install another app, whose bot can be played."""
        return self.add_member(name, *channels, is_bot=True, bot_id=self.clock.new_id("B"), app_id=self.clock.new_id("A"))

    def revoke(self, text: str) -> None:
        """Let a token be valid no more."""
        self.revoked.add(text)

    def add_channel(self, name: str, *members: Member, private: bool = False, with_bot: bool = True, is_general: bool = False) -> Channel:
        """Make a channel with the owner, its members and the bot in it."""
        people = [self.owner.id, *(one.id for one in members), *([self.bot.id] if with_bot else [])]
        kind = PRIVATE if private else PUBLIC
        return self.world.add_channel(name, kind, self.owner.id, people, is_general=is_general)

    def archive(self, channel: Channel) -> None:
        """Archive a channel."""
        channel.is_archived = True

    def deactivate(self, member: Member) -> None:
        """Deactivate an account: it is in no channel any more."""
        member.user.deleted = True
        self.revoked |= {one.text for one in self.tokens.values() if one.user is member.user}
        for channel in self.world.channels.values():
            if member.id in channel.members and channel.kind in {PUBLIC, PRIVATE}:
                channel.members.remove(member.id)

    # What tests look at

    def calls(self, method_pattern: str) -> list[Exchange]:
        """Give the recorded calls of a method ("*": any)."""
        return chosen(self.exchanges, "*", method_pattern)

    async def called(self, method_pattern: str, times: int = 1, seconds: float = 5.0) -> list[Exchange]:
        """Wait until a method was answered that often."""
        await until(lambda: len(self.calls(method_pattern)) >= times, seconds, f"{times} x {method_pattern}")
        return self.calls(method_pattern)

    async def connected(self, sockets: int = 1, seconds: float = 10.0) -> None:
        """Wait until that many sockets are open."""
        await until(lambda: len(self.sockets.open) >= sockets, seconds, f"{sockets} sockets")

    async def settled(self, seconds: float = 5.0) -> None:
        """Wait until everything that was sent is acknowledged or given up."""
        await until(lambda: not self.deliveries.unfinished, seconds, "all acknowledgements")

    async def holds(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait until something is so."""
        await until(condition, seconds, "a condition of the test")

    def said_by_bot(self, channel: Channel) -> list[Message]:
        """Give what the bot has said in a channel and what is still there, oldest first."""
        return [one for one in channel.messages.values() if one.user is self.bot and not one.deleted and not one.subtype]

    def problems(self, methods: Path | None = None) -> list[str]:
        """Hold every call against the methods' descriptions and our own rules; give what is wrong and was not `expected`."""
        found = [*self.crashes, *problems(self.exchanges, self.tokens, methods)]
        found += [f"{one.kind} {one.name}: {one.problem}" for one in self.interactions.all if one.problem]
        return [one for one in found if not any(part in one for part in self.expected)]

    # A call

    def _may_read_files(self, request: web.Request) -> bool:
        text = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = self.tokens.get(text)
        return token is not None and text not in self.revoked and "files:read" in token.scopes

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        token, args = await _read(request)
        return await self._exchange(request, name, name, token, args, lambda: self._answer(name, token, args))

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        """Serve a response_url: recorded and disturbed as the call "response_url"."""
        _, body = await _read(request)
        response_id = request.match_info["response_id"]
        return await self._exchange(request, "response_url", "", "", body, lambda: self._responded(response_id, body))

    async def _exchange(
        self, request: web.Request, name: str, template: str, token: str, args: Json, perform: Callable[[], Answered]
    ) -> web.StreamResponse:
        fault = self.faults.take(request.method, name)
        if self.faults.latency_seconds:
            await asyncio.sleep(self.faults.latency_seconds)
        status, answer, raw = 0, None, b""
        headers: dict[str, str] = {}
        if fault is None or fault.performed:
            try:
                status, answer, headers = perform()
            except Exception as error:
                self.crashes.append(f"{name}: our server stumbled over {error!r}")
                raise
        if fault is not None and isinstance(fault.failure, int):
            status, headers, raw = fault.failure, fault.headers, fault.body or b""
            answer = {"ok": False, "error": STATUS_ERRORS.get(status, "fatal_error")}
        self.exchanges.append(
            Exchange(
                at=self.clock.now(), method=request.method, path=name, template=template, query=dict(request.query),
                headers=dict(request.headers), body=args, status=status, answer=answer, answer_headers=headers, fault=fault, token=token,
            )
        )  # fmt: skip
        if fault is not None and not isinstance(fault.failure, int):
            return await self._break(request, fault.failure)
        if answer == "ok":
            return web.Response(status=status, text=answer)
        return web.Response(
            status=status, body=raw or json.dumps(answer).encode(), content_type="text/html" if raw else "application/json",
            charset="utf-8", headers=headers,
        )  # fmt: skip

    async def _break(self, request: web.Request, failure: type[Exception]) -> web.StreamResponse:
        if issubclass(failure, TimeoutError):
            await self._stopping.wait()
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _answer(self, name: str, text: str, args: Json) -> Answered:
        found, token = method.all.get(name), self.tokens.get(text)
        headers: dict[str, str] = {}
        if token is not None:
            headers["x-oauth-scopes"] = ",".join(sorted(token.scopes))
        if found is None:
            return 200, {"ok": False, "error": "unknown_method", "req_method": name}, headers
        headers["x-accepted-oauth-scopes"] = ",".join(dict.fromkeys(found.door_scopes(token) if token else found.scopes))
        wait = self.limits.check(name, found.tier, str(args.get("channel", "")), self.clock.now())
        if wait is not None:
            return 429, {"ok": False, "error": "ratelimited"}, headers | {"Retry-After": str(wait)}
        try:
            return 200, {"ok": True, **(self._perform(found, text, token, args) or {})}, headers
        except RefusedError as refused:
            return 200, refused.body, headers

    def _perform(self, found: Method, text: str, token: Token | None, args: Json) -> Json | None:
        if not text:
            raise RefusedError("not_authed")
        if token is None:
            raise RefusedError("invalid_auth")
        if text in self.revoked:
            raise RefusedError("token_revoked" if token.kind == USER else "account_inactive")
        if token.kind not in found.kinds:
            raise RefusedError("not_allowed_token_type")
        token.check_any(found.door_scopes(token))
        call = Call(
            state=self.state, interactions=self.interactions, sockets=self.sockets, token=token, args=args, method=found
        )  # fmt: skip
        return found.function(call)

    def _responded(self, response_id: str, body: Json) -> Answered:
        try:
            self.interactions.respond(response_id, body)
        except RefusedError as refused:
            return 404, refused.body, {}
        return 200, "ok", {}


async def _read(request: web.Request) -> tuple[str, Json]:
    """Give the token and the merged arguments of query, form and JSON."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            body = {}
        args |= body if isinstance(body, dict) else {}
    elif request.can_read_body:
        args |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    given = str(args.pop("token", ""))
    return (token if kind == "Bearer" else given), args
