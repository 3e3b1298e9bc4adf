"""How far a room is judged, and in what order its messages stand.

Knows: ids of messages and their order. Must not know: how a room is read, when a batch is committed.
Rules: a cursor is the last id with everything before it judged and committed; a cursor never moves back; a room is live or behind.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.core.model import Message


@dataclass(slots=True, kw_only=True)
class Room:
    """How far a room is judged, and whether what comes is judged at once (live) or only noted (behind).

    `first_seen`: where a room that was never seen before begins; what is older is not read.
    """

    cursor: str = ""
    first_seen: str = ""
    newest_seen: str = ""
    live: bool = True


def order(message_id: str) -> tuple[int, str]:
    """Ids in order, as all platforms number them: by length, then by their characters."""
    return (len(message_id), message_id)


def moved_to(rooms: Mapping[tuple[str, str], Room], messages: Iterable[Message]) -> dict[tuple[str, str], tuple[str, str]]:
    """Room -> cursor and newest id seen, when all of these messages are judged."""
    moved: dict[tuple[str, str], tuple[str, str]] = {}
    for message in messages:
        key = (message.platform, message.room)
        room = rooms.get(key) or Room()
        before, newest = moved.get(key) or (room.cursor, room.newest_seen)
        moved[key] = (max(before, message.id, key=order), max(newest, message.id, key=order))
    return moved
