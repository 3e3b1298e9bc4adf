"""Committed actions are performed exactly once, as far as the platform allows; else a person is told."""

import asyncio
from datetime import timedelta

import pytest

from bot.core.model import Action, ActionKind
from bot.outbox import ATTEMPTS_MAX, PAUSE_SECONDS_MAX, Outbox
from bot.ports import Performed, PlatformRefusedError, PlatformUnavailableError, Repeat
from bot.store.records import ActionState, NoticeState
from tests.core.policies import NOW
from tests.shell.branch import INSULTING, THREATENING, Branch


def performed_entries(branch: Branch) -> list[str]:
    """Keys of the audit trail's entries of performed actions."""
    return [key for (key,) in branch.rows("SELECT action_key FROM audit WHERE kind = 'performed' ORDER BY sequence")]


async def test_each_action_is_performed_once_with_one_audit_entry(branch: Branch) -> None:
    await branch.say(THREATENING)
    for _ in range(3):
        await branch.perform()
    keys = [action.key for action in branch.chat.performed]
    assert keys == ["main/1/1/hide", "main/1/1/urgent", "main/1/1/mute", "main/1/1/notify"]
    assert sorted(performed_entries(branch)) == sorted(keys)
    assert set((await branch.states()).values()) == {ActionState.DONE}
    row = next(one for one in (await branch.detail()).actions if one.action.kind is ActionKind.HIDE)
    assert (row.attempts, row.reference, row.performed_at) == (1, "on test", NOW)


async def test_two_rounds_at_once_perform_each_action_once(branch: Branch) -> None:
    for number in range(8):
        await branch.accept(branch.message(THREATENING, author=f"member{number}"))
    other = Outbox(branch.store, "main", branch.parts.platforms, branch.clock)
    await asyncio.gather(branch.outbox.perform_due(), branch.outbox.perform_due(), other.perform_due())
    await branch.perform()
    assert len(branch.chat.asked) == len(set(branch.chat.asked))
    assert sorted(performed_entries(branch)) == sorted(branch.chat.asked)


async def test_actions_of_one_case_are_performed_in_order_beside_those_of_others(branch: Branch) -> None:
    for number in range(3):
        await branch.accept(branch.message(THREATENING, author=f"member{number}"))
    await branch.perform()
    for number in range(3):
        assert branch.chat.kinds(f"member{number}") == ["hide", "urgent", "mute", "notify"]


# A platform that is not set up here.


async def test_platform_that_stays_away_is_not_waited_for_for_ever(branch: Branch) -> None:
    await branch.say(THREATENING)
    del branch.parts.platforms["test"]  # type: ignore[attr-defined]
    await branch.ask("/dismiss 1 no")
    waiting = {kind for kind, state in (await branch.states()).items() if state is ActionState.PENDING}
    assert waiting >= {"2 unmute", "2 unhide", "2 update"}
    for _ in range(29):
        await branch.later(days=1)
    assert {(await branch.states())[kind] for kind in waiting} == {ActionState.PENDING}
    for _ in range(2):
        await branch.later(days=1)
    after = await branch.states()
    assert {after[kind] for kind in waiting if "update" not in kind} == {ActionState.MANUAL}
    assert after["2 update"] is ActionState.DROPPED
    assert "lift the mute" in await branch.ask("/cases")
    await branch.later(weeks=110)
    assert branch.rows("SELECT count(*) FROM cases") == [(0,)], "and is deleted in its time"


async def test_waiting_for_a_platform_fills_no_trail(branch: Branch) -> None:
    await branch.say(INSULTING)
    del branch.parts.platforms["test"]  # type: ignore[attr-defined]
    await branch.ask("/uphold 1 yes")
    for _ in range(144):
        await branch.later(minutes=10)
    (entries,) = branch.rows("SELECT count(*) FROM audit WHERE kind = 'postponed' GROUP BY action_key ORDER BY 1 DESC")[0]
    assert entries < 40


# Refused.


async def test_refused_notice_becomes_a_manual_task_and_shows_as_not_notified(branch: Branch) -> None:
    branch.chat.failures[ActionKind.WARN] = [PlatformRefusedError("takes no direct messages")]
    await branch.say(INSULTING)
    await branch.later(days=1)
    assert await branch.states() == {"1 escalate": ActionState.DONE, "1 warn": ActionState.MANUAL}
    (notice,) = (await branch.detail()).notices
    assert (notice.state, notice.delivered_at) == (NoticeState.MANUAL, None)
    assert branch.chat.asked.count("main/1/1/warn") == 1
    assert "NOT NOTIFIED" in await branch.ask("/case 1")
    assert "alex: warn the member: do it by hand (takes no direct messages)" in await branch.ask("/cases")
    assert performed_entries(branch) == ["main/1/1/escalate"]


async def test_what_a_platform_cannot_do_is_a_manual_task_and_is_never_tried(branch: Branch) -> None:
    del branch.chat.repeats[ActionKind.MUTE]
    await branch.say(THREATENING)
    assert (await branch.states())["1 mute"] is ActionState.MANUAL
    assert "main/1/1/mute" not in branch.chat.asked
    (card,) = [one.text for one in branch.chat.performed if one.kind is ActionKind.URGENT]
    assert "By hand, because this chat cannot do it: mute" in card


async def test_notice_that_was_tried_counts_as_tried_even_where_it_was_refused(branch: Branch) -> None:
    branch.chat.failures[ActionKind.WARN] = [PlatformRefusedError("no")]
    await branch.say(INSULTING)
    assert (await branch.detail()).case.notice_tried_at == NOW


# Unavailable.


async def test_unavailable_platform_is_asked_again_with_growing_pauses_and_then_a_person(branch: Branch) -> None:
    branch.chat.failures[ActionKind.WARN] = [PlatformUnavailableError("down") for _ in range(ATTEMPTS_MAX)]
    await branch.say(INSULTING)
    pauses = []
    for _ in range(ATTEMPTS_MAX - 1):
        row = next(one for one in (await branch.detail()).actions if one.action.kind is ActionKind.WARN)
        assert row.state is ActionState.PENDING
        pauses.append((row.due_at - branch.clock.now()).total_seconds())
        branch.clock.saw(row.due_at - timedelta(milliseconds=1))
        await branch.perform()
        assert branch.chat.asked.count(row.action.key) == row.attempts, "not before it is due"
        branch.clock.saw(row.due_at)
        await branch.perform()
    assert pauses == sorted(pauses)
    assert pauses[0] == 2
    assert max(pauses) <= PAUSE_SECONDS_MAX
    assert (await branch.states())["1 warn"] is ActionState.MANUAL
    await branch.later(days=1)
    assert branch.chat.asked.count("main/1/1/warn") == ATTEMPTS_MAX
    assert (await branch.detail()).notices[0].state is NoticeState.MANUAL


async def test_platform_that_says_when_is_asked_then(branch: Branch) -> None:
    branch.chat.failures[ActionKind.WARN] = [PlatformUnavailableError("slow down", retry_seconds=37)]
    await branch.say(INSULTING)
    row = (await branch.detail()).actions[1]
    assert row.due_at == NOW + timedelta(seconds=37)
    await branch.later(seconds=37)
    assert branch.chat.kinds("alex") == ["escalate", "warn"]
    assert len(performed_entries(branch)) == 2
    notice = (await branch.detail()).notices[0]
    assert (notice.state, notice.delivered_at) == (NoticeState.DIRECT, NOW + timedelta(seconds=37))


async def test_one_failing_action_does_not_hold_up_the_others(branch: Branch) -> None:
    branch.chat.failures[ActionKind.URGENT] = [PlatformUnavailableError("down")]
    await branch.say(THREATENING)
    assert branch.chat.kinds() == ["hide", "mute", "notify"]
    await branch.later(minutes=1)
    assert branch.chat.kinds() == ["hide", "mute", "notify", "urgent"]


@pytest.mark.parametrize(("repeat", "state"), [(Repeat.UNCERTAIN, ActionState.MAYBE_DONE), (Repeat.NONCE, ActionState.PENDING)])
async def test_what_may_have_happened_is_never_blindly_repeated(branch: Branch, repeat: Repeat, state: ActionState) -> None:
    branch.chat.repeats[ActionKind.WARN] = repeat
    branch.chat.failures[ActionKind.WARN] = [PlatformUnavailableError("connection lost", maybe_done=True)]
    await branch.say(INSULTING)
    assert (await branch.states())["1 warn"] is state
    await branch.later(hours=1)
    assert branch.chat.asked.count("main/1/1/warn") == (1 if state is ActionState.MAYBE_DONE else 2)
    if state is ActionState.MAYBE_DONE:
        assert "look whether it is so" in await branch.ask("/cases")


async def test_uncertain_action_that_surely_did_not_happen_is_tried_again(branch: Branch) -> None:
    branch.chat.repeats[ActionKind.WARN] = Repeat.UNCERTAIN
    branch.chat.failures[ActionKind.WARN] = [PlatformUnavailableError("rate limit")]
    await branch.say(INSULTING)
    await branch.later(minutes=1)
    assert (await branch.states())["1 warn"] is ActionState.DONE


async def test_platform_that_never_answers_counts_as_maybe_done(branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.outbox.PERFORM_SECONDS_MAX", 0.05)
    answer = branch.chat.perform

    async def hangs(action: Action) -> Performed:
        if action.kind is ActionKind.WARN:
            await asyncio.sleep(60)
        return await answer(action)

    monkeypatch.setattr(branch.chat, "perform", hangs)
    branch.chat.repeats[ActionKind.WARN] = Repeat.UNCERTAIN
    await branch.say(INSULTING)
    assert await branch.states() == {"1 escalate": ActionState.DONE, "1 warn": ActionState.MAYBE_DONE}


async def test_action_for_a_platform_that_is_not_there_does_not_keep_the_outbox_busy(branch: Branch) -> None:
    await branch.accept(branch.message(INSULTING))
    outbox = Outbox(branch.store, "main", {}, branch.clock)
    for _ in range(5):
        if not await outbox.perform_due():
            return
    pytest.fail("it would go on for ever")


# A crash between.


async def cut_off(branch: Branch) -> None:
    """The process ends while the warning is performed: it is not known whether it was."""
    await branch.accept(branch.message(INSULTING))
    async with branch.parts.transaction() as transaction:
        assert await transaction.mark("main/1/1/warn", ActionState.PERFORMING)
    await branch.close()
    await branch.open()


async def test_action_that_was_cut_off_is_performed_after_the_restart_where_that_is_harmless(branch: Branch) -> None:
    await cut_off(branch)
    await branch.perform()
    assert "main/1/1/warn" not in branch.chat.asked
    await branch.outbox.recover()
    await branch.perform()
    assert branch.chat.asked.count("main/1/1/warn") == 1
    assert sorted(performed_entries(branch)) == ["main/1/1/escalate", "main/1/1/warn"]


async def test_uncertain_action_that_was_cut_off_is_left_to_a_person(branch: Branch) -> None:
    branch.chat.repeats[ActionKind.WARN] = Repeat.UNCERTAIN
    await cut_off(branch)
    await branch.outbox.recover()
    await branch.perform()
    assert "main/1/1/warn" not in branch.chat.asked
    assert (await branch.states())["1 warn"] is ActionState.MAYBE_DONE
    assert "cut off while it was performed" in await branch.ask("/cases")


async def test_recovering_twice_changes_nothing_more(branch: Branch) -> None:
    await cut_off(branch)
    await branch.outbox.recover()
    await branch.perform()
    before = branch.rows("SELECT count(*) FROM audit")
    await branch.outbox.recover()
    await branch.perform()
    assert branch.rows("SELECT count(*) FROM audit") == before


# Simulated.


async def test_simulated_actions_are_recorded_and_no_platform_hears_of_them(branch: Branch) -> None:
    await branch.accept(branch.message(THREATENING))
    outbox = Outbox(branch.store, "main", branch.parts.platforms, branch.clock, simulate=True)
    while await outbox.perform_due():
        pass
    assert set((await branch.states()).values()) == {ActionState.SIMULATED}
    assert branch.chat.asked == []
    assert performed_entries(branch) == []


# Running.


async def test_running_outbox_wakes_for_what_is_new(branch: Branch) -> None:
    rounds = 0

    async def each() -> None:
        nonlocal rounds
        rounds += 1

    running = asyncio.create_task(branch.outbox.run(each))
    await asyncio.sleep(0.05)
    await branch.accept(branch.message(INSULTING))
    branch.outbox.wake()
    for _ in range(100):
        if branch.chat.kinds("alex") == ["escalate", "warn"]:
            break
        await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.wait([running])
    assert branch.chat.kinds("alex") == ["escalate", "warn"]
    assert rounds >= 2
