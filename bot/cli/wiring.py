"""The parts, put together: a simulation on a fresh database, and the service that runs until it is stopped.

Knows: every part. Must not know: how any of them works, how results are shown.
Rules: whatever was opened is closed, also after an error; nothing is enforced that does not pass its own examples.
"""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from bot.casebook import Casebook, Parts
from bot.clocks import ReplayClock, SystemClock
from bot.commands import Desk
from bot.compiler.policy import PolicyError, compile_policy
from bot.core.cases import NotAllowedError
from bot.core.model import Message, Status
from bot.core.policy import Policy
from bot.examples import prove
from bot.folders import FolderError, code_digest, find_policy, load_sentences, read_policy_files
from bot.outbox import Outbox
from bot.platforms.console import Console
from bot.ports import Platform, Scorer
from bot.replay import TranscriptError
from bot.service import Outcome, Service
from bot.settings import Settings, SettingsError, load_settings
from bot.store.records import Hashes
from bot.store.store import Store, StoreError
from bot.toxicity.embedded import HERE, EmbeddedScorer, ScorerError

log = structlog.get_logger()

SAMPLE_MODERATORS = frozenset({"morgan", "robin"})


class PolicyFailedError(Exception):
    """The policy does not do what its examples promise."""


OPERATOR_ERRORS = (FolderError, NotAllowedError, PolicyError, PolicyFailedError, ScorerError, SettingsError, StoreError, TranscriptError)
"""What an operator can mend: shown as it is, without a traceback."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A policy with its files."""

    policy: Policy
    source: Mapping[str, str]


def load(name: str) -> Loaded:
    """Read and compile a policy."""
    source = read_policy_files(find_policy(name))
    return Loaded(compile_policy(source), source)


def load_scorer(folder: Path | None = None, workers: int | None = None) -> EmbeddedScorer:
    """The embedded model, or one in another folder."""
    return EmbeddedScorer(folder or load_settings().model or HERE, workers=workers)


def crash_at(point: str) -> Callable[[str], None]:
    """For tests of crashes: kill this process the n-th time it comes to a point, written as "scored:3"."""
    name, _, times = point.partition(":")
    left = int(times or 1)

    def reached(there: str) -> None:
        nonlocal left
        if there == name:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reached


def quiet() -> None:
    """Log warnings and worse to standard error, one line each."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(30),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def loud() -> None:
    """Log what happens too: ids and names of rules, never a text."""
    quiet()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(20))


@asynccontextmanager
async def a_store(url: str, on_point: Callable[[str], None] = lambda _: None) -> AsyncIterator[Store]:
    """Open the record and close it again."""
    store = await Store.open(url, on_point=on_point)
    try:
        yield store
    finally:
        await store.close()


@contextmanager
def fresh_database(keep: Path | None) -> Iterator[str]:
    """The address of a new database: a temporary one, or the file to keep."""
    if keep:
        if keep.exists():
            raise StoreError(f"{keep} is there already: name a file that does not exist yet")
        yield f"sqlite+aiosqlite:///{keep}"
        return
    with tempfile.TemporaryDirectory(prefix="steward-") as folder:
        yield f"sqlite+aiosqlite:///{folder}/steward.db"


@asynccontextmanager
async def simulation(
    policy: str,
    begin: datetime,
    on_outcome: Callable[[Outcome], None],
    *,
    keep: Path | None = None,
    platform: Platform | None = None,
    workers: int | None = None,
) -> AsyncIterator[tuple[Service, Desk, Outbox]]:
    """A service on a fresh database, enforcing, in which each answer is given before the next message is judged."""
    loaded = load(policy)
    clock = ReplayClock(begin)
    async with AsyncExitStack() as stack:
        url = stack.enter_context(fresh_database(keep))
        scorer = load_scorer(workers=workers)
        stack.push_async_callback(scorer.close)
        store = await stack.enter_async_context(a_store(url))
        platforms = {platform.name: platform} if platform else {}
        parts = Parts(
            community="main",
            store=store,
            scorer=scorer,
            policy=loaded.policy,
            policy_source=loaded.source,
            sentences=load_sentences(),
            clock=clock,
            mode=Status.ENFORCE,
            moderators=SAMPLE_MODERATORS if platform else frozenset(),
            platforms=platforms,
        )
        outbox = Outbox(store, "main", platforms, clock, simulate=platform is None)
        casebook = Casebook(parts)

        async def perform(*, new: bool) -> None:
            if new:
                while await outbox.perform_due():
                    pass
            await casebook.look_after_if_due()

        service = Service(parts, waits=True, committed=lambda new: perform(new=new), on_outcome=on_outcome)
        running = asyncio.create_task(service.run())
        try:
            yield service, Desk(parts), outbox
        finally:
            running.cancel()
            await asyncio.wait([running])
        if not running.cancelled() and running.exception():
            raise running.exception()  # type: ignore[misc]


def run_async(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; of a group of errors the operator's own is shown."""
    try:
        asyncio.run(work)
    except ExceptionGroup as group:
        known: Exception | None = group.subgroup(OPERATOR_ERRORS)
        while isinstance(known, ExceptionGroup):
            known = known.exceptions[0]
        raise known or group from None


async def moderate(settings: Settings) -> None:
    """Moderate the platforms that the settings name, until they end or the process is told to stop."""
    on_point = crash_at(settings.crash_at) if settings.crash_at else lambda _: None
    loaded, clock = load(settings.policy), SystemClock()
    async with AsyncExitStack() as stack:
        scorer = load_scorer(settings.model)
        stack.push_async_callback(scorer.close)
        store = await stack.enter_async_context(a_store(settings.database_url, on_point))
        platforms = _platforms(settings)
        mode = Status[settings.mode.upper()]
        if mode is Status.ENFORCE:
            await must_pass(loaded.policy, scorer, store, settings.community)
        parts = Parts(
            community=settings.community,
            store=store,
            scorer=scorer,
            policy=loaded.policy,
            policy_source=loaded.source,
            sentences=load_sentences(),
            clock=clock,
            mode=mode,
            moderators=frozenset(settings.moderators.replace(",", " ").split()),
            platforms=platforms,
        )
        outbox = Outbox(store, settings.community, platforms, clock, on_point=on_point)
        await _serve(parts, outbox, on_point)


async def _serve(parts: Parts, outbox: Outbox, on_point: Callable[[str], None]) -> None:
    """Judge, perform and listen until every platform has ended or the process is told to stop."""

    async def committed(new: bool) -> None:
        if new:
            outbox.wake()

    async def look_after() -> None:
        await service.casebook.look_after()
        await service.read_again()

    service = Service(parts, waits=set(parts.platforms) == {Console.name}, committed=committed, on_point=on_point)
    await service.start()
    await outbox.recover()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    reloads: set[asyncio.Task[None]] = set()
    loop.add_signal_handler(signal.SIGHUP, lambda: reloads.add(asyncio.create_task(_reload(service))))
    async with asyncio.TaskGroup() as tasks:
        background = [tasks.create_task(service.run()), tasks.create_task(outbox.run(look_after))]
        listening = [tasks.create_task(_listen(platform, service)) for platform in parts.platforms.values()]
        ended = tasks.create_task(_until(stop, listening))
        await ended
        await service.drained()
        while await outbox.perform_due():
            pass
        for task in (*background, *listening):
            task.cancel()


async def _until(stop: asyncio.Event, listening: Sequence[asyncio.Task[None]]) -> None:
    """Wait until told to stop, or until every platform has ended."""

    async def told() -> None:
        await stop.wait()

    async def ended() -> None:
        await asyncio.wait(listening, return_when=asyncio.FIRST_EXCEPTION)

    waiting = [asyncio.create_task(told()), asyncio.create_task(ended())]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for one in waiting:
        one.cancel()


async def _listen(platform: Platform, service: Service) -> None:
    """Catch up what was missed, and listen on meanwhile."""

    async def accept(message: Message) -> None:
        service.learn(message.author, message.author)
        await service.accept(message)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(service.catch_up(platform, late=True))
        tasks.create_task(platform.listen(accept))


async def _reload(service: Service) -> None:
    """Load the policy again; a broken one, or one that fails its examples, keeps the old."""
    parts = service.parts
    try:
        loaded = load(load_settings().policy)
        if parts.mode is Status.ENFORCE:
            await must_pass(loaded.policy, parts.scorer, parts.store, parts.community)
    except OPERATOR_ERRORS as error:
        log.error("the policy was not loaded again: the old one stays", error=str(error))
        return
    service.use_policy(loaded.policy, loaded.source)
    log.info("policy loaded again", policy=loaded.policy.digest)


def _platforms(settings: Settings) -> dict[str, Platform]:
    """The platforms that the settings name. Raises SettingsError where there is none."""
    platforms: dict[str, Platform] = {}
    if settings.console_in:
        done = settings.console_out or settings.console_in.with_suffix(".done.jsonl")
        platforms[Console.name] = Console(settings.console_in, done, community=settings.community)
    if not platforms:
        raise SettingsError("no platform is set: name a file in STEWARD_CONSOLE_IN, or run `steward try` to talk in the terminal")
    return platforms


async def must_pass(policy: Policy, scorer: Scorer, store: Store, community: str) -> None:
    """A policy that fails its own examples, or that finds ordinary talk, is not enforced."""
    hashes = Hashes(policy=policy.digest, model=scorer.digest, code=code_digest())
    async with store.transaction(community, datetime.now(UTC)) as transaction:
        passed = await transaction.check_passed(hashes)
    if passed is None:
        passed = (await asyncio.to_thread(prove, policy, scorer.score_now, coverage=False)).passed
        async with store.transaction(community, datetime.now(UTC)) as transaction:
            await transaction.remember_check(hashes, passed=passed)
    if not passed:
        message = "the policy fails its own examples, so it is not enforced: see `steward policy test`, or set STEWARD_MODE=shadow"
        raise PolicyFailedError(message)
