"""Payloads of Discord and the messages they become. Pure: no library, no network."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import Kind
from bot.platforms.discord.automod import Collapse
from bot.platforms.discord.translate import (
    Known,
    Place,
    blocked_of,
    changed_of,
    join_of,
    known_of,
    made_at,
    message_of,
    names_of,
    reaction_of,
    shares_of,
    thread_name_of,
)
from bot.rooms import order

PLACE = Place(community="main", server="1")
AT = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def said(content: str = "hello", **more: Any) -> dict[str, Any]:
    user = {"id": "7", "username": "ann", "global_name": "Ann B.", "bot": False}
    plain = {"id": "1300000000000000000", "type": 0, "channel_id": "5", "author": user, "timestamp": AT.isoformat(), "mentions": []}
    return {**plain, "content": content, "edited_timestamp": None, "attachments": [], "embeds": [], **more}


def texts(data: dict[str, Any]) -> list[str]:
    return [one.text for one in shares_of(data)]


def test_a_message_is_what_was_said_where_by_whom_and_to_whom() -> None:
    found = message_of(said("hi <@8>", mentions=[{"id": "8", "username": "bob"}]), PLACE)
    assert found is not None
    assert (found.community, found.platform, found.server, found.room, found.id) == ("main", "discord", "1", "5", "1300000000000000000")
    assert (found.author, found.text, found.mentions, found.sent_at, found.kind) == ("7", "hi <@8>", ("8",), AT, Kind.SAID)
    assert found.thread == ""


def test_a_reply_names_what_and_whom_it_answers() -> None:
    reference = {"type": 0, "message_id": "12", "channel_id": "5"}
    found = message_of(said(type=19, message_reference=reference, referenced_message={"id": "12", "author": {"id": "9"}}), PLACE)
    gone = message_of(said(type=19, message_reference=reference, referenced_message=None), PLACE)
    assert found is not None
    assert gone is not None
    assert (found.reply_to, found.reply_author) == ("12", "9")
    assert (gone.reply_to, gone.reply_author) == ("12", "")


def test_a_forward_is_shared_and_no_reply() -> None:
    inner = {"content": "what bob wrote", "embeds": [{"title": "inside"}], "attachments": []}
    reference = {"type": 1, "message_id": "12", "channel_id": "6"}
    found = message_of(said("", message_reference=reference, message_snapshots=[{"message": inner}]), PLACE)
    assert found is not None
    assert [one.text for one in found.shares] == ["what bob wrote", "inside"]
    assert (found.reply_to, found.text, found.kind) == ("", "", Kind.SHARED)


def test_everything_that_carries_text_is_read_as_shared() -> None:
    embed = {
        "title": "title", "description": "about", "url": "https://news.example.org/a", "author": {"name": "who"},
        "footer": {"text": "foot"}, "fields": [{"name": "n", "value": "v"}], "provider": {"name": "site"},
    }  # fmt: skip
    poll = {"question": {"text": "who goes?"}, "answers": [{"poll_media": {"text": "dana"}}, {"poll_media": {"emoji": {"name": "x"}}}]}
    data = said(
        embeds=[embed], poll=poll, sticker_items=[{"name": "donkey"}],
        attachments=[{"filename": "dana_is-a.liar.png", "description": "a picture of it"}, {"filename": "x.png"}],
    )  # fmt: skip
    assert texts(data) == [
        "site\nwho\ntitle\nabout\nn\nv\nfoot", "dana is a liar a picture of it", "x", "who goes?\ndana", "donkey",
    ]  # fmt: skip
    assert next(shares_of(data)).domain == "example.org"


def test_links_in_the_text_are_shared_with_their_source() -> None:
    found = list(shares_of(said("see https://www.example.org/a?b=c, and <https://x.com/somebody/status/1>")))
    assert [(one.domain, one.account, one.text) for one in found] == [("example.org", "", ""), ("x.com", "x.com/somebody", "")]


@pytest.mark.parametrize("kind", [1, 3, 6, 7, 8, 18, 20, 21, 23, 24, 46])
def test_what_discord_says_by_itself_is_no_speech(kind: int) -> None:
    assert message_of(said(type=kind), PLACE) is None


def test_programs_are_no_members() -> None:
    assert message_of(said(author={"id": "3", "username": "music", "bot": True}), PLACE) is None
    assert message_of(said(webhook_id="44"), PLACE) is None


def test_a_preview_is_no_edit_and_its_text_is_read_alone() -> None:
    before = known_of(said("see https://example.org"), PLACE)
    update = said("see https://example.org", embeds=[{"type": "link", "url": "https://example.org", "title": "A page"}])
    found = changed_of(update, PLACE, before, AT)
    assert found is not None
    assert (found.kind, found.text, [one.text for one in found.shares]) == (Kind.SHARED, "", ["A page"])
    assert changed_of(update, PLACE, known_of(update, PLACE), AT) is None


def test_an_edit_is_judged_whole_at_its_own_time() -> None:
    edited = AT + timedelta(hours=1)
    found = changed_of(said("other", edited_timestamp=edited.isoformat()), PLACE, known_of(said("one"), PLACE), edited)
    assert found is not None
    assert (found.kind, found.text, found.sent_at) == (Kind.EDITED, "other", edited)


def test_an_update_of_what_is_not_remembered_is_an_edit_where_it_says_so() -> None:
    fresh = changed_of(said("x", edited_timestamp=AT.isoformat()), PLACE, None, AT + timedelta(seconds=5))
    assert fresh is not None
    assert fresh.kind is Kind.EDITED
    assert changed_of(said("x", edited_timestamp=AT.isoformat()), PLACE, None, AT + timedelta(hours=1)) is None
    assert changed_of(said("x"), PLACE, None, AT) is None


def test_an_update_without_content_is_no_edit() -> None:
    assert changed_of({"id": "1", "channel_id": "5", "flags": 4}, PLACE, None, AT) is None


def test_what_is_remembered_of_a_message_holds_no_word_of_it() -> None:
    known = known_of(said("secret words", embeds=[{"title": "private page"}]), PLACE)
    assert isinstance(known, Known)
    assert not any(word in repr(known) for word in ("secret", "private", "page", "words"))


def reaction(user: str, emoji: dict[str, Any]) -> dict[str, Any]:
    return {"user_id": user, "channel_id": "5", "message_id": "1300000000000000000", "message_author_id": "9", "emoji": emoji}


def test_a_reaction_speaks_to_the_author_under_whose_message_it_stands() -> None:
    found = reaction_of(reaction("7", {"id": None, "name": "🖕"}), PLACE, AT)
    named = reaction_of(reaction("7", {"id": "3", "name": "shame"}), PLACE, AT)
    assert found is not None
    assert named is not None
    assert (found.kind, found.text, found.author, found.reply_author) == (Kind.REACTED, "🖕", "7", "9")
    assert named.text == ":shame:"


def test_a_reaction_is_not_the_message_it_stands_under_nor_another_members_reaction() -> None:
    one, two = (reaction_of(reaction(user, {"id": None, "name": "🖕"}), PLACE, AT) for user in ("7", "8"))
    assert one is not None
    assert two is not None
    assert len({one.identity, two.identity}) == 2
    assert one.id != "1300000000000000000"
    assert order(one.id) < order("1300000000000000000"), "it never moves a room's cursor"


def test_a_join_carries_the_name_that_was_chosen() -> None:
    data = {
        "user": {"id": "7", "username": "x", "global_name": "Dana is a liar"},
        "nick": None,
        "joined_at": AT.isoformat(),
        "guild_id": "1",
    }
    found = join_of(data, PLACE)
    assert found is not None
    assert (found.kind, found.text, found.author) == (Kind.JOINED, "Dana is a liar", "7")
    assert join_of({**data, "user": {**data["user"], "bot": True}}, PLACE) is None  # type: ignore[dict-item]


def test_the_name_of_a_new_thread_is_shared() -> None:
    found = thread_name_of({"id": "1300000000000000000", "owner_id": "7", "name": "bob is a donkey", "type": 11}, PLACE)
    assert found is not None
    assert (found.author, found.shares[0].text, found.room, found.text) == ("7", "bob is a donkey", "1300000000000000000", "")
    assert found.sent_at == made_at("1300000000000000000")


def blocked(**more: Any) -> dict[str, Any]:
    return {"guild_id": "1", "rule_id": "2", "user_id": "7", "channel_id": "5", "content": "a bad word", "action": {"type": 1}, **more}


def test_what_automod_blocked_is_a_message_of_its_own_and_what_stands_is_not() -> None:
    found = blocked_of(blocked(), PLACE, "automod-1", AT)
    assert found is not None
    assert (found.kind, found.text, found.author) == (Kind.BLOCKED, "a bad word", "7")
    assert blocked_of(blocked(message_id="9"), PLACE, "automod-1", AT) is None


def test_one_automod_trigger_is_one_message_within_a_minute() -> None:
    collapse = Collapse()
    first = collapse.first(blocked(), AT)
    assert first is not None
    assert first.startswith("automod-")
    assert order(first) < order("1300000000000000000")
    assert collapse.first(blocked(action={"type": 2}), AT + timedelta(seconds=59)) is None
    assert collapse.first(blocked(content="another"), AT) not in (None, first)
    again = collapse.first(blocked(), AT + timedelta(seconds=61))
    assert again not in (None, first)


def test_names_are_those_that_the_server_shows() -> None:
    data = said(member={"nick": "Annie"}, mentions=[{"id": "8", "username": "bob", "member": {"nick": None}}, {"id": "9", "bot": True}])
    assert dict(names_of(data)) == {"7": "Annie", "8": "bob"}


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
INNER = st.lists(VALUES, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "text", "message", "title"]), VALUES, max_size=3)
JSON = VALUES | INNER | st.lists(INNER, max_size=2)


@given(st.dictionaries(st.sampled_from(["content", "embeds", "attachments", "poll", "author", "type", "mentions", "timestamp"]), JSON))
def test_a_malformed_payload_is_refused_with_an_error_of_data(broken: dict[str, Any]) -> None:
    try:
        message_of({**said(), **broken}, PLACE)
    except (AttributeError, KeyError, TypeError, ValueError):
        return


def test_what_is_written_says_how_long_its_author_has_been_here() -> None:
    account, joined = "1300000000000000000", AT - timedelta(days=2)
    person = {"id": account, "username": "ann", "bot": False}
    member = {"joined_at": joined.isoformat(), "roles": []}
    found = [
        message_of(said(author=person, member=member), PLACE),
        changed_of(said("other", author=person, member=member, edited_timestamp=AT.isoformat()), PLACE, None, AT),
        changed_of(said(author=person, member=member, embeds=[{"title": "A page"}]), PLACE, known_of(said(author=person), PLACE), AT),
    ]
    assert [(one.account_created_at, one.joined_at) for one in found if one] == [(made_at(account), joined)] * 3


def test_when_somebody_came_is_not_known_where_discord_does_not_say() -> None:
    guest = message_of(said(member={"joined_at": None}), PLACE)
    read_later = message_of(said(), PLACE)
    assert guest is not None
    assert read_later is not None
    assert (guest.joined_at, read_later.joined_at) == (None, None)
    assert read_later.came_at == made_at("7")


def test_many_who_join_or_react_at_once_do_not_look_like_newcomers_who_write() -> None:
    user, fresh = {"id": "1300000000000000000", "username": "ann"}, AT.isoformat()
    joined = join_of({"user": user, "joined_at": fresh, "guild_id": "1"}, PLACE)
    reaction = {"message_id": "3", "user_id": user["id"], "channel_id": "5", "emoji": {"id": None, "name": "x"}}
    reacted = reaction_of({**reaction, "member": {"user": user, "joined_at": fresh}, "message_author_id": "9"}, PLACE, AT)
    assert joined is not None
    assert reacted is not None
    assert (joined.came_at, reacted.came_at) == (None, None)
