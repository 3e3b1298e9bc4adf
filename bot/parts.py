"""What a community's service is made of, and who moderates it.

Knows: the record, the scorer, the policy and the platforms of one community, by their ports. Must not know: what is done with
them.
Rules: the parts change as a whole (another policy, another mode); only who moderates and by what names members are known changes
while they stand.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from bot.core.model import Scored, Status
from bot.core.notices import Sentences
from bot.core.policy import Policy
from bot.core.scoring import ToScore
from bot.folders import code_digest
from bot.names import Names
from bot.ports import Clock, Platform, Scorer
from bot.store.records import Hashes
from bot.store.store import Store, Transaction


class Roster(Collection[str]):
    """The accounts that moderate a community: those named in the settings, and those that a role names on each server now."""

    def __init__(self, named: Collection[str] = ()) -> None:
        self._named = frozenset(named)
        self._by_server: dict[tuple[str, str], frozenset[str]] = {}

    def moderate(self, platform: str, server: str, accounts: Collection[str]) -> None:
        """Say who moderates on a server from now on."""
        self._by_server[platform, server] = frozenset(accounts)

    def _all(self) -> frozenset[str]:
        return self._named.union(*self._by_server.values())

    def __contains__(self, account: object) -> bool:
        return account in self._named or any(account in those for those in self._by_server.values())

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a community's service is made of. `policy_source`: the policy's files as they were compiled."""

    community: str
    store: Store
    scorer: Scorer
    policy: Policy
    policy_source: Mapping[str, str]
    sentences: Sentences
    clock: Clock
    mode: Status
    moderators: Roster = field(default_factory=Roster)
    names: Names = field(default_factory=Names)
    platforms: Mapping[str, Platform] = field(default_factory=dict)

    @property
    def hashes(self) -> Hashes:
        """What verdicts are reached with now."""
        return Hashes(policy=self.policy.digest, model=self.scorer.digest, code=code_digest())

    async def scored(self, one: ToScore) -> Scored:
        """The scores of a segment."""
        scores = [await self.scorer.score(one.text, one.pointed_out)]
        for text, _ in one.otherwise:
            scores.append(await self.scorer.score(text))
        return one.scored(scores)

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Begin a transaction of this community, now."""
        return self.store.transaction(self.community, self.clock.now())
