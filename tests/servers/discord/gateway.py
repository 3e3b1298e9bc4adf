"""The gateway: sessions, sockets, sequence numbers, replay, and every way a connection can go wrong.

Knows: version 10 of the protocol, plain JSON and zlib-stream. Must not know: what a payload means.
Rules: a payload belongs to a session first and to a socket second, so whatever a dropped or silent socket did not carry is
replayed on RESUME; a client that closes with 1000 or 1001 ends its session; the same payload is written the same way to all.
"""

import asyncio
import json
import zlib
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntFlag
from typing import Any
from uuid import uuid4

from aiohttp import WSMsgType, web

from tests.servers.discord.world import Clock, Json

REPLAY_MAX = 10_000
SENT_BY_CLIENT_PER_MINUTE_MAX = 120


class Intent(IntFlag):
    """What a session wants to hear."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_MODERATION = 1 << 2
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    MESSAGE_CONTENT = 1 << 15
    AUTO_MODERATION_CONFIGURATION = 1 << 20
    AUTO_MODERATION_EXECUTION = 1 << 21


PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT
KNOWN_MAX = (1 << 26) - 1
ALWAYS = Intent(0)
"""For what every session hears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A payload on the wire. `by`: server or client."""

    at: datetime
    by: str
    socket: int
    payload: Any


@dataclass(slots=True)
class Session:
    """What a RESUME comes back to."""

    id: str
    intents: Intent
    shard: tuple[int, int]
    sequence: int = 0
    sent: deque[Json] = field(default_factory=lambda: deque(maxlen=REPLAY_MAX))
    socket: "Socket | None" = None

    def hears_guild(self, guild_id: str) -> bool:
        """Whether this shard serves that guild; direct messages go to the first."""
        return (int(guild_id) >> 22) % self.shard[1] == self.shard[0] if guild_id else self.shard[0] == 0


class Socket:
    """One connection: a queue of what is to be written, and the task that writes it."""

    def __init__(self, gateway: "Gateway", response: web.WebSocketResponse, request: web.Request, number: int) -> None:
        self.gateway = gateway
        self.response = response
        self.request = request
        self.number = number
        self.session: Session | None = None
        self.is_silent = False
        self.heartbeats = 0
        self._compressor = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        self._outgoing: asyncio.Queue[Json | bytes | str | int] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())

    def put(self, payload: Json | bytes | str) -> None:
        """Write a payload: JSON, or bytes and text as they are."""
        self._outgoing.put_nowait(payload)

    def close(self, code: int) -> None:
        """Close in order, after what is to be written already."""
        self._outgoing.put_nowait(code)

    def abort(self) -> None:
        """Cut the connection without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()

    async def end(self) -> None:
        """Stop writing."""
        self._writer.cancel()
        with suppress(asyncio.CancelledError):
            await self._writer

    async def _write(self) -> None:
        while True:
            one = await self._outgoing.get()
            if self.gateway.latency_seconds:
                await asyncio.sleep(self.gateway.latency_seconds)
            if self.is_silent:
                continue
            with suppress(ConnectionError, RuntimeError):
                if isinstance(one, int):
                    await self.response.close(code=one)
                    return
                self.gateway.record("server", self.number, one)
                await self._send(one)

    async def _send(self, one: Json | bytes | str) -> None:
        text = one if isinstance(one, (bytes, str)) else json.dumps(one)
        if self._compressor is None:
            await (self.response.send_bytes(text) if isinstance(text, bytes) else self.response.send_str(text))
            return
        raw = text if isinstance(text, bytes) else text.encode()
        await self.response.send_bytes(self._compressor.compress(raw) + self._compressor.flush(zlib.Z_SYNC_FLUSH))


class Gateway:
    """All sessions and sockets of one server."""

    def __init__(self, clock: Clock, token: str, allowed: Intent) -> None:
        self.clock = clock
        self.token = token
        self.allowed = allowed
        self.url = ""
        self.heartbeat_seconds = 41.25
        self.latency_seconds = 0.0
        self.shards_required = 1
        self.sessions: dict[str, Session] = {}
        self.sockets: list[Socket] = []
        self.log: list[Sent] = []
        self.identifies = 0
        self.resumes = 0
        self.handshakes = 0
        self.greet: Callable[[Session], list[tuple[str, Json]]] = lambda _: []
        self.answer_members: Callable[[Session, Json], list[tuple[str, Json]]] = lambda _, __: []
        self.hide: Callable[[Json], Json] = dict
        self._refuse = (0, 503)
        self._duplicate = 0
        self._silent_from_now = False

    def record(self, by: str, socket: int, payload: Any) -> None:
        """Keep what went over the wire."""
        self.log.append(Sent(at=self.clock.now(), by=by, socket=socket, payload=payload))

    # What tests do to it

    def refuse_handshakes(self, number: int, status: int = 503) -> None:
        """Answer the next attempts to connect with an HTTP error."""
        self._refuse = (number, status)

    def drop(self, code: int | None) -> None:
        """Cut every open connection, or close it with a code."""
        for socket in self.sockets:
            if code is None:
                socket.abort()
            else:
                socket.close(code)

    def go_silent(self, *, new_sockets: bool = False) -> None:
        """Say nothing more on the open connections, no heartbeat's answer either; on new ones too if asked."""
        self._silent_from_now = new_sockets
        for socket in self.sockets:
            socket.is_silent = True

    def speak(self) -> None:
        """End the silence; what was not said is gone for that connection."""
        self._silent_from_now = False
        for socket in self.sockets:
            socket.is_silent = False

    def duplicate_next(self, number: int) -> None:
        """Write each of the next dispatches twice, under the same sequence number."""
        self._duplicate = number

    def send_raw(self, payload: Json | bytes | str) -> None:
        """Write something as it is to every open connection, outside of sequence and replay."""
        for socket in self.sockets:
            socket.put(payload)

    def invalidate(self, *, resumable: bool) -> None:
        """Send op 9; without `resumable` the sessions are gone."""
        if not resumable:
            self.sessions.clear()
        self.send_raw({"op": 9, "d": resumable, "s": None, "t": None})

    # What the state says through it

    def dispatch(self, name: str, data: Json, *, intent: Intent = ALWAYS, guild_id: str = "") -> None:
        """Say it to every session that wants to hear it; contents are blanked for those without MESSAGE_CONTENT."""
        for session in list(self.sessions.values()):
            if (not intent or intent & session.intents) and session.hears_guild(guild_id):
                shown = data if Intent.MESSAGE_CONTENT in session.intents else self.hide(data)
                self._say(session, name, shown)

    def _say(self, session: Session, name: str, data: Json) -> None:
        session.sequence += 1
        payload: Json = {"op": 0, "s": session.sequence, "t": name, "d": json.loads(json.dumps(data))}
        session.sent.append(payload)
        if session.socket is None:
            return
        session.socket.put(payload)
        if self._duplicate > 0:
            self._duplicate -= 1
            session.socket.put(payload)

    # The protocol

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        self.handshakes += 1
        left, status = self._refuse
        if left > 0:
            self._refuse = (left - 1, status)
            return web.Response(status=status, body=b"upstream connect error", content_type="text/plain")
        response = web.WebSocketResponse(max_msg_size=4096 * 4, autoping=True)
        await response.prepare(request)
        socket = Socket(self, response, request, self.handshakes)
        socket.is_silent = self._silent_from_now
        self.sockets.append(socket)
        try:
            if request.query.get("v") != "10" or request.query.get("encoding", "json") != "json":
                socket.close(4012)
            else:
                socket.put({"op": 10, "d": {"heartbeat_interval": round(self.heartbeat_seconds * 1000)}, "s": None, "t": None})
            await self._read(socket)
        finally:
            self.sockets.remove(socket)
            self._leave(socket)
            await socket.end()
        return response

    async def _read(self, socket: Socket) -> None:
        stamps: deque[float] = deque(maxlen=SENT_BY_CLIENT_PER_MINUTE_MAX)
        loop = asyncio.get_running_loop()
        while not socket.response.closed:
            try:
                got = await socket.response.receive(timeout=self.heartbeat_seconds * 2.5)
            except TimeoutError:
                socket.close(4009)
                continue
            if got.type is not WSMsgType.TEXT:
                return
            now = loop.time()
            if len(stamps) == stamps.maxlen and now - stamps[0] < 60:
                socket.close(4008)
                continue
            stamps.append(now)
            try:
                payload = json.loads(got.data)
            except ValueError:
                socket.close(4002)
                continue
            self.record("client", socket.number, payload)
            self._receive(socket, payload)

    def _leave(self, socket: Socket) -> None:
        session = socket.session
        if session is None or session.socket is not socket:
            return
        session.socket = None
        if socket.response.close_code in {1000, 1001}:
            self.sessions.pop(session.id, None)

    def _receive(self, socket: Socket, payload: Any) -> None:
        if not isinstance(payload, dict) or "op" not in payload:
            socket.close(4002)
            return
        code, data = payload["op"], payload.get("d") or {}
        if code == 1:
            socket.heartbeats += 1
            socket.put({"op": 11, "d": None, "s": None, "t": None})
        elif code == 2:
            self._identify(socket, data)
        elif code == 6:
            self._resume(socket, data)
        elif socket.session is None:
            socket.close(4003)
        elif code == 8:
            for name, answer in self.answer_members(socket.session, data):
                self._say(socket.session, name, answer)
        elif code not in {3, 4, 31}:
            socket.close(4001)

    def _identify(self, socket: Socket, data: Json) -> None:
        self.identifies += 1
        refused = self._refusal(socket, data)
        if refused:
            socket.close(refused)
            return
        first, count = data.get("shard", (0, 1))
        session = Session(uuid4().hex, Intent(data["intents"]), (first, count), socket=socket)
        socket.session = self.sessions.setdefault(session.id, session)
        for name, answer in self.greet(session):
            self._say(session, name, answer)

    def _refusal(self, socket: Socket, data: Json) -> int:
        if socket.session is not None:
            return 4005
        if data.get("token") != self.token:
            return 4004
        first, count = data.get("shard", (0, 1))
        if not 0 <= first < count:
            return 4010
        if count < self.shards_required:
            return 4011
        intents = data.get("intents")
        if not isinstance(intents, int) or not 0 <= intents <= KNOWN_MAX:
            return 4013
        return 4014 if Intent(intents) & PRIVILEGED & ~self.allowed else 0

    def _resume(self, socket: Socket, data: Json) -> None:
        self.resumes += 1
        session = self.sessions.get(data.get("session_id", ""))
        if data.get("token") != self.token:
            socket.close(4004)
            return
        sequence = data.get("seq") or 0
        if session is not None and sequence > session.sequence:
            socket.close(4007)
            return
        if session is None or (session.sequence > sequence and (not session.sent or session.sent[0]["s"] > sequence + 1)):
            socket.put({"op": 9, "d": False, "s": None, "t": None})
            return
        if session.socket is not None:
            session.socket.close(4000)
        session.socket = socket
        socket.session = session
        for payload in session.sent:
            if payload["s"] > sequence:
                socket.put(payload)
        self._say(session, "RESUMED", {"_trace": ["test"]})
