"""The traps of slack-bolt and slack_sdk, each as the library falls into it, and the way around it that Steward takes.

Each test is named after a line of the table of traps; what it shows is the library's behaviour, not ours.
"""

import asyncio
from typing import Any

import pytest

pytest.importorskip("slack_bolt", reason="slack-bolt is not installed")
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler, AsyncServerErrorRetryHandler
from slack_sdk.http_retry.builtin_interval_calculators import FixedValueRetryIntervalCalculator
from slack_sdk.web.async_client import AsyncWebClient

from tests.servers.faults import EVERY
from tests.servers.slack import Member, SlackServer
from tests.servers.slack.probe import QUIET, Probe, listening, running


@pytest.fixture
def api(slack: SlackServer) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, logger=QUIET)


def bare(slack: SlackServer, **more: Any) -> AsyncApp:
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, logger=QUIET)
    return AsyncApp(client=client, logger=QUIET, **more)


# An event is acknowledged before it is safe


async def test_an_event_is_acknowledged_before_its_listener_runs_and_a_crash_loses_it(slack: SlackServer, dana: Member) -> None:
    app, tried = bare(slack), []

    @app.event("message")
    async def message(event: Any) -> None:
        tried.append(event["text"])
        raise RuntimeError

    handler: Any = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()
    dana.says(slack.general, "lost in the listener")
    await slack.holds(lambda: bool(tried))
    await slack.settled()
    assert slack.deliveries.all[0].acknowledged
    assert tried == ["lost in the listener"]
    await handler.close_async()


class WritesFirst(AsyncSocketModeHandler):
    """The way around: what fails before the library acknowledges is sent again."""

    written: list[str]
    failures = 1

    async def handle(self, client: Any, req: Any) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError
        self.written = [*getattr(self, "written", []), req.payload["event_id"]]
        await super().handle(client, req)


async def test_what_fails_before_the_ack_in_a_handler_of_our_own_comes_again(slack: SlackServer, dana: Member) -> None:
    slack.deliveries.ack_seconds = 0.1
    async with running(slack, handler=WritesFirst) as probe:
        dana.says(slack.general, "kept")
        await slack.holds(lambda: probe.texts == ["kept"])
        await slack.settled()
        handler: Any = probe.handler
        assert handler.written == [slack.state.events[0]["event_id"]]
        first, *_, last = slack.deliveries.all[0].attempts
        assert (first.acknowledged, last.acknowledged) == (False, True)


# auth.test is lazy


async def test_auth_test_is_called_at_the_first_event_and_when_it_fails_the_event_is_dropped(
    slack: SlackServer, dana: Member, bolt: Probe
) -> None:
    assert slack.calls("auth.test") == []
    slack.fail_next("auth.test", 503, times=EVERY)
    dana.says(slack.general, "dropped")
    await slack.settled()
    assert slack.deliveries.all[0].acknowledged
    assert bolt.texts == []
    slack.clear_faults()
    dana.says(slack.general, "heard")
    await slack.holds(lambda: bolt.texts == ["heard"])


async def test_an_authorize_of_our_own_needs_no_auth_test(slack: SlackServer, dana: Member) -> None:
    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=slack.world.team_id, bot_token=slack.bot_token, bot_id=slack.bot.bot_id, bot_user_id=slack.bot.id
        )

    slack.fail_next("auth.test", 503, times=EVERY)
    client = AsyncWebClient(base_url=slack.api_url, logger=QUIET)
    async with running(slack, client=client, authorize=authorize) as probe:
        dana.says(slack.general, "heard")
        await slack.holds(lambda: probe.texts == ["heard"])
        assert slack.calls("auth.test") == []


# Sockets


async def test_a_dead_socket_address_is_retried_for_ever_until_it_is_taken_away(slack: SlackServer, dana: Member) -> None:
    slack.issue_dead_tickets()
    probe = Probe(slack)
    handler: Any = AsyncSocketModeHandler(probe.app, slack.app_token, ping_interval=0.02)
    task = asyncio.create_task(handler.connect_async())
    await slack.holds(lambda: len(slack.sockets.handshakes) >= 5)
    assert len({ticket for ticket, _ in slack.sockets.handshakes}) == 1
    assert len(slack.calls("apps.connections.open")) == 1
    handler.client.wss_uri = None
    await slack.connected()
    await task
    dana.says(slack.general, "heard")
    await slack.holds(lambda: probe.texts == ["heard"])
    assert len(slack.calls("apps.connections.open")) == 2
    await handler.close_async()


async def test_a_refused_handshake_is_tried_again_with_the_same_ticket(slack: SlackServer) -> None:
    slack.refuse_handshakes(2)
    async with running(slack, ping_seconds=0.02):
        assert [status for _, status in slack.sockets.handshakes] == [503, 503, 101]


async def test_connections_open_down_is_tried_again(slack: SlackServer) -> None:
    slack.fail_next("apps.connections.open", 500, times=2)
    async with running(slack, ping_seconds=0.02):
        assert len(slack.calls("apps.connections.open")) == 3


async def test_malformed_envelopes_harm_nothing(slack: SlackServer, dana: Member, bolt: Probe) -> None:
    for nonsense in (
        "",
        "not json",
        "{",
        "[]",
        {"type": "events_api"},
        {"type": "events_api", "envelope_id": "x", "payload": {}},
        {"type": "new"},
    ):
        slack.send_raw(nonsense)
    slack.send_event({"type": "message"})
    slack.send_event({"type": "message", "channel": None, "user": 7, "text": None, "ts": "yesterday"})
    dana.says(slack.general, "still here")
    await slack.holds(lambda: "still here" in [one.get("text") for one in bolt.of("message")])


async def test_events_while_no_socket_is_open_are_lost_and_history_gives_parents_alone(
    slack: SlackServer, dana: Member, bolt: Probe, api: AsyncWebClient
) -> None:
    parent = dana.says(slack.general, "before")
    await slack.holds(lambda: bolt.texts == ["before"])
    slack.refuse_handshakes(1)
    slack.drop_socket()
    lost = dana.says(slack.general, "lost")
    dana.replies(parent, "lost in a thread")
    await slack.connected()
    dana.says(slack.general, "after")
    await slack.holds(lambda: "after" in bolt.texts)
    assert bolt.texts == ["before", "after"]
    assert [one.is_lost for one in slack.deliveries.all[1:3]] == [True, True]
    found = await api.conversations_history(channel=slack.general.id, oldest=parent.ts)
    assert [one["text"] for one in found["messages"]] == ["after", "lost"]
    whole = await api.conversations_history(channel=slack.general.id, oldest=parent.ts, inclusive=True)
    assert whole["messages"][-1]["latest_reply"] > lost.ts
    replies = await api.conversations_replies(channel=slack.general.id, ts=parent.ts, oldest=parent.ts)
    assert [one["text"] for one in replies["messages"]] == ["before", "lost in a thread"]


# Redelivery


async def test_events_nobody_handles_get_no_ack_and_come_three_times_more(slack: SlackServer, dana: Member) -> None:
    slack.deliveries.ack_seconds = 0.2
    app = bare(slack)
    handler: Any = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()
    dana.says(slack.general, "unhandled")
    await slack.settled()
    assert [one.number for one in slack.deliveries.all[0].attempts] == [0, 1, 2, 3]
    assert slack.deliveries.all[0].is_lost

    @app.event({"type": "message"})
    async def everything(body: Any) -> None:
        """Take all that comes."""

    dana.says(slack.general, "handled")
    await slack.settled()
    assert slack.deliveries.all[1].acknowledged
    await handler.close_async()


async def test_a_lost_ack_brings_the_same_event_id_again_and_a_first_delivery_may_be_retry_0(
    slack: SlackServer, dana: Member, bolt: Probe
) -> None:
    slack.deliveries.ack_seconds = 0.3
    slack.lose_acks(2)
    dana.says(slack.general, "thrice")
    await slack.settled()
    await slack.holds(lambda: len(bolt.texts) == 3)
    assert len({one["event_id"] for one in bolt.of("body")}) == 1
    assert bolt.retries == ["0", "1", "2"]


async def test_a_duplicate_has_the_same_event_id_and_no_sign_of_a_retry(slack: SlackServer, dana: Member, bolt: Probe) -> None:
    slack.duplicate_next()
    dana.says(slack.general, "twice")
    await slack.holds(lambda: bolt.texts == ["twice", "twice"])
    assert len({one["event_id"] for one in bolt.of("body")}) == 1
    assert bolt.retries == ["0", "0"]
    slack.deliveries.again(slack.deliveries.all[0])
    await slack.holds(lambda: bolt.retries == ["0", "0", "1"])


async def test_what_a_killed_process_had_not_acknowledged_comes_to_the_next_one(slack: SlackServer, dana: Member) -> None:
    class NeverAnswers(AsyncSocketModeHandler):
        async def handle(self, client: Any, req: Any) -> None:
            """Die before the acknowledgement."""

    slack.clock.pace, slack.deliveries.ack_seconds = 0.01, 0.1
    async with running(slack, handler=NeverAnswers):
        dana.says(slack.general, "survives")
        await slack.holds(lambda: any(one.socket for one in slack.deliveries.all[0].attempts))
    async with running(slack) as probe:
        await slack.holds(lambda: probe.texts == ["survives"])
        assert int(probe.retries[0]) >= 1
        assert probe.of("body")[0]["event_id"] == slack.deliveries.all[0].event_id


async def test_an_ack_after_three_seconds_is_too_late(slack: SlackServer, dana: Member) -> None:
    class Slow(AsyncSocketModeHandler):
        async def handle(self, client: Any, req: Any) -> None:
            await asyncio.sleep(0.15)
            await super().handle(client, req)

    slack.deliveries.ack_seconds = 0.1
    async with running(slack, handler=Slow) as probe:
        dana.says(slack.general, "late")
        await slack.settled()
        await slack.holds(lambda: len(probe.texts) == 4)
        assert [one.acknowledged for one in slack.deliveries.all[0].attempts] == [False] * 4


async def test_http_stops_when_it_is_asked_not_to_retry(slack: SlackServer, dana: Member) -> None:
    async def answer(request: web.Request) -> web.Response:
        body = await request.json()
        if "challenge" in body:
            return web.json_response({"challenge": body["challenge"]})
        return web.Response(status=500, headers={"x-slack-no-retry": "1"})

    site = web.Application()
    site.router.add_post("/", answer)
    async with TestServer(site) as listener:
        assert await slack.use_http(str(listener.make_url("/")))
        dana.says(slack.general, "once")
        await slack.settled()
        assert len(slack.deliveries.all[0].attempts) == 1


async def test_http_says_how_often(slack: SlackServer, dana: Member) -> None:
    async with listening(slack) as probe:
        slack.lose_acks(1)
        dana.says(slack.general, "twice")
        await slack.settled()
        assert probe.retries == ["none", "1"]


# The Web API's client


async def test_the_default_client_retries_neither_429_nor_5xx_and_with_both_handlers_it_does(
    slack: SlackServer, dana: Member, api: AsyncWebClient
) -> None:
    for status in (429, 500, 503):
        slack.fail_next("chat.postMessage", status)
        with pytest.raises(SlackApiError) as refused:
            await api.chat_postMessage(channel=slack.general.id, text="x")
        assert refused.value.response.status_code == status
    slack.fail_next("chat.postMessage", 503, body=b"<html>upstream</html>")
    with pytest.raises(SlackApiError):
        await api.chat_postMessage(channel=slack.general.id, text="x")
    api.retry_handlers += [
        AsyncRateLimitErrorRetryHandler(max_retry_count=2),
        AsyncServerErrorRetryHandler(max_retry_count=2, interval_calculator=FixedValueRetryIntervalCalculator(0.01)),
    ]
    slack.fail_next("chat.postMessage", 429, retry_after=0)
    await api.chat_postMessage(channel=slack.general.id, text="limited once")
    slack.fail_next("chat.postMessage", 503, times=2)
    await api.chat_postMessage(channel=slack.general.id, text="down twice")
    assert [one.text for one in slack.said_by_bot(slack.general)] == ["limited once", "down twice"]


async def test_a_post_whose_answer_is_lost_is_posted_twice_and_metadata_shows_it(slack: SlackServer, api: AsyncWebClient) -> None:
    slack.fail_next("chat.postMessage", ConnectionResetError, performed=True)
    metadata = {"event_type": "steward_action", "event_payload": {"key": "1/7/1/nudge"}}
    await api.chat_postMessage(channel=slack.general.id, text="your notice", metadata=metadata)
    assert len(slack.said_by_bot(slack.general)) == 2, "the default client repeats after a reset, without asking whether it was posted"
    api.retry_handlers.clear()
    slack.fail_next("chat.postMessage", ConnectionResetError, performed=True)
    with pytest.raises(Exception, match=r"[Dd]isconnect|reset"):
        await api.chat_postMessage(channel=slack.general.id, text="your notice", metadata=metadata)
    found = await api.conversations_history(channel=slack.general.id, include_all_metadata=True)
    assert [one["metadata"]["event_payload"]["key"] for one in found["messages"]] == ["1/7/1/nudge"] * 3


async def test_a_call_that_is_never_answered_ends_with_the_clients_timeout(slack: SlackServer) -> None:
    slack.fail_next("auth.test", TimeoutError)
    with pytest.raises(TimeoutError):
        await AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, timeout=0.1, logger=QUIET).auth_test()  # type: ignore[arg-type]


async def test_15_a_page_and_one_page_a_minute(slack: SlackServer, dana: Member, api: AsyncWebClient) -> None:
    for number in range(20):
        dana.says(slack.general, str(number))
    slack.limit_history()
    first = await api.conversations_history(channel=slack.general.id, limit=200)
    assert len(first["messages"]) == 15
    cursor = first["response_metadata"]["next_cursor"]
    with pytest.raises(SlackApiError) as refused:
        await api.conversations_history(channel=slack.general.id, cursor=cursor)
    assert refused.value.response["error"] == "ratelimited"
    assert 1 <= int(refused.value.response.headers["Retry-After"]) <= 60
    slack.clock.advance(60)
    second = await api.conversations_history(channel=slack.general.id, cursor=cursor)
    assert len(second["messages"]) == 5


async def test_tiers_are_kept_when_asked_for(slack: SlackServer, api: AsyncWebClient) -> None:
    slack.limits.keeps_tiers = True
    for _ in range(20):
        await api.users_list()
    with pytest.raises(SlackApiError) as refused:
        await api.users_list()
    assert refused.value.response["error"] == "ratelimited"
    for _ in range(4):
        await api.chat_postMessage(channel=slack.general.id, text="x")
    with pytest.raises(SlackApiError):
        await api.chat_postMessage(channel=slack.general.id, text="x")


async def test_no_bot_token_deletes_what_a_member_wrote(slack: SlackServer, dana: Member, api: AsyncWebClient) -> None:
    slack.set_scopes(also="admin chat:write.public")
    with pytest.raises(SlackApiError) as refused:
        await api.chat_delete(channel=slack.general.id, ts=dana.says(slack.general, "vile").ts)
    assert refused.value.response["error"] == "cant_delete_message"
