"""The buttons under cards and notices, and the forms that they open, as moderators and members use them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.platforms.discord.at_work import invalid
from tests.platforms.discord.running import THREATENING, Branch, branch_on_discord
from tests.servers.discord import Interaction, Member, Message, NotAllowedError


@pytest.fixture
async def branch(tmp_path: Path) -> AsyncIterator[Branch]:
    """A guild that Steward looks after once it is started."""
    async with branch_on_discord(tmp_path) as made:
        yield made


async def carded(branch: Branch, author: Member | None = None) -> Message:
    """Let somebody threaten; gives the case's card."""
    before = len(branch.cards())
    branch.server.say(branch.general, author or branch.ann, THREATENING)
    await branch.server.holds(lambda: len(branch.cards()) > before)
    await branch.done(before + 1)
    await branch.settled()
    card: Message = branch.cards()[-1]
    return card


async def asked(one: Interaction) -> str:
    """What somebody was answered, and nobody else saw."""
    answer = await one.answer()
    assert answer.is_private
    return answer.text


def labels(message: Message) -> list[str]:
    """The buttons of a message."""
    return [one["label"] for one in message.buttons]


async def letter(branch: Branch, member: Member) -> Message:
    """The notice that a member got in direct messages."""
    channel = branch.server.direct_channel(member)
    await branch.server.holds(lambda: bool(branch.server.performed_messages(channel)))
    return branch.server.performed_messages(channel)[-1]


async def test_a_case_is_upheld_by_a_button_and_its_card_changes_in_place(branch: Branch) -> None:
    async with branch.running():
        card = await carded(branch)
        assert labels(card) == ["Uphold", "Change", "Dismiss", "Show"]
        form = await branch.server.press(branch.morgan, card, "Uphold").answer()
        assert "Case 1 is upheld" in await asked(branch.server.submit(branch.morgan, form, {"why": "that is a threat"}))
        await branch.server.holds(lambda: labels(card) == ["Show"])
        assert branch.cards() == [card]
        assert any("upheld by a moderator" in field["value"] for field in card.embeds[0]["fields"])
        detail = await branch.case()
        assert (detail.case.decided_by, detail.reason) == (branch.morgan.id, "that is a threat")
        assert not invalid(branch.server)


async def test_a_case_is_dismissed_by_a_button_without_a_reason(branch: Branch) -> None:
    async with branch.running():
        card = await carded(branch)
        assert branch.ann.timed_out_until is not None
        form = await branch.server.press(branch.morgan, card, "Dismiss").answer()
        assert "Case 1 is dismissed" in await asked(branch.server.submit(branch.morgan, form, {}))
        await branch.server.holds(lambda: branch.ann.timed_out_until is None)
        await branch.server.holds(lambda: labels(card) == ["Show"])
        with pytest.raises(NotAllowedError):
            branch.server.press(branch.morgan, card, "Uphold")


async def test_a_case_is_changed_by_a_form(branch: Branch) -> None:
    async with branch.running():
        card = await carded(branch)
        form = await branch.server.press(branch.morgan, card, "Change").answer()
        assert (
            await asked(branch.server.submit(branch.morgan, form, {"why": "hm"})) == "Say how grave it is, or for how many hours to mute."
        )
        assert "number from 1 to 672" in await asked(branch.server.submit(branch.morgan, form, {"hours": "many"}))
        answers = {"severity": ["medium"], "hours": "2h", "why": "not quite a threat"}
        assert "Case 1 is changed" in await asked(branch.server.submit(branch.morgan, form, answers))
        detail = await branch.case()
        assert str(detail.case.severity) == "medium"
        assert not invalid(branch.server)


async def test_the_case_is_shown_to_the_moderator_who_asks(branch: Branch) -> None:
    async with branch.running():
        card = await carded(branch)
        said = await asked(branch.server.press(branch.morgan, card, "Show"))
        assert said.startswith("Case 1 · grave")
        assert THREATENING in said


async def test_who_is_no_moderator_gets_no_form_and_sees_no_case(branch: Branch) -> None:
    async with branch.running():
        card = await carded(branch)
        bob = branch.server.add_member(branch.guild, "bob")
        for button in ("Uphold", "Change", "Dismiss"):
            assert await asked(branch.server.press(bob, card, button)) == "Only moderators decide cases."
        assert THREATENING not in await asked(branch.server.press(bob, card, "Show"))
        assert (await branch.case()).case.decided_by == ""


async def test_a_moderator_cannot_decide_what_is_about_them(branch: Branch) -> None:
    async with branch.running():
        card = await carded(branch, branch.morgan)
        form = await branch.server.press(branch.morgan, card, "Dismiss").answer()
        assert "the case is about you" in await asked(branch.server.submit(branch.morgan, form, {"why": "it was a joke"}))
        assert "the case is about you" in await asked(branch.server.press(branch.morgan, card, "Show"))
        assert (await branch.case()).case.decided_by == ""


async def test_buttons_and_forms_from_before_a_restart_work_after_it(branch: Branch) -> None:
    async with branch.running():
        card = await carded(branch)
        opened = await branch.server.press(branch.morgan, card, "Uphold").answer()
    async with branch.running():
        assert THREATENING in await asked(branch.server.press(branch.morgan, card, "Show"))
        assert "Case 1 is upheld" in await asked(branch.server.submit(branch.morgan, opened, {"why": "plain"}))
        await branch.server.holds(lambda: labels(card) == ["Show"])


async def test_a_button_that_is_taken_too_late_opens_nothing_and_can_be_pressed_again(branch: Branch) -> None:
    async with branch.running():
        card = await carded(branch)
        with capture_logs() as logs:
            late = branch.server.press(branch.morgan, card, "Uphold")
            branch.server.clock.advance(3.1)
            await branch.server.holds(lambda: any(one["event"] == "a form was not opened" for one in logs))
        assert not late.is_acknowledged
        form = await branch.server.press(branch.morgan, card, "Uphold").answer()
        assert "Case 1 is upheld" in await asked(branch.server.submit(branch.morgan, form, {}))


async def test_a_button_that_arrives_twice_opens_one_form(branch: Branch) -> None:
    async with branch.running():
        card = await carded(branch)
        branch.server.duplicate_next()
        form = await branch.server.press(branch.morgan, card, "Dismiss").answer()
        branch.server.duplicate_next()
        assert "Case 1 is dismissed" in await asked(branch.server.submit(branch.morgan, form, {}))
        detail = await branch.case()
        assert [one.moderator for one in detail.reviews] == [branch.morgan.id]
        assert {one.status for one in branch.server.requests("POST", "/interactions/**")} <= {200, 204}


async def test_two_moderators_who_press_at_once_decide_once(branch: Branch) -> None:
    robin = branch.server.add_member(branch.guild, "robin", branch.role)
    async with branch.running():
        card = await carded(branch)
        first = await branch.server.press(branch.morgan, card, "Dismiss").answer()
        second = await branch.server.press(robin, card, "Uphold").answer()
        assert "Case 1 is dismissed" in await asked(branch.server.submit(branch.morgan, first, {}))
        assert "already dismissed" in await asked(branch.server.submit(robin, second, {}))


async def test_a_muted_member_appeals_by_the_button_under_the_notice(branch: Branch) -> None:
    async with branch.running():
        await carded(branch)
        notice = await letter(branch, branch.ann)
        assert branch.ann.timed_out_until is not None
        form = await branch.server.press(branch.ann.account, notice, "Appeal").answer()
    async with branch.running():
        said = await asked(branch.server.submit(branch.ann.account, form, {"why": "I was quoting a film"}))
        assert "We have your appeal on case 1" in said
        again = await branch.server.press(branch.ann.account, notice, "Appeal").answer()
        assert "have your appeal on case 1 already" in await asked(branch.server.submit(branch.ann.account, again, {}))
        card = branch.cards()[0]
        await branch.server.holds(lambda: any("quoting a film" in field["value"] for field in card.embeds[0]["fields"]))
        assert labels(card) == ["Uphold", "Change", "Dismiss", "Show"]
        assert not invalid(branch.server)


async def test_a_case_is_appealed_by_nobody_but_the_member(branch: Branch) -> None:
    async with branch.running():
        await carded(branch)
        notice = await letter(branch, branch.ann)
        bob = branch.server.add_member(branch.guild, "bob")
        form = await branch.server.press(bob.account, notice, "Appeal").answer()
        assert await asked(branch.server.submit(bob.account, form, {"why": "for ann"})) == "You have no case 1."


async def test_a_member_reports_a_message_and_a_moderator_dismisses_it_on_the_card(branch: Branch) -> None:
    async with branch.running():
        message = branch.server.say(branch.general, branch.ann, "nobody likes bob's cake")
        bob = branch.server.add_member(branch.guild, "bob")
        form = await branch.server.interact(bob, "Report message", target=message).answer()
        await asked(branch.server.submit(bob, form, {"why": "it hurts"}))
        await branch.server.holds(lambda: bool(branch.cards()))
        (card,) = branch.cards()
        shown = str(card.embeds)
        assert "it hurts" in shown
        assert bob.id not in shown
        form = await branch.server.press(branch.morgan, card, "Dismiss").answer()
        assert "Case 1 is dismissed" in await asked(branch.server.submit(branch.morgan, form, {"why": "taste may be discussed"}))
        assert message.id in branch.general.messages


async def asked_privately(branch: Branch, speaker: Member, other: Member) -> Message:
    """Let somebody tell another to stop, in a room; gives what Steward asks them."""
    branch.server.say(branch.general, speaker, f"{other.mention} please stop messaging me")
    return await letter(branch, speaker)


async def test_please_stop_messaging_me_becomes_a_request_by_a_button_and_the_other_is_told_once(branch: Branch) -> None:
    bob = branch.server.add_member(branch.guild, "bob")
    async with branch.running():
        question = await asked_privately(branch, branch.ann, bob)
        assert labels(question) == ["Yes, tell them", "Only keep it as evidence"]
    async with branch.running():
        assert "I will tell" in await asked(branch.server.press(branch.ann.account, question, "Yes, tell them"))
        await branch.server.holds(lambda: bool(branch.letters(bob)))
        await branch.settled()
        assert "They were told on" in await asked(branch.server.press(branch.ann.account, question, "Yes, tell them"))
        await branch.settled()
        (told,) = branch.letters(bob)
        assert f"{branch.ann.mention} asks you to leave them alone" in told
        assert not invalid(branch.server)


async def test_evidence_alone_is_kept_by_a_button_and_nobody_is_told(branch: Branch) -> None:
    bob = branch.server.add_member(branch.guild, "bob")
    async with branch.running():
        question = await asked_privately(branch, branch.ann, bob)
        assert "as evidence only" in await asked(branch.server.press(branch.ann.account, question, "Only keep it as evidence"))
        await branch.settled()
        assert branch.letters(bob) == []


async def test_nobody_answers_a_question_that_was_put_to_another(branch: Branch) -> None:
    bob = branch.server.add_member(branch.guild, "bob")
    async with branch.running():
        question = await asked_privately(branch, branch.ann, bob)
        said = await asked(branch.server.press(branch.morgan.account, question, "Yes, tell them"))
        assert said == "This question is for somebody else."
        assert branch.rows("SELECT * FROM no_contact") == []
