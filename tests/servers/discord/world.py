"""The state of the test server: accounts, guilds, roles, members, channels, messages, and where ids and time come from.

Knows: what there is. Must not know: how it is written as JSON, who may do what, HTTP and the gateway.
Rules: plain mutable records; ids are Discord's snowflakes, so an id tells when it was made; time can be moved forward.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.servers.files import Files

Json = dict[str, Any]
DISCORD_EPOCH_MS = 1_420_070_400_000
TEXT, DIRECT, PUBLIC_THREAD, PRIVATE_THREAD = 0, 1, 11, 12
EPHEMERAL, LOADING, HAS_THREAD = 1 << 6, 1 << 7, 1 << 5


class Clock:
    """The server's own time: the real one, moved forward by what a test asked for."""

    def __init__(self) -> None:
        self._moved = timedelta()
        self._made: dict[int, int] = {}

    def now(self) -> datetime:
        """Give the time, aware, UTC."""
        return datetime.now(UTC) + self._moved

    def advance(self, seconds: float) -> None:
        """Move forward."""
        self._moved += timedelta(seconds=seconds)

    def new_id(self, at: datetime | None = None) -> str:
        """Make an id that nobody else has; ids of one millisecond count up."""
        milliseconds = int((at or self.now()).timestamp() * 1000) - DISCORD_EPOCH_MS
        count = self._made.get(milliseconds, 0)
        self._made[milliseconds] = count + 1
        return str((milliseconds << 22) | count)


def made_at(snowflake: str) -> datetime:
    """Read the time in an id."""
    return datetime.fromtimestamp(((int(snowflake) >> 22) + DISCORD_EPOCH_MS) / 1000, UTC)


@dataclass(slots=True, kw_only=True)
class Account:
    """A person or a bot. `takes_direct_messages` False answers 50007 to who writes to them."""

    id: str
    username: str
    display_name: str | None = None
    bot: bool = False
    takes_direct_messages: bool = True

    @property
    def mention(self) -> str:
        """How a text mentions the account."""
        return f"<@{self.id}>"


@dataclass(slots=True, kw_only=True)
class Role:
    """A role of a guild; the one with the guild's id is everybody's."""

    id: str
    name: str
    permissions: int
    position: int
    managed_by: str = ""


@dataclass(slots=True, kw_only=True)
class Member:
    """An account in a guild."""

    account: Account
    guild: "Guild"
    joined_at: datetime
    nick: str | None = None
    roles: list[str] = field(default_factory=list)
    timed_out_until: datetime | None = None

    @property
    def id(self) -> str:
        """The account's id."""
        return self.account.id

    @property
    def mention(self) -> str:
        """How a text mentions the member."""
        return self.account.mention


@dataclass(slots=True, kw_only=True)
class Channel:
    """A text channel, a thread in one, or direct messages. `overwrites`: id of a role or member → (allow, deny)."""

    id: str
    kind: int = TEXT
    name: str = ""
    guild: "Guild | None" = None
    parent: "Channel | None" = None
    position: int = 0
    topic: str | None = None
    slow_mode_seconds: int = 0
    overwrites: dict[str, tuple[int, int]] = field(default_factory=dict)
    recipients: list[Account] = field(default_factory=list)
    messages: "dict[str, Message]" = field(default_factory=dict)
    last_message_id: str | None = None
    owner: str = ""
    thread_members: list[str] = field(default_factory=list)
    archived: bool = False
    locked: bool = False
    invitable: bool = True
    auto_archive_minutes: int = 4320
    changed_at: datetime | None = None
    sent_count: int = 0

    @property
    def is_thread(self) -> bool:
        """Whether it hangs on another channel."""
        return self.kind in {PUBLIC_THREAD, PRIVATE_THREAD}

    @property
    def is_private_thread(self) -> bool:
        """Whether only its members see it."""
        return self.kind == PRIVATE_THREAD


@dataclass(slots=True, kw_only=True)
class Message:
    """A message. `parts` holds what is passed through as JSON: embeds, components, attachments, polls, snapshots…"""

    id: str
    channel: Channel
    author: Account
    content: str
    kind: int = 0
    sent_at: datetime
    edited_at: datetime | None = None
    flags: int = 0
    nonce: str | int | None = None
    mentions: list[Account] = field(default_factory=list)
    mentioned_roles: list[str] = field(default_factory=list)
    mentions_everyone: bool = False
    pinned: bool = False
    reply_to: str = ""
    reactions: dict[str, list[str]] = field(default_factory=dict)
    thread: Channel | None = None
    webhook: str = ""
    parts: Json = field(default_factory=dict)

    @property
    def is_ephemeral(self) -> bool:
        """Whether one person alone sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def embeds(self) -> list[Json]:
        """The embeds as JSON."""
        return list(self.parts.get("embeds", []))

    @property
    def buttons(self) -> list[Json]:
        """All buttons and select menus, wherever they stand in the message."""
        return [one for one in walk(self.parts.get("components", [])) if one.get("type") in {2, 3, 5, 6, 7, 8}]


@dataclass(slots=True, kw_only=True)
class Guild:
    """A server in Discord's sense."""

    id: str
    name: str
    owner: str
    roles: dict[str, Role] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    threads: dict[str, Channel] = field(default_factory=dict)
    audit_log: list[Json] = field(default_factory=list)
    automod_rules: dict[str, Json] = field(default_factory=dict)
    available: bool = True

    def channel(self, name: str) -> Channel:
        """Find a channel or thread by its name."""
        return next(one for one in (*self.channels.values(), *self.threads.values()) if one.name == name)

    def member(self, name: str) -> Member:
        """Find a member by the account's name."""
        return next(one for one in self.members.values() if one.account.username == name)

    def role(self, name: str) -> Role:
        """Find a role by its name."""
        return next(one for one in self.roles.values() if one.name == name)


@dataclass(slots=True)
class World:
    """All there is, by id."""

    clock: Clock = field(default_factory=Clock)
    accounts: dict[str, Account] = field(default_factory=dict)
    guilds: dict[str, Guild] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    files: Files = field(default_factory=Files)

    def account(self, username: str, *, bot: bool = False, display_name: str | None = None) -> Account:
        """Make an account."""
        made = Account(id=self.clock.new_id(), username=username, display_name=display_name, bot=bot)
        self.accounts[made.id] = made
        return made

    def direct_channel(self, one: Account, other: Account) -> Channel:
        """Find or make the direct messages between two accounts."""
        for channel in self.channels.values():
            if channel.kind == DIRECT and {one.id, other.id} == {each.id for each in channel.recipients}:
                return channel
        made = Channel(id=self.clock.new_id(), kind=DIRECT, recipients=[one, other])
        self.channels[made.id] = made
        return made

    def message(self, message_id: str) -> Message | None:
        """Find a message wherever it is."""
        return next((one.messages[message_id] for one in self.channels.values() if message_id in one.messages), None)


def walk(components: list[Json]) -> list[Json]:
    """List components and all that is in them, outermost first."""
    found: list[Json] = []
    for one in components:
        found.append(one)
        inner = [*one.get("components", [])]
        inner += [one[key] for key in ("component", "accessory") if isinstance(one.get(key), dict)]
        found += walk(inner)
    return found
