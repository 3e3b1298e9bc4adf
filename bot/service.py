"""The way of a message, read top-down: accepted, scored, judged, answered, committed.

Knows: the queue, the order of things, what a transaction holds. Must not know: platforms' libraries, how an action is
performed, what a rule measures, what is known of a message and how it comes by its scores.
Rules: scoring is concurrent, judging is one task in order of arrival; one transaction holds all that a batch leaves behind,
and its cursor moves with it; a room is live or behind; what fails alone is recorded unjudged and passed; nothing is lost
that was committed, and nothing committed is done twice.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from bot import images
from bot.casebook import Casebook
from bot.consent import Consents
from bot.core.judge import judge
from bot.core.model import MINUTE, ActionKind, Contact, Context, Kind, Message, Status, Unjudged, Verdict
from bot.core.policy import Policy
from bot.core.respond import Response
from bot.core.signals.relations import HOSTILE
from bot.gathering import Gathering, Relations, Waiting, relations_in
from bot.letters import Letters
from bot.likes import Likes
from bot.parts import Parts
from bot.ports import Platform, PlatformRefusedError, PlatformUnavailableError
from bot.rooms import Room, moved_to, order
from bot.store.store import StoreError, Transaction

log = structlog.get_logger()

QUEUE_LENGTH_MAX = 2_000
"""Messages waiting to be scored: more than that, and the room is read again later from the platform."""
SCORED_LENGTH_MAX = 256
"""Messages being scored or waiting to be judged: bounds how long a stop or a reload waits."""
BATCH_MAX = 64
"""Messages in one transaction: 13,000 a second are committed at 32, more gains little."""
PAUSE_SECONDS_MAX = 60.0
COUNTED = frozenset({"too_long", "language", "no_label"}) | images.COUNTED
"""Reasons that reading again does not mend: only their number is kept, per room and day."""
LINGER_SECONDS_MAX = 0.05
"""While more messages wait, a batch waits this long for their scores: a commit for each one costs more than its judging."""
LATE_AFTER = 5 * MINUTE
SEEN_MAX = 10_000
"""Identities remembered, so that a message that comes twice is judged once; the store knows the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one message. `said_while_muted`: it was said during a mute that this platform only simulates.

    `letters`: somebody is told something outside any case because of it, or is to be looked for.
    """

    verdict: Verdict
    response: Response | None = None
    said_while_muted: bool = False
    letters: bool = False


def nothing(_: str) -> None:
    """No point in the program is of interest."""


class Service:
    """One community's pipeline."""

    def __init__(
        self,
        parts: Parts,
        *,
        waits: bool = False,
        committed: Callable[[bool], Awaitable[None]] | None = None,
        on_outcome: Callable[[Outcome], None] | None = None,
        on_point: Callable[[str], None] = nothing,
    ) -> None:
        """`waits`: accept waits for room in the queue (console, replay) instead of leaving the room behind.

        `committed` is awaited after each commit with whether there are new actions; `on_outcome` sees every message.
        """
        self.parts = parts
        self.community = parts.community
        self.policy = parts.policy
        self.casebook, self.letters, self.likes, self.consents = Casebook(parts), Letters(parts), Likes(parts), Consents(parts)
        self._gathering = Gathering(parts)
        self._waits = waits
        self._committed = committed
        self._on_outcome = on_outcome
        self._on_point = on_point
        self._incoming: asyncio.Queue[tuple[Message, bool]] = asyncio.Queue(QUEUE_LENGTH_MAX)
        self._scored: asyncio.Queue[Waiting] = asyncio.Queue(SCORED_LENGTH_MAX)
        self._rooms: dict[tuple[str, str], Room] = {}
        self._seen: OrderedDict[tuple[str, ...], bool] = OrderedDict()
        """Identity -> whether it is judged and committed."""
        self._kept: dict[tuple[str, ...], set[str]] = {}
        """Identity -> the rows of the inbox that hold it until it is judged."""
        self._noted: OrderedDict[tuple[str, str, str], None] = OrderedDict()
        """Messages that arrived in time while their room was behind: what catch-up finds of them is not late for that."""
        self._muted: set[str] = set()
        self._again: dict[tuple[str, str, str], None] = {}
        self._unfinished = 0
        self._overflowed = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # What others call.

    async def start(self) -> None:
        """Read how far each room is: whatever was seen before is behind until it is caught up."""
        async with self._transaction() as transaction:
            for room in await transaction.rooms():
                self._rooms[room.platform, room.room] = Room(cursor=room.cursor, newest_seen=room.newest_seen, live=False)

    async def see(self, platform: str, rooms: Mapping[str, tuple[str, str]]) -> None:
        """Note rooms that are there: the id after which reading begins if nothing of the room is on record yet, and its newest message.

        On record before any message is judged: what is said from now on is read, also after a crash.
        """
        unknown = {room: ids for room, ids in rooms.items() if (platform, room) not in self._rooms}
        if not unknown:
            return
        async with self._transaction() as transaction:
            await transaction.set_cursors([(platform, room, cursor, newest) for room, (cursor, newest) in unknown.items()])
        for room, (cursor, newest) in unknown.items():
            self._rooms.setdefault((platform, room), Room(cursor=cursor, newest_seen=newest, live=order(cursor) >= order(newest)))

    def learn(self, account: str, name: str) -> None:
        """Remember the name by which members call an account."""
        self.parts.names.learn(account, name)

    async def accept(self, message: Message, *, kept: str = "") -> bool:
        """Take a message from a platform. A room that is behind only notes how far it has come.

        `kept` names the row of the inbox that holds the message: the transaction that judges it marks the row as done. False
        where the message was only noted: what holds it offers it again, unless catch-up has read it meanwhile.
        """
        self._on_point("received")
        room = self._rooms.setdefault((message.platform, message.room), Room(first_seen=message.id))
        if order(message.id) > order(room.newest_seen):
            room.newest_seen = message.id
        if message.kind is Kind.REACTED and (message.identity in self._seen or not room.live):  # it is not judged again, or never
            await self.reactions_changed(message.platform, message.room, message.reply_to)
        edited = message.kind is Kind.EDITED and order(message.id) <= order(room.cursor)
        if not room.live and not edited:
            self._note(message)
            return False
        if not self._waits and not (edited and not room.live) and self._incoming.full():
            room.live = False
            self._overflowed.set()
            return False
        if kept and self._seen.get(message.identity):
            await self._let_go(kept)
            return True
        if kept:
            self._kept.setdefault(message.identity, set()).add(kept)
        await self._put(message, found_late=False)
        return True

    def _note(self, message: Message) -> None:
        self._noted[message.platform, message.room, message.id] = None
        if len(self._noted) > SEEN_MAX:
            self._noted.popitem(last=False)

    async def _let_go(self, kept: str) -> None:
        """A row of the inbox whose message is judged already."""
        async with self._transaction() as transaction:
            await transaction.inbox_done([kept])

    async def catch_up(self, platform: Platform, *, late: bool) -> int:
        """Read every room of a platform that is behind up to its newest message. `late`: after a start or a fresh session.

        Gives the number of messages that were read.
        """
        count = 0
        behind = [(key, room) for key, room in self._rooms.items() if key[0] == platform.name and not room.live]
        for (_, name), room in behind:
            count += await self._catch_up_room(platform, name, room, late=late)
        return count

    async def _catch_up_room(self, platform: Platform, name: str, room: Room, *, late: bool) -> int:
        """Read one room until it has reached its newest message; while the platform is away, wait for it."""
        after, count, pause = room.cursor, 0, 1.0
        while not room.live:
            start, newest = after, room.newest_seen
            try:
                async for page in platform.history(name, after):
                    for message in page:
                        after = message.id
                        if order(message.id) >= order(room.first_seen):
                            noted = (message.platform, message.room, message.id) in self._noted
                            await self._put(message, found_late=late and not noted)
                            count += 1
            except PlatformUnavailableError as error:
                log.warning("history cannot be read", platform=platform.name, room=name, reason=str(error), again_in_seconds=pause)
                await asyncio.sleep(error.retry_seconds or pause)
                pause = min(pause * 2, PAUSE_SECONDS_MAX)
                continue
            nothing_more = after == start and room.newest_seen == newest  # what came meanwhile is read in the next round
            room.live = nothing_more or order(after) >= order(room.newest_seen)
        return count

    async def read_again(self) -> None:
        """Read what stayed unjudged by failure or time once more from its platform; what fails twice waits for people."""
        async with self._transaction() as transaction:
            waiting = await transaction.unjudged()
        for one in waiting:
            platform = self.parts.platforms.get(one.platform)
            try:
                message = await platform.read(one.room, one.message) if platform else None
            except (PlatformUnavailableError, PlatformRefusedError):
                continue
            if message is None:
                await self._judged_again(one.platform, one.room, one.message, judged=False)
                continue
            self._seen.pop(message.identity, None)
            self._again[message.platform, message.room, message.id] = None
            await self._put(message, found_late=False)

    async def _judged_again(self, platform: str, room: str, message: str, *, judged: bool) -> None:
        async with self._transaction() as transaction:
            await transaction.unjudged_read_again(platform, room, message, judged=judged)

    async def reactions_changed(self, platform: str, room: str, message: str) -> None:
        """Somebody took a reaction under a message back, or put it there again. Raises StoreError."""
        if await self.likes.changed(platform, room, message) and self._committed:
            await self._committed(True)

    def fresh_session(self, platform: str) -> None:
        """A platform lost its place: everything of it is behind until `catch_up`."""
        for (name, _), room in self._rooms.items():
            if name == platform:
                room.live = False

    def use(self, *, policy: Policy, source: Mapping[str, str], mode: Status) -> None:
        """Judge by another policy or in another mode from the next batch on."""
        self.parts = replace(self.parts, policy=policy, policy_source=source, mode=mode)
        self.policy = policy
        self._gathering.parts = self.parts
        self.casebook, self.letters = Casebook(self.parts), Letters(self.parts)
        self.likes, self.consents = Likes(self.parts), Consents(self.parts)

    def rooms_count(self, platform: str) -> tuple[int, int]:
        """How many rooms of a platform are live, and how many behind."""
        live = [room.live for (name, _), room in self._rooms.items() if name == platform]
        return sum(live), len(live) - sum(live)

    @property
    def waiting(self) -> int:
        """Messages that were accepted and are not judged yet."""
        return self._unfinished

    async def run(self) -> None:
        """Score and judge until cancelled. What ends it otherwise is also in `ended`, and `drained` raises it."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._score_all(), name="scoring")
                tasks.create_task(self._judge_all(), name="judging")
                tasks.create_task(self._recover(), name="overflow")
        except Exception as error:
            self.ended.set_exception(error)
            self._idle.set()
            raise
        finally:
            if self.ended.done():
                self.ended.exception()  # it has been seen
            else:
                self.ended.cancel()

    async def _recover(self) -> None:
        """After an overflow: once the queue has room, read what was left out from the platforms. It is not late for that."""
        while True:
            await self._overflowed.wait()
            self._overflowed.clear()
            await self.drained()
            await asyncio.gather(*(self.catch_up(platform, late=False) for platform in self.parts.platforms.values()))

    async def drained(self) -> None:
        """Wait until everything that was accepted is judged and committed; raises what ended the service."""
        await self._idle.wait()
        if self.ended.done() and not self.ended.cancelled():
            self.ended.result()

    # Hop 2: context and scores.

    async def _put(self, message: Message, *, found_late: bool) -> None:
        self._unfinished += 1
        self._idle.clear()
        await self._incoming.put((message, found_late))

    def _finished(self) -> None:
        self._unfinished -= 1
        if not self._unfinished:
            self._idle.set()

    async def _score_all(self) -> None:
        while True:
            message, found_late = await self._incoming.get()
            key = message.identity
            if key in self._seen:
                self._finished()
                continue
            self._seen[key] = False
            if len(self._seen) > SEEN_MAX:
                self._seen.popitem(last=False)
            await self._scored.put(self._gathering.begin(message, found_late=found_late))

    # Hops 3 and 4: verdict and response, in one transaction per batch.

    async def _judge_all(self) -> None:
        carried: Waiting | None = None
        while True:
            batch = [carried or await self._scored.get()]
            carried = None
            await batch[0].scores
            until = asyncio.get_running_loop().time() + LINGER_SECONDS_MAX
            while len(batch) < BATCH_MAX and not self._scored.empty() and not carried:
                following = self._scored.get_nowait()
                if not following.scores.done():
                    await asyncio.wait([following.scores], timeout=max(0.0, until - asyncio.get_running_loop().time()))
                if following.scores.done():
                    batch.append(following)
                else:
                    carried = following
            self._on_point("scored")
            await self._commit_in_order(batch)

    async def _commit_in_order(self, batch: Sequence[Waiting]) -> None:
        """Commit a batch; each message with an answer ends a transaction, so that the next one knows of it."""
        rest = list(batch)
        while rest:
            outcomes = await self._commit_some(rest)
            self._on_point("after_commit")
            rest = rest[len(outcomes) :]
            if self._committed:
                await self._committed(any(one.letters or (one.response and one.response.actions) for one in outcomes))
            for outcome in outcomes:
                _log(outcome)
                if self._on_outcome:
                    self._on_outcome(outcome)
                self._finished()

    async def _commit_some(self, batch: Sequence[Waiting]) -> list[Outcome]:
        """Judge and commit; while the database cannot be written, wait and try the same again: nothing is lost."""
        pause = 1.0
        while True:
            try:
                async with self._transaction() as transaction:
                    outcomes = await self._judge_some(batch, transaction)
                    cursors = moved_to(self._rooms, (one.verdict.message for one in outcomes))
                    await transaction.set_cursors([(*key, cursor, newest) for key, (cursor, newest) in cursors.items()])
                    rows = [row for outcome in outcomes for row in self._kept.get(outcome.verdict.message.identity, ())]
                    await transaction.inbox_done(rows)
                    self._on_point("before_commit")
            except StoreError as error:
                log.error("the database cannot be written", error=str(error), again_in_seconds=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, PAUSE_SECONDS_MAX)
                continue
            for key, (cursor, _) in cursors.items():
                self._rooms.setdefault(key, Room()).cursor = cursor
            for outcome in outcomes:
                await self._judged(outcome.verdict.message.identity, rows)
            return outcomes

    async def _judged(self, identity: tuple[str, ...], rows: Sequence[str]) -> None:
        """A message is judged and committed, and these rows of the inbox are done; what came meanwhile of the same message is, too."""
        if identity in self._seen:
            self._seen[identity] = True
        for row in self._kept.pop(identity, set()).difference(rows):
            await self._let_go(row)

    async def _judge_some(self, batch: Sequence[Waiting], transaction: Transaction) -> list[Outcome]:
        """Judge messages in order, up to and including the first one with a finding."""
        batch = await self._gathering.with_given_names(batch, transaction)
        relations = await relations_in(batch, transaction)
        outcomes: list[Outcome] = []
        fresh: dict[str, list[Contact]] = {}
        for waiting in batch:
            outcome = await self._judge_one(waiting, relations, transaction)
            outcomes.append(outcome)
            platform = waiting.message.platform
            for row in outcome.verdict.contacts:
                relations.add(platform, row)
                fresh.setdefault(platform, []).append(row)
            if outcome.response:
                break
        for platform, rows in fresh.items():
            await transaction.add_contacts(platform, rows)
        for target in dict.fromkeys(row.target for rows in fresh.values() for row in rows if row.hostility >= HOSTILE):
            if await self.letters.support(transaction, outcomes[-1].verdict.message, target):
                outcomes[-1] = replace(outcomes[-1], letters=True)
        return outcomes

    async def _judge_one(self, waiting: Waiting, relations: Relations, transaction: Transaction) -> Outcome:
        message = waiting.message
        self.parts.clock.saw(message.sent_at)
        transaction.now = self.parts.clock.now()
        context = await self._gathering.whole_context(waiting, relations, transaction)
        verdict = self._verdict(message, context)
        response, letters = None, False
        if any(row.objects for row in verdict.contacts) and self._late(waiting) is None:
            letters = await self.letters.ask_to_confirm(transaction, verdict, context)
        if verdict.findings:
            self._gathering.found(message)
            late = self._late(waiting)
            response = await self.casebook.answer(transaction, verdict, context, late=late)
            if response:
                letters = await self.letters.help_targets(transaction, verdict, response) or letters
                letters = await self.consents.ask(transaction, verdict, context, response) or letters
            if response and response.answer is ActionKind.MUTE:
                self._muted.add(message.author)
        letters = await self.likes.reacted(transaction, message) or letters
        failed = any(one.reason not in COUNTED for one in verdict.unjudged)
        if (message.platform, message.room, message.id) in self._again:
            del self._again[message.platform, message.room, message.id]
            await transaction.unjudged_read_again(message.platform, message.room, message.id, judged=not failed)
        elif verdict.unjudged:
            await self._note_unjudged(verdict, transaction)
        said_while_muted = False
        if message.author in self._muted and not (response and response.answer is ActionKind.MUTE):
            said_while_muted = await transaction.muted_until(message.platform, message.author) is not None
            if not said_while_muted:
                self._muted.discard(message.author)
        return Outcome(verdict=verdict, response=response, said_while_muted=said_while_muted, letters=letters)

    def _verdict(self, message: Message, context: Context) -> Verdict:
        """Judge; one message never stops the others: what fails is recorded unjudged and goes to people."""
        try:
            return judge(message, context, self.policy)
        except Exception as error:
            log.exception("judging failed", message=message.id, room=message.room, error=type(error).__name__)
            return Verdict(message=message, unjudged=(Unjudged(rule="", reason="failure"),))

    def _late(self, waiting: Waiting) -> timedelta | None:
        """How late a message is judged; None in time."""
        age = self.parts.clock.now() - waiting.message.sent_at
        return max(age, timedelta()) if waiting.found_late or age > LATE_AFTER else None

    async def _note_unjudged(self, verdict: Verdict, transaction: Transaction) -> None:
        """By failure or time: the message's id, to be read again. By length or language: a number per room and day."""
        message, reasons = verdict.message, {one.reason for one in verdict.unjudged}
        for reason in sorted(reasons):
            if reason in COUNTED:
                await transaction.count_unjudged(message.platform, message.room, reason, sent_at=message.sent_at)
            else:
                await transaction.add_unjudged(message.platform, message.room, message.id, reason)

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.parts.transaction()


def _log(outcome: Outcome) -> None:
    """One line per message that was answered or not judged: ids and rule names, never the text."""
    verdict, response = outcome.verdict, outcome.response
    if not (verdict.findings or verdict.unjudged):
        return
    log.info(
        "judged",
        room=verdict.message.room,
        message=verdict.message.id,
        rules=[finding.rule for finding in verdict.findings],
        unjudged=sorted({one.reason for one in verdict.unjudged}),
        case=response.case.number if response else None,
        actions=[str(action.kind) for action in response.actions] if response else [],
    )
