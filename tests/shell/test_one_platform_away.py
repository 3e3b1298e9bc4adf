"""Two platforms in one community: while one does not answer, what happens on the other goes on.

Knows: how a platform can be away. Must not know: any real platform.
Rules: the platform that is away answers nothing, neither yes nor no, until the test is over.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.clocks import SystemClock
from bot.communities import Communities, Community, Defaults
from bot.core.model import Message
from bot.folders import load_sentences
from bot.ports import PlatformUnavailableError
from bot.store.store import Store
from tests.shell.branch import INSULTING, Chat, TableScorer, compiled

UNREADABLE = "frightfully unreadable"
WAIT_SECONDS_MAX = 3.0


class AwayChat(Chat):
    """A chat that does not answer: a request waits, and history cannot be had."""

    name = "away"

    async def read(self, room: str, message_id: str) -> Message | None:
        del room, message_id
        await asyncio.Event().wait()
        return None

    async def history(self, room: str, after: str) -> AsyncIterator[Sequence[Message]]:
        if room and not after.isdecimal():
            yield ()
        raise PlatformUnavailableError("it is away")


def said(platform: str, number: int, text: str) -> Message:
    """A message said now."""
    return Message(
        community="main", platform=platform, server="branch", room="room", id=str(number), author=f"alex{number}", text=text,
        sent_at=datetime.now(UTC),
    )  # fmt: skip


@asynccontextmanager
async def branch(folder: Path, here: Chat, away: AwayChat, scorer: TableScorer) -> AsyncIterator[Community]:
    """One community with both."""
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/steward.db")

    async def prove(*_: object) -> None:
        """The tests of policies prove it."""

    communities = Communities(
        store=store, scorer=scorer, clock=SystemClock(), sentences=load_sentences(), platforms={away.name: away, here.name: here},
        defaults=Defaults(mode="enforce", policy="small"), load_policy=lambda _: compiled(), prove=prove,
    )  # fmt: skip
    try:
        async with communities:
            community = await communities.of(here.name, "branch")
            assert await communities.of(away.name, "branch") is community
            yield community
    finally:
        await store.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_platform_that_does_not_say_what_stayed_unjudged_holds_up_nobody_elses_actions(tmp_path: Path) -> None:
    here, away, scorer = Chat(), AwayChat(), TableScorer()
    scorer.missing[UNREADABLE] = "failure"
    async with branch(tmp_path, here, away, scorer) as community:
        await community.service.accept(said("away", 1, UNREADABLE))
        await community.service.drained()
        await community.service.accept(said("test", 1, INSULTING))
        await until(lambda: bool(here.performed))


async def test_a_platform_that_is_away_does_not_keep_another_from_being_caught_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.service.QUEUE_LENGTH_MAX", 4)
    monkeypatch.setattr("bot.service.SCORED_LENGTH_MAX", 2)
    here, away, scorer = Chat(), AwayChat(), TableScorer()
    async with branch(tmp_path, here, away, scorer) as community:
        service = community.service
        for platform in ("away", "test"):
            await service.accept(said(platform, 1, "hello"))
        await service.drained()
        service.fresh_session("away")
        held = scorer.held["slow"] = asyncio.Event()
        here.said = [said("test", number, f"slow number {number}") for number in range(2, 22)]
        taken = []
        for one in here.said:
            taken.append(await service.accept(one))
            await asyncio.sleep(0)
        assert not all(taken), "there is more than has room"
        held.set()
        await until(lambda: service.rooms_count("test") == (1, 0))
