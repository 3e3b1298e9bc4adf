"""Discord's permissions: their bits and how roles, overwrites, ownership and a timeout add up.

Knows: the documented order of computation. Must not know: HTTP, the gateway, who asks.
Rules: pure; the owner and administrators can do everything; a timed-out member keeps seeing and reading, nothing else.
"""

from datetime import datetime
from enum import IntFlag

from tests.servers.discord.world import Channel, Guild, Member


class Permission(IntFlag):
    """The permissions that a moderation bot meets, with Discord's bits."""

    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40
    BYPASS_SLOWMODE = 1 << 52


ALL = Permission((1 << 53) - 1)
NONE = Permission(0)
MEMBERS = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.READ_MESSAGE_HISTORY
    | Permission.ADD_REACTIONS
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
)
"""What everybody may do in a new guild."""
STEWARD = (
    Permission.VIEW_CHANNEL
    | Permission.READ_MESSAGE_HISTORY
    | Permission.SEND_MESSAGES
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.CREATE_PRIVATE_THREADS
    | Permission.EMBED_LINKS
    | Permission.MANAGE_MESSAGES
    | Permission.MODERATE_MEMBERS
    | Permission.VIEW_AUDIT_LOG
    | Permission.BYPASS_SLOWMODE
)
"""What the bot's own role may do unless a test says otherwise. Without MANAGE_GUILD no AutoMod execution arrives."""
TIMED_OUT = Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY
IN_DIRECT_MESSAGES = MEMBERS


def is_timed_out(member: Member, now: datetime) -> bool:
    """Say whether a timeout is running."""
    return member.timed_out_until is not None and member.timed_out_until > now


def in_guild(member: Member, guild: Guild, now: datetime) -> Permission:
    """Add up the roles of a member."""
    if guild.owner == member.account.id:
        return ALL
    total = Permission(guild.roles[guild.id].permissions)
    for role in member.roles:
        total |= Permission(guild.roles[role].permissions)
    if Permission.ADMINISTRATOR in total:
        return ALL
    return total & TIMED_OUT if is_timed_out(member, now) else total


def in_channel(member: Member, channel: Channel, now: datetime) -> Permission:
    """Add up roles and overwrites; a thread has its parent's."""
    guild = channel.guild
    if guild is None:
        return IN_DIRECT_MESSAGES
    total = in_guild(member, guild, now)
    if total == ALL:
        return total
    overwrites = (channel.parent or channel).overwrites
    total = _changed(total, overwrites.get(guild.id))
    allow = deny = 0
    for role in member.roles:
        one = overwrites.get(role, (0, 0))
        allow, deny = allow | one[0], deny | one[1]
    total = _changed(total, (allow, deny))
    total = _changed(total, overwrites.get(member.account.id))
    if is_timed_out(member, now):
        total &= TIMED_OUT
    return total if Permission.VIEW_CHANNEL in total else NONE


def _changed(total: Permission, overwrite: tuple[int, int] | None) -> Permission:
    if overwrite is None:
        return total
    allow, deny = overwrite
    return (total & ~Permission(deny)) | Permission(allow)


def sees(member: Member, channel: Channel, now: datetime) -> bool:
    """Say whether a member sees a channel; a private thread only when in it, or with MANAGE_THREADS."""
    if channel.guild is None:
        return any(one.id == member.account.id for one in channel.recipients)
    held = in_channel(member, channel, now)
    if Permission.VIEW_CHANNEL not in held:
        return False
    return not channel.is_private_thread or member.account.id in channel.thread_members or Permission.MANAGE_THREADS in held


def top_position(member: Member, guild: Guild) -> int:
    """Give the position of the highest role."""
    return max((guild.roles[role].position for role in member.roles), default=0)


def is_above(actor: Member, target: Member, guild: Guild) -> bool:
    """Say whether the hierarchy lets one member moderate the other."""
    if guild.owner == target.account.id:
        return False
    return guild.owner == actor.account.id or top_position(actor, guild) > top_position(target, guild)
