"""Where the network is away, the log says once what helps."""

import asyncio

import pytest
import structlog

from bot.platforms.discord import supervisor
from bot.platforms.discord.supervisor import keep_connected


async def test_first_line_of_a_lost_connection_names_the_doctor_and_the_others_do_not() -> None:
    enough, tries = asyncio.Event(), 0

    async def connect() -> None:
        nonlocal tries
        tries += 1
        if tries == 4:
            enough.set()
        raise OSError("away")

    with structlog.testing.capture_logs() as lines:
        keeping = asyncio.create_task(keep_connected(connect, pause_seconds_min=0.001, pause_seconds_max=0.01))
        await asyncio.wait_for(enough.wait(), 30)
        keeping.cancel()
        await asyncio.wait([keeping])
    assert ["steward doctor" in line.get("hint", "") for line in lines[:3]] == [True, False, False]


async def test_a_cancellation_that_the_library_swallows_is_said_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "CANCEL_SECONDS", 0.01)
    connected, swallowed = asyncio.Event(), []

    async def connect() -> None:
        connected.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            swallowed.append(True)
        await asyncio.sleep(3600)

    keeping = asyncio.create_task(keep_connected(connect))
    await connected.wait()
    keeping.cancel()
    async with asyncio.timeout(5):
        await asyncio.wait([keeping])
    assert keeping.cancelled()
    assert swallowed == [True]
