"""The API of accounts, guilds, members, the application and its commands.

Knows: timeouts and their limits, hierarchy, what is privileged. Must not know: sockets, rate limits, faults.
Rules: a timeout is at most 28 days, never on the owner, an administrator, or somebody with as high a role.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.servers.discord import bodies, payloads, permissions
from tests.servers.discord.errors import RefusedError, missing_access, missing_permissions, unknown, wrong
from tests.servers.discord.gateway import Intent
from tests.servers.discord.permissions import Permission
from tests.servers.discord.routes import Answer, Call, route
from tests.servers.discord.world import Account, Json, Member

TIMEOUT_MAX = timedelta(days=28)
CONTENT_ALLOWED, MEMBERS_ALLOWED, PRESENCES_ALLOWED = 1 << 18, 1 << 14, 1 << 12


# Accounts


@route("GET", "/users/@me")
def read_self(call: Call) -> Json:
    """Show the bot."""
    return payloads.own_user(call.state.bot)


@route("GET", "/users/{user_id}")
def read_user(call: Call) -> Json:
    """Show an account."""
    return payloads.user(_account(call, call.params["user_id"]))


@route("GET", "/users/@me/guilds")
def read_own_guilds(call: Call) -> list[Json]:
    """List the bot's guilds."""
    found = []
    for guild in call.state.world.guilds.values():
        if call.state.bot.id in guild.members:
            held = permissions.in_guild(guild.members[call.state.bot.id], guild, call.state.clock.now())
            one: Json = {"id": guild.id, "name": guild.name, "icon": None, "banner": None, "owner": False, "features": []}
            found.append({**one, "permissions": str(int(held))})
    return found


@route("POST", "/users/@me/channels")
def open_direct(call: Call) -> Json:
    """Open direct messages; whether they can be written to is seen when something is sent."""
    account = _account(call, str(call.fields.get("recipient_id")))
    if account.id == call.state.bot.id:
        raise RefusedError(400, 50007, "Cannot send messages to this user")
    return payloads.channel(call.state.world.direct_channel(call.state.bot, account), call.state.bot.id)


def _account(call: Call, account_id: str) -> Account:
    found = call.state.world.accounts.get(account_id)
    if found is None:
        raise unknown("User")
    return found


# Guilds


@route("GET", "/guilds/{guild_id}")
def read_guild(call: Call) -> Json:
    """Show a guild."""
    guild, _ = call.guild()
    shown = payloads.guild(guild)
    if call.query.get("with_counts") in {"1", "true"}:
        shown |= {"approximate_member_count": len(guild.members), "approximate_presence_count": len(guild.members)}
    return shown


@route("GET", "/guilds/{guild_id}/channels")
def read_channels(call: Call) -> list[Json]:
    """List the channels, hidden ones too."""
    guild, _ = call.guild()
    return [payloads.channel(one, call.state.bot.id) for one in guild.channels.values()]


@route("GET", "/guilds/{guild_id}/roles")
def read_roles(call: Call) -> list[Json]:
    """List the roles."""
    guild, _ = call.guild()
    return [payloads.role(one) for one in guild.roles.values()]


@route("GET", "/guilds/{guild_id}/threads/active")
def read_active_threads(call: Call) -> Json:
    """List the threads that are not archived and that the bot sees."""
    guild, me = call.guild()
    found = [one for one in guild.threads.values() if not one.archived and call.state.bot_sees(one)]
    members = [payloads.thread_member(one, me.id) for one in found if me.id in one.thread_members]
    return {"threads": [payloads.thread(one, me.id) for one in found], "members": members, "has_more": False}


@route("GET", "/guilds/{guild_id}/audit-logs")
def read_audit_log(call: Call) -> Json:
    """Give the audit log, newest first."""
    guild, _ = call.guild_needing(Permission.VIEW_AUDIT_LOG)
    kind, by = call.query.get("action_type"), call.query.get("user_id")
    limit = call.number("limit", 50, 1, 100)
    found = [one for one in guild.audit_log if kind in {None, str(one["action_type"])} and by in {None, one["user_id"]}][:limit]
    people = dict.fromkeys(str(one[key]) for one in found for key in ("user_id", "target_id") if one[key])
    empty: Json = {"integrations": [], "webhooks": [], "guild_scheduled_events": [], "threads": [], "application_commands": []}
    accounts = call.state.world.accounts
    users = [payloads.user(accounts[one]) for one in people if one in accounts]
    return {"audit_log_entries": found, "users": users, "auto_moderation_rules": [], **empty}


@route("GET", "/guilds/{guild_id}/auto-moderation/rules")
def read_automod_rules(call: Call) -> list[Json]:
    """List AutoMod's rules."""
    guild, _ = call.guild_needing(Permission.MANAGE_GUILD)
    return list(guild.automod_rules.values())


@route("GET", "/guilds/{guild_id}/auto-moderation/rules/{rule_id}")
def read_automod_rule(call: Call) -> Json:
    """Show one of AutoMod's rules."""
    guild, _ = call.guild_needing(Permission.MANAGE_GUILD)
    if call.params["rule_id"] not in guild.automod_rules:
        raise RefusedError(404, 10066, "Unknown auto moderation rule")
    found: Json = guild.automod_rules[call.params["rule_id"]]
    return found


# Members


def _member(call: Call) -> Member:
    guild, _ = call.guild()
    account = call.params["user_id"]
    if account == "@me":
        account = call.state.bot.id
    if account not in guild.members:
        raise unknown("Member") if account in call.state.world.accounts else unknown("User")
    return guild.members[account]


@route("GET", "/guilds/{guild_id}/members")
def read_members(call: Call) -> list[Json]:
    """List members by id; privileged."""
    guild, _ = call.guild()
    if Intent.GUILD_MEMBERS not in call.state.gateway.allowed:
        raise missing_access()
    after, limit = int(call.query.get("after", 0)), call.number("limit", 1, 1, 1000)
    return [payloads.member(one) for one in sorted(guild.members.values(), key=lambda one: int(one.id)) if int(one.id) > after][:limit]


@route("GET", "/guilds/{guild_id}/members/search")
def search_members(call: Call) -> list[Json]:
    """Find members by the beginning of a name."""
    guild, _ = call.guild()
    query, limit = call.query.get("query", "").lower(), call.number("limit", 1, 1, 1000)
    named = [one for one in guild.members.values() if (one.nick or one.account.username).lower().startswith(query)]
    return [payloads.member(one) for one in named][:limit]


@route("GET", "/guilds/{guild_id}/members/{user_id}")
def read_member(call: Call) -> Json:
    """Show a member."""
    return payloads.member(_member(call))


@route("PATCH", "/guilds/{guild_id}/members/{user_id}")
def change_member(call: Call) -> Json:
    """Set or end a timeout, or change roles."""
    guild, me = call.guild()
    target, body, now = _member(call), call.fields, call.state.clock.now()
    reason = call.checked_reason()
    held = permissions.in_guild(me, guild, now)
    if body.keys() - {"communication_disabled_until", "roles"}:
        raise missing_permissions()
    if "roles" in body:
        _change_roles(call, me, target, held, [str(one) for one in body["roles"]])
    if "communication_disabled_until" in body:
        until = _checked_until(body["communication_disabled_until"], now)
        is_administrator = permissions.in_guild(target, guild, now) == permissions.ALL
        if Permission.MODERATE_MEMBERS not in held or not permissions.is_above(me, target, guild) or (until and is_administrator):
            raise missing_permissions()
        call.state.time_out(target, until, by=call.state.bot, reason=reason)
    return payloads.member(target)


def _checked_until(text: Any, now: datetime) -> datetime | None:
    place = "communication_disabled_until"
    if text is None:
        return None
    try:
        until = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise wrong(place, f"Could not parse {text}. Should be ISO8601.", "DATE_TIME_TYPE_PARSE") from None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    if until - now > TIMEOUT_MAX:
        raise wrong(place, "Time cannot be more than 28 days in the future", "GUILD_COMMUNICATION_DISABLED_UNTIL_MAX")
    return until if until > now else None


def _change_roles(call: Call, me: Member, target: Member, held: Permission, roles: list[str]) -> None:
    guild = target.guild
    if any(one not in guild.roles for one in roles):
        raise unknown("Role")
    changed = set(roles) ^ set(target.roles)
    top = permissions.top_position(me, guild)
    if Permission.MANAGE_ROLES not in held or any(guild.roles[one].position >= top for one in changed):
        raise missing_permissions()
    target.roles[:] = roles
    call.state.update_member(target)


# The application and its commands


@route("GET", "/oauth2/applications/@me")
@route("GET", "/applications/@me")
def read_application(call: Call) -> Json:
    """Show the application; its flags say which privileged intents are switched on."""
    allowed = call.state.gateway.allowed
    flags = CONTENT_ALLOWED if Intent.MESSAGE_CONTENT in allowed else 0
    flags |= MEMBERS_ALLOWED if Intent.GUILD_MEMBERS in allowed else 0
    flags |= PRESENCES_ALLOWED if Intent.GUILD_PRESENCES in allowed else 0
    owner = next((one for one in call.state.world.accounts.values() if not one.bot), call.state.bot)
    return payloads.application(call.state.application_id, call.state.bot, owner, flags, len(call.state.world.guilds))


@route("GET", "/gateway")
def read_gateway(call: Call) -> Json:
    """Say where the gateway is."""
    return {"url": call.state.gateway.url}


@route("GET", "/gateway/bot")
def read_gateway_bot(call: Call) -> Json:
    """Say where the gateway is and how many shards are wanted."""
    left = max(0, 1000 - call.state.gateway.identifies)
    start = {"total": 1000, "remaining": left, "reset_after": 86_400_000, "max_concurrency": 1}
    return {"url": call.state.gateway.url, "shards": call.state.gateway.shards_required, "session_start_limit": start}


def _scope(call: Call) -> str:
    if call.params["application_id"] != call.state.application_id:
        raise unknown("Application")
    if "guild_id" in call.params:
        call.guild()
    return call.params.get("guild_id", "")


def _registered(call: Call, scope: str, command: Json) -> Json:
    known = call.state.commands.get(scope, [])
    same = [one for one in known if (one["name"], one["type"]) == (command["name"], command.get("type") or 1)]
    head: Json = {"id": same[0]["id"] if same else call.state.clock.new_id(), "application_id": call.state.application_id}
    head |= {"version": call.state.clock.new_id(), **({"guild_id": scope} if scope else {})}
    return bodies.as_registered(command, head)


@route("GET", "/applications/{application_id}/commands")
@route("GET", "/applications/{application_id}/guilds/{guild_id}/commands")
def read_commands(call: Call) -> list[Json]:
    """List the commands of that scope."""
    return call.state.commands.get(_scope(call), [])


@route("PUT", "/applications/{application_id}/commands")
@route("PUT", "/applications/{application_id}/guilds/{guild_id}/commands")
def replace_commands(call: Call) -> list[Json]:
    """Put these commands in the place of all of that scope; one of the same name keeps its id."""
    scope = _scope(call)
    if not isinstance(call.body, list):
        raise wrong("_", "Only iterables may be used in a ListType", "LIST_TYPE_CONVERT")
    bodies.check_commands(call.body)
    call.state.commands[scope] = [_registered(call, scope, one) for one in call.body]
    return call.state.commands[scope]


@route("POST", "/applications/{application_id}/commands")
@route("POST", "/applications/{application_id}/guilds/{guild_id}/commands")
def add_command(call: Call) -> Answer:
    """Add a command, or put it in the place of the one of its name."""
    scope = _scope(call)
    bodies.check_command(call.fields, "_")
    made = _registered(call, scope, call.fields)
    known = call.state.commands.get(scope, [])
    others = [one for one in known if one["id"] != made["id"]]
    call.state.commands[scope] = [*others, made]
    return Answer(200 if len(others) < len(known) else 201, made)


@route("DELETE", "/applications/{application_id}/commands/{command_id}")
@route("DELETE", "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}")
def remove_command(call: Call) -> Answer:
    """Take a command away."""
    scope = _scope(call)
    known = call.state.commands.get(scope, [])
    if not any(one["id"] == call.params["command_id"] for one in known):
        raise unknown("application command")
    call.state.commands[scope] = [one for one in known if one["id"] != call.params["command_id"]]
    return Answer(204)
