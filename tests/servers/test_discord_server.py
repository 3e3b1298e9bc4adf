"""Our Discord server as the real client library meets it: connecting, messages, threads, members."""

import asyncio
import contextlib
import json
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    pytest.importorskip("discord", reason="discord.py is not installed")
import aiohttp
import discord
from hypothesis import given
from hypothesis import strategies as st

from tests.servers.discord import DiscordServer, Guild, Intent, Member, NotAllowedError, Permission
from tests.servers.discord.permissions import STEWARD
from tests.servers.discord.probe import Probe, intents, room, running, valid
from tests.servers.discord.world import Clock, made_at

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


async def test_nothing_is_missed_while_sockets_drop_and_duplicates_come(server: DiscordServer, guild: Guild, client: Probe) -> None:
    channel = guild.channel("general")
    people = [server.add_member(guild, f"member{number}") for number in range(10)]
    for number in range(200):
        if number % 50 == 25:
            server.drop_socket()
        if number % 40 == 10:
            server.duplicate_next(2)
        server.say(channel, people[number % 10], str(number))
        if number % 10 == 0:
            await asyncio.sleep(0.01)
    await server.holds(lambda: len({one.id for one in client.of("message")}) == 200)
    assert list(dict.fromkeys(one.content for one in client.of("message"))) == [str(number) for number in range(200)]
    assert client.readies == 1
    assert not list(valid(server))


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


async def test_what_is_sent_against_discords_description_is_found(server: DiscordServer, guild: Guild, client: Probe) -> None:
    channel = room(client, guild)
    await channel.send("hello")
    assert not list(valid(server))
    for content in ("x" * 2001, ""):
        with pytest.raises(discord.HTTPException):
            await channel.send(content)
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
