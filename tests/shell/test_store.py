"""The record: what is committed is there, what failed is not, and everything reads back as it was written."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite

from bot.core.cases import AppealState, NotAllowedError, ReportState
from bot.core.model import Action, ActionKind
from bot.store.engine import ClosedMeansClosed
from bot.store.records import ActionState, NoticeState
from bot.store.store import Store, StoreError
from tests.shell.record import HASHES, NOW, action, contact, open_case

# Transactions.


async def test_transaction_that_raises_leaves_nothing(store: Store) -> None:
    async def fails() -> None:
        async with store.transaction("north", NOW) as tx:
            case = await open_case(tx)
            await tx.add_actions([action(case.number)])
            await tx.set_cursor("console", "r", "5", "7")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fails()
    async with store.transaction("north", NOW) as tx:
        assert await tx.rooms() == ()
        assert await tx.case(1) is None
        assert await tx.next_due() is None
        assert await tx.audit_head() == (0, "0" * 64)
        assert await tx.next_case_number() == 1


async def test_cancelled_transaction_leaves_nothing_and_the_next_one_runs(store: Store) -> None:
    inside = asyncio.Event()

    async def slow() -> None:
        async with store.transaction("north", NOW) as tx:
            await tx.set_cursor("console", "r", "5", "7")
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(slow())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with store.transaction("north", NOW) as tx:
        assert await tx.rooms() == ()


def test_connection_that_is_closed_amid_a_statement_holds_nobody_up(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "steward.db", isolation_level=None, factory=ClosedMeansClosed)
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
    connection.execute("CREATE TABLE numbers (number)")
    connection.execute("INSERT INTO numbers VALUES (1), (2), (3)")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO numbers VALUES (4)")
    cursor = connection.execute("SELECT number FROM numbers")
    cursor.fetchone()
    connection.close()
    with closing(sqlite3.connect(tmp_path / "steward.db", isolation_level=None, timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert other.execute("SELECT count(*) FROM numbers").fetchone() == (3,)
    del cursor  # it lived until here, as it does in the traceback of a task that was cut off
    connection.close()


async def test_transactions_at_the_same_time_take_turns(store: Store) -> None:
    async def one() -> int:
        async with store.transaction("north", NOW) as tx:
            return (await open_case(tx)).number

    assert sorted(await asyncio.gather(*(one() for _ in range(20)))) == list(range(1, 21))


async def test_communities_do_not_see_each_other(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        case = await open_case(tx)
        await tx.set_cursor("console", "r", "1", "1")
        await tx.add_contacts("console", [contact("a", "b", 1)])
        await tx.add_actions([action(case.number)])
    async with store.transaction("south", NOW) as tx:
        assert await tx.case(case.number) is None
        assert await tx.rooms() == ()
        assert await tx.contacts_between("console", [("a", "b")]) == {("a", "b"): ()}
        assert await tx.due_actions(NOW) == ()
        assert await tx.next_case_number() == 1
        assert await tx.history(case.number) == ()


async def test_database_that_cannot_be_written_is_a_store_error_and_works_again_afterwards(store: Store, tmp_path: Path) -> None:
    async with store.transaction("north", NOW) as tx:
        await tx.set_cursor("console", "r", "1", "1")
        await tx.connection.exec_driver_sql("PRAGMA busy_timeout=10")
    with closing(sqlite3.connect(tmp_path / "var" / "steward.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            with pytest.raises(StoreError, match="in use by another process"):
                await store.transaction("north", NOW).__aenter__()
        other.execute("ROLLBACK")
    async with store.transaction("north", NOW) as tx:
        assert (await tx.rooms())[0].cursor == "1"


# Rooms, contacts, unjudged, inbox.


async def test_contacts_are_found_in_both_directions_oldest_first(store: Store) -> None:
    there, back, old, other = contact("a", "b", 1), contact("b", "a", 2, hostility=2), contact("a", "b", 3), contact("a", "z", 4)
    old = replace(old, sent_at=NOW - timedelta(days=91))
    async with store.transaction("north", NOW) as tx:
        await tx.add_contacts("console", [back, there, old, other])
        await tx.add_contacts("slack", [contact("a", "b", 9)])
        found = await tx.contacts_between("console", [("a", "b"), ("b", "a"), ("a", "q")])
        assert found == {("a", "b"): (there, back), ("b", "a"): (there, back), ("a", "q"): ()}
        assert await tx.contacts_between("console", []) == {}
        assert await tx.forget_contacts(NOW - timedelta(days=90)) == 1


async def test_contact_that_comes_twice_is_kept_once(store: Store) -> None:
    first = contact("a", "b", 1, hostility=1, objects=True, answered=True)
    async with store.transaction("north", NOW) as tx:
        await tx.add_contacts("console", [first, replace(first, hostility=3)])
        await tx.add_contacts("console", [first, contact("a", "a", 2)])
        assert (await tx.contacts_between("console", [("a", "b")]))["a", "b"] == (first,)
        assert len((await tx.contacts_between("console", [("a", "a")]))["a", "a"]) == 1


async def test_contacts_are_looked_up_by_the_index(store: Store) -> None:
    from bot.store.rooms import _BETWEEN

    async with store.transaction("north", NOW) as tx:
        query = str(_BETWEEN.compile(dialect=sqlite.dialect()))
        plan = (await tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", ("?",) * query.count("?"))).all()
    assert any("contacts_by_time" in str(row) and "target=?" in str(row) for row in plan)


async def test_cursor_moves_and_first_sight_stays(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        await tx.set_cursor("console", "r", "1", "1")
    async with store.transaction("north", NOW + timedelta(hours=1)) as tx:
        await tx.set_cursors([("console", "r", "8", "9"), ("console", "s", "3", "3")])
        await tx.set_cursors([])
        rooms = await tx.rooms()
    assert [(room.room, room.cursor, room.newest_seen) for room in rooms] == [("r", "8", "9"), ("s", "3", "3")]
    assert rooms[0].first_seen_at == NOW


async def test_unjudged_message_waits_to_be_read_again(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        assert await tx.add_unjudged("console", "r", "1", "time_out")
        assert not await tx.add_unjudged("console", "r", "1", "failure")
        assert await tx.add_unjudged("console", "r", "2", "failure")
        assert [row.message for row in await tx.unjudged()] == ["1", "2"]
        await tx.unjudged_read_again("console", "r", "1", judged=True)
        await tx.unjudged_read_again("console", "r", "2", judged=False)
        assert await tx.unjudged() == ()
        assert [(row.message, row.reason) for row in await tx.unjudged(read_again=True)] == [("2", "failure")]
        for _ in range(3):
            await tx.count_unjudged("console", "r", "language", sent_at=NOW)
        await tx.count_unjudged("console", "r", "language", sent_at=NOW - timedelta(days=9))
        assert await tx.unjudged_counts(NOW - timedelta(days=1)) == {"language": 3}


async def test_inbox_takes_a_delivery_once_and_forgets_its_text_when_judged(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        assert await tx.add_inbox("E1", {"text": "hello"})
        assert not await tx.add_inbox("E1", {"text": "hello"})
        assert [row.payload for row in await tx.inbox()] == [{"text": "hello"}]
        await tx.inbox_done(["E1"])
        await tx.inbox_done([])
        assert await tx.inbox() == ()
        assert not await tx.add_inbox("E1", {"text": "hello"})
        assert await tx.forget_inbox(NOW + timedelta(hours=24)) == 1


# The outbox.


async def test_action_is_committed_once_however_often_it_is_asked_for(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        case = await open_case(tx)
        assert await tx.add_actions([action(case.number), action(case.number)]) == (f"north/{case.number}/1/warn",)
        assert await tx.add_actions([action(case.number)]) == ()
        assert len(await tx.due_actions(NOW)) == 1
        assert await tx.next_due() == NOW


async def test_action_goes_through_the_outbox_and_is_performed_once(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        case = await open_case(tx)
        (key,) = await tx.add_actions([action(case.number)])
        assert not await tx.mark(key, ActionState.DONE)
        assert await tx.mark(key, ActionState.PERFORMING)
        assert not await tx.mark(key, ActionState.PERFORMING)
        assert [row.action.key for row in await tx.actions_in(ActionState.PERFORMING)] == [key]
        later = NOW + timedelta(seconds=30)
        assert await tx.mark(key, ActionState.PENDING, due_at=later, error="busy")
        assert await tx.due_actions(NOW) == ()
        assert await tx.next_due() == later
        assert await tx.mark(key, ActionState.PERFORMING)
        assert await tx.mark(key, ActionState.DONE, reference="m9", detail="told")
        assert not await tx.mark(key, ActionState.DONE)
        assert not await tx.mark(key, ActionState.DROPPED)
        assert not await tx.mark("north/9/9/warn", ActionState.PERFORMING)
        row = await tx.action(key)
        assert row is not None
        assert (row.state, row.attempts, row.performed_at, row.reference, row.error) == (ActionState.DONE, 2, NOW, "m9", "busy")
        kinds = [entry.kind for entry in await tx.history(case.number)]
        assert kinds == ["committed", "performing", "postponed", "performing", "performed"]
        assert await tx.next_due() is None


async def test_limits_count_what_was_committed_by_kind_and_account(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        case = await open_case(tx)
        await tx.add_actions([action(case.number, step=step) for step in (1, 2, 3)])
        await tx.mark(f"north/{case.number}/3/warn", ActionState.DROPPED)
        before = NOW - timedelta(seconds=1)
        assert await tx.count_actions(ActionKind.WARN, before) == 2
        assert await tx.count_actions(ActionKind.WARN, NOW) == 0
        assert await tx.count_actions(ActionKind.MUTE, before) == 0
        assert await tx.count_actions(ActionKind.WARN, before, platform="console", target="alex") == 2
        assert await tx.count_actions(ActionKind.WARN, before, platform="console", target="sam") == 0


async def test_first_notice_and_first_try_are_noted_in_the_case(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        case = await open_case(tx)
        assert await tx.add_notice(case.number, 1, platform="console", account="alex", text="t")
        assert not await tx.add_notice(case.number, 1, platform="console", account="alex", text="t")
    async with store.transaction("north", NOW + timedelta(minutes=1)) as tx:
        await tx.notice_tried(case.number, 1, "alex")
    async with store.transaction("north", NOW + timedelta(minutes=2)) as tx:
        await tx.notice_delivered(case.number, 1, "alex", NoticeState.THREAD)
        await tx.notice_delivered(case.number, 1, "alex", NoticeState.MANUAL)
        await tx.update_case(replace(case, steps=2))
        kept = await tx.case(case.number)
        detail = await tx.case_detail(case.number)
    assert kept is not None
    assert detail is not None
    assert (kept.steps, kept.notice_first_at, kept.notice_tried_at) == (2, NOW, NOW + timedelta(minutes=1))
    assert (detail.notices[0].state, detail.notices[0].delivered_at) == (NoticeState.THREAD, NOW + timedelta(minutes=2))


# People and policies.


async def test_report_and_appeal_go_only_where_the_core_allows(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        case = await open_case(tx)
        number = await tx.add_report(platform="console", room="r", message="1", author="alex", reporter="sam", text="look")
        assert [report.id for report in await tx.reports()] == [number]
        await tx.update_report(number, ReportState.IN_CASE, case=case.number)
        assert await tx.reporters_of_case(case.number) == ("sam",)
        await tx.update_report(number, ReportState.ANSWERED, answer="thanks")
        with pytest.raises(NotAllowedError):
            await tx.update_report(number, ReportState.OPEN)
        assert [report.answer for report in await tx.reports(ReportState.ANSWERED)] == ["thanks"]
        appeal = await tx.add_appeal(case.number, platform="console", account="alex", text="no", answer_by=NOW)
        assert [one.answer_by for one in await tx.appeals()] == [NOW]
        await tx.update_appeal(appeal, AppealState.SUSPENDED)
        await tx.update_appeal(appeal, AppealState.ACCEPTED, by="mod", reason="fair")
        kept = await tx.appeal(appeal)
        assert kept is not None
        assert (kept.state, kept.decided_by, kept.decided_at) == (AppealState.ACCEPTED, "mod", NOW)
        with pytest.raises(NotAllowedError):
            await tx.update_appeal(appeal, AppealState.OPEN)
        with pytest.raises(KeyError):
            await tx.update_appeal(99, AppealState.LAPSED)


async def test_no_contact_request_stands_in_one_direction_and_lapses(store: Store) -> None:
    until = NOW + timedelta(days=90)
    async with store.transaction("north", NOW) as tx:
        await tx.ask_no_contact("console", requester="sam", other="alex", until=until, letter="north/0/1/notify")
        (request,) = await tx.no_contact_between("console", [("alex", "sam"), ("sam", "alex")])
        assert (request.requester, request.other, request.told_at, request.until) == ("sam", "alex", None, until)
        assert await tx.no_contact_between("discord", [("alex", "sam")]) == ()
    async with store.transaction("north", NOW + timedelta(hours=1)) as tx:
        assert await tx.no_contact_told("north/0/1/notify")
        assert not await tx.no_contact_told("north/0/1/notify")
        (request,) = await tx.no_contacts_of("console", "sam")
        assert request.told_at == NOW + timedelta(hours=1)
    async with store.transaction("north", until) as tx:
        assert await tx.no_contacts_of("console", "sam") == ()
        assert await tx.no_contact_between("console", [("alex", "sam")]) == ()
        assert not await tx.renew_no_contact("console", requester="sam", other="alex", until=until + timedelta(days=90))


async def test_no_contact_request_is_renewed_and_ended(store: Store) -> None:
    until, longer = NOW + timedelta(days=90), NOW + timedelta(days=170)
    async with store.transaction("north", NOW) as tx:
        await tx.ask_no_contact("console", requester="sam", other="alex", until=until)
        assert await tx.renew_no_contact("console", requester="sam", other="alex", until=longer)
        assert [one.until for one in await tx.no_contacts_of("console", "sam")] == [longer]
        assert await tx.no_contact_ended("console", requester="sam", other="alex") is None
        assert await tx.end_no_contact("console", requester="sam", other="alex")
        assert await tx.no_contact_ended("console", requester="sam", other="alex") == NOW
        assert await tx.no_contacts_of("console", "sam") == ()
        assert not await tx.end_no_contact("console", requester="sam", other="alex")


async def test_actions_of_no_case_have_numbers_of_their_own(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        for number in (1, 2):
            step = await tx.next_letter()
            assert step == number
            letter = Action(community="north", case=0, step=step, kind=ActionKind.NOTIFY, platform="console", target="sam", text="hello")
            assert await tx.add_actions([letter]) == (f"north/0/{number}/notify",)
        assert [row.action.case for row in await tx.due_actions(NOW)] == [0, 0]


async def test_newcomers_are_counted_and_forgotten(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        assert [await tx.count_newcomer("console", "ruth") for _ in range(3)] == [0, 1, 2]
        assert await tx.count_newcomer("console", "imran") == 0
        assert await tx.forget_newcomers(NOW) == 0
        assert await tx.forget_newcomers(NOW + timedelta(seconds=1)) == 2
        assert await tx.count_newcomer("console", "ruth") == 0


async def test_one_support_card_at_a_time(store: Store) -> None:
    week = timedelta(days=7)
    async with store.transaction("north", NOW) as tx:
        assert await tx.support_due("console", "dana", NOW - week)
        assert not await tx.support_due("console", "dana", NOW - week)
    async with store.transaction("north", NOW + 2 * week) as tx:
        assert await tx.support_due("console", "dana", NOW + week)


async def test_policy_source_and_result_of_its_check_are_kept(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        assert await tx.check_passed(HASHES) is None
        await tx.remember_check(HASHES, passed=False)
        assert await tx.check_passed(HASHES) is False
        await tx.remember_check(HASHES, passed=True)
        assert await tx.check_passed(HASHES) is True
        await tx.save_policy_source("p", "source: ✊")
        await tx.save_policy_source("p", "another")
        assert await tx.policy_source("p") == "source: ✊"
        assert await tx.policy_source("q") is None
