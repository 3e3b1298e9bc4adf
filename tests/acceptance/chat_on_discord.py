"""The script's branch on Discord: a guild on a server of our own, spoken to by the real library.

Knows: how people use Discord. Must not know: what the script wants to show.
Rules: a person does only what Discord's client lets them do; everything that is answered to a command is private.
"""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.communities import Community
from tests.acceptance.script import COMMON, MEMBERS, MODERATORS, OTHER, PRIVATE, Chat, Said, Written, comes, policy, ways
from tests.platforms.discord import running
from tests.platforms.discord.running import Branch, branch_on_discord
from tests.servers.discord import Interaction, Member, Message, NotAllowedError, Permission
from tests.servers.discord.interactions import words_of
from tests.servers.discord.state import new_thread
from tests.servers.discord.world import PUBLIC_THREAD


class ChatOnDiscord(Chat):
    """One guild. A private room is a channel like others: a mute is the same everywhere."""

    name = "discord"
    ways = ways("discord")

    def __init__(self, branch: Branch) -> None:
        self.branch, self.server, self.database = branch, branch.server, branch.database
        self.server.set_permissions(branch.role, branch.guild, Permission.MODERATE_MEMBERS)
        robin, bob = self.server.add_member(branch.guild, "robin", branch.role), self.server.add_member(branch.guild, "bob")
        self.people: dict[str, Member] = {"ann": branch.ann, "bob": bob, "morgan": branch.morgan, "robin": robin}
        assert set(self.people) == {*MEMBERS, *MODERATORS}
        self.rooms = {
            COMMON: branch.general,
            OTHER: self.server.add_channel(branch.guild, OTHER),
            PRIVATE: self.server.add_channel(branch.guild, PRIVATE),
        }

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self.branch.running():
            yield
            await self.branch.settled()

    @property
    def community(self) -> Community:
        return self.branch.community

    # What people do

    def says(self, who: str, text: str, room: str = COMMON) -> Said:
        return _said(self.server.say(self.rooms[room], self.people[who], text))

    def edits(self, who: str, said: Said, text: str) -> None:
        assert said.thing.author is self.people[who].account, "people change what they wrote themselves"
        self.server.edit(said.thing, text)

    def replies(self, who: str, said: Said, text: str) -> Said:
        thread = said.thing.thread
        if thread is None:
            parent, owner = said.thing.channel, said.thing.author
            made = new_thread(self.server.state, parent, "A thread", kind=PUBLIC_THREAD, owner=owner, thread_id=said.id)
            thread = self.server.state.create_thread(made, said.thing)
        return _said(self.server.say(thread, self.people[who], text))

    def shares(self, who: str, said: Said, room: str) -> Said:
        return _said(self.server.say(self.rooms[room], self.people[who], forward=said.thing))

    async def asks(self, who: str, command: str, number: int | None = None, text: str = "") -> str:
        options = {**({"number": number} if number is not None else {}), **({"reason": text} if text else {})}
        try:
            return await _answered(self.server.interact(self.people[who], command, options))
        except NotAllowedError:
            return ""

    async def reports(self, who: str, said: Said, why: str) -> str:
        form = await self.server.interact(self.people[who], "Report message", target=said.thing).answer()
        return await _answered(self.server.submit(self.people[who], form, {"why": why}))

    async def decides(self, who: str, number: int, button: str, why: str) -> str:
        form = await self.server.press(self.people[who], self._cards()[number - 1], button).answer()
        return await _answered(self.server.submit(self.people[who], form, {"why": why}))

    async def appeals(self, who: str, why: str) -> str:
        person = self.people[who].account
        notices = [one for one in self._letters(who) if any(each.get("label") == "Appeal" for each in one.buttons)]
        form = await self.server.press(person, notices[-1], "Appeal").answer()
        return await _answered(self.server.submit(person, form, {"why": why}))

    async def tries(self, who: str, text: str, room: str = COMMON) -> Written:
        try:
            said = self.says(who, text, room)
        except NotAllowedError:
            return Written.REFUSED
        await comes(lambda: self.rows(f"SELECT 1 FROM rooms WHERE cursor = '{said.id}'") != [], "it is judged")
        await self.branch.settled()
        return Written.STANDS if self.stands(said) else Written.REMOVED

    # What people see

    def stands(self, said: Said) -> bool:
        return said.id in said.thing.channel.messages

    def letters(self, who: str) -> list[str]:
        return [words_of(one) for one in self._letters(who)]

    def cards(self) -> list[str]:
        return [words_of(one) for one in self._cards()]

    def news(self) -> list[str]:
        threads = [one.thread for one in self._cards() if one.thread is not None]
        return [words_of(one) for thread in threads for one in self.server.performed_messages(thread)]

    def account(self, who: str) -> str:
        return self.people[who].id

    def problems(self) -> list[str]:
        return self.branch.wrong()

    def _cards(self) -> list[Message]:
        return [one for one in self.branch.cards() if one.embeds]

    def _letters(self, who: str) -> list[Message]:
        return self.server.performed_messages(self.server.direct_channel(self.people[who]))


def _said(message: Message) -> Said:
    return Said(id=message.id, thing=message)


async def _answered(asked: Interaction) -> str:
    answer = await asked.answer()
    assert answer.is_private
    return answer.text


@contextlib.asynccontextmanager
async def chat_on_discord(folder: Path) -> AsyncIterator[Chat]:
    """A branch on Discord."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "policy", lambda _: policy())  # a branch of those tests is started with their own
        async with branch_on_discord(folder) as branch:
            yield ChatOnDiscord(branch)
