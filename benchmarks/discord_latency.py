"""From what a member writes on Discord to the request that deletes it: milliseconds, with the shipped model and policy.

    python -m benchmarks.discord_latency [--seconds N] [--a-second N] [--policy NAME]

A Discord on loopback says so many messages a second in five rooms, one in ten of them a threat by a new member; the adapter, the
service, the model, the store and the outbox are those of a real run, in this process together with the server. Prints the median,
the 95th percentile and the longest time from the dispatch of MESSAGE_CREATE to the arrival of the DELETE request.
"""

import argparse
import asyncio
import statistics
import tempfile
from collections.abc import Mapping
from contextlib import suppress

import structlog
from pydantic import SecretStr

from bot.clocks import SystemClock
from bot.communities import Communities, Defaults
from bot.compiler.policy import compile_policy
from bot.core.policy import Policy
from bot.folders import find_policy, load_sentences, read_policy_files
from bot.platforms.discord.platform import Discord
from bot.ports import Platform
from bot.store.store import Store
from bot.toxicity.embedded import HERE, EmbeddedScorer
from tests.servers.discord import DiscordServer
from tests.servers.discord.world import Channel

ROOMS = 5
THREAT = "I am going to find you and kill you"
TALK = (
    "the meeting starts at seven in the library",
    "I think the budget is a mistake and I will vote against it",
    "who brings the leaflets on Saturday?",
    "that is a good point, let us put it on the agenda",
    "I do not agree at all, this policy helps nobody",
)
SETTLE_SECONDS = 10.0


def load_policy(name: str) -> tuple[Policy, Mapping[str, str]]:
    """The policy and its files."""
    source = read_policy_files(find_policy(name))
    return compile_policy(source), source


async def proven(_: Policy, __: str) -> None:
    """The policy is proven by its own tests, not here."""


async def measure(seconds: float, a_second: int, policy: str) -> list[float]:
    """Milliseconds from dispatch to delete request, one for each threat."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    platforms: dict[str, Platform] = {}
    with tempfile.TemporaryDirectory() as folder:
        scorer = EmbeddedScorer(HERE)
        store = await Store.open(f"sqlite+aiosqlite:///{folder}/steward.db")
        async with DiscordServer() as server:
            guild = server.add_guild()
            server.add_channel(guild, "officers")
            rooms = [guild.channel("general"), *(server.add_channel(guild, f"room{number}") for number in range(1, ROOMS))]
            people = [server.add_member(guild, f"member{number}") for number in range(int(seconds * a_second / 10) + 40)]
            defaults = Defaults(mode="enforce", policy=policy, escalation_channel="officers")
            async with Communities(
                store=store, scorer=scorer, clock=SystemClock(), sentences=load_sentences(), platforms=platforms, defaults=defaults,
                load_policy=load_policy, prove=proven,
            ) as communities:  # fmt: skip
                adapter = Discord(
                    communities, token=SecretStr(server.token), api_url=server.api_url, gateway_url=server.gateway_url,
                    guild_ready_timeout=0.05,
                )  # fmt: skip
                platforms[adapter.name] = adapter
                listening = asyncio.create_task(adapter.listen())
                await server.holds(lambda: communities.known("discord", guild.id) is not None, 60)
                await asyncio.sleep(1)
                said: dict[str, float] = {}
                try:
                    for number in range(int(seconds * a_second)):
                        room: Channel = rooms[number % ROOMS]
                        threat = number % 10 == 5
                        who = people[40 + number // 10] if threat else people[number % 40]
                        message = server.say(room, who, THREAT if threat else f"{TALK[number % len(TALK)]} ({number})")
                        if threat:
                            said[message.id] = message.sent_at.timestamp()
                        await asyncio.sleep(1 / a_second)
                    with suppress(TimeoutError):  # what was not deleted is missing in the count
                        await server.requested("DELETE", "/channels/*/messages/*", len(said), SETTLE_SECONDS)
                finally:
                    listening.cancel()
                    await asyncio.wait([listening])
            deleted = {one.path.rsplit("/", 1)[1]: one.at.timestamp() for one in server.requests("DELETE", "/channels/*/messages/*")}
        await store.close()
        await scorer.close()
    return [(deleted[one] - at) * 1000 for one, at in said.items() if one in deleted]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--a-second", type=int, default=20)
    parser.add_argument("--policy", default="labour-social-media")
    options = parser.parse_args()
    found = sorted(asyncio.run(measure(options.seconds, options.a_second, options.policy)))
    wanted = int(options.seconds * options.a_second / 10)
    print(f"{len(found)} of {wanted} threats deleted, at {options.a_second} messages a second")
    if found:
        late = found[min(len(found) - 1, int(len(found) * 0.95))]
        print(f"from MESSAGE_CREATE to the delete request: median {statistics.median(found):.0f} ms, 95 % within {late:.0f} ms")
        print(f"longest {found[-1]:.0f} ms")


if __name__ == "__main__":
    main()
