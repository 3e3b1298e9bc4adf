"""How the state is written as Discord's JSON, version 10.

Knows: the fields that the documentation and the OpenAPI description require. Must not know: HTTP, sockets, permissions' rules.
Rules: pure functions from records to fresh dictionaries; nothing here changes the state.
"""

from datetime import datetime
from typing import Any

from tests.servers.discord.world import DIRECT, Account, Channel, Guild, Json, Member, Message, Role

REPLY = 19


def time(at: datetime | None) -> str | None:
    """Write a time as Discord does."""
    return None if at is None else at.isoformat()


def user(account: Account) -> Json:
    """An account."""
    return {
        "id": account.id,
        "username": account.username,
        "global_name": account.display_name,
        "discriminator": "0000" if account.bot else "0",
        "avatar": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
        "banner": None,
        "accent_color": None,
        "bot": account.bot,
        "system": False,
        "public_flags": 0,
        "flags": 0,
    }


def own_user(account: Account) -> Json:
    """The bot's account as itself reads it."""
    return {**user(account), "mfa_enabled": False, "locale": "en-GB", "premium_type": 0, "email": None, "verified": True}


def member(one: Member, *, with_user: bool = True) -> Json:
    """A member of a guild."""
    found: Json = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": time(one.timed_out_until),
        "flags": 0,
        "joined_at": time(one.joined_at),
        "nick": one.nick,
        "pending": False,
        "premium_since": None,
        "roles": list(one.roles),
        "mute": False,
        "deaf": False,
    }
    return {**found, "user": user(one.account)} if with_user else found


def role(one: Role) -> Json:
    """A role."""
    found: Json = {
        "id": one.id,
        "name": one.name,
        "permissions": str(int(one.permissions)),
        "position": one.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": bool(one.managed_by),
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    return {**found, "tags": {"bot_id": one.managed_by}} if one.managed_by else found


def channel(one: Channel, reader: str) -> Json:
    """A channel of any kind, as that account reads it."""
    if one.kind == DIRECT:
        return {
            "id": one.id,
            "type": DIRECT,
            "last_message_id": one.last_message_id,
            "flags": 0,
            "recipients": [user(each) for each in one.recipients if each.id != reader],
        }
    if one.is_thread:
        return thread(one, reader)
    assert one.guild is not None, "a channel that is not direct is in a guild"
    kinds = {key: int(key in one.guild.members) for key in one.overwrites}
    return {
        "id": one.id,
        "type": one.kind,
        "guild_id": one.guild.id,
        "name": one.name,
        "position": one.position,
        "parent_id": None,
        "topic": one.topic,
        "nsfw": False,
        "flags": 0,
        "last_message_id": one.last_message_id,
        "last_pin_timestamp": None,
        "rate_limit_per_user": one.slow_mode_seconds,
        "default_thread_rate_limit_per_user": 0,
        "permission_overwrites": [
            {"id": key, "type": kinds[key], "allow": str(int(allow)), "deny": str(int(deny))}
            for key, (allow, deny) in one.overwrites.items()
        ],
    }


def thread(one: Channel, reader: str) -> Json:
    """A thread, with the reader's membership where there is one."""
    assert one.guild is not None, "a thread is in a guild"
    assert one.parent is not None, "a thread hangs on a channel"
    found: Json = {
        "id": one.id,
        "type": one.kind,
        "guild_id": one.guild.id,
        "parent_id": one.parent.id,
        "owner_id": one.owner,
        "name": one.name,
        "flags": 0,
        "last_message_id": one.last_message_id,
        "last_pin_timestamp": None,
        "rate_limit_per_user": one.slow_mode_seconds,
        "message_count": one.sent_count,
        "member_count": len(one.thread_members),
        "total_message_sent": one.sent_count,
        "thread_metadata": {
            "archived": one.archived,
            "archive_timestamp": time(one.changed_at),
            "auto_archive_duration": one.auto_archive_minutes,
            "locked": one.locked,
            "create_timestamp": time(one.changed_at),
            **({"invitable": one.invitable} if one.is_private_thread else {}),
        },
    }
    return {**found, "member": thread_member(one, reader)} if reader in one.thread_members else found


def thread_member(one: Channel, account_id: str) -> Json:
    """A membership of a thread."""
    return {"id": one.id, "user_id": account_id, "join_timestamp": time(one.changed_at), "flags": 0}


def emoji(name: str) -> Json:
    """An emoji from how it stands in a path: a character, or name:id."""
    plain, _, emoji_id = name.partition(":")
    return {"id": emoji_id or None, "name": plain}


def message(one: Message, reader: str, *, with_nonce: bool = False, referenced: Message | None = None) -> Json:
    """A message as an HTTP answer shows it. `referenced` is what it replies to, if that is still there."""
    found = _plain(one, reader)
    if with_nonce and one.nonce is not None:
        found["nonce"] = one.nonce
    if one.reply_to:
        found["message_reference"] = {"type": 0, "channel_id": one.channel.id, "message_id": one.reply_to} | (
            {"guild_id": one.channel.guild.id} if one.channel.guild else {}
        )
    if one.kind == REPLY:
        found["referenced_message"] = None if referenced is None else _plain(referenced, reader)
    if one.reactions:
        found["reactions"] = [
            {
                "emoji": emoji(name),
                "count": len(who),
                "count_details": {"burst": 0, "normal": len(who)},
                "burst_colors": [],
                "me_burst": False,
                "me": reader in who,
            }
            for name, who in one.reactions.items()
        ]
    return found


def _plain(one: Message, reader: str) -> Json:
    found: Json = {
        "id": one.id,
        "channel_id": one.channel.id,
        "author": user(one.author),
        "content": one.content,
        "type": one.kind,
        "timestamp": time(one.sent_at),
        "edited_timestamp": time(one.edited_at),
        "tts": False,
        "mention_everyone": one.mentions_everyone,
        "mentions": [user(each) for each in one.mentions],
        "mention_roles": list(one.mentioned_roles),
        "attachments": [],
        "embeds": [],
        "components": [],
        "pinned": one.pinned,
        "flags": one.flags,
        **one.parts,
    }
    if one.webhook:
        found |= {"webhook_id": one.webhook, "application_id": one.webhook}
    if one.thread is not None:
        found["thread"] = thread(one.thread, reader)
    return found


def dispatched(one: Message, reader: str, *, referenced: Message | None = None, created: bool = False) -> Json:
    """A message as the gateway shows it: with the guild and the author's membership."""
    found = message(one, reader, with_nonce=created, referenced=referenced)
    guild = one.channel.guild
    if guild is None:
        return {**found, "channel_type": DIRECT}
    if one.author.id in guild.members:
        found["member"] = member(guild.members[one.author.id], with_user=False)
    found["mentions"] = [
        {**user(each), **({"member": member(guild.members[each.id], with_user=False)} if each.id in guild.members else {})}
        for each in one.mentions
    ]
    return {**found, "guild_id": guild.id, "channel_type": one.channel.kind}


def without_content(found: Json, reader: str) -> Json:
    """The same message for who may not read contents; their own, direct ones and those that mention them stay whole."""
    if "content" not in found or "author" not in found:
        return found
    inner = found.get("referenced_message")
    changed = {**found, "referenced_message": without_content(inner, reader)} if inner else dict(found)
    direct = found.get("channel_type") == DIRECT
    mentioned = any(each["id"] == reader for each in found.get("mentions", []))
    if direct or mentioned or found["author"]["id"] == reader:
        return changed
    changed |= {"content": "", "embeds": [], "attachments": [], "components": []}
    changed.pop("poll", None)
    snapshots = changed.get("message_snapshots", [])
    if snapshots:
        blank = {"content": "", "embeds": [], "attachments": [], "components": []}
        changed["message_snapshots"] = [{"message": {**each["message"], **blank}} for each in snapshots]
    return changed


def guild(one: Guild) -> Json:
    """A guild as an HTTP answer shows it."""
    return {
        "id": one.id,
        "name": one.name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "owner_id": one.owner,
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role(each) for each in one.roles.values()],
        "default_message_notifications": 0,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-GB",
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def guild_created(one: Guild, reader: str, members: list[Member], threads: list[Channel]) -> Json:
    """A guild as the gateway shows it at the start."""
    return {
        **guild(one),
        "joined_at": time(one.members[reader].joined_at),
        "large": len(one.members) > len(members) and len(one.members) > 250,
        "unavailable": False,
        "member_count": len(one.members),
        "voice_states": [],
        "members": [member(each) for each in members],
        "channels": [channel(each, reader) for each in one.channels.values()],
        "threads": [thread(each, reader) for each in threads],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def application(application_id: str, bot: Account, owner: Account, intents_allowed: int, guild_count: int) -> Json:
    """The bot's application."""
    return {
        "id": application_id,
        "name": bot.username,
        "icon": None,
        "description": "",
        "type": None,
        "bot": user(bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": intents_allowed,
        "flags_new": str(intents_allowed),
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user(owner),
        "approximate_guild_count": guild_count,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
    }


def interaction(head: Json, data: Any) -> Json:
    """An interaction with what it carries."""
    return {**head, "version": 1, "locale": "en-GB", "entitlements": [], "attachment_size_limit": 10_485_760, "data": data}
