"""chat.*: post, change, delete, show to one person, link.

Knows: who may post and delete what, and the limits of a message. Must not know: HTTP.
Rules: a bot deletes and changes its own messages alone; an admin's user token deletes what the admin sees.
"""

import re
from typing import Any

from tests.servers.slack import payloads
from tests.servers.slack.blocks import block_problems
from tests.servers.slack.errors import RefusedError
from tests.servers.slack.methods import Call, method
from tests.servers.slack.tokens import BOT, USER
from tests.servers.slack.world import DIRECT, PUBLIC, Channel, Json, Message

ATTACHMENTS_MAX = 100
UPDATE_TEXT_MAX = 4_000
METADATA_BYTES_MAX = 8_000
EVENT_TYPE = re.compile(r"[\w.:-]{1,255}")


@method("chat.postMessage", "chat:write", tier=0)
def post_message(call: Call) -> Json:
    """Post."""
    channel = _place(call)
    parts = _parts(call)
    text = _text(call, parts)
    message = call.state.make(
        channel, call.user, text, thread_ts=_thread(call, channel), broadcast=call.flag("reply_broadcast") and bool(call.text("thread_ts")),
        parts=parts, metadata=_metadata(call),
    )  # fmt: skip
    call.state.post(message)
    return {"channel": channel.id, "ts": message.ts, "message": _shown(call, message)}


@method("chat.postEphemeral", "chat:write", tier=4)
def post_ephemeral(call: Call) -> Json:
    """Show something to one person in a channel; nobody keeps it."""
    channel = _place(call)
    reader = call.state.world.users.get(call.needed("user"))
    if reader is None or reader.id not in channel.members:
        raise RefusedError("user_not_in_channel")
    parts = _parts(call)
    message = call.state.make(channel, call.user, _text(call, parts), thread_ts=call.text("thread_ts"), parts=parts)
    message.ephemeral_to = reader.id
    call.state.world.ephemerals.append(message)
    return {"message_ts": message.ts}


@method("chat.update", "chat:write", tier=3)
def update(call: Call) -> Json:
    """Change an own message."""
    message = _found(call, call.channel(), "ts")
    if message.user is not call.user or message.subtype == "tombstone":
        raise RefusedError("cant_update_message")
    parts = _parts(call)
    text = _text(call, parts)
    if len(text) > UPDATE_TEXT_MAX:
        raise RefusedError("msg_too_long")
    metadata = _metadata(call)
    if metadata is not None:
        message.metadata = metadata
    kept: Json = {} if {"blocks", "attachments"} & set(call.args) else {"blocks": [], "attachments": []}
    call.state.edit(message, text=text, parts=kept | parts)
    return {"channel": message.channel.id, "ts": message.ts, "text": message.text, "message": _shown(call, message)}


@method("chat.delete", "chat:write", tier=3)
def delete(call: Call) -> Json:
    """Delete: a bot its own, an admin what the admin sees."""
    channel = call.channel()
    message = _found(call, channel, "ts")
    is_own = message.user is call.user
    may = is_own or (call.token.kind == USER and call.user.may_moderate)
    if not may or message.subtype == "tombstone" or ("delete" in call.state.world.restricted and not call.user.is_owner):
        raise RefusedError("cant_delete_message")
    call.state.delete(message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.getPermalink", tier=0)
def get_permalink(call: Call) -> Json:
    """Give a message's address."""
    channel = call.channel()
    message = _found(call, channel, "message_ts")
    return {"channel": channel.id, "permalink": permalink(call.state.world.domain, message)}


def permalink(domain: str, message: Message) -> str:
    """Write a message's address."""
    url = f"https://{domain}.slack.com/archives/{message.channel.id}/p{message.ts.replace('.', '')}"
    return f"{url}?thread_ts={message.thread_ts}&cid={message.channel.id}" if message.is_reply else url


def _place(call: Call) -> Channel:
    named = call.needed("channel", "channel_not_found")
    state = call.state
    person = state.world.users.get(named)
    channel: Channel | None = next((one for one in state.world.channels.values() if named in {one.id, f"#{one.name}"}), None)
    if person is not None and not person.deleted:
        channel = state.open_direct(call.user.id, person.id)
    if channel is None or not state.sees(call.user, channel):
        raise RefusedError("channel_not_found")
    if channel.is_archived:
        raise RefusedError("is_archived")
    if call.user.id not in channel.members and not (channel.kind == PUBLIC and "chat:write.public" in call.token.scopes):
        raise RefusedError("not_in_channel")
    if channel.kind == DIRECT and call.token.kind == BOT and not state.messages_tab_enabled:
        raise RefusedError("messages_tab_disabled" if call.method.name == "chat.postEphemeral" else "channel_not_found")
    if "post" in state.world.restricted and not call.user.may_moderate:
        raise RefusedError("restricted_action")
    return channel


def _thread(call: Call, channel: Channel) -> str:
    thread_ts = call.text("thread_ts")
    if not thread_ts:
        return ""
    parent = channel.message(thread_ts)
    if parent is None:
        raise RefusedError("cannot_reply_to_message")
    return parent.thread_ts if parent.is_reply else parent.ts


def _found(call: Call, channel: Channel, name: str) -> Message:
    found = channel.message(call.needed(name, "message_not_found"))
    if found is None:
        raise RefusedError("message_not_found")
    return found


def _parts(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = {}
    blocks = call.data("blocks", "invalid_blocks_format")
    if blocks is not None:
        problems = block_problems(blocks)
        if problems:
            raise RefusedError("invalid_blocks", errors=problems, response_metadata={"messages": [f"[ERROR] {one}" for one in problems]})
        found["blocks"] = blocks
    attachments = call.data("attachments", "invalid_arguments")
    if attachments is not None:
        if len(attachments) > ATTACHMENTS_MAX:
            raise RefusedError("too_many_attachments")
        found["attachments"] = [{"id": number, "fallback": "[no preview available]", **one} for number, one in enumerate(attachments, 1)]
    return found


def _text(call: Call, parts: dict[str, Any]) -> str:
    text = call.text("text") or call.text("markdown_text")
    if call.text("markdown_text") and (call.text("text") or "blocks" in parts):
        raise RefusedError("markdown_text_conflict")
    if not text.strip() and not parts:
        raise RefusedError("no_text")
    return text


def _metadata(call: Call) -> Json | None:
    metadata = call.data("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise RefusedError("invalid_metadata_format")
    if EVENT_TYPE.fullmatch(str(metadata.get("event_type", ""))) is None:
        raise RefusedError("invalid_metadata_schema")
    if len(str(metadata).encode()) > METADATA_BYTES_MAX:
        raise RefusedError("metadata_too_large")
    return metadata


def _shown(call: Call, message: Message) -> Json:
    return payloads.message(message, call.state.world, all_metadata=True)
