"""The traps of Slack and of its library, each one sprung on the whole of Steward.

Knows: what goes wrong on the way, what members said, what is on record. Must not know: how a breach is found.
Rules: each test is named after a line of the table of traps (or of what follows from it), and shows that nothing was lost and nothing
was done twice.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.platforms.slack.connected import Steward, officers, steward

from bot.platforms.slack.client import SlackSetupError  # isort: skip - connected skips where the libraries are not there
from tests.servers.slack import Channel, Member, Message, SlackServer  # isort: skip


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(pace=0.001, ack_seconds=2.0) as server:
        yield server
        assert server.problems() == []


@pytest.fixture
def ann(slack: SlackServer) -> Member:
    return slack.add_member("ann")


async def away(at_work: Steward, slack: SlackServer) -> None:
    """Cut the socket and let no other open until `back`."""
    slack.refuse_handshakes(10_000)
    slack.drop_socket()
    await slack.holds(lambda: not slack.sockets.open)


async def back(at_work: Steward, slack: SlackServer) -> None:
    slack.clear_faults()
    await slack.connected()
    await asyncio.sleep(0.1)
    await at_work.caught_up()


# Event listeners are acknowledged before they run


async def test_an_event_is_on_record_before_it_is_acknowledged_and_judged_after_a_crash(
    slack: SlackServer, ann: Member, tmp_path: Path
) -> None:
    never = asyncio.Event()
    async with steward(slack, tmp_path, held={"donkey": never}):
        said = ann.says(slack.general, "you donkey")
        await slack.settled()
        assert slack.deliveries.all[-1].acknowledged
    ann.deletes(said)  # nothing but the record has it now
    async with steward(slack, tmp_path) as at_work:
        await at_work.settled()
        assert await at_work.judged(ann) == [said.ts]
    async with steward(slack, tmp_path) as at_work:
        await at_work.settled()
        assert await at_work.judged(ann) == [said.ts]
        assert len(ann.dms) == 1


async def test_what_cannot_be_recorded_is_not_acknowledged_and_comes_again(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        with closing(sqlite3.connect(tmp_path / "steward.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            said = ann.says(slack.general, "you donkey")
            await asyncio.sleep(2.2)
            assert not slack.deliveries.all[-1].acknowledged
            other.execute("ROLLBACK")
        await at_work.settled()
        assert await at_work.judged(ann) == [said.ts]


async def test_a_judged_event_leaves_no_words_behind(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        await at_work.says(ann, slack.general, "a perfectly harmless remark")
        with closing(sqlite3.connect(tmp_path / "steward.db")) as database:
            rows = database.execute("SELECT payload, done_at FROM inbox").fetchall()
        assert rows
        assert all(payload == "{}" and done_at for payload, done_at in rows)


# auth.test is called lazily at the first event


async def test_auth_test_down_at_the_start_is_waited_for(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    slack.fail_next("auth.test", 503, times=4)
    async with steward(slack, tmp_path) as at_work:
        said = await at_work.says(ann, slack.general, "you donkey")
        assert await at_work.judged(ann) == [said.ts]


async def test_auth_test_down_at_the_first_event_loses_nothing(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        before = len(slack.calls("auth.test"))
        slack.fail_next("auth.test", 503, times=1000)
        said = await at_work.says(ann, slack.general, "you donkey")
        assert await at_work.judged(ann) == [said.ts]
        assert len(slack.calls("auth.test")) == before


@pytest.mark.parametrize("which", ["bot_token", "app_token"])
async def test_a_wrong_token_stops_with_one_line_that_does_not_show_it(slack: SlackServer, tmp_path: Path, which: str) -> None:
    right = getattr(slack, which)
    setattr(slack, which, "xoxb-wrong-secret" if which == "bot_token" else "xapp-wrong-secret")
    slack.expected += ["invalid_auth"]
    with pytest.raises(SlackSetupError, match=f"STEWARD_SLACK_{which.upper()}") as stopped:
        async with steward(slack, tmp_path):
            pass
    assert "secret" not in str(stopped.value)
    setattr(slack, which, right)


# When the socket's URL is dead the client retries the same URL for ever


async def test_a_dead_address_is_given_up(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        slack.issue_dead_tickets(1)
        slack.drop_socket()
        await slack.holds(lambda: not slack.sockets.open)
        await slack.connected()
        await at_work.caught_up()
        said = await at_work.says(ann, slack.general, "you donkey")
        assert await at_work.judged(ann) == [said.ts]


async def test_a_silent_socket_is_given_up(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        await at_work.says(ann, slack.general, "hello")
        before = len(slack.calls("apps.connections.open"))
        slack.go_silent()
        await slack.called("apps.connections.open", before + 1, seconds=10)
        slack.clear_faults()
        slack.drop_socket()
        said = ann.says(slack.general, "you donkey")
        await slack.connected()
        async with asyncio.timeout(15):
            while await at_work.judged(ann) != [said.ts]:
                await asyncio.sleep(0.05)


# Events nobody handles get no ack and come again three times


async def test_what_nobody_handles_is_acknowledged_at_once(slack: SlackServer, tmp_path: Path) -> None:
    async with steward(slack, tmp_path):
        delivery = slack.send_event({"type": "team_rename", "name": "Branch"})
        await slack.settled()
        assert [one.acknowledged for one in delivery.attempts] == [True]


async def test_a_malformed_event_stops_nothing(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        slack.send_event({"type": "message", "channel": slack.general.id, "channel_type": "channel", "user": ann.id, "text": "no id"})
        slack.send_event({"type": "reaction_added", "user": ann.id, "item": "nothing"})
        slack.send_raw("{not json")
        said = await at_work.says(ann, slack.general, "you donkey")
        assert await at_work.judged(ann) == [said.ts]


# Redelivery with the same event_id, and x-slack-retry-num may be 0 on a first delivery


async def test_a_redelivery_is_judged_once(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        slack.lose_acks(2)
        said = await at_work.says(ann, slack.general, "you donkey")
        delivery = next(one for one in slack.deliveries.all if one.payload["event"].get("ts") == said.ts)
        assert len(delivery.attempts) > 1
        assert await at_work.judged(ann) == [said.ts]
        assert len(ann.dms) == 1


async def test_the_same_message_under_two_event_ids_is_judged_once(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        said = await at_work.says(ann, slack.general, "you donkey")
        slack.send_event(next(one["event"] for one in slack.state.events if one["event"].get("ts") == said.ts))
        await at_work.settled()
        assert await at_work.judged(ann) == [said.ts]
        assert await at_work.community.kept() == ()


async def test_a_redelivery_after_a_restart_is_judged_once(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        said = await at_work.says(ann, slack.general, "you donkey")
        payload = next(one for one in slack.state.events if one["event"].get("ts") == said.ts)
    async with steward(slack, tmp_path) as at_work:
        slack.deliveries.event(payload)
        await at_work.settled()
        assert await at_work.judged(ann) == [said.ts]


# The default client retries neither 429 nor 5xx


async def test_429_and_5xx_on_the_way_of_catching_up_are_waited_for(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        await at_work.says(ann, slack.general, "hello")
        await away(at_work, slack)
        said = ann.says(slack.general, "you donkey")
        slack.clear_faults()
        slack.limit_next("conversations.history", seconds=1)
        slack.fail_next("conversations.history", 503)
        await slack.connected()
        async with asyncio.timeout(10):  # an open socket comes before the reading of what was missed
            while await at_work.judged(ann) != [said.ts]:
                await asyncio.sleep(0.05)


# Ack within 3 s


async def test_the_acknowledgement_does_not_wait_for_the_judge(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    slow = asyncio.Event()
    async with steward(slack, tmp_path, held={"donkey": slow}) as at_work:
        ann.says(slack.general, "you donkey")
        await slack.settled()
        assert slack.deliveries.all[-1].acknowledged
        slow.set()
        await at_work.settled()


# Events while no socket is open are lost, and history returns parents only


async def test_what_was_said_while_no_socket_was_open_is_read_back_with_replies(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        old = await at_work.says(ann, slack.general, "an old matter")
        quiet = await at_work.says(ann, slack.general, "nobody answered this yet")
        await away(at_work, slack)
        said = [
            ann.replies(old, "you donkey, first"),
            ann.says(slack.general, "you donkey, in the channel"),
            ann.replies(quiet, "you donkey, under the quiet one"),
            ann.replies(old, "you donkey, shown in both", broadcast=True),
        ]
        fresh = ann.says(slack.general, "a new matter")
        said.append(ann.replies(fresh, "you donkey, under the new one"))
        await back(at_work, slack)
        assert sorted(await at_work.judged(ann)) == [one.ts for one in said]
        assert ann.dms == [], "what was found late has no penalty"


async def test_what_was_said_between_two_starts_is_read_back_in_order_of_time(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        old = await at_work.says(ann, slack.general, "an old matter")
    said = [ann.replies(old, "you donkey, first"), ann.says(slack.general, "you donkey, second"), ann.replies(old, "you donkey, third")]
    async with steward(slack, tmp_path) as at_work:
        assert sorted(await at_work.judged(ann)) == [one.ts for one in said]
        found = [one.id async for page in at_work.platform.history(slack.general.id, old.ts) for one in page]
        assert found == [one.ts for one in said]


async def test_a_reply_to_a_thread_older_than_two_weeks_that_is_active_is_read_back(
    slack: SlackServer, ann: Member, tmp_path: Path
) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=40)
    old = ann.says(slack.general, "a very old matter", sent_at=long_ago)
    ann.replies(old, "answered yesterday", sent_at=datetime.now(UTC) - timedelta(days=1))
    async with steward(slack, tmp_path) as at_work:
        await at_work.says(ann, slack.general, "hello")
    first = ann.replies(old, "you donkey, while it did not run")
    async with steward(slack, tmp_path) as at_work:
        assert await at_work.judged(ann) == [first.ts]
        await away(at_work, slack)
        second = ann.replies(old, "you donkey, while no socket was open")
        await back(at_work, slack)
        assert await at_work.judged(ann) == [first.ts, second.ts]


async def test_catching_up_works_at_15_a_page_and_one_call_a_minute(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        await at_work.says(ann, slack.general, "hello")
    for number in range(31):
        ann.says(slack.general, f"number {number}")
    said = ann.says(slack.general, "you donkey")
    slack.limits.minute_seconds = 0.2
    slack.limit_history(page_max=15, per_minute=1)
    async with steward(slack, tmp_path) as at_work:
        assert await at_work.judged(ann) == [said.ts]
    pages = slack.calls("conversations.history")
    assert any(one.status == 429 for one in pages), "the limit was met"


async def test_what_arrives_while_its_room_is_behind_is_judged_once_and_is_not_late(
    slack: SlackServer, ann: Member, tmp_path: Path
) -> None:
    async with steward(slack, tmp_path) as at_work:
        await at_work.says(ann, slack.general, "hello")
        await away(at_work, slack)
        ann.says(slack.general, "while nobody listened")
        slack.clear_faults()
        slack.set_latency(api_seconds=0.3)
        await slack.connected()
        said = ann.says(slack.general, "you donkey, just now")
        await slack.settled()
        slack.set_latency()
        await at_work.caught_up()
        async with asyncio.timeout(15):
            while await at_work.community.kept():
                await asyncio.sleep(0.05)
        await at_work.settled()
        assert await at_work.judged(ann) == [said.ts]
        assert (await at_work.cases(ann))[0].late is None
        assert len(ann.dms) == 1


async def test_a_room_steward_was_taken_out_of_does_not_hold_up_the_others(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    room = slack.add_channel("closed", ann, private=True)
    async with steward(slack, tmp_path) as at_work:
        await at_work.says(ann, room, "hello")
        await at_work.says(ann, slack.general, "hello")
    room.members.remove(slack.bot.id)
    said = ann.says(slack.general, "you donkey")
    async with steward(slack, tmp_path) as at_work:
        assert await at_work.judged(ann) == [said.ts]


# What is judged, and what is not


async def judged_texts(at_work: Steward, slack: SlackServer, member: Member, channel: Channel) -> list[Message]:
    ids = await at_work.judged(member)
    return [one for one in channel.messages.values() if one.ts in ids]


async def test_direct_messages_and_the_moderators_own_room_are_not_judged(slack: SlackServer, tmp_path: Path) -> None:
    room = officers(slack)
    morgan = slack.add_member("morgan", room)
    async with steward(slack, tmp_path) as at_work:
        morgan.writes_to_bot("you donkey")
        await at_work.says(morgan, room, "they wrote: you donkey")
        assert await at_work.judged(morgan) == []
        await slack.holds(lambda: bool(morgan.dms))


async def test_an_edit_is_judged_and_a_preview_is_none(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        said = await at_work.says(ann, slack.general, "see <https://example.org/x>")
        ann.unfurls(said, "A page about nothing")
        await at_work.settled()
        assert await at_work.judged(ann) == []
        ann.edits(said, "you donkey")
        await at_work.settled()
        assert await at_work.judged(ann) == [said.ts]


async def test_a_message_with_replies_that_is_deleted_is_no_edit(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        said = await at_work.says(ann, slack.general, "you donkey")
        ann.replies(said, "never mind")
        ann.deletes(said)
        await at_work.settled()
        assert await at_work.judged(ann) == [said.ts]


async def test_reactions_and_joins_are_judged_as_themselves(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    dora = slack.add_member("dora", display_name="you donkey")
    room = slack.add_channel("open")
    async with steward(slack, tmp_path) as at_work:
        said = await at_work.says(ann, slack.general, "hello")
        dora.reacts(said, "donkey")
        dora.joins(room)
        await at_work.settled()
        assert all(not one.startswith("17") for one in await at_work.judged(dora))


# Signed HTTP


async def test_signed_http_is_on_record_before_the_answer(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path, http=True) as at_work:
        slack.lose_acks(1)
        said = await at_work.says(ann, slack.general, "you donkey")
        assert await at_work.judged(ann) == [said.ts]
        assert set(slack.signed.statuses if slack.signed else []) == {200}
        unhandled = slack.send_event({"type": "team_rename", "name": "Branch"})
        await slack.settled()
        assert [one.acknowledged for one in unhandled.attempts] == [True]


async def test_unsigned_or_stale_http_is_refused(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path, http=True) as at_work:
        assert slack.signed is not None
        slack.signed.stale_seconds = 3600
        ann.says(slack.general, "you donkey")
        await slack.settled()
        assert set(slack.signed.statuses) == {401}
        assert await at_work.judged(ann) == []


# What is logged


async def test_neither_tokens_nor_tickets_nor_words_are_logged(
    slack: SlackServer, ann: Member, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    token = slack.add_admin_token()
    async with steward(slack, tmp_path, admin_token=token) as at_work:
        slack.issue_dead_tickets(1)
        slack.drop_socket()
        await slack.holds(lambda: not slack.sockets.open)
        await slack.connected()
        slack.fail_next("chat.postMessage", 500)
        await at_work.says(ann, slack.general, "you donkey of a neighbour")
        slack.send_event({"type": "message", "channel": slack.general.id, "channel_type": "channel", "user": ann.id, "text": "neighbour"})
        await slack.settled()
        await asyncio.sleep(0.2)
    out, err = capfd.readouterr()
    written = out + err + "".join(one.getMessage() for one in caplog.records if one.name.startswith(("slack", "steward", "bot")))
    assert written, "something is logged"
    for secret in (slack.bot_token, slack.app_token, token, "ticket=", "neighbour"):
        assert secret not in written
