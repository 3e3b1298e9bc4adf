"""How communities and their servers are set up, and when the service was last alive.

Knows: communities, servers. Must not know: policies, platforms.
Rules: a server belongs to one community; what was never set up is on record too, marked so.
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.sqlite import insert

from bot.store.part import Part, Row, given, where
from bot.store.records import CommunitySetup, ServerSetup
from bot.store.tables import communities, servers

_FIELDS = ("platform", "server", "community", "name", "escalation_channel", "moderator_role", "set_up")
_ANYWHERE = select(servers).where(servers.c.platform == given("platform"), servers.c.server == given("server"))
_ALL = select(servers).order_by(servers.c.first_seen_at, servers.c.server)
_IN = insert(servers)
_PUT = _IN.on_conflict_do_update(
    index_elements=[servers.c.platform, servers.c.server],
    set_={name: _IN.excluded[name] for name in _FIELDS if name not in ("platform", "server")},
)
_COMMUNITY = select(communities).where(where(communities))
_SET_COMMUNITY = update(communities).where(where(communities))


class SetupsPart(Part):
    """Communities and servers."""

    async def server_setup(self, platform: str, server: str) -> ServerSetup | None:
        """How a server is set up, whichever community it belongs to."""
        row = await self._one(_ANYWHERE, platform=platform, server=server)
        return setup(row) if row else None

    async def server_setups(self) -> tuple[ServerSetup, ...]:
        """All servers of all communities, in the order in which they were first seen."""
        return tuple(setup(row) for row in await self._all(_ALL))

    async def put_server(self, chosen: ServerSetup) -> None:
        """Record how a server is set up, the first time with when. It must belong to this transaction's community."""
        assert chosen.community == self.community, "a server is recorded in its own community"
        await self._add(_PUT, **{name: getattr(chosen, name) for name in _FIELDS if name != "community"}, first_seen_at=self.now)

    async def community_setup(self) -> CommunitySetup:
        """How this community is set up."""
        row = await self._one(_COMMUNITY)
        return CommunitySetup(**{name: row[name] for name in ("mode", "policy", "alive_at")}) if row else CommunitySetup()

    async def put_community(self, *, mode: str, policy: str) -> None:
        """Record mode and policy of this community; "" for the environment's defaults."""
        await self._change(_SET_COMMUNITY, {"mode": mode, "policy": policy})

    async def alive(self) -> datetime | None:
        """Note that the service is alive now; gives when it last was."""
        before = (await self.community_setup()).alive_at
        await self._change(_SET_COMMUNITY, {"alive_at": self.now})
        return before


def setup(row: Row) -> ServerSetup:
    """A row as a record."""
    return ServerSetup(**{name: row[name] for name in _FIELDS}, first_seen_at=row["first_seen_at"])
