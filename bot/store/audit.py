"""The audit trail: one chain of entries per community, append-only, each entry chained over the one before by hash.

Knows: how entries are digested, chained, appended and checked. Must not know: who did what.
Rules: personal values are not in the chain but their salted digest is, so that they can be erased and the chain still holds;
the counter says how long the chain is, so that a cut end shows; one `performed` entry per action, the database sees to it.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, delete, select, type_coerce
from sqlalchemy.dialects.sqlite import insert

from bot.store.part import Part, Row, given, where
from bot.store.records import AuditEntry, Broken
from bot.store.tables import audit, audit_values, counters, from_microseconds, to_microseconds

FIRST = "0" * 64
"""What stands before the first entry."""
COUNTER = "audit"
PERFORMED = "performed"
CHAINED = ("previous", "community", "sequence", "at", "kind", "case", "step", "action_key", "digest")
PAGE_ENTRIES = 1_000
"""Entries that are checked at a time, so that checking a long chain needs little memory."""


def canonical(values: Mapping[str, Any]) -> str:
    """Values as the one text that is digested."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest_of(salt: str, values: str) -> str:
    """Digest of personal values; without the salt nobody can find the values by trying."""
    return _sha256([salt, values])


def hash_of(row: Row) -> str:
    """What chains an entry to the one before; `at` in microseconds."""
    return _sha256([row[name] for name in CHAINED])


def _sha256(parts: Sequence[object]) -> str:
    """Of the parts as a list, so that nothing moves from one to the next unseen; a part of a type that we never write has its repr."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True, default=repr).encode()).hexdigest()


_BUMP = insert(counters).values(value=1)
BUMP = _BUMP.on_conflict_do_update(index_elements=[counters.c.community, counters.c.name], set_={"value": counters.c.value + 1}).returning(
    counters.c.value
)
_COUNTER = select(counters.c.value).where(where(counters, "name"))
_HASH_AT = select(audit.c.hash).where(where(audit, "sequence"))
_ADD = insert(audit)
_ADD_VALUES = insert(audit_values)
_SAME = (audit.c.community == audit_values.c.community) & (audit.c.sequence == audit_values.c.sequence)
_RAW = [type_coerce(column, BigInteger).label("at") if column is audit.c.at else column for column in audit.c]
_ENTRIES = select(*_RAW, audit_values.c.salt, audit_values.c["values"]).select_from(audit.outerjoin(audit_values, _SAME))
_PAGE = _ENTRIES.where(where(audit), audit.c.sequence > given("after")).order_by(audit.c.sequence).limit(PAGE_ENTRIES)
_OF_CASE = _ENTRIES.where(where(audit, "case")).order_by(audit.c.sequence)
_ORPHAN = (
    select(audit_values.c.community, audit_values.c.sequence)
    .select_from(audit_values.outerjoin(audit, _SAME))
    .where(audit.c.sequence.is_(None))
    .order_by(audit_values.c.community, audit_values.c.sequence)
    .limit(1)
)
_ERASE = delete(audit_values).where(
    audit_values.c.community == given("community"), audit_values.c.sequence.in_(given("sequences", many=True))
)


class AuditPart(Part):
    """Appending to the trail, reading and checking it."""

    _last: tuple[int, str] | None = None

    async def audit(self, kind: str, *, case: int = 0, step: int = 0, action_key: str = "", values: Mapping[str, Any] | None = None) -> int:
        """Append an entry and give its sequence number. 0 and "" mean: of no case, of no action.

        `kind` is what happened; everything that says who or what was said belongs in `values` (plain JSON), which can be erased.
        A second `performed` entry for an action raises sqlalchemy.exc.IntegrityError.
        """
        sequence = await self._bump(COUNTER)
        if self._last and self._last[0] == sequence - 1:
            previous = self._last[1]
        elif sequence == 1:
            previous = FIRST
        else:
            previous = str((await self._find(_HASH_AT, sequence=sequence - 1)).scalar_one_or_none() or "")
        text, salt, digest = "", "", ""
        if values is not None:
            text, salt = canonical(values), secrets.token_hex(16)
            digest = digest_of(salt, text)
        entry = {
            "previous": previous,
            "community": self.community,
            "sequence": sequence,
            "kind": kind,
            "case": case,
            "step": step,
            "action_key": action_key,
            "digest": digest,
        }
        own = hash_of({**entry, "at": to_microseconds(self.now)})
        await self._add(_ADD, **entry, at=self.now, hash=own)
        if values is not None:
            await self._add(_ADD_VALUES, sequence=sequence, salt=salt, values=text)
        self._last = (sequence, own)
        return sequence

    async def history(self, case: int) -> tuple[AuditEntry, ...]:
        """All entries of a case, oldest first."""
        return tuple(_entry(row) for row in await self._all(_OF_CASE, case=case))

    async def audit_entries(self, *, after: int = 0) -> tuple[AuditEntry, ...]:
        """Entries after a sequence number, PAGE_ENTRIES at most."""
        return tuple(_entry(row) for row in await self._all(_PAGE, after=after))

    async def audit_head(self) -> tuple[int, str]:
        """Sequence and hash of the last entry. Noted elsewhere, it shows later if somebody wrote the whole chain anew."""
        length = int(await self._length())
        own = (await self._find(_HASH_AT, sequence=length)).scalar_one_or_none()
        return length, str(own or FIRST)

    async def audit_erase(self, sequences: Sequence[int]) -> int:
        """Erase the personal values of entries, and say so in the trail; the chain still holds. Gives how many there were.

        The bytes are gone from the files after `Store.checkpoint`.
        """
        erased = (await self._find(_ERASE, sequences=list(sequences))).rowcount
        if erased:
            await self.audit("values_erased", values={"sequences": sorted(sequences)})
        return erased

    async def audit_verify(self) -> Broken | None:
        """Walk the chain and the values that are still there; the first entry that is not as it was written, or None."""
        previous, sequence = FIRST, 0
        while page := await self._all(_PAGE, after=sequence):
            for row in page:
                sequence += 1
                reason = _broken(row, sequence, previous)
                if reason:
                    return Broken(community=self.community, sequence=sequence, reason=reason)
                previous = row["hash"]
        length = await self._length()
        if length != sequence:
            reason = f"the chain ends here, but {length} entries were written"
            return Broken(community=self.community, sequence=sequence + 1, reason=reason)
        orphan = await self._one(_ORPHAN)
        if orphan:
            return Broken(community=orphan["community"], sequence=orphan["sequence"], reason="values without an entry")
        return None

    async def _bump(self, counter: str) -> int:
        """The next number of a counter, from 1."""
        return int((await self._add(BUMP, name=counter)).scalar_one())

    async def _length(self) -> Any:
        """What the counter says: a number, unless somebody wrote there."""
        return (await self._find(_COUNTER, name=COUNTER)).scalar_one_or_none() or 0


def _broken(row: Row, sequence: int, previous: str) -> str:
    """What is wrong with an entry; "" when nothing is."""
    if row["sequence"] != sequence:
        return f"entry {sequence} is missing"
    if row["previous"] != previous:
        return "it does not follow the entry before"
    if row["hash"] != hash_of(row):
        return "it was changed"
    if row["values"] is not None and row["digest"] != digest_of(row["salt"], row["values"]):
        return "its values were changed" if row["digest"] else "values were added"
    return ""


def _entry(row: Row) -> AuditEntry:
    shown = {name: each for name, each in row.items() if name not in ("at", "salt", "values")}
    values = json.loads(row["values"]) if row["values"] is not None else None
    return AuditEntry(**shown, at=from_microseconds(row["at"]), values=values)
