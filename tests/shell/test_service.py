"""The pipeline: nothing is lost, nothing is judged twice, one message never stops the others."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.core.cases import Decision
from bot.core.model import ActionKind, Kind, Status
from bot.core.policy import Test as Tested
from bot.core.respond import Ruling
from bot.core.signals import Measure, Reading
from bot.ports import PlatformUnavailableError
from bot.service import LATE_AFTER, Outcome
from tests.core.policies import rule
from tests.shell.branch import FOR_REVIEW, INSULTING, MINOR, RULES, THREATENING, Branch, compiled


def ids(outcomes: list[Outcome]) -> list[str]:
    return [one.verdict.message.id for one in outcomes]


def cursor(branch: Branch, room: str = "room") -> str:
    (found,) = branch.rows(f"SELECT cursor FROM rooms WHERE room = '{room}'")
    return str(found[0])


# Order, duplicates, edits.


async def test_messages_are_judged_in_the_order_of_arrival_however_long_their_scores_take(branch: Branch) -> None:
    branch.scorer.held["slow"] = asyncio.Event()
    for number, text in enumerate(["a slow one", "two", "a slow one again", "four"], start=1):
        await branch.service.accept(branch.message(text, number=number))
    await asyncio.sleep(0.05)
    assert branch.outcomes == []
    branch.scorer.held["slow"].set()
    await branch.drained()
    assert ids(branch.outcomes) == ["1", "2", "3", "4"]
    assert cursor(branch) == "4"


async def test_message_that_comes_twice_is_judged_once(branch: Branch) -> None:
    said = branch.message(INSULTING)
    await branch.accept(said, said)
    await branch.accept(said)
    assert ids(branch.outcomes) == ["1"]
    assert branch.rows("SELECT count(*) FROM case_messages") == [(1,)]


async def test_message_that_comes_again_after_a_restart_has_no_second_answer(branch: Branch) -> None:
    said = branch.message(INSULTING)
    branch.chat.said.append(said)
    await branch.accept(said)
    await branch.perform()
    await branch.close()
    await branch.open()
    branch.service.fresh_session("test")
    async with branch.parts.transaction() as transaction:
        await transaction.set_cursor("test", "room", "", "1")
    await branch.service.start()
    assert await branch.service.catch_up(branch.chat, late=True) == 1
    await branch.drained()
    await branch.perform()
    assert branch.outcomes[-1].response is None
    assert branch.chat.kinds("alex") == ["escalate", "warn"]


async def test_edit_is_judged_as_a_message_of_its_own_in_the_same_case(branch: Branch) -> None:
    await branch.say(INSULTING, number=1)
    edited = await branch.say(f"{INSULTING}, I said", number=1, kind=Kind.EDITED)
    assert edited.response
    assert edited.response.case.number == 1
    assert [one.message.text for one in (await branch.detail()).messages] == [INSULTING, f"{INSULTING}, I said"]


async def test_edit_of_an_old_message_does_not_move_the_cursor_back(branch: Branch) -> None:
    for number in range(1, 12):
        await branch.say(f"line {number}", number=number)
    await branch.say("line two, mended", number=2, kind=Kind.EDITED)
    assert cursor(branch) == "11"


# Live, behind, overflow.


async def test_room_that_was_seen_before_is_behind_until_it_is_caught_up(branch: Branch) -> None:
    await branch.say("one")
    await branch.close()
    await branch.open()
    branch.chat.said += [branch.message(f"missed {number}", number=number) for number in (2, 3, 4)]
    fourth = branch.chat.said[-1]
    await branch.service.accept(fourth)
    await branch.drained()
    assert ids(branch.outcomes) == ["1"], "what comes live is only noted"
    branch.chat.page_length = 2
    assert await branch.service.catch_up(branch.chat, late=True) == 3
    await branch.drained()
    assert ids(branch.outcomes) == ["1", "2", "3", "4"]
    await branch.say("five, live again", number=5)
    assert cursor(branch) == "5"


async def test_catch_up_goes_on_with_what_comes_meanwhile(branch: Branch) -> None:
    await branch.say("one")
    branch.service.fresh_session("test")
    branch.chat.said += [branch.message("two", number=2)]
    branch.scorer.held["two"] = asyncio.Event()
    catching = asyncio.create_task(branch.service.catch_up(branch.chat, late=False))
    for number in (3, 4):
        message = branch.message(f"meanwhile {number}", number=number)
        branch.chat.said.append(message)
        await branch.service.accept(message)
    branch.scorer.held["two"].set()
    await catching
    await branch.drained()
    assert ids(branch.outcomes) == ["1", "2", "3", "4"]


async def test_first_sight_of_a_room_starts_at_its_newest_message(branch: Branch) -> None:
    branch.chat.said += [branch.message(f"long ago {number}", number=number, ago=timedelta(days=9)) for number in range(1, 4)]
    await branch.say("the first that is seen", number=4)
    assert await branch.service.catch_up(branch.chat, late=False) == 0
    assert ids(branch.outcomes) == ["4"]


@pytest.fixture
def short_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queues of a few messages, so that they overflow."""
    monkeypatch.setattr("bot.service.QUEUE_LENGTH_MAX", 3)
    monkeypatch.setattr("bot.service.SCORED_LENGTH_MAX", 2)


@pytest.mark.usefixtures("short_queues")
async def test_after_an_overflow_the_room_is_read_again_and_nothing_is_late(fresh: Branch) -> None:
    branch = await fresh.open(waits=False)
    branch.scorer.held["one"] = asyncio.Event()
    branch.chat.said += [branch.message("one", number=1), *(branch.message(f"line {number}", number=number) for number in range(2, 30))]
    branch.chat.said.append(branch.message(INSULTING, number=30))
    for message in branch.chat.said:
        await branch.service.accept(message)
        await asyncio.sleep(0)
    branch.scorer.held["one"].set()
    for _ in range(200):
        if len(branch.outcomes) == 30:
            break
        await asyncio.sleep(0.02)
    await branch.drained()
    assert ids(branch.outcomes) == [str(number) for number in range(1, 31)]
    response = branch.outcomes[-1].response
    assert response
    assert response.late is None
    assert response.answer is ActionKind.WARN


@pytest.mark.usefixtures("short_queues")
async def test_queue_that_waits_never_leaves_a_room_behind(branch: Branch) -> None:
    for number in range(1, 30):
        await branch.service.accept(branch.message(f"line {number}", number=number))
    await branch.drained()
    assert ids(branch.outcomes) == [str(number) for number in range(1, 30)]


@pytest.mark.usefixtures("short_queues")
async def test_room_first_seen_in_an_overflow_also_starts_at_its_newest_message(fresh: Branch) -> None:
    branch = await fresh.open(waits=False)
    branch.scorer.held["one"] = asyncio.Event()
    branch.chat.said += [branch.message("long ago", number=number, room="old room", ago=timedelta(days=9)) for number in (1, 2)]
    for number in range(3, 20):
        branch.chat.said.append(branch.message(f"one {number}", number=number))
        await branch.service.accept(branch.chat.said[-1])
        await asyncio.sleep(0)
    newest = branch.message("hello there", number=20, room="old room")
    branch.chat.said.append(newest)
    await branch.service.accept(newest)
    branch.scorer.held["one"].set()
    for _ in range(200):
        if "20" in ids(branch.outcomes):
            break
        await asyncio.sleep(0.02)
    assert [one for one in ids(branch.outcomes) if one in ("1", "2", "20")] == ["20"]


@pytest.mark.usefixtures("short_queues")
async def test_platform_that_cannot_be_read_after_an_overflow_is_read_later(fresh: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    branch = await fresh.open(waits=False)
    branch.scorer.held["one"] = asyncio.Event()
    history, answers = branch.chat.history, iter([PlatformUnavailableError("busy")])

    async def sometimes(room: str, after: str):  # type: ignore[no-untyped-def]
        for error in answers:
            raise error
        async for page in history(room, after):
            yield page

    monkeypatch.setattr(branch.chat, "history", sometimes)
    for number in range(1, 12):
        branch.chat.said.append(branch.message(f"one {number}", number=number))
        await branch.service.accept(branch.chat.said[-1])
        await asyncio.sleep(0)
    branch.scorer.held["one"].set()
    await asyncio.sleep(0.3)
    await branch.drained()
    later = branch.message("twelve", number=12)
    branch.chat.said.append(later)
    await branch.accept(later)


async def test_edit_of_an_old_message_is_judged_though_its_room_is_behind(branch: Branch) -> None:
    await branch.say("good evening", number=1)
    await branch.say("and welcome", number=2)
    branch.service.fresh_session("test")
    await branch.service.accept(branch.message(INSULTING, number=1, kind=Kind.EDITED))
    await branch.service.catch_up(branch.chat, late=False)
    await branch.drained()
    assert any(one.verdict.findings for one in branch.outcomes)


# Late.


async def test_what_catch_up_finds_after_a_start_gets_a_card_and_no_penalty(branch: Branch) -> None:
    await branch.say("one")
    await branch.close()
    await branch.open()
    branch.chat.said.append(branch.message(THREATENING, number=2, author="bo", ago=timedelta(minutes=2)))
    await branch.service.catch_up(branch.chat, late=True)
    await branch.drained()
    await branch.perform()
    assert branch.chat.kinds() == ["urgent"]
    assert "2 minutes late" in branch.chat.performed[0].text
    detail = await branch.detail()
    assert (detail.late, detail.strike, detail.case.muted_until) == (timedelta(minutes=2), None, None)


@pytest.mark.parametrize(("ago", "kinds"), [(LATE_AFTER, ["escalate", "warn"]), (LATE_AFTER + timedelta(seconds=1), ["escalate"])])
async def test_what_is_judged_more_than_five_minutes_after_it_was_sent_is_late(branch: Branch, ago: timedelta, kinds: list[str]) -> None:
    await branch.say("one")
    await branch.say(INSULTING, author="bo", ago=ago)
    assert branch.chat.kinds() == kinds
    assert branch.rows("SELECT count(*) FROM strikes") == [(len(kinds) - 1,)]


# Unjudged.


async def test_message_that_timed_out_is_noted_without_its_text_and_read_again_once(branch: Branch) -> None:
    branch.scorer.missing["squeamish"] = "time_out"
    await branch.say("a squeamish ossifrage")
    assert branch.rows("SELECT message, reason, read_again FROM unjudged") == [("1", "time_out", 0)]
    assert b"ossifrage" not in branch.bytes_on_disk()
    branch.scorer.missing.clear()
    await branch.service.read_again()
    await branch.drained()
    assert branch.rows("SELECT count(*) FROM unjudged") == [(0,)]


async def test_breach_that_timed_out_at_first_is_answered_once_when_it_is_read_again(branch: Branch) -> None:
    branch.scorer.missing["donkey"] = "time_out"
    await branch.say(INSULTING)
    assert branch.chat.kinds() == []
    branch.scorer.missing.clear()
    for _ in range(2):
        await branch.service.read_again()
        await branch.drained()
        await branch.perform()
    assert branch.chat.kinds() == ["escalate", "warn"]


async def test_what_fails_twice_waits_for_people_and_is_not_read_a_third_time(branch: Branch) -> None:
    branch.scorer.missing["squeamish"] = "failure"
    await branch.say("squeamish")
    for _ in range(3):
        await branch.service.read_again()
        await branch.drained()
    assert branch.rows("SELECT reason, read_again FROM unjudged") == [("failure", 1)]
    assert len(branch.outcomes) == 2


async def test_what_is_gone_when_it_is_read_again_waits_for_people(branch: Branch) -> None:
    branch.scorer.missing["squeamish"] = "failure"
    await branch.say("squeamish")
    branch.chat.said.clear()
    await branch.service.read_again()
    assert branch.rows("SELECT read_again FROM unjudged") == [(1,)]


async def test_text_that_was_too_long_is_counted_by_room_and_day_alone(branch: Branch) -> None:
    branch.scorer.missing["endless"] = "too_long"
    await branch.say("an endless one")
    await branch.say("another endless one", author="bo")
    assert branch.rows("SELECT room, day, reason, count FROM unjudged_counts") == [("room", "2026-03-02", "too_long", 2)]
    assert branch.rows("SELECT count(*) FROM unjudged") == [(0,)]
    assert b"endless" not in branch.bytes_on_disk()


async def test_words_of_a_bank_are_found_though_the_scores_are_missing(branch: Branch) -> None:
    branch.scorer.missing["clown"] = "time_out"
    outcome = await branch.say(MINOR)
    assert [finding.rule for finding in outcome.verdict.findings] == ["clowns"]
    assert {one.rule for one in outcome.verdict.unjudged} >= {"threat"}
    assert branch.chat.kinds() == ["nudge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaks:
    """A signal with a mistake in it."""

    def measure(self, reading: Reading) -> Measure:
        if "break it" in reading.said:
            raise KeyError("mistake")
        return Measure(value=False)


async def test_message_whose_judging_raises_is_recorded_and_passed(fresh: Branch) -> None:
    made, source = compiled()
    broken = replace(made.rules[-1], when=Tested(signal=Breaks()))
    branch = await fresh.open((replace(made, rules=(*made.rules, broken)), source))
    for number, text in enumerate(["one", "break it", MINOR], start=1):
        await branch.say(text, number=number)
    assert ids(branch.outcomes) == ["1", "2", "3"]
    assert branch.rows("SELECT message, reason FROM unjudged") == [("2", "failure")]
    assert cursor(branch) == "3"
    assert branch.chat.kinds() == ["nudge"]


@pytest.mark.parametrize("text", [f"\ud800 {MINOR}", f"{MINOR}\x00", f"{MINOR} " + "la " * 14_000, "", "\ud800", "\x00"])
async def test_odd_text_is_judged_and_recorded_and_does_not_stop_the_next_one(branch: Branch, text: str) -> None:
    outcome = await branch.say(text, number=1)
    assert bool(outcome.verdict.findings) == (MINOR in text)
    await branch.say("good evening", number=2, author="bo")
    assert cursor(branch) == "2"
    assert branch.rows("SELECT count(*) FROM case_messages") == [(1 if MINOR in text else 0,)]


# Batches.


async def test_two_breaches_of_one_author_in_one_batch_are_one_step(fresh: Branch) -> None:
    branch = await fresh.open(running=False)
    first, second = branch.message(INSULTING), branch.message(f"{INSULTING} again")
    for message in (first, second):
        await branch.service.accept(message)
    branch.run()
    await branch.drained()
    await branch.perform()
    detail = await branch.detail()
    assert [one.message.id for one in detail.messages] == ["1", "2"]
    assert branch.chat.kinds("alex").count("warn") == 1
    assert "mute" not in branch.chat.kinds()
    assert branch.rows("SELECT count(*) FROM strikes") == [(1,)]


async def test_limit_holds_within_one_batch(fresh: Branch) -> None:
    branch = await fresh.open(running=False)
    for number in range(1, 7):
        await branch.service.accept(branch.message(INSULTING, number=number, author=f"member{number}"))
    branch.run()
    await branch.drained()
    await branch.perform()
    assert branch.chat.kinds().count("warn") == 3, "the small policy allows three an hour"
    assert branch.rows("SELECT author FROM cases WHERE collects ORDER BY number") == [("member4",), ("member5",), ("member6",)]
    assert branch.rows("SELECT count(*) FROM case_messages") == [(6,)]


async def test_rooms_of_one_batch_each_get_their_cursor(fresh: Branch) -> None:
    branch = await fresh.open(running=False)
    for number, room in enumerate(["a", "b", "a", "b", "c"], start=1):
        await branch.service.accept(branch.message(f"line {number}", number=number, room=room))
    branch.run()
    await branch.drained()
    assert branch.rows("SELECT room, cursor, newest_seen FROM rooms ORDER BY room") == [("a", "3", "3"), ("b", "4", "4"), ("c", "5", "5")]


async def test_contacts_of_one_message_count_for_the_next_of_the_same_batch(fresh: Branch) -> None:
    course = rule("course", "{course_of_conduct: {at_least: 2}}", status="review")
    branch = await fresh.open(compiled(rules={"course": course}), running=False)
    branch.scorer.table["donkey"] = {"toxicity": 0.95}
    for days in (3, 2, 1):
        await branch.service.accept(branch.message("@bo you donkey", mentions=("bo",), ago=timedelta(days=days)))
    branch.run()
    await branch.drained()
    assert [len(one.verdict.findings) for one in branch.outcomes] == [0, 0, 1]


@pytest.mark.parametrize("breach", [MINOR, "be sorry then"])
async def test_short_word_after_a_short_breach_is_no_second_breach(branch: Branch, breach: str) -> None:
    await branch.say(breach)
    branch.clock.saw(branch.clock.now() + timedelta(seconds=20))
    assert (await branch.say("oh, my bad")).verdict.findings == ()


# Modes and moderators.


async def test_moderators_own_words_go_to_review_alone(branch: Branch) -> None:
    outcome = await branch.say(INSULTING, author="morgan")
    assert outcome.response
    assert outcome.response.strike is None
    assert branch.chat.kinds() == ["escalate"]


async def test_moderators_threat_is_hidden_all_the_same(branch: Branch) -> None:
    await branch.say(THREATENING, author="morgan")
    assert sorted(set(branch.chat.kinds())) in (["hide", "notify", "urgent"], ["hide", "urgent"])


async def test_shadow_mode_records_and_tells_nobody(fresh: Branch) -> None:
    branch = await fresh.open(mode=Status.SHADOW)
    for text in (INSULTING, THREATENING, MINOR, FOR_REVIEW):
        await branch.say(text, author=text[-3:])
    assert branch.rows("SELECT count(*) FROM cases") == [(4,)]
    for table in ("actions", "notices", "strikes", "sanctions"):
        assert branch.rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    assert branch.chat.asked == []


async def test_rule_in_review_sends_a_card_and_does_nothing_to_the_member(branch: Branch) -> None:
    await branch.say(FOR_REVIEW)
    assert branch.chat.kinds() == ["escalate"]
    assert branch.rows("SELECT count(*) FROM strikes") == [(0,)]


async def test_words_said_during_a_mute_are_judged_and_marked(branch: Branch) -> None:
    assert not (await branch.say(THREATENING)).said_while_muted
    assert (await branch.say("I can still talk here")).said_while_muted
    assert not (await branch.say("so can I", author="bo")).said_while_muted
    await branch.later(hours=25)
    assert not (await branch.say("back again")).said_while_muted


async def test_words_said_after_a_mute_was_lifted_are_not_marked(branch: Branch) -> None:
    await branch.say(THREATENING)
    await branch.service.casebook.rule_on(1, Ruling(decision=Decision.DISMISS, by="morgan"))
    assert not (await branch.say("thank you")).said_while_muted


async def test_another_policy_counts_from_the_next_message_on(branch: Branch) -> None:
    await branch.say(MINOR)
    made, source = compiled(rules={"insult": RULES["insult"]})
    branch.service.use(policy=made, source=source, mode=branch.parts.mode)
    outcome = await branch.say(f"{MINOR} indeed", author="bo")
    assert outcome.verdict.findings == ()
    await branch.say(INSULTING, author="cy")
    assert branch.rows("SELECT DISTINCT policy_hash FROM cases WHERE author = 'cy'") == [(made.digest,)]
