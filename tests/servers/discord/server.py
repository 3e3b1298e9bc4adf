"""A Discord that runs on this machine: HTTP API and gateway on one random loopback port, for the real client library.

Knows: how a request is received, limited, failed on purpose, answered and recorded; how a test builds and disturbs the world.
Must not know: the rules behind the calls, they are in the rest_* modules.
Rules: content type is exactly application/json; every request and answer is kept; nothing outside loopback is reached.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from aiohttp import BodyPartReader, hdrs, web

from tests.servers.discord import payloads, permissions, rest_channels, rest_guilds, rest_interactions
from tests.servers.discord.checking import problems
from tests.servers.discord.errors import RefusedError
from tests.servers.discord.faults import Exchange, Fault, Faults, chosen
from tests.servers.discord.gateway import Gateway, Intent
from tests.servers.discord.interactions import Interactions, until
from tests.servers.discord.limits import Limited, Limits
from tests.servers.discord.permissions import Permission
from tests.servers.discord.players import Players
from tests.servers.discord.routes import Answer, Call, route
from tests.servers.discord.state import State
from tests.servers.discord.world import TEXT, Account, Channel, Guild, Json, Member, Message, Role, World

PREFIX = "/api/v10"
HOST = "127.0.0.1"
BODY_MAX = 30 * 1024 * 1024
WITHOUT_TOKEN = ("/interactions/", "/webhooks/", "/gateway")
LOADED = (rest_channels, rest_guilds, rest_interactions)
"""The modules whose import enters their routes."""


class DiscordServer(Players):
    """The whole server. Use as `async with DiscordServer() as server:`."""

    def __init__(
        self, *, token: str = "test.token.discord", bot_name: str = "Steward", port: int = 0,
        allowed: Intent = Intent.GUILD_MEMBERS | Intent.MESSAGE_CONTENT,
    ) -> None:  # fmt: skip
        """Make one. `allowed` are the privileged intents that are switched on in the portal."""
        self.token = token
        self.world = World()
        self.clock = self.world.clock
        self.gateway = Gateway(self.clock, token, allowed)
        self.state = State(self.gateway, self.world, self.world.account(bot_name, bot=True))
        self.interactions = Interactions(self.state)
        self.faults = self.world.files.faults = Faults()
        self.limits = Limits()
        self.exchanges: list[Exchange] = []
        self.port = port
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._stopping = asyncio.Event()

    # Life

    async def __aenter__(self) -> Self:
        """Start."""
        app = web.Application(client_max_size=BODY_MAX)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        app.router.add_get("/gateway/resume", self.gateway.handle)
        app.router.add_get("/attachments/{rest:.*}", self.world.files.handle)
        app.router.add_route("*", PREFIX + "/{rest:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await self.reopen()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, whatever is still connected."""
        self._stopping.set()
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
        self.gateway.url = f"ws://{HOST}:{self.port}/gateway"
        self.world.files.base = f"http://{HOST}:{self.port}"

    async def shut(self) -> None:
        """Be away: connections are cut and new ones refused until `reopen`."""
        assert self._site is not None, "it listens"
        await self._site.stop()
        self._cut()

    def _cut(self) -> None:
        self.gateway.drop(None)
        if self._runner is not None and self._runner.server is not None:
            for connection in self._runner.server.connections:
                if connection.transport is not None:
                    connection.transport.abort()

    @property
    def api_url(self) -> str:
        """What the client takes as the API's address."""
        return f"http://{HOST}:{self.port}{PREFIX}"

    @property
    def gateway_url(self) -> str:
        """What the client takes as the gateway's address."""
        return self.gateway.url

    @property
    def bot(self) -> Account:
        """The bot's account."""
        return self.state.bot

    # The world

    def add_guild(self, name: str = "Branch", *, owner: str = "olive", bot_permissions: Permission = permissions.STEWARD) -> Guild:
        """Make a guild with its owner, everybody's role, the bot with a role of its own, and a channel "general"."""
        now = self.clock.now()
        guild = Guild(id=self.clock.new_id(), name=name, owner="")
        guild.roles[guild.id] = Role(id=guild.id, name="@everyone", permissions=permissions.MEMBERS, position=0)
        head = self._known(owner)
        guild.owner = head.id
        guild.members[head.id] = Member(account=head, guild=guild, joined_at=now)
        own = Role(id=self.clock.new_id(), name=self.bot.username, permissions=bot_permissions, position=10, managed_by=self.bot.id)
        guild.roles[own.id] = own
        guild.members[self.bot.id] = Member(account=self.bot, guild=guild, joined_at=now, roles=[own.id])
        self.world.guilds[guild.id] = guild
        self._place(guild, "general")
        for session in self.gateway.sessions.values():
            if Intent.GUILDS in session.intents and session.hears_guild(guild.id):
                self.gateway._say(session, "GUILD_CREATE", self.state.guild_created(guild, session.intents))
        return guild

    def add_channel(
        self, guild: Guild, name: str, *, overwrites: dict[Role | Member, tuple[Permission, Permission]] | None = None,
        slow_mode_seconds: int = 0,
    ) -> Channel:  # fmt: skip
        """Make a text channel; `overwrites`: role or member → (allow, deny)."""
        channel = self._place(guild, name)
        channel.slow_mode_seconds = slow_mode_seconds
        channel.overwrites = {one.id: (int(allow), int(deny)) for one, (allow, deny) in (overwrites or {}).items()}
        both = (Intent.GUILDS, Intent.GUILDS)
        self.state.say_about(channel, "CHANNEL_CREATE", payloads.channel(channel, self.bot.id), both)
        return channel

    def set_overwrite(
        self, channel: Channel, one: Role | Member, *, allow: Permission = permissions.NONE, deny: Permission = permissions.NONE
    ) -> None:
        """Change what a role or member may do in a channel."""
        channel.overwrites[one.id] = (int(allow), int(deny))
        self.state.update_channel(channel)

    def add_role(self, guild: Guild, name: str, role_permissions: Permission = permissions.NONE, *, position: int = 1) -> Role:
        """Make a role. The bot's own stands at position 10."""
        role = Role(id=self.clock.new_id(), name=name, permissions=role_permissions, position=position)
        guild.roles[role.id] = role
        data = {"guild_id": guild.id, "role": payloads.role(role)}
        self.gateway.dispatch("GUILD_ROLE_CREATE", data, intent=Intent.GUILDS, guild_id=guild.id)
        return role

    def set_permissions(self, role: Role, guild: Guild, role_permissions: Permission) -> None:
        """Change what a role may do."""
        role.permissions = role_permissions
        data = {"guild_id": guild.id, "role": payloads.role(role)}
        self.gateway.dispatch("GUILD_ROLE_UPDATE", data, intent=Intent.GUILDS, guild_id=guild.id)

    def add_member(self, guild: Guild, name: str, *roles: Role, bot: bool = False, takes_direct_messages: bool = True) -> Member:
        """Let an account of that name join; the same name in two guilds is the same account."""
        account = self._known(name, bot=bot)
        account.takes_direct_messages = takes_direct_messages
        member = self.join(guild, account)
        member.roles = [one.id for one in roles]
        if roles:
            self.state.update_member(member)
        return member

    def set_available(self, guild: Guild, available: bool) -> None:
        """Let a guild have an outage, or end it."""
        guild.available = available
        if not available:
            self.gateway.dispatch("GUILD_DELETE", {"id": guild.id, "unavailable": True}, intent=Intent.GUILDS, guild_id=guild.id)
            return
        for session in self.gateway.sessions.values():
            if session.hears_guild(guild.id):
                self.gateway._say(session, "GUILD_CREATE", self.state.guild_created(guild, session.intents))

    def _known(self, name: str, *, bot: bool = False) -> Account:
        known = next((one for one in self.world.accounts.values() if one.username == name), None)
        return known or self.world.account(name, bot=bot)

    def _place(self, guild: Guild, name: str) -> Channel:
        channel = Channel(id=self.clock.new_id(), kind=TEXT, name=name, guild=guild, position=len(guild.channels))
        guild.channels[channel.id] = channel
        self.world.channels[channel.id] = channel
        return channel

    # Faults: the API that every wire-level server of these tests has

    def fail_next(
        self, method: str, path_pattern: str, failure: int | type[Exception], times: int = 1, *, code: int = 0,
        message: str = "", performed: bool = False,
    ) -> None:  # fmt: skip
        """Let the next such calls fail: with a status, by cutting the connection (ConnectionResetError), by never answering
        (TimeoutError). `performed` does the work first and loses the answer alone."""
        assert failure != 429, "a 429 has a scope: see limit_next"
        assert isinstance(failure, int) or issubclass(failure, (ConnectionError, TimeoutError)), "what happens on a wire"
        made = Fault(method=method, path=path_pattern, failure=failure, times=times, code=code, message=message, performed=performed)
        self.faults.fail_next(made)

    def limit_next(
        self, method: str, path_pattern: str, scope: str = "user", seconds: float = 0.2, times: int = 1, *, from_proxy: bool = False
    ) -> None:
        """Answer the next such calls with 429 of a scope: user, shared or global; `from_proxy`: without Via and JSON."""
        assert scope in {"user", "shared", "global"}, scope
        self.limits.limit_next(method, path_pattern, Limited(scope=scope, seconds=seconds, from_proxy=from_proxy), times)

    def set_latency(self, *, api_seconds: float = 0.0, gateway_seconds: float = 0.0) -> None:
        """Delay every answer, and every payload of the gateway."""
        self.faults.latency_seconds = api_seconds
        self.gateway.latency_seconds = gateway_seconds

    def clear_faults(self) -> None:
        """Fail no more."""
        self.faults.clear()
        self.limits = Limits()
        self.gateway.refuse_handshakes(0)
        self.gateway.duplicate_next(0)
        self.set_latency()
        self.gateway.speak()

    def drop_socket(self, code: int | None = None) -> None:
        """Cut every gateway connection, or close it with a code."""
        self.gateway.drop(code)

    def refuse_handshakes(self, number: int, status: int = 503) -> None:
        """Refuse the next attempts to connect to the gateway."""
        self.gateway.refuse_handshakes(number, status)

    def go_silent(self, *, new_sockets: bool = False) -> None:
        """Keep connections open and say nothing on them, heartbeats' answers neither."""
        self.gateway.go_silent(new_sockets=new_sockets)

    def send_raw(self, payload: Json | bytes | str) -> None:
        """Send something malformed, or anything else, as it is."""
        self.gateway.send_raw(payload)

    def duplicate_next(self, number: int = 1) -> None:
        """Send each of the next dispatches twice."""
        self.gateway.duplicate_next(number)

    def ask_to_reconnect(self) -> None:
        """Send op 7."""
        self.gateway.send_raw({"op": 7, "d": None, "s": None, "t": None})

    def invalidate(self, *, resumable: bool) -> None:
        """Send op 9."""
        self.gateway.invalidate(resumable=resumable)

    def forget_sessions(self) -> None:
        """Let the next RESUME be answered with op 9 false: what was said meanwhile is lost."""
        self.gateway.sessions.clear()

    # What tests look at

    def requests(self, method: str, path_pattern: str) -> list[Exchange]:
        """Give the recorded exchanges of that method ("*": any) and path ("*": one part, "**": any number)."""
        return chosen(self.exchanges, method, path_pattern)

    async def requested(self, method: str, path_pattern: str, times: int = 1, seconds: float = 5.0) -> list[Exchange]:
        """Wait until such a call was answered that often."""
        await until(lambda: len(self.requests(method, path_pattern)) >= times, seconds, f"{times} x {method} {path_pattern}")
        return self.requests(method, path_pattern)

    async def connected(self, sessions: int = 1, seconds: float = 10.0) -> None:
        """Wait until that many sessions have a socket."""
        await self.holds(lambda: sum(one.socket is not None for one in self.gateway.sessions.values()) >= sessions, seconds)

    async def holds(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait until something is so."""
        await until(condition, seconds, "a condition of the test")

    def performed_messages(self, channel: Channel) -> list[Message]:
        """Give what the bot has said in a channel and what is still there."""
        return [one for one in channel.messages.values() if one.author.id == self.bot.id]

    def checked_against(self, openapi: Path) -> list[str]:
        """Hold every exchange and dispatch against the OpenAPI description; give what is wrong, [] where it is not there."""
        return problems(self.exchanges, self.gateway.log, openapi) if openapi.is_file() else []

    # A request

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path, method = request.path[len(PREFIX) :], request.method
        body, file_count = await _read(request)
        fault = self.faults.take(method, path)
        if self.faults.latency_seconds:
            await asyncio.sleep(self.faults.latency_seconds)
        if fault is None or fault.performed:
            template, status, answer, headers = self._answer(request, method, path, body, file_count)
        else:
            template, status, answer, headers = _template(method, path), 0, None, {}
        if fault is not None:
            status, answer, headers = _failed(fault)
        self.exchanges.append(
            Exchange(
                at=self.clock.now(), method=method, path=path, template=template, query=dict(request.query),
                headers={key: value for key, value in request.headers.items() if key != hdrs.AUTHORIZATION}, body=body,
                status=status, answer=answer, answer_headers=headers, fault=fault,
            )
        )  # fmt: skip
        if fault is not None and not isinstance(fault.failure, int):
            return await self._break(request, fault.failure)
        return _response(status, answer, headers)

    async def _break(self, request: web.Request, failure: type[Exception]) -> web.StreamResponse:
        if issubclass(failure, TimeoutError):
            await self._stopping.wait()
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _answer(self, request: web.Request, method: str, path: str, body: Any, file_count: int) -> tuple[str, int, Any, dict[str, str]]:
        now = self.clock.now()
        template, headers = "", dict[str, str]()
        try:
            found, params = route.find(method, path)
            template = found.template
            self._check_token(request, path)
            major = next((params[key] for key in ("channel_id", "guild_id", "webhook_token", "interaction_token") if key in params), "")
            limited, headers = self.limits.check(method, path, (template, major), now)
            if limited is not None:
                return template, *self._limited(limited, headers)
            given = self._call(request, params, body, file_count)
            result = found.handler(given)
            answer = result if isinstance(result, Answer) else Answer(200, result)
        except RefusedError as refused:
            answer = Answer(refused.status, refused.body)
        except rest_channels.SlowModeError as slow:
            return template, *self._limited(slow.limited, headers)
        self.limits.note(answer.status, "", now)
        return template, answer.status, answer.body, headers

    def _check_token(self, request: web.Request, path: str) -> None:
        if not path.startswith(WITHOUT_TOKEN) and request.headers.get(hdrs.AUTHORIZATION) != f"Bot {self.token}":
            raise RefusedError(401, 0, "401: Unauthorized")

    def _limited(self, limited: Limited, headers: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        self.limits.note(429, limited.scope, self.clock.now())
        body = limited.body()
        return 429, body.decode() if limited.from_proxy else json.loads(body), headers | limited.headers()

    def _call(self, request: web.Request, params: dict[str, str], body: Any, file_count: int) -> Call:
        reason = unquote(request.headers.get("X-Audit-Log-Reason", ""))
        return Call(
            state=self.state, interactions=self.interactions, params=params, query=dict(request.query), body=body,
            reason=reason, file_count=file_count,
        )  # fmt: skip


async def _read(request: web.Request) -> tuple[Any, int]:
    if request.content_type.startswith("multipart/"):
        body: Any = None
        count = 0
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader), "Discord takes no nested parts"
            data = await part.read(decode=False)
            if part.name == "payload_json":
                body = json.loads(data)
            else:
                count += 1
        return body or {}, count
    raw = await request.read()
    if not raw:
        return None, 0
    try:
        return json.loads(raw), 0
    except ValueError:
        return None, 0


def _template(method: str, path: str) -> str:
    try:
        return route.find(method, path)[0].template
    except RefusedError:
        return ""


def _failed(fault: Fault) -> tuple[int, Any, dict[str, str]]:
    if not isinstance(fault.failure, int):
        return 0, None, {}
    said = fault.message or f"{fault.failure}: planned by the test"
    return fault.failure, {"message": said, "code": fault.code}, {}


def _response(status: int, answer: Any, headers: dict[str, str]) -> web.Response:
    if status == 204:
        return web.Response(status=204, headers=headers)
    if isinstance(answer, str):
        return web.Response(status=status, body=answer.encode(), content_type="text/html", headers=headers)
    return web.Response(status=status, body=json.dumps(answer).encode(), content_type="application/json", headers=headers)
