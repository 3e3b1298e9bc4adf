"""Supportive reactions under messages that were found hateful: which are looked at, who was told, what became of it.

Knows: messages found hateful, likes of them and their states. Must not know: which reaction supports, what follows.
Rules: a member has one row for a message, however many reactions they put under it; only the arrival of the private note begins the
time after which it is looked at; what was found once is not found again for the same message.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.core.model import Message
from bot.store.part import Part, Row, given, where
from bot.store.records import Hateful, Like, LikeState
from bot.store.tables import hateful, likes

LOOKED_AT_MAX = 100
"""Messages, or likes, that are looked at in one round."""

_FIELDS = ("case", "platform", "server", "room", "message", "account", "reaction", "letter", "noted_at", "told_at", "found_at")
_HATEFUL_IN = insert(hateful)
_ADD_HATEFUL = _HATEFUL_IN.on_conflict_do_update(
    index_elements=list(hateful.primary_key.columns), set_={"changes": hateful.c.changes + 1, "case": _HATEFUL_IN.excluded.case}
)
_CHANGED = update(hateful).where(where(hateful, "platform", "room", "message")).values(changes=hateful.c.changes + 1)
_WAITING = select(hateful).where(where(hateful), hateful.c.looked < hateful.c.changes).order_by(hateful.c.found_at).limit(given("limit"))
_HATEFUL = select(hateful).where(where(hateful, "platform", "room", "message"))
_SET_LOOKED = update(hateful).where(where(hateful, "platform", "room", "message"))
_LIKE_IN = insert(likes)
_PUT_LIKE = _LIKE_IN.on_conflict_do_update(
    index_elements=list(likes.primary_key.columns),
    set_={name: _LIKE_IN.excluded[name] for name in ("case", "reaction", "letter", "noted_at", "told_at", "found_at", "state")},
)
_LIKES = select(likes).where(where(likes, "platform", "room", "message")).order_by(likes.c.account)
_DUE = (
    select(likes)
    .where(where(likes, "state"), likes.c.told_at.is_not(None), likes.c.told_at <= given("before"))
    .order_by(likes.c.told_at)
    .limit(given("limit"))
)
_SET_LIKE = update(likes).where(where(likes, "platform", "room", "message", "account", "state"))
_TOLD = update(likes).where(where(likes, "letter"), likes.c.told_at.is_(None))
_COUNT = select(func.count()).select_from(likes).where(where(likes, "platform", "account"), likes.c.found_at >= given("since"))
_FORGET_LIKES = delete(likes).where(where(likes), likes.c.noted_at < given("before"))
_FORGET_HATEFUL = delete(hateful).where(where(hateful), hateful.c.found_at < given("before"))


class LikesPart(Part):
    """Messages found hateful, and likes of them."""

    async def add_hateful(self, case: int, messages: Iterable[Message]) -> None:
        """The reactions under these messages of a case are to be looked at; those that were looked at before are so again."""
        for one in messages:
            sought = {"platform": one.platform, "server": one.server, "room": one.room, "message": one.id}
            await self._add(_ADD_HATEFUL, **sought, case=case, author=one.author, found_at=self.now, changes=1, looked=0)

    async def reactions_changed(self, platform: str, room: str, message: str) -> bool:
        """Reactions came or went under a message: they are looked at; False where it was not found hateful."""
        return (await self._find(_CHANGED, platform=platform, room=room, message=message)).rowcount == 1

    async def hateful_waiting(self, limit: int = LOOKED_AT_MAX) -> tuple[Hateful, ...]:
        """Messages found hateful whose reactions are to be looked at, the oldest first."""
        return tuple(_hateful(row) for row in await self._all(_WAITING, limit=limit))

    async def hateful(self, platform: str, room: str, message: str) -> Hateful | None:
        """A message found hateful; None where it was not."""
        row = await self._one(_HATEFUL, platform=platform, room=room, message=message)
        return _hateful(row) if row else None

    async def looked_at(self, one: Hateful) -> None:
        """Its reactions were looked at as they stood at these changes."""
        await self._change(_SET_LOOKED, {"looked": one.changes}, platform=one.platform, room=one.room, message=one.message)

    async def put_like(self, like: Like) -> None:
        """Record that a member likes such a message, in the place of what stood there."""
        row = {name: getattr(like, name) for name in _FIELDS}
        await self._add(_PUT_LIKE, **row, state=like.state.value)

    async def likes_of(self, platform: str, room: str, message: str) -> tuple[Like, ...]:
        """Everybody who liked a message, also those who took it back."""
        return tuple(_like(row) for row in await self._all(_LIKES, platform=platform, room=room, message=message))

    async def likes_due(self, before: datetime, limit: int = LOOKED_AT_MAX) -> tuple[Like, ...]:
        """Likes whose author was told before that moment, and that nobody has looked at again, the longest due first."""
        return tuple(_like(row) for row in await self._all(_DUE, state=LikeState.NOTED.value, before=before, limit=limit))

    async def end_like(self, like: Like, state: LikeState) -> bool:
        """It was taken back or does not count (ended), or stands there still (found). False where somebody else was first."""
        sought = {name: getattr(like, name) for name in ("platform", "room", "message", "account")}
        found_at = self.now if state is LikeState.FOUND else None
        return await self._change(_SET_LIKE, {"state": state.value, "found_at": found_at}, **sought, state=LikeState.NOTED.value) == 1

    async def like_told(self, letter: str) -> bool:
        """The private note with this key arrived: the time begins; False where there is none."""
        return await self._change(_TOLD, {"told_at": self.now}, letter=letter) == 1

    async def likes_found(self, platform: str, account: str, since: datetime) -> int:
        """Under how many messages an account left a like standing since a moment."""
        return int((await self._find(_COUNT, platform=platform, account=account, since=since)).scalar_one())

    async def forget_likes(self, before: datetime) -> None:
        """Delete what is older: it counts no more."""
        await self._find(_FORGET_LIKES, before=before)
        await self._find(_FORGET_HATEFUL, before=before)


def _hateful(row: Row) -> Hateful:
    """A row as a record."""
    return Hateful(**{name: value for name, value in row.items() if name != "community"})


def _like(row: Row) -> Like:
    """A row as a record."""
    return Like(**{name: value for name, value in row.items() if name not in ("community", "state")}, state=LikeState(row["state"]))
