"""A table of methods: name → function, with the tokens, scopes and tier of each.

Knows: how arguments are read and what a function is given. Must not know: what functions do, sockets.
Rules: a method is entered under its documented name; arguments may come as text (query, form) or as JSON, and mean the same.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.servers.slack.errors import RefusedError, invalid_arguments
from tests.servers.slack.interactions import Interactions
from tests.servers.slack.sockets import Sockets
from tests.servers.slack.state import State
from tests.servers.slack.tokens import BOT, USER, Token
from tests.servers.slack.world import Channel, Json, User

TRUE, FALSE = {"1", "true", "True"}, {"0", "false", "False", ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call, taken apart, and the state it speaks to."""

    state: State
    interactions: Interactions
    sockets: Sockets
    token: Token
    args: Json
    method: "Method"

    @property
    def user(self) -> User:
        """Who asks."""
        return self.token.user

    def text(self, name: str, default: str = "") -> str:
        """Read a text."""
        value = self.args.get(name, default)
        return value if isinstance(value, str) else json.dumps(value)

    def needed(self, name: str, code: str = "") -> str:
        """Read a text that has to be there; `code` is the refusal otherwise."""
        value = self.text(name)
        if not value:
            raise RefusedError(code) if code else invalid_arguments(f"missing required field: {name}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """Read a boolean: 1, 0, true, false."""
        value = self.args.get(name, default)
        if isinstance(value, bool):
            return value
        if str(value) in TRUE | FALSE:
            return str(value) in TRUE
        raise invalid_arguments(f"must be a boolean: {name}")

    def number(self, name: str, default: int, most: int, code: str = "invalid_arguments") -> int:
        """Read a number from 1 to `most`; more is cut, as Slack does."""
        try:
            value = int(self.args.get(name) or default)
        except ValueError:
            raise RefusedError(code) from None
        if value < 1:
            raise RefusedError(code)
        return min(value, most)

    def data(self, name: str, code: str = "invalid_arguments") -> Any:
        """Read JSON that was given as text or as it is; None where it is absent."""
        value = self.args.get(name)
        if isinstance(value, str) and value:
            try:
                return json.loads(value)
            except ValueError:
                raise RefusedError(code) from None
        return value or None

    def channel(self, name: str = "channel") -> Channel:
        """Find the channel, if the token sees it and has the scope for its kind; raises channel_not_found, missing_scope."""
        channel = self.state.world.channels.get(self.needed(name, "channel_not_found"))
        if channel is None or not self.state.sees(self.user, channel):
            raise RefusedError("channel_not_found")
        self.token.check_channel(self.method.channel_scopes(self.token), channel)
        return channel

    def person(self, name: str = "user", code: str = "user_not_found") -> User:
        """Find a user."""
        found = self.state.world.users.get(self.text(name))
        if found is None:
            raise RefusedError(code)
        return found


Function = Callable[[Call], Json | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method with its rules. `scopes`: any of them is needed at the door; `by_kind`: the one for the channel's kind."""

    name: str
    tier: int
    function: Function
    kinds: frozenset[str]
    scopes: tuple[str, ...]
    by_kind: Mapping[str, str] = field(default_factory=dict)
    user_by_kind: Mapping[str, str] = field(default_factory=dict)

    def channel_scopes(self, token: Token) -> Mapping[str, str]:
        """Give the scope by kind of channel for such a token."""
        return self.user_by_kind if token.kind == USER and self.user_by_kind else self.by_kind

    def door_scopes(self, token: Token) -> list[str]:
        """Give the scopes of which any one opens the method."""
        return [*self.scopes, *self.channel_scopes(token).values()]


class Methods:
    """All methods by name."""

    def __init__(self) -> None:
        self.all: dict[str, Method] = {}

    def __call__(
        self, name: str, *scopes: str, tier: int, kinds: tuple[str, ...] = (BOT, USER), by_kind: Mapping[str, str] | None = None,
        user_by_kind: Mapping[str, str] | None = None,
    ) -> Callable[[Function], Function]:  # fmt: skip
        """Enter a function under a documented name. `tier` 0 is a special limit."""

        def entered(function: Function) -> Function:
            self.all[name] = Method(
                name=name, tier=tier, function=function, kinds=frozenset(kinds), scopes=scopes, by_kind=by_kind or {},
                user_by_kind=user_by_kind or {},
            )  # fmt: skip
            return function

        return entered


method = Methods()
