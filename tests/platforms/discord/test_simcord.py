"""The main scenarios in SimCord, a Discord that nobody of this project wrote, with the bot as it is.

SimCord keeps a Discord in memory and stands where the library's transport stands: what a client asks is answered by it, what happens
is handed to the client's parsers. Steward makes its own clients inside of `listen`, so three doors of the library lead to SimCord:
whatever client is made asks it, a client that is started becomes its bot (`Env.restart_bot`), and what comes to a parser is given to
the raw socket's listeners first, as the library's socket does it.

Knows: SimCord's people and places, how the parts are put together. Must not know: how the adapter does anything.
Rules: nothing of ours is replaced, the scorer is a table (it stands for a model); people do only what Discord lets them do, and
SimCord sees to that; Steward's role has the permissions of the invite link and no more; an error that the bot swallowed fails the test.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from tests.platforms.discord.running import BAD, FINE, THREATENING, WAIT_SECONDS, policy, proven

import discord  # isort: skip - running skips where it is not there

from bot.clocks import SystemClock
from bot.communities import Communities, Community, Defaults
from bot.folders import load_sentences
from bot.platforms.discord.doctor import invite
from bot.platforms.discord.platform import Discord
from bot.ports import Platform
from bot.store.records import CaseDetail
from bot.store.store import Store
from tests.shell.branch import TableScorer, _empty_database

simcord: Any = pytest.importorskip("simcord", reason="SimCord is not installed")
transport: Any = pytest.importorskip("simcord.http", reason="SimCord is not installed")

STEWARD, MODERATORS = "TestBot", "Moderators"
"""The bot's role, which SimCord names, and the moderators'."""
ONE_CONNECTION = (1, "wss://simcord.invalid", {"total": 1, "remaining": 1, "reset_after": 0, "max_concurrency": 1})
"""How many connections Discord wants; SimCord has no answer to that."""


def a_way_to(env: Any) -> Callable[..., Any]:
    """What a client of the library asks with."""

    def made(loop: asyncio.AbstractEventLoop, *_: object, **__: object) -> Any:
        http = transport.FakeHTTPClient(env.backend, loop)

        async def get_bot_gateway() -> object:
            return ONE_CONNECTION

        http.get_bot_gateway = get_bot_gateway
        return http

    return made


def aloud(client: discord.Client, name: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
    """A parser whose payload the raw socket's listeners get first."""

    def parsed(data: Any) -> None:
        client.dispatch("socket_raw_receive", json.dumps({"op": 0, "t": name, "s": 1, "d": data}))
        parse(data)

    return parsed


class Branch:
    """One guild, its people, and Steward while it runs."""

    def __init__(self, env: Any, folder: Path) -> None:
        self.env, self.database, self.scorer = env, folder / "steward.db", TableScorer()
        self.scorer.table |= {"donkey": {"insult": 0.9}, "sorry": {"threat": 0.95}}
        self.guild = env.create_guild("Branch")
        self.role = self.guild.create_role(MODERATORS, permissions=discord.Permissions(moderate_members=True))
        own = self.guild.roles[STEWARD]
        (invited,) = parse_qs(urlsplit(invite("1")).query)["permissions"]
        env.backend.edit_role(self.guild.id, own.id, {"permissions": int(invited)})
        unseen, seen = discord.PermissionOverwrite(view_channel=False), discord.PermissionOverwrite(view_channel=True)
        hidden = {self.guild.default_role: unseen, self.role: seen, own: seen}
        self.general = self.guild.create_text_channel("general")
        self.officers = self.guild.create_text_channel("officers", overwrites=hidden)
        self.owner = simcord.MemberActor(env, self.guild, self.guild.owner)
        self.ann, self.bob = self._joins("ann"), self._joins("bob")
        self.morgan, self.robin = self._joins("morgan", self.role), self._joins("robin", self.role)

    def _joins(self, name: str, *roles: Any) -> Any:
        return self.guild.add_member(self.env.create_user(name), roles=roles)

    # Steward

    @contextlib.asynccontextmanager
    async def running(self, defaults: Defaults | None = None) -> AsyncIterator[None]:
        """Start Steward on the same database as before, as a process does, and stop it again."""
        defaults = defaults or Defaults(mode="enforce", escalation_channel="officers", moderator_role=MODERATORS)
        if not self.database.exists():
            self.database.write_bytes(await _empty_database())
        platforms: dict[str, Platform] = {}
        async with contextlib.AsyncExitStack() as stack:
            store = await Store.open(f"sqlite+aiosqlite:///{self.database}")
            stack.push_async_callback(store.close)
            self.communities = Communities(
                store=store, scorer=self.scorer, clock=SystemClock(), sentences=load_sentences(), platforms=platforms,
                defaults=defaults, load_policy=policy, prove=proven,
            )  # fmt: skip
            await stack.enter_async_context(self.communities)
            adapter = Discord(self.communities, token=SecretStr("no.such.token"), pause_seconds_min=0.05)
            platforms[adapter.name] = adapter
            await stack.enter_async_context(self._listening(adapter))
            yield
            await self.community.settle()
            await asyncio.sleep(0.05)  # the outbox ends its round: cut off, it leaves a connection to the database open

    @contextlib.asynccontextmanager
    async def _listening(self, adapter: Discord) -> AsyncIterator[None]:
        attached = asyncio.Event()
        with self._doors(attached):
            listening = asyncio.create_task(adapter.listen())

            def is_live() -> bool:
                if listening.done():
                    listening.result()
                guild = adapter.client().get_guild(self.guild.id) if attached.is_set() else None
                return guild is not None and guild.chunked and not self.community.service.rooms_count("discord")[1]

            try:
                await holds(is_live)
                yield
            finally:
                listening.cancel()
                await asyncio.wait([listening])

    @contextlib.contextmanager
    def _doors(self, attached: asyncio.Event) -> Iterator[None]:
        """Lead the library to SimCord while this is open."""

        async def start(client: discord.Client, token: str, *, reconnect: bool = True) -> None:
            del token, reconnect
            parsers = client._connection.parsers
            parsers.update({name: aloud(client, name, parse) for name, parse in parsers.items()})
            await self.env.restart_bot(client)
            attached.set()
            while not client.is_closed():
                await asyncio.sleep(0.01)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("discord.client.HTTPClient", a_way_to(self.env))
            patched.setattr(discord.Client, "start", start)
            yield

    @property
    def community(self) -> Community:
        """The guild's community, at work."""
        community = self.communities.known("discord", str(self.guild.id))
        assert community is not None, "it is at work"
        return community

    async def case(self, number: int = 1) -> CaseDetail:
        """What is on record about a case."""
        detail = await self.community.detail_of(number)
        assert detail is not None, f"there is a case {number}"
        return detail

    async def done(self, number: int = 1) -> dict[str, str]:
        """What was to be done in a case, and what became of it, once all of it is performed."""
        found: dict[str, str] = {}

        async def is_done() -> bool:
            found.clear()
            found.update({f"{row.action.step} {row.action.kind}": str(row.state) for row in (await self.case(number)).actions})
            return not {"pending", "performing"} & set(found.values())

        await holds(is_done)
        return found

    # What is seen

    def said(self) -> list[str]:
        """What stands in the members' channel."""
        return [one.content for one in self.general.history(viewer=self.robin)]

    def cards(self) -> list[discord.Message]:
        """The cards in the moderators' channel."""
        return [one for one in self.officers.history(viewer=self.robin) if one.embeds]

    def letters(self, member: Any) -> list[discord.Message]:
        """What a member got in direct messages."""
        return [one for one in member.user.dm_channel.history(viewer=member.user) if one.author.bot]

    def muted_until(self, member: Any) -> datetime | None:
        """The end of the member's timeout."""
        until: datetime | None = member.member.timed_out_until
        return until

    async def carded(self, text: str, *, number: int = 1) -> discord.Message:
        """Let Ann say something that a rule forbids; gives the case's card once all is performed."""
        await self.ann.send(self.general, text)
        await holds(lambda: len(self.cards()) == number)
        await self.done(number)
        return self.cards()[-1]


async def holds(condition: Callable[[], bool] | Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so: the outbox works beside what SimCord waits for."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            so = condition()
            if so if isinstance(so, bool) else await so:
                return
            await asyncio.sleep(0.01)


def labels(message: discord.Message) -> list[str]:
    """The buttons under a message."""
    return [
        one.label or ""
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for one in row.children
        if isinstance(one, discord.Button)
    ]


def answered(result: Any) -> str:
    """What somebody was answered, and nobody else saw."""
    assert result.acknowledged
    assert result.ephemeral
    assert not result.deferred
    text: str = result.response.content
    return text


@contextlib.asynccontextmanager
async def in_simcord(folder: Path) -> AsyncIterator[Branch]:
    """A guild that was there before Steward; what the bot swallowed is raised at the end."""
    nobody = discord.Client(intents=discord.Intents(guilds=True))
    async with simcord.run(nobody, settle_timeout=WAIT_SECONDS) as env:
        await env.advance_time((datetime.now(UTC) - env.now()).total_seconds())
        yield Branch(env, folder)


async def decided(who: Any, card: discord.Message, button: str, why: str = "") -> str:
    """Press a button under a card, send the form that it opens; gives the answer."""
    form = await who.click(card, label=button)
    return answered(await who.submit_modal(form, {"why": why}))


async def test_a_breach_is_hidden_muted_told_and_put_before_the_moderators(tmp_path: Path) -> None:
    async with in_simcord(tmp_path) as branch, branch.running():
        await branch.bob.send(branch.general, FINE)
        card = await branch.carded(THREATENING)
        assert branch.said() == [FINE]
        assert await branch.done() == {"1 hide": "done", "1 mute": "done", "1 notify": "done", "1 urgent": "done"}
        until = branch.muted_until(branch.ann)
        assert until is not None
        assert timedelta(hours=23) < until - datetime.now(UTC) <= timedelta(hours=24)
        with pytest.raises(simcord.BackendError, match="Missing Permissions"):
            await branch.ann.send(branch.general, FINE)
        assert {(one.user_id, one.target_id, one.reason) for one in branch.guild.audit_log()} == {
            (branch.env.backend.bot_user.id, branch.ann.id, "Steward, case 1")
        }
        (letter,) = branch.letters(branch.ann)
        assert all(words in letter.content for words in ("You are muted until", "clause 2", branch.general.mention, "/appeal 1"))
        assert labels(letter) == ["Appeal"]
        assert card.content == branch.role.mention
        assert labels(card) == ["Uphold", "Change", "Dismiss", "Show"]
        assert THREATENING in str(card.embeds[0].to_dict())
        assert [thread.name for thread in branch.officers.threads] == ["Case 1"]
        assert not branch.letters(branch.bob)


async def test_a_serious_breach_mutes_for_an_hour_and_calls_nobody(tmp_path: Path) -> None:
    async with in_simcord(tmp_path) as branch, branch.running():
        card = await branch.carded(BAD)
        assert await branch.done() == {"1 escalate": "done", "1 hide": "done", "1 mute": "done", "1 notify": "done"}
        assert branch.said() == []
        until = branch.muted_until(branch.ann)
        assert until is not None
        assert until - datetime.now(UTC) <= timedelta(hours=1)
        assert card.content == ""


async def test_a_reported_message_becomes_a_case_that_does_not_say_who_reported(tmp_path: Path) -> None:
    async with in_simcord(tmp_path) as branch, branch.running():
        message = await branch.ann.send(branch.general, "nobody likes bob's cake")
        form = await branch.bob.context_menu(branch.general, "Report message", message)
        assert "Your report is number 1" in answered(await branch.bob.submit_modal(form, {"why": "it hurts"}))
        await holds(lambda: len(branch.cards()) == 1)
        (card,) = branch.cards()
        shown = str(card.embeds[0].to_dict())
        assert "it hurts" in shown
        assert "cake" in shown
        assert str(branch.bob.id) not in shown
        assert labels(card) == ["Uphold", "Change", "Dismiss", "Show"]
        assert "dismissed" in await decided(branch.morgan, card, "Dismiss", "taste may be discussed")
        await holds(lambda: labels(branch.cards()[0]) == ["Show"])
        assert branch.said() == ["nobody likes bob's cake"]
        assert not branch.letters(branch.ann)


async def test_a_report_in_words_waits_for_the_moderators(tmp_path: Path) -> None:
    async with in_simcord(tmp_path) as branch, branch.running():
        said = await branch.bob.slash(branch.general, "report", what="he shouts in the car park", about=branch.ann)
        assert "Your report is number 1" in answered(said)
        form = await branch.bob.context_menu(branch.general, "Report member", branch.ann)
        assert "Your report is number 2" in answered(await branch.bob.submit_modal(form, {"why": "and on the stairs"}))
        waiting = answered(await branch.morgan.slash(branch.officers, "cases"))
        assert "he shouts in the car park" in waiting
        assert "and on the stairs" in waiting
        assert str(branch.bob.id) not in waiting
        with pytest.raises(simcord.SetupError, match="not visible"):
            await branch.ann.slash(branch.general, "cases")


async def test_a_moderator_decides_by_command(tmp_path: Path) -> None:
    async with in_simcord(tmp_path) as branch, branch.running():
        await branch.carded(THREATENING)
        (choice,) = await branch.morgan.autocomplete(branch.officers, "uphold", "number", "1")
        assert choice["value"] == 1
        said = await branch.morgan.slash(branch.officers, "uphold", number=1, reason="that is a threat")
        assert "Case 1 is upheld" in answered(said)
        await holds(lambda: labels(branch.cards()[0]) == ["Show"])
        await branch.done()
        detail = await branch.case()
        assert (detail.case.decided_by, detail.reason) == (str(branch.morgan.id), "that is a threat")
        assert branch.muted_until(branch.ann) is not None
        assert ["decided: uphold. that is a threat" in one.content for one in branch.officers.threads[0].history()] == [True]


async def test_a_moderator_takes_a_mute_back_by_a_button(tmp_path: Path) -> None:
    async with in_simcord(tmp_path) as branch, branch.running():
        card = await branch.carded(THREATENING)
        assert THREATENING in answered(await branch.morgan.click(card, label="Show"))
        assert "Case 1 is dismissed" in await decided(branch.morgan, card, "Dismiss", "it was a song")
        await holds(lambda: branch.muted_until(branch.ann) is None)
        await holds(lambda: labels(branch.cards()[0]) == ["Show"])
        await branch.done()
        await branch.ann.send(branch.general, FINE)
        assert any("it was a song" in one.content for one in branch.letters(branch.ann))
        with pytest.raises(simcord.SetupError, match="No matching component"):
            await branch.morgan.click(branch.cards()[0], label="Uphold")


async def test_a_muted_member_appeals_and_another_moderator_lifts_the_mute(tmp_path: Path) -> None:
    async with in_simcord(tmp_path) as branch, branch.running():
        card = await branch.carded(THREATENING)
        assert "Case 1 is upheld" in await decided(branch.morgan, card, "Uphold")
        await branch.done()
        form = await branch.ann.user.click(branch.letters(branch.ann)[0], label="Appeal")
        said = answered(await branch.ann.user.submit_modal(form, {"why": "I was quoting a film"}))
        assert "We have your appeal on case 1" in said
        await holds(lambda: labels(branch.cards()[0]) == ["Uphold", "Change", "Dismiss", "Show"])
        assert "quoting a film" in str(branch.cards()[0].embeds[0].to_dict())
        refused = await decided(branch.morgan, branch.cards()[0], "Dismiss")
        assert "another moderator" in refused
        assert branch.muted_until(branch.ann) is not None
        assert "dismissed" in await decided(branch.robin, branch.cards()[0], "Dismiss", "it is from a film")
        await holds(lambda: branch.muted_until(branch.ann) is None)
        await branch.done()
        assert "it is from a film" in branch.letters(branch.ann)[-1].content
        await branch.ann.send(branch.general, FINE)
        assert branch.said() == [FINE]


async def test_a_muted_member_appeals_by_command_in_direct_messages(tmp_path: Path) -> None:
    async with in_simcord(tmp_path) as branch, branch.running():
        await branch.carded(THREATENING)
        with pytest.raises(simcord.SetupError, match="use-application-commands"):
            await branch.ann.slash(branch.general, "appeal", case=1)
        said = await branch.ann.user.slash("appeal", case=1, why="I was quoting a film")
        assert "We have your appeal on case 1" in answered(said)
        assert "Case 1" in answered(await branch.ann.user.slash("mystanding"))


async def test_buttons_from_before_a_restart_work_and_what_was_said_meanwhile_has_a_card_alone(tmp_path: Path) -> None:
    async with in_simcord(tmp_path) as branch:
        async with branch.running():
            card = await branch.carded(THREATENING)
            form = await branch.morgan.click(card, label="Dismiss")
        await branch.bob.send(branch.general, BAD)
        async with branch.running():
            await holds(lambda: len(branch.cards()) == 2)
            assert await branch.done(2) == {"1 escalate": "done"}
            assert branch.said() == [BAD]
            assert THREATENING in answered(await branch.robin.click(card, label="Show"))
            assert "Case 1 is dismissed" in answered(await branch.morgan.submit_modal(form, {"why": "a song"}))
            await holds(lambda: branch.muted_until(branch.ann) is None)
            form = await branch.ann.user.click(branch.letters(branch.ann)[0], label="Appeal")
            assert "Case 1 is closed" in answered(await branch.ann.user.submit_modal(form, {}))


async def test_an_owner_sets_a_server_up_by_commands(tmp_path: Path) -> None:
    async with in_simcord(tmp_path) as branch, branch.running(Defaults()):
        await branch.ann.send(branch.general, BAD)
        await branch.community.settle()
        assert branch.said() == [BAD]
        wanted = {"mode": "enforce", "escalation_channel": branch.officers, "moderator_role": branch.role}
        said = answered(await branch.owner.slash(branch.officers, "steward setup", **wanted))
        assert all(words in said for words in ("Mode: enforce", branch.officers.mention, "2 now"))
        with pytest.raises(simcord.SetupError, match="default-member-permissions"):
            await branch.morgan.slash(branch.officers, "steward mode", mode="shadow")
        await branch.ann.send(branch.general, THREATENING)
        await holds(lambda: branch.said() == [BAD])
        await holds(lambda: len(branch.cards()) == 1)
