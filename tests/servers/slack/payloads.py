"""JSON as Slack writes it: users, channels, messages, views, and the envelopes around events.

Knows: the fields of Slack's objects. Must not know: who may see them, how they are sent.
Rules: the fields that Slack always sends are always there; optional ones are absent, not null, where Slack leaves them out.
"""

from tests.servers.slack.world import DIRECT, GROUP, PRIVATE, PUBLIC, Channel, Json, Message, User, View, World


def user(one: User, team_id: str) -> Json:
    """A user object."""
    shown = one.display_name or one.name
    profile = {
        "real_name": one.real_name, "display_name": shown, "real_name_normalized": one.real_name, "display_name_normalized": shown,
        "avatar_hash": "g", "status_text": "", "status_emoji": "", "team": team_id, "title": "", "phone": "", "fields": None,
    }  # fmt: skip
    made: Json = {
        "id": one.id, "team_id": team_id, "name": one.name, "deleted": one.deleted, "profile": profile, "is_bot": one.is_bot,
        "is_app_user": False, "updated": int(one.updated_at.timestamp()),
    }  # fmt: skip
    if one.deleted:
        return made
    return made | {
        "real_name": one.real_name, "tz": "Europe/London", "tz_label": "Greenwich Mean Time", "tz_offset": 0, "color": "9f69e7",
        "is_admin": one.is_admin or one.is_owner, "is_owner": one.is_owner, "is_primary_owner": one.is_primary_owner,
        "is_restricted": one.is_guest, "is_ultra_restricted": False, "is_email_confirmed": True, "who_can_share_contact_card": "EVERYONE",
    }  # fmt: skip


def channel(one: Channel, reader: User) -> Json:
    """A conversation object as `reader` gets it."""
    if one.kind == DIRECT:
        other = next((each for each in one.members if each != reader.id), reader.id)
        return {
            "id": one.id, "created": int(one.created_at.timestamp()), "is_archived": False, "is_im": True, "is_org_shared": False,
            "context_team_id": "", "user": other, "is_user_deleted": False, "priority": 0,
        }  # fmt: skip
    empty = {"value": "", "creator": "", "last_set": 0}
    return {
        "id": one.id, "name": one.name, "name_normalized": one.name, "is_channel": one.kind == PUBLIC, "is_group": one.kind == PRIVATE,
        "is_im": False, "is_mpim": one.kind == GROUP, "is_private": one.kind != PUBLIC, "created": int(one.created_at.timestamp()),
        "is_archived": one.is_archived, "is_general": one.is_general, "unlinked": 0, "is_shared": False, "is_org_shared": False,
        "is_ext_shared": False, "is_pending_ext_shared": False, "pending_shared": [], "creator": one.creator,
        "is_member": reader.id in one.members, "topic": {**empty, "value": one.topic}, "purpose": dict(empty), "previous_names": [],
        "num_members": len(one.members), "updated": int(one.created_at.timestamp() * 1000),
    }  # fmt: skip


HISTORY, EVENT, CHANGE = "history", "event", "change"
"""Where a message object stands: in history, as an event of its own, or within an event that speaks of a change."""


def message(one: Message, world: World, *, all_metadata: bool = False, kind: str = HISTORY) -> Json:
    """A message object, as it looks in history, in an event, or within the event of a change."""
    made: Json = {"type": "message"}
    if one.subtype:
        made["subtype"] = one.subtype
    if one.subtype == "tombstone":
        made |= {"user": "USLACKBOT", "text": one.text, "ts": one.ts, "hidden": True}
        return made | _thread(one, kind)
    made |= {"user": one.user.id, "ts": one.ts}
    if one.client_msg_id:
        made["client_msg_id"] = one.client_msg_id
    if one.bot_id:
        made |= {"bot_id": one.bot_id, "app_id": one.user.app_id, "bot_profile": _bot_profile(one, world)}
    made |= {"text": one.text, "team": world.team_id}
    made |= {key: value for key, value in one.parts.items() if value}
    if one.edited_ts:
        made["edited"] = {"user": one.user.id, "ts": one.edited_ts}
    if one.metadata:
        made["metadata"] = one.metadata if all_metadata else {"event_type": one.metadata["event_type"]}
    if one.reactions and kind != EVENT:
        made["reactions"] = [{"name": name, "users": list(users), "count": len(users)} for name, users in one.reactions.items()]
    made |= _thread(one, kind)
    if kind == EVENT:
        made |= {"channel": one.channel.id, "event_ts": one.ts, "channel_type": one.channel.kind}
    return made


def _bot_profile(one: Message, world: World) -> Json:
    return {
        "id": one.bot_id, "deleted": False, "name": one.user.real_name, "updated": int(one.user.updated_at.timestamp()),
        "app_id": one.user.app_id, "icons": {}, "team_id": world.team_id,
    }  # fmt: skip


def _thread(one: Message, kind: str) -> Json:
    if one.is_reply:
        parent = one.channel.messages.get(one.thread_ts)
        made: Json = {"thread_ts": one.thread_ts}
        if one.subtype != "thread_broadcast" or kind == HISTORY:
            made["parent_user_id"] = parent.user.id if parent else ""
        if one.subtype == "thread_broadcast" and parent is not None:
            root = {"type": "message", "user": parent.user.id, "text": parent.text, "ts": parent.ts}
            made["root"] = root | _thread(parent, CHANGE)
        return made
    replies = one.channel.replies(one.ts)
    if not replies:
        return {}
    if kind == EVENT:
        return {"thread_ts": one.ts}
    people = list(dict.fromkeys(each.user.id for each in replies))
    made = {"thread_ts": one.ts, "reply_count": len(replies), "reply_users_count": len(people), "latest_reply": replies[-1].ts}
    return made | {"subscribed": False} | ({"reply_users": people[:5], "is_locked": False} if kind == HISTORY else {})


def view(one: View, world: World, *, app_id: str, bot_id: str, values: Json | None = None) -> Json:
    """A view object with its state."""
    made: Json = {
        "id": one.id, "team_id": world.team_id, "type": "modal", "title": {"type": "plain_text", "text": "View Title", "emoji": True},
        "submit": None, "close": None, "blocks": [], "private_metadata": "", "callback_id": "", "external_id": "", "state": {"values": {}},
        "hash": one.hash, "clear_on_close": False, "notify_on_close": False, "root_view_id": one.root_id or one.id,
        "previous_view_id": one.previous_id or None, "app_id": app_id, "app_installed_team_id": world.team_id, "bot_id": bot_id,
    }  # fmt: skip
    made |= one.body
    made["state"] = {"values": values or {}}
    return made


def callback(event: Json, world: World, *, app_id: str, bot_user: str, event_id: str, at: float) -> Json:
    """The outer payload of the Events API."""
    authorization = {
        "enterprise_id": None, "team_id": world.team_id, "user_id": bot_user, "is_bot": True, "is_enterprise_install": False,
    }  # fmt: skip
    return {
        "token": "verification", "team_id": world.team_id, "context_team_id": world.team_id, "context_enterprise_id": None,
        "api_app_id": app_id, "event": event, "type": "event_callback", "event_id": event_id, "event_time": int(at),
        "authorizations": [authorization], "is_ext_shared_channel": False, "event_context": f"4-{event_id}",
    }  # fmt: skip
