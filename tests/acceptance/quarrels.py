"""A branch in the middle of a row on a chat service that misbehaves, and Steward as a process in it: what the tests of that share.

Knows: how the process is started, killed and read, who speaks when, when something goes wrong; the Discord half of it.
Must not know: how a breach is found, how an action is performed.
Rules: the real process, the real model, the real policy, a real database; a branch looks at its chat service and at the record, never
at the process's inside; nothing is asked of either more often than some times a second.
"""

import asyncio
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from tests.acceptance.processes import TRIGGER
from tests.servers.discord import Channel, DiscordServer, Guild, Member, NotAllowedError, Permission
from tests.servers.discord.permissions import STEWARD
from tests.servers.slack import SlackServer

ROOT = Path(__file__).parents[2]
MESSAGES, BREACHES, MEMBERS, ROOMS, KILLS = 500, 60, 40, 5, 10
THREAT = "i am going to break your legs on saturday {name}"
BREACH_TEXTS = (TRIGGER, "{name} you are a pathetic lying idiot", THREAT)
FINE_TEXTS = (
    "see you at the stall at {number}",
    "who has the keys to room {number}?",
    "this budget is a disgrace and i will vote against item {number}",
    "leaflets for street {number} are done",
    "bloody hell the bus was late again, {number} minutes",
    "thanks {name}, see you at item {number}",
)
QUIET_MEMBERS = 2
"""Members who say nothing before a test lets them: nothing is on record of them."""
MEMBERS_SINCE = timedelta(days=400)
"""For how long all of them have been there: what is found in what newcomers say is not found in theirs."""
CALLS = ("escalate", "urgent")
TOLD = ("nudge", "warn", "notify")
CAUGHT_UP_SECONDS_MAX, SETTLED_SECONDS_MAX = 180.0, 240.0
"""Generous: a machine that is busy with something else takes ten times as long as an idle one."""
LOOK_SECONDS = 0.1
PAUSE_SECONDS = (0.01, 0.08)
"""Between one message and the next."""
UNHEARD_MAX = 5
"""Messages that are said between a kill and the next start."""


async def until(condition: Callable[[], bool], seconds: float, what: Callable[[], str]) -> None:
    """Wait until something is so. Raises AssertionError with `what` after so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what()}"
        await asyncio.sleep(LOOK_SECONDS)


class Branch(ABC):
    """One chat service of a branch: its rooms and members, what they say, what goes wrong with it."""

    platform: str
    """The platform's name on record."""
    server: DiscordServer | SlackServer
    place: str
    """The id of the guild or workspace, as the process logs it."""
    settings: Mapping[str, str]
    """What the process is told of it."""
    secrets: Sequence[str]
    troubles: Sequence[Callable[[], None]]
    """What can go wrong, each kind once."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.breaches: set[str] = set()
        self.fine: set[str] = set()
        self.said = 0

    @abstractmethod
    def say(self, *, breach: bool, text: str = "", quiet: bool = False, in_thread: bool = False) -> str:
        """Let somebody who may speak just now say something; gives its id.

        `quiet`: somebody who has not spoken before; `in_thread`: under an older message, where the service has threads of that kind.
        """

    @abstractmethod
    def must_be_whole(self, bot: "Bot") -> None:
        """Hold the record against what is to be seen on the service."""

    def text_of(self, mention: str, *, breach: bool, text: str) -> str:
        """Something to say that mentions somebody."""
        self.said += 1
        return (text or self.chance.choice(BREACH_TEXTS if breach else FINE_TEXTS)).format(name=mention, number=self.said)

    def in_cases(self, bot: "Bot") -> list[str]:
        """The messages of this service that are in a case, one for each time."""
        return [one for (one,) in bot.rows("SELECT message FROM case_messages WHERE platform = ?", self.platform)]

    def is_settled(self, bot: "Bot") -> bool:
        """Every breach is in a case, and nothing is left to be done."""
        left = bot.rows("SELECT 1 FROM actions WHERE platform = ? AND state IN ('pending', 'performing')", self.platform)
        return set(self.in_cases(bot)) >= self.breaches and not left

    def stands(self, bot: "Bot") -> str:
        """What is missing, for who reads why a test failed."""
        query = "SELECT key, state, attempts, error FROM actions WHERE platform = ? AND state IN ('pending', 'performing')"
        left = bot.rows(query, self.platform)
        return f"{self.platform}: in no case: {sorted(self.breaches - set(self.in_cases(bot)))}; left to do: {left}"


class Bot:
    """`steward run` as a process against the services of some branches."""

    def __init__(self, folder: Path, *branches: Branch) -> None:
        self.folder, self.branches = folder, branches
        self.process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave no process behind, however the test ends."""
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    @property
    def database(self) -> Path:
        return self.folder / "steward.db"

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "PATH": os.environ["PATH"],
            "STEWARD_DATABASE_URL": f"sqlite+aiosqlite:///{self.database}",
            "STEWARD_MODE": "enforce",
            "STEWARD_ESCALATION_CHANNEL": "officers",
            "STEWARD_MODERATOR_ROLE": "Moderators",
        }
        return own | {name: value for branch in self.branches for name, value in branch.settings.items()}

    async def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=self.environment, cwd=ROOT, stdout=log, stderr=log
            )

    async def kill(self) -> None:
        self.must_run()
        assert self.process, "it runs"
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        assert self.process, "it runs"
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(self.process.wait(), 60) == 0, self.logged()[-3000:]

    def must_run(self) -> None:
        assert self.process, "it was started"
        assert self.process.returncode is None, f"it ended by itself: {self.logged()[-3000:]}"

    async def caught_up(self, *branches: Branch, since: int) -> None:
        """Wait until it says that it has read what was said before on these services. `since`: the length of the log, see `mark`."""

        def is_so() -> bool:
            self.must_run()
            lines = self.logged(since).splitlines()
            said = [json.loads(line) for line in lines if '"caught up"' in line and line.endswith("}")]
            return {one.place for one in branches} <= {one.get("server") or one.get("workspace") for one in said}

        await until(is_so, CAUGHT_UP_SECONDS_MAX, lambda: f"caught up: {self.logged(since)[-3000:]}")

    def mark(self) -> int:
        """How much is logged by now, in bytes."""
        path = self.folder / "log"
        return path.stat().st_size if path.exists() else 0

    def logged(self, since: int = 0) -> str:
        with (self.folder / "log").open("rb") as log:
            log.seek(since)
            return log.read().decode("utf-8", errors="replace")

    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(query, values).fetchall()


class Evening:
    """A bad evening: who speaks when, what goes wrong when, when the process is killed."""

    def __init__(self, bot: Bot, chance: random.Random, *, troubles_each: int = 1) -> None:
        """`troubles_each`: how often each kind of trouble comes."""
        self.bot, self.chance, self.branches = bot, chance, bot.branches
        share = MESSAGES // len(self.branches)
        bad = BREACHES // len(self.branches)
        self.plan = [(branch, number < bad) for branch in self.branches for number in range(share)]
        chance.shuffle(self.plan)
        self.troubles = [trouble for branch in self.branches for trouble in branch.troubles] * troubles_each
        chance.shuffle(self.troubles)
        self.kills = 0

    @property
    def left(self) -> int:
        """How many messages of the plan are still to be said."""
        return len(self.plan)

    async def talk(self, count: int, *, troubles: int = 0, kills: int = 0) -> None:
        """So many messages of the plan, with troubles and kills at moments that nobody chose."""
        moments = range(1, count - kills * UNHEARD_MAX)
        wrong = Counter(self.chance.choices(moments, k=troubles))
        ends = set(self.chance.sample(moments, kills))
        left_then, moment = self.left - count, 0
        while self.left > left_then:
            moment += 1
            self._say_next()
            for _ in range(wrong[moment]):
                self.troubles.pop()()
            await asyncio.sleep(self.chance.uniform(*PAUSE_SECONDS))
            if moment in ends:
                await self.killed(self.chance.randint(0, UNHEARD_MAX))

    async def killed(self, unheard: int, *waits_for: Branch) -> None:
        """Kill it, let so many messages be said while nobody listens, start it; sometimes do not wait until it has begun.

        `waits_for`: services that it has to have caught up with, in any case.
        """
        await self.bot.kill()
        self.kills += 1
        for _ in range(unheard):
            self._say_next()
        since = self.bot.mark()
        await self.bot.start()
        if waits_for or self.chance.random() < 0.7:  # else it may be killed while it starts
            await self.bot.caught_up(*(waits_for or self.branches), since=since)

    def breaks(self, branch: Branch, **how: Any) -> str:
        """Let the next breach of a branch be said now, in a way that a test chooses; gives its id."""
        self.plan.remove((branch, True))
        return branch.say(breach=True, **how)

    def _say_next(self) -> None:
        branch, breach = self.plan.pop()
        branch.say(breach=breach)

    async def outage(self, away: Branch) -> None:
        """One service is away, over a start too; on the others what goes against the code is found and answered in time."""
        others = [one for one in self.branches if one is not away]
        await away.server.shut()
        self.breaks(away, in_thread=True)
        await self.talk(8)
        await self.killed(3, *others)
        await self.talk(8)
        said = [(other, self.breaks(other, text=THREAT, quiet=True)) for other in others]

        def are_answered() -> bool:
            self.bot.must_run()
            return all(is_answered_in_time(self.bot, other, message) for other, message in said)

        await until(
            are_answered, SETTLED_SECONDS_MAX, lambda: f"{[other.stands(self.bot) for other in others]} while {away.platform} is away"
        )
        since = self.bot.mark()
        await away.server.reopen()
        await self.bot.caught_up(away, since=since)

    async def ends(self) -> None:
        """Nothing goes wrong any more; all that was said is judged, all that follows is done."""
        for branch in self.branches:
            branch.server.clear_faults()

        def are_settled() -> bool:
            self.bot.must_run()
            return all(branch.is_settled(self.bot) for branch in self.branches)

        await until(are_settled, SETTLED_SECONDS_MAX, lambda: "; ".join(branch.stands(self.bot) for branch in self.branches))


def is_answered_in_time(bot: Bot, branch: Branch, message: str) -> bool:
    """Say whether a message is in a case that was opened in time, and what follows from it is done or given to people."""
    query = (
        'SELECT c.number FROM case_messages m JOIN cases c ON c.number = m."case" '
        "WHERE m.platform = ? AND m.message = ? AND c.late_seconds IS NULL"
    )
    found = bot.rows(query, branch.platform, message)
    states = [state for (case,) in found for (state,) in bot.rows('SELECT state FROM actions WHERE "case" = ?', case)]
    return bool(states) and set(states) <= {"done", "manual"}


def must_be_whole(bot: Bot) -> None:
    """The promises that hold whatever the service: on the record, and then on each service itself."""
    for branch in bot.branches:
        assert sorted(branch.in_cases(bot)) == sorted(branch.breaches), "each breach is in exactly one case, and no clean message in any"
    done = [key for (key,) in bot.rows("SELECT key FROM actions WHERE state = 'done'")]
    entries = [key for (key,) in bot.rows("SELECT action_key FROM audit WHERE kind = 'performed'")]
    assert sorted(entries) == sorted(done), "one performed entry each"
    late = {case for (case,) in bot.rows("SELECT number FROM cases WHERE late_seconds IS NOT NULL")}
    opened_late = bot.rows(
        'SELECT a."case", a.kind FROM actions a JOIN cases c ON c.number = a."case" WHERE c.late_seconds IS NOT NULL AND a.step = 1'
    )
    assert {case for case, _ in opened_late} == late, "what was found late has a card"
    assert {kind for _, kind in opened_late} <= set(CALLS), "and no penalty"
    for branch in bot.branches:
        in_time = bot.rows("SELECT number FROM cases WHERE late_seconds IS NULL AND platform = ?", branch.platform)
        least = len(branch.breaches) // 6
        assert len(in_time) > least, f"{branch.platform}: {len(in_time)} cases were judged in time, {len(late)} late: both must be tried"
        branch.must_be_whole(bot)
    verified = subprocess.run(
        [sys.executable, "-m", "bot", "audit", "verify"], env=bot.environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert verified.returncode == 0, verified.stderr
    for secret in (secret for branch in bot.branches for secret in branch.secrets):
        assert secret not in bot.logged()


class DiscordBranch(Branch):
    """A branch's Discord server."""

    platform = "discord"
    server: DiscordServer

    def __init__(self, server: DiscordServer, chance: random.Random) -> None:
        super().__init__(chance)
        self.server = server
        server.clock.advance(-MEMBERS_SINCE.total_seconds())
        self.guild: Guild = server.add_guild(bot_permissions=STEWARD | Permission.MANAGE_GUILD)
        self.place = self.guild.id
        self.rooms: list[Channel] = [server.add_channel(self.guild, f"room-{number}") for number in range(ROOMS)]
        self.officers = server.add_channel(self.guild, "officers")
        server.add_member(self.guild, "morgan", server.add_role(self.guild, "Moderators"))
        self.members: list[Member] = [server.add_member(self.guild, f"member{number}") for number in range(MEMBERS)]
        self.quiet = [server.add_member(self.guild, f"quiet{number}") for number in range(QUIET_MEMBERS)]
        self.everybody = (*self.members, *self.quiet)
        server.clock.advance(MEMBERS_SINCE.total_seconds())
        self.settings = {
            "STEWARD_DISCORD_TOKEN": server.token,
            "STEWARD_DISCORD_API_URL": server.api_url,
            "STEWARD_DISCORD_GATEWAY_URL": server.gateway_url,
        }
        self.secrets = (server.token,)
        self.troubles = (
            server.drop_socket,
            lambda: server.limit_next("*", "/**", chance.choice(("user", "shared", "global")), 0.2),
            lambda: server.fail_next("*", "/**", chance.choice((500, 502, 503))),
            lambda: server.duplicate_next(3),
            self._refuse_the_next_handshake,
            lambda: server.send_raw({"op": 0, "s": None, "t": "MESSAGE_CREATE", "d": {"id": "not a number"}}),
            lambda: server.fail_next("POST", "/channels/*/messages", ConnectionResetError, performed=True),
            lambda: server.invalidate(resumable=chance.random() < 0.5),
        )

    def _refuse_the_next_handshake(self) -> None:
        self.server.refuse_handshakes(1)
        self.server.drop_socket()

    def say(self, *, breach: bool, text: str = "", quiet: bool = False, in_thread: bool = False) -> str:
        del in_thread  # a thread is a room of its own here
        room = self.chance.choice(self.rooms)
        people = [self.quiet.pop()] if quiet else self.chance.sample(self.members, MEMBERS)
        said = self.text_of(self.chance.choice(self.members).mention, breach=breach, text=text)
        for member in people:
            try:
                message = self.server.say(room, member, said)
            except NotAllowedError:
                continue  # timed out: somebody else speaks
            (self.breaches if breach else self.fine).add(message.id)
            return message.id
        raise AssertionError("nobody may speak")

    def must_be_whole(self, bot: Bot) -> None:
        server = self.server
        unfinished = bot.rows("SELECT key, state, error FROM actions WHERE platform = 'discord' AND state NOT IN ('done', 'dropped')")
        assert not unfinished, unfinished
        cards = [one for one in server.performed_messages(self.officers) if one.embeds]
        brought = f"SELECT DISTINCT \"case\" FROM actions WHERE platform = 'discord' AND kind IN {CALLS} AND state = 'done'"
        assert len(cards) == len(bot.rows(brought)), "one card for each case that was brought before the moderators"
        told = Counter(
            target for (target,) in bot.rows(f"SELECT target FROM actions WHERE platform = 'discord' AND kind IN {TOLD} AND state = 'done'")
        )
        for member in self.everybody:
            read = server.performed_messages(server.direct_channel(member))
            assert len(read) == told[member.id], f"{member.id}: each notice once"
        for (message,) in bot.rows("SELECT message FROM actions WHERE platform = 'discord' AND kind = 'hide' AND state = 'done'"):
            assert server.world.message(message) is None, "what was hidden is gone"
        deleted = Counter(one.path for one in server.requests("DELETE", "/channels/*/messages/*") if one.status == 204)
        assert not deleted or max(deleted.values()) == 1
        touched = {message for (message,) in bot.rows("SELECT message FROM actions WHERE platform = 'discord' AND message <> ''")}
        assert not self.fine & touched
        there = {message for room in self.rooms for message in room.messages}
        assert there >= self.fine, "no clean message is gone"
