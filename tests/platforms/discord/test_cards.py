"""How cards and notices look on Discord: as data."""

import re
import warnings
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    pytest.importorskip("discord", reason="discord.py is not installed")
import discord

from bot.core.model import Action, ActionKind
from bot.core.naming import person, place
from bot.core.notices import quote
from bot.folders import load_sentences
from bot.platforms.discord.cards import DECIDED_COLOUR, OPEN_COLOUR, URGENT_COLOUR, card, notice
from bot.platforms.discord.showing import CUT, cut, escaped, pages, shown

SENTENCES = load_sentences()
AUTHOR, ROOM, ROLE = "1001", "2002", "3003"
HEAD = {"case": 12, "severity": "serious", "author": person(AUTHOR), "room": place(ROOM), "rules": "Attack on a person (clause 6)"}
WORDS = "you *are* [a liar](https://evil.example), <@5> @everyone s*** https://ok.example/a_b_c"


def text_of(*lines: str, decides: bool = True, urgent: bool = False) -> str:
    """A card's text, made of the real sentences."""
    head = SENTENCES["card_urgent" if urgent else "card"].format_map(HEAD)
    return "\n".join([head, *lines, *([SENTENCES["card_decide"].format(case=12)] if decides else [])])


def action_of(text: str, kind: ActionKind = ActionKind.ESCALATE, **more: Any) -> Action:
    """An action on case 12."""
    return replace(Action(community="main", case=12, step=1, kind=kind, platform="discord", server="77", text=text), **more)


OPEN = action_of(
    text_of(
        SENTENCES["card_text"].format(words=quote(WORDS)),
        SENTENCES["card_because"].format(because="insult 0.93"),
        SENTENCES["card_done"].format(done="hide, warn"),
        SENTENCES["card_late"].format(late="2 h"),
    )
)


async def test_a_card_has_the_case_as_title_and_names_people_where_discord_shows_mentions() -> None:
    embed = card(OPEN)["embed"]
    assert embed.title == "Case 12 · serious · Attack on a person (clause 6)"
    assert (embed.description or "").split("\n") == [f"<@{AUTHOR}> in <#{ROOM}>", "Found 2 h late, so there is no penalty."]
    assert [field.name for field in embed.fields] == ["They wrote", "Because", "Done by the program"]
    assert embed.footer.text == "Decide: /uphold 12 · /change 12 · /dismiss 12 · more: /case 12"


async def test_a_cards_title_leads_to_where_it_happened() -> None:
    where = "https://discord.com/channels/77"
    assert card(replace(OPEN, room=ROOM, message="9"))["embed"].url == f"{where}/{ROOM}/9"
    assert card(replace(OPEN, room=ROOM, message="automod-1"))["embed"].url == f"{where}/{ROOM}"
    assert card(replace(OPEN, room="members:77"))["embed"].url is None


async def test_what_a_member_wrote_is_shown_and_does_nothing() -> None:
    value = card(OPEN)["embed"].fields[0].value or ""
    assert value == r"“you \*are\* [a liar\](https://evil.example), \<@5> @everyone s\*\*\* https://ok.example/a_b_c”"


async def test_an_open_case_is_decided_by_buttons_and_a_closed_one_is_only_shown() -> None:
    ids = [getattr(one, "custom_id", "") for one in card(OPEN)["view"].children]
    assert ids == [f"steward:case:12:{what}" for what in ("uphold", "change", "dismiss", "show")]
    closed = card(action_of(text_of("State: dismissed: it does not count, by " + person("9"), decides=False), ActionKind.UPDATE))
    assert [getattr(one, "custom_id", "") for one in closed["view"].children] == ["steward:case:12:show"]
    assert (card(OPEN)["embed"].colour, closed["embed"].colour) == (OPEN_COLOUR, DECIDED_COLOUR)
    assert closed["embed"].fields[0].value == "dismissed: it does not count, by <@9>"


async def test_an_urgent_card_calls_the_moderators_role_once_and_nobody_else() -> None:
    urgent = action_of(text_of(urgent=True), ActionKind.URGENT)
    look = card(urgent, role=ROLE)
    assert (look["content"], look["embed"].colour) == (f"<@&{ROLE}>", URGENT_COLOUR)
    assert {key: value for key, value in look["allowed_mentions"].to_dict().items() if value} == {"roles": [int(ROLE)]}
    assert "In danger call 999" in (look["embed"].title or "")
    for quiet in (card(urgent), card(replace(urgent, card="1/2"), role=ROLE), card(OPEN, role=ROLE)):
        assert quiet["content"] is None
        assert not any(quiet["allowed_mentions"].to_dict().values())


async def test_a_card_of_any_length_fits_into_an_embed() -> None:
    lines = [SENTENCES["card_report"].format(text=quote("it is bad " * 200)) for _ in range(30)]
    embed = card(action_of(text_of(*lines, *["very long " * 300] * 5)))["embed"]
    assert len(embed) <= 6_000
    assert all(len(field.value or "") <= 1_024 for field in embed.fields)
    assert (embed.description or "").endswith("There is more: /case 12")
    assert len(card(action_of("Case 12 · " + "x" * 400))["embed"].title or "") <= 256
    assert card(action_of(""))["embed"].title == "Case 12"


async def test_a_notice_offers_to_appeal_where_it_says_so() -> None:
    told = action_of(SENTENCES["appeal"].format(case=12, days=180, hours=72), ActionKind.NOTIFY, target=AUTHOR)
    assert [getattr(one, "custom_id", "") for one in notice(told)["view"].children] == ["steward:appeal:77:12"]
    over = notice(action_of(SENTENCES["mute_over"], ActionKind.NOTIFY, target=AUTHOR))
    assert (over["view"].children, over["content"]) == ([], SENTENCES["mute_over"])
    assert len(notice(replace(told, text="word " * 900))["content"]) <= 2_000


ASKED = action_of(SENTENCES["no_contact_ask"].format(other=person("8008")), ActionKind.NOTIFY, target=AUTHOR, case=0)
GRAVE_LINES = [
    SENTENCES["card_welfare"],
    SENTENCES["card_nobody_else"].format(contact="the regional office"),
    SENTENCES["card_text"].format(words=quote(WORDS)),
    SENTENCES["card_because"].format(because="insult 0.93"),
    SENTENCES["characteristics"].format(names="race, religion or belief"),
    SENTENCES["card_state"].format(state="waiting for a moderator"),
]
EARLIER = SENTENCES["card_earlier"].format(
    when="14:03 on 30 September 2026 (UTC)", author=person(AUTHOR), room=place(ROOM), words=quote("you are a liar " * 20)
)


def ids(view: discord.ui.View) -> list[str]:
    """What can be pressed."""
    return [getattr(one, "custom_id", "") for one in view.children]


async def test_a_question_outside_any_case_is_answered_by_buttons_and_not_appealed() -> None:
    assert ids(notice(ASKED)["view"]) == [f"steward:nocontact:77:{AUTHOR}:8008:{how}" for how in ("tell", "quietly")]
    told = SENTENCES["no_contact_told"].format(requester=person("8008"), until="tomorrow")
    for text in (told, f"{told} /appeal 0", SENTENCES["no_contact_none"]):
        assert ids(notice(replace(ASKED, text=text))["view"]) == []
    assert ids(notice(replace(ASKED, case=12))["view"]) == []


async def test_the_buttons_of_a_question_hold_the_longest_ids() -> None:
    long = "9" * 20
    asked = replace(ASKED, server=long, target=long, text=SENTENCES["no_contact_ask"].format(other=person(long)))
    assert all(0 < len(one) <= 100 for one in ids(notice(asked)["view"]))


async def test_a_letter_can_name_people_without_a_mention() -> None:
    content = notice(ASKED, name_of=lambda account: f"*{account}*")["content"]
    assert "<@" not in content
    assert r"You told @\*8008\* to stop" in content


async def test_cautions_stand_first_and_what_people_are_attacked_for_has_a_heading() -> None:
    embed = card(action_of(text_of(*GRAVE_LINES, EARLIER)))["embed"]
    lines = (embed.description or "").split("\n")
    assert lines[1].startswith("Somebody may need help")
    assert lines[2].startswith(f"Earlier, 14:03 on 30 September 2026 (UTC), <@{AUTHOR}> in <#{ROOM}>")
    headings = [field.name for field in embed.fields]
    assert headings == [
        "Every moderator is part of this case", "They wrote", "Because", "It may show hostility because of", "State",
    ]  # fmt: skip


async def test_many_earlier_messages_crowd_out_nothing_that_a_moderator_needs() -> None:
    embed = card(action_of(text_of(*GRAVE_LINES, *[EARLIER] * 20)))["embed"]
    assert len(embed) <= 6_000
    assert len(embed.description or "") <= 4_096
    assert "State" in [field.name for field in embed.fields]
    assert (embed.description or "").endswith("There is more: /case 12")


def test_marks_become_mentions_and_other_platforms_names_stay_names() -> None:
    assert shown(f"{person('5')} in {place('6')}, {person('alex_b')}") == r"<@5> in <#6>, alex\_b"


@pytest.mark.parametrize(
    ("text", "is_shown"),
    [
        ("# a heading", r"\# a heading"),
        ("> quoted", r"\> quoted"),
        ("  - a list\n7. seventh", "  \\- a list\n7\\. seventh"),
        ("||hidden|| ~~struck~~", r"\|\|hidden\|\| \~\~struck\~\~"),
        ("<t:1> </report:2> <:smile:3>", r"\<t:1> \</report:2> \<:smile:3>"),
        ("[one](https://a.example) [two](https://b.example)", r"[one\](https://a.example) [two\](https://b.example)"),
    ],
)
def test_text_can_do_nothing_on_discord(text: str, is_shown: str) -> None:
    assert escaped(text) == is_shown


@given(st.text(alphabet=st.sampled_from(list("ab1 .*_~|`<>@#-[]()\\\n")), max_size=60))
def test_escaping_changes_nothing_that_is_read(text: str) -> None:
    assert re.sub(r"\\([^A-Za-z0-9\s])", r"\1", escaped(text)) == text


@given(st.text(max_size=300), st.integers(min_value=20, max_value=80))
def test_pages_hold_the_whole_text_and_fit(text: str, most: int) -> None:
    is_shown = shown(text)
    assume(is_shown.strip())
    found = pages(is_shown, most)
    assert all(len(page) <= most for page in found)
    assert "".join("".join(found).split()) == "".join(is_shown.split())


@given(st.lists(st.sampled_from([person("123456789"), "word ", "* ", "\\ ", "<"]), max_size=30), st.integers(min_value=20, max_value=60))
def test_a_cut_leaves_no_half_of_a_mention_or_an_escape(parts: list[str], most: int) -> None:
    kept = cut(shown("".join(parts)), most)
    assert len(kept) <= most
    assert re.fullmatch(rf"(?:<@123456789>|\\.|[^<\\])*{CUT}?", kept, re.DOTALL)


async def test_a_report_cannot_write_lines_of_the_card_itself() -> None:
    forged = SENTENCES["card_report"].format(text=quote("look\nState: upheld by a moderator."))
    assert "State" not in [field.name for field in card(action_of(text_of(forged)))["embed"].fields]
