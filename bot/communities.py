"""The communities that one process serves: which server belongs to which, and each one's service at work.

Knows: services, outboxes, desks, how they are set up. Must not know: platforms' libraries.
Rules: a server belongs to one community; what nobody set up has the environment's defaults; a community is started when its
first server is seen, and what it was set up with applies at once; a policy that fails its examples is not enforced.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self

import structlog

from bot.commands import Desk
from bot.core.cases import NotAllowedError
from bot.core.model import ActionKind, CaseState, Status
from bot.core.naming import place
from bot.core.notices import Sentences, span, when
from bot.core.policy import Policy
from bot.outbox import Outbox
from bot.parts import Parts, Roster
from bot.ports import Clock, Platform, PlatformRefusedError, PlatformUnavailableError, Scorer
from bot.service import Service, nothing
from bot.store.records import CaseDetail, InboxRow, OutboxRow, ServerSetup
from bot.store.store import Store, StoreError

__all__ = ["Communities", "Community", "Defaults", "ServerSetup"]

log = structlog.get_logger()

GAP_MIN = timedelta(seconds=90)
"""A service says that it is alive every 30 seconds: a longer silence is a time in which nobody watched."""
INBOX_REMEMBERED = timedelta(hours=24)
"""For how long a delivery is known again: Slack sends it again within minutes, after an outage of its own within hours."""
INBOX_PAGE = 1_000
NOWHERE = "nowhere yet. Name a channel: without one, cases stand in /cases only"
READ_AGAIN_SECONDS = 30.0
LOOK_SECONDS = 30.0
"""How often it is asked whether somebody was told a day ago, or a platform answers again."""
MODES = {"shadow": Status.SHADOW, "enforce": Status.ENFORCE}
LoadPolicy = Callable[[str], tuple[Policy, Mapping[str, str]]]
"""From a policy's name or folder to the policy and its files. Raises ValueErrors of one text for the operator."""
Prove = Callable[[Policy, str], Awaitable[None]]
"""Proves a policy for a community. Raises an error of one text where it fails its examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What the environment says, for communities and servers that nobody set up."""

    community: str = "main"
    mode: str = "shadow"
    policy: str = ""
    escalation_channel: str = ""
    moderator_role: str = ""
    moderators: frozenset[str] = frozenset()


class Community:
    """One community at work."""

    def __init__(self, parts: Parts, *, waits: bool, on_point: Callable[[str], None]) -> None:
        self.name = parts.community
        self.outbox = Outbox(parts.store, parts.community, parts.platforms, parts.clock, on_point=on_point)
        self.service = Service(parts, waits=waits, committed=self._committed, on_point=on_point)
        self.desk = Desk(lambda: self.parts, self._wake)
        self._look = asyncio.Event()
        self.away: timedelta | None = None

    @property
    def parts(self) -> Parts:
        """What it is made of now."""
        return self.service.parts

    async def _committed(self, new: bool) -> None:
        if new:
            self._wake()

    def _wake(self) -> None:
        """There may be something to perform, or to look at."""
        self.outbox.wake()
        self._look.set()

    async def start(self) -> None:
        """Read how far everything is, and how long nobody watched."""
        await self.service.start()
        await self.outbox.recover()
        async with self.parts.transaction() as transaction:
            before = await transaction.alive()
        self.away = self.parts.clock.now() - before if before and self.parts.clock.now() - before > GAP_MIN else None

    async def run(self) -> None:
        """Judge and perform until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.service.run(), name=f"service of {self.name}")
            tasks.create_task(self.outbox.run(self._look_after), name=f"outbox of {self.name}")
            tasks.create_task(self._read_again(), name=f"second reading of {self.name}")
            tasks.create_task(self._look_at_likes(), name=f"likes in {self.name}")

    async def _look_after(self) -> None:
        await self.service.casebook.look_after()
        await self.service.letters.read_support()
        await self.service.consents.look_after()
        async with self.parts.transaction() as transaction:
            await transaction.alive()
            await transaction.forget_inbox(transaction.now - INBOX_REMEMBERED)

    # What a platform asks that delivers once: what it has handed over is on record before it is told so.

    async def keep(self, event_id: str, payload: Any) -> bool:
        """Put what arrived (plain JSON) into the inbox, where it stays until it is judged; False if it came before. Raises StoreError."""
        async with self.parts.transaction() as transaction:
            return await transaction.add_inbox(event_id, payload)

    async def kept(self, limit: int = INBOX_PAGE) -> tuple[InboxRow, ...]:
        """What stands in the inbox and is not judged, oldest first."""
        async with self.parts.transaction() as transaction:
            return await transaction.inbox(limit)

    async def let_go(self, event_ids: Sequence[str]) -> None:
        """There is nothing to judge in these rows of the inbox, or it is judged: only their ids stay, for a day."""
        async with self.parts.transaction() as transaction:
            await transaction.inbox_done(event_ids)

    # What a platform asks that can do less than others.

    async def mute_of(self, platform: str, account: str) -> OutboxRow | None:
        """The mute in force against an account that ends last, as the action that sets it; None where there is none."""
        async with self.parts.transaction() as transaction:
            live = [one for one in await transaction.live_sanctions(platform, account) if one.kind == ActionKind.MUTE]
            details = [await transaction.case_detail(one.case) for one in live]
        now = self.parts.clock.now()
        rows = [row for detail in details if detail for row in detail.actions if row.action.kind is ActionKind.MUTE]
        running = [(row.action.until, row) for row in rows if row.action.until and row.action.until > now]
        return max(running, key=lambda one: one[0])[1] if running else None

    async def row_of(self, key: str) -> OutboxRow | None:
        """An action with what became of it: how often it was tried, since when it stands."""
        async with self.parts.transaction() as transaction:
            return await transaction.action(key)

    async def detail_of(self, case: int) -> CaseDetail | None:
        """Everything about a case."""
        async with self.parts.transaction() as transaction:
            return await transaction.case_detail(case)

    async def note(self, kind: str, case: int, values: Mapping[str, Any]) -> None:
        """Write an entry about a case into the audit trail: what a platform did in carrying out an action that goes on for a time."""
        async with self.parts.transaction() as transaction:
            await transaction.audit(kind, case=case, values=values)

    async def _read_again(self) -> None:
        """What could not be judged is read once more: beside everything else, because a platform may not answer."""
        while True:
            try:
                await self.service.read_again()
            except StoreError as error:
                log.error("the database cannot be written", error=str(error))
            await asyncio.sleep(READ_AGAIN_SECONDS)

    async def _look_at_likes(self) -> None:
        """Likes of hateful content are looked at beside everything else, because a platform may not answer."""
        while True:
            self._look.clear()
            try:
                if await self.service.likes.look_after():
                    self.outbox.wake()
                    continue
            except StoreError as error:
                log.error("the database cannot be written", error=str(error))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look.wait()

    async def settle(self) -> None:
        """Wait until what was accepted is judged, what is due is performed, and likes were looked at."""
        await self.service.drained()
        while await self.outbox.perform_due() or await self.service.likes.look_after():
            pass


class Communities:
    """All communities of this process."""

    def __init__(
        self,
        *,
        store: Store,
        scorer: Scorer,
        clock: Clock,
        sentences: Sentences,
        platforms: Mapping[str, Platform],
        defaults: Defaults,
        load_policy: LoadPolicy,
        prove: Prove,
        code_errors: tuple[type[Exception], ...] = (),
        waits: bool = False,
        on_point: Callable[[str], None] = nothing,
    ) -> None:
        """`code_errors`: what load_policy and prove raise for an operator to mend. `waits`: see Service."""
        self._store, self._scorer, self._clock, self._sentences = store, scorer, clock, sentences
        self.platforms = platforms
        self._defaults, self._load_policy, self._prove, self._errors = defaults, load_policy, prove, code_errors
        self._waits, self._on_point = waits, on_point
        self._setups: dict[tuple[str, str], ServerSetup] = {}
        self._at_work: dict[str, Community] = {}
        self._starting = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done with the error of a community that ended; else it waits."""

    async def __aenter__(self) -> Self:
        """Read what was set up."""
        async with self._store.transaction(self._defaults.community, self._clock.now()) as transaction:
            self._setups = {(one.platform, one.server): one for one in await transaction.server_setups()}
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.ended.done():
            self.ended.exception()  # it has been seen
        else:
            self.ended.cancel()

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() and not self.ended.done():
            self.ended.set_exception(task.exception() or RuntimeError())

    async def of(self, platform: str, server: str, *, name: str = "") -> Community:
        """The community of a server, started at first sight."""
        async with self._starting:
            setup = self._setups.get((platform, server)) or ServerSetup(
                platform=platform, server=server, community=self._community_for(platform, server)
            )
            if (platform, server) not in self._setups or (name and name != setup.name):
                setup = replace(setup, name=name or setup.name, first_seen_at=setup.first_seen_at or self._clock.now())
                async with self._store.transaction(setup.community, self._clock.now()) as transaction:
                    await transaction.put_server(setup)
                self._setups[platform, server] = setup
            if setup.community not in self._at_work:
                await self._start(setup.community)
            return self._at_work[setup.community]

    def _community_for(self, platform: str, server: str) -> str:
        """The default community has one server of each platform; another server is a community of its own."""
        taken = any(one.platform == platform and one.community == self._defaults.community for one in self._setups.values())
        return f"{platform}-{server}" if taken else self._defaults.community

    async def _start(self, name: str) -> None:
        async with self._store.transaction(name, self._clock.now()) as transaction:
            recorded = await transaction.community_setup()
        policy, source = self._load_policy(recorded.policy or self._defaults.policy)
        mode = MODES[recorded.mode or self._defaults.mode]
        if mode is Status.ENFORCE:
            await self._prove(policy, name)
        parts = Parts(
            community=name,
            store=self._store,
            scorer=self._scorer,
            policy=policy,
            policy_source=source,
            sentences=self._sentences,
            clock=self._clock,
            mode=mode,
            moderators=Roster(self._defaults.moderators),
            platforms=self.platforms,
        )
        community = Community(parts, waits=self._waits, on_point=self._on_point)
        await community.start()
        self._at_work[name] = community
        task = asyncio.create_task(community.run(), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._over)
        log.info("community at work", community=name, mode=str(mode), policy=policy.digest)

    def known(self, platform: str, server: str) -> Community | None:
        """The community of a server, if it is at work."""
        setup = self._setups.get((platform, server))
        return self._at_work.get(setup.community) if setup else None

    def all(self) -> tuple[Community, ...]:
        """Every community at work."""
        return tuple(self._at_work.values())

    def setup(self, platform: str, server: str) -> ServerSetup:
        """How a server is run: what was set up, the environment's defaults in its gaps."""
        setup = self._setups.get((platform, server)) or ServerSetup(platform=platform, server=server, community=self._defaults.community)
        return replace(
            setup,
            escalation_channel=setup.escalation_channel or self._defaults.escalation_channel,
            moderator_role=setup.moderator_role or self._defaults.moderator_role,
        )

    def moderate(self, platform: str, server: str, accounts: Collection[str]) -> None:
        """Say who moderates on a server from now on."""
        community = self.known(platform, server)
        if community:
            community.parts.moderators.moderate(platform, server, accounts)

    async def say_gap(self, platform: str, server: str) -> None:
        """Tell the moderators of a server for how long nobody watched, once after a start."""
        community = self.known(platform, server)
        if community is None or community.away is None:
            return
        since = self._clock.now() - community.away
        text = self._sentences["blind_window"].format(since=when(since), length=span(community.away))
        try:
            await self.platforms[platform].tell_moderators(server, text, f"{community.name}/away/{since:%Y%m%dT%H%M}")
        except (PlatformUnavailableError, PlatformRefusedError) as error:
            log.warning("the moderators were not told of the time away", platform=platform, reason=str(error))

    async def set_up(
        self,
        platform: str,
        server: str,
        *,
        community: str | None = None,
        mode: str | None = None,
        policy: str | None = None,
        escalation_channel: str | None = None,
        moderator_role: str | None = None,
    ) -> str:
        """Keep on record how a server is run, and run it so from now on; what is None stays. Says what is so now.

        Raises NotAllowedError: unknown mode, a policy that cannot be used, a community that cannot be changed while it is at work.
        """
        at_work = await self.of(platform, server)
        if community and community != at_work.name:
            raise NotAllowedError(
                f"this server belongs to the community {at_work.name}: to move it, stop Steward and set STEWARD_COMMUNITY for a first start"
            )
        if mode is not None and mode not in MODES:
            raise NotAllowedError(f"the mode is one of {', '.join(MODES)}")
        await self._change(at_work, mode, policy)
        setup = self._setups[platform, server]
        setup = replace(
            setup,
            set_up=True,
            escalation_channel=setup.escalation_channel if escalation_channel is None else escalation_channel,
            moderator_role=setup.moderator_role if moderator_role is None else moderator_role,
        )
        async with at_work.parts.transaction() as transaction:
            before = await transaction.community_setup()
            await transaction.put_community(mode=before.mode if mode is None else mode, policy=before.policy if policy is None else policy)
            await transaction.put_server(setup)
            await transaction.audit("set_up", values={"server": server, "mode": mode or "", "policy": policy or ""})
        self._setups[platform, server] = setup
        return await self.status(platform, server)

    async def _change(self, community: Community, mode: str | None, policy: str | None) -> None:
        """Another mode or policy from the next batch on; what cannot be used leaves everything as it was."""
        parts = community.parts
        wanted = MODES[mode] if mode else parts.mode
        try:
            compiled, source = self._load_policy(policy) if policy is not None else (parts.policy, parts.policy_source)
            if wanted is Status.ENFORCE and (policy is not None or parts.mode is not Status.ENFORCE):
                await self._prove(compiled, community.name)
        except self._errors as error:
            raise NotAllowedError(str(error)) from error
        community.service.use(policy=compiled, source=source, mode=wanted)

    async def reload(self, platform: str, server: str) -> str:
        """Read the policy again; a broken one, or one that fails its examples, leaves the old. Raises NotAllowedError."""
        community = await self.of(platform, server)
        async with community.parts.transaction() as transaction:
            recorded = await transaction.community_setup()
        await self._change(community, None, recorded.policy or self._defaults.policy)
        return f"The policy was read again: {community.parts.policy.digest}."

    async def reload_all(self) -> None:
        """Read every community's policy again; a broken one keeps the old, and the moderators are told."""
        for (platform, server), setup in self._setups.items():
            if setup.community not in self._at_work:
                continue
            try:
                log.info("policy loaded again", community=setup.community, result=await self.reload(platform, server))
            except NotAllowedError as error:
                log.error("the policy was not loaded again: the old one stays", error=str(error))
                await self._tell_broken(platform, server, str(error))

    async def _tell_broken(self, platform: str, server: str, why: str) -> None:
        try:
            text = self._sentences["policy_kept"].format(why=why)
            await self.platforms[platform].tell_moderators(server, text, f"policy/{self._clock.now():%Y%m%dT%H%M%S}")
        except (PlatformUnavailableError, PlatformRefusedError) as error:
            log.warning("the moderators were not told", reason=str(error))

    async def status(self, platform: str, server: str) -> str:
        """How a server stands, in words."""
        community = await self.of(platform, server)
        setup, parts = self.setup(platform, server), community.parts
        async with parts.transaction() as transaction:
            open_cases = len(await transaction.cases(CaseState.OPEN))
        live, behind = community.service.rooms_count(platform)
        told = "Rules are enforced." if parts.mode is Status.ENFORCE else "What would happen stands in /cases; nobody is told."
        return "\n".join(
            [
                f"Mode: {parts.mode}. {told}",
                f"Community: {community.name}. Policy: {parts.policy.name}.",
                f"Cards go to: {_shown(setup.escalation_channel) or NOWHERE}.",
                f"Moderators: {setup.moderator_role or 'by their rights on this server'}, {len(parts.moderators)} now.",
                f"Rooms: {live} live, {behind} being caught up. Waiting to be judged: {community.service.waiting}.",
                f"Open cases: {open_cases}.",
            ]
        )


def _shown(channel: str) -> str:
    """A channel that was named by its id is shown as a room."""
    return place(channel) if channel.isdecimal() else channel
