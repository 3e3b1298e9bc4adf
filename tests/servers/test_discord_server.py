"""Our Discord server as the real client library meets it: every flow, every refusal, and the transcript against the description."""

import asyncio
import contextlib
import json
import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    pytest.importorskip("discord", reason="discord.py is not installed")
import aiohttp
import discord
import yarl
from discord import app_commands
from hypothesis import given
from hypothesis import strategies as st

from tests.servers.discord import DiscordServer, Guild, Intent, Member, NotAllowedError, Permission
from tests.servers.discord.permissions import STEWARD
from tests.servers.discord.world import Clock, made_at

OPENAPI = Path(__file__).parents[3] / "shared" / "specs" / "discord" / "openapi.json"
SPECS = pytest.mark.skipif(not OPENAPI.is_file(), reason="../shared/specs/discord/openapi.json is not there")
AUTOMOD = STEWARD | Permission.MANAGE_GUILD


class Form(discord.ui.Modal, title="Appeal"):
    """One question."""

    why: Any = discord.ui.Label(text="Why", component=discord.ui.TextInput(style=discord.TextStyle.paragraph, max_length=200))

    async def on_submit(self, interaction: Any) -> None:
        await interaction.response.send_message(f"heard: {self.why.component.value}", ephemeral=True)


class Buttons(discord.ui.View):
    """A card's buttons, which outlive a restart."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Uphold", custom_id="case:7:uphold")
    async def uphold(self, interaction: Any, _: Any) -> None:
        await interaction.response.edit_message(content="upheld", view=None)

    @discord.ui.button(label="Appeal", custom_id="case:7:appeal")
    async def appeal(self, interaction: Any, _: Any) -> None:
        await interaction.response.send_modal(Form())


class Probe(discord.Client):
    """The real client, which writes down what it was told."""

    def __init__(self, intents: Any, **more: Any) -> None:
        super().__init__(intents=intents, guild_ready_timeout=0.05, **more)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[tuple[str, Any]] = []
        self.readies = self.resumes = 0
        self.task: asyncio.Task[None] | None = None
        add_commands(self.tree)

    async def setup_hook(self) -> None:
        self.add_view(Buttons())
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait the usual five seconds."""

    async def on_ready(self) -> None:
        self.readies += 1

    async def on_resumed(self) -> None:
        self.resumes += 1

    async def on_message(self, message: Any) -> None:
        self.heard.append(("message", message))

    async def on_raw_message_edit(self, payload: Any) -> None:
        self.heard.append(("edit", payload))

    async def on_raw_message_delete(self, payload: Any) -> None:
        self.heard.append(("delete", payload))

    async def on_raw_reaction_add(self, payload: Any) -> None:
        self.heard.append(("reaction", payload))

    async def on_member_join(self, member: Any) -> None:
        self.heard.append(("join", member))

    async def on_automod_action(self, execution: Any) -> None:
        self.heard.append(("automod", execution))

    async def on_audit_log_entry_create(self, entry: Any) -> None:
        self.heard.append(("audit", entry))

    def of(self, kind: str) -> list[Any]:
        return [one for name, one in self.heard if name == kind]


def add_commands(tree: Any) -> None:
    @tree.command(name="report", description="Say that something is wrong")
    async def report(interaction: Any, text: str, about: discord.Member | None = None) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send(f"noted: {text} {about.name if about else ''}", ephemeral=True)

    @tree.command(name="case", description="Show a case")
    async def case(interaction: Any, number: int) -> None:
        await interaction.response.send_message(f"case {number}", ephemeral=True)

    @case.autocomplete("number")
    async def numbers(interaction: Any, current: Any) -> list[Any]:
        return [app_commands.Choice(name=f"case {one}", value=one) for one in (1, 12) if str(one).startswith(str(current))]

    @tree.command(name="slow", description="Answers too late")
    async def slow(interaction: Any) -> None:
        await asyncio.sleep(0)

    @tree.command(name="card", description="Answers in steps")
    async def card(interaction: Any) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.edit_original_response(content="first", view=Buttons())
        private = await interaction.followup.send("second", ephemeral=True, view=Buttons(), wait=True)
        await private.edit(content="third")
        gone = await interaction.followup.send("gone", wait=True)
        await gone.delete()

    @tree.context_menu(name="Report message")
    async def report_message(interaction: Any, message: discord.Message) -> None:
        await interaction.response.send_message(f"reported: {message.content}", ephemeral=True)

    @tree.context_menu(name="Report member")
    async def report_member(interaction: Any, member: discord.Member) -> None:
        await interaction.response.send_message(f"reported: {member.name}", ephemeral=True)

    group = app_commands.Group(name="steward", description="Run Steward", default_permissions=discord.Permissions(manage_guild=True))

    @group.command(name="mode", description="Set the mode")
    @app_commands.choices(mode=[app_commands.Choice(name="shadow", value="shadow")])
    async def mode(interaction: Any, mode: app_commands.Choice[str]) -> None:
        await interaction.response.send_message(f"mode {mode.value}")

    tree.add_command(group)


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as made:
        monkeypatch.setattr(discord.http.Route, "BASE", made.api_url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(made.gateway_url))
        yield made


@pytest.fixture
def guild(server: DiscordServer) -> Guild:
    return server.add_guild(bot_permissions=AUTOMOD)


@pytest.fixture
def ann(server: DiscordServer, guild: Guild) -> Member:
    return server.add_member(guild, "ann")


def intents(**more: bool) -> Any:
    wanted = {"guilds": True, "guild_messages": True, "message_content": True, "members": True, "guild_reactions": True, "moderation": True}
    return discord.Intents(**{**wanted, "auto_moderation_execution": True, "dm_messages": True, **more})


@contextlib.asynccontextmanager
async def running(server: DiscordServer, **more: Any) -> AsyncIterator[Probe]:
    client = Probe(more.pop("intents", None) or intents(), **more)
    client.task = task = asyncio.create_task(client.start(server.token))
    try:
        await server.holds(lambda: client.readies > 0 or task.done(), 10)
        if task.done():
            await task
        yield client
    finally:
        await client.close()
        with contextlib.suppress(BaseException):
            await asyncio.wait_for(task, 2)


@pytest.fixture
async def client(server: DiscordServer, guild: Guild, ann: Member) -> AsyncIterator[Probe]:
    async with running(server) as made:
        yield made


@pytest.fixture
async def raw(server: DiscordServer) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {server.token}"}) as session:
        yield session


def room(client: Probe, guild: Guild, name: str = "general") -> Any:
    return client.get_channel(int(guild.channel(name).id))


def valid(server: DiscordServer) -> Iterator[str]:
    yield from server.checked_against(OPENAPI)


# Connecting


async def test_the_real_client_logs_in_and_sees_the_guild(server: DiscordServer, guild: Guild, client: Probe) -> None:
    found: Any = client.get_guild(int(guild.id))
    assert (found.name, found.member_count, [one.name for one in found.text_channels]) == ("Branch", 3, ["general"])
    assert {one.name for one in found.members} == {"olive", "ann", "Steward"}
    assert [one.path for one in server.exchanges[:2]] == ["/users/@me", "/oauth2/applications/@me"]
    assert server.gateway.sockets[0].heartbeats >= 1
    assert not list(valid(server))


async def test_a_wrong_token_is_a_login_failure(server: DiscordServer) -> None:
    async with Probe(intents()) as client:
        with pytest.raises(discord.LoginFailure):
            await client.login("wrong")


async def test_an_intent_that_is_not_switched_on_closes_with_4014(server: DiscordServer, guild: Guild) -> None:
    server.gateway.allowed = Intent.GUILD_MEMBERS
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(server):
            pass


async def test_the_api_away_at_login_and_a_refused_handshake_end_start(server: DiscordServer, guild: Guild) -> None:
    await server.shut()
    with pytest.raises(aiohttp.ClientError):
        async with running(server):
            pass
    await server.reopen()
    server.refuse_handshakes(1)
    with pytest.raises(AttributeError):  # the library itself stumbles, over the socket that it never had
        async with running(server):
            pass
    async with running(server) as client:
        assert client.readies == 1


async def test_a_dropped_socket_is_resumed_and_nothing_is_missed(server: DiscordServer, guild: Guild, ann: Member, client: Probe) -> None:
    channel = guild.channel("general")
    server.say(channel, ann, "one")
    server.drop_socket()
    server.say(channel, ann, "two")
    await server.holds(lambda: client.resumes == 1)
    server.say(channel, ann, "three")
    await server.holds(lambda: len(client.of("message")) == 3)
    assert [one.content for one in client.of("message")] == ["one", "two", "three"]
    assert client.readies == 1


async def test_op_7_resumes_and_op_9_starts_anew(server: DiscordServer, guild: Guild, client: Probe) -> None:
    server.ask_to_reconnect()
    await server.holds(lambda: client.resumes == 1)
    server.invalidate(resumable=True)
    await server.holds(lambda: client.resumes == 2)
    server.invalidate(resumable=False)
    await server.holds(lambda: client.readies == 2)
    assert server.gateway.identifies == 2


async def test_a_forgotten_session_loses_the_gap(server: DiscordServer, guild: Guild, ann: Member, client: Probe) -> None:
    server.drop_socket()
    server.forget_sessions()
    server.say(guild.channel("general"), ann, "lost")
    await server.holds(lambda: client.readies == 2)
    server.say(guild.channel("general"), ann, "heard")
    await server.holds(lambda: bool(client.of("message")))
    assert [one.content for one in client.of("message")] == ["heard"]
    found = [one async for one in room(client, guild).history(after=discord.Object(0))]
    assert [one.content for one in found] == ["lost", "heard"]


async def test_a_silent_gateway_is_noticed_after_the_heartbeat_timeout(server: DiscordServer, guild: Guild, ann: Member) -> None:
    async with running(server, heartbeat_timeout=0.5) as client:
        server.gateway.heartbeat_seconds = 41.25
        server.go_silent()
        server.say(guild.channel("general"), ann, "unheard until the resume")
        await server.holds(lambda: client.resumes >= 1)
        await server.holds(lambda: len(client.of("message")) == 1)


async def test_a_duplicate_arrives_twice_and_a_malformed_dispatch_ends_the_client(
    server: DiscordServer, guild: Guild, ann: Member, client: Probe
) -> None:
    server.duplicate_next(1)
    server.say(guild.channel("general"), ann, "twice")
    await server.holds(lambda: len(client.of("message")) == 2)
    server.send_raw({"op": 0, "t": "MESSAGE_CREATE", "s": None, "d": {"id": "not a number"}})
    await server.holds(lambda: client.task is not None and client.task.done())
    assert client.task is not None
    assert isinstance(client.task.exception(), (KeyError, ValueError))


async def test_plain_json_and_the_close_codes_of_wrong_clients(server: DiscordServer, guild: Guild) -> None:
    async def closes(*payloads: Any, query: str = "?v=10&encoding=json") -> int | None:
        async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway_url + query) as socket:
            for payload in payloads:
                await socket.send_str(payload if isinstance(payload, str) else json.dumps(payload))
            while (await socket.receive(timeout=5)).type not in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}:
                pass
            return socket.close_code

    me = {"token": server.token, "intents": 1, "properties": {}}
    assert await closes(query="?v=6&encoding=json") == 4012
    assert await closes("{") == 4002
    assert await closes({"op": 3, "d": {}}) == 4003
    assert await closes({"op": 2, "d": {**me, "token": "no"}}) == 4004
    assert await closes({"op": 2, "d": me}, {"op": 2, "d": me}) == 4005
    assert await closes({"op": 2, "d": me}, {"op": 99, "d": {}}) == 4001
    assert await closes({"op": 2, "d": {**me, "shard": [2, 2]}}) == 4010
    assert await closes({"op": 2, "d": {**me, "intents": -1}}) == 4013
    server.gateway.shards_required = 2
    assert await closes({"op": 2, "d": me}) == 4011
    server.gateway.shards_required = 1
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway_url + "?v=10&encoding=json") as socket:
        assert (await socket.receive_json())["op"] == 10
        await socket.send_json({"op": 1, "d": None})
        assert (await socket.receive_json())["op"] == 11
        await socket.send_json({"op": 2, "d": me})
        assert [(await socket.receive_json())["t"] for _ in range(2)] == ["READY", "GUILD_CREATE"]


@given(st.lists(st.integers(min_value=0, max_value=3), min_size=1, max_size=50))
def test_ids_are_unique_and_tell_their_time(steps: list[int]) -> None:
    clock, at, made = Clock(), datetime(2026, 1, 1, tzinfo=UTC), []
    for step in steps:
        at += timedelta(milliseconds=step)
        made.append(clock.new_id(at))
        assert abs(made_at(made[-1]) - at) < timedelta(milliseconds=1)
    assert sorted(set(made), key=int) == made


async def test_shards_hear_their_own_guilds(server: DiscordServer) -> None:
    guilds = [server.add_guild(f"Branch {number}") for number in range(4)]
    for number, one in enumerate(guilds):
        shifted = str((((int(one.id) >> 22) // 2 * 2 + number % 2) << 22) | number)
        del server.world.guilds[one.id]
        one.roles[shifted] = one.roles.pop(one.id)
        one.id = one.roles[shifted].id = shifted
        server.world.guilds[shifted] = one
    server.gateway.shards_required = 2

    class Sharded(discord.AutoShardedClient):
        async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
            """Do not wait."""

    sharded = Sharded(intents=discord.Intents(guilds=True), guild_ready_timeout=0.05)
    task = asyncio.create_task(sharded.start(server.token))
    try:
        await server.holds(lambda: len(sharded.guilds) == 4)
        assert sorted(one.shard_id for one in sharded.guilds) == [0, 0, 1, 1]
    finally:
        await sharded.close()
        with contextlib.suppress(BaseException):
            await asyncio.wait_for(task, 2)


# Messages


async def test_messages_edits_replies_forwards_reactions_and_joins_arrive(
    server: DiscordServer, guild: Guild, ann: Member, client: Probe
) -> None:
    channel = guild.channel("general")
    first = server.say(channel, ann, f"hello {server.bot.mention}", attachments=[{"filename": "a.png", "description": "a picture"}])
    server.say(channel, ann, "an answer", reply_to=first)
    server.say(channel, ann, forward=first)
    await server.holds(lambda: len(client.of("message")) == 3)
    said = client.of("message")
    assert said[0].mentions[0].id == int(server.bot.id)
    assert said[0].attachments[0].description == "a picture"
    assert said[1].reference.resolved.content.startswith("hello")
    assert said[2].message_snapshots[0].content == first.content
    server.edit(first, "hello again")
    server.preview(first, "A page")
    server.react(first, ann, "👍")
    bob = server.add_member(guild, "bob")
    server.say(server.direct_channel(bob), bob, "a direct word")
    server.delete(first)
    await server.holds(lambda: len(client.of("delete")) == 1)
    assert client.of("message")[3].guild is None
    assert [one.data["content"] for one in client.of("edit")] == ["hello again", "hello again"]
    assert str(client.of("reaction")[0].emoji) == "👍"
    assert client.of("join")[0].name == "bob"
    assert not list(valid(server))


async def test_without_the_content_intent_only_own_direct_and_mentioning_texts_are_read(
    server: DiscordServer, guild: Guild, ann: Member
) -> None:
    async with running(server, intents=intents(message_content=False)) as client:
        server.say(guild.channel("general"), ann, "hidden")
        server.say(guild.channel("general"), ann, f"{server.bot.mention} seen")
        server.direct(ann, "seen too")
        await server.holds(lambda: len(client.of("message")) == 3)
        assert [one.content for one in client.of("message")] == ["", f"{server.bot.mention} seen", "seen too"]


async def test_sending_keeps_discords_rules(server: DiscordServer, guild: Guild, client: Probe) -> None:
    channel = room(client, guild)
    with pytest.raises(discord.HTTPException) as refused:
        await channel.send("x" * 2001)
    assert refused.value.code == 50035
    with pytest.raises(discord.HTTPException) as refused:
        await channel.send("")
    assert refused.value.code == 50006
    one = await channel.send("once", nonce="key/1")
    two = await channel.send("once", nonce="key/1")
    assert one.id == two.id
    assert len(server.performed_messages(guild.channel("general"))) == 1
    server.clock.advance(600)
    assert (await channel.send("once", nonce="key/1")).id != one.id
    found = list(valid(server))
    assert len(found) == 2
    assert any("over 2000" in one for one in found)
    assert any("empty" in one for one in found)


async def test_history_is_paged_newest_first_and_empty_without_permission(
    server: DiscordServer, guild: Guild, ann: Member, client: Probe, raw: aiohttp.ClientSession
) -> None:
    channel = guild.channel("general")
    said = [server.say(channel, ann, str(number)) for number in range(130)]
    url = f"{server.api_url}/channels/{channel.id}/messages"
    async with raw.get(url, params={"after": said[9].id, "limit": 100}) as answer:
        assert answer.headers["Content-Type"] == "application/json"
        assert [one["content"] for one in await answer.json()] == [str(number) for number in range(109, 9, -1)]
    async with raw.get(url, params={"limit": 101}) as answer:
        assert answer.status == 400
    assert len([one async for one in room(client, guild).history(limit=None, after=discord.Object(int(said[9].id)))]) == 120
    server.set_overwrite(channel, guild.role("@everyone"), deny=Permission.READ_MESSAGE_HISTORY)
    server.set_permissions(guild.role("Steward"), guild, STEWARD & ~Permission.READ_MESSAGE_HISTORY)
    async with raw.get(url) as answer:
        assert (answer.status, await answer.json()) == (200, [])
    server.set_overwrite(channel, guild.role("@everyone"), deny=Permission.VIEW_CHANNEL)
    async with raw.get(url) as answer:
        assert (answer.status, (await answer.json())["code"]) == (403, 50001)


async def test_deleting_one_and_many(server: DiscordServer, guild: Guild, ann: Member, client: Probe) -> None:
    channel = guild.channel("general")
    one, two, three = (server.say(channel, ann, text) for text in ("1", "2", "3"))
    old = server.say(channel, ann, "old", sent_at=datetime.now(UTC) - timedelta(days=15))
    await client.http.delete_message(int(channel.id), int(one.id), reason="a breach of clause 2")
    await server.holds(lambda: bool(client.of("audit")))
    assert client.of("audit")[0].reason == "a breach of clause 2"
    with pytest.raises(discord.NotFound):
        await client.http.delete_message(int(channel.id), int(one.id))
    with pytest.raises(discord.HTTPException) as refused:
        await client.http.delete_message(int(channel.id), int(two.id), reason="x" * 513)
    assert refused.value.status == 400
    for ids, code in (([two.id], 50016), ([two.id, old.id], 50034)):
        with pytest.raises(discord.HTTPException) as refused:
            await client.http.delete_messages(int(channel.id), [int(each) for each in ids])
        assert refused.value.code == code
    await room(client, guild).delete_messages([discord.Object(int(two.id)), discord.Object(int(three.id))])
    assert list(channel.messages) == [old.id]
    server.set_permissions(guild.role("Steward"), guild, STEWARD & ~Permission.MANAGE_MESSAGES)
    with pytest.raises(discord.Forbidden) as forbidden:
        await client.http.delete_message(int(channel.id), int(old.id))
    assert forbidden.value.code == 50013


async def test_timeouts_have_their_limits(server: DiscordServer, guild: Guild, ann: Member, client: Probe) -> None:
    there: Any = client.get_guild(int(guild.id))
    member = there.get_member(int(ann.id))
    await member.timeout(timedelta(days=28), reason="two strikes")
    assert ann.timed_out_until is not None
    await server.holds(member.is_timed_out)
    with pytest.raises(NotAllowedError):
        server.say(guild.channel("general"), ann, "may I?")
    with pytest.raises(NotAllowedError):
        server.interact(ann, "case", {"number": 1})
    assert server.direct(ann, "directly I may").content
    await member.timeout(None)
    server.say(guild.channel("general"), ann, "free")
    with pytest.raises(discord.HTTPException) as refused:
        await member.timeout(timedelta(days=28, minutes=1))
    assert refused.value.code == 50035
    boss = server.add_member(guild, "boss", server.add_role(guild, "Chair", Permission.ADMINISTRATOR))
    peer = server.add_member(guild, "peer", server.add_role(guild, "Above", position=11))
    for one in (guild.member("olive"), boss, peer):
        with pytest.raises(discord.Forbidden):
            await client.http.edit_member(
                guild.id, one.id, communication_disabled_until=(datetime.now(UTC) + timedelta(hours=1)).isoformat()
            )
    server.set_permissions(guild.role("Steward"), guild, STEWARD & ~Permission.MODERATE_MEMBERS)
    with pytest.raises(discord.Forbidden):
        await member.timeout(timedelta(hours=1))


async def test_direct_messages_arrive_or_are_refused(server: DiscordServer, guild: Guild, ann: Member, client: Probe) -> None:
    shy = server.add_member(guild, "shy", takes_direct_messages=False)
    there: Any = client.get_guild(int(guild.id))
    await there.get_member(int(ann.id)).send("your notice")
    assert [one.content for one in server.performed_messages(server.direct_channel(ann))] == ["your notice"]
    await server.holds(lambda: there.get_member(int(shy.id)) is not None)
    with pytest.raises(discord.Forbidden) as refused:
        await there.get_member(int(shy.id)).send("your notice")
    assert refused.value.code == 50007
    server.fail_next("POST", "/users/@me/channels", 400, code=40003)
    with pytest.raises(discord.HTTPException) as too_fast:
        await client.http.start_private_message(int(shy.id))
    assert too_fast.value.code == 40003
    assert not list(valid(server))


async def test_threads_private_and_from_a_message(server: DiscordServer, guild: Guild, ann: Member, client: Probe) -> None:
    channel = room(client, guild)
    thread = await channel.create_thread(name="A notice for ann", type=discord.ChannelType.private_thread, invitable=False)
    await thread.add_user(discord.Object(int(ann.id)))
    await thread.send("your notice")
    made = guild.channel("A notice for ann")
    assert ann.id in made.thread_members
    server.say(made, ann, "thank you")
    await server.holds(lambda: any(one.content == "thank you" for one in client.of("message")))
    bob = server.add_member(guild, "bob")
    with pytest.raises(NotAllowedError):
        server.say(made, bob, "let me in")
    await thread.edit(archived=True)
    await thread.send("open again")
    assert not made.archived
    server.set_permissions(guild.role("Steward"), guild, STEWARD & ~Permission.CREATE_PRIVATE_THREADS)
    with pytest.raises(discord.Forbidden):
        await channel.create_thread(name="no", type=discord.ChannelType.private_thread)
    card = await channel.send("a card")
    discussion = await card.create_thread(name="Case 7")
    assert discussion.id == card.id
    with pytest.raises(discord.HTTPException) as refused:
        await client.http.start_thread_with_message(channel.id, card.id, name="again", auto_archive_duration=60)
    assert refused.value.code == 160004
    assert not list(valid(server))


async def test_slow_mode_holds_a_bot_without_the_permission(server: DiscordServer, client: Probe, guild: Guild) -> None:
    server.set_permissions(guild.role("Steward"), guild, STEWARD & ~Permission.BYPASS_SLOWMODE)
    slow = server.add_channel(guild, "slow", slow_mode_seconds=1)
    await server.holds(lambda: client.get_channel(int(slow.id)) is not None)
    await room(client, guild, "slow").send("one")
    await room(client, guild, "slow").send("two")
    assert [one.status for one in server.requests("POST", f"/channels/{slow.id}/messages")] == [200, 429, 200]


async def test_automod_says_one_thing_per_action(server: DiscordServer, guild: Guild, ann: Member, client: Probe) -> None:
    assert server.automod(guild.channel("general"), ann, "a bad word", keyword="bad", actions=("block", "alert")) is None
    await server.holds(lambda: len(client.of("automod")) == 2)
    assert {one.message_id for one in client.of("automod")} == {None}
    message = server.automod(guild.channel("general"), ann, "a bad word", keyword="bad", actions=("timeout",))
    assert message is not None
    await server.holds(lambda: len(client.of("automod")) == 3)
    assert client.of("automod")[2].message_id == int(message.id)
    server.set_permissions(guild.role("Steward"), guild, STEWARD)
    server.clock.advance(120)
    server.automod(guild.channel("general"), ann, "a bad word", keyword="bad")
    server.say(guild.channel("general"), ann, "last")
    await server.holds(lambda: any(one.content == "last" for one in client.of("message")))
    assert len(client.of("automod")) == 3, "without MANAGE_GUILD Discord says nothing of AutoMod"


# Interactions


async def test_commands_menus_and_completion(server: DiscordServer, guild: Guild, ann: Member, client: Probe) -> None:
    report = await server.interact(ann, "report", {"text": "look", "about": guild.member("olive")}).answer()
    assert (report.text, report.is_private) == ("noted: look olive", True)
    message = server.say(guild.channel("general"), ann, "a text")
    assert (await server.interact(ann, "Report message", target=message).answer()).text == "reported: a text"
    assert (await server.interact(ann, "Report member", target=guild.member("olive")).answer()).text == "reported: olive"
    assert (await server.complete(ann, "case", "number", "1").answer()).choices == [
        {"name": "case 1", "value": 1}, {"name": "case 12", "value": 12},
    ]  # fmt: skip
    with pytest.raises(NotAllowedError):
        server.interact(ann, "steward mode", {"mode": "shadow"})
    olive = guild.member("olive")
    mode = await server.interact(olive, "steward mode", {"mode": "shadow"}).answer()
    assert (mode.text, mode.is_private) == ("mode shadow", False)
    direct = await server.interact(ann.account, "case", {"number": 3}).answer()
    assert direct.text == "case 3"
    for options in ({}, {"number": "three"}, {"number": 1, "more": 2}):
        with pytest.raises(NotAllowedError):
            server.interact(ann, "case", options)
    assert not list(valid(server))


async def test_a_cards_buttons_and_its_form(server: DiscordServer, guild: Guild, ann: Member, client: Probe) -> None:
    embed = discord.Embed(title="Case 7", description="words")
    embed.add_field(name="Rule", value="insult")
    await room(client, guild).send(embed=embed, view=Buttons())
    card = server.performed_messages(guild.channel("general"))[0]
    form = await server.press(ann, card, "Appeal").answer()
    with pytest.raises(NotAllowedError):
        server.submit(ann, form, {"Why": "x" * 201})
    sent = await server.submit(ann, form, {"Why": "it was a quotation"}).answer()
    assert (sent.text, sent.is_private) == ("heard: it was a quotation", True)
    upheld = await server.press(ann, card, "case:7:uphold").answer()
    assert (upheld.original, card.content, card.buttons) == (card, "upheld", [])
    with pytest.raises(NotAllowedError):
        server.press(ann, card, "Uphold")
    assert not list(valid(server))


async def test_answers_are_changed_and_taken_back_and_private_ones_have_buttons_too(
    server: DiscordServer, guild: Guild, ann: Member, client: Probe
) -> None:
    card = server.interact(ann, "card")
    await server.requested("DELETE", "/webhooks/**")
    first, second, gone = card.messages
    assert (first.content, first.is_ephemeral, second.content, second.is_ephemeral) == ("first", False, "third", True)
    assert list(guild.channel("general").messages) == [first.id]
    assert gone.id not in guild.channel("general").messages
    pressed = await server.press(ann, second, "Uphold").answer()
    assert (pressed.is_private, second.content, second.buttons) == (True, "upheld", [])
    assert not list(valid(server))


async def test_an_interaction_is_answered_once_in_time(
    server: DiscordServer, guild: Guild, ann: Member, client: Probe, raw: aiohttp.ClientSession
) -> None:
    async def post(path: str, body: Any) -> tuple[int, int]:
        async with raw.post(server.api_url + path, json=body) as answer:
            return answer.status, (await answer.json())["code"] if answer.status >= 400 else 0

    def callback(one: Any) -> str:
        return f"/interactions/{one.id}/{one.token}/callback"

    say = {"type": 4, "data": {"content": "hello", "flags": 64}}
    late = server.interact(ann, "slow")
    hook = f"/webhooks/{server.bot.id}/{late.token}"
    assert await post(hook, {"content": "too early"}) == (404, 10015)
    server.clock.advance(3.1)
    assert await post(callback(late), say) == (404, 10062)
    once = server.interact(ann, "slow")
    assert await post(callback(once), {"type": 8}) == (400, 50035)
    assert await post(callback(once), {"type": 5, "data": {"flags": 64}}) == (204, 0)
    assert await post(callback(once), say) == (400, 40060)
    assert not once.is_answered
    hook = f"/webhooks/{server.bot.id}/{once.token}"
    assert await post(hook, {"content": "at last"}) == (200, 0)
    assert (once.text, once.followups, once.is_private) == ("at last", [], True)
    server.clock.advance(15 * 60)
    assert await post(hook, {"content": "too late"}) == (401, 50027)


# Limits and faults


async def test_buckets_and_each_scope_of_429(server: DiscordServer, guild: Guild, client: Probe, raw: aiohttp.ClientSession) -> None:
    url = f"/channels/{guild.channel('general').id}/messages"
    server.limits.set("POST", "/channels/*/messages", 2, 0.3)
    for number in range(3):
        await room(client, guild).send(str(number))
    left = [one.answer_headers["X-RateLimit-Remaining"] for one in server.requests("POST", url)]
    assert left == ["1", "0", "1"], "the library waits by itself when the bucket is empty"
    for scope in ("user", "shared", "global"):
        server.limit_next("POST", url, scope, 0.05)
        await room(client, guild).send(scope)
        limited = [one for one in server.requests("POST", url) if one.status == 429][-1]
        assert limited.answer_headers["X-RateLimit-Scope"] == scope
        assert limited.answer["global"] is (scope == "global")
        assert "Via" in limited.answer_headers
    assert server.limits.count_invalid(server.clock.now()) == 2, "a shared 429 does not count"
    server.limit_next("POST", url, from_proxy=True)
    with pytest.raises(discord.HTTPException):
        await room(client, guild).send("banned")
    assert not list(valid(server))


async def test_planned_failures(server: DiscordServer, guild: Guild, client: Probe) -> None:
    channel = room(client, guild)
    server.fail_next("POST", "/channels/*/messages", 503)
    with pytest.raises(discord.DiscordServerError):
        await channel.send("not tried again")
    server.fail_next("POST", "/channels/*/messages", ConnectionResetError)
    with pytest.raises((aiohttp.ClientError, OSError)):
        await channel.send("not tried again either")
    server.fail_next("POST", "/channels/*/messages", TimeoutError)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(channel.send("never answered"), 0.2)
    assert server.performed_messages(guild.channel("general")) == []
    server.fail_next("POST", "/channels/*/messages", 503, performed=True)
    with pytest.raises(discord.DiscordServerError):
        await channel.send("done all the same", nonce="7")
    await channel.send("done all the same", nonce="7")
    assert [one.content for one in server.performed_messages(guild.channel("general"))] == ["done all the same"]
    assert not list(valid(server))


async def test_ten_thousand_refusals_ban_the_address(server: DiscordServer, guild: Guild, raw: aiohttp.ClientSession) -> None:
    server.limits.invalid_max = 3
    for _ in range(3):
        async with raw.get(f"{server.api_url}/users/@me", headers={"Authorization": "Bot wrong"}) as answer:
            assert answer.status == 401
    async with raw.get(f"{server.api_url}/users/@me") as answer:
        assert (answer.status, answer.content_type, answer.headers.get("Via")) == (429, "text/html", None)


# The checker


@SPECS
async def test_planted_mistakes_are_caught(server: DiscordServer, guild: Guild, ann: Member, client: Probe) -> None:
    card = await room(client, guild).send("a card", view=Buttons())
    server.say(guild.channel("general"), ann, "text")
    await client.http.delete_message(card.channel.id, card.id)
    await server.interact(ann, "case", {"number": 3}).answer()
    await server.holds(lambda: len(client.of("message")) == 2)
    assert not list(valid(server))
    send = server.requests("POST", "/channels/*/messages")[0]
    sync = server.requests("PUT", "/applications/*/commands")[0]
    answered = server.requests("POST", "/interactions/**")[0]
    planted = {
        "unknown field 'contnet'": replace(send, body={"contnet": "x", "content": "x"}),
        "body embeds": replace(send, body={"embeds": "none"}),
        "over 2000": replace(send, body={"content": "x" * 2001}),
        "the message is empty": replace(send, body={"content": " "}),
        "'id' is a required property": replace(send, answer={key: value for key, value in send.answer.items() if key != "id"}),
        "answer 200 timestamp": replace(send, answer={**send.answer, "timestamp": 7}),
        "not documented": replace(send, status=302),
        "no such call": replace(send, path="/channels/1/mesages", template=""),
        "unknown 'limits'": replace(send, method="GET", body=None, query={"limits": "5"}, answer=[]),
        "at most 100": replace(send, method="GET", body=None, query={"limit": "101"}, answer=[]),
        "no name for a command": replace(sync, body=[{**sync.body[0], "name": "Report it"}]),
        "body as a whole": replace(answered, body={"type": 99}),
        "answered 204 with a body": replace(answered, status=204, answer={}),
    }
    for words, exchange in planted.items():
        server.exchanges[:] = [exchange]
        assert any(words in one for one in valid(server)), (words, list(valid(server)))
    server.exchanges.clear()
    broken = next(one for one in server.gateway.log if isinstance(one.payload, dict) and one.payload.get("t") == "MESSAGE_CREATE")
    server.gateway.log[:] = [replace(broken, payload={**broken.payload, "d": {**broken.payload["d"], "author": None}})]
    assert any("MESSAGE_CREATE" in one for one in valid(server))
