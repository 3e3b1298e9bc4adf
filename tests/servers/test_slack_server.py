"""Our Slack server as the real libraries meet it: connecting, messages, threads, direct messages."""

import asyncio
from typing import Any

import pytest

pytest.importorskip("slack_bolt", reason="slack-bolt is not installed")
import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.servers.slack import Member, SlackServer
from tests.servers.slack.probe import CARD, Probe, listening, running


@pytest.fixture
def api(slack: SlackServer) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


# Connecting


async def test_the_real_library_connects_and_hears_messages(slack: SlackServer, dana: Member, bolt: Probe) -> None:
    dana.says(slack.general, "hello")
    await slack.holds(lambda: bolt.texts == ["hello"])
    said = bolt.of("message")[0]
    assert (said["user"], said["channel"], said["channel_type"]) == (dana.id, slack.general.id, "channel")
    assert slack.calls("apps.connections.open")[0].token == slack.app_token
    assert slack.sockets.handshakes[0][1] == 101
    await slack.settled()
    assert slack.deliveries.all[0].acknowledged


async def test_the_same_events_come_by_signed_http(slack: SlackServer, dana: Member) -> None:
    async with listening(slack) as probe:
        dana.says(slack.general, "hello")
        await slack.holds(lambda: probe.texts == ["hello"])
        await slack.settled()
        assert slack.deliveries.all[0].acknowledged
        assert probe.retries == ["none"]


async def test_http_with_a_wrong_or_old_signature_is_refused_by_the_library(slack: SlackServer, dana: Member) -> None:
    async with listening(slack) as probe:
        assert slack.signed is not None
        slack.signed.stale_seconds = 600
        dana.says(slack.general, "old")
        await slack.settled()
        assert slack.signed.statuses == [401, 401, 401, 401]
        assert slack.deliveries.all[0].is_lost
        slack.signed.stale_seconds = 0
        slack.signed._secret = "another"
        dana.says(slack.general, "forged")
        await slack.settled()
        assert probe.texts == []


async def test_several_sockets_share_the_events(slack: SlackServer, dana: Member, bolt: Probe) -> None:
    async with running(slack) as other:
        await slack.connected(2)
        for number in range(10):
            dana.says(slack.general, str(number))
        await slack.holds(lambda: len(bolt.texts) + len(other.texts) == 10)
        assert sorted([*bolt.texts, *other.texts]) == sorted(str(number) for number in range(10))
        assert bolt.texts
        assert other.texts


async def test_an_eleventh_socket_is_told_that_there_are_too_many(slack: SlackServer) -> None:
    async with aiohttp.ClientSession() as session:
        sockets = [await session.ws_connect(slack.sockets.new_url()) for _ in range(10)]
        await slack.connected(10)
        extra = await session.ws_connect(slack.sockets.new_url())
        assert (await extra.receive_json())["reason"] == "too_many_websockets"
        for one in [*sockets, extra]:
            await one.close()


async def test_a_ticket_opens_one_socket_once(slack: SlackServer, api: AsyncWebClient) -> None:
    url = (await api.apps_connections_open(app_token=slack.app_token))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as first:
            assert (await first.receive_json())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)
    assert [status for _, status in slack.sockets.handshakes] == [101, 408]


async def test_a_dropped_socket_is_opened_again(slack: SlackServer, dana: Member, bolt: Probe) -> None:
    slack.drop_socket()
    await slack.connected()
    dana.says(slack.general, "after")
    await slack.holds(lambda: bolt.texts == ["after"])
    assert len(slack.calls("apps.connections.open")) == 2


async def test_a_closed_socket_is_opened_again(slack: SlackServer, dana: Member, bolt: Probe) -> None:
    await slack.close_socket(1001)
    await slack.holds(lambda: slack.sockets.made == 2)
    await slack.connected()
    dana.says(slack.general, "after")
    await slack.holds(lambda: bolt.texts == ["after"])


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_a_disconnect_message_makes_the_library_renew_its_socket(slack: SlackServer, dana: Member, bolt: Probe, reason: str) -> None:
    slack.ask_to_reconnect(reason)
    await slack.holds(lambda: slack.sockets.made == 2)
    await slack.connected()
    dana.says(slack.general, "after")
    await slack.holds(lambda: bolt.texts == ["after"])


async def test_a_silent_socket_is_noticed(slack: SlackServer, dana: Member, bolt: Probe) -> None:
    slack.go_silent()
    await slack.holds(lambda: slack.sockets.made >= 2)
    slack.clear_faults()
    await slack.holds(lambda: bool(slack.sockets.open))
    dana.says(slack.general, "after")
    await slack.holds(lambda: bolt.texts == ["after"])


async def test_the_server_away_and_back(slack: SlackServer, dana: Member, bolt: Probe) -> None:
    await slack.shut()
    await asyncio.sleep(0.05)
    await slack.reopen()
    await slack.connected()
    dana.says(slack.general, "after")
    await slack.holds(lambda: bolt.texts == ["after"])


async def test_nothing_is_missed_while_acks_are_lost_duplicates_come_and_one_of_two_sockets_drops(slack: SlackServer, bolt: Probe) -> None:
    slack.deliveries.ack_seconds = 0.2
    people = [slack.add_member(f"member{number}") for number in range(5)]
    async with running(slack) as other:
        await slack.connected(2)
        for number in range(100):
            if number == 50:
                slack.drop_socket(1)
            slack.lose_acks(number % 10 == 3)
            slack.duplicate_next(number % 10 == 7)
            people[number % 5].says(slack.general, str(number))
            await asyncio.sleep(0.001)
        await slack.settled()
        seen = {one["event_id"] for probe in (bolt, other) for one in probe.of("body")}
        assert len(seen) == 100
        assert {*bolt.texts, *other.texts} == {str(number) for number in range(100)}
        assert len(bolt.texts) + len(other.texts) > 100


# Messages


async def test_edits_deletions_reactions_and_joins_arrive(slack: SlackServer, dana: Member, bolt: Probe) -> None:
    first = dana.says(slack.general, "one")
    dana.edits(first, "two")
    dana.deletes(first)
    second = dana.says(slack.general, "see <https://example.org/a>")
    dana.unfurls(second, "A page", "with words")
    dana.reacts(second, "thumbsdown")
    room = slack.add_channel("council")
    dana.joins(room)
    await slack.holds(lambda: len(bolt.of("member_joined_channel")) == 1 and len(bolt.of("message")) == 6)
    by_kind = {one.get("subtype"): one for one in bolt.of("message")}
    changed = [one for one in bolt.of("message") if one.get("subtype") == "message_changed"]
    edit = next(one for one in changed if "edited" in one["message"])
    assert (edit["message"]["text"], edit["previous_message"]["text"]) == ("two", "one")
    assert by_kind["message_deleted"]["previous_message"]["text"] == "two"
    unfurl = next(one for one in changed if "edited" not in one["message"])
    assert unfurl["message"]["attachments"][0]["title"] == "A page"
    assert bolt.of("reaction_added")[0]["item"]["ts"] == second.ts
    assert by_kind["channel_join"]["user"] == dana.id


async def test_a_deleted_parent_leaves_a_tombstone(slack: SlackServer, dana: Member, bolt: Probe, api: AsyncWebClient) -> None:
    parent = dana.says(slack.general, "parent")
    dana.replies(parent, "reply")
    dana.deletes(parent)
    await slack.holds(lambda: len(bolt.of("message")) == 3)
    changed = next(one for one in bolt.of("message") if one.get("subtype") == "message_changed")
    assert changed["message"]["subtype"] == "tombstone"
    assert changed["previous_message"]["text"] == "parent"
    shown = (await api.conversations_history(channel=slack.general.id))["messages"]
    assert [one.get("subtype") for one in shown] == ["tombstone"]


async def test_files_shared_messages_and_broadcasts_arrive(slack: SlackServer, dana: Member, bolt: Probe) -> None:
    room = slack.add_channel("council", dana)
    dana.says(slack.general, "", files=[{"name": "list.txt", "title": "A list of traitors"}])
    first = dana.says(slack.general, "one")
    dana.shares(first, room, "look at this")
    dana.replies(first, "also for the channel", broadcast=True)
    await slack.holds(lambda: len(bolt.of("message")) == 4)
    by_kind = {(one.get("subtype"), one["channel"]): one for one in bolt.of("message")}
    assert by_kind["file_share", slack.general.id]["files"][0]["title"] == "A list of traitors"
    shared = by_kind[None, room.id]["attachments"][0]
    assert (shared["text"], shared["is_share"], shared["author_id"]) == ("one", True, dana.id)
    broadcast = by_kind["thread_broadcast", slack.general.id]
    assert (broadcast["thread_ts"], broadcast["root"]["text"]) == (first.ts, "one")


async def test_what_the_bot_says_is_an_event_too_and_bolt_ignores_it(
    slack: SlackServer, dana: Member, bolt: Probe, api: AsyncWebClient
) -> None:
    await api.chat_postMessage(channel=slack.general.id, text="from the bot")
    dana.says(slack.general, "from dana")
    await slack.holds(lambda: bolt.texts == ["from dana"])
    await slack.settled()
    assert [one.acknowledged for one in slack.deliveries.all] == [True, True]


async def test_typed_text_arrives_escaped_with_its_links_and_mentions(slack: SlackServer, dana: Member, bolt: Probe) -> None:
    dana.says(slack.general, f"I <3 {slack.owner.mention} & https://example.org/a?b=1&c=2, see party.org.")
    await slack.holds(lambda: len(bolt.texts) == 1)
    link = "<https://example.org/a?b=1&amp;c=2>"
    assert bolt.texts == [f"I &lt;3 {slack.owner.mention} &amp; {link}, see <http://party.org|party.org>."]
    elements = bolt.of("message")[0]["blocks"][0]["elements"][0]["elements"]
    assert [one["type"] for one in elements] == ["text", "user", "text", "link", "text", "link", "text"]
    assert (elements[0]["text"], elements[3]["url"]) == ("I <3 ", "https://example.org/a?b=1&c=2")


async def test_other_apps_bots_are_heard_and_can_be_told(slack: SlackServer, dana: Member, bolt: Probe, api: AsyncWebClient) -> None:
    other = slack.add_bot("weather", slack.general)
    other.says(slack.general, "rain")
    await slack.holds(lambda: bolt.texts == ["rain"])
    said = bolt.of("message")[0]
    assert (said["bot_id"], said["app_id"]) == (other.user.bot_id, other.user.app_id)
    assert await refusal(api.conversations_open(users=other.id)) == "invalid_user_combination"


async def test_the_app_hears_only_where_its_bot_is_and_with_the_scope(slack: SlackServer, dana: Member, bolt: Probe) -> None:
    elsewhere = slack.add_channel("elsewhere", dana, with_bot=False)
    private = slack.add_channel("council", dana, private=True)
    dana.says(elsewhere, "unheard")
    slack.set_scopes(without="groups:history")
    dana.says(private, "unheard")
    slack.set_scopes(also="groups:history")
    dana.says(private, "heard")
    await slack.holds(lambda: bolt.texts == ["heard"])


async def test_posting_changing_and_deleting_keep_slacks_rules(slack: SlackServer, dana: Member, api: AsyncWebClient) -> None:
    general = slack.general.id
    posted = await api.chat_postMessage(channel=general, text="Case 7", blocks=CARD)
    ts = posted["ts"]
    assert posted["message"]["bot_id"] == slack.bot.bot_id
    await api.chat_update(channel=general, ts=ts, text="upheld")
    message = slack.general.messages[ts]
    assert (message.text, message.blocks, message.edited_ts != "") == ("upheld", [], True)
    theirs = dana.says(slack.general, "mine")
    assert await refusal(api.chat_delete(channel=general, ts=theirs.ts)) == "cant_delete_message"
    assert await refusal(api.chat_update(channel=general, ts=theirs.ts, text="x")) == "cant_update_message"
    await api.chat_delete(channel=general, ts=ts)
    assert await refusal(api.chat_delete(channel=general, ts=ts)) == "message_not_found"
    assert await refusal(api.chat_postMessage(channel="C0NOWHERE", text="x")) == "channel_not_found"
    elsewhere = slack.add_channel("elsewhere", with_bot=False)
    assert await refusal(api.chat_postMessage(channel=elsewhere.id, text="x")) == "not_in_channel"
    slack.archive(elsewhere)
    assert await refusal(api.chat_postMessage(channel=elsewhere.id, text="x")) == "is_archived"
    assert await refusal(api.chat_postMessage(channel=general, text="x", thread_ts="1.000000")) == "cannot_reply_to_message"


async def test_an_admins_user_token_deletes_what_the_admin_sees(slack: SlackServer, dana: Member) -> None:
    admin = slack.add_member("ada", is_admin=True)
    user = AsyncWebClient(token=slack.add_admin_token(admin), base_url=slack.api_url)
    said = dana.says(slack.general, "vile")
    await user.chat_delete(channel=slack.general.id, ts=said.ts)
    assert slack.general.message(said.ts) is None
    private = slack.add_channel("council", dana, private=True)
    hidden = dana.says(private, "vile")
    assert await refusal(user.chat_delete(channel=private.id, ts=hidden.ts)) == "channel_not_found"
    plain = AsyncWebClient(token=slack.add_admin_token(dana, text="xoxp-plain"), base_url=slack.api_url)
    other = admin.says(slack.general, "fine")
    assert await refusal(plain.chat_delete(channel=slack.general.id, ts=other.ts)) == "cant_delete_message"
    slack.world.restricted.add("delete")
    assert await refusal(user.chat_delete(channel=slack.general.id, ts=dana.says(slack.general, "y").ts)) == "cant_delete_message"


async def test_direct_messages_are_opened_once_and_read(slack: SlackServer, dana: Member, bolt: Probe, api: AsyncWebClient) -> None:
    opened = await api.conversations_open(users=dana.id)
    again = await api.conversations_open(users=[dana.id], return_im=True)
    assert again["already_open"]
    assert again["channel"]["id"] == opened["channel"]["id"] == dana.direct.id
    await api.chat_postMessage(channel=opened["channel"]["id"], text="your notice")
    assert dana.dm_texts == ["your notice"]
    dana.writes_to_bot("why?")
    await slack.holds(lambda: bolt.texts == ["why?"])
    assert bolt.of("message")[0]["channel_type"] == "im"
    slack.deactivate(dana)
    assert await refusal(api.conversations_open(users=dana.id)) == "user_disabled"
    assert await refusal(api.conversations_open(users="U0NOBODY")) == "user_not_found"


async def test_ephemerals_are_seen_by_one_and_kept_by_nobody(slack: SlackServer, dana: Member, api: AsyncWebClient) -> None:
    await api.chat_postEphemeral(channel=slack.general.id, user=dana.id, text="only you")
    assert dana.ephemeral_texts == ["only you"]
    assert slack.owner.ephemerals == []
    assert (await api.conversations_history(channel=slack.general.id))["messages"] == []
    room = slack.add_channel("council")
    assert await refusal(api.chat_postEphemeral(channel=room.id, user=dana.id, text="x")) == "user_not_in_channel"
