"""What is kept of clean messages: cursors, contacts, what stayed unjudged, and the inbox.

Knows: rooms, contacts, unjudged messages, Slack's inbox. Must not know: cases.
Rules: no text, except in the inbox until its message is judged; what is already there is not an error; a batch of clean
messages costs one query, one insert of contacts and one upsert of cursors.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.sqlite import insert

from bot.core.model import Contact
from bot.store.part import Part, Row, as_list, each_given, given, where
from bot.store.records import InboxRow, Room, UnjudgedMessage
from bot.store.tables import contacts, inbox, newcomers, rooms, support, unjudged, unjudged_counts

CONTACT_AGE_MAX = timedelta(days=90)
"""Contacts older than this are not read and, by `forget_contacts`, not kept (DESIGN.md section 2)."""
ROWS_MAX = 1_000
"""Rows that a list gives when the caller does not say how many."""

_ROOMS = select(rooms).where(where(rooms)).order_by(rooms.c.platform, rooms.c.room)
_ROOM_IN = insert(rooms)
_SET_CURSOR = _ROOM_IN.on_conflict_do_update(
    index_elements=[rooms.c.community, rooms.c.platform, rooms.c.room],
    set_={"cursor": _ROOM_IN.excluded.cursor, "newest_seen": _ROOM_IN.excluded.newest_seen},
)
_BETWEEN = select(contacts).select_from(
    each_given("pairs", contacts, ["platform", "author", "target"], contacts.c.sent_at >= given("since"))
)
_ADD_CONTACT = insert(contacts).on_conflict_do_nothing()
_HOSTILE_TO = (
    select(contacts)
    .where(where(contacts, "platform", "target"), contacts.c.sent_at >= given("since"), contacts.c.hostility > text("1"))
    .order_by(contacts.c.sent_at, contacts.c.message)
    .limit(given("limit"))
)
_NEWCOMER_IN = insert(newcomers)
_COUNT_NEWCOMER = _NEWCOMER_IN.on_conflict_do_update(
    index_elements=list(newcomers.primary_key.columns), set_={"messages": newcomers.c.messages + 1}
).returning(newcomers.c.messages)
_FORGET_NEWCOMERS = delete(newcomers).where(where(newcomers), newcomers.c.first_at < given("before"))
_SUPPORT_IN = insert(support)
_SUPPORT = _SUPPORT_IN.on_conflict_do_update(
    index_elements=list(support.primary_key.columns),
    set_={"told_at": _SUPPORT_IN.excluded.told_at, "waiting": _SUPPORT_IN.excluded.waiting},
    where=support.c.told_at < given("before"),
)
_SUPPORT_WAITING = select(support).where(where(support), support.c.waiting != "").order_by(support.c.told_at)
_SUPPORT_FOLLOWED = update(support).where(where(support, "platform", "target"))
_FORGET_CONTACTS = delete(contacts).where(where(contacts), contacts.c.sent_at < given("before"))
_ADD_UNJUDGED = insert(unjudged).on_conflict_do_nothing()
_UNJUDGED = select(unjudged).where(where(unjudged, "read_again")).order_by(unjudged.c.first_at, unjudged.c.message).limit(given("limit"))
_THIS_UNJUDGED = where(unjudged, "platform", "room", "message")
_SET_UNJUDGED = update(unjudged).where(_THIS_UNJUDGED)
_DROP_UNJUDGED = delete(unjudged).where(_THIS_UNJUDGED)
_COUNT_IN = insert(unjudged_counts)
_COUNT_UNJUDGED = _COUNT_IN.on_conflict_do_update(
    index_elements=list(unjudged_counts.primary_key.columns),
    set_={"count": unjudged_counts.c["count"] + _COUNT_IN.excluded["count"]},
)
_COUNTS = (
    select(unjudged_counts.c.reason, func.sum(unjudged_counts.c["count"]).label("total"))
    .where(where(unjudged_counts), unjudged_counts.c.day >= given("since"))
    .group_by(unjudged_counts.c.reason)
)
_ADD_INBOX = insert(inbox).on_conflict_do_nothing()
_INBOX = select(inbox).where(where(inbox), inbox.c.done_at.is_(None)).order_by(inbox.c.received_at, inbox.c.event_id).limit(given("limit"))
_INBOX_DONE = update(inbox).where(inbox.c.community == given("community"), inbox.c.event_id.in_(given("ids", many=True)))
_FORGET_INBOX = delete(inbox).where(where(inbox), inbox.c.done_at < given("before"))


class RoomsPart(Part):
    """Rooms, contacts, unjudged messages, the inbox."""

    async def rooms(self) -> tuple[Room, ...]:
        """All rooms that were ever seen."""
        return tuple(Room(**_own(row)) for row in await self._all(_ROOMS))

    async def set_cursor(self, platform: str, room: str, cursor: str, newest_seen: str) -> None:
        """Say how far a room is judged and what is the newest id seen in it; the first time, note when."""
        await self.set_cursors([(platform, room, cursor, newest_seen)])

    async def set_cursors(self, cursors: Iterable[tuple[str, str, str, str]]) -> None:
        """The same for several rooms at once: (platform, room, cursor, newest_seen)."""
        rows = [
            {"platform": platform, "room": room, "cursor": cursor, "newest_seen": newest_seen, "first_seen_at": self.now}
            for platform, room, cursor, newest_seen in cursors
        ]
        await self._add_many(_SET_CURSOR, rows)

    async def contacts_between(
        self, platform: str, pairs: Collection[tuple[str, str]], *, since: datetime | None = None
    ) -> dict[tuple[str, str], tuple[Contact, ...]]:
        """For each pair, the contacts in both directions, oldest first; every pair is a key.

        `since` is 90 days ago unless told.
        """
        wanted = [(platform, *pair) for author, target in pairs for pair in ((author, target), (target, author))]
        found: dict[tuple[str, str], list[Contact]] = {}
        rows = await self._all(_BETWEEN, pairs=as_list(wanted), since=since or self.now - CONTACT_AGE_MAX)
        for row in rows:
            if row["message"] is None:
                continue
            contact = Contact(**{name: value for name, value in row.items() if name not in ("community", "platform")})
            found.setdefault((contact.author, contact.target), []).append(contact)
        return {(author, target): _both(found, author, target) for author, target in pairs}

    async def add_contacts(self, platform: str, rows: Iterable[Contact]) -> None:
        """Note who addressed whom; what is already noted of the same message stays as it is."""
        await self._add_many(
            _ADD_CONTACT,
            [
                {
                    "platform": platform,
                    "author": row.author,
                    "target": row.target,
                    "message": row.message,
                    "room": row.room,
                    "sent_at": row.sent_at,
                    "hostility": row.hostility,
                    "objects": row.objects,
                    "answered": row.answered,
                    "thread": row.thread,
                    "direct": row.direct,
                }
                for row in rows
            ],
        )

    async def hostile_to(self, platform: str, target: str, since: datetime) -> tuple[Contact, ...]:
        """Contacts in which somebody was hostile (band 2 or 3) to the target since then, oldest first."""
        rows = await self._all(_HOSTILE_TO, platform=platform, target=target, since=since, limit=ROWS_MAX)
        return tuple(Contact(**{name: value for name, value in row.items() if name not in ("community", "platform")}) for row in rows)

    async def count_newcomer(self, platform: str, account: str) -> int:
        """Count one message more of a new account; gives how many it had before."""
        row = await self._add(_COUNT_NEWCOMER, platform=platform, account=account, messages=1, first_at=self.now)
        return int(row.scalar_one()) - 1

    async def forget_newcomers(self, before: datetime) -> int:
        """Stop counting accounts that are not new any more; gives how many."""
        return (await self._find(_FORGET_NEWCOMERS, before=before)).rowcount

    async def support_due(self, platform: str, target: str, before: datetime, *, waiting: str = "") -> bool:
        """Note that the moderators are told now about somebody many are hostile to; False where they were told after `before`.

        `waiting` says, as JSON, which messages' words are to follow.
        """
        row = {"platform": platform, "target": target, "told_at": self.now, "waiting": waiting, "given_before": before}
        return (await self._add(_SUPPORT, **row)).rowcount == 1

    async def support_waiting(self) -> tuple[tuple[str, str, datetime, str], ...]:
        """Support cards that words are to follow: platform, target, when it was, and which messages."""
        rows = await self._all(_SUPPORT_WAITING)
        return tuple((row["platform"], row["target"], row["told_at"], row["waiting"]) for row in rows)

    async def support_followed(self, platform: str, target: str) -> None:
        """The words followed."""
        await self._change(_SUPPORT_FOLLOWED, {"waiting": ""}, platform=platform, target=target)

    async def forget_contacts(self, before: datetime) -> int:
        """Delete older contacts; gives how many."""
        return (await self._find(_FORGET_CONTACTS, before=before)).rowcount

    async def add_unjudged(self, platform: str, room: str, message: str, reason: str) -> bool:
        """Note a message that failed, to be read again; False if it was noted before."""
        added = await self._add(
            _ADD_UNJUDGED, platform=platform, room=room, message=message, reason=reason, first_at=self.now, read_again=False
        )
        return added.rowcount == 1

    async def unjudged(self, *, read_again: bool = False, limit: int = ROWS_MAX) -> tuple[UnjudgedMessage, ...]:
        """What failed, oldest first: not yet read again, or read again and still unjudged (for the moderators)."""
        rows = await self._all(_UNJUDGED, read_again=read_again, limit=limit)
        return tuple(UnjudgedMessage(**_own(row)) for row in rows)

    async def unjudged_read_again(self, platform: str, room: str, message: str, *, judged: bool) -> None:
        """It was read again: judged now, and forgotten; or failed again, and stays for the moderators."""
        if judged:
            await self._find(_DROP_UNJUDGED, platform=platform, room=room, message=message)
        else:
            await self._change(_SET_UNJUDGED, {"read_again": True}, platform=platform, room=room, message=message)

    async def count_unjudged(self, platform: str, room: str, reason: str, *, sent_at: datetime, count: int = 1) -> None:
        """Count what its language or length kept from being judged, by room and day."""
        day = sent_at.astimezone(self.now.tzinfo).date().isoformat()
        await self._add(_COUNT_UNJUDGED, platform=platform, room=room, day=day, reason=reason, count=count)

    async def unjudged_counts(self, since: datetime) -> Mapping[str, int]:
        """Reason -> how many since that day."""
        rows = await self._all(_COUNTS, since=since.astimezone(self.now.tzinfo).date().isoformat())
        return {row["reason"]: row["total"] for row in rows}

    async def add_inbox(self, event_id: str, payload: Any) -> bool:
        """Keep what Slack delivered (plain JSON) until it is judged; False if it was delivered before."""
        added = await self._add(_ADD_INBOX, event_id=event_id, payload=payload, received_at=self.now)
        return added.rowcount == 1

    async def inbox(self, limit: int = ROWS_MAX) -> tuple[InboxRow, ...]:
        """What is not yet judged, oldest first."""
        rows = await self._all(_INBOX, limit=limit)
        return tuple(InboxRow(event_id=row["event_id"], payload=row["payload"], received_at=row["received_at"]) for row in rows)

    async def inbox_done(self, event_ids: Sequence[str]) -> None:
        """They are judged: the payload goes, the id stays so that a second delivery is known."""
        if event_ids:
            await self._change(_INBOX_DONE, {"done_at": self.now, "payload": {}}, ids=list(event_ids))

    async def forget_inbox(self, before: datetime) -> int:
        """Delete the ids of what was judged before; gives how many."""
        return (await self._find(_FORGET_INBOX, before=before)).rowcount


def _own(row: Row) -> dict[str, Any]:
    """A row without its community."""
    return {name: value for name, value in row.items() if name != "community"}


def _both(found: Mapping[tuple[str, str], list[Contact]], author: str, target: str) -> tuple[Contact, ...]:
    """The contacts of two people in one order; somebody who addresses themselves is not counted twice."""
    there = found.get((author, target), [])
    back = found.get((target, author), []) if author != target else []
    return tuple(sorted([*there, *back], key=lambda contact: (contact.sent_at, contact.message)))
