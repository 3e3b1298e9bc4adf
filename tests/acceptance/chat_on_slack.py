"""The script's branch on Slack: a workspace on a server of our own, spoken to by the real library; with an admin's own token or without.

Knows: how people use Slack. Must not know: what the script wants to show.
Rules: a person does only what Slack's client lets them do; everything that is answered to a command is private; the app is made from
our manifest.
"""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bot.communities import Community
from tests.acceptance.script import COMMON, MEMBERS, MODERATORS, OTHER, PRIVATE, Chat, Said, Written, comes, policy, ways
from tests.platforms.slack.at_work import manifest
from tests.platforms.slack.connected import Steward, officers, steward
from tests.servers.slack import Interaction, Member, Message, SlackServer

from bot.platforms.slack.commands import REPORT_MESSAGE  # isort: skip - at_work skips where the libraries are not there


class ChatOnSlack(Chat):
    """One workspace. Owners and admins moderate."""

    def __init__(self, server: SlackServer, folder: Path, *, admin: bool) -> None:
        self.server, self.folder, self.database = server, folder, folder / "steward.db"
        self.name, self.ways = ("slack-admin", ways("slack_admin")) if admin else ("slack", ways("slack"))
        self.token = server.add_admin_token() if admin else ""
        self.people: dict[str, Member] = {name: server.add_member(name) for name in MEMBERS}
        self.people |= {name: server.add_member(name, is_admin=True) for name in MODERATORS}
        everybody = list(self.people.values())
        officers(server).members += [self.people[name].id for name in MODERATORS]
        self.rooms = {
            COMMON: server.general,
            OTHER: server.add_channel(OTHER, *everybody),
            PRIVATE: server.add_channel(PRIVATE, *everybody, private=True),
        }
        self.steward: Steward | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with steward(self.server, self.folder, admin_token=self.token, policy=policy()) as self.steward:
            yield
            await self.steward.settled()

    @property
    def community(self) -> Community:
        assert self.steward is not None, "it runs"
        return self.steward.community

    # What people do

    def says(self, who: str, text: str, room: str = COMMON) -> Said:
        return _said(self.people[who].says(self.rooms[room], text))

    def edits(self, who: str, said: Said, text: str) -> None:
        self.people[who].edits(said.thing, text)

    def replies(self, who: str, said: Said, text: str) -> Said:
        return _said(self.people[who].replies(said.thing, text))

    def shares(self, who: str, said: Said, room: str) -> Said:
        return _said(self.people[who].shares(said.thing, self.rooms[room]))

    async def asks(self, who: str, command: str, number: int | None = None, text: str = "") -> str:
        words = [f"/{command}", *([str(number)] if number is not None else []), *([text] if text else [])]
        return await self._answered(self.people[who].runs(" ".join(words)))

    async def reports(self, who: str, said: Said, why: str) -> str:
        form = (await self.people[who].opens_shortcut(REPORT_MESSAGE, said.thing).answer()).opened
        return await self._sent(who, form, why)

    async def decides(self, who: str, number: int, button: str, why: str) -> str:
        del why  # such a button takes none: see DIFFERENCES
        return await self._answered(self.people[who].presses(self._cards()[number - 1], button))

    async def appeals(self, who: str, why: str) -> str:
        notices = [one for one in self.people[who].dms if any(each["action_id"] == "steward:appeal" for each in one.elements)]
        form = (await self.people[who].presses(notices[-1], "Appeal").answer()).opened
        return await self._sent(who, form, why)

    async def tries(self, who: str, text: str, room: str = COMMON) -> Written:
        if self.people[who].id not in self.rooms[room].members:
            return Written.TAKEN_OUT
        said = self.says(who, text, room)
        assert self.steward is not None, "it runs"
        await self.steward.settled()
        return Written.STANDS if self.stands(said) else Written.REMOVED

    # What people see

    def stands(self, said: Said) -> bool:
        return not said.thing.deleted

    def letters(self, who: str) -> list[str]:
        return self.people[who].dm_texts

    def cards(self) -> list[str]:
        return [one.words for one in self._cards()]

    def news(self) -> list[str]:
        return [one.words for one in self.server.said_by_bot(officers(self.server)) if one.is_reply]

    def account(self, who: str) -> str:
        return self.people[who].id

    def problems(self) -> list[str]:
        return self.server.problems()

    def _cards(self) -> list[Message]:
        return [one for one in self.server.said_by_bot(officers(self.server)) if not one.is_reply]

    async def _sent(self, who: str, form: Any, why: str) -> str:
        """Send a form; its answer is seen where it was opened."""
        before = len(self.people[who].ephemerals)
        await self.people[who].submits(form, {"why": why}).acknowledged()
        await comes(lambda: len(self.people[who].ephemerals) > before, "an answer to a form")
        return self.people[who].ephemeral_texts[-1]

    async def _answered(self, asked: Interaction) -> str:
        await asked.acknowledged()
        await asked.answer()
        assert not asked.problem
        assert all(one.ephemeral_to == asked.user.id for one in asked.messages)
        return asked.text


def _said(message: Message) -> Said:
    return Said(id=message.ts, thing=message)


@contextlib.asynccontextmanager
async def chat_on_slack(folder: Path, *, admin: bool) -> AsyncIterator[Chat]:
    """A branch on Slack."""
    async with SlackServer() as server:
        server.install(manifest())
        yield ChatOnSlack(server, folder, admin=admin)
