"""What there is in the Slack of the tests: a team, its members, channels, messages, views.

Knows: the things and how they refer to each other. Must not know: HTTP, sockets, events, JSON's shape.
Rules: plain data; a ts is unique in the workspace and grows; only messages that the server holds are looked up, never copies.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.servers.files import Files

Json = dict[str, Any]
PUBLIC, PRIVATE, DIRECT, GROUP = "channel", "group", "im", "mpim"
"""The channel types of Slack's events."""
LINK = re.compile(r"<(https?://[^|>]+)(?:\|[^>]*)?>")


class Clock:
    """The server's own time: the real one, moved forward by what a test asked for, and the waits of Slack, shortened."""

    def __init__(self, pace: float = 1.0) -> None:
        self.pace = pace
        """What Slack's waits for a redelivery are multiplied with; 0.01 makes a minute 0.6 s."""
        self._moved = timedelta()
        self._last = 0
        self._count = 0

    def now(self) -> datetime:
        """Give the time, aware, UTC."""
        return datetime.now(UTC) + self._moved

    def advance(self, seconds: float) -> None:
        """Move forward."""
        self._moved += timedelta(seconds=seconds)

    def new_ts(self, at: datetime | None = None) -> str:
        """Make a ts that nobody else has: seconds and six digits; later ones are greater."""
        wanted = int((at or self.now()).timestamp() * 1_000_000)
        if at is None:
            wanted = self._last = max(wanted, self._last + 1)
        return f"{wanted // 1_000_000}.{wanted % 1_000_000:06d}"

    def new_id(self, kind: str) -> str:
        """Make an id: a letter for the kind and ten characters."""
        self._count += 1
        number, written = self._count + 36**6, ""
        while number:
            number, digit = divmod(number, 36)
            written = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit] + written
        return f"{kind}0{written.rjust(9, '0')}"


def made_at(ts: str) -> datetime:
    """Read the time in a ts."""
    return datetime.fromtimestamp(float(ts), UTC)


@dataclass(slots=True, kw_only=True, eq=False)
class User:
    """A person or a bot."""

    id: str
    name: str
    real_name: str = ""
    display_name: str = ""
    is_admin: bool = False
    is_owner: bool = False
    is_primary_owner: bool = False
    is_bot: bool = False
    is_guest: bool = False
    deleted: bool = False
    bot_id: str = ""
    app_id: str = ""
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def mention(self) -> str:
        """How a text mentions the account."""
        return f"<@{self.id}>"

    @property
    def may_moderate(self) -> bool:
        """Whether Slack lets this person delete others' messages."""
        return self.is_admin or self.is_owner


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A message, as it is now. `parts` are further fields as JSON: blocks, attachments, files."""

    channel: "Channel"
    ts: str
    user: User
    text: str
    subtype: str = ""
    thread_ts: str = ""
    bot_id: str = ""
    client_msg_id: str = ""
    edited_ts: str = ""
    metadata: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    parts: Json = field(default_factory=dict)
    ephemeral_to: str = ""
    deleted: bool = False

    @property
    def id(self) -> str:
        """The ts."""
        return self.ts

    @property
    def is_reply(self) -> bool:
        """Whether it stands in a thread under another message."""
        return bool(self.thread_ts) and self.thread_ts != self.ts

    @property
    def is_shown_in_channel(self) -> bool:
        """Whether history gives it: parents, and replies that were sent to the channel too."""
        return not self.is_reply or self.subtype == "thread_broadcast"

    @property
    def blocks(self) -> list[Json]:
        """The blocks as JSON."""
        return list(self.parts.get("blocks", []))

    @property
    def words(self) -> str:
        """All that can be read in it: text, else the blocks' words, and attachments."""
        found = [self.text, *words_of(self.blocks)]
        for one in self.parts.get("attachments", []):
            found += [one.get("pretext", ""), one.get("title", ""), one.get("text", ""), *words_of(one.get("blocks", []))]
        return plain_words(found)

    @property
    def elements(self) -> list[Json]:
        """All buttons, menus and inputs in it."""
        found = elements_of(self.blocks)
        for one in self.parts.get("attachments", []):
            found += elements_of(one.get("blocks", []))
        return found


@dataclass(slots=True, kw_only=True, eq=False)
class Channel:
    """A place to write in: public, private, or direct."""

    id: str
    kind: str
    name: str = ""
    creator: str = ""
    created_at: datetime
    members: list[str] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    is_general: bool = False
    is_archived: bool = False
    topic: str = ""

    def replies(self, ts: str) -> list[Message]:
        """The replies under a message, oldest first."""
        found = [one for one in self.messages.values() if one.is_reply and one.thread_ts == ts and not one.deleted]
        return sorted(found, key=lambda one: one.ts)

    def message(self, ts: str) -> Message | None:
        """Find a message that is still there."""
        found = self.messages.get(ts)
        return None if found is None or found.deleted else found


@dataclass(slots=True, kw_only=True, eq=False)
class View:
    """A modal or a Home tab that somebody sees."""

    id: str
    user: User
    body: Json
    hash: str
    root_id: str = ""
    previous_id: str = ""
    is_open: bool = True

    @property
    def callback_id(self) -> str:
        """What tells the app which form it is."""
        return str(self.body.get("callback_id", ""))

    @property
    def blocks(self) -> list[Json]:
        """The blocks as JSON."""
        return list(self.body.get("blocks", []))

    @property
    def words(self) -> str:
        """All that can be read in it."""
        title = (self.body.get("title") or {}).get("text", "")
        return plain_words([title, *words_of(self.blocks)])

    @property
    def elements(self) -> list[Json]:
        """All buttons, menus and inputs in it."""
        return elements_of(self.blocks)


@dataclass(slots=True)
class World:
    """All there is, by id."""

    clock: Clock
    team_id: str = ""
    team_name: str = "Branch"
    domain: str = "branch"
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)
    ephemerals: list[Message] = field(default_factory=list)
    files: Files = field(default_factory=Files)
    restricted: set[str] = field(default_factory=set)
    """Actions that a workspace preference keeps from everybody but admins: "kick", "invite", "post", "delete"."""

    def __post_init__(self) -> None:
        self.team_id = self.team_id or self.clock.new_id("T")

    def add_user(self, name: str, **more: Any) -> User:
        """Let an account be."""
        made = User(id=self.clock.new_id("U"), name=name, **{"real_name": name.capitalize(), **more})
        self.users[made.id] = made
        return made

    def add_channel(self, name: str, kind: str, creator: str, members: Iterable[str], **more: Any) -> Channel:
        """Make a channel."""
        letter = {PUBLIC: "C", PRIVATE: "C", DIRECT: "D", GROUP: "G"}[kind]
        people = list(dict.fromkeys(members))
        made = Channel(
            id=self.clock.new_id(letter), kind=kind, name=name, creator=creator, created_at=self.clock.now(), members=people, **more
        )
        self.channels[made.id] = made
        return made

    def direct_channel(self, *people: str, create: bool = True) -> Channel | None:
        """Find or make the direct messages between people."""
        kind = DIRECT if len(people) == 2 else GROUP
        for channel in self.channels.values():
            if channel.kind == kind and set(channel.members) == set(people):
                return channel
        name = "" if kind == DIRECT else "mpdm-" + "--".join(self.users[one].name for one in people) + "-1"
        return self.add_channel(name, kind, people[0], people) if create else None


def plain_words(found: Iterable[str]) -> str:
    """Put texts together as a person reads them, each once, without Slack's escapes."""
    read = (one.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for one in found if one)
    return "\n".join(dict.fromkeys(read))


def words_of(blocks: Iterable[Json]) -> list[str]:
    """Give the texts of blocks in order, buttons' labels too."""
    found: list[str] = []
    for one in _walk(list(blocks)):
        if isinstance(one.get("text"), str):
            found.append(one["text"])
    return found


def elements_of(blocks: Iterable[Json]) -> list[Json]:
    """Give what can be pressed, chosen or filled in, with the block it stands in as `block_id`."""
    found: list[Json] = []
    for block in blocks:
        places = [*block.get("elements", []), block.get("accessory"), block.get("element")]
        label = (block.get("label") or {}).get("text", "") if isinstance(block.get("label"), dict) else ""
        for one in places:
            if isinstance(one, dict) and ("action_id" in one or one.get("type") == "button"):
                more = {"block_id": block.get("block_id", ""), "block_type": block.get("type", "")}
                found.append({**one, **more, "block_label": label, "optional": bool(block.get("optional"))})
    return found


def _walk(node: Any) -> list[Json]:
    if isinstance(node, list):
        return [each for one in node for each in _walk(one)]
    if not isinstance(node, dict):
        return []
    return [node, *(each for value in node.values() for each in _walk(value))]
