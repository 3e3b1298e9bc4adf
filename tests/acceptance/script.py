"""The acceptance script: what a branch goes through with Steward, told once, played on every chat service.

Knows: what people do and see, what stands on record, how far chat services differ. Must not know: any chat service.
Rules: a scene asks the same everywhere; where a service does not allow something, what is expected instead is a `Difference`, and the
README says it to those who set Steward up. Nothing else may differ. What people see is looked at before what is on record.

To add a scene: a function `scene_…` here that takes a `Chat`; the tests find it by its name.
To add a chat service: a `Chat` of its own, what it allows in `DIFFERENCES`, and a line in test_script.py.
"""

import asyncio
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from bot.communities import Community
from bot.core.model import Kind
from bot.core.policy import Policy
from bot.store.records import CaseDetail
from tests.core.policies import POLICY, rule
from tests.shell.branch import compiled

BAD, THREATENING, FINE = "you donkey", "you will be sorry", "good morning"
"""By the script's policy: hidden and warned for; hidden and muted for; left alone."""
MEMBERS, MODERATORS = ("ann", "bob"), ("morgan", "robin")
COMMON, OTHER, PRIVATE = "common", "other", "committee"
"""Two rooms for everybody, and one that is private where a service has such."""
WAIT_SECONDS_MAX = 20.0


def policy() -> tuple[Policy, Mapping[str, str]]:
    """The script's policy: insults are serious, also passed on ones, a threat is grave; a first insult is warned for."""
    score = "{{score: {{label: {}, at_least: 0.8{}}}}}"
    rules = {
        "rude": rule("rude", score.format("insult", ""), severity="serious", status="enforce"),
        "passed-on": rule("passed-on", score.format("insult", ", role: shared"), severity="serious", status="enforce"),
        "threat": rule("threat", score.format("threat", ""), severity="grave", status="enforce", concern="threat", clause="2"),
    }
    text = POLICY.replace("count: 3,", "count: 100,").replace("moderators: escalate, strike: 2", "moderators: escalate, strike: 1")
    return compiled(text=text, rules=rules)


class Written(StrEnum):
    """What becomes of what a muted member writes."""

    REFUSED = "refused"
    REMOVED = "removed"
    TAKEN_OUT = "taken out"
    STANDS = "stands"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How far a chat service lets Steward go. The script asks nothing else about it."""

    hides: bool
    """Whether Steward itself takes a message away; else it is a task for people."""
    muted: Written
    """What becomes of what a muted member writes in an ordinary room."""
    muted_in_private: Written
    button_asks_why: bool
    """Whether a decision by a button takes a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One of the `Ways`, service by service, and the README's words for it."""

    of: str
    discord: Any
    slack: Any
    slack_admin: Any
    """Slack with an admin's own token."""
    said: tuple[str, ...]


DIFFERENCES = (
    # Slack lets an app delete only its own messages; an admin's user token deletes others'.
    Difference(
        of="hides", discord=True, slack=False, slack_admin=True,
        said=("lets an app delete only its own messages", "a task for the moderators", "an admin's own token"),
    ),
    # Slack has no mute: an admin's token removes what is written meanwhile, else it is a request.
    Difference(
        of="muted", discord=Written.REFUSED, slack=Written.STANDS, slack_admin=Written.REMOVED,
        said=("Slack has no mute", "the member is asked not to post until a time", "each new message of the member is deleted until then"),
    ),
    # In private channels an app may take members out (groups:write) and let them in again.
    Difference(
        of="muted_in_private", discord=Written.REFUSED, slack=Written.TAKEN_OUT, slack_admin=Written.REMOVED,
        said=("in private channels the member is taken out until then, and invited back",),
    ),
    # A button on Slack asks "sure?" and takes no text; the command does.
    Difference(
        of="button_asks_why", discord=True, slack=False, slack_admin=False,
        said=("Uphold and Dismiss ask for a reason in a form", 'they ask "sure?"; a reason goes with'),
    ),
)  # fmt: skip


def ways(column: str) -> Ways:
    """The ways of a chat service: a column of the table."""
    return Ways(**{one.of: getattr(one, column) for one in DIFFERENCES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something that somebody wrote: its id on the service, and the service's own thing."""

    id: str
    thing: Any


class Chat(ABC):
    """A branch on a chat service: its people, and Steward while it runs."""

    name: str
    ways: Ways
    database: Path

    # Steward

    @abstractmethod
    def running(self) -> AbstractAsyncContextManager[None]:
        """Start Steward on the same database as before, connected and with nothing behind; stop it at the end."""

    @property
    @abstractmethod
    def community(self) -> Community:
        """The branch's community, while Steward runs."""

    # What people do

    @abstractmethod
    def says(self, who: str, text: str, room: str = COMMON) -> Said:
        """Write."""

    @abstractmethod
    def edits(self, who: str, said: Said, text: str) -> None:
        """Change what one wrote."""

    @abstractmethod
    def replies(self, who: str, said: Said, text: str) -> Said:
        """Write in the thread under a message."""

    @abstractmethod
    def shares(self, who: str, said: Said, room: str) -> Said:
        """Pass a message on into another room."""

    @abstractmethod
    async def asks(self, who: str, command: str, number: int | None = None, text: str = "") -> str:
        """Use a command; gives the private answer, "" where the service does not offer it to them."""

    @abstractmethod
    async def reports(self, who: str, said: Said, why: str) -> str:
        """Report a message by its menu; gives the private answer."""

    @abstractmethod
    async def decides(self, who: str, number: int, button: str, why: str) -> str:
        """Press a button under a case's card, with a reason where it takes one; gives the private answer."""

    @abstractmethod
    async def appeals(self, who: str, why: str) -> str:
        """Press the button under the latest notice and say why; gives the private answer."""

    @abstractmethod
    async def tries(self, who: str, text: str, room: str = COMMON) -> Written:
        """Try to write, and see what becomes of it."""

    # What people see

    @abstractmethod
    def stands(self, said: Said) -> bool:
        """Say whether a message is there for everybody to read."""

    @abstractmethod
    def letters(self, who: str) -> list[str]:
        """What Steward wrote to somebody directly, oldest first."""

    @abstractmethod
    def cards(self) -> list[str]:
        """The cases' cards as they are now, oldest first."""

    @abstractmethod
    def news(self) -> list[str]:
        """What stands under the cards, in their threads."""

    @abstractmethod
    def account(self, who: str) -> str:
        """Somebody's id."""

    @abstractmethod
    def problems(self) -> list[str]:
        """What of the whole exchange is not as the service describes it."""

    # What is on record

    async def case(self, number: int = 1) -> CaseDetail:
        """A case, once it is there and nothing of it is about to be performed."""
        found: CaseDetail | None = None

        async def rests() -> bool:
            nonlocal found
            await self.community.settle()
            found = await self.community.detail_of(number)
            return found is not None and not {str(row.state) for row in found.actions} & {"pending", "performing"}

        await until(rests, f"case {number}")
        assert found is not None
        return found

    async def states(self, number: int = 1) -> dict[str, str]:
        """The actions of a case and what became of them."""
        return {str(row.action.kind): str(row.state) for row in (await self.case(number)).actions}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the record."""
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(query).fetchall()

    def must_be_whole(self) -> None:
        """Each action was performed once: what is done has exactly one entry in the audit trail, and nothing else has one."""
        done = [key for (key,) in self.rows("SELECT key FROM actions WHERE state = 'done'")]
        performed = [key for (key,) in self.rows("SELECT action_key FROM audit WHERE kind = 'performed'")]
        assert sorted(performed) == sorted(done)


async def until(check: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until something is so. Raises AssertionError."""
    end = time.monotonic() + WAIT_SECONDS_MAX
    while not await check():
        assert time.monotonic() < end, f"not within {WAIT_SECONDS_MAX} s: {what}"
        await asyncio.sleep(0.02)


async def comes(check: Callable[[], bool], what: str) -> None:
    """Wait until something is to be seen. Raises AssertionError."""

    async def is_so() -> bool:
        return check()

    await until(is_so, what)


# The scenes


async def scene_a_breach_brings_a_notice_and_a_card(chat: Chat) -> None:
    async with chat.running():
        fine = chat.says("bob", FINE)
        said = chat.says("ann", BAD)
        states = await chat.states()
        (letter,), (card,) = chat.letters("ann"), chat.cards()
        assert "This is a warning" in letter
        assert "A program decided this" in letter
        assert BAD in letter
        assert "/appeal 1" in letter
        assert "Case 1" in card
        assert BAD in card
        assert chat.stands(fine)
        assert chat.letters("bob") == []
        assert chat.stands(said) is not chat.ways.hides
        assert ("was also hidden" in letter) is chat.ways.hides
        assert ("A moderator was asked to remove the message" in letter) is not chat.ways.hides
        assert states == {"hide": hidden(chat), "warn": "done", "escalate": "done"}
        assert chat.rows("SELECT count(*) FROM cases") == [(1,)]


async def scene_a_report_brings_a_case_that_people_decide(chat: Chat) -> None:
    async with chat.running():
        said = chat.says("ann", "nobody likes the cake of bob")
        assert "Your report is number 1" in await chat.reports("bob", said, "it hurts")
        assert await chat.states() == {"escalate": "done"}
        (card,) = chat.cards()
        assert "it hurts" in card
        assert "nobody likes the cake" in card
        assert chat.account("bob") not in card, "who reported is never shown"
        assert chat.letters("ann") == [], "a report does nothing by itself"
        assert chat.stands(said)
        assert "Case 1 is dismissed" in await chat.asks("morgan", "dismiss", 1, "taste may be discussed")
        await chat.case()
        assert "taste may be discussed" in chat.cards()[0]
        assert chat.stands(said)


async def scene_cases_are_decided_by_command_and_by_button(chat: Chat) -> None:
    async with chat.running():
        chat.says("ann", BAD)
        await chat.case(1)
        chat.says("bob", BAD)
        await chat.case(2)
        refused = await chat.asks("ann", "dismiss", 1)
        assert BAD not in refused
        assert "dismissed" not in refused
        assert "Case 1 is upheld" in await chat.asks("morgan", "uphold", 1, "it is plain")
        assert "Case 2 is dismissed" in await chat.decides("morgan", 2, "Dismiss", "a song")
        first, second = await chat.case(1), await chat.case(2)
        assert "upheld by a moderator" in chat.cards()[0]
        assert "dismissed: it does not count" in chat.cards()[1]
        assert "it is plain" in chat.letters("ann")[-1]
        assert "We are sorry for the trouble" in chat.letters("bob")[-1]
        assert any("decided: uphold" in one for one in chat.news())
        assert (first.case.decided_by, first.reason) == (chat.account("morgan"), "it is plain")
        assert (second.case.decided_by, second.reason) == (chat.account("morgan"), "a song" if chat.ways.button_asks_why else "")
        assert ("a song" in chat.letters("bob")[-1]) is chat.ways.button_asks_why


async def scene_another_moderator_decides_the_appeal(chat: Chat) -> None:
    async with chat.running():
        chat.says("ann", BAD)
        await chat.case()
        assert "Case 1 is upheld" in await chat.asks("morgan", "uphold", 1)
        await chat.case()
        assert "We have your appeal on case 1" in await chat.appeals("ann", "I was quoting a film")
        await chat.case()
        assert "I was quoting a film" in chat.cards()[0]
        assert "another moderator" in await chat.decides("morgan", 1, "Dismiss", "no")
        assert "Case 1 is dismissed" in await chat.asks("robin", "dismiss", 1, "it is from a film")
        detail = await chat.case()
        assert "it is from a film" in chat.letters("ann")[-1]
        assert detail.case.decided_by == chat.account("robin")
        assert str(detail.case.state) == "dismissed"


async def scene_a_mute_is_what_the_service_can_do(chat: Chat) -> None:
    async with chat.running():
        said = chat.says("ann", THREATENING)
        states = await chat.states()
        (letter,) = chat.letters("ann")
        is_mute = chat.ways.muted is not Written.STANDS
        assert ("You are muted until" in letter) is is_mute
        assert ("You are asked not to post until" in letter) is not is_mute
        assert ("muted" in letter) is is_mute, "never called muted who is not"
        assert chat.stands(said) is not chat.ways.hides
        assert states == {"hide": hidden(chat), "mute": "done" if is_mute else "manual", "urgent": "done", "notify": "done"}
        assert await chat.tries("ann", FINE) is chat.ways.muted
        assert await chat.tries("bob", FINE) is Written.STANDS
        assert "We have your appeal on case 1" in await chat.appeals("ann", "it is a line of a song")
        assert "Case 1 is dismissed" in await chat.asks("robin", "dismiss", 1)
        await chat.case()
        assert await chat.tries("ann", FINE) is Written.STANDS


async def scene_a_mute_in_a_private_room(chat: Chat) -> None:
    async with chat.running():
        chat.says("ann", THREATENING, PRIVATE)
        assert (await chat.states())["mute"] == "done"
        assert await chat.tries("ann", FINE, PRIVATE) is chat.ways.muted_in_private
        assert ("You were taken out of the channel" in chat.letters("ann")[0]) is (chat.ways.muted_in_private is Written.TAKEN_OUT)
        assert "Case 1 is dismissed" in await chat.asks("morgan", "dismiss", 1)
        await chat.case()
        assert await chat.tries("ann", FINE, PRIVATE) is Written.STANDS


async def scene_a_restart_in_between(chat: Chat) -> None:
    async with chat.running():
        chat.says("ann", THREATENING)
        await chat.case()
        chat.says("bob", FINE, OTHER)
    missed = chat.says("bob", BAD, OTHER)
    async with chat.running():
        assert await chat.states(2) == {"escalate": "done"}, "what was found late has a card and no penalty"
        assert chat.letters("bob") == []
        assert chat.stands(missed)
        assert "late, so there is no penalty" in chat.cards()[1]
        assert await chat.tries("ann", FINE) is chat.ways.muted, "a mute survives a restart"
        assert "Case 1 is dismissed" in await chat.decides("morgan", 1, "Dismiss", "a song")
        await chat.case()
        assert await chat.tries("ann", FINE) is Written.STANDS
        assert "Case 2 · serious" in await chat.asks("morgan", "cases")


async def scene_what_is_dismissed_leaves_only_what_was_done_to_be_undone(chat: Chat) -> None:
    async with chat.running():
        chat.says("ann", THREATENING)
        await chat.case()
        assert "Case 1 is dismissed" in await chat.asks("morgan", "dismiss", 1)
        by_hand = {kind for kind, state in (await chat.states()).items() if state == "manual"}
        assert by_hand == ({"unhide"} if chat.ways.hides else set())


async def scene_an_edit_that_turns_bad(chat: Chat) -> None:
    async with chat.running():
        said = chat.says("ann", FINE)
        chat.edits("ann", said, BAD)
        detail = await chat.case()
        assert [(one.message.id, one.message.kind) for one in detail.messages] == [(said.id, Kind.EDITED)]
        assert len(chat.letters("ann")) == 1
        assert chat.stands(said) is not chat.ways.hides
        assert await chat.states() == {"hide": hidden(chat), "warn": "done", "escalate": "done"}


async def scene_a_reply_in_a_thread(chat: Chat) -> None:
    async with chat.running():
        asked = chat.says("ann", "who has the keys?")
        said = chat.replies("bob", asked, BAD)
        detail = await chat.case()
        assert [one.message.id for one in detail.messages] == [said.id]
        assert detail.messages[0].message.thread
        assert chat.stands(asked)
        assert chat.stands(said) is not chat.ways.hides
        assert len(chat.letters("bob")) == 1
        assert chat.letters("ann") == []


async def scene_a_message_is_passed_on(chat: Chat) -> None:
    old = chat.says("ann", BAD)
    async with chat.running():
        shared = chat.shares("bob", old, OTHER)
        detail = await chat.case()
        assert detail.case.author == chat.account("bob"), "who passes it on answers for it"
        assert [(one.message.id, one.message.kind) for one in detail.messages] == [(shared.id, Kind.SHARED)]
        assert chat.letters("ann") == []
        assert len(chat.letters("bob")) == 1
        assert chat.stands(old), "it was said before Steward came"
        assert chat.stands(shared) is not chat.ways.hides


def hidden(chat: Chat) -> str:
    """What becomes of a hide."""
    return "done" if chat.ways.hides else "manual"


SCENES: Mapping[str, Callable[[Chat], Awaitable[None]]] = {
    name.removeprefix("scene_"): scene for name, scene in globals().items() if name.startswith("scene_")
}
