"""From Slack's payloads to messages, on payloads as Slack sends them.

Knows: the Events API's JSON. Must not know: servers, the library.
Rules: each test is one fact about one kind of payload.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.judge import MARKUP
from bot.core.model import Kind, Message, Shared
from bot.platforms.slack.inbox import is_kept
from bot.platforms.slack.translate import (
    Place,
    changed_of,
    event_message,
    is_ts,
    join_of,
    links_of,
    mentions_of,
    message_of,
    short_id,
    shown,
    time_of,
)
from bot.rooms import order

PLACE = Place(community="main", server="T1")
TS = "1732312345.000100"


def said(text: str = "hello", **more: Any) -> dict[str, Any]:
    return {
        "type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "text": text, "ts": TS, "event_ts": TS, **more,
    }  # fmt: skip


def changed(now: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "message", "subtype": "message_changed", "channel": "C1", "channel_type": "channel", "hidden": True,
        "ts": "1732312399.000100", "message": now, "previous_message": before,
    }  # fmt: skip


def read(event: dict[str, Any]) -> Message:
    message = event_message(event, PLACE)
    assert message is not None
    return message


def test_a_message_is_who_where_when_and_what() -> None:
    message = read(said("hello"))
    assert (message.platform, message.server, message.room, message.id) == ("slack", "T1", "C1", TS)
    assert (message.author, message.text, message.kind) == ("U1", "hello", Kind.SAID)
    assert message.sent_at == datetime(2024, 11, 22, 21, 52, 25, 100, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("hi <@U2>, you", "hi <@U2>, you"),
        ("hi <@U2|dana>, you", "hi <@U2>, you"),
        ("see <#C2|general>", "see #general"),
        ("see <#C2>", "see #C2"),
        ("see <https://example.org/a?b=1&amp;c=2|our page>", "see our page"),
        ("see <https://example.org/a?b=1&amp;c=2>", "see https://example.org/a?b=1&c=2"),
        ("<mailto:a@b.org|a@b.org> and <tel:+441234|01234>", "a@b.org and 01234"),
        ("<!here> and <!subteam^S1|@mods> and <!date^1392734382^{date}|Feb 18>", "@here and @mods and Feb 18"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&gt; quoted\nsaid", "> quoted\nsaid"),
        ("&amp;lt; stays what was typed", "&lt; stays what was typed"),
    ],
)
def test_a_text_is_as_people_see_it(raw: str, seen: str) -> None:
    assert shown(raw) == seen


def test_a_mention_stays_one_for_the_judge() -> None:
    message = read(said("<@U2> you are a liar, <@U2|dana>"))
    assert message.mentions == ("U2",)
    assert MARKUP.sub("@member", message.text).startswith("@member you are")


@given(st.text())
def test_nothing_that_is_typed_can_pretend_to_be_a_mention(typed: str) -> None:
    raw = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert mentions_of(raw) == ()
    assert shown(raw) == typed


def test_links_are_passed_on_with_where_they_lead() -> None:
    message = read(said("look <https://x.com/somebody/status/1|here> and <https://example.org>"))
    assert [(one.domain, one.account) for one in message.shares] == [("x.com", "x.com/somebody"), ("example.org", "")]
    assert links_of("<https://a.org> <https://a.org> <mailto:x@a.org>") == ("https://a.org",)


def test_a_reply_knows_its_thread_and_whom_it_answers() -> None:
    message = read(said(thread_ts="1732312300.000100", parent_user_id="U9"))
    assert (message.thread, message.reply_to, message.reply_author) == ("1732312300.000100", "1732312300.000100", "U9")


def test_a_parent_is_in_no_thread() -> None:
    assert read(said(thread_ts=TS)).thread == ""


def test_a_broadcast_reply_is_one_message_with_one_id() -> None:
    reply = said(thread_ts="1732312300.000100", parent_user_id="U9")
    broadcast = said(subtype="thread_broadcast", thread_ts="1732312300.000100", root={"user": "U9", "ts": "1732312300.000100"})
    assert read(reply).identity == read(broadcast).identity
    assert read(broadcast).reply_author == "U9"


def test_files_are_read_by_their_titles() -> None:
    message = read(
        said("", subtype="file_share", files=[{"name": "your_ugly-face.png", "title": "your_ugly-face.png", "alt_txt": "a pig"}])
    )
    assert message.shares == (Shared(text="your ugly face a pig"),)
    assert message.kind is Kind.SHARED


def test_a_shared_message_is_shared_and_not_said() -> None:
    attachment = {
        "is_share": True, "is_msg_unfurl": True, "author_id": "U7", "author_name": "Dana", "text": "you &amp; your lies",
        "from_url": "https://b.slack.com/archives/C2/p1", "fallback": "x",
    }  # fmt: skip
    message = read(said("look at this", attachments=[attachment]))
    assert message.text == "look at this"
    assert [one.text for one in message.shares] == ["you & your lies"]


def test_a_shared_message_without_text_is_read_from_its_blocks() -> None:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": "you "}, {"type": "user", "user_id": "U2"}]}
    inner = {"message": {"blocks": [{"type": "rich_text", "elements": [section]}]}}
    message = read(said("", attachments=[{"is_share": True, "message_blocks": [inner]}]))
    assert [one.text for one in message.shares] == ["you <@U2>"]


def test_blocks_are_read_where_the_text_lacks_them() -> None:
    section = [
        {"type": "text", "text": "a <b> & "}, {"type": "user", "user_id": "U2"}, {"type": "link", "url": "https://a.org", "text": "link"},
        {"type": "emoji", "name": "rage", "unicode": "1f621"},
    ]  # fmt: skip
    quote = {"type": "rich_text_quote", "elements": [{"type": "text", "text": "he said"}]}
    blocks = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": section}, quote]}]
    message = read(said("", blocks=blocks))
    assert message.text == "a <b> & <@U2>link😡\n> he said"
    assert message.mentions == ("U2",)


def test_emoji_are_characters_where_slack_tells_them() -> None:
    section = {"type": "rich_text_section", "elements": [{"type": "emoji", "name": "pig", "unicode": "1f437"}]}
    assert read(said("you :pig: :ours:", blocks=[{"type": "rich_text", "elements": [section]}])).text == "you 🐷 :ours:"


@pytest.mark.parametrize(
    "event",
    [
        said(bot_id="B1"),
        said(subtype="bot_message", bot_id="B1"),
        said(subtype="channel_join"),
        said(subtype="channel_topic", topic="x"),
        said(subtype="message_deleted", deleted_ts=TS, previous_message=said()),
        said(subtype="tombstone"),
        {**said(), "user": "USLACKBOT"},
    ],
)
def test_programs_and_slack_itself_say_nothing(event: dict[str, Any]) -> None:
    assert event_message(event, PLACE) is None
    assert not is_kept(event) or event["user"] == "USLACKBOT"


def test_an_edit_is_judged_whole_and_counts_as_sent_when_it_was_made() -> None:
    message = changed_of(changed(said("you donkey", edited={"user": "U1", "ts": "1732312399.000000"}), said("hello")), PLACE)
    assert message is not None
    assert (message.kind, message.text, message.id) == (Kind.EDITED, "you donkey", TS)
    assert message.sent_at == time_of("1732312399.000000")


def test_a_preview_is_no_edit_and_is_judged_by_itself() -> None:
    before = said("<https://example.org/x>")
    preview = {"title": "All of them are donkeys", "title_link": "https://example.org/x", "from_url": "https://example.org/x"}
    message = changed_of(changed({**before, "attachments": [preview]}, before), PLACE)
    assert message is not None
    assert (message.kind, message.text) == (Kind.SHARED, "")
    assert [one.text for one in message.shares] == ["All of them are donkeys"]


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (said("hello", reply_count=1, thread_ts=TS), said("hello")),
        ({"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "ts": TS, "text": "This message was deleted."}, said("hello")),
        (said("hello"), said("hello", attachments=[{"title": "gone again", "from_url": "https://a.org"}])),
        (said("app", bot_id="B1"), said("app before", bot_id="B1")),
    ],
)
def test_what_slack_changes_by_itself_is_no_edit(now: dict[str, Any], before: dict[str, Any]) -> None:
    assert changed_of(changed(now, before), PLACE) is None


def test_a_reaction_has_an_id_of_its_own_and_speaks_to_the_author() -> None:
    event = {
        "type": "reaction_added", "user": "U1", "reaction": "middle_finger::skin-tone-2", "item_user": "U2", "event_ts": TS,
        "item": {"type": "message", "channel": "C1", "ts": "1732312300.000100"},
    }  # fmt: skip
    message = read(event)
    assert (message.kind, message.text, message.reply_author) == (Kind.REACTED, ":middle_finger:", "U2")
    assert message.id != "1732312300.000100"
    assert order(message.id) < order("1000000000.000000"), "it never moves a cursor forward"
    assert event_message({**event, "item": {"type": "file", "file": "F1"}}, PLACE) is None


def test_who_joins_is_judged_by_name_once() -> None:
    first = join_of({"user": "U1", "channel": "C1", "event_ts": TS}, PLACE, "Ann")
    second = join_of({"user": "U1", "channel": "C2", "event_ts": "1732312399.000100"}, PLACE, "Ann")
    assert first is not None
    assert second is not None
    assert first.identity == second.identity
    assert (first.kind, first.text) == (Kind.JOINED, "Ann")
    assert join_of({"user": "U1", "channel": "C1", "event_ts": TS}, PLACE, "") is None


@given(st.datetimes(min_value=datetime(2001, 9, 10), max_value=datetime(2286, 11, 1), timezones=st.just(UTC)), st.integers(1, 10**9))  # noqa: DTZ001
def test_ids_are_in_order_of_time(at: datetime, later_micros: int) -> None:
    micros = int(at.timestamp()) * 1_000_000 + at.microsecond
    first, second = (f"{one // 1_000_000:010d}.{one % 1_000_000:06d}" for one in (micros, micros + later_micros))
    assert is_ts(first)
    assert order(first) < order(second)
    assert time_of(first) < time_of(second)


def test_short_ids_differ_by_their_parts() -> None:
    assert short_id("r", "C1", "U1") != short_id("r", "C1U1")


def test_only_what_may_be_judged_is_kept() -> None:
    assert is_kept(said())
    assert is_kept(changed(said("b"), said("a")))
    assert is_kept({"type": "reaction_added"})
    assert not is_kept(said(channel_type="im", channel="D1"))
    assert not is_kept({"type": "app_home_opened"})


def test_history_does_not_say_the_room() -> None:
    data = {key: value for key, value in said().items() if key != "channel"}
    message = message_of(data, PLACE, room="C7")
    assert message is not None
    assert message.room == "C7"


def test_what_is_no_message_of_slacks_is_an_error_and_not_a_message() -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        event_message({"type": "message", "user": "U1", "text": "no id", "channel": "C1"}, PLACE)
