"""Whether the owner of a private detail agreed: the question, its answers, silence, an objection, through the whole service."""

from collections.abc import Mapping

import pytest

from bot.core.cases import NotAllowedError
from bot.core.model import ActionKind
from bot.core.policy import Policy
from bot.ports import PlatformRefusedError
from tests.core.policies import POLICY, rule
from tests.shell.branch import Branch, compiled

DETAILS = (
    rule("details", "{private_information: {kind: phone}}", status="enforce", severity="minor", concern="private_information")
    + "note: You wrote somebody's number. Did they say that you may?\nconsent: yes\n"
)
NUMBER = "07700 900123"
SHARED = f"@dana is on {NUMBER}, give her a ring"


def asking() -> tuple[Policy, Mapping[str, str]]:
    """A policy that asks whether somebody agreed."""
    return compiled(text=POLICY, rules={"details": DETAILS})


@pytest.fixture
async def asked(fresh: Branch) -> Branch:
    """Alex wrote dana's number; both were written to."""
    branch = await fresh.open(asking())
    await branch.say(SHARED, mentions=("dana",))
    return branch


def standing(branch: Branch) -> list[tuple[str, str]]:
    return branch.rows("SELECT account, answer FROM consents ORDER BY account")


def entries(branch: Branch) -> int:
    return int(branch.rows("SELECT count(*) FROM audit WHERE kind = 'consent'")[0][0])


async def test_author_is_asked_and_owner_is_told_neutrally_and_nothing_quotes_the_detail(asked: Branch) -> None:
    (question,) = asked.chat.texts("alex")
    assert "Did the person agree? Press a button, or type /agreed 1 yes or /agreed 1 no." in question
    assert "within 24 hours" in question
    (letter,) = asked.chat.texts("dana")
    assert "may be yours" in letter
    assert "/agreed 1 no" in letter
    assert await asked.ask("/mystanding", "dana") == "There is nothing on your record."
    everything = [action.text + action.news for action in asked.chat.performed]
    assert not any(NUMBER in text for text in [*everything, await asked.ask("/case 1"), await asked.ask("/cases")])
    assert "alex, who wrote it, was asked: no answer yet" in await asked.ask("/case 1")


async def test_yes_is_on_record_and_leaves_a_note_for_moderators(asked: Branch) -> None:
    assert "noted in case 1 that they agreed" in await asked.ask("/agreed 1 yes", "alex")
    assert standing(asked) == [("alex", "yes"), ("dana", "")]
    assert asked.chat.news()[-1].startswith("Case 1: alex says that the person agreed.")
    assert "alex, who wrote it, was asked: they agreed" in asked.chat.performed[-1].text.replace("\ue000@", "").replace("\ue001", "")
    assert entries(asked) == 1
    await asked.later(days=2)
    assert standing(asked) == [("alex", "yes"), ("dana", "")]
    assert not any("in time" in news for news in asked.chat.news())


async def test_no_goes_to_the_moderators_and_hides_nothing(asked: Branch) -> None:
    assert "Please take the message out" in await asked.ask("/agreed 1 no", "alex")
    assert "Please decide." in asked.chat.news()[-1]
    assert "hide" not in asked.chat.kinds()
    assert entries(asked) == 1


async def test_silence_goes_to_the_moderators_after_the_hours_and_over_a_restart(asked: Branch) -> None:
    await asked.later(hours=23)
    assert standing(asked)[0] == ("alex", "")
    await asked.close()
    branch = await asked.open(asking())
    await branch.later(hours=2)
    assert standing(branch) == [("alex", "none"), ("dana", "")]
    assert "did not say in time" in branch.chat.news()[-1]
    assert "no answer in time" in await branch.ask("/case 1")
    await branch.later(hours=2)
    assert entries(branch) == 1


async def test_an_objection_hides_the_message_at_once_and_goes_to_the_moderators(asked: Branch) -> None:
    assert "the moderators are told" in await asked.ask("/agreed 1 no", "dana")
    (hide,) = [action for action in asked.chat.performed if action.kind is ActionKind.HIDE]
    assert (hide.message, hide.case) == ("1", 1)
    assert "dana did not agree" in asked.chat.news()[-1]
    told = asked.chat.texts("alex")[-1]
    assert "did not agree to it" in told
    assert "/appeal 1" in told
    await asked.ask("/agreed 1 no", "dana")
    assert asked.chat.kinds().count("hide") == 1
    assert entries(asked) == 1
    assert "Steward does the rest now: show the message again" in await asked.ask("/dismiss 1 it was the hall's number")


async def test_an_owner_who_agreed_says_so_and_may_still_object(asked: Branch) -> None:
    assert "the message stays" in await asked.ask("/agreed 1 yes", "dana")
    assert "hide" not in asked.chat.kinds()
    await asked.ask("/agreed 1 no", "dana")
    assert "hide" in asked.chat.kinds()
    assert entries(asked) == 2


async def test_what_a_person_decided_is_not_overridden_by_an_objection(asked: Branch) -> None:
    await asked.ask("/uphold 1 keep it")
    assert "They are told that you did not agree" in await asked.ask("/agreed 1 no", "dana")
    assert "hide" not in asked.chat.kinds()
    assert "dana did not agree" in asked.chat.news()[-1]


async def test_nobody_else_answers_and_words_must_be_plain(asked: Branch) -> None:
    assert await asked.ask("/agreed 1 no", "sam") == "Nobody asked you about case 1."
    assert await asked.ask("/agreed 9 yes", "alex") == "Nobody asked you about case 9."
    assert "Say yes or no" in await asked.ask("/agreed 1 maybe", "alex")
    assert "hide" not in asked.chat.kinds()


async def test_a_dismissed_case_is_closed_for_its_author(asked: Branch) -> None:
    await asked.ask("/dismiss 1 fine")
    assert "is closed" in await asked.ask("/agreed 1 no", "alex")
    await asked.later(hours=30)
    assert not any("in time" in news for news in asked.chat.news())


async def test_one_of_many_is_not_told_that_the_detail_may_be_theirs(fresh: Branch) -> None:
    branch = await fresh.open(asking())
    await branch.say(f"@a @b @c @d Dana's number is {NUMBER}", mentions=("a", "b", "c", "d"))
    assert branch.chat.texts("a") == []
    assert "/agreed 1" in branch.chat.texts("alex")[0]


async def test_a_hiding_that_the_chat_cannot_do_is_left_to_people(asked: Branch) -> None:
    asked.chat.failures[ActionKind.HIDE] = [PlatformRefusedError("only an admin can")]
    await asked.ask("/agreed 1 no", "dana")
    assert "alex: hide the message: do it by hand" in await asked.ask("/cases")


async def test_an_answer_raises_for_who_was_not_asked(asked: Branch) -> None:
    with pytest.raises(NotAllowedError):
        await asked.service.consents.answer(1, "test", "robin", agreed=True)


async def test_a_new_detail_takes_back_an_earlier_yes(asked: Branch) -> None:
    await asked.ask("/agreed 1 yes", "alex")
    await asked.say("and @kim is on 07700 900456", mentions=("kim",))
    assert standing(asked) == [("alex", ""), ("dana", ""), ("kim", "")]


async def test_what_was_asked_and_answered_is_in_the_members_own_data(asked: Branch) -> None:
    await asked.ask("/agreed 1 no", "dana")
    assert '"answer": "no"' in await asked.ask("/mydata", "dana")
