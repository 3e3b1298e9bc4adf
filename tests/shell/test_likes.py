"""Likes of hateful content, through the whole service: a private note, a look a day later, a nudge, and then moderators."""

import pytest

from bot.core.model import ActionKind, Kind
from bot.ports import PlatformRefusedError, PlatformUnavailableError
from bot.store.records import ActionState
from tests.core.policies import BANKS, POLICY, rule
from tests.shell.branch import Branch, compiled

LIKING = POLICY + "liking: {hate: [hate, hate-to-look-at, hidden-hate]}\n"
RULES = {
    "hate": rule("hate", "{score: {label: identity_attack, at_least: 0.8}}", status="enforce"),
    "hate-to-look-at": rule("hate-to-look-at", "{words: nasty}", status="review"),
    "hidden-hate": rule("hidden-hate", "{words: clowns}", status="enforce", severity="serious"),
    "liking": rule(
        "liking", "{all: [{likes_hate: {at_least: 1}}, {not: {likes_hate: {at_least: 2}}}]}", status="enforce", severity="minor", clause="2"
    ),
    "again": rule("again", "{likes_hate: {at_least: 2}}", status="review"),
}
SUPPORTIVE = 'name: supportive-reactions\nkind: reactions\nentries: ["👍", "🔥", ":+1:", ":fire:"]\n'
HATEFUL, TO_LOOK_AT, HIDDEN, FINE = "vermin, all of them", "frobnitz", "what a clown", "the hall is booked"


@pytest.fixture
async def liking(fresh: Branch) -> Branch:
    return await opened(fresh)


async def opened(branch: Branch) -> Branch:
    """Open with a policy that looks at likes, in a chat that can say who reacted."""
    branch.chat.reads_reactions = True
    branch.scorer.table["vermin"] = {"identity_attack": 0.95}
    return await branch.open(compiled(text=LIKING, rules=RULES, banks={**BANKS, "banks/supportive-reactions.yaml": SUPPORTIVE}))


async def says(branch: Branch, text: str = HATEFUL, *, author: str = "alex") -> str:
    """Say it in a room of its own, so that it is a case of its own; gives the message's id."""
    outcome = await branch.say(text, author=author)
    await branch.later(hours=2)
    return outcome.verdict.message.id


async def reacts(branch: Branch, under: str, emoji: str = "👍", *, account: str = "sam", author: str = "alex") -> None:
    """Put a reaction under a message: it stands there from now on, and the service hears of it."""
    reaction = branch.message(
        emoji, author=account, kind=Kind.REACTED, reply_to=under, reply_author=author, id=f"r-{under}-{account}-{ord(emoji[0])}"
    )
    branch.chat.reacted.append(reaction)
    await branch.accept(reaction)
    await branch.perform()


async def takes_back(branch: Branch, under: str, account: str = "sam") -> None:
    branch.chat.reacted = [one for one in branch.chat.reacted if (one.reply_to, one.author) != (under, account)]
    await branch.service.reactions_changed("test", "room", under)
    await branch.perform()


def states(branch: Branch) -> list[str]:
    return [state for (state,) in branch.rows("SELECT state FROM likes ORDER BY message, account")]


async def test_a_like_of_hate_is_a_private_note_with_a_link_and_nothing_on_record(liking: Branch) -> None:
    message = await says(liking)
    await reacts(liking, message)
    (note,) = liking.chat.texts("sam")
    assert "It may have been a slip" in note
    assert "press your reaction under the message once more" in note
    assert "in 1 day" in note
    assert "vermin" not in note
    (letter,) = [one for one in liking.chat.performed if one.target == "sam"]
    assert (letter.case, letter.message, letter.room) == (0, message, "room")
    assert await liking.ask("/mystanding", "sam") == "There is nothing on your record."


async def test_what_still_stands_a_day_after_the_note_is_a_nudge_and_no_strike(liking: Branch) -> None:
    message = await says(liking)
    await reacts(liking, message)
    await liking.later(hours=23)
    assert liking.chat.kinds("sam") == ["notify"]
    await liking.later(hours=2)
    assert liking.chat.kinds("sam") == ["notify", "nudge"]
    nudge = liking.chat.texts("sam")[1]
    assert nudge.startswith("A friendly word about your reaction in room")
    assert "vermin" not in nudge
    detail = await liking.detail(2)
    assert [one.finding.rule for one in detail.findings] == ["liking"]
    assert detail.findings[0].finding.messages == (message,)
    assert "still stands under the message of case 1" in await liking.ask("/case 2")
    assert liking.rows("SELECT count(*) FROM strikes WHERE author = 'sam'") == [(0,)]
    await liking.later(days=3)
    assert liking.chat.kinds("sam") == ["notify", "nudge"]


async def test_the_second_hateful_message_goes_to_moderators_and_nothing_happens_by_itself(liking: Branch) -> None:
    for _ in range(2):
        await reacts(liking, await says(liking))
        await liking.later(hours=25)
    assert liking.chat.kinds("sam") == ["notify", "nudge", "notify", "escalate"]
    assert [one.finding.rule for one in (await liking.detail(4)).findings] == ["again"]


async def test_after_the_window_it_is_the_first_time_again(liking: Branch) -> None:
    await reacts(liking, await says(liking))
    await liking.later(hours=25)
    await liking.later(days=181)
    await reacts(liking, await says(liking))
    await liking.later(hours=25)
    assert liking.chat.kinds("sam") == ["notify", "nudge"] * 2


async def test_a_reaction_that_was_taken_back_ends_it(liking: Branch) -> None:
    message = await says(liking)
    await reacts(liking, message)
    await takes_back(liking, message)
    assert states(liking) == ["ended"]
    await liking.later(days=2)
    assert liking.chat.kinds("sam") == ["notify"]


async def test_a_reaction_that_was_taken_back_unheard_ends_it_when_it_is_looked_at(liking: Branch) -> None:
    message = await says(liking)
    await reacts(liking, message)
    liking.chat.reacted.clear()
    await liking.later(hours=25)
    assert liking.chat.kinds("sam") == ["notify"]
    assert states(liking) == ["ended"]


async def test_put_back_within_the_day_it_counts_from_the_one_note(liking: Branch) -> None:
    message = await says(liking)
    await reacts(liking, message)
    await takes_back(liking, message)
    await liking.later(hours=1)
    await reacts(liking, message, "🔥")
    assert liking.chat.kinds("sam") == ["notify"]
    await liking.later(hours=24)
    assert liking.chat.kinds("sam") == ["notify", "nudge"]


async def test_put_back_later_it_is_a_new_note(liking: Branch) -> None:
    message = await says(liking)
    await reacts(liking, message)
    await takes_back(liking, message)
    await liking.later(days=2)
    await reacts(liking, message)
    assert liking.chat.kinds("sam") == ["notify", "notify"]


@pytest.mark.parametrize("emoji", ["😡", "😢", "🤮", "👎", "❓", "👀", ":-1:"])
async def test_what_does_not_support_never_counts(liking: Branch, emoji: str) -> None:
    await reacts(liking, await says(liking), emoji)
    await liking.later(hours=25)
    assert liking.chat.performed[-1].target != "sam"
    assert liking.rows("SELECT count(*) FROM likes") == [(0,)]


async def test_a_tone_of_skin_is_the_same_reaction(liking: Branch) -> None:
    await reacts(liking, await says(liking), "👍🏾")
    assert liking.chat.kinds("sam") == ["notify"]


async def test_a_like_of_anything_else_is_no_matter(liking: Branch) -> None:
    await reacts(liking, await says(liking, FINE))
    assert liking.chat.performed == []


async def test_a_like_from_before_the_case_is_noted_when_it_is_opened(liking: Branch) -> None:
    liking.scorer.table.pop("vermin")
    message = await says(liking)
    await reacts(liking, message)
    assert liking.chat.performed == []
    liking.scorer.table["vermin"] = {"identity_attack": 0.95}
    await liking.say(HATEFUL + ", I say", number=int(message), kind=Kind.EDITED)
    assert liking.chat.kinds("sam") == ["notify"]
    await liking.later(hours=25)
    assert liking.chat.kinds("sam") == ["notify", "nudge"]


async def test_a_finding_for_moderators_counts_once_one_of_them_upheld_it(liking: Branch) -> None:
    message = await says(liking, TO_LOOK_AT)
    await reacts(liking, message)
    assert liking.chat.kinds("sam") == []
    await liking.ask("/uphold 1 it is")
    assert liking.chat.kinds("sam") == ["notify"]


async def test_a_case_dismissed_meanwhile_ends_it(liking: Branch) -> None:
    await reacts(liking, await says(liking))
    await liking.ask("/dismiss 1 a quotation")
    await liking.later(hours=25)
    assert liking.chat.kinds("sam") == ["notify"]
    assert states(liking) == ["ended"]


async def test_a_hidden_message_has_no_likes(liking: Branch) -> None:
    message = await says(liking, HIDDEN)
    await reacts(liking, message)
    assert liking.chat.kinds("sam") == []


async def test_a_message_that_is_gone_ends_it(liking: Branch) -> None:
    message = await says(liking)
    await reacts(liking, message)
    liking.chat.said = [one for one in liking.chat.said if one.id != message]
    await liking.later(hours=25)
    assert liking.chat.kinds("sam") == ["notify"]
    assert states(liking) == ["ended"]


async def test_moderators_and_the_author_are_left_alone(liking: Branch) -> None:
    message = await says(liking)
    await reacts(liking, message, account="morgan")
    await reacts(liking, message, account="alex", author="")
    await liking.later(hours=25)
    assert liking.rows("SELECT count(*) FROM likes") == [(0,)]


async def test_a_note_that_did_not_arrive_means_no_nudge(liking: Branch) -> None:
    liking.chat.failures[ActionKind.NOTIFY] = [PlatformRefusedError("they take no direct messages")]
    await reacts(liking, await says(liking))
    await liking.later(days=3)
    assert liking.chat.kinds("sam") == []
    assert liking.rows("SELECT told_at, state FROM likes") == [(None, "noted")]


async def test_restart_between_note_and_look_keeps_the_day(liking: Branch) -> None:
    await reacts(liking, await says(liking))
    await liking.close()
    liking.clock.saw(liking.clock.now().replace(day=liking.clock.now().day + 2))
    branch = await opened(liking)
    await branch.perform()
    assert branch.chat.kinds("sam") == ["notify", "nudge"]


async def test_a_start_before_the_first_look_still_looks(liking: Branch) -> None:
    message = await says(liking)
    reaction = liking.message("👍", author="sam", kind=Kind.REACTED, reply_to=message, reply_author="alex", id="r-1")
    liking.chat.reacted.append(reaction)
    await liking.accept(reaction)
    await liking.close()
    branch = await opened(liking)
    await branch.perform()
    assert branch.chat.kinds("sam") == ["notify"]


async def test_a_platform_that_does_not_answer_is_asked_again(liking: Branch) -> None:
    message = await says(liking)
    liking.chat.looks = [PlatformUnavailableError("away")]
    await reacts(liking, message)
    assert liking.chat.kinds("sam") == []
    await liking.later(minutes=1)
    assert liking.chat.kinds("sam") == ["notify"]
    liking.chat.looks = [PlatformUnavailableError("away")]
    await liking.later(hours=25)
    assert liking.chat.kinds("sam") == ["notify"]
    await liking.later(minutes=1)
    assert liking.chat.kinds("sam") == ["notify", "nudge"]


async def test_where_nobody_can_look_again_nothing_happens(liking: Branch) -> None:
    liking.chat.reads_reactions = False
    await reacts(liking, await says(liking))
    await liking.later(hours=25)
    assert liking.chat.kinds("sam") == []


async def test_the_look_happens_once_and_the_case_replays(liking: Branch) -> None:
    await reacts(liking, await says(liking))
    await liking.later(hours=25)
    nudges = liking.rows("SELECT state FROM actions WHERE kind = 'nudge'")
    assert nudges == [(ActionState.DONE.value,)]
    detail = await liking.detail(2)
    assert detail.messages[0].context.liked is not None
    assert detail.messages[0].context.liked.times == 1
    assert "reactions" in await liking.ask("/mydata", "sam")
