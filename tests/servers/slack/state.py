"""What happens in the workspace, and who hears of it.

Knows: what posting, editing, deleting, reacting, joining and leaving change, and which event each becomes.
Must not know: HTTP, sockets, arguments of methods, who plays the member.
Rules: everything that changes the world goes through here, so that an app and a person cause the same events; the app hears
what it subscribed to, where its bot is a member, with the scope for it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from tests.servers.slack import payloads
from tests.servers.slack.delivery import Deliveries, Delivery
from tests.servers.slack.tokens import HISTORY, READ, Token
from tests.servers.slack.world import DIRECT, GROUP, PRIVATE, PUBLIC, Channel, Json, Message, User, View, World
from tests.servers.slack.writing import rich_text

EVENTS = frozenset(
    "message.channels message.groups message.im reaction_added reaction_removed member_joined_channel app_home_opened".split()
)
"""What the app hears of unless a test or a manifest says otherwise."""
NEEDED_BY_EVENT: dict[str, set[str]] = {
    "message.channels": {"channels:history"}, "message.groups": {"groups:history"}, "message.im": {"im:history"},
    "message.mpim": {"mpim:history"}, "reaction_added": {"reactions:read"}, "reaction_removed": {"reactions:read"},
    "member_joined_channel": {"channels:read", "groups:read"}, "member_left_channel": {"channels:read", "groups:read"},
    "app_home_opened": set(), "team_join": {"users:read"},
}  # fmt: skip
"""Every event that this server sends, and the scopes of which one is needed for it."""
MESSAGE_EVENTS = {PUBLIC: "message.channels", PRIVATE: "message.groups", DIRECT: "message.im", GROUP: "message.mpim"}
TOMBSTONE = "This message was deleted."
SHOWN_MAX = 40_000
"""Characters of text; Slack cuts the rest."""


class State:
    """The world and the one app in it."""

    def __init__(self, world: World, bot: User) -> None:
        self.world = world
        self.clock = world.clock
        self.bot = bot
        self.app_id = bot.app_id = world.clock.new_id("A")
        self.subscribed: set[str] = set(EVENTS)
        self.bot_token: Token | None = None
        self.deliveries: Deliveries | None = None
        self.events: list[Json] = []
        """Every event that the app should hear of, with its outer payload."""
        self.home_enabled = True
        self.messages_tab_enabled = True
        self.history_page_max = 999
        """The most messages in a page of history; 15 for apps that are not internal."""
        self.pages_start_at_oldest = True
        """With `oldest` alone Slack's first page is the one closest to it; False: closest to now. Code has to bear both."""

    # Who sees and hears what

    def sees(self, user: User, channel: Channel) -> bool:
        """Say whether somebody can know of a channel."""
        return user.id in channel.members or (channel.kind == PUBLIC and not user.is_guest)

    def emit(self, event: Json, name: str, scopes: Iterable[str] = (), channel: Channel | None = None) -> Delivery | None:
        """Send an event if the app hears of it."""
        token = self.bot_token
        if name not in self.subscribed or token is None or (channel is not None and self.bot.id not in channel.members):
            return None
        wanted = set(scopes)
        if wanted and not token.scopes & wanted:
            return None
        return self.send_event(event)

    def send_event(self, event: Json) -> Delivery:
        """Send an event as it is, whatever the app subscribed to."""
        event_id = "Ev" + self.clock.new_id("")[1:]
        at = self.clock.now().timestamp()
        whole = payloads.callback(event, self.world, app_id=self.app_id, bot_user=self.bot.id, event_id=event_id, at=at)
        self.events.append(whole)
        assert self.deliveries is not None, "the server wires it"
        return self.deliveries.event(whole)

    def _say_message(self, channel: Channel, event: Json) -> None:
        self.emit(event, MESSAGE_EVENTS[channel.kind], [HISTORY[channel.kind]], channel)

    def _json(self, message: Message) -> Json:
        return payloads.message(message, self.world, kind=payloads.CHANGE)

    # Messages

    def make(
        self, channel: Channel, user: User, text: str, *, thread_ts: str = "", broadcast: bool = False, sent_at: datetime | None = None,
        parts: Mapping[str, Any] | None = None, metadata: Json | None = None, subtype: str = "",
    ) -> Message:  # fmt: skip
        """Make a message without posting it."""
        carried = {key: value for key, value in dict(parts or {}).items() if value}
        if not user.is_bot and text and "blocks" not in carried:
            carried["blocks"] = [rich_text(text)]
        return Message(
            channel=channel, ts=self.clock.new_ts(sent_at), user=user, text=text[:SHOWN_MAX], thread_ts=thread_ts,
            subtype="thread_broadcast" if broadcast else subtype, bot_id=user.bot_id,
            client_msg_id="" if user.is_bot or subtype else str(uuid4()), parts=numbered(carried), metadata=metadata,
        )  # fmt: skip

    def post(self, message: Message) -> Message:
        """Let a message appear."""
        message.channel.messages[message.ts] = message
        event = payloads.message(message, self.world, kind=payloads.EVENT)
        self._say_message(message.channel, event)
        return message

    def edit(self, message: Message, *, text: str | None = None, parts: Mapping[str, Any] | None = None, silently: bool = False) -> None:
        """Change a message: message_changed with the previous one. `silently`: an unfurl, which is no edit."""
        before = self._json(message)
        if text is not None:
            message.text = text[:SHOWN_MAX]
        if parts is not None:
            message.parts = numbered({**message.parts, **parts})
        if not silently:
            message.edited_ts = self.clock.new_ts()
        self._say_changed(message, before)

    def _say_changed(self, message: Message, before: Json) -> None:
        more = {"source_team": self.world.team_id, "user_team": self.world.team_id}
        ts = self.clock.new_ts()
        event = {
            "type": "message", "subtype": "message_changed", "message": {**self._json(message), **more}, "previous_message": before,
            "channel": message.channel.id, "hidden": True, "ts": ts, "event_ts": ts, "channel_type": message.channel.kind,
        }  # fmt: skip
        self._say_message(message.channel, event)

    def delete(self, message: Message) -> None:
        """Delete a message; what has replies stays as a tombstone, and its event is message_changed."""
        before = self._json(message)
        if not message.is_reply and message.channel.replies(message.ts):
            message.subtype, message.text, message.parts, message.metadata = "tombstone", TOMBSTONE, {}, None
            self._say_changed(message, before)
            return
        message.deleted = True
        ts = self.clock.new_ts()
        event = {
            "type": "message", "subtype": "message_deleted", "previous_message": before, "channel": message.channel.id, "hidden": True,
            "deleted_ts": message.ts, "ts": ts, "event_ts": ts, "channel_type": message.channel.kind,
        }  # fmt: skip
        self._say_message(message.channel, event)

    def react(self, message: Message, user: User, name: str, *, added: bool) -> bool:
        """Add or take back a reaction; False where nothing changed."""
        people = message.reactions.setdefault(name, [])
        if (user.id in people) is added:
            return False
        (people.append if added else people.remove)(user.id)
        if not people:
            del message.reactions[name]
        kind = "reaction_added" if added else "reaction_removed"
        event = {
            "type": kind, "user": user.id, "reaction": name, "item": {"type": "message", "channel": message.channel.id, "ts": message.ts},
            "item_user": message.user.id, "event_ts": self.clock.new_ts(),
        }  # fmt: skip
        self.emit(event, kind, NEEDED_BY_EVENT[kind], message.channel)
        return True

    # Channels

    def join(self, channel: Channel, user: User, *, inviter: User | None = None) -> None:
        """Let somebody in: a line in the channel, and member_joined_channel."""
        if user.id in channel.members:
            return
        channel.members.append(user.id)
        subtype = "channel_join" if channel.kind == PUBLIC else "group_join"
        line = self.make(channel, user, f"{user.mention} has joined the channel", subtype=subtype, parts={"blocks": []})
        line.parts = {"inviter": inviter.id} if inviter else {}
        line.bot_id = ""
        self.post(line)
        self._say_membership("member_joined_channel", channel, user, inviter)

    def leave(self, channel: Channel, user: User) -> None:
        """Let somebody out."""
        if user.id not in channel.members:
            return
        self._say_membership("member_left_channel", channel, user, None)
        channel.members.remove(user.id)

    def _say_membership(self, kind: str, channel: Channel, user: User, inviter: User | None) -> None:
        event = {
            "type": kind, "user": user.id, "channel": channel.id, "channel_type": "C" if channel.kind == PUBLIC else "G",
            "team": self.world.team_id, "event_ts": self.clock.new_ts(),
        }  # fmt: skip
        self.emit(event | ({"inviter": inviter.id} if inviter else {}), kind, [READ[channel.kind]], channel)

    def open_direct(self, *people: str) -> Channel:
        """Find or make direct messages."""
        made = self.world.direct_channel(*people)
        assert made is not None, "it was made"
        return made

    # Views

    def new_view(self, user: User, body: Json, *, root: str = "", previous: str = "") -> View:
        """Make a view that somebody sees."""
        view_id = self.clock.new_id("V")
        made = View(
            id=view_id, user=user, body=numbered(body), hash=self.new_hash(), root_id=root or view_id, previous_id=previous
        )  # fmt: skip
        self.world.views[view_id] = made
        return made

    def new_hash(self) -> str:
        """Make a view's hash: it changes with each version."""
        return f"{int(self.clock.now().timestamp())}.{uuid4().hex[:8]}"

    def view_json(self, view: View, values: Json | None = None) -> Json:
        """Write a view."""
        return payloads.view(view, self.world, app_id=self.app_id, bot_id=self.bot.bot_id, values=values)


def numbered(body: Mapping[str, Any]) -> Json:
    """Give every block a block_id, and every element an action_id, as Slack does where the app gave none."""
    made = dict(body)
    if isinstance(made.get("blocks"), list):
        made["blocks"] = [_numbered(block) for block in made["blocks"]]
    return made


def _numbered(block: Json) -> Json:
    made = {**block, "block_id": block.get("block_id") or uuid4().hex[:5]}
    for key in ("accessory", "element"):
        if isinstance(made.get(key), dict):
            made[key] = _acting(made[key])
    if made.get("type") in {"actions", "context_actions"}:
        made["elements"] = [_acting(one) for one in made.get("elements", [])]
    return made


def _acting(one: Json) -> Json:
    return {**one, "action_id": one.get("action_id") or uuid4().hex[:5]} if one.get("type") != "image" else one
