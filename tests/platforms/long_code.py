"""A code of conduct whose text is the longest answer that there is, on either platform."""

from dataclasses import replace

from bot.communities import Community
from bot.core.policy import Clause


def with_long_code(community: Community, summary: str) -> None:
    """Give the community a code of twenty clauses with this summary."""
    parts = community.parts
    clauses = tuple(Clause(number=str(n), title=f"clause no {n}", summary=summary, read_at="") for n in range(20))
    community.service.use(policy=replace(parts.policy, clauses=clauses), source=parts.policy_source, mode=parts.mode)
