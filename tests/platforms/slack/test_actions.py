"""What Steward does on Slack: the ladder of hiding and muting, notices, cards, and what is left to people.

Knows: what members see and what is on record. Must not know: how a breach is found.
Rules: nothing is called hidden or muted that is not; everything is done once.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.platforms.slack.connected import Steward, officers, steward

from bot.commands import Asker  # isort: skip - connected skips where the libraries are not there
from bot.core.cases import Decision  # isort: skip
from bot.core.model import Action, ActionKind  # isort: skip
from bot.ports import PlatformRefusedError  # isort: skip
from bot.store.records import ActionState  # isort: skip
from tests.servers.slack import Member, Message, SlackServer  # isort: skip


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(pace=0.01) as server:
        yield server
        assert server.problems() == []


@pytest.fixture
def ann(slack: SlackServer) -> Member:
    return slack.add_member("ann")


def card_of(slack: SlackServer) -> Message:
    """The newest card."""
    return [one for one in slack.said_by_bot(officers(slack)) if not one.is_reply][-1]


def thread_of(slack: SlackServer) -> list[str]:
    """What stands in the threads of cards."""
    return [one.words for one in slack.said_by_bot(officers(slack)) if one.is_reply]


async def decided(at_work: Steward, by: Member, decision: Decision) -> None:
    """A moderator decides the newest case."""
    asker = Asker(account=by.id, platform="slack")
    await at_work.community.desk.rule(asker, 1, decision)
    await at_work.settled()


async def test_a_breach_brings_a_notice_and_a_card(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        said = await at_work.says(ann, slack.general, "you donkey")
        assert len(ann.dms) == 1
        assert "This is a warning" in ann.dm_texts[0]
        card = card_of(slack)
        assert "Case 1" in card.words
        assert said.ts.replace(".", "") in str(card.blocks), "the card leads to the message"
        assert await at_work.state(ann, ActionKind.WARN) is ActionState.DONE
        assert await at_work.state(ann, ActionKind.ESCALATE) is ActionState.DONE


# The ladder of hiding and muting


async def test_without_an_admin_token_nobody_is_called_muted_and_people_get_a_task(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        said = await at_work.says(ann, slack.general, "you will be sorry")
        (told,) = ann.dm_texts
        assert "You are asked not to post until" in told
        assert "muted" not in told
        assert "hidden" not in told
        assert await at_work.state(ann, ActionKind.HIDE) is ActionState.MANUAL
        assert await at_work.state(ann, ActionKind.MUTE) is ActionState.MANUAL
        assert not said.deleted
        tasks = thread_of(slack)
        assert len(tasks) == 2
        assert "Delete message" in tasks[0]
        assert "Slack has no mute" in tasks[1]


async def test_steward_looks_again_and_says_whether_it_is_so(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        said = await at_work.says(ann, slack.general, "you will be sorry")
        asker = Asker(account=slack.owner.id, platform="slack")
        assert "still stands" in await at_work.community.desk.done_by_hand(asker, 1)
        assert await at_work.state(ann, ActionKind.HIDE) is ActionState.MANUAL
        slack.owner.deletes(said)
        said_again = await at_work.says(ann, slack.general, "you will be sorry indeed")
        slack.owner.deletes(said_again)
        assert "it is so" in await at_work.community.desk.done_by_hand(asker, 1)
        assert await at_work.state(ann, ActionKind.HIDE) is ActionState.DONE


async def test_with_an_admin_token_the_message_is_deleted_and_each_new_one_during_the_mute(
    slack: SlackServer, ann: Member, tmp_path: Path
) -> None:
    token = slack.add_admin_token()
    async with steward(slack, tmp_path, admin_token=token) as at_work:
        said = await at_work.says(ann, slack.general, "you will be sorry")
        assert said.deleted
        assert "You are muted until" in ann.dm_texts[0]
        assert "removed" in ann.dm_texts[0]
        first, second = ann.says(slack.general, "hello again"), ann.says(slack.general, "anybody here?")
        await slack.holds(lambda: first.deleted and second.deleted)
        await slack.holds(lambda: len(ann.dms) == 2)
        await at_work.settled()
        assert "was removed" in ann.dm_texts[1]
        assert len(ann.dms) == 2, "the first is explained, later ones are told together"
        assert await at_work.audited("removed_while_muted") == 2
        other = await at_work.says(slack.owner, slack.general, "hello")
        assert not other.deleted


async def test_a_mute_survives_a_restart(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    token = slack.add_admin_token()
    async with steward(slack, tmp_path, admin_token=token) as at_work:
        await at_work.says(ann, slack.general, "you will be sorry")
    unheard = ann.says(slack.general, "while nobody watched")
    async with steward(slack, tmp_path, admin_token=token) as at_work:
        await slack.holds(lambda: unheard.deleted)
        heard = ann.says(slack.general, "hello again")
        await slack.holds(lambda: heard.deleted)
        await at_work.settled()


async def test_a_mute_that_is_over_removes_nothing(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    token = slack.add_admin_token()
    async with steward(slack, tmp_path, admin_token=token) as at_work:
        await at_work.says(ann, slack.general, "you will be sorry")
        await decided(at_work, slack.owner, Decision.DISMISS)
        later = await at_work.says(ann, slack.general, "thank you")
        assert not later.deleted
        assert await at_work.state(ann, ActionKind.UNMUTE) is ActionState.DONE


async def test_a_members_token_is_no_admin_token(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    token = slack.add_admin_token(ann)
    async with steward(slack, tmp_path, admin_token=token) as at_work:
        reach = at_work.platform.reach
        assert reach is not None
        assert not reach.deletes
        assert "neither an owner nor an admin" in reach.admin_problem
        assert not at_work.platform.capabilities.can(ActionKind.HIDE)


async def test_in_a_private_room_a_mute_takes_the_member_out_until_it_is_over(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    room = slack.add_channel("committee", ann, private=True)
    async with steward(slack, tmp_path) as at_work:
        await at_work.says(ann, room, "you will be sorry")
        assert await at_work.state(ann, ActionKind.MUTE) is ActionState.DONE
        assert ann.id not in room.members
        assert "You were taken out of the channel" in ann.dm_texts[0]
        assert "muted" not in ann.dm_texts[0]
        slack.owner.invites(ann, room)
        await slack.holds(lambda: ann.id not in room.members)
        await at_work.settled()
        await decided(at_work, slack.owner, Decision.DISMISS)
        assert ann.id in room.members
        assert await at_work.state(ann, ActionKind.UNMUTE) is ActionState.DONE


async def test_where_the_workspace_does_not_let_apps_kick_it_is_left_to_people(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    room = slack.add_channel("committee", ann, private=True)
    slack.world.restricted.add("kick")
    async with steward(slack, tmp_path) as at_work:
        await at_work.says(ann, room, "you will be sorry")
        row = await at_work.row(ann, ActionKind.MUTE)
        assert row.state is ActionState.MANUAL
        assert "workspace's settings" in row.error
        assert ann.id in room.members


async def test_without_groups_write_a_mute_is_a_request_everywhere(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    slack.set_scopes(without="groups:write")
    room = slack.add_channel("committee", ann, private=True)
    async with steward(slack, tmp_path) as at_work:
        assert not at_work.platform.capabilities.can(ActionKind.MUTE)
        await at_work.says(ann, room, "you will be sorry")
        assert ann.id in room.members
        assert "You are asked not to post until" in ann.dm_texts[0]


async def test_an_admin_who_does_not_see_the_room_cannot_delete_and_it_is_said(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    admin = slack.add_member("adam", is_admin=True)
    room = slack.add_channel("committee", ann, private=True)
    async with steward(slack, tmp_path, admin_token=slack.add_admin_token(admin)) as at_work:
        said = await at_work.says(ann, room, "you will be sorry")
        assert not said.deleted
        assert await at_work.state(ann, ActionKind.HIDE) is ActionState.MANUAL


async def test_a_message_that_is_gone_already_is_hidden(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    held = asyncio.Event()
    async with steward(slack, tmp_path, admin_token=slack.add_admin_token(), held={"sorry": held}) as at_work:
        said = ann.says(slack.general, "you will be sorry")
        await slack.settled()
        ann.deletes(said)
        held.set()
        await at_work.settled()
        row = await at_work.row(ann, ActionKind.HIDE)
        assert (row.state, row.detail) == (ActionState.DONE, "it was gone already")


# Sending, once


async def until_done(at_work: Steward, member: Member, kind: ActionKind) -> None:
    """Wait until an action was performed, however often it had to be tried."""
    async with asyncio.timeout(15):
        while await at_work.state(member, kind) is not ActionState.DONE:
            await asyncio.sleep(0.2)
            at_work.community.outbox.wake()  # what a test settles by itself, the outbox does not look at before half a minute


@pytest.mark.parametrize("performed", [True, False])
async def test_what_was_sent_without_an_answer_is_looked_for_before_it_is_sent_again(
    slack: SlackServer, ann: Member, tmp_path: Path, *, performed: bool
) -> None:
    async with steward(slack, tmp_path) as at_work:
        slack.fail_next("chat.postMessage", 500, times=2, performed=performed)
        await at_work.says(ann, slack.general, "you donkey")
        await until_done(at_work, ann, ActionKind.WARN)
        await until_done(at_work, ann, ActionKind.ESCALATE)
        assert len(ann.dms) == 1
        assert len(slack.said_by_bot(officers(slack))) == 1
        assert await at_work.audited("performed") == 2


async def test_a_wait_that_slack_asks_for_is_remembered_by_the_outbox(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        slack.limit_next("chat.postMessage", seconds=1)
        await at_work.says(ann, slack.general, "you donkey")
        await until_done(at_work, ann, ActionKind.ESCALATE)
        assert len(slack.said_by_bot(officers(slack))) == 1


async def test_a_notice_to_an_account_that_is_gone_is_left_to_people(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    held = asyncio.Event()
    async with steward(slack, tmp_path, held={"donkey": held}) as at_work:
        ann.says(slack.general, "you donkey")
        await slack.settled()
        slack.deactivate(ann)
        held.set()
        await at_work.settled()
        row = await at_work.row(ann, ActionKind.WARN)
        assert row.state is ActionState.MANUAL
        assert "deactivated" in row.error


async def test_a_card_is_edited_in_place_and_its_news_stand_in_its_thread(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        await at_work.says(ann, slack.general, "you donkey")
        card = card_of(slack)
        await decided(at_work, slack.owner, Decision.UPHOLD)
        assert card_of(slack) is card
        assert "upheld by a moderator" in card.words
        assert any("decided: uphold" in one for one in thread_of(slack))


async def test_an_urgent_card_calls_the_channel(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        await at_work.says(ann, slack.general, "you will be sorry")
        assert "<!channel>" in card_of(slack).words


async def test_what_is_said_to_the_moderators_is_said_once(slack: SlackServer, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        for _ in range(2):
            await at_work.platform.tell_moderators(at_work.team, "I was away.", "away/1")
        assert [one.words for one in slack.said_by_bot(officers(slack))] == ["I was away."]


async def test_without_a_channel_for_cards_it_is_said_what_to_do(slack: SlackServer, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        await at_work.communities.set_up("slack", at_work.team, escalation_channel="nowhere")
        with pytest.raises(PlatformRefusedError, match="/steward setup"):
            await at_work.platform.tell_moderators(at_work.team, "hello", "hello/1")


async def test_owners_and_admins_moderate_where_no_group_is_named(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        moderators = set(at_work.community.parts.moderators)
        assert slack.owner.id in moderators
        assert ann.id not in moderators


async def test_a_target_is_not_told_that_something_was_hidden_that_was_not(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    bob = slack.add_member("bob")
    async with steward(slack, tmp_path) as at_work:
        await at_work.says(bob, slack.general, f"{ann.mention} you will be sorry")
        (told,) = ann.dm_texts
        assert "The moderators have been told." in told
        assert "hidden" not in told
    token = slack.add_admin_token()
    async with steward(slack, tmp_path, admin_token=token) as at_work:
        said = await at_work.says(bob, slack.general, f"{ann.mention} you will be sorry indeed")
        assert said.deleted
        assert "so it was hidden" in ann.dm_texts[1]


async def test_moderators_are_told_something_outside_any_case_once(slack: SlackServer, tmp_path: Path) -> None:
    async with steward(slack, tmp_path) as at_work:
        support = Action(
            community="branch", case=0, step=7, kind=ActionKind.TELL, platform="slack", server=at_work.team, text="Support for ann"
        )
        assert at_work.platform.capabilities.can(ActionKind.TELL)
        for _ in range(2):
            await at_work.platform.perform(support)
        assert [one.words for one in slack.said_by_bot(officers(slack))] == ["Support for ann"]


async def test_only_those_who_were_seen_to_come_count_as_newcomers_and_only_by_what_they_write(
    slack: SlackServer, ann: Member, tmp_path: Path
) -> None:
    events = slack.add_channel("events", ann)

    def newcomers() -> list[tuple[str, int]]:
        with closing(sqlite3.connect(tmp_path / "steward.db")) as database:
            return database.execute("SELECT account, messages FROM newcomers").fetchall()

    async with steward(slack, tmp_path) as at_work:
        cara = slack.add_member("cara")
        for member in (ann, cara):
            member.joins(slack.add_channel(f"with-{member.name}"))
            member.joins(events)
        await at_work.settled()
        said = await at_work.says(ann, events, "good morning")
        cara.reacts(said, "wave")
        await at_work.settled()
        assert newcomers() == []
        await at_work.says(cara, events, "hello everybody")
        assert newcomers() == [(cara.id, 1)]
    async with steward(slack, tmp_path) as at_work:
        await at_work.says(cara, events, "and good night")
        assert newcomers() == [(cara.id, 1)], "Slack tells nobody's age: after a restart it is not known"
