"""Socket Mode: tickets, sockets, envelopes out and acknowledgements in.

Knows: hello, disconnect with its reasons, pings, single-use tickets, at most ten sockets, each envelope to one of them in turn.
Must not know: events, the Web API.
Rules: a ticket opens one socket once; a dead ticket is refused for ever; what a socket has not acknowledged in time failed.
"""

import asyncio
import json
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp
from aiohttp import web

from tests.servers.slack.delivery import NO_ANSWER, NO_SOCKET, Attempt, Deliveries, Delivery, envelope
from tests.servers.slack.world import Json

SOCKETS_MAX = 10
LINGERS_SECONDS = 10.0
"""How long a socket lives on after it was asked to be renewed."""


@dataclass(slots=True, eq=False)
class Socket:
    """One connection."""

    number: int
    wire: web.WebSocketResponse
    request: web.Request
    out: asyncio.Queue[str | bytes] = field(default_factory=asyncio.Queue)
    answers: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    is_leaving: bool = False
    received: list[Json] = field(default_factory=list)

    def abort(self) -> None:
        """Cut it without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()


class Sockets:
    """All sockets of the app. Satisfies `delivery.Way`."""

    def __init__(self, app_id: str) -> None:
        self.app_id = app_id
        self.url = ""
        self.open: list[Socket] = []
        self.made = 0
        self.tickets: dict[str, str] = {}
        self.handshakes: list[tuple[str, int]] = []
        """Ticket and status of every attempt to connect; 101 is a success."""
        self.dead_tickets_next = 0
        self.refusals: list[int] = []
        self.is_silent = False
        self.is_switched_on = True
        self.deliveries: Deliveries | None = None
        self._turn = 0

    # Tickets

    def new_url(self) -> str:
        """Make an address that opens one socket, once."""
        ticket = str(uuid4())
        self.tickets[ticket] = "dead" if self.dead_tickets_next > 0 else "fresh"
        self.dead_tickets_next = max(0, self.dead_tickets_next - 1)
        return f"{self.url}?ticket={ticket}&app_id={self.app_id}"

    def kill_tickets(self) -> None:
        """Make every ticket dead that was issued and not yet used."""
        self.tickets = {ticket: "dead" if state == "fresh" else state for ticket, state in self.tickets.items()}

    # A connection

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket until it ends."""
        ticket = request.query.get("ticket", "")
        refused = self._refused(ticket)
        self.handshakes.append((ticket, refused or 101))
        if refused:
            return web.Response(status=refused)
        self.tickets[ticket] = "used"
        wire = web.WebSocketResponse(autoping=False)
        await wire.prepare(request)
        self.made += 1
        socket = Socket(self.made, wire, request)
        writer = asyncio.create_task(_write(socket))
        try:
            await self._serve(socket)
        finally:
            writer.cancel()
            if socket in self.open:
                self.open.remove(socket)
        return wire

    def _refused(self, ticket: str) -> int:
        if self.refusals:
            return self.refusals.pop(0)
        return 0 if self.tickets.get(ticket) == "fresh" else 408

    async def _serve(self, socket: Socket) -> None:
        if len(self.open) >= SOCKETS_MAX:
            socket.out.put_nowait(json.dumps({"type": "disconnect", "reason": "too_many_websockets", "debug_info": _debug()}))
            await asyncio.sleep(0.05)
            await socket.wire.close()
            return
        self.open.append(socket)
        hello = {"type": "hello", "num_connections": len(self.open), "debug_info": _debug(), "connection_info": {"app_id": self.app_id}}
        socket.out.put_nowait(json.dumps(hello))
        async for received in socket.wire:
            if received.type is aiohttp.WSMsgType.PING and not self.is_silent:
                await socket.wire.pong(received.data)
            elif received.type is aiohttp.WSMsgType.TEXT:
                self._hear(socket, received.data)

    def _hear(self, socket: Socket, text: str) -> None:
        try:
            said = json.loads(text)
        except ValueError:
            return
        socket.received.append(said)
        answer = socket.answers.get(said.get("envelope_id", ""))
        if answer is None or answer.done() or (self.deliveries is not None and self.deliveries.loses_this_ack()):
            return
        answer.set_result(said)

    # Out

    async def send(self, delivery: Delivery, attempt: Attempt, retry_reason: str, seconds: float) -> None:
        """Send an envelope to one of the sockets and wait for its acknowledgement."""
        usable = [one for one in self.open if not one.is_leaving and not one.wire.closed]
        if not usable:
            attempt.failure = NO_SOCKET
            return
        self._turn += 1
        socket = usable[self._turn % len(usable)]
        attempt.socket = socket.number
        answer = socket.answers[attempt.envelope_id] = asyncio.get_running_loop().create_future()
        if not self.is_silent:
            socket.out.put_nowait(json.dumps(envelope(delivery, attempt, retry_reason)))
        try:
            said = await asyncio.wait_for(answer, seconds)
        except TimeoutError:
            attempt.failure = NO_ANSWER
        else:
            attempt.acknowledged, attempt.answer = True, said.get("payload")
        finally:
            socket.answers.pop(attempt.envelope_id, None)

    def send_raw(self, payload: Json | str) -> None:
        """Send something malformed, or anything else, on every socket."""
        for socket in self.open:
            socket.out.put_nowait(payload if isinstance(payload, str) else json.dumps(payload))

    def ask_to_leave(self, reason: str) -> None:
        """Send disconnect with a reason to every socket, as Slack does before it renews one.

        After "warning" a socket is still used; after the others it gets nothing more and ends later by itself.
        """
        for socket in list(self.open):
            socket.out.put_nowait(json.dumps({"type": "disconnect", "reason": reason, "debug_info": _debug()}))
            socket.is_leaving = reason != "warning"
            asyncio.get_running_loop().call_later(LINGERS_SECONDS, socket.abort)

    def drop(self, number: int | None = None) -> None:
        """Cut every connection, or the one of that number."""
        for socket in [one for one in self.open if number in {None, one.number}]:
            socket.abort()
            self.open.remove(socket)

    async def close(self, code: int = 1000) -> None:
        """Close every connection properly."""
        for socket in list(self.open):
            await socket.wire.close(code=code)


async def _write(socket: Socket) -> None:
    while True:
        text = await socket.out.get()
        try:
            await (socket.wire.send_str(text) if isinstance(text, str) else socket.wire.send_bytes(text))
        except ConnectionError:
            return


def _debug() -> Json:
    return {"host": "applink-loopback", "build_number": 10, "approximate_connection_time": 18060}
