"""Looks whether a Discord server is ready for Steward, and says exactly which switch to press where.

Knows: Discord's settings as people see them, permissions and how they add up, plain HTTP. Must not know: the gateway, cases, messages.
Rules: it only reads; everything wrong is listed, each with what to do; the token stands in no line.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import aiohttp
import discord

from bot.communities import ServerSetup
from bot.platforms.checks import Check, State
from bot.platforms.discord.translate import NAME, Json

PORTAL = "https://discord.com/developers/applications"
AUTHORIZE = "https://discord.com/oauth2/authorize"
ANSWER_SECONDS_MAX = 20.0
CLOCK_CARE, CLOCK_WRONG = timedelta(seconds=10), timedelta(seconds=60)
"""How far our clock may be from Discord's: Discord tells whole seconds, and a mute ends by the clock."""
GUILDS_PAGE = 200
WRITTEN_IN = {0: "#", 2: "voice ", 5: "#", 13: "stage ", 15: "forum ", 16: "forum "}
"""Kinds of channel in which members write, and how their names are told apart."""
TEXT_ROOMS = frozenset({0, 5})
"""Kinds of channel in which cards can be posted."""
SHOWN_MAX = 12
"""Names in one line."""


def _bits(**names: bool) -> int:
    return discord.Permissions(**names).value


IN_ROOMS: Mapping[str, int] = {
    "View Channels": _bits(view_channel=True),
    "Read Message History": _bits(read_message_history=True),
    "Send Messages": _bits(send_messages=True),
    "Send Messages in Threads": _bits(send_messages_in_threads=True),
    "Create Private Threads": _bits(create_private_threads=True),
    "Manage Messages": _bits(manage_messages=True),
    "Bypass Slowmode": _bits(bypass_slowmode=True),
}
"""What Steward needs in every room, by the names that Discord's settings show."""
FOR_CARDS: Mapping[str, int] = {
    "View Channels": _bits(view_channel=True),
    "Send Messages": _bits(send_messages=True),
    "Embed Links": _bits(embed_links=True),
    "Create Public Threads": _bits(create_public_threads=True),
    "Send Messages in Threads": _bits(send_messages_in_threads=True),
    "Read Message History": _bits(read_message_history=True),
}
"""What it needs in the moderators' channel."""
ON_SERVER: Mapping[str, int] = {"Timeout Members": _bits(moderate_members=True), "View Audit Log": _bits(view_audit_log=True)}
TOO_MUCH: Mapping[str, int] = {
    "Administrator": _bits(administrator=True),
    "Kick Members": _bits(kick_members=True),
    "Ban Members": _bits(ban_members=True),
}
"""What Steward never uses and should not have."""
ADMINISTRATOR, VIEW, SLOW_IS_NOTHING, AUTOMOD = (
    _bits(administrator=True),
    _bits(view_channel=True),
    _bits(bypass_slowmode=True),
    _bits(manage_guild=True),
)
ALL = (1 << 53) - 1
INTENTS = {"Message Content Intent": (1 << 18) | (1 << 19), "Server Members Intent": (1 << 14) | (1 << 15)}
"""The switches of the page "Bot", and the application's flags that say they are on (the second of each: in under 100 servers)."""


def invite(application: str, *, automod: bool = False) -> str:
    """The link with which the owner of a server lets Steward in, with the least it needs; `automod`: hear of Discord's AutoMod too."""
    wanted = 0
    for one in (*IN_ROOMS.values(), *FOR_CARDS.values(), *ON_SERVER.values(), *((AUTOMOD,) if automod else ())):
        wanted |= one
    return f"{AUTHORIZE}?{urlencode({'client_id': application, 'permissions': wanted, 'scope': 'bot applications.commands'})}"


def first_steps(typed: str = "steward") -> str:
    """What to do where there is no token yet; `typed`: how Steward is called here."""
    return f"""Steward has no Discord token yet. This is how to get one; it takes five minutes and costs nothing.

 1. Open {PORTAL} and log in.
 2. Press "New Application", give it a name (your members will see it), press "Create".
 3. On the left choose "Bot".
 4. Press "Reset Token", then "Copy". The token is a password: show it to nobody, put it into no chat.
 5. On the same page, under "Privileged Gateway Intents", switch on "Server Members Intent" and "Message Content Intent".
    Press "Save Changes".
 6. Write the token into the file .env, in one line without blanks: STEWARD_DISCORD_TOKEN=the token
 7. Type: {typed} doctor --discord
    It says whether all is well, and shows the link with which you invite the bot to your server."""


def defaults_of(server: str) -> ServerSetup:
    """A server that nobody set up, without anything in the environment."""
    return ServerSetup(platform=NAME, server=server, community="")


class _Discord:
    """Reads from Discord's API."""

    def __init__(self, session: aiohttp.ClientSession, token: str) -> None:
        self._session, self._headers = session, {"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (Steward, 1.0)"}
        self.date = ""

    async def get(self, path: str) -> tuple[int, Any]:
        """Status and answer. Raises aiohttp.ClientError and OSError."""
        async with self._session.get(discord.http.Route.BASE + path, headers=self._headers) as answer:
            self.date = answer.headers.get("Date", "")
            return answer.status, await answer.json() if answer.content_type == "application/json" else None

    async def must(self, path: str) -> Any:
        """The answer. Raises _RefusedError."""
        status, answer = await self.get(path)
        if status != HTTPStatus.OK:
            raise _RefusedError(f"Discord answered {status} to a question about {path.split('/')[1]}")
        return answer


class _RefusedError(Exception):
    """Discord would not answer."""


async def examine(
    token: str, *, setup_of: Callable[[str], ServerSetup] = defaults_of, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> list[Check]:
    """Look at everything. `setup_of`: how a server is set up, by its id (Communities.setup, or the environment's defaults)."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS_MAX)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        try:
            return [one async for one in _examined(_Discord(session, token), setup_of, now)]
        except (aiohttp.ClientError, OSError) as error:
            found = f"it cannot be reached from this machine ({type(error).__name__})"
            return [Check(what="Discord", state=State.WRONG, found=found, press="Look whether this machine has an internet connection.")]


async def _examined(api: _Discord, setup_of: Callable[[str], ServerSetup], now: Callable[[], datetime]) -> AsyncIterator[Check]:
    status, me = await api.get("/users/@me")
    if status != HTTPStatus.OK:
        yield _token(status)
        return
    yield Check(what="Token", state=State.GOOD, found=f"it is the bot {me['username']}'s")
    yield _clock(api.date, now())
    application = await api.must("/applications/@me")
    for one in (*_intents(application), *_public(application)):
        yield one
    guilds = await api.must(f"/users/@me/guilds?limit={GUILDS_PAGE}")
    link = invite(str(application["id"]))
    if not guilds:
        press = f"Open this link as somebody who may manage the server, and choose it: {link}"
        yield Check(what="Servers", state=State.CARE, found="the bot is on no server yet", press=press)
        return
    yield Check(what="Invite link", state=State.HINT, found="for another server, or to give permissions again", press=link)
    for guild in guilds:
        try:
            view = await _view(api, str(guild["id"]), str(me["id"]))
        except _RefusedError as error:
            yield Check(what=guild["name"], state=State.WRONG, found=str(error), press=f"Invite the bot again: {link}")
            continue
        for one in _server(view, setup_of(str(guild["id"]))):
            yield one


def _token(status: int) -> Check:
    if status == HTTPStatus.UNAUTHORIZED:
        press = f'{PORTAL} > your application > "Bot" > "Reset Token" > "Copy", then put it into .env as STEWARD_DISCORD_TOKEN'
        return Check(what="Token", state=State.WRONG, found="Discord does not know this token", press=press)
    return Check(what="Discord", state=State.WRONG, found=f"it answered {status}", press="Try again in some minutes.")


def _clock(date: str, now: datetime) -> Check:
    if not date:
        return Check(what="Clock", state=State.HINT, found="Discord did not say what time it is")
    off = abs(now - parsedate_to_datetime(date))
    state = State.WRONG if off > CLOCK_WRONG else State.CARE if off > CLOCK_CARE else State.GOOD
    if state is State.GOOD:
        return Check(what="Clock", state=state, found="right")
    found = f"this machine's clock is {off.total_seconds():.0f} seconds off, so mutes would end at the wrong time"
    return Check(what="Clock", state=state, found=found, press="Switch on time synchronisation: sudo timedatectl set-ntp true")


def _intents(application: Json) -> Iterator[Check]:
    flags = int(application.get("flags") or 0)
    for name, bits in INTENTS.items():
        if flags & bits:
            yield Check(what=name, state=State.GOOD, found="on")
        else:
            press = f'{PORTAL} > your application > "Bot" > "Privileged Gateway Intents": switch on "{name}", then "Save Changes"'
            yield Check(what=name, state=State.WRONG, found="off: Discord would refuse the connection", press=press)


def _public(application: Json) -> Iterator[Check]:
    if application.get("bot_public"):
        page = f"{PORTAL} > your application"
        press = (
            f'{page} > "Installation": choose Install Link "None", "Save Changes"\n{page} > "Bot": switch "Public Bot" off, "Save Changes"'
        )
        yield Check(what="Public Bot", state=State.HINT, found="on: anybody could add your bot to their server", press=press)


# One server


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """A server as the bot sees it."""

    guild: Json
    rooms: tuple[Json, ...]
    roles: Mapping[str, Json]
    me: str
    mine: tuple[str, ...]

    @property
    def name(self) -> str:
        """The server's name."""
        return str(self.guild["name"])

    @property
    def position(self) -> int:
        """Where our highest role stands."""
        return max((int(self.roles[one]["position"]) for one in self.mine if one in self.roles), default=0)

    def on_server(self) -> int:
        """What we may do everywhere."""
        return _added(self.roles, str(self.guild["id"]), self.mine, owner=self.guild["owner_id"] == self.me)

    def in_room(self, room: Json) -> int:
        """What we may do in a room."""
        return _changed(self.on_server(), room, str(self.guild["id"]), self.mine, self.me)

    def everybody_sees(self, room: Json) -> bool:
        """Whether a room is not private."""
        everybody = str(self.guild["id"])
        return bool(_changed(_added(self.roles, everybody, ()), room, everybody, (), "") & VIEW)


async def _view(api: _Discord, server: str, me: str) -> _View:
    guild, channels = await api.must(f"/guilds/{server}"), await api.must(f"/guilds/{server}/channels")
    member = await api.must(f"/guilds/{server}/members/{me}")
    rooms = tuple(one for one in channels if one["type"] in WRITTEN_IN)
    return _View(guild=guild, rooms=rooms, roles={str(one["id"]): one for one in guild["roles"]}, me=me, mine=tuple(member["roles"]))


def _added(roles: Mapping[str, Json], everybody: str, mine: Iterable[str], *, owner: bool = False) -> int:
    """Add up roles."""
    total = 0
    for one in (everybody, *mine):
        total |= int(roles[one]["permissions"]) if one in roles else 0
    return ALL if owner or total & ADMINISTRATOR else total


def _changed(total: int, room: Json, everybody: str, mine: Sequence[str], me: str) -> int:
    """What a room's own permissions make of it: everybody's first, then the roles' together, then the member's."""
    if total == ALL:
        return total
    own = {str(one["id"]): (int(one["allow"]), int(one["deny"])) for one in room.get("permission_overwrites") or ()}
    allow = deny = 0
    for one in mine:
        allow, deny = allow | own.get(one, (0, 0))[0], deny | own.get(one, (0, 0))[1]
    for yes, no in (own.get(everybody, (0, 0)), (allow, deny), own.get(me, (0, 0))):
        total = (total & ~no) | yes
    return total if total & VIEW else 0


def _server(view: _View, setup: ServerSetup) -> Iterator[Check]:
    yield from _permissions(view)
    yield from _rooms(view)
    yield from _hierarchy(view)
    yield from _cards(view, setup.escalation_channel)
    yield from _moderators(view, setup.moderator_role)
    if not view.on_server() & AUTOMOD:
        press = f"{_role_page(view)}: allow Manage Server. Without it all else works."
        found = "Steward does not hear what Discord's AutoMod blocks (this is optional)"
        yield Check(what=f"{view.name}, AutoMod", state=State.HINT, found=found, press=press)


def _permissions(view: _View) -> Iterator[Check]:
    held, what = view.on_server(), f"{view.name}, permissions"
    missing = [name for name, bit in ON_SERVER.items() if not held & bit]
    if missing:
        press = f"{_role_page(view)}: allow {', '.join(missing)}"
        yield Check(what=what, state=State.WRONG, found=f"missing on the whole server: {', '.join(missing)}", press=press)
    own = _added(view.roles, "", view.mine, owner=False)
    too_much = ["Administrator"] if own == ALL else [name for name, bit in TOO_MUCH.items() if own & bit]
    if too_much:
        press = f"{_role_page(view)}: take away {', '.join(too_much)}"
        yield Check(what=what, state=State.CARE, found=f"more than Steward needs: {', '.join(too_much)}", press=press)
    if not missing and not too_much:
        yield Check(what=what, state=State.GOOD, found="those of the whole server are right")


def _rooms(view: _View) -> Iterator[Check]:
    lacking: dict[tuple[str, ...], list[str]] = {}
    for room in view.rooms:
        held = view.in_room(room)
        missing = tuple(name for name, bit in IN_ROOMS.items() if not held & bit)
        lacking.setdefault(missing, []).append(_room(room))
    seen = lacking.pop((), [])
    hidden = lacking.pop(tuple(IN_ROOMS), [])
    if seen:
        yield Check(what=f"{view.name}, rooms", state=State.GOOD, found=f"looked after: {_named(seen)}")
    if hidden:
        found = (
            f"Steward does not see {_named(hidden)}, so nothing is moderated there. That is right for rooms that are none of its business"
        )
        press = f"To change it: Edit Channel > Permissions > add the role {_own_role(view)} and allow {', '.join(IN_ROOMS)}"
        yield Check(what=f"{view.name}, rooms", state=State.CARE, found=found, press=press)
    for names, rooms in lacking.items():
        press = f"Edit Channel > Permissions > add the role {_own_role(view)} and allow {', '.join(names)}"
        if names == ("Bypass Slowmode",):
            slow = [
                _room(one) for one in view.rooms if int(one.get("rate_limit_per_user") or 0) and not view.in_room(one) & SLOW_IS_NOTHING
            ]
            if slow:
                found = f"slow mode delays what Steward has to say in {_named(slow)}"
                yield Check(what=f"{view.name}, slow mode", state=State.CARE, found=found, press=press)
            yield Check(what=f"{view.name}, rooms", state=State.GOOD, found=f"looked after: {_named(rooms)}")
            continue
        yield Check(what=f"{view.name}, rooms", state=State.WRONG, found=f"missing in {_named(rooms)}: {', '.join(names)}", press=press)


def _hierarchy(view: _View) -> Iterator[Check]:
    what = f"{view.name}, order of roles"
    others = [one for key, one in view.roles.items() if key != str(view.guild["id"]) and key not in view.mine and not one.get("managed")]
    above = [str(one["name"]) for one in others if int(one["position"]) >= view.position]
    administrators = [str(one["name"]) for one in others if int(one["permissions"]) & ADMINISTRATOR and str(one["name"]) not in above]
    if above:
        press = f"Server Settings > Roles: drag {_own_role(view)} above them, unless they shall stay out of its reach"
        yield Check(what=what, state=State.CARE, found=f"Steward cannot mute members with the roles {_named(above)}", press=press)
    else:
        yield Check(what=what, state=State.GOOD, found=f"{_own_role(view)} stands above all others")
    if administrators:
        found = f"Discord lets no bot mute administrators: members with the roles {_named(administrators)}, and the owner"
        yield Check(what=what, state=State.HINT, found=found)


def _cards(view: _View, wanted: str) -> Iterator[Check]:
    what = f"{view.name}, moderators' channel"
    if not wanted:
        press = "Make a private channel, then type on the server: /steward setup, option escalation_channel"
        yield Check(what=what, state=State.CARE, found="none is named, so cards are posted nowhere", press=press)
        return
    name = wanted.strip().removeprefix("<#").removesuffix(">").removeprefix("#").casefold()
    texts = [one for one in view.rooms if one["type"] in TEXT_ROOMS]
    room = next((one for one in texts if name in (str(one["id"]), str(one["name"]).casefold())), None)
    if room is None:
        press = "Type on the server: /steward setup, option escalation_channel. Or mend STEWARD_ESCALATION_CHANNEL in .env"
        yield Check(what=what, state=State.WRONG, found=f"there is no channel {wanted}", press=press)
        return
    held = view.in_room(room)
    missing = [one for one, bit in FOR_CARDS.items() if not held & bit]
    if missing:
        press = f"Edit Channel > Permissions > add the role {_own_role(view)} and allow {', '.join(missing)}"
        yield Check(what=what, state=State.WRONG, found=f"missing in {_room(room)}: {', '.join(missing)}", press=press)
    if view.everybody_sees(room):
        press = "Edit Channel > Permissions > switch on Private Channel, and add your moderators' role and Steward's"
        found = f"everybody can read {_room(room)}, and cards quote what members wrote"
        yield Check(what=what, state=State.WRONG, found=found, press=press)
    elif not missing:
        yield Check(what=what, state=State.GOOD, found=f"{_room(room)} is private, and Steward can post there")


def _moderators(view: _View, wanted: str) -> Iterator[Check]:
    what = f"{view.name}, moderators' role"
    if not wanted:
        found = "none is named: whoever may Timeout Members is a moderator"
        yield Check(what=what, state=State.HINT, found=found, press="To name one: /steward setup, option moderator_role")
        return
    name = wanted.strip().removeprefix("<@&").removesuffix(">").removeprefix("@").casefold()
    named = [one for key, one in view.roles.items() if key != str(view.guild["id"])]
    role = next((one for one in named if name in (str(one["id"]), str(one["name"]).casefold())), None)
    if role is None:
        press = "Type on the server: /steward setup, option moderator_role. Or mend STEWARD_MODERATOR_ROLE in .env"
        yield Check(what=what, state=State.WRONG, found=f"there is no role {wanted}", press=press)
        return
    yield Check(what=what, state=State.GOOD, found=f"members with the role {role['name']}")
    if not int(role["permissions"]) & (ON_SERVER["Timeout Members"] | ADMINISTRATOR):
        press = f"Server Settings > Integrations > Steward: allow {role['name']} the commands, or give the role Timeout Members"
        yield Check(what=what, state=State.CARE, found="Discord hides /cases and the like from members with this role", press=press)


def _role_page(view: _View) -> str:
    return f"Server Settings > Roles > {_own_role(view)} > Permissions"


def _own_role(view: _View) -> str:
    """The name of our own role: the one that Discord made for the bot, else our highest."""
    mine = [view.roles[one] for one in view.mine if one in view.roles]
    mine.sort(key=lambda one: (bool((one.get("tags") or {}).get("bot_id")), int(one["position"])))
    return str(mine[-1]["name"]) if mine else "of Steward"


def _room(room: Json) -> str:
    return f"{WRITTEN_IN[room['type']]}{room['name']}"


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN_MAX])
    return shown if len(names) <= SHOWN_MAX else f"{shown} and {len(names) - SHOWN_MAX} more"
