"""The bot as a process on a Discord that misbehaves, killed with -9 again and again: nothing is lost, nothing is done twice."""

import random
from pathlib import Path

import pytest

from tests.acceptance.quarrels import KILLS, MESSAGES, Bot, DiscordBranch, Evening, must_be_whole
from tests.servers.discord import DiscordServer


async def quarrel(folder: Path, seed: int) -> None:
    """Everything that the rules of this module promise, once."""
    chance = random.Random(seed)
    async with DiscordServer() as server:
        branch = DiscordBranch(server, chance)
        async with Bot(folder, branch) as bot:
            evening = Evening(bot, chance, troubles_each=2)
            server.refuse_handshakes(1)
            await bot.start()
            await bot.caught_up(branch, since=0)
            await evening.talk(MESSAGES, troubles=len(evening.troubles), kills=KILLS)
            await evening.ends()
            await bot.stop()
            must_be_whole(bot)


async def test_killed_ten_times_on_a_bad_evening_nothing_is_lost_or_done_twice(tmp_path: Path) -> None:
    await quarrel(tmp_path, seed=20)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
async def test_killed_on_other_bad_evenings_nothing_is_lost_or_done_twice(tmp_path: Path, seed: int) -> None:
    await quarrel(tmp_path, seed=seed)
