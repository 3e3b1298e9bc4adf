"""The bot as a process on a Discord that misbehaves, killed with -9 again and again: nothing is lost, nothing is done twice."""

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, Self

import pytest

from tests.acceptance.processes import TRIGGER
from tests.servers.discord import Channel, DiscordServer, Guild, Member, NotAllowedError, Permission
from tests.servers.discord.permissions import STEWARD

MESSAGES, BREACHES, MEMBERS, ROOMS, KILLS = 500, 60, 40, 5, 10
BREACH_TEXTS = (TRIGGER, "{name} you are a pathetic lying idiot", "i am going to break your legs on saturday {name}")
FINE_TEXTS = (
    "see you at the stall at {number}",
    "who has the keys to room {number}?",
    "this budget is a disgrace and i will vote against item {number}",
    "leaflets for street {number} are done",
    "bloody hell the bus was late again, {number} minutes",
)
CALLS = ("escalate", "urgent")


class Bot:
    """`steward run` as a process against the test's Discord."""

    def __init__(self, server: DiscordServer, folder: Path) -> None:
        self.server, self.folder = server, folder
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
        return {
            "PATH": os.environ["PATH"],
            "STEWARD_DATABASE_URL": f"sqlite+aiosqlite:///{self.database}",
            "STEWARD_DISCORD_TOKEN": self.server.token,
            "STEWARD_DISCORD_API_URL": self.server.api_url,
            "STEWARD_DISCORD_GATEWAY_URL": self.server.gateway_url,
            "STEWARD_MODE": "enforce",
            "STEWARD_ESCALATION_CHANNEL": "officers",
            "STEWARD_MODERATOR_ROLE": "Moderators",
        }

    async def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=self.environment, cwd=Path(__file__).parents[2], stdout=log, stderr=log
            )

    async def caught_up(self) -> None:
        """Wait until it has read what was said before it was there."""
        before = self.logged().count("caught up")
        await self.server.holds(lambda: self.logged().count("caught up") > before, 180)

    async def kill(self) -> None:
        assert self.process, "it runs"
        assert self.process.returncode is None, f"it ended by itself: {self.logged()[-3000:]}"
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        assert self.process, "it runs"
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(self.process.wait(), 60) == 0, self.logged()[-3000:]

    def logged(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(query).fetchall()


class Row:
    """A branch in the middle of a row: who says what, and what goes wrong meanwhile."""

    def __init__(self, server: DiscordServer, chance: random.Random) -> None:
        self.server, self.chance = server, chance
        self.guild: Guild = server.add_guild(bot_permissions=STEWARD | Permission.MANAGE_GUILD)
        self.rooms: list[Channel] = [server.add_channel(self.guild, f"room-{number}") for number in range(ROOMS)]
        self.officers = server.add_channel(self.guild, "officers")
        server.add_member(self.guild, "morgan", server.add_role(self.guild, "Moderators"))
        self.members: list[Member] = [server.add_member(self.guild, f"member{number}") for number in range(MEMBERS)]
        self.breaches: set[str] = set()
        self.said = 0
        self.plan = [True] * BREACHES + [False] * (MESSAGES - BREACHES)
        chance.shuffle(self.plan)

    def say_next(self) -> None:
        """One message of the plan, by somebody who may speak just now."""
        breach, room = self.plan[self.said], self.chance.choice(self.rooms)
        self.said += 1
        for member in self.chance.sample(self.members, MEMBERS):
            other = self.chance.choice(self.members)
            texts = BREACH_TEXTS if breach else FINE_TEXTS
            text = self.chance.choice(texts).format(name=other.mention, number=self.said)
            try:
                message = self.server.say(room, member, text)
            except NotAllowedError:
                continue  # timed out: somebody else speaks
            self.breaches |= {message.id} if breach else set()
            return
        raise AssertionError("nobody may speak")

    def disturb(self) -> None:
        """Something goes wrong."""
        match self.chance.randrange(8):
            case 0:
                self.server.drop_socket()
            case 1:
                self.server.limit_next("*", "/**", self.chance.choice(("user", "shared", "global")), 0.2)
            case 2:
                self.server.fail_next("*", "/**", self.chance.choice((500, 502, 503)))
            case 3:
                self.server.duplicate_next(3)
            case 4:
                self.server.refuse_handshakes(1)
                self.server.drop_socket()
            case 5:
                self.server.send_raw({"op": 0, "s": None, "t": "MESSAGE_CREATE", "d": {"id": "not a number"}})
            case 6:
                self.server.fail_next("POST", "/channels/*/messages", ConnectionResetError, performed=True)
            case _:
                self.server.invalidate(resumable=self.chance.random() < 0.5)


async def quarrel(folder: Path, seed: int) -> None:
    """Everything that the rules of this module promise, once."""
    chance = random.Random(seed)
    async with DiscordServer() as server, Bot(server, folder) as bot:
        row = Row(server, chance)
        server.refuse_handshakes(1)
        await bot.start()
        await bot.caught_up()
        kills = sorted(chance.sample(range(20, MESSAGES - 20), KILLS))
        while row.said < MESSAGES:
            row.say_next()
            if chance.random() < 0.03:
                row.disturb()
            await asyncio.sleep(chance.uniform(0.02, 0.15))
            if kills and row.said >= kills[0]:
                kills.pop(0)
                await bot.kill()
                for _ in range(chance.randrange(6)):
                    if row.said < MESSAGES:
                        row.say_next()
                await bot.start()
                if chance.random() < 0.7:  # else it is killed while it starts
                    await bot.caught_up()
        server.clear_faults()
        await server.holds(lambda: settled(bot, row), 240)
        await bot.stop()
        must_be_whole(bot, row)


def settled(bot: Bot, row: Row) -> bool:
    """Every breach is in a case, and nothing is left to be done."""
    assert bot.process, "it runs"
    assert bot.process.returncode is None, f"it ended by itself: {bot.logged()[-3000:]}"
    found = {message for (message,) in bot.rows("SELECT message FROM case_messages")}
    return found >= row.breaches and not bot.rows("SELECT 1 FROM actions WHERE state IN ('pending', 'performing')")


def must_be_whole(bot: Bot, row: Row) -> None:
    """The promises, on the record and on the server."""
    server = row.server
    in_cases = [message for (message,) in bot.rows("SELECT message FROM case_messages")]
    assert sorted(in_cases) == sorted(row.breaches), "each breach is in exactly one case, and no clean message in any"
    states = Counter(state for (state,) in bot.rows("SELECT state FROM actions"))
    assert set(states) <= {"done", "dropped"}, bot.rows("SELECT key, state, error FROM actions WHERE state NOT IN ('done', 'dropped')")
    done = {key for (key,) in bot.rows("SELECT key FROM actions WHERE state = 'done'")}
    entries = [key for (key,) in bot.rows("SELECT action_key FROM audit WHERE kind = 'performed'")]
    assert sorted(entries) == sorted(done), "one performed entry each"

    cards = [one for one in server.performed_messages(row.officers) if one.embeds]
    cases_with_cards = {case for (case,) in bot.rows(f"SELECT DISTINCT \"case\" FROM actions WHERE kind IN {CALLS} AND state = 'done'")}
    assert len(cards) == len(cases_with_cards), "one card for each case that was brought before the moderators"
    told = Counter(
        bot_target for (bot_target,) in bot.rows("SELECT target FROM actions WHERE kind IN ('nudge','warn','notify') AND state='done'")
    )
    for member in row.members:
        read = server.performed_messages(server.direct_channel(member))
        assert len(read) == told[member.id], f"{member.id}: each notice once"
    for (message,) in bot.rows("SELECT message FROM actions WHERE kind = 'hide' AND state = 'done'"):
        assert server.world.message(message) is None, "what was hidden is gone"
    deleted = Counter(one.path for one in server.requests("DELETE", "/channels/*/messages/*") if one.status == 204)
    assert not deleted or max(deleted.values()) == 1

    late = {case for (case,) in bot.rows("SELECT number FROM cases WHERE late_seconds IS NOT NULL")}
    opened_late = bot.rows(
        'SELECT a."case", a.kind FROM actions a JOIN cases c ON c.number = a."case" WHERE c.late_seconds IS NOT NULL AND a.step = 1'
    )
    assert {case for case, _ in opened_late} == late, "what was found late has a card"
    assert {kind for _, kind in opened_late} <= set(CALLS), "and no penalty"
    in_time = bot.rows("SELECT number FROM cases WHERE late_seconds IS NULL")
    assert len(in_time) > BREACHES // 6, f"{len(in_time)} cases were judged in time, {len(late)} late: both must be tried"
    fine = {str(one.id) for room in row.rooms for one in room.messages.values()} - row.breaches
    touched = {message for (message,) in bot.rows("SELECT message FROM actions WHERE message <> ''")}
    assert not fine & touched
    verified = subprocess.run(
        [sys.executable, "-m", "bot", "audit", "verify"], env=bot.environment, capture_output=True, text=True, check=False
    )
    assert verified.returncode == 0, verified.stderr
    assert server.token not in bot.logged()


async def test_killed_ten_times_on_a_bad_evening_nothing_is_lost_or_done_twice(tmp_path: Path) -> None:
    await quarrel(tmp_path, seed=20)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
async def test_killed_on_other_bad_evenings_nothing_is_lost_or_done_twice(tmp_path: Path, seed: int) -> None:
    await quarrel(tmp_path, seed=seed)
