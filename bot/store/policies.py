"""Policies that were used, and which of them passed their check.

Knows: hashes and sources. Must not know: what a policy says.
Rules: a source that was used is kept as it was; appeals are read under the policy of their day.
"""

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from bot.store.part import Part, where
from bot.store.records import Hashes
from bot.store.tables import checks, policies

_SAVE = insert(policies).on_conflict_do_nothing()
_SOURCE = select(policies.c.source).where(where(policies, "hash"))
_CHECK_IN = insert(checks)
_REMEMBER = _CHECK_IN.on_conflict_do_update(
    index_elements=list(checks.primary_key.columns), set_={"passed": _CHECK_IN.excluded.passed, "at": _CHECK_IN.excluded["at"]}
)
_PASSED = select(checks.c.passed).where(where(checks, "policy_hash", "model_hash", "code_hash"))


class PoliciesPart(Part):
    """Sources by hash, results of checks."""

    async def save_policy_source(self, policy_hash: str, source: str) -> None:
        """Keep the compiled source of a policy that is being used; the first time counts."""
        await self._add(_SAVE, hash=policy_hash, source=source, first_used_at=self.now)

    async def policy_source(self, policy_hash: str) -> str | None:
        """The source of a policy that was used."""
        source: str | None = (await self._find(_SOURCE, hash=policy_hash)).scalar_one_or_none()
        return source

    async def remember_check(self, hashes: Hashes, *, passed: bool) -> None:
        """Keep the result of a policy's check with this model and this code; the latest counts."""
        row = {"policy_hash": hashes.policy, "model_hash": hashes.model, "code_hash": hashes.code}
        await self._add(_REMEMBER, **row, passed=passed, at=self.now)

    async def check_passed(self, hashes: Hashes) -> bool | None:
        """Whether it passed; None where it was never checked."""
        row = {"policy_hash": hashes.policy, "model_hash": hashes.model, "code_hash": hashes.code}
        passed: bool | None = (await self._find(_PASSED, **row)).scalar_one_or_none()
        return passed
