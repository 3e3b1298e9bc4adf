"""A small branch for the tests of the shell: a real database, a real service, a small policy, a chat to perform in.

Knows: how the parts are put together. Must not know: what a single test wants to show.
Rules: our own classes are never replaced; the scorer is a table (it stands for a model) and the chat a list (it stands for a
platform); time moves only when a test moves it.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from bot.clocks import ReplayClock
from bot.commands import Asker, Desk
from bot.compiler.policy import compile_policy
from bot.core.model import Action, ActionKind, Image, Message, Scored, Status
from bot.core.naming import plain
from bot.core.policy import Policy
from bot.folders import load_sentences
from bot.outbox import Outbox
from bot.parts import Parts, Roster
from bot.ports import Accept, Capabilities, Performed, Repeat
from bot.service import Outcome, Service
from bot.store.records import ActionState, CaseDetail
from bot.store.store import Store
from tests.core.policies import BANKS, CLOWNS, INSULT, NOW, POLICY, REVIEWED, THREAT

RULES = {"insult": INSULT, "threat": THREAT, "clowns": CLOWNS, "reviewed": REVIEWED}
INSULTING, THREATENING, MINOR, FOR_REVIEW = "you donkey", "you will be sorry", "what a clown", "frobnitz"
"""Texts for the rules insult (medium), threat (grave), clowns (minor), reviewed (serious, in review)."""
TABLE = {"donkey": {"insult": 0.9}, "sorry": {"threat": 0.95}}
LABELS = ("toxicity", "insult", "threat", "identity_attack")
WAIT_SECONDS_MAX = 30


_ready: list[bytes] = []
"""The file of a database that was opened and closed again, so that not every test migrates its own."""


async def _empty_database() -> bytes:
    if not _ready:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "steward.db"
            store = await Store.open(f"sqlite+aiosqlite:///{file}")
            await store.close()
            _ready.append(file.read_bytes())
    return _ready[0]


@cache
def _small_policy() -> tuple[Policy, Mapping[str, str]]:
    return compiled()


def compiled(*, text: str = POLICY, rules: Mapping[str, str] = RULES, banks: Mapping[str, str] = BANKS) -> tuple[Policy, Mapping[str, str]]:
    """The small policy and its files."""
    source = {"policy.yaml": text, **banks, **{f"rules/{name}.yaml": rule for name, rule in rules.items()}}
    return compile_policy(source), source


class TableScorer:
    """Scores by the words of a table; `missing` names words whose text cannot be read, `held` those to wait for."""

    labels: tuple[str, ...] = LABELS
    digest = "table"

    def __init__(self) -> None:
        self.table: dict[str, dict[str, float]] = dict(TABLE)
        self.missing: dict[str, str] = {}
        self.held: dict[str, asyncio.Event] = {}

    async def score(self, text: str, pointed_out: Sequence[int] = ()) -> Scored:
        for words, event in self.held.items():
            if words in text:
                await event.wait()
        return self.score_now(text, pointed_out)

    def score_now(self, text: str, pointed_out: Sequence[int] = ()) -> Scored:
        for words, reason in self.missing.items():
            if words in text:
                return Scored(missing=reason)
        values = dict.fromkeys(LABELS, 0.0)
        for words, scores in self.table.items():
            if words in text:
                values |= scores
        return Scored(values=values)

    async def close(self) -> None:
        """Nothing to let go of."""


class Chat:
    """A chat that remembers what was said and what was performed, and fails as a test tells it to."""

    name = "test"

    def __init__(self) -> None:
        self.said: list[Message] = []
        self.performed: list[Action] = []
        self.asked: list[str] = []
        self.failures: dict[ActionKind, list[Exception]] = {}
        self.repeats: dict[ActionKind, Repeat] = dict.fromkeys(ActionKind, Repeat.IDEMPOTENT)
        self.told: list[tuple[str, str, str]] = []
        self.page_length = 100
        self.images: dict[str, Callable[[], bytes]] = {}
        """What gives the bytes of an image, by its id; it may raise what a platform raises."""
        self.fetched: list[str] = []
        self.held: asyncio.Event | None = None
        """Images are given only after this."""
        self.reads_reactions = False
        self.reacted: list[Message] = []
        self.looks: list[Exception] = []

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(repeats=self.repeats, reads_reactions=self.reads_reactions)

    async def listen(self, accept: Accept) -> None:
        for message in self.said:
            await accept(message)

    async def history(self, room: str, after: str) -> AsyncIterator[Sequence[Message]]:
        known = [one for one in self.said if one.room == room and (len(one.id), one.id) > (len(after), after)]
        for start in range(0, len(known), self.page_length):
            yield known[start : start + self.page_length]

    async def read(self, room: str, message_id: str) -> Message | None:
        return next((one for one in reversed(self.said) if (one.room, one.id) == (room, message_id)), None)

    async def image(self, message: Message, image: Image) -> bytes:
        self.fetched.append(image.id)
        if self.held:
            await self.held.wait()
        return self.images[image.id]()

    async def reactions(self, room: str, message_id: str, wanted: Callable[[str], bool]) -> Sequence[Message] | None:
        assert self.reads_reactions, "asked only where it can be said"
        if self.looks:
            raise self.looks.pop(0)
        if await self.read(room, message_id) is None:
            return None
        return [one for one in self.reacted if (one.room, one.reply_to) == (room, message_id) and wanted(one.text)]

    async def perform(self, action: Action) -> Performed:
        self.asked.append(action.key)
        if self.failures.get(action.kind):
            raise self.failures[action.kind].pop(0)
        self.performed.append(action)
        return Performed(reference=f"on {self.name}")

    async def tell_moderators(self, server: str, text: str, key: str) -> None:
        self.told.append((server, plain(text), key))

    def kinds(self, target: str = "") -> list[str]:
        """What was performed, in order."""
        done = [action for action in self.performed if action.kind is not ActionKind.UPDATE]
        return [str(action.kind) for action in done if target in ("", action.target)]

    def news(self) -> list[str]:
        """What the moderators' threads were told."""
        return [plain(action.news) for action in self.performed if action.news]

    def texts(self, target: str) -> list[str]:
        """What a member read."""
        calls = (ActionKind.ESCALATE, ActionKind.URGENT, ActionKind.UPDATE)
        return [plain(action.text) for action in self.performed if action.target == target and action.kind not in calls and action.text]


class Branch:
    """One community with all its parts, on a database in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.database = folder, folder / "steward.db"
        self.chat, self.scorer, self.clock = Chat(), TableScorer(), ReplayClock(NOW)
        self.outcomes: list[Outcome] = []
        self._running: asyncio.Task[None] | None = None
        self._store: Store | None = None
        self._number = 0

    async def open(
        self,
        policy: tuple[Policy, Mapping[str, str]] | None = None,
        *,
        mode: Status = Status.ENFORCE,
        waits: bool = True,
        running: bool = True,
    ) -> "Branch":
        """Open the database and begin to judge. Opened again after `close`, it is as after a new start."""
        made, source = policy or _small_policy()
        if not self.database.exists():
            self.database.write_bytes(await _empty_database())
        self._store = self.store = await Store.open(f"sqlite+aiosqlite:///{self.database}")
        self.parts = Parts(
            community="main",
            store=self.store,
            scorer=self.scorer,
            policy=made,
            policy_source=source,
            sentences=load_sentences(),
            clock=self.clock,
            mode=mode,
            moderators=Roster({"morgan", "robin", "casey"}),
            platforms={self.chat.name: self.chat},
        )
        self.service = Service(self.parts, waits=waits, on_outcome=self.outcomes.append)
        self.outbox = Outbox(self.store, "main", self.parts.platforms, self.clock)
        self.desk = Desk(lambda: self.service.parts)
        await self.service.start()
        if running:
            self.run()
        return self

    def run(self) -> None:
        """Begin to judge."""
        self._running = asyncio.create_task(self.service.run())

    async def close(self) -> None:
        """Stop, as a process does that is told to."""
        if self._running:
            self._running.cancel()
            await asyncio.wait([self._running])
            self._running = None
        if self._store:
            await self._store.close()
            self._store = None

    # What happens in the chat.

    def message(self, text: str, *, author: str = "alex", **more: Any) -> Message:
        """A message said now; `number`, `ago` and any other field may be told."""
        self._number = number = more.pop("number", self._number + 1)
        fields: dict[str, Any] = {"community": "main", "platform": "test", "room": "room", "id": str(number)}
        fields |= {"author": author, "text": text, "sent_at": self.clock.now() - more.pop("ago", timedelta())}
        return Message(**{**fields, **more})

    async def say(self, text: str, *, author: str = "alex", **more: Any) -> Outcome:
        """Say it, judge it, and perform what follows."""
        message = self.message(text, author=author, **more)
        self.chat.said.append(message)
        await self.accept(message)
        await self.perform()
        return self.outcomes[-1]

    async def accept(self, *messages: Message) -> None:
        """Hand messages over and wait until they are judged."""
        for message in messages:
            await self.service.accept(message)
        await self.drained()

    async def drained(self) -> None:
        """Wait until all is judged; where the service fails, fail with its error."""
        assert self._running, "the service runs"
        waiting = asyncio.create_task(self.service.drained())
        done, _ = await asyncio.wait({waiting, self._running}, timeout=WAIT_SECONDS_MAX, return_when=asyncio.FIRST_COMPLETED)
        if waiting not in done:
            waiting.cancel()
        if self._running in done:
            self._running.result()
        assert waiting in done, "everything is judged in time"

    async def perform(self) -> None:
        """Perform what is due."""
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            while await self.outbox.perform_due() or await self.service.likes.look_after():
                pass

    async def later(self, **span: float) -> datetime:
        """Let time pass, do what time alone brings, and perform it."""
        self.clock.saw(self.clock.now() + timedelta(**span))
        await self.service.casebook.look_after()
        await self.service.letters.read_support()
        await self.service.consents.look_after()
        await self.perform()
        return self.clock.now()

    async def ask(self, line: str, account: str = "morgan") -> str:
        """Ask a command, and perform what follows."""
        answer = await self.desk.ask(line, Asker(account=account, platform="test", room="room"))
        await self.perform()
        return plain(answer)

    # What is on record.

    async def detail(self, number: int = 1) -> CaseDetail:
        async with self.parts.transaction() as transaction:
            detail = await transaction.case_detail(number)
        assert detail, f"there is a case {number}"
        return detail

    async def states(self, number: int = 1) -> dict[str, ActionState]:
        """Step and kind of a case's actions -> their state."""
        return {f"{row.action.step} {row.action.kind}": row.state for row in (await self.detail(number)).actions}

    async def report(self, *, reporter: str, case: int | None = None, author: str = "alex", text: str = "this was nasty") -> int:
        """A report, in a case where told."""
        async with self.parts.transaction() as transaction:
            return await transaction.add_report(
                platform="test", room="room", message="1", author=author, reporter=reporter, text=text, case=case
            )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Read the database from outside."""
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(query).fetchall()

    def bytes_on_disk(self) -> bytes:
        """Everything that stands in the database's files."""
        return b"".join(file.read_bytes() for file in sorted(self.folder.glob("steward.db*")))
