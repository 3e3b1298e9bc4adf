"""Discord's own AutoMod, heard as one thing said.

Knows: that one trigger arrives as one event for each of its actions. Must not know: rules of Steward, the network.
Rules: events of the same rule, author and text within a minute are one message; what is kept is bounded.
"""

from collections import OrderedDict
from datetime import datetime, timedelta

from bot.platforms.discord.translate import Json, short_id

WITHIN = timedelta(minutes=1)
KEPT_MAX = 1_000
"""Triggers remembered: more than that in a minute is a raid, and then a second event of one may count twice."""


class Collapse:
    """Gives the id of what was blocked to the first event of a trigger, and nothing to those that follow it."""

    def __init__(self) -> None:
        self._heard: OrderedDict[tuple[str, ...], datetime] = OrderedDict()

    def first(self, data: Json, now: datetime) -> str | None:
        """The id for this trigger, or None where it was heard already. Raises KeyError for what is no AutoMod event."""
        key = (str(data["guild_id"]), str(data["rule_id"]), str(data["user_id"]), str(data.get("content") or ""))
        while self._heard and (len(self._heard) > KEPT_MAX or now - next(iter(self._heard.values())) > WITHIN):
            self._heard.popitem(last=False)
        if key in self._heard:
            return None
        self._heard[key] = now
        return short_id("automod", *key, now.isoformat())
