"""Who is in a workspace: by which names, who moderates, who is a program.

Knows: Slack's users and user groups. Must not know: messages, cases.
Rules: who moderates is the user group that was named, else the workspace's owners and admins, besides those named in the settings; it
is said which of them it is; what cannot be read leaves what was known before.
"""

from collections.abc import AsyncIterator, Callable
from datetime import datetime

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.communities import Communities
from bot.platforms.slack.asking import asked
from bot.platforms.slack.translate import NAME, Json
from bot.ports import PlatformRefusedError, PlatformUnavailableError

log = structlog.get_logger()

PAGE = 200
"""As many users at once as Slack advises."""


def shown_name(user: Json) -> str:
    """The name by which members know an account."""
    profile = user.get("profile") or {}
    return str(profile.get("display_name") or profile.get("real_name") or user.get("real_name") or user.get("name") or "")


class People:
    """The people of one workspace."""

    def __init__(self, client: Callable[[], AsyncWebClient], communities: Communities) -> None:
        """`client` gives the client that may be asked again."""
        self._client, self._communities = client, communities
        self._names: dict[str, str] = {}
        self._programs: set[str] = set()
        self._all_known = False
        self._came: dict[str, datetime] = {}
        self._admins: frozenset[str] = frozenset()
        self._said = ""
        self.group = ""
        """The id of the moderators' user group; "" where none is named or it cannot be read."""

    def is_program(self, account: str) -> bool:
        """Say whether an account is known to be no person."""
        return account in self._programs

    def came(self, account: str, at: datetime) -> None:
        """Somebody came into a channel. Whoever was not in the list of all members before has just come to the workspace."""
        if self._all_known and account not in self._names and account not in self._programs:
            self._came.setdefault(account, at)

    def came_at(self, account: str) -> datetime | None:
        """When an account came to the workspace; None where that was not seen: Slack tells nobody's age."""
        return self._came.get(account)

    def name_of(self, account: str) -> str:
        """The name of an account, "" where it is not known."""
        return self._names.get(account, "")

    async def meet(self, server: str, account: str) -> str:
        """The name of somebody new, asked for where it is not known. Raises PlatformUnavailableError or PlatformRefusedError."""
        if account not in self._names:
            with asked():
                self._learn(server, (await self._client().users_info(user=account))["user"] or {})
        return self.name_of(account)

    async def refresh(self, server: str) -> None:
        """Read names and moderators anew; what cannot be read stays as it was."""
        try:
            await self._refresh_names(server)
        except (PlatformUnavailableError, PlatformRefusedError) as error:
            log.warning("the members of the workspace cannot be read", reason=str(error))
        await self._refresh_moderators(server)

    async def _refresh_names(self, server: str) -> None:
        admins: set[str] = set()
        async for user in self._users():
            self._learn(server, user)
            if (user.get("is_admin") or user.get("is_owner")) and not user.get("deleted"):
                admins.add(str(user["id"]))
        self._admins, self._all_known = frozenset(admins), True

    async def _users(self) -> AsyncIterator[Json]:
        cursor = ""
        while True:
            with asked():
                answer = await self._client().users_list(limit=PAGE, cursor=cursor or None)
            for user in answer["members"] or []:
                yield user
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return

    def _learn(self, server: str, user: Json) -> None:
        account, name = str(user.get("id") or ""), shown_name(user)
        if user.get("is_bot") or account == "USLACKBOT":
            self._programs.add(account)
            return
        community = self._communities.known(NAME, server)
        if name and account and self._names.get(account) != name:
            self._names[account] = name
            if community is not None:
                community.service.learn(account, name)

    async def _refresh_moderators(self, server: str) -> None:
        named = self._communities.setup(NAME, server).moderator_role
        accounts, said = self._admins, "the owners and admins of the workspace"
        if named:
            try:
                accounts = await self._group(named)
                said = f"the user group {named}"
            except (PlatformUnavailableError, PlatformRefusedError) as error:
                said = f"the owners and admins of the workspace, because the user group {named} cannot be read: {error}"
        else:
            self.group = ""
        if not accounts and not self._admins:
            return
        self._communities.moderate(NAME, server, accounts)
        if said != self._said:
            self._said = said
            log.info("moderators", workspace=server, are=said, number=len(accounts))

    async def _group(self, named: str) -> frozenset[str]:
        """The members of a user group, by its id, its handle, or how it is mentioned. Raises as `asked`."""
        wanted = named.strip().removeprefix("<!subteam^").removesuffix(">").split("|")[0].removeprefix("@").casefold()
        with asked():
            groups = (await self._client().usergroups_list())["usergroups"] or []
        found = next((one for one in groups if wanted in (str(one["id"]).casefold(), str(one.get("handle") or "").casefold())), None)
        if found is None:
            raise PlatformRefusedError("there is no user group of that name")
        with asked():
            users = (await self._client().usergroups_users_list(usergroup=str(found["id"])))["users"] or []
        self.group = str(found["id"])
        return frozenset(str(one) for one in users) - self._programs
