"""The API of channels, messages, reactions and threads.

Knows: who may do what there and how it is refused. Must not know: sockets, rate limits, faults.
Rules: checks first, the change in `state`, the answer last; a hidden channel is 50001, a missing permission 50013.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.servers.discord import bodies, payloads, permissions
from tests.servers.discord.errors import RefusedError, missing_access, missing_permissions, unknown, wrong
from tests.servers.discord.interactions import edit_message
from tests.servers.discord.limits import Limited
from tests.servers.discord.permissions import Permission
from tests.servers.discord.routes import Answer, Call, route
from tests.servers.discord.state import MESSAGE_DELETED, MESSAGES_DELETED, new_message, new_thread
from tests.servers.discord.world import DIRECT, PRIVATE_THREAD, PUBLIC_THREAD, Channel, Json, Member, Message, made_at

BULK_AGE_MAX = timedelta(days=14)
THREAD_MINUTES = {60, 1440, 4320, 10080}
NAME_MAX = 100


class SlowModeError(Exception):
    """A 429 that a channel's slow mode answers."""

    def __init__(self, limited: Limited) -> None:
        super().__init__("slow mode")
        self.limited = limited


@route("GET", "/channels/{channel_id}")
def read_channel(call: Call) -> Json:
    """Show a channel."""
    return payloads.channel(call.channel(), call.state.bot.id)


@route("PATCH", "/channels/{channel_id}")
def change_channel(call: Call) -> Json:
    """Change a thread's or a channel's name and settings."""
    channel = call.channel()
    held, body = call.held(channel), call.fields
    if channel.is_thread:
        own = channel.owner == call.state.bot.id and not body.keys() & {"locked"}
        if not own and Permission.MANAGE_THREADS not in held:
            raise missing_permissions()
        if channel.archived and body.get("archived") is not False:
            raise RefusedError(400, 50083, "Thread is archived")
        channel.archived = bool(body.get("archived", channel.archived))
        channel.locked = bool(body.get("locked", channel.locked))
        channel.auto_archive_minutes = body.get("auto_archive_duration") or channel.auto_archive_minutes
        channel.changed_at = call.state.clock.now()
    elif channel.guild is None or Permission.MANAGE_CHANNELS not in held:
        raise missing_permissions()
    channel.name = _checked_name(body.get("name") or channel.name)
    channel.slow_mode_seconds = body.get("rate_limit_per_user") or (0 if "rate_limit_per_user" in body else channel.slow_mode_seconds)
    channel.topic = body.get("topic", channel.topic)
    call.state.update_channel(channel)
    return payloads.channel(channel, call.state.bot.id)


@route("DELETE", "/channels/{channel_id}")
def delete_channel(call: Call) -> Json:
    """Take a thread or channel away."""
    channel = call.channel()
    needed = Permission.MANAGE_THREADS if channel.is_thread else Permission.MANAGE_CHANNELS
    if channel.guild is not None and needed not in call.held(channel):
        raise missing_permissions()
    shown = payloads.channel(channel, call.state.bot.id)
    if channel.guild is not None:
        call.state.delete_channel(channel)
    return shown


@route("POST", "/channels/{channel_id}/typing")
def type_in(call: Call) -> Answer:
    """Accept the sign that something is being written."""
    call.channel(Permission.SEND_MESSAGES)
    return Answer(204)


@route("GET", "/channels/{channel_id}/messages")
def read_history(call: Call) -> list[Json]:
    """Give a page of history, newest first; nothing at all without READ_MESSAGE_HISTORY."""
    channel = call.channel()
    limit = call.number("limit", 50, 1, 100)
    if Permission.READ_MESSAGE_HISTORY not in call.held(channel):
        return []
    everything = sorted(channel.messages.values(), key=lambda one: int(one.id))
    after, before, around = (call.query.get(key) for key in ("after", "before", "around"))
    if after is not None:
        page = [one for one in everything if int(one.id) > int(after)][:limit]
    elif around is not None:
        older = [one for one in everything if int(one.id) < int(around)][-(limit // 2) :]
        page = older + [one for one in everything if int(one.id) >= int(around)][: limit - len(older)]
    else:
        page = [one for one in everything if before is None or int(one.id) < int(before)][-limit:]
    return [call.state.show(one) for one in reversed(page)]


@route("GET", "/channels/{channel_id}/messages/{message_id}")
def read_message(call: Call) -> Json:
    """Show one message."""
    channel = call.channel(Permission.READ_MESSAGE_HISTORY)
    return call.state.show(call.message(channel))


@route("POST", "/channels/{channel_id}/messages")
def send_message(call: Call) -> Json:
    """Send a message as the bot."""
    state, body = call.state, call.fields
    channel = call.channel(Permission.SEND_MESSAGES)
    bodies.check_content(body, has_files=call.file_count > 0)
    if body.get("embeds") and Permission.EMBED_LINKS not in call.held(channel):
        raise missing_permissions()
    nonce = body.get("nonce")
    if nonce is not None and body.get("enforce_nonce"):
        before = state.sent_with_nonce(state.bot.id, nonce)
        if before is not None:
            return state.show(before, with_nonce=True)
    _check_can_be_reached(call, channel)
    _check_slow_mode(call, channel)
    if channel.is_thread and channel.archived:
        if channel.locked and Permission.MANAGE_THREADS not in call.held(channel):
            raise RefusedError(400, 50083, "Thread is archived")
        channel.archived = False
        state.update_channel(channel)
    message = _new_message(call, channel, body)
    if channel.is_private_thread and channel.guild is not None:
        state.change_thread_members(channel, added=[one.id for one in message.mentions])
    return state.show(state.create_message(message), with_nonce=True)


def _new_message(call: Call, channel: Channel, body: Json) -> Message:
    state, reference = call.state, body.get("message_reference")
    content = body.get("content") or ""
    message = new_message(state, channel, state.bot, content, nonce=body.get("nonce"), parts=bodies.parts_of(body, state.clock))
    message.flags = (body.get("flags") or 0) & (bodies.COMPONENTS_V2 | (1 << 2) | (1 << 12))
    allowed = body.get("allowed_mentions")
    message.mentions = state.mentioned(content, channel, allowed)
    if reference is not None:
        reply_to = str(reference["message_id"])
        if reply_to not in channel.messages:
            if reference.get("fail_if_not_exists") is not False:
                raise wrong("message_reference", "Unknown message", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE")
        else:
            if Permission.READ_MESSAGE_HISTORY not in call.held(channel):
                raise RefusedError(400, 160002, "Cannot reply without permission to read message history")
            message.reply_to, message.kind = reply_to, payloads.REPLY
            author = channel.messages[reply_to].author
            if (allowed is None or allowed.get("replied_user")) and author not in message.mentions:
                message.mentions.append(author)
    if call.file_count:
        message.parts["attachments"] = [_attachment(call, channel, at) for at in range(call.file_count)]
    return message


def _attachment(call: Call, channel: Channel, at: int) -> Json:
    name = next((one.get("filename") for one in call.fields.get("attachments", []) if int(one["id"]) == at), f"file{at}")
    url = f"https://cdn.invalid/{channel.id}/{name}"
    return {"id": call.state.clock.new_id(), "filename": name, "size": 1, "url": url, "proxy_url": url}


def _check_can_be_reached(call: Call, channel: Channel) -> None:
    if channel.kind != DIRECT:
        return
    other = next(one for one in channel.recipients if one.id != call.state.bot.id)
    shares = any(other.id in one.members and call.state.bot.id in one.members for one in call.state.world.guilds.values())
    if not other.takes_direct_messages or other.bot or not shares:
        raise RefusedError(403, 50007, "Cannot send messages to this user")


def _check_slow_mode(call: Call, channel: Channel) -> None:
    if not channel.slow_mode_seconds or Permission.BYPASS_SLOWMODE in call.held(channel):
        return
    own = [one.sent_at for one in channel.messages.values() if one.author.id == call.state.bot.id]
    if own:
        left = channel.slow_mode_seconds - (call.state.clock.now() - max(own)).total_seconds()
        if left > 0:
            raise SlowModeError(Limited(scope="user", seconds=left, code=20016))


@route("PATCH", "/channels/{channel_id}/messages/{message_id}")
def change_message(call: Call) -> Json:
    """Change one of the bot's own messages."""
    channel = call.channel()
    message = call.message(channel)
    if message.author.id != call.state.bot.id:
        raise RefusedError(403, 50005, "Cannot edit a message authored by another user")
    edit_message(call.state, message, call.fields)
    return call.state.show(message)


@route("DELETE", "/channels/{channel_id}/messages/{message_id}")
def delete_message(call: Call) -> Answer:
    """Delete one message."""
    reason = call.checked_reason()
    channel = call.channel()
    message = call.message(channel)
    own = message.author.id == call.state.bot.id
    if not own and (channel.guild is None or Permission.MANAGE_MESSAGES not in call.held(channel)):
        raise RefusedError(403, 50003, "Cannot execute action on a DM channel") if channel.guild is None else missing_permissions()
    call.state.delete_messages([message])
    if not own and channel.guild is not None:
        options = {"channel_id": channel.id, "count": "1"}
        call.state.audit(channel.guild, MESSAGE_DELETED, by=call.state.bot, target=message.author.id, reason=reason, options=options)
    return Answer(204)


@route("POST", "/channels/{channel_id}/messages/bulk-delete")
def delete_messages(call: Call) -> Answer:
    """Delete 2 to 100 messages, none older than 14 days."""
    reason = call.checked_reason()
    channel = call.channel(Permission.MANAGE_MESSAGES)
    ids = [str(one) for one in call.fields.get("messages", [])]
    if not 2 <= len(ids) <= 100:
        raise RefusedError(
            400, 50016, "Provided too few or too many messages to delete. Must provide at least 2 and fewer than 100 messages"
        )
    if len(set(ids)) != len(ids):
        raise wrong("messages", "The messages have to be different", "SET_TYPE_ALREADY_CONTAINS_VALUE")
    if any(call.state.clock.now() - made_at(one) > BULK_AGE_MAX for one in ids):
        raise RefusedError(400, 50034, "You can only bulk delete messages that are under 14 days old.")
    there = [channel.messages[one] for one in ids if one in channel.messages]
    if there and channel.guild is not None:
        call.state.delete_messages(there, bulk=True)
        call.state.audit(
            channel.guild, MESSAGES_DELETED, by=call.state.bot, target=channel.id, reason=reason, options={"count": str(len(there))}
        )
    return Answer(204)


# Reactions

EMOJI_PATH = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}"


@route("PUT", EMOJI_PATH + "/@me")
def add_reaction(call: Call) -> Answer:
    """React as the bot."""
    channel = call.channel(Permission.READ_MESSAGE_HISTORY)
    message = call.message(channel)
    name = call.params["emoji_name"]
    if name not in message.reactions and Permission.ADD_REACTIONS not in call.held(channel):
        raise missing_permissions()
    if name.isascii() and ":" not in name:
        raise RefusedError(400, 10014, "Unknown Emoji")
    call.state.react(message, call.state.bot, name)
    return Answer(204)


@route("DELETE", EMOJI_PATH + "/@me")
def remove_own_reaction(call: Call) -> Answer:
    """Take the bot's reaction back."""
    call.state.unreact(call.message(call.channel()), call.state.bot, call.params["emoji_name"])
    return Answer(204)


@route("DELETE", EMOJI_PATH + "/{user_id}")
def remove_reaction(call: Call) -> Answer:
    """Take somebody's reaction away."""
    message = call.message(call.channel(Permission.MANAGE_MESSAGES))
    account = call.state.world.accounts.get(call.params["user_id"])
    if account is None:
        raise unknown("User")
    call.state.unreact(message, account, call.params["emoji_name"])
    return Answer(204)


@route("GET", EMOJI_PATH)
def read_reactions(call: Call) -> list[Json]:
    """List who reacted so, a page in the order of their ids, after one of them."""
    message = call.message(call.channel(Permission.READ_MESSAGE_HISTORY))
    after = int(call.query.get("after", 0))
    who = [one for one in sorted(message.reactions.get(call.params["emoji_name"], []), key=int) if int(one) > after]
    return [payloads.user(call.state.world.accounts[one]) for one in who][: call.number("limit", 25, 1, 100)]


# Threads


@route("POST", "/channels/{channel_id}/threads")
def open_thread(call: Call) -> Answer:
    """Open a thread that starts with no message: private unless type 11 is asked for."""
    channel, body = call.channel(), call.fields
    kind = body.get("type") or PRIVATE_THREAD
    if channel.is_thread or channel.guild is None:
        raise RefusedError(400, 50024, "Cannot execute action on this channel type")
    needed = Permission.CREATE_PRIVATE_THREADS if kind == PRIVATE_THREAD else Permission.CREATE_PUBLIC_THREADS
    if needed not in call.held(channel):
        raise missing_permissions()
    return _opened(call, channel, kind, body)


@route("POST", "/channels/{channel_id}/messages/{message_id}/threads")
def open_thread_from(call: Call) -> Answer:
    """Open a thread that starts with a message; it has the message's id."""
    channel = call.channel(Permission.CREATE_PUBLIC_THREADS)
    message = call.message(channel)
    if message.thread is not None:
        raise RefusedError(400, 160004, "A thread has already been created for this message")
    return _opened(call, channel, PUBLIC_THREAD, call.fields, message)


def _opened(call: Call, channel: Channel, kind: int, body: Json, start: Message | None = None) -> Answer:
    minutes = body.get("auto_archive_duration") or 4320
    if minutes not in THREAD_MINUTES:
        raise wrong("auto_archive_duration", "Value must be one of {10080, 60, 4320, 1440}.", "BASE_TYPE_CHOICES")
    thread = new_thread(
        call.state, channel, _checked_name(body.get("name") or ""), kind=kind, owner=call.state.bot, minutes=minutes,
        thread_id=start.id if start else "", invitable=body.get("invitable") is not False,
    )  # fmt: skip
    call.state.create_thread(thread, start)
    return Answer(201, payloads.thread(thread, call.state.bot.id))


def _checked_name(name: str) -> str:
    if not 1 <= len(name) <= NAME_MAX:
        raise wrong("name", f"Must be between 1 and {NAME_MAX} in length.", "BASE_TYPE_BAD_LENGTH")
    return name


def _thread(call: Call) -> Channel:
    channel = call.channel()
    if not channel.is_thread:
        raise RefusedError(400, 50024, "Cannot execute action on this channel type")
    return channel


@route("GET", "/channels/{channel_id}/thread-members")
def read_thread_members(call: Call) -> list[Json]:
    """List who is in a thread."""
    thread = _thread(call)
    return [payloads.thread_member(thread, one) for one in thread.thread_members]


@route("PUT", "/channels/{channel_id}/thread-members/@me")
def join_thread(call: Call) -> Answer:
    """Let the bot join."""
    thread = _thread(call)
    call.state.change_thread_members(thread, added=[call.state.bot.id])
    return Answer(204)


@route("PUT", "/channels/{channel_id}/thread-members/{user_id}")
def add_thread_member(call: Call) -> Answer:
    """Let a member into a thread, if they see its parent."""
    thread = _thread(call)
    if Permission.SEND_MESSAGES not in call.held(thread):
        raise missing_permissions()
    member = _member_for(call, thread)
    if not _sees_parent(call, member, thread):
        raise missing_access()
    call.state.change_thread_members(thread, added=[member.id])
    return Answer(204)


@route("DELETE", "/channels/{channel_id}/thread-members/{user_id}")
def remove_thread_member(call: Call) -> Answer:
    """Take a member out of a thread."""
    thread = _thread(call)
    if thread.owner != call.state.bot.id and Permission.MANAGE_THREADS not in call.held(thread):
        raise missing_permissions()
    call.state.change_thread_members(thread, removed=[_member_for(call, thread).id])
    return Answer(204)


def _member_for(call: Call, thread: Channel) -> Member:
    assert thread.guild is not None, "threads are in guilds"
    member = thread.guild.members.get(call.params["user_id"])
    if member is None:
        raise unknown("Member")
    return member


def _sees_parent(call: Call, member: Member, thread: Channel) -> bool:
    return Permission.VIEW_CHANNEL in permissions.in_channel(member, thread, call.state.clock.now())


def _archived(call: Call, choose: Callable[[Channel], bool]) -> Any:
    channel = call.channel(Permission.READ_MESSAGE_HISTORY)
    guild = channel.guild
    found = [one for one in guild.threads.values() if one.parent is channel and one.archived and choose(one)] if guild else []
    me = call.state.bot.id
    members = [payloads.thread_member(one, me) for one in found if me in one.thread_members]
    return {"threads": [payloads.thread(one, me) for one in found], "members": members, "has_more": False}


@route("GET", "/channels/{channel_id}/threads/archived/public")
def read_archived_public(call: Call) -> Any:
    """List archived public threads."""
    return _archived(call, lambda one: not one.is_private_thread)


@route("GET", "/channels/{channel_id}/threads/archived/private")
def read_archived_private(call: Call) -> Any:
    """List archived private threads."""
    call.channel(Permission.MANAGE_THREADS)
    return _archived(call, lambda one: one.is_private_thread)


@route("GET", "/channels/{channel_id}/users/@me/threads/archived/private")
def read_own_archived_private(call: Call) -> Any:
    """List archived private threads that the bot is in."""
    return _archived(call, lambda one: one.is_private_thread and call.state.bot.id in one.thread_members)
