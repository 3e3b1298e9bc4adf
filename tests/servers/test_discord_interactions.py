"""Our Discord server as the real client library meets it: interactions, limits, faults, and the transcript against the description."""

import asyncio
import json
import warnings
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    pytest.importorskip("discord", reason="discord.py is not installed")
import aiohttp
import discord

from tests.servers.discord import DiscordServer, Guild, Member, NotAllowedError
from tests.servers.discord.probe import OPENAPI, Buttons, Probe, room, valid
from tests.servers.discord.routes import route

SPECS = pytest.mark.skipif(not OPENAPI.is_file(), reason="../shared/specs/discord/openapi.json is not there")
POLL = {
    "question": {"text": "When?"},
    "answers": [{"answer_id": 1, "poll_media": {"text": "now"}}],
    "allow_multiselect": False,
    "layout_type": 1,
    "results": {"answer_counts": [], "is_finalized": False},
}


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
async def test_every_route_is_documented_and_every_reading_answers_as_described(
    server: DiscordServer, guild: Guild, ann: Member, client: Probe, raw: aiohttp.ClientSession
) -> None:
    document = json.loads(OPENAPI.read_text(encoding="utf-8"))
    assert [one.template for one in route.all if one.method.lower() not in document["paths"].get(one.template, {})] == []
    channel = guild.channel("general")
    message = server.say(channel, ann, "text", poll={**POLL, "expiry": "2030-01-01T00:00:00+00:00"}, stickers=["wave"])
    await room(client, guild).get_partial_message(int(message.id)).add_reaction("👍")
    server.automod(channel, ann, "a bad word", keyword="bad")
    server.time_out(ann, datetime.now(UTC) + timedelta(hours=1), by=guild.member("olive"), reason="by hand")
    thread = await room(client, guild).create_thread(name="Notes", type=discord.ChannelType.private_thread)
    await client.http.edit_channel(thread.id, archived=True)
    params = {
        "guild_id": guild.id, "channel_id": channel.id, "message_id": message.id, "user_id": ann.id, "emoji_name": "👍",
        "rule_id": next(iter(guild.automod_rules)), "application_id": server.bot.id,
    }  # fmt: skip
    read = 0
    for one in route.all:
        if one.method == "GET" and "webhook" not in one.template:
            path = one.template.format(**params)
            query = {"query": "a", "limit": "5"} if path.endswith("search") else {}
            async with raw.get(server.api_url + path, params=query) as answer:
                expected = {403} if "archived/private" in path and "@me" not in path else {400} if "thread-members" in path else {200}
                assert answer.status in expected, (path, await answer.text())
            read += 1
    assert read >= 20
    assert not list(valid(server))


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
