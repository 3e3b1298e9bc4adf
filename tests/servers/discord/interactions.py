"""Interactions: how long they may be answered, how often, and with what.

Knows: the single acknowledgement within 3 s, the token of 15 min, deferred answers, ephemeral messages, modals, choices.
Must not know: HTTP routes, who plays the member.
Rules: a first answer twice is 40060, a late or unknown one 10062; before it the webhook is unknown (10015), after 15 min its
token is invalid (50027).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.servers.discord import bodies, payloads
from tests.servers.discord.errors import RefusedError, unknown, wrong
from tests.servers.discord.state import State, new_message
from tests.servers.discord.world import EPHEMERAL, LOADING, Account, Channel, Json, Message, walk

ACKNOWLEDGED_WITHIN = timedelta(seconds=3)
TOKEN_LIVES = timedelta(minutes=15)
COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
ANSWER, DEFER, DEFER_UPDATE, UPDATE, CHOICES, SHOW_MODAL = 4, 5, 6, 7, 8, 9
COMMAND_ANSWER = 20


async def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something is so; raises TimeoutError with what was waited for."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not condition():
        if loop.time() >= end:
            message = f"not within {seconds} s: {what}"
            raise TimeoutError(message)
        await asyncio.sleep(0.005)


@dataclass(slots=True, kw_only=True)
class Interaction:
    """What a member did with the application, and all that was answered."""

    id: str
    token: str
    kind: int
    account: Account
    channel: Channel
    made_at: datetime
    name: str = ""
    source: Message | None = None
    parent: "Interaction | None" = None
    callback_kind: int | None = None
    modal: Json | None = None
    choices: list[Json] | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)

    @property
    def is_acknowledged(self) -> bool:
        """Whether there was a first answer."""
        return self.callback_kind is not None

    @property
    def is_answered(self) -> bool:
        """Whether there is something to see."""
        if self.callback_kind in {ANSWER, UPDATE, CHOICES, SHOW_MODAL} or self.followups:
            return True
        return self.callback_kind == DEFER and self.original is not None and not self.original.flags & LOADING

    @property
    def messages(self) -> list[Message]:
        """What the member sees as an answer, in order."""
        own = [self.original] if self.original is not None and self.callback_kind in {ANSWER, DEFER, UPDATE} else []
        return [*own, *self.followups]

    @property
    def is_private(self) -> bool:
        """Whether only the member saw it."""
        return all(one.is_ephemeral for one in self.messages)

    @property
    def text(self) -> str:
        """All words that the member was answered with: contents, embeds, displayed text."""
        return "\n".join(filter(None, (words_of(one) for one in self.messages)))

    async def acknowledged(self, seconds: float = 3.0) -> int:
        """Wait for the first answer and give its type."""
        await until(lambda: self.is_acknowledged, seconds, f"an acknowledgement of {self.name}")
        assert self.callback_kind is not None, "it was waited for"
        return self.callback_kind

    async def answer(self, seconds: float = 5.0) -> "Interaction":
        """Wait until there is something to see."""
        await until(lambda: self.is_answered, seconds, f"an answer to {self.name}")
        return self


def words_of(message: Message) -> str:
    """Give all words of a message."""
    found = [message.content]
    for embed in message.embeds:
        found += [embed.get("title", ""), embed.get("description", ""), (embed.get("footer") or {}).get("text", "")]
        found += [f"{field['name']}: {field['value']}" for field in embed.get("fields", [])]
    found += [one["content"] for one in walk(message.parts.get("components", [])) if one.get("type") == 10]
    return "\n".join(filter(None, found))


class Interactions:
    """All interactions of one server, and the messages that only one person sees."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.all: list[Interaction] = []
        self.private: dict[str, Message] = {}

    def named(self, token: str) -> Interaction | None:
        """Find one by its token."""
        return next((one for one in self.all if one.token == token), None)

    # The first answer

    def callback(self, interaction_id: str, token: str, body: Json) -> Interaction:
        """Take the first answer."""
        one = self.named(token)
        if one is None or one.id != interaction_id:
            raise unknown("interaction")
        if one.is_acknowledged:
            raise RefusedError(400, 40060, "Interaction has already been acknowledged.")
        if self.state.clock.now() - one.made_at > ACKNOWLEDGED_WITHIN:
            raise unknown("interaction")
        kind = body.get("type")
        if kind not in self._allowed(one):
            raise wrong("type", f"Value must be one of {sorted(self._allowed(one))}.", "BASE_TYPE_CHOICES")
        data = body.get("data") or {}
        if kind == ANSWER:
            one.original = self._said(one, data)
        elif kind == DEFER:
            flags = (data.get("flags") or 0) & EPHEMERAL | LOADING
            one.original = self._keep(one, self._new(one, "", flags, {}))
        elif kind == UPDATE:
            assert one.source is not None, "only a component's message can be updated"
            self.edit(one.source, data)
            one.original = one.source
        elif kind == DEFER_UPDATE:
            one.original = one.source
        elif kind == CHOICES:
            one.choices = _checked_choices(data.get("choices") or [])
        else:
            one.modal = _checked_modal(data)
        one.callback_kind = kind
        return one

    def _allowed(self, one: Interaction) -> set[int]:
        if one.kind == AUTOCOMPLETE:
            return {CHOICES}
        found = {ANSWER, DEFER} if one.kind == MODAL else {ANSWER, DEFER, SHOW_MODAL}
        return found | ({DEFER_UPDATE, UPDATE} if one.source is not None else set())

    def callback_shown(self, one: Interaction) -> Json:
        """Write what `with_response` asks for."""
        shown: Json = {"id": one.id, "type": one.kind, "channel_id": one.channel.id}
        if one.channel.guild is not None:
            shown["guild_id"] = one.channel.guild.id
        if one.original is None or one.callback_kind in {CHOICES, SHOW_MODAL}:
            return {"interaction": shown}
        shown["response_message_id"] = one.original.id
        shown["response_message_loading"] = bool(one.original.flags & LOADING)
        shown["response_message_ephemeral"] = one.original.is_ephemeral
        if one.callback_kind in {DEFER, DEFER_UPDATE}:
            return {"interaction": shown}
        return {"interaction": shown, "resource": {"type": one.callback_kind, "message": self.show(one.original)}}

    # What follows

    def webhook(self, application_id: str, token: str) -> Interaction:
        """Find the interaction whose token is used as a webhook."""
        one = self.named(token)
        if one is None or application_id != self.state.application_id or not one.is_acknowledged:
            raise unknown("Webhook")
        if self.state.clock.now() - one.made_at > TOKEN_LIVES:
            raise RefusedError(401, 50027, "Invalid Webhook Token")
        return one

    def follow_up(self, one: Interaction, body: Json, *, has_files: bool = False) -> Message:
        """Say one more thing; the first after a deferred answer takes that one's place."""
        if one.callback_kind == DEFER and one.original is not None and one.original.flags & LOADING:
            bodies.check_content(body, has_files=has_files)
            return self.edit(one.original, body)
        message = self._said(one, body, has_files=has_files)
        one.followups.append(message)
        return message

    def message(self, one: Interaction, message_id: str) -> Message:
        """Find one of its messages."""
        if message_id == "@original":
            found = one.original
        else:
            found = next((each for each in (*one.messages, *one.followups) if each.id == message_id), None)
        if found is None or (found.id not in self.private and found.id not in found.channel.messages):
            raise unknown("Message")
        return found

    def edit(self, message: Message, body: Json) -> Message:
        """Change a message that answers an interaction, or carries the button that was pressed."""
        edit_message(self.state, message, body)
        return message

    def delete(self, message: Message) -> None:
        """Take an answer back."""
        if self.private.pop(message.id, None) is None:
            self.state.delete_messages([message])

    def show(self, message: Message) -> Json:
        """Write an answer; who sent it may always read it."""
        return payloads.message(message, self.state.bot.id)

    def _said(self, one: Interaction, body: Json, *, has_files: bool = False) -> Message:
        bodies.check_content(body, has_files=has_files)
        flags = (body.get("flags") or 0) & (EPHEMERAL | bodies.COMPONENTS_V2)
        parts = bodies.parts_of(body, self.state.clock)
        return self._keep(one, self._new(one, body.get("content") or "", flags, parts))

    def _new(self, one: Interaction, content: str, flags: int, parts: Json) -> Message:
        metadata = self._metadata(one)
        parts = {**parts, "interaction_metadata": metadata}
        kind = COMMAND_ANSWER if one.kind == COMMAND else 0
        message = new_message(self.state, one.channel, self.state.bot, content, flags=flags, parts=parts, kind=kind)
        message.webhook = self.state.application_id
        message.mentions = self.state.mentioned(content, one.channel)
        return message

    def _metadata(self, one: Interaction) -> Json:
        owners = {"0": one.channel.guild.id if one.channel.guild else "0"}
        found: Json = {"id": one.id, "type": one.kind, "user": payloads.user(one.account), "authorizing_integration_owners": owners}
        if one.kind == COMPONENT and one.source is not None:
            found["interacted_message_id"] = one.source.id
        if one.kind == MODAL and one.parent is not None:
            found["triggering_interaction_metadata"] = self._metadata(one.parent)
        return found

    def _keep(self, one: Interaction, message: Message) -> Message:
        if message.is_ephemeral:
            self.private[message.id] = message
            return message
        return self.state.create_message(message)


def edit_message(state: State, message: Message, body: Json) -> None:
    """Change what a body names, check that something is left, and say it."""
    parts = {**message.parts, **bodies.parts_of(body, state.clock)}
    content = (body["content"] or "") if "content" in body else message.content
    flags = message.flags | ((body.get("flags") or 0) & bodies.COMPONENTS_V2)
    kept: Json = {key: parts[key] for key in ("embeds", "components", "poll") if key in parts}
    whole = {**kept, "content": content, "flags": flags}
    bodies.check_content(whole, can_be_empty=bool(parts.get("attachments")))
    message.content, message.parts = content, parts
    message.flags = flags & ~LOADING
    message.mentions = state.mentioned(content, message.channel, body.get("allowed_mentions"))
    message.edited_at = state.clock.now()
    state.update_message(message)


def _checked_choices(choices: list[Json]) -> list[Json]:
    if len(choices) > 25:
        raise wrong("data.choices", "Must be 25 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    for at, one in enumerate(choices):
        if not 1 <= len(one.get("name") or "") <= 100:
            raise wrong(f"data.choices.{at}.name", "Must be between 1 and 100 in length.", "BASE_TYPE_BAD_LENGTH")
    return choices


def _checked_modal(data: Json) -> Json:
    if not 1 <= len(data.get("title") or "") <= 45:
        raise wrong("data.title", "Must be between 1 and 45 in length.", "BASE_TYPE_BAD_LENGTH")
    if not 1 <= len(data.get("custom_id") or "") <= 100:
        raise wrong("data.custom_id", "Must be between 1 and 100 in length.", "BASE_TYPE_BAD_LENGTH")
    if not 1 <= len(data.get("components") or []) <= 5:
        raise wrong("data.components", "Must be between 1 and 5 in length.", "BASE_TYPE_BAD_LENGTH")
    return {**data, "components": bodies.given_ids(data["components"])}
