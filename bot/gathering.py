"""What the judge gets to know of a message: its context, its scores, what its images are known by, and what is on record.

Knows: the last minutes of each room, who is named in a message, what is between its author and those it addresses. Must not know:
queues, what a verdict leads to, when a batch is committed.
Rules: what is known is taken in order of arrival, before the next message is looked at; scores and images come later, and nobody
waits for them here; what is on record is read in the transaction that judges. Texts live in memory alone, bounded per author.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from bot import callme, images
from bot.core.judge import texts_to_score
from bot.core.model import MINUTE, Contact, Context, Message, NoContact, Recent, Scored, Seen, recent_of
from bot.core.scoring import ToScore
from bot.core.signals.disruption import NEW_WITHIN
from bot.facts import facts_of
from bot.parts import Parts
from bot.store.store import Transaction

log = structlog.get_logger()

RECENT_WITHIN = 10 * MINUTE
RECENT_PER_AUTHOR_MAX = 40
RECENT_PER_ROOM_MAX = 200
FOUND_MAX = 1_000
"""Messages with a finding remembered, so that a fragment of one is not found again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message on its way, with its scores to come, and before them what its images are known by."""

    message: Message
    context: Context
    texts: tuple[ToScore, ...]
    scores: asyncio.Future[tuple[Scored, ...]]
    images: asyncio.Future[tuple[Seen, ...] | None] | None
    found_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """What is between the authors of a batch and those they may address: contact rows, and requests about an author."""

    contacts: dict[tuple[str, str, str], list[Contact]] = field(default_factory=dict)
    requests: dict[tuple[str, str], list[NoContact]] = field(default_factory=dict)

    def add(self, platform: str, row: Contact) -> None:
        """Know a contact of this batch too, in both directions."""
        for pair in ((row.author, row.target), (row.target, row.author)):
            self.contacts.setdefault((platform, *pair), []).append(row)


class Gathering:
    """The contexts of one community's messages. `parts` may change from one message to the next."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._images = images.ImageReader()
        self._recent: dict[tuple[str, str], deque[Recent]] = {}
        self._found: OrderedDict[tuple[str, str, str], None] = OrderedDict()

    def begin(self, message: Message, *, found_late: bool) -> Waiting:
        """Take what is known of a message now, and begin to look at its images and to score it."""
        policy = self.parts.policy
        context = self._context(message)
        try:
            context = replace(context, facts=facts_of(message, context, policy))
            texts = texts_to_score(message, context, policy)
        except Exception as error:  # noqa: BLE001 - judged without scores it fails again, is recorded unjudged, and passed
            log.error("splitting failed", message=message.id, room=message.room, error=type(error).__name__)
            texts = ()
        seen = asyncio.ensure_future(self._seen_in(message)) if message.images else None
        scores = asyncio.ensure_future(self._scores(texts, seen))
        return Waiting(message=message, context=context, texts=texts, scores=scores, images=seen, found_late=found_late)

    async def _seen_in(self, message: Message) -> tuple[Seen, ...] | None:
        """What the images of a message are known by, where a rule asks for it."""
        platform = self.parts.platforms.get(message.platform)
        return await self._images.seen(message, self.parts.policy, platform.image if platform else None)

    async def _scores(self, texts: tuple[ToScore, ...], seen: asyncio.Future[tuple[Seen, ...] | None] | None) -> tuple[Scored, ...]:
        """The scores of a message; they are there when its images have been looked at too."""
        if seen:
            await seen
        if len(texts) == 1:
            return (await self.parts.scored(texts[0]),)
        return tuple(await asyncio.gather(*map(self.parts.scored, texts)))

    def _context(self, message: Message) -> Context:
        """The last minutes of the room, and the members whose names stand in the message."""
        room = self._recent.setdefault((message.platform, message.room), deque(maxlen=RECENT_PER_ROOM_MAX))
        while room and message.sent_at - room[0].sent_at > RECENT_WITHIN:
            room.popleft()
        recent = tuple(room)
        if sum(one.author == message.author for one in recent) < RECENT_PER_AUTHOR_MAX:
            room.append(recent_of(message))
        policy = self.parts.policy
        return Context(
            recent=recent,
            people=self.parts.names.shown_in(message.text),
            office_holders=_named(policy.office_holders, message.platform) | frozenset(self.parts.moderators),
            under_18=_named(policy.under_18, message.platform),
        )

    async def with_given_names(self, batch: Iterable[Waiting], transaction: Transaction) -> list[Waiting]:
        """The same, knowing whom each calls by a name that they have given."""
        names, told = self.parts.names, []
        await callme.refresh(transaction, names)
        for waiting in batch:
            context = await callme.with_given_names(waiting.context, waiting.message, names, transaction)
            told.append(waiting if context is waiting.context else replace(waiting, context=context))
        return told

    async def whole_context(self, waiting: Waiting, relations: Relations, transaction: Transaction) -> Context:
        """What was known when the message came, with its scores and what is between its author and those it addresses."""
        message = waiting.message
        rows = (row for key in _pairs(waiting) for row in relations.contacts.get(key, ()))
        recent = waiting.context.recent if self._found else ()
        return replace(
            waiting.context,
            scores=waiting.scores.result(),
            contacts=tuple(sorted(rows, key=lambda row: (row.sent_at, row.message))),
            found=frozenset(one.id for one in recent if (message.platform, message.room, one.id) in self._found),
            requests=tuple(relations.requests.get((message.platform, message.author), ())),
            account_messages=await _messages_before(message, transaction),
            images=waiting.images.result() if waiting.images else None,
        )

    def found(self, message: Message) -> None:
        """Remember that a message has a finding."""
        self._found[message.platform, message.room, message.id] = None
        if len(self._found) > FOUND_MAX:
            self._found.popitem(last=False)


async def relations_in(batch: Sequence[Waiting], transaction: Transaction) -> Relations:
    """What is on record between the authors of a batch and those they may address."""
    pairs = {platform_pair for waiting in batch for platform_pair in _pairs(waiting)}
    relations = Relations()
    for platform in {platform for platform, _, _ in pairs}:
        wanted = [(a, b) for p, a, b in pairs if p == platform]
        for (a, b), found in (await transaction.contacts_between(platform, wanted)).items():
            relations.contacts[platform, a, b] = list(found)
        for request in await transaction.no_contact_between(platform, wanted):
            relations.requests.setdefault((platform, request.other), []).append(request)
    return relations


def _named(accounts: Iterable[str], platform: str) -> frozenset[str]:
    """Those of the accounts that the policy names ("discord/123", or a bare one) which are of this platform."""
    parted = (one.rpartition("/") for one in accounts)
    return frozenset(account for place, _, account in parted if place in ("", platform))


def _pairs(waiting: Waiting) -> set[tuple[str, str, str]]:
    """The author with each member whom the message may address."""
    message = waiting.message
    others = {*message.mentions, message.reply_author, *waiting.context.people.values()} - {"", message.author}
    return {(message.platform, message.author, other) for other in others}


async def _messages_before(message: Message, transaction: Transaction) -> int | None:
    """How many messages a new account has written before; None for others."""
    if message.came_at is None or message.sent_at - message.came_at >= NEW_WITHIN:
        return None
    return await transaction.count_newcomer(message.platform, message.author)
