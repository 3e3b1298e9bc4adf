"""The traps of the platform and its library, one test for each that a client can fall into: the adapter survives it.

Knows: what Discord and discord.py do wrong or surprisingly. Must not know: commands and buttons, they have tests of their own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.platforms.discord import client as client_module
from bot.platforms.discord.supervisor import DiscordSetupError
from tests.platforms.discord.running import BAD, FINE, Branch, branch_on_discord
from tests.servers.discord import Intent, Permission
from tests.servers.discord.permissions import STEWARD


@pytest.fixture
async def branch(tmp_path: Path) -> AsyncIterator[Branch]:
    async with branch_on_discord(tmp_path) as made:
        yield made
        assert made.wrong() == []


def deletes(branch: Branch) -> list[int]:
    return [one.status for one in branch.server.requests("DELETE", "/channels/*/messages/*")]


# Connecting


async def test_a_refused_first_handshake_is_tried_again(branch: Branch) -> None:
    branch.server.refuse_handshakes(2)
    async with branch.running():
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden()
    assert branch.server.gateway.handshakes >= 3


async def test_the_api_away_at_login_is_tried_again(branch: Branch) -> None:
    branch.server.fail_next("GET", "/users/@me", 503, times=2)
    branch.server.fail_next("GET", "/gateway/bot", ConnectionResetError)
    async with branch.running():
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden()


async def test_nobody_there_at_login_is_tried_again(branch: Branch) -> None:
    await branch.server.shut()
    async with branch.running(connected=False):
        await asyncio.sleep(0.2)
        await branch.server.reopen()
        await branch.live()
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden()


@pytest.mark.parametrize(
    "event",
    [
        {"op": 0, "t": "MESSAGE_CREATE", "s": None, "d": {"id": "not a number"}},
        {"op": 0, "t": "GUILD_MEMBER_ADD", "s": None, "d": {}},
        {"op": 0, "t": "MESSAGE_CREATE", "s": None, "d": None},
    ],
)
async def test_a_malformed_event_ends_the_library_and_not_the_adapter(branch: Branch, event: dict[str, object]) -> None:
    async with branch.running():
        branch.server.say(branch.general, branch.ann, FINE)
        before = branch.server.gateway.identifies
        branch.server.send_raw(event)
        await branch.server.holds(lambda: branch.server.gateway.identifies > before, 10)
        await branch.live()
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden(holding=1)


async def test_a_silent_gateway_is_noticed(branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "BEAT_EVERY_SECONDS", 0.1)
    async with branch.running(heartbeat_timeout=0.5):
        branch.server.go_silent()
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden()
        assert branch.server.gateway.resumes >= 1


async def test_a_quiet_server_is_not_taken_for_a_silent_one(branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Discord asks for a heartbeat every 41 seconds; with a time-out below that the library alone would reconnect for ever."""
    monkeypatch.setattr(client_module, "BEAT_EVERY_SECONDS", 0.1)
    async with branch.running(heartbeat_timeout=0.5):
        await asyncio.sleep(1.5)
        assert (branch.server.gateway.resumes, branch.server.gateway.identifies) == (0, 1)


async def test_a_wrong_token_stops_with_one_line_and_without_the_token(branch: Branch) -> None:
    branch.server.token = "another.token"
    async with branch.running(connected=False):
        branch.adapter._token = type(branch.adapter._token)("wrong.secret.token")
        assert branch.listening is not None
        await branch.server.holds(branch.listening.done)
        error = branch.listening.exception()
        assert isinstance(error, ExceptionGroup)
        (line,) = error.exceptions
        assert isinstance(line, DiscordSetupError)
        assert "Reset Token" in str(line)
        assert "secret" not in f"{error!r} {line!r} {line.__cause__!r} {branch.adapter.__dict__!r}"


async def test_intents_that_are_not_switched_on_say_which_switch_to_press(branch: Branch) -> None:
    branch.server.gateway.allowed = Intent.GUILD_MEMBERS
    async with branch.running(connected=False):
        assert branch.listening is not None
        await branch.server.holds(branch.listening.done)
        error = branch.listening.exception()
        assert isinstance(error, ExceptionGroup)
        assert "Message Content Intent" in str(error.exceptions[0])
        assert "Server Members Intent" in str(error.exceptions[0])


# Nothing missed


async def test_a_dropped_socket_is_resumed_and_what_was_said_meanwhile_is_in_time(branch: Branch) -> None:
    async with branch.running():
        branch.server.say(branch.general, branch.ann, FINE)
        branch.server.drop_socket()
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden(holding=1)
        assert (await branch.case()).late is None
        assert branch.server.gateway.identifies == 1


async def test_an_op_9_loses_the_gap_and_it_is_read_from_history_as_late(branch: Branch) -> None:
    async with branch.running():
        last = branch.server.say(branch.general, branch.ann, FINE)
        await branch.server.holds(lambda: (last.id,) in branch.rows("select cursor from rooms"))
        await branch.settled()
        branch.server.drop_socket()
        branch.server.forget_sessions()
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.server.holds(lambda: len(branch.cards()) == 1)
        assert (await branch.case()).late is not None
        assert not branch.letters(branch.ann)
        assert branch.ann.timed_out_until is None
        assert deletes(branch) == []
        await branch.live()
        branch.server.say(branch.general, branch.morgan, FINE)
        bea = branch.server.add_member(branch.guild, "bea")
        branch.server.say(branch.general, bea, BAD)
        await branch.hidden(holding=3)
        assert (await branch.case(2)).late is None


async def test_after_a_restart_there_is_no_resume_and_every_page_of_history_is_read(branch: Branch) -> None:
    async with branch.running():
        last = branch.server.say(branch.general, branch.ann, FINE)
        await branch.server.holds(lambda: (last.id,) in branch.rows("select cursor from rooms"))
        await branch.settled()
    for number in range(230):
        branch.server.say(branch.general, branch.ann, BAD if number == 117 else f"{FINE} {number}")
    async with branch.running():
        await branch.server.holds(lambda: len(branch.cards()) == 1)
        case = await branch.case()
        assert case.late is not None
        assert case.messages[0].message.text == BAD
        assert deletes(branch) == []
        cursor = branch.rows("select cursor from rooms where room = '" + branch.general.id + "'")
        await branch.settled()
        cursor = branch.rows("select cursor from rooms where room = '" + branch.general.id + "'")
        assert cursor == [(list(branch.general.messages)[-1],)]
        pages = branch.server.requests("GET", f"/channels/{branch.general.id}/messages")
        assert [one.query["limit"] for one in pages[:3]] == ["100"] * 3


async def test_where_history_may_not_be_read_the_room_is_live_and_it_is_said_once(
    branch: Branch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with branch.running():
        last = branch.server.say(branch.general, branch.ann, FINE)
        await branch.server.holds(lambda: (last.id,) in branch.rows("select cursor from rooms"))
        await branch.settled()
    branch.server.set_permissions(branch.guild.role("Steward"), branch.guild, STEWARD & ~Permission.READ_MESSAGE_HISTORY)
    branch.server.set_overwrite(branch.general, branch.guild.role("@everyone"), deny=Permission.READ_MESSAGE_HISTORY)
    branch.server.say(branch.general, branch.ann, BAD)
    async with branch.running():
        branch.server.say(branch.general, branch.morgan, "morning")
        await asyncio.sleep(0.1)
        branch.server.drop_socket()
        branch.server.forget_sessions()
        await branch.server.holds(lambda: branch.server.gateway.identifies == 3)
        await branch.live()
    assert branch.server.requests("GET", f"/channels/{branch.general.id}/messages") == []
    assert capsys.readouterr().out.count('Steward lacks "Read Message History"') == 1


async def test_a_duplicate_is_judged_once(branch: Branch) -> None:
    async with branch.running():
        branch.server.duplicate_next(3)
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden()
        await branch.done()
        assert branch.rows("select count(*) from cases") == [(1,)]
        assert len(branch.letters(branch.ann)) == 1


async def test_history_that_fails_is_read_again(branch: Branch) -> None:
    async with branch.running():
        last = branch.server.say(branch.general, branch.ann, FINE)
        await branch.server.holds(lambda: (last.id,) in branch.rows("select cursor from rooms"))
        await branch.settled()
    branch.server.say(branch.general, branch.ann, BAD)
    branch.server.fail_next("GET", "/channels/*/messages", 503)
    async with branch.running():
        await branch.server.holds(lambda: len(branch.cards()) == 1)


# Nothing done twice, nothing given up too early


@pytest.mark.parametrize("failure", [503, ConnectionResetError])
async def test_what_the_library_does_not_retry_is_retried_by_the_outbox(branch: Branch, failure: int | type[Exception]) -> None:
    async with branch.running():
        branch.server.fail_next("DELETE", "/channels/*/messages/*", failure)
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden()
        assert set((await branch.done()).values()) == {"done"}
        assert len(branch.cards()) == 1
        assert len(branch.letters(branch.ann)) == 1


async def test_a_429_without_via_is_waited_for(branch: Branch) -> None:
    async with branch.running():
        branch.server.limit_next("DELETE", "/channels/*/messages/*", seconds=0.2, from_proxy=True)
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden()
        assert deletes(branch) == [429, 204]


async def test_an_answer_that_is_lost_repeats_nothing(branch: Branch) -> None:
    async with branch.running():
        branch.server.fail_next("POST", f"/channels/{branch.officers.id}/messages", ConnectionResetError, performed=True)
        branch.server.fail_next("DELETE", "/channels/*/messages/*", 503, performed=True)
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden()
        assert set((await branch.done()).values()) == {"done"}
        assert len(branch.cards()) == 1
        assert len(branch.server.requests("POST", f"/channels/{branch.officers.id}/messages")) == 2
        assert deletes(branch) == [503, 404]


async def test_every_send_carries_an_enforced_nonce_of_25_characters(branch: Branch) -> None:
    async with branch.running():
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden()
        await branch.done()
        sent = branch.server.requests("POST", "/channels/*/messages")
        assert len(sent) >= 2
        assert all(one.body["enforce_nonce"] is True and len(one.body["nonce"]) == 25 for one in sent)
        assert len({one.body["nonce"] for one in sent}) == len(sent)


async def test_the_last_token_of_a_bucket_holds_up_no_message(branch: Branch) -> None:
    branch.server.limits.set("DELETE", "/channels/*/messages/*", 1, 1.5)
    people = [branch.server.add_member(branch.guild, f"member{number}") for number in range(4)]
    async with branch.running():
        for one in people:
            branch.server.say(branch.general, one, BAD)
        await branch.server.holds(lambda: branch.rows("select count(*) from cases") == [(4,)])
        assert len(deletes(branch)) < 4, "all are judged while their deletion waits"
        await branch.hidden()


async def test_a_403_is_not_asked_again_and_goes_to_people(branch: Branch) -> None:
    people = [branch.server.add_member(branch.guild, f"member{number}") for number in range(3)]
    async with branch.running():
        branch.server.fail_next("DELETE", f"/channels/{branch.general.id}/messages/*", 403, code=50013, times=3)
        for number, one in enumerate(people, start=1):
            branch.server.say(branch.general, one, BAD)
            await branch.server.holds(lambda number=number: branch.rows("select count(*) from cases") == [(number,)])  # type: ignore[misc]
            await branch.done(number)
        assert deletes(branch) == [403]
        assert [(await branch.done(number))["1 hide"] for number in (1, 2, 3)] == ["manual"] * 3


async def test_a_permission_that_is_known_to_be_missing_is_not_even_asked_for(branch: Branch) -> None:
    branch.server.set_permissions(branch.guild.role("Steward"), branch.guild, STEWARD & ~Permission.MANAGE_MESSAGES)
    async with branch.running():
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.server.holds(lambda: len(branch.cards()) == 1)
        states = await branch.done()
        assert states["1 hide"] == "manual"
        assert deletes(branch) == []
        (row,) = [row for row in (await branch.case()).actions if row.action.kind == "hide"]
        assert row.error == 'Steward lacks "Manage Messages" in #general: give it to its role there'


async def test_a_refused_direct_message_is_followed_by_a_private_thread(branch: Branch) -> None:
    branch.ann.account.takes_direct_messages = False
    async with branch.running():
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden()
        assert set((await branch.done()).values()) == {"done"}
        thread = branch.guild.channel("A notice for you (case 1)")
        assert thread.is_private_thread
        assert thread.parent is branch.general
        assert branch.ann.id in thread.thread_members
        assert len(branch.server.performed_messages(thread)) == 1


async def test_direct_messages_opened_too_fast_take_the_next_way(branch: Branch) -> None:
    async with branch.running():
        branch.server.fail_next("POST", "/users/@me/channels", 400, code=40003)
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden()
        await branch.done()
        assert len(branch.server.performed_messages(branch.guild.channel("A notice for you (case 1)"))) == 1


async def test_without_any_way_to_tell_the_member_a_person_has_to(branch: Branch) -> None:
    branch.ann.account.takes_direct_messages = False
    branch.server.set_permissions(branch.guild.role("Steward"), branch.guild, STEWARD & ~Permission.CREATE_PRIVATE_THREADS)
    async with branch.running():
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden()
        states = await branch.done()
        assert states["1 notify"] == "manual"
        assert {state for name, state in states.items() if name != "1 notify"} == {"done"}


async def test_one_automod_trigger_is_one_message_however_many_actions_it_has(branch: Branch) -> None:
    async with branch.running():
        branch.server.automod(branch.general, branch.ann, BAD, keyword="donkey", actions=("block", "alert"), alert_channel=branch.officers)
        await branch.server.holds(lambda: branch.rows("select count(*) from cases") == [(1,)])
        await branch.done()
        case = await branch.case()
        assert len(case.messages) == 1
        assert case.messages[0].message.kind == "blocked"


async def test_what_automod_let_stand_is_judged_as_itself(branch: Branch) -> None:
    async with branch.running():
        branch.server.automod(branch.general, branch.ann, BAD, keyword="donkey", actions=("alert",), alert_channel=branch.officers)
        await branch.hidden()
        await branch.done()
        case = await branch.case()
        assert [one.message.kind for one in case.messages] == ["said"]


async def test_a_flaky_evening_leaves_every_breach_in_exactly_one_case(branch: Branch) -> None:
    people = [branch.server.add_member(branch.guild, f"member{number}") for number in range(12)]
    async with branch.running():
        for number, one in enumerate(people):
            if number % 4 == 1:
                branch.server.drop_socket()
            if number % 5 == 2:
                branch.server.duplicate_next(2)
            if number == 6:
                branch.server.fail_next("POST", "/channels/*/messages", 503)
            branch.server.say(branch.general, one, BAD if number % 2 else FINE)
            await asyncio.sleep(0.02)
        with suppress(TimeoutError):
            await branch.hidden(holding=6)
        assert branch.rows("select count(*) from cases") == [(6,)]
        for number in range(1, 7):
            assert set((await branch.done(number)).values()) == {"done"}
        assert all(len(branch.letters(one)) == 1 for number, one in enumerate(people) if number % 2)
        assert len(branch.cards()) == 6


async def test_a_thread_that_was_opened_while_nobody_watched_is_read_from_its_first_message(branch: Branch) -> None:
    async with branch.running():
        last = branch.server.say(branch.general, branch.ann, FINE)
        await branch.server.holds(lambda: (last.id,) in branch.rows("select cursor from rooms"))
        await branch.settled()
        client = branch.adapter.client()
        branch.server.go_silent()  # the gateway says nothing of what comes
        await client.http.start_thread_without_message(int(branch.general.id), name="Housing", auto_archive_duration=60, type=11)
    thread = branch.guild.channel("Housing")
    branch.server.say(thread, branch.ann, BAD)
    branch.server.say(thread, branch.ann, FINE)
    async with branch.running():
        await branch.server.holds(lambda: len(branch.cards()) == 1)
        case = await branch.case()
        assert case.late is not None
        assert case.case.room == thread.id


async def test_a_quiet_room_that_was_there_before_is_read_from_where_it_was(branch: Branch) -> None:
    async with branch.running():
        await branch.settled()
    branch.server.say(branch.general, branch.ann, BAD)
    async with branch.running():
        await branch.server.holds(lambda: len(branch.cards()) == 1)
        assert (await branch.case()).late is not None


async def test_what_was_said_before_steward_came_is_not_judged(branch: Branch) -> None:
    branch.server.say(branch.general, branch.ann, BAD)
    async with branch.running():
        branch.server.say(branch.general, branch.ann, FINE)
        await branch.settled()
        await asyncio.sleep(0.1)
        assert branch.rows("select count(*) from cases") == [(0,)]


async def test_more_than_can_be_kept_is_read_again_and_is_not_late_for_that(branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.platforms.discord import arrivals

    async with branch.running():
        await asyncio.sleep(0.5)  # what follows a start is over: it would be late
        monkeypatch.setattr(arrivals, "WAITING_MAX", 3)
        for number in range(30):
            branch.server.say(branch.general, branch.ann, BAD if number == 20 else f"{FINE} {number}")
        await branch.hidden(holding=29)
        assert (await branch.case()).late is None


async def test_a_gap_is_told_to_the_moderators_with_what_cannot_be_read_back(branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from bot.platforms.discord import arrivals

    monkeypatch.setattr(arrivals, "GAP_MIN", timedelta(0))
    async with branch.running():
        branch.server.drop_socket()
        branch.server.forget_sessions()
        await branch.server.holds(lambda: len(branch.cards()) == 1)
        assert "Edits and reactions of that time cannot be read back" in branch.cards()[0].content
