"""Looks whether a Slack workspace is ready for Steward, and says exactly where to switch on what is missing.

Knows: Slack's settings as people see them, scopes and what each is for. Must not know: sockets, cases, messages.
Rules: it only reads; everything wrong is listed, each with what to do; no token stands in any line; nothing is claimed that was not
asked of Slack.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.communities import ServerSetup
from bot.platforms.checks import Check, State, exit_code, run_doctor_text
from bot.platforms.slack.asking import TOKEN_CODES, SlackCodeError, asked
from bot.platforms.slack.client import HTTP_PATH, web_client
from bot.platforms.slack.reach import Reach, probe
from bot.platforms.slack.translate import NAME
from bot.ports import PlatformRefusedError, PlatformUnavailableError

__all__ = ["Check", "State", "Tokens", "examine", "exit_code", "first_steps", "run_doctor_text"]

APPS = "https://api.slack.com/apps"
SETTINGS = f"{APPS} > your app"
AGAIN = "then press Reinstall to Workspace"
CLOCK_CARE, CLOCK_WRONG = timedelta(seconds=10), timedelta(seconds=60)
"""How far our clock may be from Slack's: Slack tells whole seconds, and a mute ends by the clock."""
PAGE = 200
PAGES_MAX = 25
SHOWN_MAX = 12
"""Names in one line."""

NEEDED: Mapping[str, str] = {
    "channels:history": "read the public channels it is invited to",
    "groups:history": "read the private channels it is invited to",
    "channels:read": "know which public channels there are",
    "groups:read": "know which private channels it is in",
    "users:read": "know names, and who administrates the workspace",
    "chat:write": "post cards and notices",
    "im:write": "write notices as direct messages",
    "im:history": "hear what members write to it directly",
    "commands": "offer its commands and shortcuts",
    "reactions:read": "see reactions",
}
"""Scopes without which Steward does not do its work, and what each is for."""
OPTIONAL: Mapping[str, str] = {
    "groups:write": "take a member out of a private channel for the time of a mute. Without it a mute there is a request",
    "channels:manage": "the same in public channels, where Steward does not do it today",
    "usergroups:read": "take the members of a user group as moderators",
}
HTTP_HINT = (
    f"Slack has to reach this machine: Event Subscriptions, Interactivity and every slash command need https://your-address{HTTP_PATH}"
)
UNSEEN = "commands, shortcuts and events cannot be looked at from here"
UNSEEN_PRESS = f"If /mystanding or the Home tab does not answer: {SETTINGS} > App Manifest, paste manifest.yaml anew, {AGAIN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What the settings hold; never shown."""

    bot: str
    app: str = ""
    admin: str = ""
    signing_secret: str = ""

    def __repr__(self) -> str:
        return "Tokens(…)"


def defaults_of(server: str) -> ServerSetup:
    """A workspace that nobody set up, without anything in the environment."""
    return ServerSetup(platform=NAME, server=server, community="")


def first_steps(typed: str = "steward", manifest: str = "bot/platforms/slack/manifest.yaml") -> str:
    """What to do where there is no token yet; `typed`: how Steward is called here."""
    return f"""Steward has no Slack token yet. This is how to get one; it takes ten minutes and costs nothing.
You have to be an admin of the workspace, or ask one.

 1. Open {APPS} and press "Create New App", then "From a manifest". Choose your workspace.
 2. Choose "YAML", and paste everything that stands in the file {manifest}. Press "Next", then "Create".
 3. On the page "Basic Information", under "App-Level Tokens", press "Generate Token and Scopes". Give it any name, press
    "Add Scope" and choose connections:write, then "Generate". Copy the token: it begins with xapp-.
 4. On the left choose "Install App", press "Install to Workspace", then "Allow". Copy the "Bot User OAuth Token": it begins with xoxb-.
    Both tokens are passwords: show them to nobody, put them into no chat.
 5. Write them into the file .env, one a line, without blanks:
      STEWARD_SLACK_BOT_TOKEN=xoxb-…
      STEWARD_SLACK_APP_TOKEN=xapp-…
 6. In Slack, make a private channel for your moderators. There, and in each channel that Steward shall look after, type:
      /invite @Steward
 7. Type: {typed} doctor --slack
    It says whether all is well, and what is missing."""


async def examine(
    tokens: Tokens,
    *,
    api_url: str = "",
    setup_of: Callable[[str], ServerSetup] = defaults_of,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[Check]:
    """Look at everything. `setup_of`: how a workspace is set up, by its id (what is on record, or the environment's defaults)."""
    bot = web_client(tokens.bot, api_url)
    try:
        return [one async for one in _examined(bot, tokens, api_url, setup_of, now)]
    except PlatformUnavailableError as error:
        return [Check(what="Slack", state=State.WRONG, found=str(error), press="Look whether this machine has an internet connection.")]


async def _examined(
    bot: AsyncWebClient, tokens: Tokens, api_url: str, setup_of: Callable[[str], ServerSetup], now: Callable[[], datetime]
) -> AsyncIterator[Check]:
    try:
        with asked(*TOKEN_CODES):
            answer = await bot.auth_test()
            began = now()
            reach = await probe(bot, web_client(tokens.admin, api_url) if tokens.admin else None)
    except SlackCodeError as error:
        yield _wrong_token(error.code)
        return
    except PlatformRefusedError as error:
        yield Check(what="Bot token", state=State.WRONG, found=str(error), press=_bot_token_page())
        return
    if not reach.bot:
        yield Check(what="Bot token", state=State.WRONG, found="this is a person's token, not the bot's", press=_bot_token_page())
        return
    yield Check(what="Bot token", state=State.GOOD, found=f"it is Steward's in the workspace {reach.team_name}")
    yield _clock(answer.headers, began)
    for one in _scopes(reach.scopes):
        yield one
    yield await _way(tokens, api_url)
    for one in _ladder(reach, is_set=bool(tokens.admin)):
        yield one
    setup = setup_of(reach.team)
    try:
        channels = await _channels(bot)
    except PlatformRefusedError as error:
        yield Check(what="Channels", state=State.WRONG, found=str(error), press="")
    else:
        for one in (*_rooms(channels, setup.escalation_channel), _cards(channels, setup.escalation_channel)):
            yield one
    yield await _moderators(bot, setup.moderator_role)
    yield Check(what="Commands and events", state=State.HINT, found=UNSEEN, press=UNSEEN_PRESS)


# Tokens


def _bot_token_page() -> str:
    return f'{SETTINGS} > OAuth & Permissions: copy the "Bot User OAuth Token" (xoxb-…) into .env as STEWARD_SLACK_BOT_TOKEN'


def _wrong_token(code: str) -> Check:
    found = {
        "account_inactive": "the app was removed from the workspace",
        "token_revoked": "the token was taken back",
        "token_expired": "the token has expired: token rotation is on, and Steward's manifest has it off",
        "not_allowed_token_type": "this is another kind of token",
    }.get(code, f"Slack does not know this token ({code})")
    return Check(what="Bot token", state=State.WRONG, found=found, press=_bot_token_page())


def _clock(headers: Mapping[str, Any], now: datetime) -> Check:
    date = next((str(value) for name, value in headers.items() if name.lower() == "date"), "")
    if not date:
        return Check(what="Clock", state=State.HINT, found="Slack did not say what time it is")
    off = abs(now - parsedate_to_datetime(date))
    state = State.WRONG if off > CLOCK_WRONG else State.CARE if off > CLOCK_CARE else State.GOOD
    if state is State.GOOD:
        return Check(what="Clock", state=state, found="right")
    found = f"this machine's clock is {off.total_seconds():.0f} seconds off, so mutes would end at the wrong time"
    return Check(what="Clock", state=state, found=found, press="Switch on time synchronisation: sudo timedatectl set-ntp true")


def _scopes(held: frozenset[str]) -> Iterator[Check]:
    page = f"{SETTINGS} > OAuth & Permissions > Bot Token Scopes"
    missing = {name: why for name, why in NEEDED.items() if name not in held}
    for name, why in missing.items():
        yield Check(what=f"Scope {name}", state=State.WRONG, found=f"missing: Steward cannot {why}", press=f"{page}: add {name}, {AGAIN}")
    for name, why in OPTIONAL.items():
        if name not in held:
            yield Check(what=f"Scope {name}", state=State.HINT, found=f"not given; it is to {why}", press=f"{page}: add {name}, {AGAIN}")
    more = sorted(held - {*NEEDED, *OPTIONAL, "identify"})
    if more:
        press = f"{page}: take them away, {AGAIN}"
        yield Check(what="Scopes", state=State.CARE, found=f"more than Steward needs: {_named(more)}", press=press)
    if not missing:
        yield Check(what="Scopes", state=State.GOOD, found="all that Steward needs are given")


async def _way(tokens: Tokens, api_url: str) -> Check:
    """How Slack tells Steward what is said."""
    if not tokens.app:
        if tokens.signing_secret:
            return Check(what="Signed HTTP", state=State.HINT, found="STEWARD_SLACK_SIGNING_SECRET is set", press=HTTP_HINT)
        press = (
            f"{SETTINGS} > Basic Information > App-Level Tokens: generate one with connections:write, as STEWARD_SLACK_APP_TOKEN into .env"
        )
        return Check(what="App token", state=State.WRONG, found="there is none, so Slack tells Steward nothing", press=press)
    try:
        with asked(*TOKEN_CODES, "missing_scope"):
            await web_client(tokens.app, api_url).apps_connections_open(app_token=tokens.app)
    except PlatformRefusedError as error:
        press = f"{SETTINGS} > Socket Mode: switch on Enable Socket Mode"
        return Check(what="App token", state=State.WRONG, found=str(error), press=press)
    except SlackCodeError as error:
        code = error.code
        press = f"{SETTINGS} > Basic Information > App-Level Tokens: one with the scope connections:write (xapp-…)"
        found = "it lacks the scope connections:write" if code == "missing_scope" else f"Slack does not take it as an app token ({code})"
        return Check(what="App token", state=State.WRONG, found=found, press=press)
    return Check(what="App token", state=State.GOOD, found="Slack opens a connection for it (Socket Mode)")


def _ladder(reach: Reach, *, is_set: bool) -> Iterator[Check]:
    """What hiding and muting mean here: never more than the tokens allow."""
    if reach.admin_problem:
        press = f"{SETTINGS} > OAuth & Permissions > User Token Scopes: chat:write. An owner or admin installs the app and copies xoxp-…"
        yield Check(what="Admin token", state=State.WRONG, found=f"of no use: {reach.admin_problem}", press=press)
    elif not is_set:
        found = "none, so Steward cannot delete what members write: moderators do it by hand (this is optional)"
        press = f"{SETTINGS} > OAuth & Permissions > User Token Scopes: chat:write, {AGAIN} as an owner or admin"
        yield Check(what="Admin token", state=State.HINT, found=found, press=f"{press}, and set STEWARD_SLACK_ADMIN_TOKEN=xoxp-…")
    else:
        yield Check(what="Admin token", state=State.GOOD, found="messages are deleted in the name of the admin whose token it is")
    for step in reach.words:
        if reach.admin_problem not in step or not reach.admin_problem:
            yield Check(what="Hiding and muting", state=State.HINT, found=step)


# Channels and people


async def _channels(bot: AsyncWebClient) -> list[Mapping[str, Any]]:
    """All channels that Steward can know of. Raises as `asked`."""
    found: list[Mapping[str, Any]] = []
    cursor = ""
    for _ in range(PAGES_MAX):
        with asked():
            answer = await bot.conversations_list(
                types="public_channel,private_channel", exclude_archived=True, limit=PAGE, cursor=cursor or None
            )
        found += answer["channels"] or []
        cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            break
    return found


def _rooms(channels: Sequence[Mapping[str, Any]], cards: str) -> Iterator[Check]:
    wanted = _bare(cards)
    others = [one for one in channels if wanted not in (str(one["id"]).casefold(), str(one["name"]).casefold())]
    inside = [f"#{one['name']}" for one in others if one.get("is_member")]
    outside = [f"#{one['name']}" for one in others if not one.get("is_member")]
    invite = "Type there: /invite @Steward"
    if inside:
        yield Check(what="Channels", state=State.GOOD, found=f"looked after: {_named(inside)}")
    else:
        yield Check(what="Channels", state=State.WRONG, found="Steward is in no channel, so it looks after none", press=invite)
    if outside:
        found = f"Steward is not in {_named(outside)}. That is right for channels that are none of its business"
        yield Check(what="Channels", state=State.CARE, found=found, press=invite)


def _cards(channels: Sequence[Mapping[str, Any]], named: str) -> Check:
    what, wanted = "Moderators' channel", _bare(named)
    if not wanted:
        press = "Make a private channel, type /invite @Steward there, then /steward setup"
        return Check(what=what, state=State.CARE, found="none is named, so cards are posted nowhere", press=press)
    room = next((one for one in channels if wanted in (str(one["id"]).casefold(), str(one["name"]).casefold())), None)
    if room is None:
        press = "Type /invite @Steward there, or name another one with /steward setup (or mend STEWARD_ESCALATION_CHANNEL in .env)"
        return Check(what=what, state=State.WRONG, found=f"Steward sees no channel {named}", press=press)
    if not room.get("is_member"):
        found = f"Steward is not in #{room['name']}, so it cannot post there"
        return Check(what=what, state=State.WRONG, found=found, press="Type there: /invite @Steward")
    if not room.get("is_private"):
        found = f"everybody in the workspace can read #{room['name']}, and cards quote what members wrote"
        press = "Open the channel's settings > Change to a private channel, or name another one with /steward setup"
        return Check(what=what, state=State.WRONG, found=found, press=press)
    return Check(what=what, state=State.GOOD, found=f"#{room['name']} is private, and Steward can post there")


async def _moderators(bot: AsyncWebClient, named: str) -> Check:
    what = "Moderators"
    if not named:
        press = "To name a user group: /steward setup"
        return Check(what=what, state=State.HINT, found="no user group is named: the owners and admins of the workspace", press=press)
    wanted = _bare(named.removeprefix("<!subteam^"))
    try:
        with asked():
            groups = (await bot.usergroups_list(include_count=True))["usergroups"] or []
    except PlatformRefusedError as error:
        found = f"the user group {named} cannot be read ({error}), so the owners and admins are moderators"
        return Check(what=what, state=State.WRONG, found=found, press=f"Add the scope usergroups:read, {AGAIN}; or set STEWARD_MODERATORS")
    group = next((one for one in groups if wanted in (str(one["id"]).casefold(), str(one.get("handle") or "").casefold())), None)
    if group is None:
        press = "Make it in Slack (People > User groups), or name another one with /steward setup"
        return Check(what=what, state=State.WRONG, found=f"there is no user group {named}", press=press)
    if not int(group.get("user_count") or 0):
        return Check(what=what, state=State.WRONG, found=f"the user group {named} is empty", press="Add your moderators to it")
    return Check(what=what, state=State.GOOD, found=f"the {group['user_count']} members of the user group {named}")


def _bare(name: str) -> str:
    """A channel's or group's name or id, however it was written."""
    return name.strip().removeprefix("<#").removesuffix(">").split("|")[0].lstrip("#@").casefold()


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN_MAX])
    return shown if len(names) <= SHOWN_MAX else f"{shown} and {len(names) - SHOWN_MAX} more"
