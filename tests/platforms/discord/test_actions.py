"""Single actions on Discord: what is asked, what is not even asked, and what each refusal becomes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.model import Action, ActionKind
from bot.core.naming import person, place
from bot.folders import load_sentences
from bot.letters import SUPPORT_LINES_MAX
from bot.platforms.discord.actions import CAPABILITIES, nonce_of, reason_of
from bot.platforms.discord.asking import INVALID_MAX, REFUSED_SECONDS, Breaker
from bot.platforms.discord.translate import made_at
from bot.ports import PlatformRefusedError, PlatformUnavailableError, Repeat
from tests.platforms.discord.running import BAD, FINE, Branch, branch_on_discord
from tests.servers.discord import Member, Permission
from tests.servers.discord.permissions import STEWARD

SENTENCES = load_sentences()


@pytest.fixture
async def branch(tmp_path: Path) -> AsyncIterator[Branch]:
    async with branch_on_discord(tmp_path) as made, made.running():
        yield made
        assert made.wrong() == []


def action(branch: Branch, kind: ActionKind, target: Member, **more: Any) -> Action:
    plain = Action(
        community="main", case=7, step=1, kind=kind, platform="discord", server=branch.guild.id, room=branch.general.id, target=target.id,
        text="A notice.\nDo you think this is wrong? Type /appeal 7.",
    )  # fmt: skip
    return replace(plain, **more)


def muting(branch: Branch, target: Member, **span: float) -> Action:
    return action(branch, ActionKind.MUTE, target, until=datetime.now(UTC) + timedelta(**span))


def patches(branch: Branch) -> int:
    return len(branch.server.requests("PATCH", "/guilds/*/members/*"))


def test_unhide_is_left_to_people_and_the_rest_repeats_harmlessly() -> None:
    assert not CAPABILITIES.can(ActionKind.UNHIDE)
    others = set(ActionKind) - {ActionKind.UNHIDE}
    assert set(CAPABILITIES.repeats) == others
    assert set(CAPABILITIES.repeats.values()) == {Repeat.IDEMPOTENT, Repeat.NONCE}


def test_nonces_have_25_characters_and_reasons_name_the_case_alone() -> None:
    one = Action(community="main", case=10**600, step=1, kind=ActionKind.HIDE, platform="discord", target="7", text=BAD)
    assert len(nonce_of(one.key)) == 25
    assert nonce_of("a") != nonce_of("b")
    assert len(reason_of(one)) == 512
    assert reason_of(replace(one, case=12)) == "Steward, case 12"
    assert "case 0" not in reason_of(replace(one, case=0))


async def test_what_is_gone_already_is_done(branch: Branch) -> None:
    said = branch.server.say(branch.general, branch.ann, FINE)
    branch.server.delete(said)
    done = await branch.adapter.perform(action(branch, ActionKind.HIDE, branch.ann, message=said.id))
    assert done.detail == "it was gone already"


@pytest.mark.parametrize("message", ["members:1", "j-12345678", "r-12345678", ""])
async def test_what_is_no_message_cannot_be_deleted(branch: Branch, message: str) -> None:
    with pytest.raises(PlatformRefusedError, match="by hand"):
        await branch.adapter.perform(action(branch, ActionKind.HIDE, branch.ann, message=message))
    with pytest.raises(PlatformRefusedError, match="name of a thread"):
        await branch.adapter.perform(action(branch, ActionKind.HIDE, branch.ann, message=branch.general.id))


async def test_a_mute_stands_until_its_end_and_is_ended(branch: Branch) -> None:
    wanted = muting(branch, branch.ann, hours=1)
    await branch.adapter.perform(wanted)
    assert branch.ann.timed_out_until == wanted.until
    await branch.adapter.perform(action(branch, ActionKind.UNMUTE, branch.ann))
    assert branch.ann.timed_out_until is None


async def test_a_mute_is_at_most_28_days(branch: Branch) -> None:
    done = await branch.adapter.perform(muting(branch, branch.ann, days=28))
    assert branch.ann.timed_out_until is not None
    assert timedelta(days=27, hours=23) < branch.ann.timed_out_until - datetime.now(UTC) < timedelta(days=28)
    assert "Discord's longest" in done.detail


async def test_a_mute_whose_time_is_over_is_not_asked_for(branch: Branch) -> None:
    assert "over already" in (await branch.adapter.perform(muting(branch, branch.ann, hours=-1))).detail
    assert patches(branch) == 0


async def test_the_owner_administrators_and_higher_roles_are_not_even_tried(branch: Branch) -> None:
    chair = branch.server.add_member(branch.guild, "chair", branch.server.add_role(branch.guild, "Chair", Permission.ADMINISTRATOR))
    above = branch.server.add_member(branch.guild, "above", branch.server.add_role(branch.guild, "Above", position=11))
    await branch.server.holds(lambda: branch.adapter.client().get_guild(int(branch.guild.id)).get_member(int(above.id)) is not None)  # type: ignore[union-attr]
    for member, why in ((branch.guild.member("olive"), "owner"), (chair, "administrator"), (above, "move Steward's role above")):
        with pytest.raises(PlatformRefusedError, match=why):
            await branch.adapter.perform(muting(branch, member, hours=1))
    assert patches(branch) == 0


async def test_without_the_permission_to_mute_the_reason_says_which(branch: Branch) -> None:
    branch.server.set_permissions(branch.guild.role("Steward"), branch.guild, STEWARD & ~Permission.MODERATE_MEMBERS)
    guild: Any = branch.adapter.client().get_guild(int(branch.guild.id))
    await branch.server.holds(lambda: not guild.me.guild_permissions.moderate_members)
    with pytest.raises(PlatformRefusedError, match="Moderate Members"):
        await branch.adapter.perform(muting(branch, branch.ann, hours=1))
    assert patches(branch) == 0


async def test_who_has_left_is_not_muted_and_needs_no_unmuting(branch: Branch) -> None:
    branch.server.leave(branch.ann)
    guild: Any = branch.adapter.client().get_guild(int(branch.guild.id))
    await branch.server.holds(lambda: guild.get_member(int(branch.ann.id)) is None)
    with pytest.raises(PlatformRefusedError, match="not on the server"):
        await branch.adapter.perform(muting(branch, branch.ann, hours=1))
    assert (await branch.adapter.perform(action(branch, ActionKind.UNMUTE, branch.ann))).detail


async def test_a_longer_timeout_that_a_moderator_set_is_left_as_it_is(branch: Branch) -> None:
    by_hand = datetime.now(UTC) + timedelta(days=7)
    branch.server.time_out(branch.ann, by_hand, by=branch.morgan)
    guild: Any = branch.adapter.client().get_guild(int(branch.guild.id))
    await branch.server.holds(lambda: guild.get_member(int(branch.ann.id)).timed_out_until is not None)
    for wanted in (muting(branch, branch.ann, hours=1), action(branch, ActionKind.UNMUTE, branch.ann)):
        assert "moderator's own" in (await branch.adapter.perform(wanted)).detail
    assert branch.ann.timed_out_until == by_hand


async def test_a_shorter_mute_after_a_decision_replaces_the_programs_own(branch: Branch) -> None:
    await branch.adapter.perform(muting(branch, branch.ann, hours=24))
    guild: Any = branch.adapter.client().get_guild(int(branch.guild.id))
    await branch.server.holds(lambda: guild.get_member(int(branch.ann.id)).timed_out_until is not None)
    shorter = muting(branch, branch.ann, hours=1)
    await branch.adapter.perform(shorter)
    assert branch.ann.timed_out_until == shorter.until


async def test_a_notice_is_sent_once_however_often_it_is_asked_for(branch: Branch) -> None:
    notice = action(branch, ActionKind.WARN, branch.ann)
    first, second = [await branch.adapter.perform(notice) for _ in range(2)]
    assert first.reference == second.reference
    assert len(branch.letters(branch.ann)) == 1


async def test_who_takes_no_direct_messages_is_not_tried_again_at_once(branch: Branch) -> None:
    branch.ann.account.takes_direct_messages = False
    for step in (1, 2):
        await branch.adapter.perform(action(branch, ActionKind.WARN, branch.ann, step=step))
    direct = branch.server.direct_channel(branch.ann)
    assert [one.status for one in branch.server.requests("POST", f"/channels/{direct.id}/messages")] == [403]
    assert len(branch.server.performed_messages(branch.guild.channel("A notice for you (case 7)"))) == 2


def letter(branch: Branch, target: Member, step: int, text: str = "Please leave them alone.") -> Action:
    return action(branch, ActionKind.NOTIFY, target, case=0, step=step, text=text)


async def test_letters_outside_any_case_to_two_members_never_stand_in_one_thread(branch: Branch) -> None:
    bob = branch.server.add_member(branch.guild, "bob", takes_direct_messages=False)
    branch.ann.account.takes_direct_messages = False
    for step, member in ((1, branch.ann), (2, bob), (2, bob)):
        await branch.adapter.perform(letter(branch, member, step))
    first, second = (branch.guild.channel(f"A letter for you (number {step})") for step in (1, 2))
    assert branch.ann.id in first.thread_members
    assert bob.id not in first.thread_members
    assert bob.id in second.thread_members
    assert branch.ann.id not in second.thread_members
    assert len(branch.server.performed_messages(second)) == 1


async def test_who_is_written_of_in_a_private_thread_is_named_and_not_mentioned_into_it(branch: Branch) -> None:
    branch.ann.account.takes_direct_messages = False
    await branch.adapter.perform(letter(branch, branch.ann, 3, f"{person(branch.morgan.id)} asks you to leave them alone."))
    thread = branch.guild.channel("A letter for you (number 3)")
    assert [one.content for one in branch.server.performed_messages(thread)] == ["@morgan asks you to leave them alone."]
    assert branch.morgan.id not in thread.thread_members


async def test_moderators_are_told_something_outside_any_case_once(branch: Branch) -> None:
    support = letter(branch, branch.ann, 4, f"Support for {person(branch.ann.id)}")
    for _ in range(2):
        await branch.adapter.perform(replace(support, kind=ActionKind.TELL))
    assert [one.content for one in branch.cards()] == [f"Support for {branch.ann.mention}"]


async def test_the_longest_support_card_is_told_whole(branch: Branch) -> None:
    line, account = "23:59 on 30 September 2026 (UTC)", person("9" * 19)
    head = SENTENCES["support"].format(target=account, members=100, messages=100, since=line)
    text = "\n".join([head, *[f"{line} · {account} · {place('9' * 19)}"] * SUPPORT_LINES_MAX, SENTENCES["support_can"]])
    await branch.adapter.tell_moderators(branch.guild.id, text, "support")
    assert branch.cards()[0].content.endswith(SENTENCES["support_can"])


async def test_a_card_is_posted_once_edited_in_place_and_news_stand_in_its_thread(branch: Branch) -> None:
    posted = await branch.adapter.perform(action(branch, ActionKind.ESCALATE, branch.ann, text=f"Case 7\nAuthor: {person(branch.ann.id)}"))
    assert posted.reference == f"{branch.officers.id}/{branch.cards()[0].id}"
    update = action(branch, ActionKind.UPDATE, branch.ann, step=2, text="Case 7 · decided", news="Upheld.", card=posted.reference)
    for _ in range(2):
        await branch.adapter.perform(update)
    (card,) = branch.cards()
    assert "decided" in card.embeds[0]["title"]
    thread = branch.guild.channel("Case 7")
    assert [one.content for one in branch.server.performed_messages(thread)] == ["Upheld."]


async def test_news_of_a_card_whose_thread_is_gone_answer_the_card(branch: Branch) -> None:
    posted = await branch.adapter.perform(action(branch, ActionKind.ESCALATE, branch.ann, text="Case 7"))
    branch.server.state.delete_channel(branch.guild.channel("Case 7"))
    update = action(branch, ActionKind.UPDATE, branch.ann, step=2, text="Case 7", news="Upheld.", card=posted.reference)
    await branch.adapter.perform(update)
    assert branch.cards()[1].reply_to == branch.cards()[0].id


async def test_a_card_that_was_deleted_by_hand_is_no_reason_to_try_for_ever(branch: Branch) -> None:
    posted = await branch.adapter.perform(action(branch, ActionKind.ESCALATE, branch.ann, text="Case 7"))
    branch.server.delete(branch.cards()[0])
    update = action(branch, ActionKind.UPDATE, branch.ann, step=2, text="Case 7", news="Upheld.", card=posted.reference)
    assert "deleted" in (await branch.adapter.perform(update)).detail


async def test_without_a_channel_for_cards_the_refusal_says_what_to_do(branch: Branch) -> None:
    branch.server.state.delete_channel(branch.officers)
    guild: Any = branch.adapter.client().get_guild(int(branch.guild.id))
    await branch.server.holds(lambda: len(guild.text_channels) == 1)
    with pytest.raises(PlatformRefusedError, match="/steward setup"):
        await branch.adapter.perform(action(branch, ActionKind.ESCALATE, branch.ann))


async def test_an_unknown_server_and_no_connection_are_not_now(branch: Branch) -> None:
    with pytest.raises(PlatformUnavailableError):
        await branch.adapter.perform(replace(muting(branch, branch.ann, hours=1), server="1"))
    await branch.adapter.client().close()
    with pytest.raises(PlatformUnavailableError):
        await branch.adapter.perform(action(branch, ActionKind.WARN, branch.ann))


async def test_one_message_is_read_as_it_is_now(branch: Branch) -> None:
    said = branch.server.say(branch.general, branch.ann, FINE)
    branch.server.edit(said, "changed")
    found = await branch.adapter.read(branch.general.id, said.id)
    assert found is not None
    assert (found.text, found.community, found.server) == ("changed", "main", branch.guild.id)
    assert found.joined_at == branch.ann.joined_at, "the history does not say it, the memory does"
    assert found.account_created_at == made_at(branch.ann.id)
    assert await branch.adapter.read(branch.general.id, str(int(said.id) + 1)) is None
    assert await branch.adapter.read("members:1", "j-12345678") is None


def test_the_breaker_opens_for_a_while_and_for_one_thing_alone() -> None:
    seconds = [0.0]
    breaker = Breaker(lambda: seconds[0])
    breaker.refused(("hide", "1"), "not allowed")
    breaker.check(("hide", "2"))
    with pytest.raises(PlatformRefusedError):
        breaker.check(("hide", "1"))
    seconds[0] = REFUSED_SECONDS + 1
    breaker.check(("hide", "1"))


def test_after_too_many_refusals_nothing_is_asked_until_discord_forgets_them() -> None:
    seconds = [0.0]
    breaker = Breaker(lambda: seconds[0])
    for _ in range(INVALID_MAX):
        breaker.check(("hide", "1"))
        breaker.count(403)
    with pytest.raises(PlatformUnavailableError) as error:
        breaker.check(("mute", "2"))
    assert error.value.retry_seconds == pytest.approx(600)
    seconds[0] = 601
    breaker.check(("mute", "2"))
