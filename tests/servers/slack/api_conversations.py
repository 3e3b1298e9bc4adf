"""conversations.*: channels, their members, their history.

Knows: who sees which channel, how history and replies are paged, who may kick and invite. Must not know: HTTP.
Rules: history gives parents and broadcast replies, newest first; replies give the parent and then its replies, oldest first.
"""

from tests.servers.slack import payloads
from tests.servers.slack.errors import RefusedError
from tests.servers.slack.methods import Call, method
from tests.servers.slack.paging import page, read_cursor, window, write_cursor
from tests.servers.slack.tokens import HISTORY, READ, USER_WRITE, WRITE, missing_scope
from tests.servers.slack.world import DIRECT, GROUP, PRIVATE, PUBLIC, Channel, Json, Message

TYPES = {"public_channel": PUBLIC, "private_channel": PRIVATE, "im": DIRECT, "mpim": GROUP}
LIMIT_MAX = 1000
OPEN_MAX = 8


@method("conversations.history", tier=3, by_kind=HISTORY)
def history(call: Call) -> Json:
    """Parents and broadcast replies, newest first."""
    channel = _readable(call)
    oldest, latest = _ts(call, "oldest"), _ts(call, "latest")
    shown = sorted((one for one in channel.messages.values() if one.is_shown_in_channel and not one.deleted), key=lambda one: one.ts)
    found = window(shown, oldest, latest, inclusive=call.flag("inclusive"))
    limit = call.number("limit", 100, call.state.history_page_max)
    is_upward = bool(oldest) and not latest and call.state.pages_start_at_oldest
    cursor = call.text("cursor")
    if cursor:
        edge = read_cursor("next_ts", cursor)
        found = [one for one in found if (one.ts > edge if is_upward else one.ts < edge)]
    cut = found[:limit] if is_upward else found[-limit:]
    has_more = len(cut) < len(found)
    made: Json = {"messages": [_shown(call, one) for one in reversed(cut)], "has_more": has_more, "pin_count": 0}
    if has_more:
        made["response_metadata"] = {"next_cursor": write_cursor("next_ts", (cut[-1] if is_upward else cut[0]).ts)}
    return made | {"channel_actions_ts": None, "channel_actions_count": 0}


@method("conversations.replies", tier=3, by_kind=HISTORY)
def replies(call: Call) -> Json:
    """A parent and its replies, oldest first; the parent stands on every page."""
    channel = _readable(call)
    asked = channel.message(call.needed("ts", "thread_not_found"))
    parent = channel.messages.get(asked.thread_ts) if asked is not None and asked.is_reply else asked
    if parent is None:
        raise RefusedError("thread_not_found")
    found = window(channel.replies(parent.ts), _ts(call, "oldest"), _ts(call, "latest"), inclusive=call.flag("inclusive"))
    if call.text("cursor"):
        edge = read_cursor("next_ts", call.text("cursor"))
        found = [one for one in found if one.ts > edge]
    cut = found[: call.number("limit", 1000, call.state.history_page_max)]
    has_more = len(cut) < len(found)
    made: Json = {"messages": [_shown(call, one) for one in ([] if parent.deleted else [parent]) + cut], "has_more": has_more}
    return made | ({"response_metadata": {"next_cursor": write_cursor("next_ts", cut[-1].ts)}} if has_more else {})


def _readable(call: Call) -> Channel:
    channel = call.channel()
    if call.user.id not in channel.members and not (call.token.kind == "user" and channel.kind == PUBLIC):
        raise RefusedError("not_in_channel" if call.method.name == "conversations.history" else "channel_not_found")
    return channel


def _ts(call: Call, name: str) -> str:
    value = call.text(name)
    if value in {"", "0"}:
        return ""
    try:
        float(value)
    except ValueError:
        raise RefusedError(f"invalid_ts_{name}") from None
    return value


def _shown(call: Call, message: Message) -> Json:
    state = call.state
    return payloads.message(message, state.world, all_metadata=call.flag("include_all_metadata"))


@method("conversations.list", tier=2, by_kind=READ)
def list_all(call: Call) -> Json:
    """Channels of the kinds asked for."""
    return _listed(call, members_only=False)


@method("users.conversations", tier=3, by_kind=READ)
def of_user(call: Call) -> Json:
    """Channels in which somebody is, the asker by default."""
    return _listed(call, members_only=True)


def _listed(call: Call, *, members_only: bool) -> Json:
    kinds = []
    for name in (call.text("types") or "public_channel").split(","):
        if name.strip() not in TYPES:
            raise RefusedError("invalid_types")
        kind = TYPES[name.strip()]
        if READ[kind] not in call.token.scopes:
            raise missing_scope(READ[kind], call.token)
        kinds.append(kind)
    state = call.state
    who = state.world.users.get(call.text("user")) if members_only and call.text("user") else call.user
    found = [
        one for one in state.world.channels.values()
        if one.kind in kinds and state.sees(call.user, one) and not (call.flag("exclude_archived") and one.is_archived)
        and (not members_only or (who is not None and who.id in one.members))
    ]  # fmt: skip
    cut, more = page(found, call.text("cursor"), call.number("limit", 100, LIMIT_MAX, "invalid_limit"), "channel")
    return {"channels": [payloads.channel(one, call.user) for one in cut], "response_metadata": more}


@method("conversations.info", tier=3, by_kind=READ)
def info(call: Call) -> Json:
    """One channel."""
    shown = payloads.channel(call.channel(), call.user)
    if not call.flag("include_num_members"):
        shown.pop("num_members", None)
    return {"channel": shown}


@method("conversations.members", tier=4, by_kind=READ)
def members(call: Call) -> Json:
    """Who is in a channel."""
    channel = call.channel()
    cut, more = page(channel.members, call.text("cursor"), call.number("limit", 100, LIMIT_MAX, "invalid_limit"), "user")
    return {"members": cut, "response_metadata": more}


@method("conversations.open", tier=3, by_kind=WRITE, user_by_kind=USER_WRITE)
def open_direct(call: Call) -> Json:
    """Find or make direct messages."""
    if call.text("channel"):
        channel = call.channel()
        return {"no_op": True, "already_open": True, "channel": {"id": channel.id}}
    named = [one.strip() for one in call.text("users").split(",") if one.strip()]
    if not named:
        raise RefusedError("users_list_not_supplied")
    if len(named) > OPEN_MAX:
        raise RefusedError("too_many_users")
    kind = DIRECT if len(named) == 1 else GROUP
    call.token.check_any([call.method.channel_scopes(call.token)[kind]])
    world = call.state.world
    people = [world.users.get(one) for one in named]
    for one in people:
        if one is None:
            raise RefusedError("user_not_found")
        if one.deleted:
            raise RefusedError("user_disabled")
        if one.is_bot and call.user.is_bot:
            raise RefusedError("invalid_user_combination")
    known = world.direct_channel(call.user.id, *named, create=False)
    if known is None and call.flag("prevent_creation"):
        raise RefusedError("channel_not_found")
    channel = known or call.state.open_direct(call.user.id, *named)
    shown = payloads.channel(channel, call.user) if call.flag("return_im") else {"id": channel.id}
    return ({"no_op": True, "already_open": True} if known else {}) | {"channel": shown}


@method("conversations.kick", tier=3, by_kind=WRITE, user_by_kind=USER_WRITE)
def kick(call: Call) -> Json:
    """Take somebody out of a channel."""
    channel = _changeable(call)
    person = call.person()
    if channel.is_general:
        raise RefusedError("cant_kick_from_general")
    if person is call.user:
        raise RefusedError("cant_kick_self")
    if "kick" in call.state.world.restricted and not call.user.may_moderate:
        raise RefusedError("restricted_action")
    if person.id not in channel.members:
        raise RefusedError("not_in_channel")
    call.state.leave(channel, person)
    return {"errors": {}}


@method("conversations.invite", tier=3, by_kind=WRITE, user_by_kind=USER_WRITE)
def invite(call: Call) -> Json:
    """Let people into a channel."""
    channel = _changeable(call)
    named = [one.strip() for one in call.text("users").split(",") if one.strip()]
    if not named:
        raise RefusedError("no_user")
    for one in named:
        person = call.state.world.users.get(one)
        if person is None or person.deleted:
            raise RefusedError("user_not_found")
        if person is call.user:
            raise RefusedError("cant_invite_self")
        if person.id in channel.members:
            raise RefusedError("already_in_channel")
        if "invite" in call.state.world.restricted and not call.user.may_moderate:
            raise RefusedError("cant_invite")
    for one in named:
        call.state.join(channel, call.state.world.users[one], inviter=call.user)
    return {"channel": payloads.channel(channel, call.user)}


@method("conversations.join", "channels:join", tier=3)
def join(call: Call) -> Json:
    """Enter a public channel oneself."""
    channel = call.channel()
    if channel.kind != PUBLIC:
        raise RefusedError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise RefusedError("is_archived")
    call.state.join(channel, call.user)
    return {"channel": payloads.channel(channel, call.user)}


@method("conversations.leave", tier=3, by_kind=WRITE, user_by_kind=USER_WRITE)
def leave(call: Call) -> Json:
    """Leave a channel oneself."""
    channel = call.channel()
    if channel.is_general:
        raise RefusedError("cant_leave_general")
    if call.user.id not in channel.members:
        return {"not_in_channel": True}
    call.state.leave(channel, call.user)
    return {}


def _changeable(call: Call) -> Channel:
    channel = call.channel()
    if channel.kind in {DIRECT, GROUP}:
        raise RefusedError("method_not_supported_for_channel_type")
    if call.user.id not in channel.members:
        raise RefusedError("not_in_channel")
    return channel
