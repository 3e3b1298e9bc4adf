"""The audit trail: one chain of entries per community, append-only, each entry chained over the one before by hash.

Knows: how entries are digested, chained, appended and checked. Must not know: who did what.
Rules: personal values are not in the chain but their salted digest is, so that they can be erased and the chain still holds;
the counter says how long the chain is, so that a cut end shows; one `performed` entry per action, the database sees to it.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from bot.store.part import Part
from bot.store.records import AuditEntry, Broken
from bot.store.tables import audit, audit_values, counters, to_microseconds

FIRST = "0" * 64
"""What stands before the first entry."""
COUNTER = "audit"
PERFORMED = "performed"
PAGE_ENTRIES = 1_000
"""Entries that are checked at a time, so that checking a long chain needs little memory."""


def canonical(values: Mapping[str, Any]) -> str:
    """Values as the one text that is digested."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest_of(salt: str, values: str) -> str:
    """Digest of personal values; without the salt nobody can find the values by trying."""
    return hashlib.sha256((salt + values).encode("utf-8", "surrogatepass")).hexdigest()


def hash_of(
    *, previous: str, community: str, sequence: int, at: datetime, kind: str, case: int, step: int, action_key: str, digest: str
) -> str:
    """What chains an entry to the one before."""
    parts = [previous, community, sequence, to_microseconds(at), kind, case, step, action_key, digest]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()


_BUMP_INSERT = insert(counters).values(community=bindparam("community"), name=bindparam("name"), value=1)
BUMP = _BUMP_INSERT.on_conflict_do_update(
    index_elements=[counters.c.community, counters.c.name], set_={"value": counters.c.value + 1}
).returning(counters.c.value)
_COUNTER = select(counters.c.value).where(counters.c.community == bindparam("community"), counters.c.name == bindparam("name"))
_HASH_AT = select(audit.c.hash).where(audit.c.community == bindparam("community"), audit.c.sequence == bindparam("sequence"))
_ADD = insert(audit)
_ADD_VALUES = insert(audit_values)
_JOINED = audit.outerjoin(
    audit_values, (audit.c.community == audit_values.c.community) & (audit.c.sequence == audit_values.c.sequence)
)
_ENTRIES = select(audit, audit_values.c.salt, audit_values.c["values"]).select_from(_JOINED)
_PAGE = (
    _ENTRIES.where(audit.c.community == bindparam("community"), audit.c.sequence > bindparam("after"))
    .order_by(audit.c.sequence)
    .limit(PAGE_ENTRIES)
)
_OF_CASE = _ENTRIES.where(audit.c.community == bindparam("community"), audit.c.case == bindparam("case")).order_by(audit.c.sequence)
_ORPHAN = (
    select(audit_values.c.community, audit_values.c.sequence)
    .select_from(
        audit_values.outerjoin(
            audit, (audit.c.community == audit_values.c.community) & (audit.c.sequence == audit_values.c.sequence)
        )
    )
    .where(audit.c.sequence.is_(None))
    .order_by(audit_values.c.community, audit_values.c.sequence)
    .limit(1)
)
_ERASE = delete(audit_values).where(
    audit_values.c.community == bindparam("community"), audit_values.c.sequence == bindparam("sequence")
)


class AuditPart(Part):
    """Appending to the trail, reading and checking it."""

    _last: tuple[int, str] | None = None

    async def audit(
        self, kind: str, *, case: int = 0, step: int = 0, action_key: str = "", values: Mapping[str, Any] | None = None
    ) -> int:
        """Append an entry and give its sequence number. 0 and "" mean: of no case, of no action.

        `kind` is what happened; everything that says who or what was said belongs in `values` (plain JSON), which can be erased.
        A second `performed` entry for an action raises sqlalchemy.exc.IntegrityError.
        """
        sequence = int((await self._run(BUMP, name=COUNTER)).scalar_one())
        if self._last and self._last[0] == sequence - 1:
            previous = self._last[1]
        elif sequence == 1:
            previous = FIRST
        else:
            previous = str((await self._run(_HASH_AT, sequence=sequence - 1)).scalar_one_or_none() or "")
        text, salt, digest = "", "", ""
        if values is not None:
            text, salt = canonical(values), secrets.token_hex(16)
            digest = digest_of(salt, text)
        entry: dict[str, Any] = {
            **{"previous": previous, "sequence": sequence, "at": self.now, "kind": kind},
            **{"case": case, "step": step, "action_key": action_key, "digest": digest},
        }
        own = hash_of(community=self.community, **entry)
        await self._run(_ADD, **entry, hash=own)
        if values is not None:
            await self._run(_ADD_VALUES, sequence=sequence, salt=salt, values=text)
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
        length = await self._length()
        own = (await self._run(_HASH_AT, sequence=length)).scalar_one_or_none()
        return length, str(own or FIRST)

    async def audit_erase(self, sequences: Sequence[int]) -> int:
        """Erase the personal values of entries, and say so in the trail; the chain still holds. Gives how many there were.

        The bytes are gone from the files after `Store.checkpoint`.
        """
        erased = await self._run_many(_ERASE, [{"sequence": sequence} for sequence in sequences])
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

    async def _length(self) -> int:
        return int((await self._run(_COUNTER, name=COUNTER)).scalar_one_or_none() or 0)


def _broken(row: Mapping[str, Any], sequence: int, previous: str) -> str:
    """What is wrong with an entry; "" when nothing is."""
    if row["sequence"] != sequence:
        return f"entry {sequence} is missing"
    if row["previous"] != previous:
        return "it does not follow the entry before"
    chained = ("previous", "community", "sequence", "at", "kind", "case", "step", "action_key", "digest")
    if row["hash"] != hash_of(**{name: row[name] for name in chained}):
        return "it was changed"
    if row["values"] is None:
        return ""
    if not row["digest"]:
        return "values were added"
    if row["digest"] != digest_of(row["salt"], row["values"]):
        return "its values were changed"
    return ""


def _entry(row: Mapping[str, Any]) -> AuditEntry:
    shown = {name: each for name, each in row.items() if name not in ("salt", "values")}
    return AuditEntry(**shown, values=json.loads(row["values"]) if row["values"] is not None else None)
