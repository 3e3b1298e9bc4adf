"""What members do: they write, edit, react, join, and use the app's commands, buttons, shortcuts and forms; and what they see.

Knows: what Slack's own clients let a person do. Must not know: HTTP, faults.
Rules: what a person could not do raises NotAllowedError, so that a test never plays the impossible; everything returns at once,
an interaction is waited for with its `acknowledged` and `answer`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.servers.slack import api_chat, forms
from tests.servers.slack.delivery import COMMANDS, INTERACTIVE
from tests.servers.slack.errors import NotAllowedError
from tests.servers.slack.interactions import Interaction, Interactions
from tests.servers.slack.payloads import message as message_json
from tests.servers.slack.state import State
from tests.servers.slack.world import DIRECT, LINK, Channel, Json, Message, User, View
from tests.servers.slack.writing import typed


class Member:
    """Somebody who uses Slack. Methods are what the person does; properties are what the person sees."""

    def __init__(self, state: State, interactions: Interactions, user: User) -> None:
        self.state = state
        self.interactions = interactions
        self.user = user

    @property
    def id(self) -> str:
        """The user id."""
        return self.user.id

    @property
    def name(self) -> str:
        """The user name."""
        return self.user.name

    @property
    def mention(self) -> str:
        """How a text mentions the person."""
        return self.user.mention

    # Messages

    def says(
        self, channel: Channel, text: str = "", *, sent_at: datetime | None = None, files: Sequence[Json] = (), attachments: Sequence[Json] = (),
        blocks: Sequence[Json] = (),
    ) -> Message:  # fmt: skip
        """Write a message. `sent_at` makes an old one, `files` are their fields as JSON (title, name; `data`: the bytes)."""
        self._check_may_write(channel)
        parts: Json = {"files": [self._file(one) for one in files], "attachments": list(attachments)}
        if blocks:
            parts["blocks"] = list(blocks)
        made = self.state.make(channel, self.user, typed(text), sent_at=sent_at, parts=parts, subtype="file_share" if files else "")
        return self.state.post(made)

    def replies(self, message: Message, text: str, *, broadcast: bool = False, sent_at: datetime | None = None) -> Message:
        """Write in the thread under a message; `broadcast`: also to the channel."""
        self._check_may_write(message.channel)
        thread_ts = message.thread_ts if message.is_reply else message.ts
        made = self.state.make(message.channel, self.user, typed(text), thread_ts=thread_ts, broadcast=broadcast, sent_at=sent_at)
        return self.state.post(made)

    def shares(self, message: Message, channel: Channel, comment: str = "") -> Message:
        """Share a message into another channel."""
        self._check_may_write(channel)
        domain = self.state.world.domain
        shared = {
            "ts": message.ts, "author_id": message.user.id, "channel_id": message.channel.id, "channel_team": self.state.world.team_id,
            "is_msg_unfurl": True, "is_share": True, "id": 1, "from_url": api_chat.permalink(domain, message), "text": message.text,
            "fallback": f"[{message.ts}] {message.user.name}: {message.text}", "author_name": message.user.real_name,
            "mrkdwn_in": ["text"], "message_blocks": [{"team": self.state.world.team_id, "message": {"blocks": message.blocks}}],
        }  # fmt: skip
        return self.says(channel, comment, attachments=[shared])

    def edits(self, message: Message, text: str) -> Message:
        """Change an own message."""
        if message.user is not self.user or message.channel.message(message.ts) is None:
            raise NotAllowedError(f"{self.name} cannot edit this")
        blocks = self.state.make(message.channel, self.user, typed(text)).parts.get("blocks", [])
        self.state.edit(message, text=typed(text), parts={"blocks": blocks})
        return message

    def deletes(self, message: Message) -> None:
        """Delete an own message, or another's as an admin."""
        if (message.user is not self.user and not self.user.may_moderate) or message.channel.message(message.ts) is None:
            raise NotAllowedError(f"{self.name} cannot delete this")
        self.state.delete(message)

    def unfurls(self, message: Message, title: str, text: str = "") -> None:
        """See Slack add a link's preview to a message: message_changed without any edit."""
        found = LINK.search(message.text)
        url = found[1] if found else "https://example.org/"
        preview = {"id": 1, "from_url": url, "original_url": url, "title": title, "title_link": url, "text": text, "fallback": title}
        self.state.edit(message, parts={"attachments": [*message.parts.get("attachments", []), preview]}, silently=True)

    def reacts(self, message: Message, name: str) -> None:
        """React, with a name such as "thumbsup"."""
        self._check_sees(message.channel)
        self.state.react(message, self.user, name, added=True)

    def unreacts(self, message: Message, name: str) -> None:
        """Take a reaction back."""
        self.state.react(message, self.user, name, added=False)

    def joins(self, channel: Channel) -> None:
        """Enter a public channel."""
        self._check_sees(channel)
        self.state.join(channel, self.user)

    def leaves(self, channel: Channel) -> None:
        """Leave a channel."""
        if channel.is_general:
            raise NotAllowedError("nobody leaves the general channel")
        self.state.leave(channel, self.user)

    def invites(self, who: "Member | User", channel: Channel) -> None:
        """Let somebody into a channel one is in."""
        self._check_may_write(channel)
        self.state.join(channel, who.user if isinstance(who, Member) else who, inviter=self.user)

    def removes(self, who: "Member", channel: Channel) -> None:
        """Take somebody out of a channel by hand, as an admin."""
        if channel.is_general or not self.user.may_moderate or self.id not in channel.members:
            raise NotAllowedError(f"{self.name} cannot remove {who.name} from {channel.name}")
        self.state.leave(channel, who.user)

    def writes_to_bot(self, text: str) -> Message:
        """Write to the app directly."""
        if not self.state.messages_tab_enabled:
            raise NotAllowedError("the app has no Messages tab")
        return self.says(self.direct, text)

    # The app: Home, commands, shortcuts

    def opens_home(self, tab: str = "home") -> None:
        """Look at the app's Home tab, or its "messages"."""
        if not (self.state.home_enabled if tab == "home" else self.state.messages_tab_enabled):
            raise NotAllowedError(f"the app has no {tab} tab")
        event: Json = {
            "type": "app_home_opened", "user": self.id, "channel": self.direct.id, "tab": tab, "event_ts": self.state.clock.new_ts()
        }  # fmt: skip
        if self.home is not None and tab == "home":
            event["view"] = self.state.view_json(self.home)
        self.state.emit(event, "app_home_opened")

    def runs(self, line: str, channel: Channel | None = None) -> Interaction:
        """Use a command: "/report she insults everybody"; in the direct messages with the app unless a channel is named."""
        place = channel or self.direct
        command, _, text = line.partition(" ")
        if not command.startswith("/") or (self.interactions.commands is not None and command not in self.interactions.commands):
            raise NotAllowedError(f"there is no command {command!r}")
        if self.id not in place.members:
            raise NotAllowedError(f"{self.name} is not in {place.name}")
        one = self._new("command", command, channel=place)
        team = self.state.world
        payload = {
            "token": "verification", "team_id": team.team_id, "team_domain": team.domain, "channel_id": place.id,
            "channel_name": "directmessage" if place.kind == DIRECT else place.name, "user_id": self.id, "user_name": self.name,
            "command": command, "text": text, "api_app_id": self.state.app_id, "is_enterprise_install": "false",
            "response_url": self.interactions.address(one), "trigger_id": one.trigger_id,
        }  # fmt: skip
        return self.interactions.start(one, COMMANDS, payload)

    def opens_shortcut(self, callback_id: str, message: Message | None = None) -> Interaction:
        """Choose a shortcut: on a message, or a global one."""
        known = self.interactions.shortcuts
        if known is not None and known.get(callback_id) != ("global" if message is None else "message"):
            raise NotAllowedError(f"there is no such shortcut {callback_id!r}, there is {dict(known)}")
        if message is None:
            one = self._new("shortcut", callback_id)
            payload = self._head(one, "shortcut") | {"callback_id": callback_id, "action_ts": self.state.clock.new_ts()}
            return self.interactions.start(one, INTERACTIVE, payload)
        self._check_sees(message.channel)
        one = self._new("message_action", callback_id, channel=message.channel, source=None)
        payload = self._head(one, "message_action") | {
            "callback_id": callback_id, "action_ts": self.state.clock.new_ts(), "message_ts": message.ts, "channel": self._place(message.channel),
            "message": message_json(message, self.state.world), "response_url": self.interactions.address(one),
        }  # fmt: skip
        return self.interactions.start(one, INTERACTIVE, payload)

    # The app: buttons and forms

    def presses(self, where: Message | View, button: str, *, option: str = "", answers: Mapping[str, Any] | None = None) -> Interaction:
        """Press a button by its action id, label or value; or choose an `option` in a menu. `answers`: what stands in a view's inputs."""
        element = forms.find(where.elements, button)
        one = self._new("block_actions", str(element["action_id"]))
        action = {"action_id": element["action_id"], "block_id": element["block_id"], "action_ts": self.state.clock.new_ts()}
        payload = self._head(one, "block_actions") | {"actions": [action | forms.acted(element, option)], "state": {"values": {}}}
        if isinstance(where, View):
            self._check_open(where)
            one.view = where
            values = forms.values(where, answers or {}, partial=True)
            payload |= {"container": {"type": "view", "view_id": where.id}, "view": self.state.view_json(where, values)}
            return self.interactions.start(one, INTERACTIVE, payload)
        self._check_sees(where.channel)
        if where.ephemeral_to not in {"", self.id} or where.deleted:
            raise NotAllowedError("that message is not there to press on")
        one.channel, one.source = where.channel, where
        container = {
            "type": "message", "message_ts": where.ts, "channel_id": where.channel.id, "is_ephemeral": bool(where.ephemeral_to)
        }  # fmt: skip
        payload |= {
            "container": container, "channel": self._place(where.channel), "response_url": self.interactions.address(one)
        }  # fmt: skip
        if not where.ephemeral_to:
            payload["message"] = message_json(where, self.state.world)
        return self.interactions.start(one, INTERACTIVE, payload)

    def submits(self, view: View, answers: Mapping[str, Any] | None = None) -> Interaction:
        """Send a form; `answers` by block id, action id or label: a text, or the value of an option (a list where many are chosen)."""
        self._check_open(view)
        if not view.body.get("submit"):
            raise NotAllowedError("this view has nothing to send")
        values = forms.values(view, answers or {})
        one = self._new("view_submission", view.callback_id)
        one.view = view
        payload = self._head(one, "view_submission") | {"view": self.state.view_json(view, values), "response_urls": []}
        return self.interactions.start(one, INTERACTIVE, payload)

    def closes(self, view: View) -> Interaction | None:
        """Close a form; the app hears of it where it asked to."""
        self._check_open(view)
        self.interactions.close(view)
        if not view.body.get("notify_on_close"):
            return None
        one = self._new("view_closed", view.callback_id)
        one.view = view
        payload = self._head(one, "view_closed") | {"view": self.state.view_json(view), "is_cleared": False}
        return self.interactions.start(one, INTERACTIVE, payload)

    # What the person sees

    @property
    def direct(self) -> Channel:
        """The direct messages with the app."""
        return self.state.open_direct(self.state.bot.id, self.id)

    @property
    def dms(self) -> list[Message]:
        """What the app wrote directly and is still there, oldest first."""
        return [one for one in self.direct.messages.values() if one.user is self.state.bot and not one.deleted]

    @property
    def dm_texts(self) -> list[str]:
        """Their words."""
        return [one.words for one in self.dms]

    @property
    def ephemerals(self) -> list[Message]:
        """What only this person saw, oldest first."""
        return [one for one in self.state.world.ephemerals if one.ephemeral_to == self.id and not one.deleted]

    @property
    def ephemeral_texts(self) -> list[str]:
        """Their words."""
        return [one.words for one in self.ephemerals]

    @property
    def home(self) -> View | None:
        """The Home tab, once the app published it."""
        return self.state.world.homes.get(self.id)

    @property
    def views(self) -> list[View]:
        """The open modals, the top one last."""
        return self.interactions.open_views(self.user)

    def reads(self, channel: Channel) -> list[str]:
        """The words of a channel and its threads as they are now, oldest first."""
        self._check_sees(channel)
        shown = sorted((one for one in channel.messages.values() if not one.deleted), key=lambda one: one.ts)
        return [one.words for one in shown]

    # Within

    def _new(self, kind: str, name: str, *, channel: Channel | None = None, source: Message | None = None) -> Interaction:
        clock = self.state.clock
        number = len(self.interactions.all) + 1
        trigger = f"{number}.{int(clock.now().timestamp() * 1000)}.{clock.new_id('')}"
        return Interaction(
            kind=kind, name=name, user=self.user, trigger_id=trigger, made_at=clock.now(), channel=channel, source=source
        )  # fmt: skip

    def _head(self, one: Interaction, kind: str) -> Json:
        world = self.state.world
        user = {"id": self.id, "username": self.name, "name": self.name, "team_id": world.team_id}
        if kind == "message_action":
            del user["username"]
        made: Json = {
            "type": kind, "token": "verification", "api_app_id": self.state.app_id, "enterprise": None, "user": user,
            "team": {"id": world.team_id, "domain": world.domain}, "is_enterprise_install": False,
        }  # fmt: skip
        return made if kind == "view_closed" else made | {"trigger_id": one.trigger_id}

    def _place(self, channel: Channel) -> Json:
        return {"id": channel.id, "name": "directmessage" if channel.kind == DIRECT else channel.name}

    def _file(self, given: Json) -> Json:
        """A file; with `data` its bytes are served to who has a token with files:read."""
        name = given.get("name", "file.txt")
        file_id = self.state.clock.new_id("F")
        base: Json = {
            "id": file_id, "created": int(self.state.clock.now().timestamp()), "name": name, "title": name, "mimetype": "text/plain",
            "filetype": name.rpartition(".")[2], "user": self.id, "size": 1, "mode": "hosted", "is_external": False, "is_public": True,
            "url_private": f"https://files.slack.com/files-pri/{file_id}/{name}",
            "permalink": f"https://{self.state.world.domain}.slack.com/files/{self.id}/{file_id}/{name}",
        }  # fmt: skip
        data, rest = given.get("data"), {key: value for key, value in given.items() if key != "data"}
        if data is not None:
            address = self.state.world.files.put(f"/files-pri/{self.state.world.team_id}-{file_id}/{name}", data, given["mimetype"])
            base |= {"url_private": address, "size": len(data)}
        return base | rest

    def _check_sees(self, channel: Channel) -> None:
        if self.user.deleted or not self.state.sees(self.user, channel):
            raise NotAllowedError(f"{self.name} does not see {channel.name}")

    def _check_may_write(self, channel: Channel) -> None:
        self._check_sees(channel)
        if self.id not in channel.members or channel.is_archived:
            raise NotAllowedError(f"{self.name} cannot write in {channel.name}")
        if "post" in self.state.world.restricted and not self.user.may_moderate:
            raise NotAllowedError(f"{self.name} may not post")

    def _check_open(self, view: View) -> None:
        is_home = self.state.world.homes.get(self.id) is view
        if view.user is not self.user or not (is_home or (self.views and self.views[-1] is view)):
            raise NotAllowedError("that view is not on top of the screen")
