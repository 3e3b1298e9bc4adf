"""What stays behind when a branch talks for a long time: memory must not grow with messages, the database only with contact rows.

    python -m benchmarks.growth [--messages N] [--steps N] [--model] [--attack-every N]

Sends messages with recorded scores, or with `--model` those of the embedded one, through the whole service on a real database
file, with the sweeps that time brings. Prints a line of progress at every hundredth, at every step the memory of the process, the
size of the database and its contact rows; in the end what one message more costs of each, and the database by table.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clocks import ReplayClock
from bot.core.model import Message, Scored, Status
from bot.folders import find_policy, load_policy, load_sentences, read_policy_files
from bot.parts import Parts
from bot.ports import Scorer
from bot.service import Service
from bot.store.store import Store
from bot.toxicity.choosing import open_scorer

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MEMBERS, ROOMS = 300, 12
EVERY_SECONDS = 20
"""Between two messages of the whole branch: 200,000 of them are 46 days, a million 231. Contact rows are kept for 90."""
SWEEP_EVERY = 180
"""Messages, an hour of them, between two looks at what time alone brings."""
ADDRESSED_SHARE = 0.3
ATTACK = "you are a pathetic liar"
CALM, ANGRY = 0.01, 0.97
PROGRESS_STEPS = 100
BYTES = """
SELECT s.tbl_name AS name, sum(d.pgsize) AS bytes FROM dbstat AS d JOIN sqlite_schema AS s ON s.name = d.name
WHERE s.tbl_name NOT LIKE 'sqlite!_%' ESCAPE '!' GROUP BY s.tbl_name
"""
"""Of a table with its indexes."""


class Recorded:
    """Gives the attack the scores of an attack, and every other text those of a calm message."""

    labels: tuple[str, ...] = ("toxicity", "insult", "threat", "obscene", "identity_attack", "sexual")
    digest = "recorded"

    async def score(self, text: str, pointed_out: Sequence[int] = ()) -> Scored:
        return self.score_now(text, pointed_out)

    def score_now(self, text: str, pointed_out: Sequence[int] = ()) -> Scored:
        del pointed_out
        angry = ("toxicity", "insult") if ATTACK in text else ()
        return Scored(values={label: ANGRY if label in angry else CALM for label in self.labels})

    async def close(self) -> None:
        """Nothing to let go of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was there after so many messages; memory and disk in MB."""

    messages: int
    memory: float
    disk: float
    rows: int


def memory_mb() -> float:
    """Memory of this process now, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


def message(number: int, dice: random.Random, lines: Sequence[str], attack_every: int) -> Message:
    """A message of an ordinary evening; some address a member, and every so many attack one (0: none does)."""
    author, target = dice.sample(range(MEMBERS), 2)
    attacks = attack_every > 0 and number % attack_every == 0
    to = f"m{target}" if attacks or dice.random() < ADDRESSED_SHARE else ""
    return Message(
        community="main",
        platform="bench",
        room=f"r{dice.randrange(ROOMS)}",
        id=str(number),
        author=f"m{author}",
        text=f"{f'@{to} ' if to else ''}{ATTACK if attacks else dice.choice(lines)} {number}",
        sent_at=BEGIN + timedelta(seconds=number * EVERY_SECONDS),
        mentions=(to,) if to else (),
    )


async def measure(options: argparse.Namespace, folder: Path) -> None:
    """Send them and print."""
    file, clock, dice = folder / "steward.db", ReplayClock(BEGIN), random.Random(1)
    store = await Store.open(f"sqlite+aiosqlite:///{file}")
    scorer: Scorer = open_scorer("", None) if options.model else Recorded()
    policy = load_policy("labour-social-media")
    parts = Parts(
        community="main",
        store=store,
        scorer=scorer,
        policy=policy,
        policy_source=read_policy_files(find_policy("labour-social-media")),
        sentences=load_sentences(),
        clock=clock,
        mode=Status.ENFORCE,
    )
    lines = [line for talk in policy.ordinary_talk for line in talk.lines]
    service = Service(parts, waits=True)
    for member in range(MEMBERS):
        service.learn(f"m{member}", f"Member{member} Surname{member}")
    running = asyncio.create_task(service.run())
    steps: list[Step] = []
    began = time.perf_counter()
    for number in range(1, options.messages + 1):
        await service.accept(message(number, dice, lines, options.attack_every))
        if number % SWEEP_EVERY == 0:
            await service.casebook.look_after()
        if number % max(options.messages // PROGRESS_STEPS, 1) == 0:
            print(f"{number / options.messages:6.0%} after {time.perf_counter() - began:,.0f} s, {memory_mb():.1f} MB", flush=True)
        if number % (options.messages // options.steps) == 0:
            await service.drained()
            await store.checkpoint()
            async with store.transaction("main", clock.now()) as transaction:
                rows = (await transaction.connection.exec_driver_sql("SELECT count(*) FROM contacts")).scalar_one()
            steps.append(Step(messages=number, memory=memory_mb(), disk=file.stat().st_size / 2**20, rows=rows))
            print(f"{number:>9,} messages · {_shown(steps[-1])}", flush=True)
    seconds = time.perf_counter() - began
    async with store.transaction("main", clock.now()) as transaction:
        tables = await by_table(transaction.connection)
    running.cancel()
    await asyncio.wait([running])
    await store.close()
    await scorer.close()
    print(f"{options.messages / seconds:,.0f} messages a second")
    show(steps, tables)


async def by_table(connection: AsyncConnection) -> list[tuple[str, int, int]]:
    """Table, its rows, and its bytes with its indexes; the largest first."""
    counted = []
    for table in (await connection.exec_driver_sql(BYTES)).mappings().all():
        rows = (await connection.exec_driver_sql(f'SELECT count(*) FROM "{table["name"]}"')).scalar_one()
        counted.append((str(table["name"]), int(rows), int(table["bytes"])))
    return sorted(counted, key=lambda one: -one[2])


def _shown(step: Step) -> str:
    return f"{step.memory:7.1f} MB of memory · {step.disk:7.1f} MB on disk · {step.rows:,} contact rows"


def show(steps: Sequence[Step], tables: Sequence[tuple[str, int, int]]) -> None:
    """The database by table, and what a message or a contact row more costs in the second half."""
    print("table                    rows        bytes")
    for name, rows, size in tables:
        if rows:
            print(f"{name:<18} {rows:>10,} {size:>12,}")
    half, last = steps[len(steps) // 2 - 1], steps[-1]
    for step in (steps[max(len(steps) // 10 - 1, 0)], half, last):
        print(f"{step.messages / last.messages:5.0%}: {_shown(step)}")
    print(f"second half: {(last.memory - half.memory) * 2**20 / (last.messages - half.messages):.1f} bytes of memory a message")
    if last.rows > half.rows:
        print(f"second half: {(last.disk - half.disk) * 2**20 / (last.rows - half.rows):.0f} bytes on disk a contact row")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--model", action="store_true", help="score with the embedded model instead of recorded scores")
    parser.add_argument("--attack-every", type=int, default=0, metavar="N", help="every so many messages one that opens a case")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(options, Path(folder)))


if __name__ == "__main__":
    main()
