"""Tokens: their kinds, what they may do, and the refusals that follow.

Knows: bot, user and app-level tokens, scopes, which scope a kind of channel needs. Must not know: what a method does.
Rules: a token that is not known is invalid_auth; a kind that a method does not take is not_allowed_token_type; a scope that is
missing is missing_scope with `needed` and `provided`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.servers.slack.errors import RefusedError
from tests.servers.slack.world import DIRECT, GROUP, PRIVATE, PUBLIC, Channel, User

BOT, USER, APP = "bot", "user", "app"
BOT_SCOPES = frozenset(
    "channels:history groups:history channels:read groups:read users:read chat:write im:write im:history commands reactions:read "
    "channels:manage groups:write".split()
)
"""What Steward's manifest asks for."""
ADMIN_SCOPES = frozenset({"chat:write"})
APP_SCOPES = frozenset({"connections:write"})


def by_channel(verb: str, *, public: str = "") -> dict[str, str]:
    """Give the scope that each kind of channel needs: "history" → channels:history, groups:history, ...

    `public` is a bot's scope for public channels where it has another name.
    """
    return {
        PUBLIC: public or f"channels:{verb}",
        PRIVATE: f"groups:{verb}",
        DIRECT: f"im:{verb}",
        GROUP: f"mpim:{verb}",
    }


HISTORY = by_channel("history")
READ = by_channel("read")
WRITE = by_channel("write", public="channels:manage")
USER_WRITE = by_channel("write")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Who asks, with which rights. The text is a secret only in name: it is made for a test."""

    text: str
    kind: str
    user: User
    scopes: frozenset[str]

    def check_any(self, needed: Iterable[str]) -> None:
        """Refuse where not one of the scopes is there; nothing needed is always there."""
        wanted = list(dict.fromkeys(needed))
        if wanted and not self.scopes & set(wanted):
            raise missing_scope(wanted[0] if len(wanted) == 1 else ",".join(wanted), self)

    def check_channel(self, needed: Mapping[str, str], channel: Channel) -> None:
        """Refuse where the scope for that kind of channel is not there."""
        if needed and needed[channel.kind] not in self.scopes:
            raise missing_scope(needed[channel.kind], self)


def missing_scope(needed: str, token: Token) -> RefusedError:
    """The refusal that names what is missing."""
    return RefusedError("missing_scope", needed=needed, provided=",".join(sorted(token.scopes)))
