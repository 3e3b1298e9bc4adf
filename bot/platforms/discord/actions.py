"""Actions, performed on Discord.

Knows: Discord's calls for hiding, muting, telling and cards, and its limits. Must not know: why something is done, the record.
Rules: what Discord would refuse is looked at before it is asked; reasons in Discord's audit log name the case and nothing else;
everything sent carries a nonce made of the action's key, so that a repeat within minutes says nothing twice; "already so" is done.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

import discord

from bot.communities import Communities
from bot.core.model import CALLS, Action, ActionKind
from bot.platforms.discord.asking import (
    DIRECT_REFUSED,
    DIRECT_TOO_FAST,
    THREAD_IS_THERE,
    UNKNOWN_USER,
    Breaker,
    asked,
)
from bot.platforms.discord.cards import Letter, card, notice
from bot.platforms.discord.rooms import Channel, Rooms, escalation_channel, lacks, moderator_role, numeric
from bot.platforms.discord.showing import CONTENT_CHARS_MAX, cut, shown
from bot.platforms.discord.translate import NAME
from bot.ports import Capabilities, Performed, PlatformRefusedError, PlatformUnavailableError, Repeat

NONCE_CHARS, REASON_CHARS_MAX = 25, 512
MUTE_MAX = timedelta(days=28)
CLOCKS_APART = timedelta(minutes=1)
"""The longest mute is asked for a minute short, so that a clock that goes ahead of Discord's does not make it too long."""
SHY_SECONDS = 3_600.0
"""For how long somebody who takes no direct messages is not tried again: each try counts towards Discord's ban."""
THREAD_MINUTES: Literal[10080] = 10080
"""Threads of cases and notices stay in the list for a week after the last word, the most that Discord offers."""
AUDIT_ENTRIES = 25

CAPABILITIES = Capabilities(
    repeats={
        ActionKind.NUDGE: Repeat.NONCE,
        ActionKind.WARN: Repeat.NONCE,
        ActionKind.NOTIFY: Repeat.NONCE,
        ActionKind.HIDE: Repeat.IDEMPOTENT,
        ActionKind.MUTE: Repeat.IDEMPOTENT,
        ActionKind.UNMUTE: Repeat.IDEMPOTENT,
        ActionKind.ESCALATE: Repeat.NONCE,
        ActionKind.URGENT: Repeat.NONCE,
        ActionKind.UPDATE: Repeat.NONCE,
        ActionKind.TELL: Repeat.NONCE,
    },
    reads_reactions=True,
)
"""What Discord can do. Nothing brings a deleted message back, so `unhide` is left to people."""


def nonce_of(key: str) -> str:
    """What makes a send the same send: as many characters as Discord takes."""
    return hashlib.sha256(key.encode()).hexdigest()[:NONCE_CHARS]


def reason_of(action: Action) -> str:
    """What Discord's audit log says of an action: its case, if it has one, and nothing that anybody wrote."""
    return (f"Steward, case {action.case}" if action.case else "Steward, outside any case")[:REASON_CHARS_MAX]


def thread_name(action: Action) -> str:
    """What the private thread of a notice is called: one for each case, and one for each letter outside any case.

    Case 0 is nobody's: a name that letters to several members had in common would show one member's letters to another.
    """
    return f"A notice for you (case {action.case})" if action.case else f"A letter for you (number {action.step})"


def _name_in(guild: discord.Guild, account: str) -> str:
    """The name by which members of a server know an account; its id where nobody knows it."""
    number = numeric(account)
    member = guild.get_member(number) if number is not None else None
    return member.display_name if member else account


class Actions:
    """Performs one action after the other, of all servers."""

    def __init__(
        self,
        client: Callable[[], discord.Client],
        communities: Communities,
        rooms: Rooms,
        breaker: Breaker,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`client` gives the client that is connected now, or raises PlatformUnavailableError."""
        self._client, self._communities, self._rooms, self._breaker, self._now = client, communities, rooms, breaker, now
        self._shy: dict[str, datetime] = {}

    async def perform(self, action: Action) -> Performed:
        """Do it. Raises PlatformUnavailableError or PlatformRefusedError."""
        match action.kind:
            case ActionKind.HIDE:
                return await self._hide(action)
            case ActionKind.MUTE | ActionKind.UNMUTE:
                return await self._mute(action)
            case ActionKind.NUDGE | ActionKind.WARN | ActionKind.NOTIFY:
                return await self._tell(action)
            case ActionKind.ESCALATE | ActionKind.URGENT | ActionKind.UPDATE:
                return await self._card(action)
            case ActionKind.TELL:
                await self.tell_moderators(action.server, action.text, action.key)
                return Performed()
            case _:
                raise PlatformRefusedError("Discord cannot do it")

    async def tell_moderators(self, server: str, text: str, key: str) -> None:
        """Say something in the moderators' channel. Raises as `perform`."""
        channel = self._escalation_channel(server)
        async with asked(self._breaker, "say", str(channel.id)):
            await channel.send(cut(shown(text), CONTENT_CHARS_MAX), nonce=nonce_of(key))

    # Hiding

    async def _hide(self, action: Action) -> Performed:
        room, message = numeric(action.room), numeric(action.message)
        if action.message in self._rooms.reactions and room is not None:
            return await self._take_reaction(action, room)
        if room is None or message is None:
            raise PlatformRefusedError("this cannot be deleted: a name or an old reaction has to be changed by hand")
        if room == message:
            raise PlatformRefusedError("the name of a thread cannot be deleted: change it by hand")
        self._must_have(room, "manage_messages")
        async with asked(self._breaker, "hide", action.room):
            try:
                await self._client().http.delete_message(room, message, reason=reason_of(action))
            except discord.NotFound:
                return Performed(reference=action.message, detail="it was gone already")
        return Performed(reference=action.message)

    async def _take_reaction(self, action: Action, room: int) -> Performed:
        message, emoji = self._rooms.reactions[action.message]
        self._must_have(room, "manage_messages")
        async with asked(self._breaker, "hide", action.room):
            try:
                await self._client().http.remove_reaction(room, int(message), emoji, int(action.target))
            except discord.NotFound:
                return Performed(reference=message, detail="it was gone already")
        return Performed(reference=message, detail="the reaction was taken away")

    def _must_have(self, room: int, *needed: str) -> None:
        """Raise PlatformRefusedError where Steward is known to lack a permission in a room."""
        channel = self._client().get_channel(room)
        if isinstance(channel, (discord.abc.GuildChannel, discord.Thread)):
            self._must_have_in(channel, *needed)

    def _must_have_in(self, channel: Channel, *needed: str) -> None:
        lacking = lacks(channel, *needed)
        if lacking:
            raise PlatformRefusedError(f'Steward lacks "{lacking}" in #{channel.name}: give it to its role there')

    # Muting

    async def _mute(self, action: Action) -> Performed:
        """Set a timeout until its end, or end it. Discord's longest is 28 days; nothing here is longer (commands.py)."""
        guild, until = self._guild(action.server), action.until if action.kind is ActionKind.MUTE else None
        member = await self._member(guild, action)
        if member is None:
            if until is None:
                return Performed(detail="they are not on the server any more")
            raise PlatformRefusedError("they are not on the server any more: nobody to mute")
        longest = self._now() + MUTE_MAX - CLOCKS_APART
        ends = min(until, longest) if until else None
        if until is not None and until <= self._now():
            return Performed(detail="its time was over already")
        self._can_moderate(guild, member, mutes=until is not None)
        kept = await self._set_by_hand(guild, member, ends)
        if kept is not None:
            return Performed(reference=kept.isoformat(), detail="a moderator's own timeout stands and was left as it is")
        async with asked(self._breaker, "mute", action.server):
            written = ends.isoformat() if ends else None
            try:
                await self._client().http.edit_member(guild.id, member.id, communication_disabled_until=written, reason=reason_of(action))
            except discord.NotFound:
                raise PlatformRefusedError("they are not on the server any more") from None
        short = until is not None and ends is not None and ends < until
        return Performed(reference=written or "", detail=f"until {ends:%Y-%m-%d %H:%M}, Discord's longest" if short else "")

    async def _member(self, guild: discord.Guild, action: Action) -> discord.Member | None:
        """The member as they are now, from memory or from Discord; None where they have left."""
        account = numeric(action.target)
        if account is None:
            raise PlatformRefusedError(f"{action.target} is no account on Discord")
        member = guild.get_member(account)
        if member is None:
            async with asked(self._breaker, "member", action.server):
                try:
                    member = await guild.fetch_member(account)
                except discord.NotFound:
                    return None
        return member

    def _can_moderate(self, guild: discord.Guild, member: discord.Member, *, mutes: bool) -> None:
        """Raise PlatformRefusedError, with a reason that people can act on, where Discord would refuse."""
        me = guild.me
        if not me.guild_permissions.moderate_members:
            raise PlatformRefusedError('Steward lacks "Moderate Members": give it to its role in the server\'s settings')
        if member.id == guild.owner_id:
            raise PlatformRefusedError("Discord lets nobody mute the owner of a server: talk to them")
        if mutes and member.guild_permissions.administrator:
            raise PlatformRefusedError("Discord lets nobody mute an administrator: talk to them")
        if member.top_role >= me.top_role:
            raise PlatformRefusedError("their role stands as high as Steward's: move Steward's role above it in the list of roles")

    async def _set_by_hand(self, guild: discord.Guild, member: discord.Member, ends: datetime | None) -> datetime | None:
        """The end of a longer timeout that a person set, which the program does not touch; None where there is none."""
        stands = member.timed_out_until
        longer = stands is not None and stands > max(self._now(), ends or self._now())
        if not longer or not guild.me.guild_permissions.view_audit_log:
            return None
        async with asked(self._breaker, "audit log", str(guild.id)):
            async for entry in guild.audit_logs(limit=AUDIT_ENTRIES, action=discord.AuditLogAction.member_update):
                changed = hasattr(entry.after, "timed_out_until")
                if changed and entry.target is not None and entry.target.id == member.id:
                    return stands if entry.user_id != guild.me.id else None
        return None

    # Telling a member

    async def _tell(self, action: Action) -> Performed:
        """A direct message; where that is refused, a private thread with the member in the room's channel."""
        account = numeric(action.target)
        if account is None:
            raise PlatformRefusedError(f"{action.target} is no account on Discord")
        letter = notice(action)
        shy_until = self._shy.pop(action.target, None)
        if shy_until is not None and shy_until > self._now():
            self._shy[action.target] = shy_until
        else:
            sent = await self._direct(action, account, letter)
            if sent is not None:
                return sent
            self._shy[action.target] = self._now() + timedelta(seconds=SHY_SECONDS)
        return await self._in_thread(action, account)

    async def _direct(self, action: Action, account: int, letter: Letter) -> Performed | None:
        """Where the direct message stands; None where the member takes none, or Discord opens no more of them now."""
        async with asked(self._breaker, "direct", action.target):
            try:
                channel = await self._client().create_dm(discord.Object(account))
                message = await channel.send(**letter, nonce=nonce_of(action.key))
            except discord.HTTPException as error:
                if error.code not in (DIRECT_REFUSED, DIRECT_TOO_FAST):
                    if error.code == UNKNOWN_USER:
                        raise PlatformRefusedError("the account is gone") from None
                    raise
                self._breaker.count(error.status)
                return None
        return Performed(reference=f"{channel.id}/{message.id}", detail="direct message")

    async def _in_thread(self, action: Action, account: int) -> Performed:
        """A private thread that only the member and moderators see: whoever is written of in it must not come into it."""
        parent = self._parent(action)
        if parent is None:
            raise PlatformRefusedError("they take no direct messages, and no channel is there for a private thread: tell them yourself")
        lacking = lacks(parent, "view_channel", "create_private_threads", "send_messages_in_threads")
        if lacking:
            raise PlatformRefusedError(f'they take no direct messages, and Steward lacks "{lacking}" in #{parent.name}: tell them yourself')
        if not parent.permissions_for(await self._reader(parent, action)).view_channel:
            raise PlatformRefusedError(f"they take no direct messages and do not see #{parent.name} any more: tell them yourself")
        async with asked(self._breaker, "notice", str(parent.id)):
            name = thread_name(action)
            there = [one for one in parent.threads if one.name == name and one.owner_id == parent.guild.me.id and not one.locked]
            thread = (
                there[0]
                if there
                else await parent.create_thread(
                    name=name,
                    type=discord.ChannelType.private_thread,
                    invitable=False,
                    auto_archive_duration=THREAD_MINUTES,
                    reason=reason_of(action),
                )
            )
            await thread.add_user(discord.Object(account))
            letter = notice(action, name_of=lambda one: _name_in(parent.guild, one))
            message = await thread.send(**letter, nonce=nonce_of(action.key))
        return Performed(reference=f"{thread.id}/{message.id}", detail="private thread")

    def _parent(self, action: Action) -> discord.TextChannel | None:
        """The text channel for a private thread: that in which it happened, else the first that everybody sees."""
        guild = self._guild(action.server)
        number = numeric(action.room)
        here = guild.get_channel_or_thread(number) if number is not None else None
        here = here.parent if isinstance(here, discord.Thread) else here
        if isinstance(here, discord.TextChannel):
            return here
        return next((one for one in guild.text_channels if one.permissions_for(guild.default_role).view_channel), None)

    async def _reader(self, parent: discord.TextChannel, action: Action) -> discord.Member:
        member = await self._member(parent.guild, action)
        if member is None:
            raise PlatformRefusedError("they take no direct messages and are not on the server any more")
        return member

    # Cards

    async def _card(self, action: Action) -> Performed:
        """Post a case's card and open its thread, or edit it where it stands and say in the thread what is new."""
        role = self._role(action) if action.kind is ActionKind.URGENT else ""
        if action.card:
            return await self._edit_card(action, role)
        if action.kind not in CALLS:
            return Performed(detail="the case has no card")
        channel = self._escalation_channel(action.server)
        look = card(action, role=role)
        async with asked(self._breaker, "card", str(channel.id)):
            message = await channel.send(**look, nonce=nonce_of(action.key))
            await self._open_thread(channel, message.id, action)
        return Performed(reference=f"{channel.id}/{message.id}")

    async def _open_thread(self, channel: discord.TextChannel, message: int, action: Action) -> None:
        """Open the thread in which moderators discuss a case; without the permission, or if it is there, the card stands alone."""
        if lacks(channel, "create_public_threads"):
            return
        try:
            await self._client().http.start_thread_with_message(
                channel.id, message, name=f"Case {action.case}", auto_archive_duration=THREAD_MINUTES, reason=reason_of(action)
            )
        except discord.HTTPException as error:
            if error.code != THREAD_IS_THERE:
                raise

    async def _edit_card(self, action: Action, role: str) -> Performed:
        place, _, message = action.card.partition("/")
        channel = self._client().get_partial_messageable(int(place), guild_id=int(action.server))
        look = card(action, role="")
        async with asked(self._breaker, "card", place):
            try:
                await channel.get_partial_message(int(message)).edit(**look)
            except discord.NotFound:
                return Performed(reference=action.card, detail="its card was deleted by hand")
            if action.news:
                await self._say_news(action, int(place), int(message), role)
        return Performed(reference=action.card)

    async def _say_news(self, action: Action, place: int, message: int, role: str) -> None:
        """One line in the case's thread (its id is the card's), else as an answer to the card."""
        text = cut(shown(action.news), CONTENT_CHARS_MAX - len(role) - 5)
        roles = discord.AllowedMentions.none()
        roles.roles = [discord.Object(int(role))] if role else False
        text, nonce = f"<@&{role}> {text}" if role else text, nonce_of(f"{action.key}/news")
        thread = self._client().get_partial_messageable(message, guild_id=int(action.server))
        try:
            await thread.send(text, nonce=nonce, allowed_mentions=roles)
        except discord.NotFound:
            channel = self._client().get_partial_messageable(place, guild_id=int(action.server))
            await channel.send(text, nonce=nonce, allowed_mentions=roles, reference=channel.get_partial_message(message))

    def _role(self, action: Action) -> str:
        guild = self._guild(action.server)
        role = moderator_role(guild, self._communities.setup(NAME, action.server).moderator_role)
        return str(role.id) if role else ""

    def _escalation_channel(self, server: str) -> discord.TextChannel:
        guild = self._guild(server)
        named = self._communities.setup(NAME, server).escalation_channel
        channel = escalation_channel(guild, named)
        if channel is None:
            why = f"there is no channel {named!r}" if named else "no channel is named for cards"
            raise PlatformRefusedError(f"{why}: an administrator names one with /steward setup")
        self._must_have_in(channel, "view_channel", "send_messages", "embed_links")
        return channel

    def _guild(self, server: str) -> discord.Guild:
        number = numeric(server)
        guild = self._client().get_guild(number) if number is not None else None
        if guild is None or guild.unavailable or guild.me is None:
            raise PlatformUnavailableError("this server is not connected now")
        return guild
