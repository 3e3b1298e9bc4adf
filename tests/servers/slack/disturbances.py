"""What a test makes go wrong: calls that fail, sockets that die, acknowledgements that get lost, delays.

Knows: the parts of the server that can be disturbed. Must not know: what a call or an event means.
Rules: the same names as the other wire-level servers of these tests, where they can be the same; a planned failure is used up by
the calls it answers, and `clear_faults` ends everything.
"""

from tests.servers.faults import Fault, Faults
from tests.servers.slack.delivery import Deliveries, Delivery
from tests.servers.slack.limits import Limits
from tests.servers.slack.sockets import Sockets
from tests.servers.slack.state import State
from tests.servers.slack.world import Json

PAGE_MAX = 999


class Disturbances:
    """The fault API of the server."""

    state: State
    sockets: Sockets
    deliveries: Deliveries
    faults: Faults
    limits: Limits

    def fail_next(
        self, method_pattern: str, failure: int | type[Exception], times: int = 1, *, retry_after: int = 1, performed: bool = False,
        body: bytes | None = None,
    ) -> None:  # fmt: skip
        """Let the next such calls fail: with a status, by cutting the connection (ConnectionResetError), by never answering
        (TimeoutError). `performed` does the work first and loses the answer alone."""
        assert isinstance(failure, int) or issubclass(failure, (ConnectionError, TimeoutError)), "what happens on a wire"
        headers = {"Retry-After": str(retry_after)} if failure == 429 else {}
        made = Fault(
            method="*", path=method_pattern, failure=failure, times=times, performed=performed, body=body, headers=headers
        )  # fmt: skip
        self.faults.fail_next(made)

    def limit_next(self, method_pattern: str, seconds: int = 1, times: int = 1) -> None:
        """Answer the next such calls with 429 and Retry-After."""
        self.fail_next(method_pattern, 429, times, retry_after=seconds)

    def limit_history(self, *, page_max: int = 15, per_minute: int = 1) -> None:
        """Be as strict as Slack is with apps that are sold: 15 messages a page, one page a minute."""
        self.state.history_page_max = page_max
        for name in ("conversations.history", "conversations.replies"):
            self.limits.set(name, per_minute)

    def set_latency(self, *, api_seconds: float = 0.0, events_seconds: float = 0.0) -> None:
        """Delay every answer, and every event."""
        self.faults.latency_seconds = api_seconds
        self.deliveries.delay_seconds = events_seconds

    def clear_faults(self) -> None:
        """Fail no more."""
        self.faults.clear()
        self.limits = Limits()
        self.state.history_page_max = PAGE_MAX
        self.sockets.dead_tickets_next = 0
        self.sockets.refusals.clear()
        self.sockets.is_silent = False
        self.deliveries.acks_to_lose = self.deliveries.duplicates_left = 0
        self.set_latency()

    def drop_socket(self, number: int | None = None) -> None:
        """Cut every socket, or the one of that number (they count from 1)."""
        self.sockets.drop(number)

    async def close_socket(self, code: int = 1000) -> None:
        """Close every socket properly."""
        await self.sockets.close(code)

    def refuse_handshakes(self, number: int, status: int = 503) -> None:
        """Refuse the next attempts to open a socket; their tickets stay fresh."""
        self.sockets.refusals = [status] * number

    def issue_dead_tickets(self, number: int = 1) -> None:
        """Let the next addresses of sockets be refused for ever."""
        self.sockets.dead_tickets_next = number

    def kill_tickets(self) -> None:
        """Let every address that was issued and not yet used be refused for ever."""
        self.sockets.kill_tickets()

    def go_silent(self) -> None:
        """Keep sockets open and say nothing on them, answers to pings neither."""
        self.sockets.is_silent = True

    def lose_acks(self, number: int = 1) -> None:
        """Lose the next acknowledgements on their way."""
        self.deliveries.acks_to_lose = number

    def duplicate_next(self, number: int = 1) -> None:
        """Send each of the next events twice."""
        self.deliveries.duplicates_left = number

    def send_raw(self, payload: Json | str) -> None:
        """Send something malformed, or anything else, on every socket as it is."""
        self.sockets.send_raw(payload)

    def send_event(self, event: Json) -> Delivery:
        """Send an inner event of the test's own making, well-formed or not, properly wrapped."""
        return self.state.send_event(event)

    def ask_to_reconnect(self, reason: str = "refresh_requested") -> None:
        """Send disconnect: warning, refresh_requested, link_disabled."""
        self.sockets.ask_to_leave(reason)
