"""What members do: they write, edit, react, join, and use the bot's commands, buttons and forms.

Knows: what Discord's own clients let a person do. Must not know: HTTP, faults.
Rules: what a person could not do raises NotAllowedError, so that a test never plays the impossible; an interaction returns at
once and is waited for with its `acknowledged` and `answer`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from tests.servers.discord import payloads, permissions
from tests.servers.discord.gateway import Intent
from tests.servers.discord.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL, Interaction, Interactions
from tests.servers.discord.permissions import Permission
from tests.servers.discord.state import State, new_message
from tests.servers.discord.world import DIRECT, Account, Channel, Guild, Json, Member, Message, Role

SUBCOMMAND, SUBCOMMAND_GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER = range(1, 11)
VALUES = {STRING: str, INTEGER: int, BOOLEAN: bool, NUMBER: (int, float), USER: (Member, Account), CHANNEL: Channel, ROLE: Role}
AUTOMOD_ACTIONS = {"block": 1, "alert": 2, "timeout": 3}
AUTOMOD_KEYWORD, AUTOMOD_ALERT = 1, 24
TEXT_INPUT = 4
Person = Member | Account


class NotAllowedError(Exception):
    """Discord's client would not have let this person do that."""


class Players:
    """Everything that people do."""

    state: State
    interactions: Interactions

    # Messages

    def say(
        self, channel: Channel, author: Person, text: str = "", *, reply_to: Message | None = None, forward: Message | None = None,
        attachments: Sequence[Json] = (), embeds: Sequence[Json] = (), poll: Json | None = None, stickers: Sequence[str] = (),
        sent_at: datetime | None = None, parts: Json | None = None,
    ) -> Message:  # fmt: skip
        """Write a message. `sent_at` makes an old one, `parts` are further fields as JSON; an attachment's `data` are its bytes."""
        account = _account(author)
        self._check_may(channel, author, Permission.SEND_MESSAGES)
        message = new_message(self.state, channel, account, text)
        if sent_at is not None:
            message.sent_at, message.id = sent_at, self.state.clock.new_id(sent_at)
        message.mentions = self.state.mentioned(text, channel)
        carried: Json = {"attachments": [_attachment(self.state, one) for one in attachments], "embeds": list(embeds)}
        if poll is not None:
            carried["poll"] = poll
        if stickers:
            carried["sticker_items"] = [{"id": self.state.clock.new_id(), "name": one, "format_type": 1} for one in stickers]
        if reply_to is not None:
            message.kind, message.reply_to = payloads.REPLY, reply_to.id
            message.mentions = [*message.mentions, *([reply_to.author] if reply_to.author not in message.mentions else [])]
        if forward is not None:
            carried |= _forwarded(forward, self.state.bot.id)
        message.parts = {**carried, **(parts or {})}
        if channel.is_private_thread:
            self.state.change_thread_members(channel, added=[one.id for one in message.mentions])
        return self.state.create_message(message)

    def edit(self, message: Message, text: str) -> Message:
        """Change a message's text as its author."""
        message.content, message.edited_at = text, self.state.clock.now()
        message.mentions = self.state.mentioned(text, message.channel)
        self.state.update_message(message)
        return message

    def preview(self, message: Message, title: str, description: str = "", url: str = "https://example.org/") -> Message:
        """Let Discord add a link's preview: a MESSAGE_UPDATE without any edit."""
        embed = {"type": "link", "url": url, "title": title, "description": description}
        message.parts["embeds"] = [*message.parts.get("embeds", []), embed]
        self.state.update_message(message)
        return message

    def delete(self, message: Message) -> None:
        """Delete a message as its author."""
        self.state.delete_messages([message])

    def react(self, message: Message, who: Person, emoji: str) -> None:
        """React to a message."""
        if message.channel.guild is not None and emoji not in message.reactions:
            self._check_may(message.channel, who, Permission.ADD_REACTIONS)
        self.state.react(message, _account(who), emoji)

    def unreact(self, message: Message, who: Person, emoji: str) -> None:
        """Take a reaction back."""
        self.state.unreact(message, _account(who), emoji)

    def direct(self, who: Person, text: str) -> Message:
        """Write to the bot directly."""
        return self.say(self.direct_channel(who), _account(who), text)

    def direct_channel(self, who: Person) -> Channel:
        """Give the direct messages between somebody and the bot."""
        return self.state.world.direct_channel(self.state.bot, _account(who))

    def _check_may(self, channel: Channel, who: Person, needed: Permission) -> None:
        if channel.guild is None:
            return
        member = _member(who, channel.guild)
        held = permissions.in_channel(member, channel, self.state.clock.now())
        if channel.is_thread and needed is Permission.SEND_MESSAGES:
            needed = Permission.SEND_MESSAGES_IN_THREADS
        if needed not in held or not permissions.sees(member, channel, self.state.clock.now()):
            message = f"{member.account.username} lacks {needed.name} in {channel.name}"
            raise NotAllowedError(message)

    # Members and moderation by others

    def join(self, guild: Guild, account: Account) -> Member:
        """Let an account join."""
        member = Member(account=account, guild=guild, joined_at=self.state.clock.now())
        guild.members[account.id] = member
        data = {**payloads.member(member), "guild_id": guild.id}
        self.state.gateway.dispatch("GUILD_MEMBER_ADD", data, intent=Intent.GUILD_MEMBERS, guild_id=guild.id)
        return member

    def leave(self, member: Member) -> None:
        """Let a member leave."""
        del member.guild.members[member.id]
        data = {"guild_id": member.guild.id, "user": payloads.user(member.account)}
        self.state.gateway.dispatch("GUILD_MEMBER_REMOVE", data, intent=Intent.GUILD_MEMBERS, guild_id=member.guild.id)

    def time_out(self, member: Member, until: datetime | None, *, by: Person, reason: str = "") -> None:
        """Let a moderator set or end a timeout by hand."""
        self.state.time_out(member, until, by=_account(by), reason=reason)

    def automod(
        self, channel: Channel, author: Member, text: str, *, keyword: str, actions: Sequence[str] = ("block",),
        rule: str = "Keywords", alert_channel: Channel | None = None, seconds: int = 60,
    ) -> Message | None:  # fmt: skip
        """Let Discord's AutoMod act: one dispatch per action (block, alert, timeout); the message, unless it was blocked."""
        guild = author.guild
        alert_channel = alert_channel or channel
        message = None if "block" in actions else self.say(channel, author, text)
        rule_id = next((key for key, one in guild.automod_rules.items() if one["name"] == rule), "") or self._automod_rule(
            guild, rule, keyword
        )
        for action in actions:
            metadata: Json = {"channel_id": alert_channel.id} if action == "alert" else {}
            metadata |= {"duration_seconds": seconds} if action == "timeout" else {}
            data: Json = {
                "guild_id": guild.id, "rule_id": rule_id, "rule_trigger_type": AUTOMOD_KEYWORD, "user_id": author.id,
                "channel_id": channel.id, "content": text, "matched_keyword": keyword, "matched_content": keyword,
                "action": {"type": AUTOMOD_ACTIONS[action], "metadata": metadata},
            }  # fmt: skip
            if message is not None:
                data["message_id"] = message.id
            if action == "alert":
                embed = {"type": "auto_moderation_message", "description": text, "fields": []}
                alert = new_message(self.state, alert_channel, author.account, "", kind=AUTOMOD_ALERT, parts={"embeds": [embed]})
                data["alert_system_message_id"] = self.state.create_message(alert).id
            if action == "timeout":
                author.timed_out_until = datetime.fromtimestamp(self.state.clock.now().timestamp() + seconds, self.state.clock.now().tzinfo)
                self.state.update_member(author)
            if self.state.bot_may(guild, Permission.MANAGE_GUILD):
                self.state.gateway.dispatch(
                    "AUTO_MODERATION_ACTION_EXECUTION", data, intent=Intent.AUTO_MODERATION_EXECUTION, guild_id=guild.id
                )
        return message

    def _automod_rule(self, guild: Guild, name: str, keyword: str) -> str:
        rule_id = self.state.clock.new_id()
        metadata = {"keyword_filter": [keyword], "regex_patterns": [], "allow_list": []}
        guild.automod_rules[rule_id] = {
            "id": rule_id, "guild_id": guild.id, "creator_id": guild.owner, "name": name, "event_type": 1,
            "trigger_type": AUTOMOD_KEYWORD, "trigger_metadata": metadata, "enabled": True,
            "actions": [{"type": 1, "metadata": {}}], "exempt_roles": [], "exempt_channels": [],
        }  # fmt: skip
        return rule_id

    # Interactions

    def interact(
        self, who: Person, name: str, options: Mapping[str, Any] | None = None, *, channel: Channel | None = None,
        target: Message | Person | None = None,
    ) -> Interaction:  # fmt: skip
        """Use a command: "report", "steward setup", or with a `target` the context menu of that name."""
        channel = channel or self._usual_channel(who)
        kind = 1 if target is None else (3 if isinstance(target, Message) else 2)
        command, data, resolved = self._command(who, name, kind, channel, options or {})
        if isinstance(target, Message):
            data["target_id"] = target.id
            resolved.setdefault("messages", {})[target.id] = payloads.message(target, self.state.bot.id)
        elif target is not None:
            data["target_id"] = _account(target).id
            _resolve(resolved, target, channel.guild)
        if resolved:
            data["resolved"] = resolved
        return self._start(who, COMMAND, channel, data, name=command["name"])

    def complete(self, who: Person, name: str, option: str, text: str, *, channel: Channel | None = None) -> Interaction:
        """Type into an option of a command that offers choices."""
        channel = channel or self._usual_channel(who)
        command, data, _ = self._command(who, name, 1, channel, {option: text}, is_typing=option)
        return self._start(who, AUTOCOMPLETE, channel, data, name=command["name"])

    def press(self, who: Person, message: Message, button: str, *, values: Iterable[str] | None = None) -> Interaction:
        """Press a button by its custom id or its label, or choose `values` in a menu."""
        one = next((one for one in message.buttons if button in {one.get("custom_id"), one.get("label")}), None)
        if one is None or one.get("disabled") or "custom_id" not in one:
            there = [each.get("label") or each.get("custom_id") for each in message.buttons]
            error = f"no button {button!r} to press, there is {there}"
            raise NotAllowedError(error)
        if message.channel.guild is not None and not message.is_ephemeral:
            self._check_may(message.channel, who, Permission.VIEW_CHANNEL)
        data: Json = {"custom_id": one["custom_id"], "component_type": one["type"], "id": one.get("id", 0)}
        if values is not None:
            data["values"] = list(values)
        return self._start(who, COMPONENT, message.channel, data, name=one["custom_id"], source=message)

    def submit(self, who: Person, asked: Interaction, answers: Mapping[str, str | Sequence[str]]) -> Interaction:
        """Send the form that an interaction opened; `answers` by custom id or label."""
        assert asked.modal is not None, "there is no form"
        used: set[str] = set()
        components = [_filled(one, answers, used) for one in asked.modal["components"]]
        if set(answers) - used:
            error = f"the form has no {sorted(set(answers) - used)}"
            raise NotAllowedError(error)
        data = {"custom_id": asked.modal["custom_id"], "components": components}
        return self._start(who, MODAL, asked.channel, data, name=asked.modal["custom_id"], source=asked.source, parent=asked)

    def commands_of(self, guild: Guild | None) -> list[Json]:
        """List the commands that are offered in a guild, its own first; without a guild, those of direct messages."""
        return [*self.state.commands.get(guild.id if guild else "-", []), *self.state.commands.get("", [])]

    def _usual_channel(self, who: Person) -> Channel:
        if isinstance(who, Account):
            return self.direct_channel(who)
        now = self.state.clock.now()
        return next(one for one in who.guild.channels.values() if permissions.sees(who, one, now))

    def _command(
        self, who: Person, name: str, kind: int, channel: Channel, options: Mapping[str, Any], *, is_typing: str = ""
    ) -> tuple[Json, Json, Json]:
        whole = [name] if kind != 1 else name.split()
        found = [one for one in self.commands_of(channel.guild) if one["name"] == whole[0] and one["type"] == kind]
        if not found:
            error = f"no command {whole[0]!r} of kind {kind}, there is {[one['name'] for one in self.commands_of(channel.guild)]}"
            raise NotAllowedError(error)
        command = found[0]
        self._check_command(who, command, channel)
        resolved: Json = {}
        chosen = _options(command.get("options", []), whole[1:], dict(options), resolved, channel.guild, is_typing)
        data: Json = {"id": command["id"], "name": command["name"], "type": kind}
        data |= {"options": chosen} if chosen else {}
        data |= {"guild_id": command["guild_id"]} if "guild_id" in command else {}
        return command, data, resolved

    def _check_command(self, who: Person, command: Json, channel: Channel) -> None:
        context = 0 if channel.guild is not None else 1
        contexts = command.get("contexts")
        if contexts is not None and context not in contexts:
            error = f"{command['name']} is not offered in context {context}"
            raise NotAllowedError(error)
        if channel.guild is None:
            return
        self._check_may(channel, who, Permission.USE_APPLICATION_COMMANDS)
        needed = Permission(int(command["default_member_permissions"] or 0))
        held = permissions.in_guild(_member(who, channel.guild), channel.guild, self.state.clock.now())
        if needed not in held or (command["default_member_permissions"] == "0" and held != permissions.ALL):
            error = f"{command['name']} needs {needed!r}"
            raise NotAllowedError(error)

    def _start(
        self, who: Person, kind: int, channel: Channel, data: Json, *, name: str, source: Message | None = None,
        parent: Interaction | None = None,
    ) -> Interaction:  # fmt: skip
        state, now, account = self.state, self.state.clock.now(), _account(who)
        one = Interaction(
            id=state.clock.new_id(), token=uuid4().hex + uuid4().hex, kind=kind, account=account, channel=channel,
            made_at=now, name=name, source=source, parent=parent,
        )  # fmt: skip
        guild = channel.guild
        bot_held = permissions.IN_DIRECT_MESSAGES if guild is None else permissions.in_channel(guild.members[state.bot.id], channel, now)
        head: Json = {"id": one.id, "application_id": state.application_id, "type": kind, "token": one.token, "channel_id": channel.id}
        head |= {"channel": payloads.channel(channel, state.bot.id), "app_permissions": str(int(bot_held))}
        head |= {"context": 1 if channel.kind == DIRECT else 0, "authorizing_integration_owners": {"0": guild.id if guild else "0"}}
        if guild is None:
            head["user"] = payloads.user(account)
        else:
            member = _member(who, guild)
            held = str(int(permissions.in_channel(member, channel, now)))
            head["channel"]["permissions"] = held
            head |= {"guild_id": guild.id, "guild_locale": "en-GB", "member": {**payloads.member(member), "permissions": held}}
            head["guild"] = {"id": guild.id, "locale": "en-GB", "features": []}
        if source is not None:
            head["message"] = payloads.message(source, state.bot.id)
        self.interactions.all.append(one)
        state.gateway.dispatch("INTERACTION_CREATE", payloads.interaction(head, data), guild_id=guild.id if guild else "")
        return one


def _account(who: Person) -> Account:
    return who.account if isinstance(who, Member) else who


def _member(who: Person, guild: Guild) -> Member:
    return who if isinstance(who, Member) and who.guild is guild else guild.members[_account(who).id]


def _attachment(state: State, given: Json) -> Json:
    """An attachment; with `data` its bytes are served."""
    attachment_id, name = state.clock.new_id(), given.get("filename", "file")
    data, rest = given.get("data"), {key: value for key, value in given.items() if key != "data"}
    url = f"https://cdn.invalid/{name}"
    if data is not None:
        url = state.world.files.put(f"/attachments/{attachment_id}/{name}", data, given.get("content_type", "application/octet-stream"))
    return {"id": attachment_id, "filename": "file", "size": len(data or b"1"), "url": url, "proxy_url": url, **rest}


def _forwarded(message: Message, reader: str) -> Json:
    whole = payloads.message(message, reader)
    keys = ("type", "content", "mentions", "mention_roles", "attachments", "embeds", "timestamp", "edited_timestamp", "flags", "components")
    reference: Json = {"type": 1, "channel_id": message.channel.id, "message_id": message.id}
    reference |= {"guild_id": message.channel.guild.id} if message.channel.guild else {}
    return {"message_reference": reference, "message_snapshots": [{"message": {key: whole[key] for key in keys}}]}


def _resolve(resolved: Json, one: Any, guild: Guild | None) -> str:
    if isinstance(one, (Member, Account)):
        account = _account(one)
        resolved.setdefault("users", {})[account.id] = payloads.user(account)
        if guild is not None and account.id in guild.members:
            shown = {**payloads.member(guild.members[account.id], with_user=False), "permissions": "0"}
            resolved.setdefault("members", {})[account.id] = shown
        return account.id
    if isinstance(one, Channel):
        resolved.setdefault("channels", {})[one.id] = {**payloads.channel(one, ""), "permissions": "0"}
    else:
        resolved.setdefault("roles", {})[one.id] = payloads.role(one)
    return str(one.id)


def _options(
    defined: list[Json], path: list[str], given: dict[str, Any], resolved: Json, guild: Guild | None, is_typing: str
) -> list[Json]:
    if path:
        inner = next((one for one in defined if one["name"] == path[0] and one["type"] in {SUBCOMMAND, SUBCOMMAND_GROUP}), None)
        if inner is None:
            error = f"no subcommand {path[0]!r}"
            raise NotAllowedError(error)
        options = _options(inner.get("options", []), path[1:], given, resolved, guild, is_typing)
        return [{"name": inner["name"], "type": inner["type"], "options": options}]
    found = []
    for one in defined:
        if one["type"] in {SUBCOMMAND, SUBCOMMAND_GROUP} or (one.get("required") and one["name"] not in given and not is_typing):
            error = f"{one['name']} has to be chosen"
            raise NotAllowedError(error)
        if one["name"] in given:
            found.append(_option(one, given.pop(one["name"]), resolved, guild, is_typing))
    if given:
        error = f"there are no options {sorted(given)}"
        raise NotAllowedError(error)
    return found


def _option(defined: Json, value: Any, resolved: Json, guild: Guild | None, is_typing: str) -> Json:
    name, kind = defined["name"], defined["type"]
    if is_typing == name:
        if not defined.get("autocomplete"):
            error = f"{name} offers no choices"
            raise NotAllowedError(error)
        return {"name": name, "type": kind, "value": value, "focused": True}
    wanted: Any = VALUES.get(kind, object)
    is_wrong = not isinstance(value, wanted) or (kind in {INTEGER, NUMBER} and isinstance(value, bool))
    choices = [one["value"] for one in defined.get("choices", [])]
    if is_wrong or (choices and value not in choices) or not _within(defined, value):
        error = f"{value!r} cannot be given for {name}"
        raise NotAllowedError(error)
    plain = value if isinstance(value, (str, int, float)) else _resolve(resolved, value, guild)
    return {"name": name, "type": kind, "value": plain}


def _within(defined: Json, value: Any) -> bool:
    if isinstance(value, str):
        return (defined.get("min_length") or 0) <= len(value) <= (defined.get("max_length") or 6000)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return bool(defined.get("min_value", value) <= value <= defined.get("max_value", value))
    return True


def _filled(one: Json, answers: Mapping[str, str | Sequence[str]], used: set[str], label: str = "") -> Json:
    kind = one["type"]
    if kind == 1:
        return {"type": 1, "id": one["id"], "components": [_filled(each, answers, used) for each in one["components"]]}
    if kind == 18:
        return {"type": 18, "id": one["id"], "component": _filled(one["component"], answers, used, one.get("label", ""))}
    if "custom_id" not in one:
        return {"type": kind, "id": one["id"]}
    names = {one["custom_id"], one.get("label") or label}
    name = next((each for each in answers if each in names), "")
    value = answers.get(name, "" if kind == TEXT_INPUT else ())
    used.add(name)
    least = one.get("min_length") or (1 if one.get("required", True) else 0)
    if kind == TEXT_INPUT:
        if not (least <= len(value) <= (one.get("max_length") or 4000)) and (value or one.get("required", True)):
            error = f"{sorted(names)} takes {least} to {one.get('max_length') or 4000} characters"
            raise NotAllowedError(error)
        return {"type": kind, "id": one["id"], "custom_id": one["custom_id"], "value": value}
    return {"type": kind, "id": one["id"], "custom_id": one["custom_id"], "values": list(value)}
