"""What stays behind when a branch talks for a long time: memory must not grow with messages, the database only with contact rows.

    python -m benchmarks.growth [--messages N] [--every N]

Sends messages with recorded scores (no model) through the whole service on a real database file. Prints, at every step, the
memory of the process, the size of the database and its contact rows, and in the end what one message more costs of each.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from bot.casebook import Parts
from bot.clocks import ReplayClock
from bot.core.model import Message, Scored, Status
from bot.folders import find_policy, load_policy, load_sentences, read_policy_files
from bot.service import Service
from bot.store.store import Store

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MEMBERS, ROOMS = 300, 12
EVERY_SECONDS = 20
"""Between two messages of the whole branch: 200,000 of them are 46 days, so that no contact row is deleted yet."""
LINES = (
    "see you on Thursday",
    "that budget is a disgrace",
    "who has the keys?",
    "nine votes, nine!",
    "read the minutes, all of it is there",
)
ADDRESSED_SHARE = 0.3


class Recorded:
    """Gives every text the scores of a calm message."""

    labels: tuple[str, ...] = ("toxicity", "insult", "threat", "obscene", "identity_attack", "sexual")
    digest = "recorded"

    async def score(self, text: str, pointed_out: Sequence[int] = ()) -> Scored:
        return self.score_now(text, pointed_out)

    def score_now(self, text: str, pointed_out: Sequence[int] = ()) -> Scored:
        del text, pointed_out
        return Scored(values=dict.fromkeys(self.labels, 0.01))

    async def close(self) -> None:
        """Nothing to let go of."""


def memory_mb() -> float:
    """Memory of this process now, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


def message(number: int, dice: random.Random) -> Message:
    """A message of an ordinary evening; some address a member."""
    author, target = dice.sample(range(MEMBERS), 2)
    to = f"m{target}" if dice.random() < ADDRESSED_SHARE else ""
    return Message(
        community="main",
        platform="bench",
        room=f"r{dice.randrange(ROOMS)}",
        id=str(number),
        author=f"m{author}",
        text=f"{f'@{to} ' if to else ''}{dice.choice(LINES)} {number}",
        sent_at=BEGIN + timedelta(seconds=number * EVERY_SECONDS),
        mentions=(to,) if to else (),
    )


async def measure(messages: int, every: int, folder: Path) -> None:
    """Send them and print."""
    file, clock, dice = folder / "steward.db", ReplayClock(BEGIN), random.Random(1)
    store = await Store.open(f"sqlite+aiosqlite:///{file}")
    parts = Parts(
        community="main",
        store=store,
        scorer=Recorded(),
        policy=load_policy("labour-social-media"),
        policy_source=read_policy_files(find_policy("labour-social-media")),
        sentences=load_sentences(),
        clock=clock,
        mode=Status.ENFORCE,
    )
    service = Service(parts, waits=True)
    running = asyncio.create_task(service.run())
    steps: list[tuple[int, float, float, int]] = []
    began = time.perf_counter()
    for number in range(1, messages + 1):
        await service.accept(message(number, dice))
        if number % every == 0:
            await service.drained()
            await store.checkpoint()
            async with store.transaction("main", clock.now()) as transaction:
                rows = (await transaction.connection.exec_driver_sql("SELECT count(*) FROM contacts")).scalar_one()
            steps.append((number, memory_mb(), file.stat().st_size / 2**20, rows))
            print("{:>9,} messages · {:7.1f} MB of memory · {:7.1f} MB on disk · {:,} contact rows".format(*steps[-1]), flush=True)
    seconds = time.perf_counter() - began
    running.cancel()
    await asyncio.wait([running])
    await store.close()
    (n1, memory1, disk1, rows1), (n2, memory2, disk2, rows2) = steps[len(steps) // 2 - 1], steps[-1]
    print(f"{messages / seconds:,.0f} messages a second")
    print(f"second half: {(memory2 - memory1) * 2**20 / (n2 - n1):.1f} bytes of memory a message")
    print(f"second half: {(disk2 - disk1) * 2**20 / max(rows2 - rows1, 1):.0f} bytes on disk a contact row")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--every", type=int, default=20_000)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(options.messages, options.every, Path(folder)))


if __name__ == "__main__":
    main()
