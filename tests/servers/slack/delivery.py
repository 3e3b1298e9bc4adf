"""How events and interactions leave Slack: over Socket Mode or signed HTTP, acknowledged or sent again.

Knows: envelopes, acknowledgements within 3 s, redelivery at once, after 1 and 5 minutes, what a test makes go wrong on the way.
Must not know: what an event means.
Rules: each envelope goes to one socket; an event with no way out is lost; a redelivery has the same event_id; a first delivery
says retry_attempt 0; interactions are never sent again. The waits for a redelivery are multiplied with the clock's pace.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from tests.servers.slack.world import Clock, Json

ACKNOWLEDGED_WITHIN_SECONDS = 3.0
REDELIVERED_AFTER_SECONDS = (0.0, 60.0, 300.0)
EVENTS, COMMANDS, INTERACTIVE = "events_api", "slash_commands", "interactive"
NO_SOCKET, NO_ANSWER = "no way out", "timeout"


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One sending. `acknowledged` tells how it ended; `answer` is what came with the acknowledgement."""

    number: int
    envelope_id: str
    acknowledged: bool = False
    failure: str = ""
    answer: Any = None
    socket: int = 0


@dataclass(slots=True, kw_only=True)
class Delivery:
    """An event or interaction on its way, with all its attempts."""

    kind: str
    payload: Json
    event_id: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def acknowledged(self) -> bool:
        """Whether it arrived, as far as Slack knows."""
        return any(one.acknowledged for one in self.attempts)

    @property
    def is_lost(self) -> bool:
        """Whether Slack gave up."""
        return self.done.is_set() and not self.acknowledged

    @property
    def answer(self) -> Any:
        """What came with the acknowledgement."""
        return next((one.answer for one in self.attempts if one.acknowledged), None)


class Way(Protocol):
    """A way out: sends one envelope and waits for its acknowledgement."""

    async def send(self, delivery: Delivery, attempt: Attempt, retry_reason: str, seconds: float) -> None:
        """Send; set `acknowledged` and `answer`, or `failure`."""


class Deliveries:
    """Everything that was sent, and what goes wrong with what is sent next."""

    def __init__(self, clock: Clock, way: Way) -> None:
        self.clock = clock
        self.way = way
        self.all: list[Delivery] = []
        self.ack_seconds = ACKNOWLEDGED_WITHIN_SECONDS
        self.delay_seconds = 0.0
        self.acks_to_lose = 0
        self.duplicates_left = 0
        self._tasks: set[asyncio.Task[object]] = set()

    def event(self, payload: Json) -> Delivery:
        """Send an event, and again until it is acknowledged."""
        made = Delivery(kind=EVENTS, payload=payload, event_id=payload["event_id"])
        self.all.append(made)
        self._start(self._deliver(made))
        if self.duplicates_left > 0:
            self.duplicates_left -= 1
            again = Delivery(kind=EVENTS, payload=payload, event_id=payload["event_id"])
            self.all.append(again)
            self._start(self._deliver(again))
        return made

    def interaction(self, kind: str, payload: Json) -> Delivery:
        """Send a command, button or form, once."""
        made = Delivery(kind=kind, payload=payload)
        self.all.append(made)
        self._start(self._deliver_once(made))
        return made

    def again(self, delivery: Delivery) -> Delivery:
        """Send an event once more, though it was acknowledged: same event_id, first retry."""
        made = Delivery(kind=delivery.kind, payload=delivery.payload, event_id=delivery.event_id)
        self.all.append(made)
        self._start(self._deliver_once(made, 1))
        return made

    @property
    def unfinished(self) -> list[Delivery]:
        """What is still on its way."""
        return [one for one in self.all if not one.done.is_set()]

    def loses_this_ack(self) -> bool:
        """Say whether the acknowledgement that arrives now is to be lost."""
        if self.acks_to_lose > 0:
            self.acks_to_lose -= 1
            return True
        return False

    async def stop(self) -> None:
        """End all that is still on its way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver_once(self, delivery: Delivery, number: int = 0) -> None:
        try:
            await self._attempt(delivery, number, "timeout" if number else "")
        finally:
            delivery.done.set()

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            if await self._attempt(delivery, 0, ""):
                return
            for number, seconds in enumerate(REDELIVERED_AFTER_SECONDS, start=1):
                last = delivery.attempts[-1]
                if last.failure == NO_SOCKET and number == 1:
                    return  # nobody was there: the event is lost
                if last.failure == "no retry":
                    return
                await asyncio.sleep(seconds * self.clock.pace)
                if await self._attempt(delivery, number, "timeout" if last.failure == NO_ANSWER else "http_error"):
                    return
        finally:
            delivery.done.set()

    async def _attempt(self, delivery: Delivery, number: int, reason: str) -> bool:
        made = Attempt(number=number, envelope_id=str(uuid4()))
        delivery.attempts.append(made)
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        await self.way.send(delivery, made, reason, self.ack_seconds)
        return made.acknowledged


def envelope(delivery: Delivery, attempt: Attempt, retry_reason: str) -> Json:
    """Write the Socket Mode envelope of an attempt."""
    made: Json = {
        "envelope_id": attempt.envelope_id, "payload": delivery.payload, "type": delivery.kind,
        "accepts_response_payload": delivery.kind != EVENTS,
    }  # fmt: skip
    if delivery.kind == EVENTS:
        made |= {"retry_attempt": attempt.number, "retry_reason": retry_reason}
    return made
