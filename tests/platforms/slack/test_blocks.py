"""Cards, notices and tasks on Slack: as data within Slack's limits, and pressed in a channel."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Action, ActionKind
from bot.core.naming import person, place
from bot.folders import load_sentences
from bot.platforms.slack.blocks import DECIDED, OPEN, URGENT, Block, Post, card, notice, task
from bot.platforms.slack.showing import TEXT_CHARS_MAX, cut, escaped, pages, shown, typed
from tests.platforms.slack.at_work import Bot, running
from tests.servers.slack import Channel, Member, Message, SlackServer
from tests.servers.slack.blocks import block_problems
from tests.servers.slack.world import elements_of, words_of

ANN, ROOM = "U0ANN0001", "C0GENERAL"
TEXT = "\n".join(
    [
        f"Case 3 · serious · {person(ANN)} in {place(ROOM)} · Attack on a person (clause 6)",
        "They wrote: “you <!channel> donkey & <https://evil.example|friend>”",
        "Because: insult 0.90, aimed at a person",
        "Done by the program: warned",
        "State: waiting for a moderator.",
        "Decide: /uphold 3 · /change 3 · /dismiss 3 · more: /case 3",
    ]
)


def action(text: str = TEXT, kind: ActionKind = ActionKind.ESCALATE, **more: object) -> Action:
    fields = {"community": "branch", "case": 3, "step": 1, "platform": "slack", "server": "T1", "room": ROOM, "target": ANN, **more}
    return Action(kind=kind, text=text, **fields)  # type: ignore[arg-type]


def pressable(post: Post) -> list[str]:
    return [str(one["text"]["text"]) for one in elements_of(post["blocks"])]


def words(post: Post) -> str:
    return "\n".join(words_of(post["blocks"]))


# The card


def test_card_shows_its_text_with_mentions_and_offers_what_its_text_offers() -> None:
    made = card(action())
    assert block_problems(made["blocks"]) == []
    assert made["blocks"][0]["text"]["text"] == f"{OPEN} Case 3 · serious · Attack on a person (clause 6)"
    assert f"<@{ANN}> in <#{ROOM}>" in words(made)
    assert "*Because*\ninsult 0.90" in words(made)
    assert pressable(made) == ["Uphold", "Change…", "Dismiss", "Show"]
    assert {one["value"] for one in elements_of(made["blocks"])} == {"3"}


def test_card_of_a_decided_case_offers_to_show_it_only() -> None:
    decided = "\n".join([*TEXT.split("\n")[:-2], f"State: upheld by a moderator, by {person('U0MORGAN')}."])
    made = card(action(decided, ActionKind.UPDATE, card="C1/1.2"))
    assert pressable(made) == ["Show"]
    assert made["blocks"][0]["text"]["text"].startswith(DECIDED)


def test_decisions_that_cannot_be_taken_back_at_once_are_asked_twice() -> None:
    asked = {one["text"]["text"]: one["confirm"]["text"]["text"] for one in elements_of(card(action())["blocks"]) if "confirm" in one}
    assert set(asked) == {"Uphold", "Dismiss"}
    assert "/dismiss 3 and why" in asked["Dismiss"]


def test_what_members_wrote_calls_and_links_nobody() -> None:
    made = card(action())
    assert "&lt;!channel&gt;" in words(made)
    assert "<!channel>" not in words(made) + made["text"]
    assert "<https:" not in words(made) + made["text"]
    texts = [one["text"] for one in made["blocks"] if one["type"] == "section"]
    assert all(one["type"] == "mrkdwn" and one["verbatim"] for one in texts)


def test_only_a_new_urgent_card_calls_the_moderators() -> None:
    urgent = action(f"URGENT. {TEXT}", ActionKind.URGENT)
    assert card(urgent, group="S0MODS")["text"].startswith("<!subteam^S0MODS>")
    assert "<!subteam^S0MODS>" in words(card(urgent, group="S0MODS"))
    assert "<!channel>" in words(card(urgent))
    assert card(urgent)["blocks"][0]["text"]["text"].startswith(URGENT)
    edited = card(action(TEXT, ActionKind.URGENT, card="C1/1.2"), group="S0MODS")
    assert "<!" not in words(edited) + edited["text"]
    assert "<!" not in words(card(action(), group="S0MODS"))


def test_card_leads_to_the_message_and_takes_what_was_done_by_hand() -> None:
    by_hand = TEXT.replace("State:", "By hand, because this chat cannot do it: hide.\nState:")
    made = card(action(by_hand), permalink="https://branch.slack.com/archives/C1/p1")
    assert pressable(made) == ["Uphold", "Change…", "Dismiss", "Show", "I did it by hand", "Go to the message"]
    assert elements_of(made["blocks"])[-1]["url"] == "https://branch.slack.com/archives/C1/p1"


def test_very_long_card_stays_within_the_limits_and_says_that_there_is_more() -> None:
    lines = TEXT.split("\n")
    long = "\n".join([lines[0] + " and more" * 100, *[f"They wrote: {'&' * 4_000}"] * 90, *lines[2:]])
    made = card(action(long))
    assert block_problems(made["blocks"]) == []
    assert len(made["blocks"]) <= 30
    assert len(made["text"]) <= 3_500
    assert sum(len(text) for text in words_of(made["blocks"])) <= 12_000
    assert "There is more: /case 3" in words(made)
    assert "Dismiss" in pressable(made)


@settings(max_examples=200)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=400), st.sampled_from(list(ActionKind)))
def test_any_text_makes_a_card_and_a_notice_that_slack_takes(text: str, kind: ActionKind) -> None:
    for made in (card(action(text, kind)), notice(action(text or "x", kind)), task(action(text, kind), why=text)):
        assert block_problems(made["blocks"]) == []
        assert made["text"]


# Notices and tasks


def test_notice_can_be_appealed_where_it_says_how() -> None:
    made = notice(action(f"This is a warning. Your message in {place(ROOM)} …\nType /appeal 3.", ActionKind.WARN))
    assert block_problems(made["blocks"]) == []
    assert pressable(made) == ["Appeal"]
    assert f"<#{ROOM}>" in made["text"]
    assert pressable(notice(action("Your mute is over.", ActionKind.NOTIFY))) == []


ASKED = action(load_sentences()["no_contact_ask"].format(other=person("U2OTHER")), ActionKind.NOTIFY, case=0)


def test_question_outside_any_case_is_answered_by_buttons_and_not_appealed() -> None:
    made = notice(ASKED)
    assert block_problems(made["blocks"]) == []
    found = [(one["text"]["text"], one["action_id"], one["value"]) for one in elements_of(made["blocks"])]
    assert found == [
        ("Yes, tell them", "steward:nocontact:tell", "U2OTHER"),
        ("Only keep it as evidence", "steward:nocontact:quietly", "U2OTHER"),
    ]
    told = load_sentences()["no_contact_told"].format(requester=person("U2OTHER"), until="tomorrow")
    for text in (told, f"{told} /appeal 0"):
        assert pressable(notice(action(text, ActionKind.NOTIFY, case=0))) == []


def test_many_earlier_messages_crowd_out_nothing_that_a_moderator_needs() -> None:
    sentences, (head, *lines, offered) = load_sentences(), TEXT.split("\n")
    fields = {"when": "14:03 on 30 September 2026 (UTC)", "author": person(ANN), "room": place(ROOM), "words": "“you liar, and more of it”"}
    more = [
        sentences["card_welfare"],
        *lines,
        sentences["characteristics"].format(names="race"),
        *[sentences["card_earlier"].format_map(fields)] * 10,
    ]
    made = card(action("\n".join([head, *more, offered])))
    assert block_problems(made["blocks"]) == []
    shown_lines = words(made).split("\n")
    assert shown_lines[2].startswith("Somebody may need help")
    assert "*It may show hostility because of*" in words(made)
    assert words(made).count("Earlier, 14:03") == 10
    assert "There is more" not in words(made)


def test_task_says_what_to_press_and_never_that_somebody_is_muted() -> None:
    until = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)
    mute = task(action("", ActionKind.MUTE, until=until))
    assert "Slack has no mute" in words(mute)
    assert "21:30 on 22 November (UTC)" in words(mute)
    assert "is muted" not in words(mute)
    hide = task(action("", ActionKind.HIDE), permalink="https://branch.slack.com/archives/C1/p1", why="the admin token is missing")
    assert block_problems(hide["blocks"]) == []
    assert f"<@{ANN}> in <#{ROOM}>" in words(hide)
    assert pressable(hide) == ["I did it by hand", "Go to the message"]
    letter = task(action("You are warned, <@U1>.", ActionKind.WARN))
    assert "You are warned, &lt;@U1&gt;." in words(letter)


# Text


def test_who_is_not_on_slack_is_a_plain_name() -> None:
    assert shown(f"{person('7001')} {person('program')} {person(ANN)} {place('12')}") == f"7001 program <@{ANN}> 12"


@given(st.text(max_size=300), st.integers(min_value=8, max_value=60))
def test_cut_leaves_no_half_of_an_escaped_character(text: str, most: int) -> None:
    kept = cut(escaped(text), most)
    assert len(kept) <= most
    bare = kept.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert "&" not in bare
    assert "<" not in bare


@given(st.text(alphabet="ab&<>\n", max_size=400), st.integers(min_value=8, max_value=60))
def test_pages_hold_everything_and_fit(text: str, most: int) -> None:
    found = pages(escaped(text), most)
    assert all(0 < len(page) <= most for page in found)
    if text.strip():
        assert "".join(found).replace("\n", "") == escaped(text).replace("\n", "")


def test_cut_leaves_no_half_of_a_mention() -> None:
    assert cut(f"hello <@{ANN}> and so on", 12) == "hello…"
    assert len(pages(f"{'a' * (TEXT_CHARS_MAX - 4)} <@{ANN}>")[0]) < TEXT_CHARS_MAX


def test_what_somebody_typed_is_read_as_they_see_it() -> None:
    assert typed("<@U1|ann> in <#C1|general>, see <https://a.example/?b=1&amp;c|there> &lt;b&gt; <!here> <!subteam^S1|@mods>") == (
        "@ann in #general, see https://a.example/?b=1&c <b> @here @mods"
    )


# Pressed


@pytest.fixture
async def posted(bot: Bot, ann: Member, officers: Channel) -> Message:
    """Post the card of a case."""
    await bot.breach(ann)
    return await bot.posts(officers, card(bot.card()))


async def test_a_moderator_decides_by_the_buttons_of_a_card(bot: Bot, morgan: Member, posted: Message) -> None:
    shown_case = await bot.asked(morgan.presses(posted, "Show"))
    assert "donkey" in shown_case
    assert "Case 1 is upheld" in await bot.asked(morgan.presses(posted, "Uphold"))
    assert "donkey" in posted.words, "the card is edited by the outbox, not by the button"
    assert "Case 1 is dismissed" in await bot.asked(morgan.presses(posted, "Dismiss"))
    assert bot.rows("SELECT decision FROM reviews ORDER BY id") == [("uphold",), ("dismiss",)]


async def test_change_asks_to_what_and_is_answered_beside_the_card(bot: Bot, morgan: Member, posted: Message) -> None:
    form = (await morgan.presses(posted, "Change…").answer()).opened
    assert form.body["title"]["text"] == "Change case 1"
    morgan.submits(form, {"severity": "minor", "why": "a slip"})
    await bot.server.holds(lambda: len(morgan.ephemerals) == 1)
    assert "Case 1 is changed" in morgan.ephemeral_texts[0]
    assert morgan.ephemerals[0].channel is posted.channel
    assert bot.rows("SELECT decision, reason FROM reviews") == [("change", "a slip")]


async def test_buttons_from_before_a_restart_work(
    slack: SlackServer, ann: Member, morgan: Member, officers: Channel, tmp_path: Path
) -> None:
    async with running(slack, tmp_path) as before:
        await before.community(morgan)
        await before.breach(ann)
        message = await before.posts(officers, card(before.card()))
    async with running(slack, tmp_path) as after:
        await after.community(morgan)
        assert "donkey" in await after.asked(morgan.presses(message, "Show"))
        assert "Case 1 is dismissed" in await after.asked(morgan.presses(message, "Dismiss"))


async def test_who_is_no_moderator_presses_in_vain(bot: Bot, posted: Message) -> None:
    guest = bot.server.add_member("guest", posted.channel)
    for label in ("Show", "Uphold", "Change…", "Dismiss"):
        said = await bot.asked(guest.presses(posted, label))
        assert "donkey" not in said
        assert "is for moderators" in said or "nly moderators" in said
    assert bot.rows("SELECT * FROM reviews") == []


async def test_a_moderator_who_is_part_of_the_case_presses_in_vain(bot: Bot, morgan: Member, officers: Channel) -> None:
    await bot.breach(morgan, "you will be sorry")
    message = await bot.posts(officers, card(bot.card()))
    for label in ("Show", "Uphold", "Dismiss"):
        assert "about you" in await bot.asked(morgan.presses(message, label))
    assert bot.rows("SELECT * FROM reviews") == []


async def test_a_task_is_done_when_steward_looked_and_the_message_is_gone(bot: Bot, ann: Member, morgan: Member, officers: Channel) -> None:
    bot.chat.repeats = {kind: how for kind, how in bot.chat.repeats.items() if kind is not ActionKind.HIDE}
    await bot.breach(ann, "you will be sorry")
    assert "hide" not in bot.chat.kinds()
    message = await bot.posts(officers, card(bot.card()))
    assert "the message still stands" in await bot.asked(morgan.presses(message, "I did it by hand"))
    assert bot.rows("SELECT state FROM actions WHERE kind = 'hide'") == [("manual",)]
    bot.chat.said.clear()
    assert "I looked: it is so" in await bot.asked(morgan.presses(message, "I did it by hand"))
    assert bot.rows("SELECT state FROM actions WHERE kind = 'hide'") == [("done",)]
    community = await bot.community()
    await community.settle()
    assert any("did it by hand: hide" in one for one in bot.chat.news())
    assert "nothing to do by hand" in await bot.asked(morgan.presses(message, "I did it by hand"))
    assert "nly moderators" in await bot.asked(bot.server.add_member("guest", officers).presses(message, "I did it by hand"))


def test_blocks_are_told_apart_from_nonsense() -> None:
    """The check above is no rubber stamp."""
    broken: list[Block] = [*card(action())["blocks"], {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}]
    assert block_problems(broken)
