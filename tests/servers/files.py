"""Files that members have put into a chat, as bytes at an address: what Discord's and Slack's stores of files are for the bot.

Knows: addresses, bytes, content types, planned failures. Must not know: messages, who put a file there.
Rules: what is not there is a 404; who is not let in is sent to a page to log in, as Slack does; every address that was asked for is kept.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from tests.servers.faults import Faults


def anybody(_: web.Request) -> bool:
    """Whoever knows the address is let in."""
    return True


@dataclass(slots=True)
class Files:
    """The store. `base` is where the server listens; `fetched` are the addresses that were asked for, with how they were answered."""

    base: str = ""
    faults: Faults = field(default_factory=Faults)
    is_let_in: Callable[[web.Request], bool] = anybody
    held: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    fetched: list[tuple[str, int]] = field(default_factory=list)

    def put(self, path: str, data: bytes, kind: str) -> str:
        """Keep a file; gives its address."""
        self.held[path] = (data, kind)
        return self.base + path

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Give a file, or fail as a test planned."""
        fault = self.faults.take(request.method, request.path)
        if fault is not None and not isinstance(fault.failure, int):
            self.fetched.append((request.path, 0))
            if issubclass(fault.failure, TimeoutError):
                await asyncio.Event().wait()
            assert request.transport is not None, "it is connected"
            request.transport.abort()
            return web.Response(status=500)
        answer = web.Response(status=fault.failure) if fault is not None and isinstance(fault.failure, int) else self._answer(request)
        self.fetched.append((request.path, answer.status))
        return answer

    def _answer(self, request: web.Request) -> web.Response:
        if not self.is_let_in(request):
            return web.Response(status=302, headers={"Location": f"{self.base}/login"})
        if request.path not in self.held:
            return web.Response(status=404)
        data, kind = self.held[request.path]
        return web.Response(body=data, content_type=kind)
