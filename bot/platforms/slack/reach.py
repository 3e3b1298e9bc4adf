"""What Steward's tokens may do in a workspace, asked once at the start.

Knows: auth.test, scopes, who is an admin. Must not know: actions, cases.
Rules: nothing is claimed that was not probed; a token that may not delete is no admin token, and it is said why.
"""

from dataclasses import dataclass

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.slack.asking import asked, code_of
from bot.ports import PlatformRefusedError

KICK_SCOPE, DELETE_SCOPE, GROUPS_SCOPE = "groups:write", "chat:write", "usergroups:read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A workspace, who Steward is in it, and what it may do.

    `admin_problem`: why the admin token is of no use; "" where it is of use, or there is none.
    """

    team: str
    team_name: str
    url: str
    bot_user: str
    bot: str
    scopes: frozenset[str]
    admin_user: str = ""
    admin_problem: str = ""

    @property
    def deletes(self) -> bool:
        """Say whether members' messages can be deleted: with an admin's own token only."""
        return bool(self.admin_user)

    @property
    def kicks(self) -> bool:
        """Say whether members can be taken out of private channels for a time."""
        return KICK_SCOPE in self.scopes

    @property
    def words(self) -> tuple[str, ...]:
        """The ladder of hiding and muting here, in plain words, the strongest first."""
        steps = []
        if self.deletes:
            steps.append("Messages are deleted with an admin's token. During a mute each new message of the member is deleted.")
        elif self.admin_problem:
            steps.append(f"The admin token is of no use: {self.admin_problem}.")
        if self.kicks and not self.deletes:
            steps.append("In private channels a mute takes the member out of the channel until it is over.")
        steps.append("Otherwise members are asked not to post, and deleting is left to people, with a link to the message.")
        return tuple(steps)


async def probe(bot: AsyncWebClient, admin: AsyncWebClient | None) -> Reach:
    """Ask who Steward is and what its tokens may do.

    Raises what the library raises for the bot's token, PlatformUnavailableError.
    """
    answer = await bot.auth_test()
    user, problem = await _admin(bot, admin, str(answer["team_id"])) if admin else ("", "")
    return Reach(
        team=str(answer["team_id"]),
        team_name=str(answer.get("team") or ""),
        url=str(answer.get("url") or ""),
        bot_user=str(answer["user_id"]),
        bot=str(answer.get("bot_id") or ""),
        scopes=scopes_of(answer.headers),
        admin_user=user,
        admin_problem=problem,
    )


def scopes_of(headers: object) -> frozenset[str]:
    """The scopes that Slack names in the headers of an answer."""
    items = getattr(headers, "items", None)
    found = next((str(value) for name, value in items() if str(name).lower() == "x-oauth-scopes"), "") if items else ""
    return frozenset(one.strip() for one in found.split(",") if one.strip())


async def _admin(bot: AsyncWebClient, admin: AsyncWebClient, team: str) -> tuple[str, str]:
    """The admin whose token this is, or why it is of no use. Raises what the library raises where Slack is away."""
    try:
        answer = await admin.auth_test()
    except SlackApiError as error:
        return "", f"Slack does not take it ({code_of(error) or 'no answer'})"
    scopes, user = scopes_of(answer.headers), str(answer["user_id"])
    problem = ""
    if answer["team_id"] != team:
        problem = "it belongs to another workspace"
    elif answer.get("bot_id"):
        problem = "it is a bot's token: it has to be a user token (xoxp-) of an owner or admin"
    elif scopes and DELETE_SCOPE not in scopes:
        problem = f"it lacks the user scope {DELETE_SCOPE}"
    else:
        problem = await _no_admin(bot, user)
    return ("", problem) if problem else (user, "")


async def _no_admin(bot: AsyncWebClient, user: str) -> str:
    """Why an account is no admin; "" where it is one."""
    try:
        with asked():
            found = (await bot.users_info(user=user))["user"] or {}
    except PlatformRefusedError as error:
        return f"who it belongs to cannot be read ({error})"
    if found.get("is_admin") or found.get("is_owner"):
        return ""
    return "who it belongs to is neither an owner nor an admin of the workspace, so Slack lets it delete nobody else's messages"
