"""Committed actions, performed: exactly once, as far as each platform allows.

Knows: the outbox table, what a platform can do, how its actions repeat. Must not know: rules, why an action was decided.
Rules: an action is marked as being performed before it is; what a crash left in between is done again only where that is
harmless, else a person looks; what a person has decided meanwhile is dropped; the simulated mode ends here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.core.cases import overruled
from bot.core.model import CARDS, TOLD, Action, ActionKind
from bot.ports import PRIVATE_THREAD, Clock, Performed, Platform, PlatformRefusedError, PlatformUnavailableError, Repeat
from bot.store.records import ActionState, NoticeState, OutboxRow
from bot.store.store import Store, StoreError, Transaction

log = structlog.get_logger()

BATCH_MAX = 32
"""Actions taken at a time: with more the latest ones would wait behind a slow platform."""
ATTEMPTS_MAX = 10
"""With the pauses below, about an hour: then a person has to."""
PAUSE_SECONDS_MAX = 600.0
SLEEP_SECONDS_MAX = 30.0
PERFORM_SECONDS_MAX = 60.0
WITHOUT_PLATFORM_MAX = timedelta(days=30)
"""So long an action waits for a platform that is not set up here: then people have to do it, and a card there is edited no more. What
waits keeps its case from being deleted, and nobody is to wait for ever."""
WITHOUT_PLATFORM_PAUSE_MAX = timedelta(hours=1)
CASES_AT_ONCE_MAX = 64
"""Cases whose actions are being performed at the same time."""


def nothing(_: str) -> None:
    """No point in the program is of interest."""


class Outbox:
    """Performs the committed actions of one community."""

    def __init__(
        self,
        store: Store,
        community: str,
        platforms: Mapping[str, Platform],
        clock: Clock,
        *,
        simulate: bool = False,
        on_point: Callable[[str], None] = nothing,
    ) -> None:
        """`simulate`: actions are recorded as simulated, and no platform hears of them."""
        self._store, self._community, self._platforms, self._clock = store, community, platforms, clock
        self._simulate = simulate
        self._on_point = on_point
        self._wake = asyncio.Event()
        self._round = asyncio.Lock()
        self._running: set[asyncio.Task[None]] = set()
        self._turns: dict[tuple[int, str], asyncio.Lock] = {}

    def _begin(self) -> AbstractAsyncContextManager[Transaction]:
        return self._store.transaction(self._community, self._clock.now())

    def wake(self) -> None:
        """There is something new to perform."""
        self._wake.set()

    async def recover(self) -> None:
        """After a start: actions that were being performed when the process ended are done again, or given to a person."""
        async with self._begin() as transaction:
            for row in await transaction.actions_in(ActionState.PERFORMING):
                if self._repeats(row) is Repeat.UNCERTAIN:
                    await transaction.mark(row.action.key, ActionState.MAYBE_DONE, detail="cut off while it was performed")
                else:
                    await transaction.mark(row.action.key, ActionState.PENDING, due_at=self._clock.now())

    async def run(self, each: Callable[[], Awaitable[object]] | None = None) -> None:
        """Perform until cancelled; `each` is awaited every round (ended mutes, lapsed cases)."""
        try:
            while True:
                self._wake.clear()
                try:
                    if each:
                        await each()
                    while (await self._begin_round())[0]:
                        await self._room_for_more()
                    pause = await self._pause()
                except StoreError as error:
                    log.error("the database cannot be written", error=str(error))
                    pause = SLEEP_SECONDS_MAX / 10
                try:
                    async with asyncio.timeout(pause):
                        await self._wake.wait()
                except TimeoutError:
                    pass
        finally:
            running = set(self._running)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def perform_due(self) -> int:
        """Perform what is due now, and wait until it is performed; gives how many actions were taken up."""
        count, tasks = await self._begin_round()
        await asyncio.gather(*{*tasks, *self._running})
        return count

    async def _room_for_more(self) -> None:
        """Wait while very much is being performed: a slow answer holds up nobody else's actions until then."""
        while len(self._running) >= CASES_AT_ONCE_MAX:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def _begin_round(self) -> tuple[int, list[asyncio.Task[None]]]:
        """Take up what is due, each case in a task of its own, hiding first; gives how many actions, and the tasks."""
        async with self._round:
            async with self._begin() as transaction:
                due = await transaction.due_actions(self._clock.now(), BATCH_MAX)
                taken = [row for row in due if await self._take(transaction, row)]
            self._on_point("before_performing")
            in_turn: dict[tuple[int, str], list[OutboxRow]] = {}
            for row in taken:  # letters outside any case wait for each other only where one person reads them
                in_turn.setdefault((row.action.case, "" if row.action.case else row.action.target), []).append(row)
            tasks = []
            for turn, rows in in_turn.items():
                rows.sort(key=lambda row: row.action.kind is not ActionKind.HIDE)
                if self._simulate:
                    await self._perform_all(rows)
                    continue
                task = asyncio.create_task(self._perform_in_turn(turn, rows), name=f"case {turn[0]}")
                self._running.add(task)
                task.add_done_callback(self._running.discard)
                tasks.append(task)
            return len(due), tasks

    async def _perform_in_turn(self, turn: tuple[int, str], rows: Sequence[OutboxRow]) -> None:
        """The actions of one case are performed one after the other, those of an earlier round first."""
        lock = self._turns.setdefault(turn, asyncio.Lock())
        async with lock:
            await self._perform_all(rows)
        if not lock.locked():
            self._turns.pop(turn, None)

    async def _take(self, transaction: Transaction, row: OutboxRow) -> bool:
        """Mark one as being performed; drop it where a person has dismissed the case; leave to people what only they can do."""
        action = row.action
        case = await transaction.case(action.case) if action.case else None
        if case and overruled(action, case):
            await transaction.mark(action.key, ActionState.DROPPED, detail="decided otherwise before it was performed")
            return False
        if self._simulate:
            return await transaction.mark(action.key, ActionState.PERFORMING)
        platform = self._platforms.get(action.platform)
        if platform is None:
            await self._without_platform(transaction, row)
            return False
        if action.kind is not ActionKind.TELL and not platform.capabilities.can(action.kind):
            await self._give_to_people(transaction, row, "this platform cannot do it")
            return False
        return await transaction.mark(action.key, ActionState.PERFORMING)

    async def _without_platform(self, transaction: Transaction, row: OutboxRow) -> None:
        """Wait for a platform that is not set up here, ever longer; one that stays away for long is not waited for."""
        action, reason, waited = row.action, f"{row.action.platform} is not set up here", self._clock.now() - row.committed_at
        if waited < WITHOUT_PLATFORM_MAX:
            due = self._clock.now() + min(max(waited, timedelta(seconds=PAUSE_SECONDS_MAX)), WITHOUT_PLATFORM_PAUSE_MAX)
            await transaction.mark(action.key, ActionState.PENDING, due_at=due, error=reason)
        elif action.kind is ActionKind.UPDATE:
            await transaction.mark(action.key, ActionState.DROPPED, error=reason)
        else:
            await self._give_to_people(transaction, row, reason)

    async def _perform_all(self, rows: Sequence[OutboxRow]) -> None:
        for row in rows:
            await self._perform(row)

    async def _perform(self, row: OutboxRow) -> None:
        """Perform one action and record how it ended."""
        action = row.action
        try:
            if self._simulate:
                done = Performed(detail="simulated")
            elif action.kind is ActionKind.TELL:
                async with asyncio.timeout(PERFORM_SECONDS_MAX):
                    await self._platforms[action.platform].tell_moderators(action.server, action.text, action.key)
                done = Performed()
            else:
                if action.kind in CARDS:
                    action = await self._with_card(action)
                async with asyncio.timeout(PERFORM_SECONDS_MAX):
                    done = await self._platforms[action.platform].perform(action)
            self._on_point("after_performing")
        except PlatformRefusedError as error:
            reason = str(error)
            await self._record(lambda transaction: self._give_to_people(transaction, row, reason))
            return
        except (PlatformUnavailableError, TimeoutError) as error:
            await self._failed(row, error)
            return
        except Exception as error:  # a mistake in a platform's code must not stop all other actions
            log.exception("performing failed", action=action.key)
            await self._failed(row, PlatformUnavailableError(type(error).__name__, maybe_done=True))
            return
        await self._record(lambda transaction: self._done(transaction, action, done))

    async def _done(self, transaction: Transaction, action: Action, done: Performed) -> None:
        state = ActionState.SIMULATED if self._simulate else ActionState.DONE
        await transaction.mark(action.key, state, reference=done.reference, detail=done.detail)
        if action.kind in TOLD and not action.case:
            await transaction.no_contact_told(action.key)
            await transaction.like_told(action.key)
        elif action.kind in TOLD:
            way = NoticeState.THREAD if done.detail == PRIVATE_THREAD else NoticeState.DIRECT
            await transaction.notice_delivered(action.case, action.step, action.target, way)
        self._on_point("before_marking_done")

    async def _record(self, change: Callable[[Transaction], Awaitable[None]]) -> None:
        """Write down how an action ended; while the database cannot be written, wait: it is not performed again meanwhile."""
        pause = 1.0
        while True:
            try:
                async with self._begin() as transaction:
                    await change(transaction)
            except StoreError as error:
                log.error("the database cannot be written", error=str(error), again_in_seconds=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, SLEEP_SECONDS_MAX)
                continue
            return

    async def _with_card(self, action: Action) -> Action:
        """The action, with where the case's card stands by now."""
        async with self._begin() as transaction:
            return replace(action, card=await transaction.card_of(action.case, action.platform))

    async def _failed(self, row: OutboxRow, error: Exception) -> None:
        """Try again later; after too many attempts, or where it may have happened and must not happen twice, a person looks."""
        action, reason = row.action, str(error) or type(error).__name__
        attempts = row.attempts + 1
        unclear = isinstance(error, TimeoutError) or (isinstance(error, PlatformUnavailableError) and error.maybe_done)
        wanted = error.retry_seconds if isinstance(error, PlatformUnavailableError) else None
        pause = min(wanted if wanted is not None else 2.0**attempts, PAUSE_SECONDS_MAX)
        log.warning("not performed", action=action.key, attempt=attempts, reason=reason)

        async def record(transaction: Transaction) -> None:
            if unclear and self._repeats(row) is Repeat.UNCERTAIN:
                await transaction.mark(action.key, ActionState.MAYBE_DONE, error=reason)
            elif attempts >= ATTEMPTS_MAX:
                await self._give_to_people(transaction, row, reason)
            else:
                due = self._clock.now() + timedelta(seconds=pause)
                await transaction.mark(action.key, ActionState.PENDING, due_at=due, error=reason)
                if action.kind in TOLD and action.case:
                    await transaction.notice_tried(action.case, action.step, action.target)

        await self._record(record)

    async def _give_to_people(self, transaction: Transaction, row: OutboxRow, reason: str) -> None:
        """A manual task; a notice that did not arrive shows as not notified."""
        action = row.action
        await transaction.mark(action.key, ActionState.MANUAL, error=reason)
        if action.kind in TOLD and action.case:
            await transaction.notice_delivered(action.case, action.step, action.target, NoticeState.MANUAL)

    def _repeats(self, row: OutboxRow) -> Repeat:
        if row.action.kind is ActionKind.TELL:
            return Repeat.NONCE  # said once for each key where that can be had: twice is better than not at all
        platform = self._platforms.get(row.action.platform)
        known = platform.capabilities.repeats if platform else {}
        return known.get(row.action.kind, Repeat.UNCERTAIN)

    async def _pause(self) -> float:
        """Seconds until something is due, at most SLEEP_SECONDS_MAX."""
        async with self._begin() as transaction:
            due = await transaction.next_due()
        seconds = (due - self._clock.now()).total_seconds() if due else SLEEP_SECONDS_MAX
        return min(max(seconds, 0.01), SLEEP_SECONDS_MAX)
