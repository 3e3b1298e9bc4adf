"""What happens in the test server: every change of the state, and what the gateway says about it.

Knows: who hears of what. Must not know: HTTP, whether the one who asked was allowed to.
Rules: one method per change, used by the API and by the members that a test plays alike.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from tests.servers.discord import payloads, permissions
from tests.servers.discord.gateway import Gateway, Intent, Session
from tests.servers.discord.permissions import Permission
from tests.servers.discord.world import (
    DIRECT,
    HAS_THREAD,
    Account,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    World,
)

NONCE_KEPT = timedelta(minutes=5)
MEMBER_UPDATED, MESSAGE_DELETED, MESSAGES_DELETED = 24, 72, 73
LARGE_GUILD = 250


class State:
    """The world, the bot in it, and the gateway that speaks of it."""

    def __init__(self, gateway: Gateway, world: World, bot: Account) -> None:
        self.world = world
        self.clock = world.clock
        self.gateway = gateway
        self.bot = bot
        self.application_id = bot.id
        self.commands: dict[str, list[Json]] = {}
        self.nonces: dict[tuple[str, str], tuple[str, datetime]] = {}
        gateway.greet = self._greet
        gateway.answer_members = self._answer_members
        gateway.hide = lambda data: payloads.without_content(data, bot.id)

    # What a new session hears

    def _greet(self, session: Session) -> list[tuple[str, Json]]:
        guilds = [one for one in self.world.guilds.values() if session.hears_guild(one.id) and self.bot.id in one.members]
        ready: Json = {
            "v": 10,
            "user": payloads.own_user(self.bot),
            "guilds": [{"id": one.id, "unavailable": True} for one in guilds],
            "session_id": session.id,
            "resume_gateway_url": f"{self.gateway.url}/resume",
            "shard": list(session.shard),
            "application": {"id": self.application_id, "flags": 0},
            "session_type": "normal",
            "private_channels": [],
        }
        if Intent.GUILDS not in session.intents:
            return [("READY", ready)]
        shown = [("GUILD_CREATE", self.guild_created(one, session.intents)) for one in guilds if one.available]
        return [("READY", ready), *shown]

    def guild_created(self, guild: Guild, intents: Intent) -> Json:
        """Show a guild: all members to who may hear of members and the guild is small, the bot alone otherwise."""
        everyone = list(guild.members.values())
        is_whole = Intent.GUILD_MEMBERS in intents and len(everyone) <= LARGE_GUILD
        shown = everyone if is_whole else [guild.members[self.bot.id]]
        threads = [one for one in guild.threads.values() if not one.archived and self.bot_sees(one)]
        return payloads.guild_created(guild, self.bot.id, shown, threads)

    def _answer_members(self, session: Session, asked: Json) -> list[tuple[str, Json]]:
        guild = self.world.guilds.get(str(asked.get("guild_id", "")))
        if guild is None:
            return []
        ids = asked.get("user_ids")
        wanted = [str(one) for one in (ids if isinstance(ids, list) else [ids])] if ids else []
        query, limit = str(asked.get("query") or "").lower(), int(asked.get("limit") or 0)
        if not wanted and not (query or Intent.GUILD_MEMBERS in session.intents):
            return []
        everyone = list(guild.members.values())
        found = [one for one in everyone if one.id in wanted or (not wanted and one.account.username.lower().startswith(query))]
        found = found[: limit or len(found)]
        chunks = [found[at : at + 1000] for at in range(0, len(found), 1000)] or [[]]
        head = {"guild_id": guild.id, "chunk_count": len(chunks), "nonce": asked.get("nonce")}
        head["not_found"] = [one for one in wanted if one not in guild.members]
        return [
            ("GUILD_MEMBERS_CHUNK", {**head, "chunk_index": at, "members": [payloads.member(one) for one in chunk]})
            for at, chunk in enumerate(chunks)
        ]

    # Who the bot is somewhere

    def bot_sees(self, channel: Channel) -> bool:
        """Say whether the bot hears of what happens in that channel."""
        if channel.guild is None:
            return any(one.id == self.bot.id for one in channel.recipients)
        me = channel.guild.members.get(self.bot.id)
        return me is not None and permissions.sees(me, channel, self.clock.now())

    def bot_may(self, guild: Guild, needed: Permission) -> bool:
        """Say whether the bot's roles allow it in the whole guild."""
        me = guild.members.get(self.bot.id)
        return me is not None and needed in permissions.in_guild(me, guild, self.clock.now())

    def say_about(self, channel: Channel, name: str, data: Json, of: tuple[Intent, Intent]) -> None:
        """Say something about a channel; `of`: the intent in guilds, and in direct messages."""
        if self.bot_sees(channel):
            intent = of[0] if channel.guild else of[1]
            self.gateway.dispatch(name, data, intent=intent, guild_id=channel.guild.id if channel.guild else "")

    # Messages

    def create_message(self, message: Message) -> Message:
        """Put a message into its channel; an ephemeral one is nowhere but with the person who sees it."""
        if message.is_ephemeral:
            return message
        channel = message.channel
        channel.messages[message.id] = message
        channel.last_message_id = message.id
        if channel.is_thread:
            channel.sent_count += 1
        if message.nonce is not None:
            self.nonces[message.author.id, str(message.nonce)] = (message.id, self.clock.now())
        shown = payloads.dispatched(message, self.bot.id, referenced=self.referenced(message), created=True)
        self.say_about(channel, "MESSAGE_CREATE", shown, (Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES))
        return message

    def sent_with_nonce(self, author: str, nonce: str | int) -> Message | None:
        """Find what the author sent under that nonce in the past minutes."""
        message_id, at = self.nonces.get((author, str(nonce)), ("", self.clock.now()))
        return self.world.message(message_id) if message_id and self.clock.now() - at <= NONCE_KEPT else None

    def referenced(self, message: Message) -> Message | None:
        """Find what a message replies to."""
        return message.channel.messages.get(message.reply_to)

    def show(self, message: Message, *, with_nonce: bool = False) -> Json:
        """Write a message for the bot, blank where the portal does not let it read contents."""
        found = payloads.message(message, self.bot.id, with_nonce=with_nonce, referenced=self.referenced(message))
        if Intent.MESSAGE_CONTENT in self.gateway.allowed or message.channel.kind == DIRECT:
            return found
        return payloads.without_content(found, self.bot.id)

    def update_message(self, message: Message) -> None:
        """Say that a message is different now."""
        if message.is_ephemeral:
            return
        shown = payloads.dispatched(message, self.bot.id, referenced=self.referenced(message))
        self.say_about(message.channel, "MESSAGE_UPDATE", shown, (Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES))

    def delete_messages(self, messages: Sequence[Message], *, bulk: bool = False) -> None:
        """Take messages away."""
        channel = messages[0].channel
        for message in messages:
            channel.messages.pop(message.id, None)
        guild = {"guild_id": channel.guild.id} if channel.guild else {}
        both = (Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES)
        if bulk:
            data = {"ids": [one.id for one in messages], "channel_id": channel.id, **guild}
            self.say_about(channel, "MESSAGE_DELETE_BULK", data, both)
            return
        for message in messages:
            self.say_about(channel, "MESSAGE_DELETE", {"id": message.id, "channel_id": channel.id, **guild}, both)

    def mentioned(self, content: str, channel: Channel, allowed: Json | None = None) -> list[Account]:
        """Find who a text mentions, as far as its sender lets it."""
        ids = list(dict.fromkeys(re.findall(r"<@!?(\d+)>", content)))
        if allowed is not None and "users" not in allowed.get("parse", []):
            ids = [one for one in ids if one in [str(each) for each in allowed.get("users", [])]]
        known = channel.guild.members if channel.guild else {one.id for one in channel.recipients}
        return [self.world.accounts[one] for one in ids if one in known]

    # Reactions

    def react(self, message: Message, account: Account, name: str) -> None:
        """Add a reaction."""
        who = message.reactions.setdefault(name, [])
        if account.id not in who:
            who.append(account.id)
            self._say_reaction("MESSAGE_REACTION_ADD", message, account, name)

    def unreact(self, message: Message, account: Account, name: str) -> None:
        """Take a reaction back."""
        who = message.reactions.get(name, [])
        if account.id in who:
            who.remove(account.id)
            if not who:
                del message.reactions[name]
            self._say_reaction("MESSAGE_REACTION_REMOVE", message, account, name)

    def _say_reaction(self, kind: str, message: Message, account: Account, name: str) -> None:
        data: Json = {"user_id": account.id, "channel_id": message.channel.id, "message_id": message.id}
        data |= {"emoji": payloads.emoji(name), "burst": False, "type": 0}
        guild = message.channel.guild
        if guild is not None:
            data["guild_id"] = guild.id
        if kind == "MESSAGE_REACTION_ADD":
            data["message_author_id"] = message.author.id
            if guild is not None:
                data["member"] = payloads.member(guild.members[account.id])
        self.say_about(message.channel, kind, data, (Intent.GUILD_MESSAGE_REACTIONS, Intent.DIRECT_MESSAGE_REACTIONS))

    # Threads

    def create_thread(self, thread: Channel, start: Message | None = None) -> Channel:
        """Open a thread, from a message or by itself."""
        assert thread.guild is not None, "threads are in guilds"
        thread.changed_at = self.clock.now()
        thread.guild.threads[thread.id] = thread
        self.world.channels[thread.id] = thread
        if start is not None:
            start.thread = thread
            start.flags |= HAS_THREAD
        data = {**payloads.thread(thread, self.bot.id), "newly_created": True}
        self.say_about(thread, "THREAD_CREATE", data, (Intent.GUILDS, Intent.GUILDS))
        if start is not None:
            self.update_message(start)
        return thread

    def update_channel(self, channel: Channel) -> None:
        """Say that a channel or thread is different now."""
        name = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
        self.say_about(channel, name, payloads.channel(channel, self.bot.id), (Intent.GUILDS, Intent.GUILDS))

    def change_thread_members(self, thread: Channel, *, added: Iterable[str] = (), removed: Iterable[str] = ()) -> None:
        """Let people into a thread, or take them out."""
        assert thread.guild is not None, "threads are in guilds"
        new = [one for one in added if one not in thread.thread_members]
        gone = [one for one in removed if one in thread.thread_members]
        saw = self.bot_sees(thread)
        thread.thread_members[:] = [one for one in (*thread.thread_members, *new) if one not in gone]
        if not (new or gone) or not (saw or self.bot_sees(thread)):
            return
        data: Json = {"id": thread.id, "guild_id": thread.guild.id, "member_count": len(thread.thread_members)}
        data |= {"removed_member_ids": gone, "added_members": [payloads.thread_member(thread, one) for one in new]}
        for one in data["added_members"]:
            one |= {"member": payloads.member(thread.guild.members[one["user_id"]]), "presence": None}
        self.gateway.dispatch("THREAD_MEMBERS_UPDATE", data, intent=Intent.GUILDS, guild_id=thread.guild.id)

    def delete_channel(self, channel: Channel) -> None:
        """Take a channel or thread away."""
        guild = channel.guild
        assert guild is not None, "direct messages are not deleted"
        data = payloads.channel(channel, self.bot.id)
        sees = self.bot_sees(channel)
        self.world.channels.pop(channel.id, None)
        guild.channels.pop(channel.id, None)
        guild.threads.pop(channel.id, None)
        if channel.is_thread and channel.parent is not None:
            keys = ("id", "guild_id", "parent_id", "type")
            data = {key: data[key] for key in keys}
        if sees:
            name = "THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE"
            self.gateway.dispatch(name, data, intent=Intent.GUILDS, guild_id=guild.id)

    # Members

    def update_member(self, member: Member) -> None:
        """Say that a member is different now."""
        data = {**payloads.member(member), "guild_id": member.guild.id}
        self.gateway.dispatch("GUILD_MEMBER_UPDATE", data, intent=Intent.GUILD_MEMBERS, guild_id=member.guild.id)

    def time_out(self, member: Member, until: datetime | None, *, by: Account, reason: str = "") -> None:
        """Set or end a timeout, and write it down."""
        before, member.timed_out_until = member.timed_out_until, until
        change: Json = {"key": "communication_disabled_until"}
        change |= {"old_value": payloads.time(before)} if before else {}
        change |= {"new_value": payloads.time(until)} if until else {}
        self.update_member(member)
        self.audit(member.guild, MEMBER_UPDATED, by=by, target=member.id, reason=reason, changes=[change])

    def audit(
        self, guild: Guild, kind: int, *, by: Account, target: str | None, reason: str = "",
        changes: Sequence[Json] = (), options: Json | None = None,
    ) -> None:  # fmt: skip
        """Write something into the guild's audit log."""
        entry: Json = {"id": self.clock.new_id(), "action_type": kind, "user_id": by.id, "target_id": target}
        entry |= {"changes": list(changes)} if changes else {}
        entry |= {"options": options} if options else {}
        entry |= {"reason": reason} if reason else {}
        guild.audit_log.insert(0, entry)
        if self.bot_may(guild, Permission.VIEW_AUDIT_LOG):
            data = {**entry, "guild_id": guild.id}
            self.gateway.dispatch("GUILD_AUDIT_LOG_ENTRY_CREATE", data, intent=Intent.GUILD_MODERATION, guild_id=guild.id)


def new_message(state: State, channel: Channel, author: Account, content: str, **more: object) -> Message:
    """Make a message of now that is not said yet; `more` are fields of Message."""
    at = state.clock.now()
    message = Message(id=state.clock.new_id(at), channel=channel, author=author, content=content, sent_at=at)
    for name, value in more.items():
        setattr(message, name, value)
    return message


def new_thread(
    state: State, parent: Channel, name: str, *, kind: int, owner: Account, thread_id: str = "", minutes: int = 4320, invitable: bool = True
) -> Channel:
    """Make a thread that is not open yet."""
    return Channel(
        id=thread_id or state.clock.new_id(),
        kind=kind,
        name=name,
        guild=parent.guild,
        parent=parent,
        owner=owner.id,
        thread_members=[owner.id],
        auto_archive_minutes=minutes,
        invitable=invitable,
    )
