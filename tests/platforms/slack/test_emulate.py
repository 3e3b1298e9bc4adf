"""Every call of the Web API that the main scenarios make, taken by emulate: a Slack that nobody here wrote, with strict scopes.

Knows: what members and moderators do, which calls the adapter's code names. Must not know: how emulate is started (emulated.py says how
to have it; without it these tests skip).
Rules: the app has the manifest's scopes; nothing is refused but what the ladder expects; a call that the code names and nothing here
makes is a mistake, unless emulate does not have it.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

pytest.importorskip("slack_bolt", reason="slack-bolt is not installed")

from pydantic import SecretStr

from bot.clocks import SystemClock
from bot.communities import Communities, Community, Defaults
from bot.core.model import ActionKind
from bot.folders import load_sentences
from bot.platforms.slack.doctor import State, Tokens, examine
from bot.platforms.slack.platform import Slack
from bot.ports import Platform
from bot.store.records import ActionState, CaseDetail, ServerSetup
from bot.store.store import Store
from tests.platforms.slack.at_work import manifest
from tests.platforms.slack.emulated import BOT_USER, TEAM, Emulated, NoEmulateError, Person, emulate, until_so, words
from tests.servers.slack.world import Json
from tests.shell.branch import TableScorer, _empty_database, compiled

ADAPTER = Path(__file__).parents[3] / "bot" / "platforms" / "slack"
SCOPES = frozenset(manifest()["oauth_config"]["scopes"]["bot"])
LACKING = {"usergroups.list", "usergroups.users.list", "apps.connections.open"}
"""What emulate 0.12 does not have."""
BY_AN_ADMIN, BY_THE_DOCTOR = {"chat.delete"}, {"conversations.list"}
"""What other tests here look at: with an admin's token, and `steward doctor`."""
GONE = "chat.getPermalink: message_not_found"
"""Expected where a message was deleted: its card leads nowhere any more."""
CALLED = re.compile(r"\.((?:apps|auth|chat|conversations|usergroups|users|views)_[A-Za-z_]+)\(")
WAIT_SECONDS_MAX = 15.0


@pytest.fixture(scope="session")
def start() -> tuple[tuple[str, ...], dict[str, str]]:
    try:
        return emulate()
    except NoEmulateError as error:
        pytest.skip(str(error))


@pytest.fixture
def scopes() -> frozenset[str]:
    return SCOPES


@pytest.fixture
async def slack(start: tuple[tuple[str, ...], dict[str, str]], scopes: frozenset[str], tmp_path: Path) -> AsyncIterator[Emulated]:
    async with Emulated(*start, tmp_path, scopes) as made:
        yield made


class Steward:
    """One start of Steward in emulate's workspace."""

    def __init__(self, slack: Emulated, communities: Communities, platform: Slack) -> None:
        self.slack, self.communities, self.platform = slack, communities, platform

    @property
    def community(self) -> Community:
        found = self.communities.known("slack", TEAM)
        assert found is not None, "the workspace's community is at work"
        return found

    async def settled(self) -> None:
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            while await self.community.kept() or self.community.service.rooms_count("slack")[1]:
                await asyncio.sleep(0.02)
            await self.community.settle()

    async def says(self, person: Person, room: str, text: str) -> str:
        ts = await person.says(room, text)
        await self.settled()
        return ts

    async def case(self, number: int) -> CaseDetail:
        found = await self.community.detail_of(number)
        assert found is not None, f"there is a case {number}"
        return found

    async def states(self, number: int) -> dict[ActionKind, ActionState]:
        return {row.action.kind: row.state for row in (await self.case(number)).actions}

    async def card(self) -> Json:
        """The newest card."""
        found = await self.slack.people["morgan"].reads(self.slack.officers)
        return next(one for one in reversed(found) if one["user"] == BOT_USER and "thread_ts" not in one)


@contextlib.asynccontextmanager
async def steward(slack: Emulated, folder: Path, *, admin_token: str = "") -> AsyncIterator[Steward]:
    """Start on the database in a folder, and stop again."""
    database = folder / "steward.db"
    if not database.exists():
        database.write_bytes(await _empty_database())
    store = await Store.open(f"sqlite+aiosqlite:///{database}")
    platforms: dict[str, Platform] = {}
    made = compiled()

    async def prove(*_: object) -> None:
        """The tests of policies prove it."""

    try:
        async with Communities(
            store=store, scorer=TableScorer(), clock=SystemClock(), sentences=load_sentences(), platforms=platforms,
            defaults=Defaults(community="branch", mode="enforce", escalation_channel="officers"), load_policy=lambda _: made, prove=prove,
        ) as communities:  # fmt: skip
            platform = Slack(
                communities, bot_token=SecretStr(slack.bot_token), signing_secret=SecretStr(slack.signing_secret),
                admin_token=SecretStr(admin_token) if admin_token else None, api_url=slack.api_url, host="127.0.0.1", port=0,
            )  # fmt: skip
            platforms[platform.name] = platform
            task = asyncio.create_task(platform.listen())
            try:
                at_work = Steward(slack, communities, platform)
                async with asyncio.timeout(WAIT_SECONDS_MAX):
                    while not platform.opened_port:
                        assert not task.done(), task.exception()
                        await asyncio.sleep(0.02)
                slack.events_url = f"http://127.0.0.1:{platform.opened_port}/slack/events"
                await at_work.settled()
                yield at_work
                await at_work.settled()
                await asyncio.sleep(0.05)  # the outbox ends its round: cut off, it leaves a connection to the database open
            finally:
                task.cancel()
                await asyncio.wait([task])
    finally:
        await store.close()


def named_calls() -> set[str]:
    """The methods of the Web API that the adapter's code names."""
    found: set[str] = set()
    for file in ADAPTER.glob("*.py"):
        found |= {one.replace("_", ".") for one in CALLED.findall(file.read_text(encoding="utf-8"))}
    return found


# One day in a branch


async def test_every_call_of_a_day_is_taken(slack: Emulated, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        await a_breach_is_warned_for_and_upheld(at_work)
        await a_threat_in_a_private_room_is_taken_back(at_work)
        await a_member_appeals_and_looks_at_home(at_work)
        await what_is_done_by_hand_is_looked_at(at_work)
    async with steward(slack, tmp_path):
        assert slack.of("conversations.history"), "after a start the rooms are read back"
    assert {str(one) for one in slack.refused} == {GONE}
    assert named_calls() - LACKING - BY_AN_ADMIN - BY_THE_DOCTOR == {one.method for one in slack.calls}


async def a_breach_is_warned_for_and_upheld(at_work: Steward) -> None:
    slack, ann, morgan = at_work.slack, at_work.slack.people["ann"], at_work.slack.people["morgan"]
    await at_work.says(ann, slack.town_hall, "you donkey")
    (letter,) = await ann.letters()
    assert "This is a warning" in words(letter)
    assert "Case 1" in words(await at_work.card())
    assert "upheld" in await (await morgan.runs("/uphold 1 it is plain")).answer()
    await at_work.settled()
    assert "upheld by a moderator" in words(await at_work.card())
    assert (await at_work.case(1)).reason == "it is plain"


async def a_threat_in_a_private_room_is_taken_back(at_work: Steward) -> None:
    slack, bob, morgan = at_work.slack, at_work.slack.people["bob"], at_work.slack.people["morgan"]
    committee = await slack.people["olive"].makes("committee", "morgan", "bob", private=True)
    await at_work.says(bob, committee, "you will be sorry")
    assert not await bob.is_in(committee)
    states = await at_work.states(2)
    assert states.pop(ActionKind.HIDE) is ActionState.MANUAL
    assert set(states) == {ActionKind.MUTE, ActionKind.NOTIFY, ActionKind.URGENT}
    assert set(states.values()) == {ActionState.DONE}
    await morgan.presses(slack.officers, await at_work.card(), "Dismiss")
    await until_so(lambda: bob.is_in(committee))
    await at_work.settled()


async def a_member_appeals_and_looks_at_home(at_work: Steward) -> None:
    slack, ann, olive = at_work.slack, at_work.slack.people["ann"], at_work.slack.people["olive"]
    form = await (await ann.runs("/appeal")).opened()
    await ann.submits(form, {"why": "it was a joke"})

    async def is_on_the_card() -> bool:
        return any("it was a joke" in words(one) for one in await olive.reads(slack.officers))

    await until_so(is_on_the_card)
    assert "Mode: enforce" in await (await olive.runs("/steward status")).answer()
    await ann.opens_home()

    async def is_published() -> bool:
        return bool(slack.of("views.publish"))

    await until_so(is_published)


async def what_is_done_by_hand_is_looked_at(at_work: Steward) -> None:
    slack, bob, morgan = at_work.slack, at_work.slack.people["bob"], at_work.slack.people["morgan"]
    ts = await at_work.says(bob, slack.town_hall, "you will be sorry indeed")
    tasks = [one for one in await morgan.reads(slack.officers) if "Delete message" in words(one)]
    assert "still stands" in await (await morgan.presses(slack.officers, tasks[-1], "I did it by hand")).answer()
    await bob.deletes(slack.town_hall, ts)
    assert "it is so" in await (await morgan.presses(slack.officers, tasks[-1], "I did it by hand")).answer()


async def test_what_was_sent_without_an_answer_is_looked_for(slack: Emulated, tmp_path: Path) -> None:
    ann, olive = slack.people["ann"], slack.people["olive"]
    async with steward(slack, tmp_path) as at_work:
        slack.lost["chat.postMessage"] = 2
        await at_work.says(ann, slack.town_hall, "you donkey")
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            while set((await at_work.states(1)).values()) != {ActionState.DONE}:
                at_work.community.outbox.wake()
                await asyncio.sleep(0.2)
        assert (len(await ann.letters()), len(await olive.reads(slack.officers))) == (1, 1)
    assert len(slack.of("chat.postMessage")) == 2
    assert {"include_all_metadata"} <= set(slack.of("conversations.history")[-1].args)
    assert [str(one) for one in slack.refused] == []


async def test_what_was_said_while_nobody_watched_is_read_back(slack: Emulated, tmp_path: Path) -> None:
    ann = slack.people["ann"]
    async with steward(slack, tmp_path) as at_work:
        await asyncio.sleep(1.1)  # emulate's ids know whole seconds only, and a room is read from the moment it was first seen
        await at_work.says(ann, slack.town_hall, "good morning")
    missed = await ann.writes(slack.town_hall, "you donkey")
    async with steward(slack, tmp_path) as at_work:
        case = await at_work.case(1)
        assert [one.message.id for one in case.messages] == [missed]
        assert await at_work.states(1) == {ActionKind.ESCALATE: ActionState.DONE}
    assert await ann.letters() == []
    assert [str(one) for one in slack.refused] == []


async def test_an_edit_and_a_reply_are_judged(slack: Emulated, tmp_path: Path) -> None:
    ann, bob = slack.people["ann"], slack.people["bob"]
    async with steward(slack, tmp_path) as at_work:
        said = await at_work.says(ann, slack.town_hall, "good morning")
        await ann.edits(slack.town_hall, said, "you donkey")
        await bob.says(slack.town_hall, "you donkey yourself", thread=said)
        await at_work.settled()
        assert [(await at_work.case(number)).case.author for number in (1, 2)] == [ann.id, bob.id]
        assert [len(await one.letters()) for one in (ann, bob)] == [1, 1]
    assert [str(one) for one in slack.refused] == []


async def test_what_the_doctor_asks_is_taken(slack: Emulated) -> None:
    setup = ServerSetup(platform="slack", server=TEAM, community="branch", escalation_channel="officers")
    tokens = Tokens(bot=slack.bot_token, signing_secret=slack.signing_secret, admin=slack.people["olive"].token)
    checks = await examine(tokens, api_url=slack.api_url, setup_of=lambda _: setup)
    assert [one for one in checks if one.state is State.WRONG] == []
    assert [one.found for one in checks if one.what == "Moderators' channel"] == ["#officers is private, and Steward can post there"]
    assert {one.method for one in slack.calls} >= BY_THE_DOCTOR
    assert [str(one) for one in slack.refused] == []


# What is refused, as the ladder expects


async def test_an_admins_token_deletes_what_emulate_lets_it_and_the_rest_is_for_people(slack: Emulated, tmp_path: Path) -> None:
    """emulate lets nobody delete what others wrote, admins neither: that refusal is a step of the ladder, and handed over as one."""
    olive, ann = slack.people["olive"], slack.people["ann"]
    async with steward(slack, tmp_path, admin_token=olive.token) as at_work:
        assert at_work.platform.reach is not None
        assert at_work.platform.reach.deletes
        own = await at_work.says(olive, slack.town_hall, "you will be sorry")
        assert own not in [one["ts"] for one in await ann.reads(slack.town_hall)]
        others = await at_work.says(ann, slack.town_hall, "you will be sorry")
        assert others in [one["ts"] for one in await ann.reads(slack.town_hall)]
        assert [(await at_work.states(number))[ActionKind.HIDE] for number in (1, 2)] == [ActionState.DONE, ActionState.MANUAL]
    assert {str(one) for one in slack.refused} == {"chat.delete: cant_delete_message", GONE}


@pytest.mark.parametrize("scopes", [SCOPES - {"groups:write"}])
async def test_what_a_right_is_lacking_for_is_not_even_asked(slack: Emulated, tmp_path: Path) -> None:
    bob = slack.people["bob"]
    async with steward(slack, tmp_path) as at_work:
        committee = await slack.people["olive"].makes("committee", "morgan", "bob", private=True)
        await at_work.says(bob, committee, "you will be sorry")
        assert await bob.is_in(committee)
        assert (await at_work.states(1))[ActionKind.MUTE] is ActionState.MANUAL
    assert slack.of("conversations.kick") == []
    assert [str(one) for one in slack.refused] == []


@pytest.mark.parametrize(
    ("scopes", "lacking", "call", "kind"),
    [
        (SCOPES - {"chat:write"}, "chat:write", "chat.postMessage", ActionKind.ESCALATE),
        (SCOPES - {"im:write"}, "im:write", "conversations.open", ActionKind.WARN),
    ],
)
async def test_a_right_that_is_lacking_is_named_to_people(
    slack: Emulated, tmp_path: Path, lacking: str, call: str, kind: ActionKind
) -> None:
    async with steward(slack, tmp_path) as at_work:
        await at_work.says(slack.people["ann"], slack.town_hall, "you donkey")
        (row,) = [one for one in (await at_work.case(1)).actions if one.action.kind is kind]
        assert row.state is ActionState.MANUAL
        assert f"lacks {lacking}" in row.error
    assert {str(one) for one in slack.refused} == {f"{call}: missing_scope"}


async def test_emulate_refuses_what_slack_would_and_lacks_what_is_said(slack: Emulated) -> None:
    """What the other tests rest on: emulate looks at arguments and at what is there."""
    wrong: dict[str, Json] = {
        "chat.postMessage": {"channel": "C0NOWHERE0", "text": "hello"},
        "chat.update": {"channel": slack.town_hall, "ts": "1.000001", "text": "hello"},
        "conversations.kick": {"channel": slack.town_hall, "user": "U0NOBODY00"},
        "views.open": {"trigger_id": "made up", "view": {"type": "modal"}},
    }
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {slack.bot_token}"}) as session:
        for method, args in (wrong | {method: {} for method in LACKING}).items():
            async with session.post(slack.api_url + method, json=args) as answer:
                assert not (await answer.json())["ok"]
    assert {str(one) for one in slack.refused} == {
        "chat.postMessage: channel_not_found",
        "chat.update: message_not_found",
        "conversations.kick: user_not_found",
        "views.open: invalid_view",
        *(f"{method}: unknown_method" for method in LACKING),
    }
