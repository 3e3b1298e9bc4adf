"""Who may see a case and decide it, where moderators are part of cases themselves.

Knows: who takes part in a case, every account of every moderator. Must not know: what a decision changes, what a card says.
Rules: the core says who is recused; a person is recused by any account of theirs; where every moderator is part of a case, those
who are only named or reported it may decide it.
"""

from collections.abc import Iterable

from bot.core.cases import NotAllowedError, Parties, all_are_part, parties_of, recused, somebody_left
from bot.core.model import CaseView
from bot.parts import Parts
from bot.store.store import Transaction


class Recusal:
    """What keeps a community's moderators from a case."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def check(self, transaction: Transaction, case: CaseView, moderator: str, *, appeal: bool) -> None:
        """Raise NotAllowedError where a moderator may not decide a case."""
        if moderator not in self._parts.moderators:
            raise NotAllowedError("only moderators decide cases")
        parties = await self._parties(transaction, case)
        why = await self.why(transaction, case, [moderator], parties, appeal=appeal)
        if why:
            raise NotAllowedError(f"you cannot decide case {case.number}: {why}")

    async def why(
        self, transaction: Transaction, case: CaseView, accounts: Iterable[str], parties: Parties, *, appeal: bool = False
    ) -> str:
        """Say why a moderator, by any of these accounts of theirs, may neither see nor decide a case; "" where they may."""
        whys = [why for account in accounts if (why := recused(account, parties, appeal=appeal))]
        if not whys or not await self.nobody_else(transaction, case, parties):
            return next(iter(whys), "")
        return next((why for account in accounts if (why := recused(account, parties, appeal=appeal, nobody_else=True))), "")

    async def nobody_else(self, transaction: Transaction, case: CaseView, parties: Parties) -> bool:
        """Whether every moderator is part of a case, by one account or another."""
        people = await self._moderators_accounts(transaction, case)
        return bool(people) and all_are_part(people, parties)

    async def somebody_left(self, transaction: Transaction, case: CaseView) -> bool:
        """Whether a moderator is left who may decide a further appeal."""
        parties = await self._parties(transaction, case)
        return somebody_left(await self._moderators_accounts(transaction, case), parties)

    async def somebody_may(self, transaction: Transaction, case: CaseView) -> bool:
        """Whether a moderator is there who may decide an appeal that waits."""
        parties = await self._parties(transaction, case)
        people = await self._moderators_accounts(transaction, case)
        return not all([await self.why(transaction, case, accounts, parties, appeal=True) for accounts in people])

    async def _parties(self, transaction: Transaction, case: CaseView) -> Parties:
        """Who is part of a case, with all who decided it before."""
        detail = await transaction.case_detail(case.number)
        deciders = [one.moderator for one in detail.reviews] if detail else []
        return parties_of(case, await transaction.reporters_of_case(case.number), deciders)

    async def _moderators_accounts(self, transaction: Transaction, case: CaseView) -> list[set[str]]:
        """The accounts of each moderator."""
        people = []
        for account in self._parts.moderators:
            own = {account}
            for platform in {case.platform, *self._parts.platforms}:
                own |= {one for _, one in await transaction.accounts_of(platform, account)}
            people.append(own)
        return people
