"""The adapter from the gateway to the record and back: the real library against a Discord on loopback."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.platforms.discord.running import BAD, FINE, THREATENING, Branch, branch_on_discord
from tests.servers.discord import Permission
from tests.servers.discord.permissions import STEWARD


@pytest.fixture
async def branch(tmp_path: Path) -> AsyncIterator[Branch]:
    async with branch_on_discord(tmp_path) as made:
        yield made
        assert made.wrong() == []


async def test_a_breach_is_hidden_the_member_told_and_a_card_posted(branch: Branch) -> None:
    async with branch.running():
        branch.server.say(branch.general, branch.ann, FINE)
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden(holding=1)
        assert set((await branch.done()).values()) == {"done"}
        assert len(branch.letters(branch.ann)) == 1
        assert len(branch.cards()) == 1
        assert [one.name for one in branch.guild.threads.values()] == ["Case 1"]
        assert branch.ann.timed_out_until is not None
        assert {one["reason"] for one in branch.guild.audit_log} == {"Steward, case 1"}


async def test_an_urgent_card_calls_the_moderators_role_and_nobody_else(branch: Branch) -> None:
    async with branch.running():
        branch.server.say(branch.general, branch.ann, f"{THREATENING} @everyone <@{branch.morgan.id}>")
        await branch.hidden()
        await branch.done()
        (card,) = branch.cards()
        assert card.mentioned_roles == [branch.role.id] or f"<@&{branch.role.id}>" in card.content
        sent = [one.body["allowed_mentions"] for one in branch.server.requests("POST", "/channels/*/messages")]
        assert all(one.get("parse") == [] for one in sent)
        assert sum(one.get("roles") == [int(branch.role.id)] or one.get("roles") == [branch.role.id] for one in sent) == 1


async def test_a_second_breach_edits_the_card_and_says_so_in_its_thread(branch: Branch) -> None:
    async with branch.running():
        branch.server.say(branch.general, branch.ann, "you donkey, one")
        await branch.hidden()
        await branch.done()
        branch.server.time_out(branch.ann, None, by=branch.morgan)
        branch.server.say(branch.general, branch.ann, "you donkey, two")
        await branch.hidden()
        await branch.done()
        (card,) = branch.cards()
        assert card.edited_at is not None
        thread = branch.guild.channel("Case 1")
        assert len(branch.server.performed_messages(thread)) == 1


async def test_a_new_room_and_a_thread_are_read_from_their_first_message(branch: Branch) -> None:
    async with branch.running():
        room = branch.server.add_channel(branch.guild, "late-arrival")
        branch.server.say(room, branch.ann, BAD)
        await branch.hidden(room)
        assert (await branch.case()).case.room == room.id


async def test_messages_to_the_bot_and_in_the_moderators_channel_are_not_judged(branch: Branch) -> None:
    async with branch.running():
        branch.server.direct(branch.ann, BAD)
        branch.server.say(branch.officers, branch.morgan, f"ann wrote: {BAD}")
        last = branch.server.say(branch.general, branch.ann, FINE)
        await branch.server.holds(lambda: (last.id,) in branch.rows("select cursor from rooms"))
        assert branch.rows("select count(*) from cases") == [(0,)]


async def test_other_programs_are_not_judged(branch: Branch) -> None:
    async with branch.running():
        music = branch.server.add_member(branch.guild, "music", bot=True)
        branch.server.say(branch.general, music, BAD)
        branch.server.say(branch.general, branch.ann, FINE, parts={"webhook_id": "1"})
        last = branch.server.say(branch.general, branch.ann, FINE)
        await branch.server.holds(lambda: (last.id,) in branch.rows("select cursor from rooms"))
        assert branch.rows("select count(*) from cases") == [(0,)]


async def test_moderators_are_those_who_hold_the_role_and_are_kept_up_to_date(branch: Branch) -> None:
    async with branch.running():
        roster = branch.community.parts.moderators
        await branch.server.holds(lambda: branch.morgan.id in roster)
        assert branch.ann.id not in roster
        branch.ann.roles.append(branch.role.id)
        branch.server.state.update_member(branch.ann)
        await branch.server.holds(lambda: branch.ann.id in roster)
        branch.server.leave(branch.morgan)
        await branch.server.holds(lambda: branch.morgan.id not in roster)
        assert branch.server.bot.id not in roster


async def test_without_a_role_those_moderate_who_may_time_members_out(branch: Branch) -> None:
    branch.guild.roles[branch.role.id].name = "Something else"
    keeper = branch.server.add_member(branch.guild, "keeper", branch.server.add_role(branch.guild, "Keeper", Permission.MODERATE_MEMBERS))
    async with branch.running():
        roster = branch.community.parts.moderators
        await branch.server.holds(lambda: keeper.id in roster)
        assert branch.guild.owner in roster
        assert branch.server.bot.id not in roster


async def test_two_servers_are_two_communities_with_cases_of_their_own(branch: Branch) -> None:
    other = branch.server.add_guild("Other", owner="otto", bot_permissions=STEWARD)
    officers = branch.server.add_channel(other, "officers")
    bea = branch.server.add_member(other, "bea")
    async with branch.running():
        there = await branch.live(other)
        assert there.name != branch.community.name
        branch.server.say(other.channel("general"), bea, BAD)
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden(branch.general, other.channel("general"))
        await branch.server.holds(lambda: bool(branch.server.performed_messages(officers)) and bool(branch.cards()))
        assert sorted(branch.rows("select community, number from cases")) == sorted([(branch.community.name, 1), (there.name, 1)])


async def test_a_dismissed_case_ends_the_timeout(branch: Branch) -> None:
    async with branch.running():
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.hidden()
        await branch.done()
        from bot.commands import Asker

        answer = await branch.community.desk.ask("/dismiss 1 a mistake", Asker(account=branch.morgan.id, platform="discord"))
        await branch.server.holds(lambda: branch.ann.timed_out_until is None)
        await branch.done()
        assert "dismissed" in answer
        assert len(branch.letters(branch.ann)) == 2


async def test_several_connections_where_discord_asks_for_them(branch: Branch) -> None:
    branch.server.gateway.shards_required = 2
    async with branch.running(connected=False):
        await branch.server.connected(2)
        branch.server.say(branch.general, branch.ann, BAD)
        await branch.server.holds(lambda: len(branch.cards()) == 1)


async def test_the_moderators_are_told_something_once(branch: Branch) -> None:
    async with branch.running():
        for _ in range(2):
            await branch.adapter.tell_moderators(branch.guild.id, "I was away.", "away/1")
        assert [one.content for one in branch.cards()] == ["I was away."]


async def test_an_edit_is_judged_and_a_preview_of_a_link_is_not_the_same_breach_again(branch: Branch) -> None:
    async with branch.running():
        said = branch.server.say(branch.general, branch.ann, f"{FINE} https://example.org/")
        branch.server.preview(said, "A page")
        branch.server.edit(said, BAD)
        await branch.hidden()
        assert (await branch.case()).messages[0].message.kind == "edited"


async def test_what_a_preview_says_is_judged_as_shared(branch: Branch) -> None:
    async with branch.running():
        said = branch.server.say(branch.general, branch.ann, "https://example.org/")
        branch.server.preview(said, BAD)
        await branch.hidden()
        assert (await branch.case()).messages[0].message.kind == "shared"


async def test_a_reaction_is_judged_and_the_message_under_it_stays(branch: Branch) -> None:
    branch.scorer.table["🖕"] = {"insult": 0.95}
    async with branch.running():
        said = branch.server.say(branch.general, branch.morgan, FINE)
        branch.server.react(said, branch.ann, "🖕")
        await branch.server.requested("DELETE", "/channels/*/messages/*/reactions/*/*")
        await branch.done()
        assert not said.reactions.get("🖕")
        assert said.id in branch.general.messages
        assert (await branch.case()).case.author == branch.ann.id


async def test_a_thread_is_a_room_of_its_own_in_which_the_thread_is_known(branch: Branch) -> None:
    async with branch.running():
        client = branch.adapter.client()
        await client.http.start_thread_without_message(int(branch.general.id), name="Housing", auto_archive_duration=60, type=11)
        thread = branch.guild.channel("Housing")
        branch.server.say(thread, branch.ann, BAD)
        await branch.hidden(thread)
        case = (await branch.case()).case
        assert (case.room, case.thread) == (thread.id, thread.id)


async def test_a_flood_from_many_members_is_judged_in_order_without_waiting_for_answers(branch: Branch) -> None:
    people = [branch.server.add_member(branch.guild, f"member{number}") for number in range(10)]
    async with branch.running():
        branch.server.set_latency(api_seconds=0.2)
        for number in range(200):
            branch.server.say(branch.general, people[number % 10], BAD if number % 50 == 7 else f"{FINE} {number}")
        await asyncio.sleep(0)
        await branch.server.holds(lambda: branch.rows("select count(*) from cases") == [(1,)])
        await branch.hidden(holding=196)
        branch.server.set_latency()
