"""The parts, put together: a simulation on a fresh database, and the service that runs until it is stopped.

Knows: every part. Must not know: how any of them works, how results are shown.
Rules: whatever was opened is closed, also after an error; nothing is enforced that does not pass its own examples.
"""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from bot.casebook import Casebook
from bot.clocks import ReplayClock, SystemClock
from bot.commands import Desk
from bot.communities import Communities, Defaults
from bot.compiler.policy import PolicyError
from bot.core.cases import NotAllowedError
from bot.core.model import Message, Status
from bot.core.policy import Policy
from bot.examples import prove
from bot.folders import FolderError, UnreadableError, code_digest, compiled, find_policy, load_sentences, read_policy_files
from bot.images import ImageError
from bot.outbox import Outbox
from bot.parts import Parts, Roster
from bot.platforms.console import Console
from bot.ports import Platform, PlatformSetupError, Scorer
from bot.replay import TranscriptError
from bot.service import Outcome, Service
from bot.settings import Settings, SettingsError, load_settings
from bot.store.records import Hashes
from bot.store.store import Store, StoreError
from bot.toxicity.choosing import open_scorer
from bot.toxicity.reading import ScorerError

log = structlog.get_logger()

SAMPLE_MODERATORS = frozenset({"morgan", "robin"})


def typed() -> str:
    """Steward's name as whoever runs it typed it: what a text tells them to type then works as it stands."""
    name = sys.argv[0]
    return name if Path(name).name == "steward" and shutil.which("steward") != name else "steward"


def no_platform() -> str:
    """What to do where no chat is set up."""
    return f"""No chat is set up yet. Choose one:
- Discord: `{typed()} doctor --discord` says step by step how to get a token, then set STEWARD_DISCORD_TOKEN
- Slack: `{typed()} doctor --slack` says how to make the app, then set STEWARD_SLACK_BOT_TOKEN and STEWARD_SLACK_APP_TOKEN
- just to look: `{typed()} try` plays a small chat in the terminal
Settings can stand in a file named .env in this folder; .env.example lists them all."""


class PolicyFailedError(Exception):
    """The policy does not do what its examples promise."""


OPERATOR_ERRORS = (
    FolderError,
    ImageError,
    NotAllowedError,
    PlatformSetupError,
    PolicyError,
    PolicyFailedError,
    ScorerError,
    SettingsError,
    StoreError,
    TranscriptError,
)
"""What an operator can mend: shown as it is, without a traceback."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A policy with its files."""

    policy: Policy
    source: Mapping[str, str]


def load(name: str) -> Loaded:
    """Read and compile a policy. Raises FolderError with what cannot be read and with the mistakes in all else."""
    try:
        source = read_policy_files(find_policy(name))
    except UnreadableError as unreadable:
        raise FolderError("\n".join([str(unreadable), *_mistakes(unreadable.texts)])) from unreadable
    return Loaded(compiled(source), source)


def _mistakes(source: Mapping[str, str]) -> list[str]:
    """The mistakes in the files that could be read."""
    if "policy.yaml" not in source:
        return []
    try:
        compiled(source)
    except PolicyError as error:
        return str(error).splitlines()
    return []


def load_scorer(folder: Path | None = None, workers: int | None = None) -> Scorer:
    """The scorer that the settings choose: the embedded model, one in another folder, or Detoxify."""
    settings = load_settings()
    return open_scorer(settings.scorer, folder or settings.model, workers=workers)


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
async def a_store(url: str, on_point: Callable[[str], None] = lambda _: None, *, create: bool = True) -> AsyncIterator[Store]:
    """Open the record and close it again."""
    store = await Store.open(url, on_point=on_point, create=create)
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
            moderators=Roster(SAMPLE_MODERATORS if platform else ()),
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
            yield service, Desk(lambda: parts), outbox
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
    load(settings.policy)  # a mistake in it is said before anything is opened
    async with AsyncExitStack() as stack:
        scorer = load_scorer(settings.model)
        stack.push_async_callback(scorer.close)
        store = await stack.enter_async_context(a_store(settings.database_url, on_point))
        platforms: dict[str, Platform] = {}
        communities = Communities(
            store=store,
            scorer=scorer,
            clock=SystemClock(),
            sentences=load_sentences(),
            platforms=platforms,
            defaults=_defaults(settings),
            load_policy=_policy_and_source,
            prove=lambda policy, community: must_pass(policy, scorer, store, community),
            code_errors=OPERATOR_ERRORS,
            waits=bool(settings.console_in),
            on_point=on_point,
        )
        platforms.update(_platforms(settings, communities))
        await stack.enter_async_context(communities)
        await _serve(communities)


def _defaults(settings: Settings) -> Defaults:
    """What holds for communities and servers that nobody set up."""
    return Defaults(
        community=settings.community,
        mode=settings.mode,
        policy=settings.policy,
        escalation_channel=settings.escalation_channel,
        moderator_role=settings.moderator_role,
        moderators=frozenset(settings.moderators.replace(",", " ").split()),
    )


def _policy_and_source(name: str) -> tuple[Policy, Mapping[str, str]]:
    loaded = load(name)
    return loaded.policy, loaded.source


async def _serve(communities: Communities) -> None:
    """Listen until every platform has ended, a community has failed, or the process is told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    reloads: set[asyncio.Task[None]] = set()
    loop.add_signal_handler(signal.SIGHUP, lambda: reloads.add(asyncio.create_task(communities.reload_all())))
    listening = [asyncio.create_task(_listen(platform, communities)) for platform in communities.platforms.values()]
    stopped = asyncio.create_task(stop.wait())
    try:
        everything: set[asyncio.Future[Any]] = {*listening}
        while everything and not stop.is_set():
            done, everything = await asyncio.wait({*everything, stopped, communities.ended}, return_when=asyncio.FIRST_COMPLETED)
            everything -= {stopped, communities.ended}
            for one in done:
                one.result()
        for community in communities.all():
            await community.settle()
    finally:
        for task in (*listening, stopped):
            task.cancel()
        await asyncio.gather(*listening, stopped, return_exceptions=True)


async def _listen(platform: Platform, communities: Communities) -> None:
    """Listen to a platform. The console has one server and no sessions: what it said before is caught up here."""
    if platform.name != Console.name:
        await platform.listen(_nowhere)
        return
    community = await communities.of(platform.name, "")

    async def accept(message: Message) -> None:
        community.service.learn(message.author, message.author)
        await community.service.accept(message)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(community.service.catch_up(platform, late=True))
        tasks.create_task(platform.listen(accept))


async def _nowhere(message: Message) -> None:
    """A platform with servers finds each one's community itself."""
    raise AssertionError(f"{message.platform} hands its messages to their communities")


def _platforms(settings: Settings, communities: Communities) -> dict[str, Platform]:
    """The platforms that the settings name. Raises SettingsError where there is none."""
    platforms: dict[str, Platform] = {}
    if settings.console_in:
        done = settings.console_out or settings.console_in.with_suffix(".done.jsonl")
        platforms[Console.name] = Console(settings.console_in, done, community=settings.community)
    if settings.discord_token:
        from bot.platforms.discord.platform import Discord  # noqa: PLC0415 - the library costs half a second of every other command

        platforms[Discord.name] = Discord(
            communities,
            token=settings.discord_token,
            api_url=settings.discord_api_url,
            gateway_url=settings.discord_gateway_url,
        )
    if settings.slack_bot_token:
        from bot.platforms.slack.platform import Slack  # noqa: PLC0415 - as above

        platforms[Slack.name] = Slack(
            communities,
            bot_token=settings.slack_bot_token,
            app_token=settings.slack_app_token,
            signing_secret=settings.slack_signing_secret,
            admin_token=settings.slack_admin_token,
            api_url=settings.slack_api_url,
            port=settings.slack_port,
        )
    if not platforms:
        raise SettingsError(no_platform())
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
        message = f"the policy fails its own examples, so it is not enforced: see `{typed()} policy test`, or set STEWARD_MODE=shadow"
        raise PolicyFailedError(message)
